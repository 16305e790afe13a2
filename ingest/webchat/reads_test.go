package webchat

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
)

// counting is a log that counts the single records asked of it.
type counting struct {
	live.Reader
	asked atomic.Int64
}

func (l *counting) At(ctx context.Context, topic event.Topic, partition int, offsets []int64) ([]event.Record, error) {
	l.asked.Add(int64(len(offsets)))
	return l.Reader.At(ctx, topic, partition, offsets)
}

// begun is a chat with its first message said.
func (w *world) begun(p *process, token string) (b *browser, address string) {
	b, _ = w.come(p, token, 0)
	b.say(map[string]any{"type": "send", "id": "m0", "text": "begin"})
	b.next("accepted")
	return b, w.said()[1].GetAddress()
}

func (w *world) receipts(state event.DeliveryState) (ids []string) {
	for _, e := range w.said() {
		if r := e.GetReceipt(); r != nil && r.GetState() == state {
			ids = append(ids, r.GetMessage())
		}
	}
	return ids
}

// However many read marks come, few records are read and appended, and the last counts.
func TestReadMarksAreCheap(t *testing.T) {
	w := newWorld(t)
	log := &counting{Reader: w.log}
	p := w.process(func(c *Config) { c.Log = log })
	token := w.token(p)
	b, address := w.begun(p, token)
	var ids []string
	for i := range 40 {
		ids = append(ids, w.deliver(address, "message", uint64(2*i+2), fmt.Sprint(i), ""))
		w.deliver(address, "echo", uint64(2*i+3), "echo", "")
		b.next("message")
		b.next("message")
	}
	log.asked.Store(0)
	for i := range 25 {
		b.say(map[string]any{"type": "read", "sequence": i + 60})
		b.say(map[string]any{"type": "read", "sequence": 7})
	}
	b.say(map[string]any{"type": "ping"})
	b.next("pong")
	require.Equal(t, []string{ids[29]}, w.receipts(event.DeliveryState_DELIVERY_STATE_READ), "sequence 60 at once")
	require.EqualValues(t, 1, log.asked.Load())
	require.NoError(t, b.conn.WriteClose(1000, nil))
	w.eventually(func() bool { s := w.said(); return s[len(s)-1].GetCustomerDisconnected() != nil }, "the end")
	require.Equal(t, []string{ids[29], ids[39]}, w.receipts(event.DeliveryState_DELIVERY_STATE_READ), "and the last, not the others")
	require.EqualValues(t, 2, log.asked.Load())

	again, _ := w.come(p, token, 81)
	log.asked.Store(0)
	again.say(map[string]any{"type": "read", "sequence": 80})
	again.say(map[string]any{"type": "read", "sequence": 81})
	again.say(map[string]any{"type": "ping"})
	again.next("pong")
	require.Zero(t, log.asked.Load(), "another connection told it already")
	require.Len(t, w.receipts(event.DeliveryState_DELIVERY_STATE_READ), 2)
}

// In the next conversation sequences begin again, and so do read marks. What the browser did not acknowledge of the last is
// kept for it.
func TestTheNextConversationKeepsWhatIsNotAcknowledged(t *testing.T) {
	w := newWorld(t)
	p := w.process()
	token := w.token(p)
	b, address := w.begun(p, token)
	got := w.deliver(address, "message", 50, "got", "")
	w.deliver(address, "message", 51, "lost", "")
	b.next("message")
	b.next("message")
	b.say(map[string]any{"type": "ack", "ids": []string{got}})
	b.say(map[string]any{"type": "read", "sequence": 50})
	b.say(map[string]any{"type": "ping"})
	b.next("pong")
	_ = b.conn.NetConn().Close()
	w.conversation = "v2"
	fresh := w.deliver(address, "message", 1, "new", "")
	w.eventually(func() bool {
		l := p.adapter.chats.linesOf(address)
		return len(l) == 2 && l[1].Sequence() == 1
	}, "the view")
	again, history := w.come(p, token, 51)
	require.Equal(t, []string{"lost", "new"}, texts(history))
	again.say(map[string]any{"type": "read", "sequence": 1})
	again.say(map[string]any{"type": "ping"})
	again.next("pong")
	require.Equal(t, []string{got, fresh}, w.receipts(event.DeliveryState_DELIVERY_STATE_READ))
	for i := range 2 * maxLines {
		w.deliver(address, "message", uint64(i+2), fmt.Sprint(i), "")
	}
	w.eventually(func() bool {
		l := p.adapter.chats.linesOf(address)
		return len(l) == maxLines && l[0].Sequence() == maxLines+2
	}, "however many are not acknowledged, the latest are kept")
}

// A last of an earlier conversation hides nothing of the next, which another device may have begun: neither where the browser
// names the conversation nor where it does not.
func TestALastOfAnEarlierConversationHidesNothing(t *testing.T) {
	w := newWorld(t)
	p := w.process()
	token := w.token(p)
	b, address := w.begun(p, token)
	got := w.deliver(address, "message", 50, "got", "")
	b.next("message")
	b.say(map[string]any{"type": "ack", "ids": []string{got}})
	b.say(map[string]any{"type": "ping"})
	b.next("pong")
	_ = b.conn.NetConn().Close()
	w.conversation = "v2"
	for i := range 60 {
		w.deliver(address, "echo", uint64(i+1), fmt.Sprint(i+1), "")
	}
	w.eventually(func() bool {
		l := p.adapter.chats.linesOf(address)
		return len(l) == maxLines && l[maxLines-1].Sequence() == 60
	}, "the view")
	for _, hello := range []struct {
		last         int
		conversation string
		first, count int
	}{
		{50, "v1", 41, 20},
		{50, "", 41, 20},
		{0, "", 41, 20},
		{30, "", 31, 30},
		{99, "", 41, 20},
		{50, "v2", 51, 10},
		{60, "v2", 0, 0},
		{0, "v2", 11, 50},
		{5, "v2", 11, 50},
	} {
		x, err := w.dial(p, "https://shop.example")
		require.NoError(t, err)
		x.say(map[string]any{"type": "hello", "token": token, "last": hello.last, "conversation": hello.conversation})
		shown := texts(x.next("history"))
		require.Len(t, shown, hello.count, "%+v", hello)
		if hello.count > 0 {
			require.Equal(t, fmt.Sprint(hello.first), shown[0], "%+v", hello)
			require.Equal(t, "60", shown[hello.count-1], "%+v", hello)
		}
	}
}
