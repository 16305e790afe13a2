package webchat

import (
	"fmt"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
)

// An open chat costs at most 400 bytes in the view.
func TestOpenChatsAreSmall(t *testing.T) {
	if testing.Short() {
		t.Skip("measures memory")
	}
	const count, lines = 100_000, 5
	c := newChats(100)
	before := heap()
	for i := range count {
		address := event.CauseID("a", fmt.Sprint(i)).String()
		batch := []engine.Delivered{{Event: &event.Event{Tenant: "acme", Address: address, Body: &event.Event_Deliver{Deliver: &event.Deliver{
			Channel: event.Channel_CHANNEL_WEBCHAT, Kind: "assigned",
		}}}}}
		for l := range lines {
			batch = append(batch, engine.Delivered{
				Record: event.Record{Partition: i % 16, Offset: int64(i*lines + l)},
				Event: &event.Event{Tenant: "acme", Address: address, Body: &event.Event_Deliver{Deliver: &event.Deliver{
					Channel: event.Channel_CHANNEL_WEBCHAT, Kind: "message", Delivery: fmt.Sprint(i, l), Conversation: "v",
				}}},
			})
		}
		c.apply(batch)
	}
	each := (heap() - before) / count
	t.Logf("%d bytes for each open chat with %d messages", each, lines)
	require.LessOrEqual(t, each, uint64(400))
	runtime.KeepAlive(c)
}

// linesOf are the chat's messages as they are now.
func (c *chats) linesOf(key string) live.Lines {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k := c.all[key]; k != nil {
		return slices.Clone(k.lines)
	}
	return nil
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
