package enrich

import (
	"container/list"
	"time"

	"github.com/tributary-cc/tributary/models"
	"github.com/tributary-cc/tributary/stream/event"
)

// The limits of what is kept, sealed, of what customers wrote before: conversations and bytes of one partition, where the one that was
// silent longest is forgotten first; bytes of one message, beyond which it is left out.
const (
	maxConversations = 20_000
	maxKept          = 16 << 20
	maxSealed        = 16 << 10
	// maxSince is how long before a contact's first message something was written that it may refer to.
	maxSince = time.Hour
	// maxEarlier is how many runes are read of each message before.
	maxEarlier = 500
)

// message is what a customer wrote, sealed.
type message struct {
	tenant string
	atMs   int64
	sealed *event.Sealed
}

// talk is what a customer wrote last in a conversation, the latest last.
type talk struct {
	key      string
	atMs     int64 // when its customer wrote, or waited first
	messages []message
}

func (t *talk) bytes() (n int) {
	for _, m := range t.messages {
		n += len(m.sealed.GetCiphertext())
	}
	return n
}

// talks are the conversations in which a contact waited for an intent.
type talks struct {
	byKey    map[string]*list.Element // of *talk
	order    list.List                // who was silent longest is first
	bytes    int
	most     int // conversations
	mostKept int // bytes
}

func newTalks() *talks {
	return &talks{byKey: make(map[string]*list.Element), most: maxConversations, mostKept: maxKept}
}

func (t *talks) clear() {
	clear(t.byKey)
	t.order.Init()
	t.bytes = 0
}

// begin has a conversation followed, and gives what its customer wrote before.
func (t *talks) begin(tenant, conversation string, atMs int64) []message {
	key := event.Key(tenant, conversation)
	at := t.byKey[key]
	if at == nil {
		t.byKey[key] = t.order.PushBack(&talk{key: key, atMs: atMs})
		t.shrink(atMs)
		return nil
	}
	k, _ := at.Value.(*talk)
	return append([]message(nil), k.messages...)
}

// said keeps a message of a customer, where the conversation is followed.
func (t *talks) said(e *event.Event, conversation string) {
	at := t.byKey[event.Key(e.GetTenant(), conversation)]
	if at == nil || len(e.GetSealed().GetCiphertext()) > maxSealed {
		return
	}
	k, _ := at.Value.(*talk)
	t.bytes -= k.bytes()
	if len(k.messages) == models.MaxBefore {
		k.messages = append(k.messages[:0], k.messages[1:]...)
	}
	k.messages = append(k.messages, message{e.GetTenant(), e.GetAtMs(), e.GetSealed()})
	t.bytes += k.bytes()
	k.atMs = e.GetAtMs()
	t.order.MoveToBack(at)
	t.shrink(k.atMs)
}

// shrink forgets what is too much, and what nothing can refer to any more.
func (t *talks) shrink(nowMs int64) {
	for first := t.order.Front(); first != nil; first = t.order.Front() {
		k, _ := first.Value.(*talk)
		if len(t.byKey) <= t.most && t.bytes <= t.mostKept && nowMs-k.atMs <= maxSince.Milliseconds() {
			return
		}
		t.order.Remove(first)
		t.bytes -= k.bytes()
		delete(t.byKey, k.key)
	}
}
