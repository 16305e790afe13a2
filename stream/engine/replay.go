package engine

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync"

	"github.com/tributary-cc/tributary/stream/event"
)

// Difference is where a replay and the log part.
type Difference struct {
	// Kind is one of: changed (another event under the same number), missing (acknowledged, but not in the log), extra (in the
	// log, but not decided), state (the checkpoint holds another state or was made from other records).
	Kind string `json:"kind"`
	// Topic, Partition and Offset say where the log holds something else; Offset is −1 where it holds nothing.
	Topic     event.Topic `json:"topic"`
	Partition int         `json:"partition"`
	Offset    int64       `json:"offset"`
	Epoch     uint64      `json:"epoch"`
	Number    uint64      `json:"number"`
	// Cause is the inbox offset of the record that led there.
	Cause int64 `json:"cause"`
}

func (d *Difference) String() string {
	return fmt.Sprintf("%s: %s/%d offset %d, epoch %d number %d, cause %d", d.Kind, d.Topic, d.Partition, d.Offset, d.Epoch, d.Number, d.Cause)
}

// ReplayReport is what a replay found.
type ReplayReport struct {
	Processor string `json:"processor"`
	Partition int    `json:"partition"`
	From      int64  `json:"from"`
	To        int64  `json:"to"`
	Records   int64  `json:"records"`
	Outputs   int64  `json:"outputs"`
	// Equal outputs stand in the log byte for byte.
	Equal int64 `json:"equal"`
	// Pending outputs are not in the log and nobody said that they were acknowledged: the end of a log whose process was killed.
	Pending int64 `json:"pending"`
	// Differences of this build's own spans are failures; Foreign ones, of other builds' spans, are what another build decides.
	Differences int64       `json:"differences"`
	Foreign     int64       `json:"foreign"`
	Checkpoints int         `json:"checkpoints"`
	First       *Difference `json:"first,omitempty"`
	FirstOther  *Difference `json:"first_foreign,omitempty"`
}

// Err is nil if the replay came out byte for byte.
func (r *ReplayReport) Err() error {
	if r.Differences == 0 {
		return nil
	}
	return fmt.Errorf("%s/%d: the replay of offsets %d to %d came to %d differences; the first is %s",
		r.Processor, r.Partition, r.From, r.To, r.Differences, r.First)
}

// Replay folds a partition once more and compares each output with what stands in the log, and the state with the
// checkpoints that lie on its way. It holds one state and a bounded window of each destination in memory.
func Replay(ctx context.Context, cfg Playback) (*ReplayReport, error) {
	p, err := newPlayer(ctx, cfg)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	r := &replay{
		player: p, lanes: make(map[destination]*laneReader), owned: make(map[uint64]bool),
		report: &ReplayReport{Processor: cfg.Processor.Name, Partition: cfg.Partition, From: p.from, To: p.end},
	}
	if err = r.open(ctx, &wg); err != nil {
		return nil, err
	}
	states, err := r.states(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.run(ctx, func(s step) error { return r.compare(ctx, s, states) }); err != nil {
		return nil, err
	}
	return r.report, r.finish(ctx)
}

type replay struct {
	player *player
	lanes  map[destination]*laneReader
	report *ReplayReport
	acked  int64 // how far a tick said that outputs were acknowledged
	// missing are outputs beyond the end of their lane that no tick has covered yet, a count per cause in order.
	missing []missing
	owned   map[uint64]bool // whether an epoch that was left had to come out as it did
}

type missing struct {
	first Difference
	count int64
}

// laneReader reads what stands of our lane in one destination partition.
type laneReader struct {
	came chan []stood
	head []stood
	err  error // set before came is closed
}

// stood is one output as it stands.
type stood struct {
	offset        int64
	epoch, number uint64
	cause         int64
	value         []byte
}

const laneWindow = 4 // batches read ahead of the fold

func (r *replay) open(ctx context.Context, wg *sync.WaitGroup) error {
	cfg := r.player.cfg
	for _, topic := range append([]event.Topic{event.TopicDead}, cfg.Processor.Outputs...) {
		for n := range cfg.Log.Partitions(topic) {
			first, end, err := cfg.Log.Bounds(ctx, topic, n)
			if err != nil {
				return err
			}
			if first > 0 && cfg.Checkpoint == "" {
				return fmt.Errorf("%s/%d begins at offset %d: what stood before is gone, begin at a checkpoint", topic, n, first)
			}
			to := destination{topic, n}
			l := &laneReader{came: make(chan []stood, laneWindow)}
			r.lanes[to] = l
			at := lanePlace{r.player.core.pos.Epoch, r.player.core.out[to]}
			wg.Go(func() {
				defer close(l.came)
				l.err = r.read(ctx, l, to, first, end, at)
			})
		}
	}
	return nil
}

// read takes our lane's events from a destination as any reader would.
func (r *replay) read(ctx context.Context, l *laneReader, to destination, first, end int64, at lanePlace) error {
	cfg := r.player.cfg
	me := laneKey{cfg.Processor.Name, int32(cfg.Partition)} //nolint:gosec // a partition
	lanes := Lanes{at: map[laneKey]lanePlace{me: at}}
	var batch []stood
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		select {
		case l.came <- batch:
			batch = nil
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	err := readTo(ctx, cfg.Log, Place{to.topic, to.partition}, first, end, func(rec *event.Record) error {
		e, err := event.Unmarshal(rec.Value)
		if err != nil {
			return nil //nolint:nilerr // not ours to judge: what is missing then shows
		}
		o := e.GetOrigin()
		if o.GetProcessor() != me.processor || o.GetPartition() != me.partition || lanes.Take(o) != Take {
			return nil
		}
		batch = append(batch, stood{rec.Offset, o.GetEpoch(), o.GetNumber(), o.GetOffset(), rec.Value})
		if len(batch) >= 256 {
			return flush()
		}
		return nil
	})
	if err != nil {
		return err
	}
	return flush()
}

// next is the next event of a lane, or nil at its end.
func (l *laneReader) next(ctx context.Context) (*stood, error) {
	for len(l.head) == 0 {
		select {
		case b, ok := <-l.came:
			if !ok {
				return nil, l.err
			}
			l.head = b
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	return &l.head[0], nil
}

// compare holds a step against the log.
func (r *replay) compare(ctx context.Context, s step, states map[int64][]*manifest) error {
	r.report.Records++
	r.owned[r.player.core.pos.Epoch] = r.player.ours()
	if s.tick != nil {
		r.acked = max(r.acked, s.tick.GetAcked())
	}
	for i := range s.outs {
		if err := r.output(ctx, s.offset, &s.outs[i]); err != nil {
			return err
		}
	}
	for _, m := range states[s.offset+1] {
		if err := r.state(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

func (r *replay) output(ctx context.Context, cause int64, o *output) error {
	r.report.Outputs++
	epoch := r.player.core.pos.Epoch
	d := Difference{Topic: o.to.topic, Partition: o.to.partition, Offset: -1, Epoch: epoch, Number: o.number, Cause: cause}
	l := r.lanes[o.to]
	for {
		h, err := l.next(ctx)
		switch {
		case err != nil:
			return err
		case h == nil || h.epoch > epoch || h.epoch == epoch && h.number > o.number:
			d.Kind = "missing"
			r.missing = append(r.missing, missing{d, 1})
			r.settleMissing()
			return nil
		case h.epoch < epoch || h.number < o.number:
			r.differ(Difference{"extra", o.to.topic, o.to.partition, h.offset, h.epoch, h.number, h.cause}, 1)
			l.head = l.head[1:]
			continue
		}
		l.head = l.head[1:]
		if bytes.Equal(h.value, o.record.Value) {
			r.report.Equal++
			return nil
		}
		d.Kind, d.Offset = "changed", h.offset
		r.differ(d, 1)
		return nil
	}
}

// settleMissing bounds what is kept of outputs that are not there.
func (r *replay) settleMissing() {
	if n := len(r.missing); n > 1 && (r.missing[n-2].first.Cause == r.missing[n-1].first.Cause || n > 100_000) {
		r.missing[n-2].count++
		r.missing = r.missing[:n-1]
	}
}

// ours tells whether an epoch's span must come out as it did.
func (r *replay) ours(epoch uint64) bool {
	if epoch == r.player.core.pos.Epoch {
		return r.player.ours()
	}
	return r.owned[epoch]
}

func (r *replay) differ(d Difference, n int64) {
	count, first := &r.report.Foreign, &r.report.FirstOther
	if r.ours(d.Epoch) {
		count, first = &r.report.Differences, &r.report.First
	}
	*count += n
	if *first == nil {
		*first = &d
	}
}

// states are the checkpoints kept, by the offset behind the record where they were taken.
func (r *replay) states(ctx context.Context) (map[int64][]*manifest, error) {
	names, err := r.player.points.manifests(ctx)
	if err != nil {
		return nil, err
	}
	out := make(map[int64][]*manifest)
	for _, name := range names {
		m, err := r.player.points.manifest(ctx, name)
		switch {
		case err == nil:
			out[m.Position.Next] = append(out[m.Position.Next], m)
		case !isTorn(err): // a torn one proves nothing
			return nil, fmt.Errorf("reading checkpoint %s: %w", name, err)
		}
	}
	return out, nil
}

// state compares the state with a checkpoint taken here.
func (r *replay) state(ctx context.Context, m *manifest) error {
	c := r.player.core
	if m.Position.Epoch != c.pos.Epoch || !r.player.ours() {
		return nil
	}
	m, rows, err := r.player.points.read(ctx, r.player.points.name(m.Position, "manifest"))
	switch {
	case isTorn(err): // or gone meanwhile
		return nil
	case err != nil:
		return err
	}
	r.report.Checkpoints++
	mine := c.capture().m
	if reflect.DeepEqual(mine.Position, m.Position) && slices.Equal(mine.In, m.In) && slices.Equal(mine.Out, m.Out) && rows.equal(c.rows) {
		return nil
	}
	r.differ(Difference{Kind: "state", Topic: c.proc.Inbox, Partition: c.partition, Offset: m.Position.Next, Epoch: c.pos.Epoch, Cause: m.Position.Next - 1}, 1)
	return nil
}

// finish judges what is left over on both sides.
func (r *replay) finish(ctx context.Context) error {
	for _, m := range r.missing {
		if m.first.Cause < r.acked {
			r.differ(m.first, m.count)
		} else {
			r.report.Pending += m.count
		}
	}
	for to, l := range r.lanes {
		for {
			h, err := l.next(ctx)
			if err != nil {
				return err
			}
			if h == nil {
				break
			}
			l.head = l.head[1:]
			if h.cause < r.player.end && h.epoch <= r.player.core.pos.Epoch {
				r.differ(Difference{"extra", to.topic, to.partition, h.offset, h.epoch, h.number, h.cause}, 1)
			}
		}
	}
	return nil
}
