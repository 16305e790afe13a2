package api

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
)

// fickle is a guard whose log is away for a while.
type fickle struct {
	Guard
	away    atomic.Bool
	refused atomic.Int64
}

func (g *fickle) Append(ctx context.Context, topic event.Topic, e *event.Event, content *event.Content) error {
	if g.away.Load() {
		g.refused.Add(1)
		return fmt.Errorf("the log does not answer: %w", context.DeadlineExceeded)
	}
	return g.Guard.Append(ctx, topic, e, content)
}

// An agent who leaves while the log is away is told gone when it is back: this process lives on, so its silence tells nothing.
func TestADisconnectionOutlastsAnOutageOfTheLog(t *testing.T) {
	w := newWorld(t)
	g := &fickle{Guard: w.guard}
	p := w.process(func(c *Config) { c.Guard = g })
	stays, _ := p.open("bob")
	gone, _ := p.open("ann")
	presence := func(agent string) (connected, disconnected []string) {
		for _, e := range in(w, event.TopicRoutingIn, all) {
			if c := e.GetAgentConnected(); c.GetAgent() == agent {
				connected = append(connected, c.GetConnection())
			}
			if d := e.GetAgentDisconnected(); d.GetAgent() == agent {
				disconnected = append(disconnected, d.GetConnection())
			}
		}
		return connected, disconnected
	}
	require.Eventually(t, func() bool { c, _ := presence("ann"); return len(c) == 1 }, patience, time.Millisecond)
	g.away.Store(true)
	_ = gone.conn.NetConn().Close()
	require.Eventually(t, func() bool { return g.refused.Load() > 0 }, patience, time.Millisecond)
	_, told := presence("ann")
	require.Empty(t, told)
	stays.say(`{"type":"ping"}`)
	stays.next("pong")
	g.away.Store(false)
	require.Eventually(t, func() bool { _, d := presence("ann"); return len(d) == 1 }, patience, time.Millisecond)
	connected, disconnected := presence("ann")
	require.Equal(t, connected, disconnected)
	require.Eventually(t, func() bool { return len(p.door.all()) == 1 }, patience, time.Millisecond)
	_, told = presence("bob")
	require.Empty(t, told)
}

// narrow is a log that counts how many read single records at once, and keeps them until it is released.
type narrow struct {
	live.Reader
	inside, most atomic.Int64
	release      chan struct{}
}

func (l *narrow) At(ctx context.Context, topic event.Topic, partition int, offsets []int64) ([]event.Record, error) {
	n := l.inside.Add(1)
	defer l.inside.Add(-1)
	for most := l.most.Load(); n > most && !l.most.CompareAndSwap(most, n); most = l.most.Load() {
	}
	select {
	case <-l.release:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return l.Reader.At(ctx, topic, partition, offsets)
}

// However many pages come at once, few are read from the log at a time, and each is shown its snapshot and what follows.
func TestPagesThatComeAtOnceTakeTurns(t *testing.T) {
	w := newWorld(t)
	customer, conversation, contact := w.assigned("ann")
	log := &narrow{Reader: w.log, release: make(chan struct{})}
	p := w.process(func(c *Config) {
		c.Log = log
		c.Limits.PerAccount = 3 * maxReads
	})
	cookie, _ := p.login("ann")
	desks := make([]*desk, 3*maxReads)
	var dials sync.WaitGroup
	for i := range desks {
		dials.Go(func() {
			var err error
			desks[i], err = p.dial(cookie, p.URL)
			require.NoError(t, err)
		})
	}
	dials.Wait()
	require.Eventually(t, func() bool { return log.inside.Load() == maxReads }, patience, time.Millisecond)
	require.Eventually(t, func() bool { return len(p.door.all()) == len(desks) }, patience, time.Millisecond)
	for range 30 {
		w.message(customer, conversation, contact, "meanwhile")
	}
	close(log.release)
	for _, d := range desks {
		contacts, _ := d.next("snapshot")["contacts"].([]any)
		require.Len(t, contacts, 1)
		shown, _ := dig(contacts[0], "messages").([]any)
		require.NotEmpty(t, shown)
		for next := num(dig(shown[len(shown)-1], "sequence")) + 1; next <= 31; next++ {
			require.Equal(t, next, num(dig(d.next("message"), "message", "sequence")))
		}
	}
	require.LessOrEqual(t, log.most.Load(), int64(maxReads))
}

// A page is shown the newest messages of a contact; those before are asked for.
func TestASnapshotHasTheNewestMessages(t *testing.T) {
	w := newWorld(t)
	customer, conversation, contact := w.assigned("ann")
	for range 30 {
		w.message(customer, conversation, contact, "more")
	}
	p := w.process()
	_, first := p.open("ann")
	messages, _ := dig(first, "contacts", 0, "messages").([]any)
	require.Len(t, messages, maxLines)
	require.EqualValues(t, 31-maxLines+1, dig(messages[0], "sequence"))
	require.EqualValues(t, 31, dig(messages[maxLines-1], "sequence"))
}
