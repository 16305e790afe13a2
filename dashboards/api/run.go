package api

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
)

const (
	queueEvery = 250 * time.Millisecond
	floorEvery = time.Second
	aliveEvery = time.Second
	sweepEvery = 10 * time.Second
	stopGrace  = 5 * time.Second
	// maxAlive is how many signs of life are appended at once.
	maxAlive = 16
)

// viewTopics are the facts that the view is made of. The configuration comes first, as it is small and names the rest.
var viewTopics = [...]event.Topic{event.TopicConfigFacts, event.TopicRoutingFacts, event.TopicConversationFacts}

// Run follows the facts, gives signs of life and keeps connections until ctx is done; then it closes them and waits for
// what they still append. What passes by itself it tries again: if it ends with another error than ctx's, the log does not
// hold what the view lacks, and only a new process helps. Run may be called once.
func (s *Server) Run(ctx context.Context) error {
	if !s.ran.CompareAndSwap(false, true) {
		return live.ErrRanBefore
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var follow sync.WaitGroup
	follow.Go(func() {
		cancel(s.follower.Run(ctx, s.log, viewTopics[:], func(_ event.Topic, batch []engine.Delivered) { s.view.apply(batch) }))
	})
	follow.Go(func() { s.watchAudit(ctx) })
	follow.Go(func() { s.watchRights(ctx) })
	s.tick(ctx)
	follow.Wait()
	s.stopped.Store(true)
	s.conns.Stop(s.work, stopGrace)
	return context.Cause(ctx)
}

// tick does what has a rhythm. Signs of life have a goroutine of their own: they wait for the log.
func (s *Server) tick(ctx context.Context) {
	s.work.Start(func() { s.aliveLoop(ctx) })
	queues, floors, sweep := time.NewTicker(queueEvery), time.NewTicker(floorEvery), time.NewTicker(sweepEvery)
	defer queues.Stop()
	defer floors.Stop()
	defer sweep.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-queues.C:
			s.view.flushQueues()
			s.endRevoked(ctx)
		case <-floors.C:
			s.view.flushColleagues()
			s.view.flushFloors()
			s.view.forgetOld()
			s.endPractices(ctx)
		case <-sweep.C:
			s.view.tickHours()
			s.sweep(ctx)
		}
	}
}

func (s *Server) aliveLoop(ctx context.Context) {
	t := time.NewTicker(aliveEvery)
	defer t.Stop()
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			s.alive(ctx, n)
			s.reannounce(ctx)
		}
	}
}

// alive tells every domain with agents here that this gateway lives.
func (s *Server) alive(ctx context.Context, n int) {
	ctx, cancel := context.WithTimeout(ctx, appendTimeout)
	defer cancel()
	slots := make(chan struct{}, maxAlive)
	var all sync.WaitGroup
	for _, d := range s.domains() {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			e := &event.Event{Key: event.Key(d.tenant, d.domain), Body: &event.Event_GatewayAlive{
				GatewayAlive: &event.GatewayAlive{Gateway: s.gateway},
			}}
			if err := s.append(ctx, event.TopicRoutingIn, d.tenant, e, nil, "alive", s.gateway, d.domain, fmt.Sprint(n)); err != nil {
				s.logger.WarnContext(ctx, "a sign of life could not be appended", slog.String("error", err.Error()))
			}
		})
	}
	all.Wait()
}

// reannounce tells routing again of agents that it believes gone though their pages are here: this gateway was silent
// for longer than routing waits, and lives again.
func (s *Server) reannounce(ctx context.Context) {
	for _, c := range s.all() {
		a := s.view.agentState(c.who.Tenant, c.who.Agent)
		if !c.who.works() || a.changed == nil || a.changed.GetConnected() || !c.settled.Load() {
			continue
		}
		if c.patience.Add(1) < 2 {
			continue // the fact that follows the first announcement may still be on its way
		}
		c.patience.Store(0)
		if err := c.announce(ctx); err != nil {
			s.logger.WarnContext(ctx, "an agent could not be announced again", slog.String("error", err.Error()))
		}
	}
}

// sweep ends connections that are idle, whose login has ended, or whose agent now belongs to another domain.
func (s *Server) sweep(ctx context.Context) {
	for _, c := range s.all() {
		if c.Quiet() > maxIdleSweeps {
			c.End(live.CloseGoingAway, "idle")
			continue
		}
		if _, err := s.who(ctx, c.token); err != nil && asFault(err).kind == kindUnauthenticated {
			c.End(live.CloseLogin, "the login has ended")
			continue
		}
		if c.who.Agent != "" && s.domainOf(c.who) != c.domain {
			c.End(live.CloseMoved, "the agent's domain has changed")
		}
	}
}
