package kafkalog_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/embedded/embeddedtest"
	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/kafkalog"
)

func open(t *testing.T, brokers []string, partitions int) *kafkalog.Log {
	t.Helper()
	l, err := kafkalog.Open(kafkalog.Config{Brokers: brokers, Partitions: partitions, Replication: 1, Embedded: true, ClientID: "test"})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l
}

// advised collects the newest advice of each process.
type advised struct {
	mu   sync.Mutex
	last map[string]engine.Assignment
	came chan struct{}
}

func (a *advised) join(ctx context.Context, wg *sync.WaitGroup, l *kafkalog.Log, id string) {
	advice := l.Advice("g", []event.Topic{event.TopicIdentityIn, event.TopicConfigIn}, id)
	wg.Go(func() {
		_ = advice(ctx, func(x engine.Assignment) {
			a.mu.Lock()
			a.last[id] = x
			a.mu.Unlock()
			select {
			case a.came <- struct{}{}:
			default:
			}
		})
	})
}

// until waits for an advice of which ok is true.
func (a *advised) until(t *testing.T, what string, ok func(map[string]engine.Assignment) bool) {
	t.Helper()
	limit := time.NewTimer(30 * time.Second)
	defer limit.Stop()
	for {
		a.mu.Lock()
		done := ok(a.last)
		text := fmt.Sprint(a.last)
		a.mu.Unlock()
		if done {
			return
		}
		select {
		case <-a.came:
		case <-limit.C:
			t.Fatalf("%s: %s", what, text)
		}
	}
}

func count(as ...[]engine.Place) int {
	all := slices.Concat(as...)
	seen := map[engine.Place]bool{}
	for _, p := range all {
		seen[p] = true
	}
	return len(seen)
}

func TestAdviceGivesEachPartitionAnOwnerAndAnotherStandby(t *testing.T) {
	b := embeddedtest.Broker(t)
	l := open(t, []string{b.Addr()}, 4)
	require.NoError(t, l.EnsureTopics(t.Context()))
	a := &advised{last: map[string]engine.Assignment{}, came: make(chan struct{}, 1)}
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ctxB, leave := context.WithCancel(ctx)

	a.join(ctx, &wg, l, "p-a")
	a.until(t, "one process owns all and nobody stands by", func(m map[string]engine.Assignment) bool {
		return len(m["p-a"].Own) == 5 && len(m["p-a"].Standby) == 0
	})
	a.join(ctxB, &wg, l, "p-b")
	a.until(t, "two processes share", func(m map[string]engine.Assignment) bool {
		x, y := m["p-a"], m["p-b"]
		return len(x.Own)+len(y.Own) == 5 && count(x.Own, y.Own) == 5 && len(x.Own) >= 2 && len(y.Own) >= 2 &&
			slices.Equal(x.Own, y.Standby) && slices.Equal(y.Own, x.Standby)
	})
	leave()
	a.until(t, "the one that is left owns all again", func(m map[string]engine.Assignment) bool {
		return len(m["p-a"].Own) == 5 && len(m["p-a"].Standby) == 0
	})
	cancel()
}
