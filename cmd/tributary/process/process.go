package process

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tributary-cc/tributary/routing/dispatch"
	"github.com/tributary-cc/tributary/stream/config"
	"github.com/tributary-cc/tributary/stream/conversation"
	"github.com/tributary-cc/tributary/stream/embedded"
	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/identity"
	"github.com/tributary-cc/tributary/stream/outbound"
	"github.com/tributary-cc/tributary/stream/privacy"
	"github.com/tributary-cc/tributary/stream/warehouse"
)

// Process is a running process. Stop ends it cleanly; killing it loses and doubles nothing.
type Process struct {
	*Spine
	ID        string
	Host      *engine.Host
	Warehouse *warehouse.Warehouse
	Sink      *warehouse.Sink
	Registry  *prometheus.Registry

	// opening guards Warehouse, which the api opens where it is first asked for history.
	opening    sync.Mutex
	clickhouse *embedded.ClickHouse
	doors      []door
	api        http.Handler
	webchat    http.Handler
	servers    []*http.Server
	addrs      []net.Addr
	contact    *contact

	// Folds outlive the doors, so that what a door was promised is still acknowledged.
	stopDoors, stopFolds context.CancelFunc
	doorWork, foldWork   sync.WaitGroup
	failed               chan error
	stopping             atomic.Bool
	demo                 *demo
}

// door is a part that follows the log, or serves people, until its context ends.
type door interface {
	Run(ctx context.Context) error
	Ready() error
}

// Processors are the folds of an installation, in the order of the way of an event.
func Processors() []engine.Processor {
	return []engine.Processor{
		config.Processor(), identity.Processor(), conversation.Processor(), dispatch.Processor(), outbound.Processor(),
	}
}

// Start starts a process with the roles of its configuration.
func Start(ctx context.Context, c Config, logger *slog.Logger) (*Process, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	spine, err := openSpine(ctx, c, logger, true)
	if err != nil {
		return nil, err
	}
	p := &Process{Spine: spine, ID: newID(), Registry: prometheus.NewRegistry(), failed: make(chan error, 16)}
	if err := p.start(ctx); err != nil {
		return nil, errors.Join(err, p.Stop(ctx))
	}
	return p, nil
}

func (p *Process) start(ctx context.Context) error {
	if err := p.Log.EnsureTopics(ctx); err != nil {
		return err
	}
	doors, stopDoors := context.WithCancel(context.WithoutCancel(ctx))
	folds, stopFolds := context.WithCancel(context.WithoutCancel(ctx))
	p.stopDoors, p.stopFolds = stopDoors, stopFolds
	p.contact = newContact(time.Now, p.Log.Ping)
	p.doorWork.Go(func() { p.contact.Run(doors) })
	p.serveProfiles(folds)
	tuneMemory(folds)
	if p.Config.HasRole(RoleFolds) {
		if err := p.startFolds(folds); err != nil {
			return err
		}
	}
	if err := p.openWarehouse(ctx); err != nil {
		return err
	}
	if err := p.openDoors(ctx); err != nil {
		return err
	}
	for _, d := range p.doors {
		p.doorWork.Go(func() { p.keep(doors, d) })
	}
	if err := p.listen(); err != nil { //nolint:contextcheck // what listens ends by Stop, after the context
		return err
	}
	if p.broker != nil {
		return p.writeRunFile()
	}
	return nil
}

func (p *Process) startFolds(ctx context.Context) error {
	build, err := Build()
	if err != nil {
		return fmt.Errorf("hashing this binary: %w", err)
	}
	cfg := engine.Config{
		Log: p.Log, Store: p.Objects, Build: build, Writer: p.ID, Now: time.Now, Logger: p.Logger, Span: p.tracing.fold,
	}
	var advice engine.Advice
	if p.broker != nil {
		if cfg.Unclean = p.broker.Unclean(); cfg.Unclean {
			if cfg.UncleanEnds, err = engine.Ends(ctx, p.Log, Processors()); err != nil {
				return err
			}
		}
		cfg.Sync = func(context.Context) error { return p.broker.Flush() }
	}
	if p.broker == nil {
		procs := Processors()
		inboxes := make([]event.Topic, len(procs))
		for i := range procs {
			inboxes[i] = procs[i].Inbox
		}
		advice = p.Log.Advice("tributary", inboxes, p.ID)
		if len(p.Config.Kafka.Brokers) == 0 && !p.Config.Sync {
			p.Logger.WarnContext(ctx, "the embedded broker runs in another process: a power cut may cost what a checkpoint relies on; start both with --sync where that matters")
		}
	}
	p.Host = engine.NewHost(cfg, Processors(), advice)
	p.foldWork.Go(func() {
		if err := p.Host.Run(ctx); err != nil && ctx.Err() == nil {
			p.fail(err)
		}
	})
	return nil
}

// openWarehouse starts the embedded ClickHouse where that is a role of this process, and the sink.
func (p *Process) openWarehouse(ctx context.Context) error {
	if p.Config.HasRole(RoleClickHouse) && p.Config.ClickHouse.DSNFile == "" {
		if err := p.startClickHouse(ctx); err != nil {
			return err
		}
	}
	if !p.Config.HasRole(RoleSink) {
		return nil
	}
	if _, err := p.warehouse(); err != nil {
		return err
	}
	var err error
	p.Sink, err = warehouse.NewSink(warehouse.Options{
		Log: p.Log, Warehouse: p.Warehouse, Opener: p.Keys, Mask: privacy.Mask, Now: time.Now, Logger: p.Logger,
		Fault: func(err error) warehouse.TextFault {
			switch {
			case errors.Is(err, privacy.ErrErased):
				return warehouse.TextErased
			case errors.Is(err, privacy.ErrForged), errors.Is(err, privacy.ErrInvalid):
				return warehouse.TextDamaged
			default:
				return warehouse.TextLater
			}
		},
	})
	if err == nil {
		m := warehouse.NewMetrics(p.Sink)
		p.Registry.MustRegister(m)
		p.doors = append(p.doors, sinkDoor{p.Sink, m})
	}
	return err
}

// checkEvery is how often the warehouse's cuts are counted against what was announced.
const checkEvery = time.Minute

// sinkDoor runs the sink, which brings the tables up to date by itself, and the standing check of its cuts. It is always
// ready: lateness of the warehouse is shown, not waited for.
type sinkDoor struct {
	sink    *warehouse.Sink
	metrics *warehouse.Metrics
}

func (s sinkDoor) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var check sync.WaitGroup
	defer check.Wait()
	defer cancel()
	check.Go(func() { _ = s.metrics.RunCheck(ctx, checkEvery) }) // ends with ctx
	return s.sink.Run(ctx)
}

func (sinkDoor) Ready() error { return nil }

// keep runs a door. One whose view is broken can only be made anew, with the process; the sink keeps its place in the log
// and in ClickHouse, so it goes on by itself.
func (p *Process) keep(ctx context.Context, d door) {
	pause := 100 * time.Millisecond
	for {
		err := d.Run(ctx)
		if ctx.Err() != nil {
			return
		}
		if _, again := d.(sinkDoor); !again {
			p.fail(fmt.Errorf("%T cannot go on: %w", d, err))
			return
		}
		p.Logger.ErrorContext(ctx, "the sink is started again", "error", err)
		t := time.NewTimer(pause)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return
		}
		pause = min(2*pause, 5*time.Second)
	}
}

func (p *Process) fail(err error) {
	select {
	case p.failed <- err:
	default:
	}
}

// Failed gives errors after which the process cannot go on.
func (p *Process) Failed() <-chan error { return p.failed }

// Ready tells whether the process does all that its roles promise, or what it still lacks.
func (p *Process) Ready() error {
	faults := []error{p.contact.Ready()}
	if p.Host != nil {
		faults = append(faults, p.Host.Ready())
	}
	for _, d := range p.doors {
		faults = append(faults, d.Ready())
	}
	faults = append(faults, p.room())
	return errors.Join(faults...)
}

// waitsFor says what a stop waits for.
func (p *Process) waitsFor(what string) { p.Logger.Info("stopping", "waits_for", what) }

// Stop ends the process: doors first, then what was taken in is folded and acknowledged, then the engines.
func (p *Process) Stop(ctx context.Context) error {
	var faults []error
	p.stopping.Store(true)
	if p.demo != nil {
		p.waitsFor("simulated people to leave")
		p.demo.close()
	}
	p.waitsFor("requests under way")
	for _, s := range p.servers {
		sctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		if s.Shutdown(sctx) != nil { // who dawdles keeps nobody from stopping
			faults = append(faults, s.Close())
		}
		cancel()
	}
	p.waitsFor("connections of people, and what they still append")
	if p.stopDoors != nil {
		p.stopDoors()
	}
	p.doorWork.Wait()
	p.waitsFor("acknowledgements and checkpoints of the folds")
	if p.stopFolds != nil {
		p.stopFolds()
	}
	p.foldWork.Wait()
	p.waitsFor("the engines to close")
	p.opening.Lock()
	if p.Warehouse != nil {
		faults = append(faults, p.Warehouse.Close())
	}
	p.opening.Unlock()
	if p.clickhouse != nil {
		faults = append(faults, p.clickhouse.Close(), forget(filepath.Join(p.Config.Data, clickhouseFile)))
	}
	if p.broker != nil {
		faults = append(faults, forget(filepath.Join(p.Config.Data, runFile)))
	}
	return errors.Join(append(faults, p.Close())...)
}
