package replay

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/engine/checkpoint"
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

// Report is what a replay found.
type Report struct {
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
func (r *Report) Err() error {
	if r.Differences == 0 {
		return nil
	}
	return fmt.Errorf("%s/%d: the replay of offsets %d to %d came to %d differences; the first is %s",
		r.Processor, r.Partition, r.From, r.To, r.Differences, r.First)
}

// Compare folds a partition once more and compares each output with what stands in the log, and the state with the
// checkpoints that lie on its way. It holds one state and a bounded window of each destination in memory.
func Compare(ctx context.Context, cfg Config) (*Report, error) {
	p, err := newPlayer(ctx, cfg)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	r := &comparison{
		player: p, lanes: make(map[engine.Place]*laneReader), owned: make(map[uint64]bool), states: make(map[int64][]*checkpoint.Manifest),
		report: &Report{Processor: cfg.Processor.Name, Partition: cfg.Partition, From: p.from, To: p.end},
	}
	for _, m := range p.kept {
		r.states[m.Position.Next] = append(r.states[m.Position.Next], m)
	}
	if err = r.open(ctx, &wg); err != nil {
		return nil, err
	}
	if err := p.run(ctx, func(s engine.Step) error { return r.compare(ctx, s) }); err != nil {
		return nil, err
	}
	return r.report, r.finish(ctx)
}

type comparison struct {
	player *player
	lanes  map[engine.Place]*laneReader
	states map[int64][]*checkpoint.Manifest // the checkpoints kept, by the offset behind the record where they were taken
	report *Report
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

func (r *comparison) open(ctx context.Context, wg *sync.WaitGroup) error {
	cfg := r.player.cfg
	at := r.player.m.Capture()
	for _, topic := range append([]event.Topic{event.TopicDead}, cfg.Processor.Outputs...) {
		for n := range cfg.Log.Partitions(topic) {
			first, end, err := cfg.Log.Bounds(ctx, topic, n)
			if err != nil {
				return err
			}
			if first > 0 && cfg.Checkpoint == "" {
				return fmt.Errorf("%s/%d begins at offset %d: what stood before is gone, begin at a checkpoint", topic, n, first)
			}
			to := engine.Place{Topic: topic, Partition: n}
			me := engine.LaneAt{Processor: cfg.Processor.Name, Partition: int32(cfg.Partition), Epoch: at.Position.Epoch} //nolint:gosec // a partition
			for _, o := range at.Out {
				if o.Topic == topic && o.Partition == n {
					me.Number = o.Number
				}
			}
			l := &laneReader{came: make(chan []stood, laneWindow)}
			r.lanes[to] = l
			wg.Go(func() {
				defer close(l.came)
				l.err = l.read(ctx, cfg.Log, to, first, end, me)
			})
		}
	}
	return nil
}

// read takes our lane's events from a destination as any reader would.
func (l *laneReader) read(ctx context.Context, log engine.Log, to engine.Place, first, end int64, me engine.LaneAt) error {
	var lanes engine.Lanes
	lanes.Restore([]engine.LaneAt{me})
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
	err := engine.ReadTo(ctx, log, to, first, end, func(rec *event.Record) error {
		e, err := event.Unmarshal(rec.Value)
		if err != nil {
			return nil //nolint:nilerr // not ours to judge: what is missing then shows
		}
		o := e.GetOrigin()
		if o.GetProcessor() != me.Processor || o.GetPartition() != me.Partition || lanes.Take(o) != engine.Take {
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
func (r *comparison) compare(ctx context.Context, s engine.Step) error {
	epoch := r.player.m.Position().Epoch
	r.report.Records++
	r.owned[epoch] = r.player.ours()
	r.acked = max(r.acked, s.Tick.GetAcked())
	for i := range s.Outputs {
		if err := r.output(ctx, epoch, s.Offset, &s.Outputs[i]); err != nil {
			return err
		}
	}
	for _, m := range r.states[s.Offset+1] {
		if err := r.state(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

func (r *comparison) output(ctx context.Context, epoch uint64, cause int64, o *engine.Output) error {
	r.report.Outputs++
	d := Difference{Topic: o.Topic, Partition: o.Partition, Offset: -1, Epoch: epoch, Number: o.Number, Cause: cause}
	to := engine.Place{Topic: o.Topic, Partition: o.Partition}
	l := r.lanes[to]
	for {
		h, err := l.next(ctx)
		switch {
		case err != nil:
			return err
		case h == nil || h.epoch > epoch || h.epoch == epoch && h.number > o.Number:
			d.Kind = "missing"
			r.missing = append(r.missing, missing{d, 1})
			r.settleMissing()
			return nil
		}
		l.head = l.head[1:]
		switch {
		case h.epoch < epoch || h.number < o.Number:
			r.extra(to, h)
			continue
		case bytes.Equal(h.value, o.Value):
			r.report.Equal++
		default:
			d.Kind, d.Offset = "changed", h.offset
			r.differ(d, 1)
		}
		return nil
	}
}

func (r *comparison) extra(to engine.Place, h *stood) {
	r.differ(Difference{"extra", to.Topic, to.Partition, h.offset, h.epoch, h.number, h.cause}, 1)
}

// settleMissing bounds what is kept of outputs that are not there.
func (r *comparison) settleMissing() {
	if n := len(r.missing); n > 1 && (r.missing[n-2].first.Cause == r.missing[n-1].first.Cause || n > 100_000) {
		r.missing[n-2].count++
		r.missing = r.missing[:n-1]
	}
}

func (r *comparison) differ(d Difference, n int64) {
	count, first := &r.report.Foreign, &r.report.FirstOther
	if r.owned[d.Epoch] {
		count, first = &r.report.Differences, &r.report.First
	}
	*count += n
	if *first == nil {
		*first = &d
	}
}

// state compares the state with a checkpoint taken here.
func (r *comparison) state(ctx context.Context, m *checkpoint.Manifest) error {
	epoch := r.player.m.Position().Epoch
	if m.Position.Epoch != epoch || !r.player.ours() {
		return nil
	}
	rows, err := r.player.points.Rows(ctx, m)
	switch {
	case checkpoint.Torn(err): // or gone meanwhile: it proves nothing
		return nil
	case err != nil:
		return err
	}
	r.report.Checkpoints++
	if next := m.Position.Next; !r.player.m.Capture().Same(m, rows) {
		in := r.player.cfg.inbox()
		r.differ(Difference{"state", in.Topic, in.Partition, next, epoch, 0, next - 1}, 1)
	}
	return nil
}

// finish judges what is left over on both sides.
func (r *comparison) finish(ctx context.Context) error {
	epoch := r.player.m.Position().Epoch
	r.owned[epoch] = r.player.ours()
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
			if h.cause < r.player.end && h.epoch <= epoch {
				r.extra(to, h)
			}
		}
	}
	return nil
}
