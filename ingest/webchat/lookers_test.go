package webchat

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/objects"
	"github.com/tributary-cc/tributary/stream/privacy"
)

// watched is a world whose key objects can be counted.
func watched(t *testing.T) (*world, func() int) {
	w := newWorld(t)
	store := objects.NewMemory()
	var err error
	w.keys, err = privacy.NewKeyStore(store, privacy.NewMasterKey(), 1000, w.now)
	require.NoError(t, err)
	w.guard = privacy.NewGuard(w.keys, appender{w.log}, nil)
	return w, func() int {
		names, err := store.List(t.Context(), "")
		require.NoError(t, err)
		return len(names)
	}
}

// Who only looks leaves nothing: no key, no pseudonym, no event.
func TestWhoLooksLeavesNothing(t *testing.T) {
	w, objects := watched(t)
	p := w.process()
	for range 5 {
		b, history := w.come(p, w.token(p), 3)
		require.Equal(t, "none", history["state"])
		b.say(map[string]any{"type": "ack", "ids": []string{"x"}})
		b.say(map[string]any{"type": "read", "sequence": 9})
		b.say(map[string]any{"type": "send", "id": "m", "text": " "})
		require.Equal(t, "invalid", b.next("error")["code"])
		b.say(map[string]any{"type": "end", "id": "e"})
		b.next("accepted")
		require.NoError(t, b.conn.WriteClose(1000, nil))
	}
	w.eventually(func() bool { return len(p.adapter.all()) == 0 }, "all are gone")
	require.Zero(t, objects())
	require.Empty(t, w.said())
	require.Empty(t, p.adapter.lookers.all)
	require.Zero(t, p.adapter.chats.size())
}

// With the first message the visitor's other pages are in the chat as well: those of the same process at once, those of
// another when they next ask whether it lives.
func TestTheFirstMessageSeatsAllPages(t *testing.T) {
	w, objects := watched(t)
	one, two := w.process(), w.process()
	token := w.token(one)
	here, _ := w.come(one, token, 0)
	beside, _ := w.come(one, token, 0)
	there, _ := w.come(two, token, 0)
	here.say(map[string]any{"type": "send", "id": "m1", "text": "hi"})
	here.next("accepted")
	require.Equal(t, 2, objects(), "an address and its key")
	address := w.said()[1].GetAddress()
	w.deliver(address, "echo", 1, "hi", "m1")
	require.Equal(t, "hi", here.next("message")["text"])
	require.Equal(t, "hi", beside.next("message")["text"])
	w.eventually(func() bool { return len(two.adapter.chats.linesOf(address)) == 1 }, "the other's view")
	there.say(map[string]any{"type": "ping"})
	there.next("pong")
	w.ms.Add(lookEvery.Milliseconds())
	there.say(map[string]any{"type": "ping"})
	require.Equal(t, []string{"hi"}, texts(there.next("history")))
	there.next("pong")
	beside.say(map[string]any{"type": "ping"})
	beside.next("pong")
	var connected int
	for _, e := range w.said() {
		if e.GetCustomerConnected() != nil {
			connected++
		}
	}
	require.Equal(t, 3, connected, "each page is told of, as each may be the last to go")
}

// An erased visitor who comes back looks again, and begins with a new pseudonym.
func TestAfterErasureAVisitorLooks(t *testing.T) {
	w, objects := watched(t)
	p := w.process()
	token := w.token(p)
	b, address := w.begun(p, token)
	require.NoError(t, w.keys.Erase(t.Context(), "acme", address))
	left := objects()
	require.LessOrEqual(t, left, 1, "at most the word for other processes that something was erased")
	_ = b.conn.NetConn().Close()
	again, history := w.come(p, token, 0)
	require.Equal(t, "none", history["state"])
	require.Equal(t, left, objects())
	again.say(map[string]any{"type": "send", "id": "m2", "text": "me again"})
	again.next("accepted")
	require.Equal(t, left+2, objects())
}
