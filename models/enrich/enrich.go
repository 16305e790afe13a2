package enrich

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tributary-cc/tributary/models"
	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// Log is the log for who reads facts.
type Log interface {
	Partitions(topic event.Topic) int
	Bounds(ctx context.Context, topic event.Topic, partition int) (first, end int64, err error)
	Read(ctx context.Context, topic event.Topic, partition int, from int64, handle func(batch []event.Record, end int64) error) error
}

// Guard is the way to the log.
type Guard interface {
	Append(ctx context.Context, topic event.Topic, e *event.Event, content *event.Content) error
}

// Opener opens what was sealed.
type Opener interface {
	OpenContent(ctx context.Context, tenant string, sealed *event.Sealed) (*event.Content, error)
}

// Model is what an entry point's intent_model names.
type Model struct {
	// First answers in the process, at once.
	First models.Classifier
	// Then is asked where First is unsure; nil for nobody.
	Then models.Classifier
}

// Config is what the work needs.
type Config struct {
	Log    Log
	Guard  Guard
	Opener Opener
	// Models finds a model by the name that an entry point gives.
	Models func(name string) (Model, error)
	Now    func() time.Time
	Logger *slog.Logger
	// Registry takes the metrics; nil for none.
	Registry prometheus.Registerer
	// Workers open texts and ask First, Asking bounds the questions to Then, LookBack is how many records of each partition are read
	// again after a start; 0 for the defaults.
	Workers, Asking int
	LookBack        int64
}

const (
	defaultWorkers  = 8
	defaultAsking   = 64
	defaultLookBack = 10_000
	// DefaultDeadline is the fold's, where the entry point names none.
	DefaultDeadline = 1500 * time.Millisecond
	// margin is what the way through the log may take, at most a quarter of the deadline.
	margin = 200 * time.Millisecond
	// minAsk is the least time in which asking a server makes sense.
	minAsk = 50 * time.Millisecond
	// appendWithin bounds an append; who is late is routed already.
	appendWithin = 5 * time.Second
	again        = time.Second
)

// Server does the work.
type Server struct {
	cfg     Config
	metrics *metrics
	points  entryPoints
	queue   chan job
	asking  chan struct{}
	tables  []*table
	unknown sync.Map // names of models that were complained of

	mu     sync.Mutex
	behind int
	ended  error
}

// New makes a server; Run starts it.
func New(cfg Config) (*Server, error) {
	if cfg.Log == nil || cfg.Guard == nil || cfg.Opener == nil || cfg.Models == nil || cfg.Now == nil {
		return nil, errors.New("enrich: it needs a log, a guard, an opener, models and a clock")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	or := func(n *int, d int) {
		if *n <= 0 {
			*n = d
		}
	}
	or(&cfg.Workers, defaultWorkers)
	or(&cfg.Asking, defaultAsking)
	if cfg.LookBack <= 0 {
		cfg.LookBack = defaultLookBack
	}
	s := &Server{
		cfg: cfg, queue: make(chan job, cfg.Workers), asking: make(chan struct{}, cfg.Asking),
		tables: make([]*table, cfg.Log.Partitions(event.TopicConversationFacts)),
	}
	s.behind = 1 + len(s.tables)
	for i := range s.tables {
		s.tables[i] = newTable(&s.points)
	}
	var err error
	s.metrics, err = newMetrics(cfg.Registry, s)
	return s, err
}

// Run works until ctx is done; once.
func (s *Server) Run(ctx context.Context) error {
	var all sync.WaitGroup
	configured := make(chan struct{})
	known := sync.OnceFunc(func() { s.caughtUp(); close(configured) })
	all.Go(func() { s.keep(ctx, func() error { return s.followConfig(ctx, known) }) })
	for p, t := range s.tables {
		all.Go(func() {
			select {
			case <-configured: // before that it is not known which entry points have a model
				s.keep(ctx, func() error { return s.follow(ctx, p, t) })
			case <-ctx.Done():
			}
		})
	}
	for range s.cfg.Workers {
		all.Go(func() { s.work(ctx, &all) })
	}
	all.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = context.Cause(ctx)
	return s.ended
}

// keep begins again what ended, until ctx is done: nothing depends on a reader here, so none of its failures ends the process.
func (s *Server) keep(ctx context.Context, follow func() error) {
	for {
		err := follow()
		if ctx.Err() != nil {
			return
		}
		s.cfg.Logger.WarnContext(ctx, "intents: reading facts is begun again", "error", err)
		t := time.NewTimer(again)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return
		}
	}
}

// Ready is nil once what was there at the start was read.
func (s *Server) Ready() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ended != nil:
		return fmt.Errorf("intents are not looked for any more: %w", s.ended)
	case s.behind > 0:
		return fmt.Errorf("intents: reading what was there at the start, %d partitions are left", s.behind)
	}
	return nil
}

func (s *Server) caughtUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.behind--
}

// reader is a Log where an [engine.Log] is asked for.
type reader struct{ Log }

var (
	_ engine.Log       = reader{}
	_ engine.GapHearer = reader{}
)

var errReadOnly = errors.New("enrich: this log is only read: append through the guard")

// At refuses: places are not kept here.
func (reader) At(context.Context, event.Topic, int, []int64) ([]event.Record, error) {
	return nil, errReadOnly
}

// Append refuses.
func (reader) Append(_ context.Context, _ event.Topic, _ int, _ []event.Record, done func(error)) {
	go done(errReadOnly)
}

// HearGap passes on what a log wants to hear.
func (r reader) HearGap(topic event.Topic, partition int, offset int64, origin *event.Origin, first bool) {
	if h, ok := r.Log.(engine.GapHearer); ok {
		h.HearGap(topic, partition, offset, origin, first)
	}
}

// followConfig keeps the entry points; known is called when those of the start are.
func (s *Server) followConfig(ctx context.Context, known func()) error {
	first, end, err := s.cfg.Log.Bounds(ctx, event.TopicConfigFacts, 0)
	if err != nil {
		return err
	}
	if first >= end {
		known()
	}
	return engine.Follow(ctx, reader{s.cfg.Log}, event.TopicConfigFacts, 0, first, new(engine.Lanes), func(batch []engine.Delivered, next, _ int64) error {
		s.points.apply(batch)
		if next >= end {
			known()
		}
		return nil
	})
}

// follow reads a partition of facts from a while ago on.
func (s *Server) follow(ctx context.Context, partition int, t *table) error {
	first, end, err := s.cfg.Log.Bounds(ctx, event.TopicConversationFacts, partition)
	if err != nil {
		return err
	}
	t.clear()
	behind := true
	ask := func(next int64) error {
		if next < end {
			return nil // what waits here may have been routed further on
		}
		if behind {
			behind = false
			if t.wasRead() {
				s.caughtUp()
			}
		}
		for _, j := range t.jobs() {
			select {
			case s.queue <- j:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		return nil
	}
	from := max(first, end-s.cfg.LookBack)
	if err := ask(from); err != nil {
		return err
	}
	return engine.Follow(ctx, reader{s.cfg.Log}, event.TopicConversationFacts, partition, from, new(engine.Lanes), func(batch []engine.Delivered, next, _ int64) error {
		if full := t.apply(batch); full > 0 {
			s.metrics.skipped.WithLabelValues("full").Add(float64(full))
		}
		return ask(next)
	})
}
