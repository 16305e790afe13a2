package webchat

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
)

// An open chat costs at most 250 bytes in the view, and no object of the heap for itself.
func TestOpenChatsAreSmall(t *testing.T) {
	if testing.Short() {
		t.Skip("measures memory")
	}
	const count, lines = 25_000, 5
	c := newChats(100)
	bytes, objects := heap()
	for i := range count {
		address := event.CauseID("a", fmt.Sprint(i)).String()
		for l := range lines + 1 {
			d := &event.Deliver{Channel: event.Channel_CHANNEL_WEBCHAT, Kind: "message", Delivery: fmt.Sprint(i, l), Conversation: "v"}
			if l == 0 {
				d.Kind = "assigned"
			}
			raw, err := event.Marshal(&event.Event{Tenant: "acme", Address: address, Body: &event.Event_Deliver{Deliver: d}})
			if err != nil {
				t.Fatal(err)
			}
			e, err := event.Unmarshal(raw) // strings of its own, as the log gives them
			if err != nil {
				t.Fatal(err)
			}
			c.apply([]engine.Delivered{{Record: event.Record{Partition: i % 16, Offset: int64(i*lines + l)}, Event: e}})
		}
	}
	bytesAfter, objectsAfter := heap()
	each := (bytesAfter - bytes) / count
	t.Logf("%d bytes and %.2f objects for each open chat with %d messages", each, float64(objectsAfter-objects)/count, lines)
	require.LessOrEqual(t, each, uint64(250))
	require.LessOrEqual(t, objectsAfter-objects, uint64(count/10))
	runtime.KeepAlive(c)
}

// linesOf are the messages of an address's chat as they are now.
func (c *chats) linesOf(address string) live.Lines {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k := c.known(c.key("acme", address)); k != nil {
		return c.lines.Copy(k.lines)
	}
	return nil
}

func heap() (bytes, objects uint64) {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc, m.HeapObjects
}
