package warehouse

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// Topics are what the sink follows, the whole of what the warehouse holds.
func Topics() []event.Topic {
	return []event.Topic{
		event.TopicConversationFacts, event.TopicRoutingFacts, event.TopicInsightFacts, event.TopicConfigFacts, event.TopicAudit,
	}
}

// Options are what a sink needs. Log, Warehouse, Opener, Mask and Now are required; zero values of the others mean the defaults.
type Options struct {
	Log       engine.Log
	Warehouse *Warehouse
	// Opener opens what was said.
	Opener Opener
	// Mask takes personal data out of a text; nothing is stored without it.
	Mask func(text string) string
	// Fault judges an error of Opener. Default: all are tried again.
	Fault func(error) TextFault
	// Now is the clock, for lateness and for stating when a cut was made.
	Now func() time.Time
	// Logger gets what must be known. Default: none.
	Logger *slog.Logger

	// Interval is the least time between two cuts of one sink, unless one is full. Default 1 s.
	Interval time.Duration
	// Rows is how many records make a cut full. Default 50,000.
	Rows int
	// Bytes is how large the records of a cut may be together. Default 32 MiB.
	Bytes int
	// Buffer is how many bytes of facts may wait in memory. Default 64 MiB.
	Buffer int
	// Grace is how long another sink's cut may be without its mark, or another sink without a cut, before this one steps in. Default 3 s.
	Grace time.Duration
}

// TextFault is what an error of an Opener means for a message.
type TextFault int

const (
	// TextLater says that it is tried again, and the cut waits.
	TextLater TextFault = iota
	// TextErased says that the key is gone for ever: the row has no text and says so.
	TextErased
	// TextDamaged says that it can never be opened: the row has no text and says so.
	TextDamaged
)

// Opener opens sealed contents; the privacy guard implements it.
type Opener interface {
	OpenContent(ctx context.Context, tenant string, sealed *event.Sealed) (*event.Content, error)
}

func (o Options) withDefaults() (Options, error) {
	if o.Log == nil || o.Warehouse == nil || o.Opener == nil || o.Mask == nil || o.Now == nil {
		return o, errors.New("warehouse: Options needs Log, Warehouse, Opener, Mask and Now")
	}
	if o.Fault == nil {
		o.Fault = func(error) TextFault { return TextLater }
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Interval <= 0 {
		o.Interval = time.Second
	}
	if o.Rows <= 0 {
		o.Rows = 50_000
	}
	if o.Bytes <= 0 {
		o.Bytes = 32 << 20
	}
	if o.Buffer <= 0 {
		o.Buffer = 64 << 20
	}
	if o.Grace <= 0 {
		o.Grace = 3 * time.Second
	}
	return o, nil
}

// Sink fills a warehouse from the log. Any number may run at once. Make it with [NewSink] and run it with [Sink.Run].
type Sink struct {
	Options
	// fault is called between any two steps; its error ends the run as a kill would. Tests alone set it.
	fault func(step string) error

	mu  sync.Mutex
	lag Lag
}

// NewSink makes a sink.
func NewSink(o Options) (*Sink, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Sink{Options: o, fault: func(string) error { return nil }}, nil
}

// ErrForeign says that a warehouse and a log do not belong together.
var ErrForeign = errors.New("warehouse: the database was filled from another log; give the log a database of its own")

// ErrTruncated says that the log no longer holds what the warehouse needs to go on: the topic sink from its beginning, which must
// be kept for ever, or facts that were inserted already.
var ErrTruncated = errors.New("warehouse: the log was cut off")

// errRestart asks for a new run from what the log and the warehouse say now.
var errRestart = errors.New("warehouse: begin again")

// Run follows the log until ctx ends, and returns its cause then. Whatever fails is tried again; only ErrForeign
// and ErrTruncated end it otherwise.
func (s *Sink) Run(ctx context.Context) error {
	wait := newBackoff()
	rebuild := false
	for {
		began := s.Now()
		err := s.once(ctx, rebuild)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, errRestart):
			rebuild = true
			continue
		case errors.Is(err, ErrForeign), errors.Is(err, ErrTruncated), errors.Is(err, errKilled):
			return err
		}
		if s.Now().Sub(began) > time.Minute {
			wait = newBackoff()
		}
		s.failed("the sink begins again", err)
		if err := wait.sleep(ctx); err != nil {
			return err
		}
	}
}

var errKilled = errors.New("killed by a test")

// once is one life of a sink: everything it knows it reads from the log.
func (s *Sink) once(ctx context.Context, rebuild bool) error {
	ctx, stop := context.WithCancelCause(ctx)
	r := &run{Sink: s, fail: make(chan error, 1), applied: make(chan []event.Record), results: make(chan result, 1), buffer: newBuffer(s.Buffer)}
	defer r.owned.Wait()
	defer stop(errors.New("warehouse: the sink stops"))
	var id [8]byte
	if _, err := rand.Read(id[:]); err != nil {
		return fmt.Errorf("warehouse: make a writer's id: %w", err)
	}
	r.writer = hex.EncodeToString(id[:])
	start, err := findStart(ctx, s.Log, rebuild)
	if err != nil {
		return err
	}
	r.accepted, r.done, r.sinkEnd, r.rebuildTo = start.at, start.at, start.end, start.rebuildTo
	r.sinkNext = start.from
	if err := r.follow(ctx); err != nil {
		return err
	}
	return r.loop(ctx)
}

// lazyLog is a Log that can also be read by who is in no hurry; what comes may come a fifth of a second later. A cut waits longer
// anyway, and a sink that is woken by each record takes processor time from those who wait for it.
type lazyLog interface {
	ReadLazily(ctx context.Context, topic event.Topic, partition int, from int64, handle func(batch []event.Record, end int64) error) error
}

// follow starts a reader of each partition and one of the topic sink.
func (r *run) follow(ctx context.Context) error {
	read := r.Log.Read
	if l, ok := r.Log.(lazyLog); ok {
		read = l.ReadLazily
	}
	for _, topic := range Topics() {
		for partition := range r.Log.Partitions(topic) {
			at := place{topic, partition}
			first, end, err := r.Log.Bounds(ctx, topic, partition)
			if err != nil {
				return fmt.Errorf("warehouse: bounds of %s/%d: %w", topic, partition, err)
			}
			from, known := r.accepted.next[at]
			if known && first > from {
				r.lost(at, first-from)
			}
			if from > end {
				return errors.Join(ErrTruncated, &engine.RangeError{Topic: topic, Partition: partition, Offset: from, First: first, End: end})
			}
			from = max(from, first)
			r.buffer.start(at, from, end)
			r.owned.Go(func() {
				r.failing(read(ctx, topic, partition, from, func(batch []event.Record, end int64) error {
					return r.buffer.put(ctx, at, batch, end)
				}))
			})
		}
	}
	r.owned.Go(func() {
		r.failing(r.Log.Read(ctx, event.TopicSink, 0, r.sinkNext, func(batch []event.Record, _ int64) error {
			select {
			case r.applied <- batch:
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}))
	})
	return nil
}

// failing hands the first error to the loop.
func (r *run) failing(err error) {
	select {
	case r.fail <- err:
	default:
	}
}
