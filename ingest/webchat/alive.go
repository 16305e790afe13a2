package webchat

import (
	"context"
	"log/slog"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/tributary-cc/tributary/stream/event"
)

const aliveEvery = time.Second

// beat tells every partition of conversation.in once a second that this gateway lives, until ctx is done: a process that is
// killed cannot tell that its connections are gone, but its silence does. A partition that does not answer is told again
// when it has; the others do not wait for it, and nobody waits for beat.
func (s *Server) beat(ctx context.Context) {
	pending := make([]atomic.Bool, s.config.Log.Partitions(event.TopicConversationIn))
	t := time.NewTicker(aliveEvery)
	defer t.Stop()
	for ctx.Err() == nil {
		for p := range pending {
			if !pending[p].CompareAndSwap(false, true) {
				continue
			}
			s.work.Start(func() {
				defer pending[p].Store(false)
				s.alive(ctx, p)
			})
		}
		select {
		case <-ctx.Done():
		case <-t.C:
		}
	}
}

// alive is one sign of life to one partition.
func (s *Server) alive(ctx context.Context, partition int) {
	limited, cancel := context.WithTimeout(ctx, appendTimeout)
	defer cancel()
	now, gateway := s.config.Now(), s.config.Gateway
	id := event.CauseID("webchat", "alive", gateway, strconv.Itoa(partition), strconv.FormatInt(now.Unix(), 10))
	err := s.config.Guard.AppendTo(limited, event.TopicConversationIn, partition, &event.Event{
		Id: id[:], Key: event.Key("gateway", gateway), AtMs: now.UnixMilli(),
		Body: &event.Event_GatewayAlive{GatewayAlive: &event.GatewayAlive{Gateway: gateway}},
	}, nil)
	if err != nil && ctx.Err() == nil {
		s.config.Logger.WarnContext(ctx, "a sign of life could not be appended",
			slog.Int("partition", partition), slog.String("error", err.Error()))
	}
}
