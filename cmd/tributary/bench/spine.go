package bench

import (
	"context"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/tributary-cc/tributary/cmd/tributary/process"
	"github.com/tributary-cc/tributary/stream/event"
)

// gateway is the name under which the bench's agents without a page are connected.
const gateway = "bench"

// connect opens the installation as a command does, beside the process that runs it.
func connect(ctx context.Context, data string) (*process.Spine, error) {
	c := process.Default()
	c.Data = data
	return process.Connect(ctx, c, slog.New(slog.DiscardHandler))
}

// stamp completes an event that an adapter or an agent's door would append.
func stamp(e *event.Event, key string, cause ...string) *event.Event {
	id := event.CauseID(append([]string{"bench", tenant}, cause...)...)
	e.Id, e.Tenant, e.Key, e.AtMs = id[:], tenant, event.Key(tenant, key), time.Now().UnixMilli()
	return e
}

// alive gives the gateway's sign of life in every domain once a second, across restarts of the process: it connects anew as
// soon as the log is there, so that the agents stay connected.
type alive struct {
	cancel context.CancelFunc
	done   sync.WaitGroup
}

func keepAlive(ctx context.Context, data string, domains int) *alive {
	ctx, cancel := context.WithCancel(ctx)
	a := &alive{cancel: cancel}
	a.done.Go(func() {
		var s *process.Spine
		var broker string
		t := time.NewTicker(250 * time.Millisecond)
		defer t.Stop()
		for n := 0; ; n++ {
			select {
			case <-ctx.Done():
				if s != nil {
					_ = s.Close()
				}
				return
			case <-t.C:
			}
			run, err := process.ReadRunFile(data)
			if err == nil && run.Broker != broker {
				if s != nil {
					_ = s.Close()
				}
				if s, err = connect(ctx, data); err == nil {
					broker = run.Broker
				}
			}
			if err == nil && n%4 == 0 {
				tellAlive(ctx, s, domains)
			}
		}
	})
	return a
}

func tellAlive(ctx context.Context, s *process.Spine, domains int) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	now := strconv.FormatInt(time.Now().UnixNano(), 36)
	var all sync.WaitGroup
	for d := range domains {
		all.Go(func() {
			e := &event.Event{Body: &event.Event_GatewayAlive{GatewayAlive: &event.GatewayAlive{Gateway: gateway}}}
			_ = s.Guard.Append(ctx, event.TopicRoutingIn, stamp(e, domainName(d), "alive", now, domainName(d)), nil) // the next one follows
		})
	}
	all.Wait()
}

func (a *alive) stop() {
	a.cancel()
	a.done.Wait()
}
