package webchat

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
	"github.com/tributary-cc/tributary/stream/privacy"
)

// partitioned is the log with the partition that the writer chose.
type partitioned struct{ log *enginetest.Log }

func (a partitioned) Append(ctx context.Context, r event.Record) error {
	if r.Partition == privacy.ByKey {
		return appender(a).Append(ctx, r)
	}
	done := make(chan error, 1)
	a.log.Append(ctx, r.Topic, r.Partition, []event.Record{r}, func(err error) { done <- err })
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestEveryPartitionHearsThatTheGatewayLives(t *testing.T) {
	w := newWorld(t)
	p := w.process(func(c *Config) { c.Guard = privacy.NewGuard(w.keys, partitioned{w.log}, nil) })
	ids := map[string]bool{}
	for part := range 4 {
		w.eventually(func() bool { return len(w.log.All(event.TopicConversationIn, part)) > 0 }, "at once, not after a second")
		e, err := event.Unmarshal(w.log.All(event.TopicConversationIn, part)[0].Value)
		require.NoError(t, err)
		require.Equal(t, p.adapter.config.Gateway, e.GetGatewayAlive().GetGateway())
		require.Equal(t, "gateway/"+p.adapter.config.Gateway, e.GetKey())
		require.Empty(t, e.GetTenant())
		ids[event.IDText(e.GetId())] = true
	}
	require.Len(t, ids, 4)
}

// stuckAt is a guard whose log does not answer for one partition.
type stuckAt struct {
	Guard
	partition int
	mu        sync.Mutex
	heard     map[int][]string
}

func (g *stuckAt) AppendTo(ctx context.Context, _ event.Topic, partition int, e *event.Event, _ *event.Content) error {
	g.mu.Lock()
	g.heard[partition] = append(g.heard[partition], event.IDText(e.GetId()))
	g.mu.Unlock()
	if partition == g.partition {
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

// A partition that does not answer is not asked again until it has, and holds nobody up: not the others, not the end.
func TestASlowPartitionHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &stuckAt{partition: 2, heard: map[int][]string{}}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second+aliveEvery/2)
		defer cancel()
		end, _ := ctx.Deadline()
		s := &Server{work: live.NewCrew(), config: Config{
			Log: enginetest.NewLog(4), Guard: g, Gateway: "g1", Logger: slog.New(slog.DiscardHandler),
			Now: func() time.Time { return end.Add(-time.Until(end)) },
		}}
		s.beat(ctx)
		<-s.work.End()
		for part := range 4 {
			ids := map[string]bool{}
			for _, id := range g.heard[part] {
				ids[id] = true
			}
			require.Len(t, ids, len(g.heard[part]), "each second has its own id")
			if part == 2 {
				require.InDelta(t, 3, len(ids), 1)
			} else {
				require.Len(t, ids, 31)
			}
		}
	})
}
