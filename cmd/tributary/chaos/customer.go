package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/tributary-cc/tributary/cmd/tributary/client"
)

// visitor is one customer with one browser: some chats, one after the other.
type visitor struct {
	name   string
	chat   *client.Customer
	ledger *Ledger
	rand   *rand.Rand
	meter  *meter

	mu    sync.Mutex
	state string
	// answered counts what was shown of agents.
	answered int
	ids      []string
}

func newVisitor(base, tenant, entry, name string, ledger *Ledger, seed uint64) *visitor {
	v := &visitor{
		name: name, ledger: ledger, chat: client.NewCustomer(base, tenant, entry),
		rand: rand.New(rand.NewPCG(seed, hashOf(name))), //nolint:gosec // behaviour, to be repeated
	}
	// Customers live in different places: the limits per address are not what is tried here.
	h := hashOf(name)
	v.chat.LocalIP = fmt.Sprintf("127.%d.%d.%d", 1+h%200, h>>8%250, 1+h>>16%250)
	v.meter = newMeter(ledger, v.chat.ServedBy)
	v.chat.OnFrame = v.meter.frame
	v.chat.OnAccepted = ledger.Accepted
	v.chat.OnState = func(s string) {
		v.mu.Lock()
		v.state = s
		v.mu.Unlock()
	}
	v.chat.OnMessage = func(m client.Message) {
		ledger.Shown(v.name, m.ID, m.Text)
		v.meter.message(m.Text)
		if m.Author == "agent" {
			v.mu.Lock()
			v.answered++
			v.mu.Unlock()
		}
	}
	return v
}

func (v *visitor) seen() (state string, answered int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.state, v.answered
}

// visit runs the browser while the customer chats, and until all is settled.
func (v *visitor) visit(ctx context.Context, words func() string, stop func() bool) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan struct{})
	go func() { v.chat.Run(ctx); close(done) }()
	for n := range 1 + v.rand.IntN(3) {
		if stop() || ctx.Err() != nil {
			break
		}
		v.talk(ctx, n, words, stop)
	}
	v.settle(ctx, 5*time.Second)
	cancel()
	<-done
}

// stay is one visitor for as long as the floor is open, who chats at a person's pace and begins anew now and then.
func (v *visitor) stay(ctx context.Context, words func() string, stop func() bool) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan struct{})
	go func() { v.chat.Run(ctx); close(done) }()
	for chat := 0; !stop() && ctx.Err() == nil; chat++ {
		for n := range 8 + v.rand.IntN(8) {
			v.say(fmt.Sprintf("%s-%d-%d", v.name, chat, n), words())
			if stop() || !client.Pause(ctx, time.Duration(1500+v.rand.IntN(1500))*time.Millisecond) {
				break
			}
		}
		v.until(ctx, 30*time.Second, func() bool { s, _ := v.seen(); return s != "waiting" })
		v.chat.End(fmt.Sprintf("%s-%d-end", v.name, chat))
		v.until(ctx, 15*time.Second, func() bool { s, _ := v.seen(); return s == "ended" })
	}
	v.settle(ctx, 30*time.Second)
	cancel()
	<-done
}

// talk is one chat: a few messages, an answer to each now and then, and an end.
func (v *visitor) talk(ctx context.Context, chat int, words func() string, stop func() bool) {
	_, before := v.seen()
	for n := range 2 + v.rand.IntN(5) {
		if n > 0 && stop() {
			break
		}
		v.say(fmt.Sprintf("%s-%d-%d", v.name, chat, n), words())
		if !client.Pause(ctx, time.Duration(80+v.rand.IntN(500))*time.Millisecond) {
			return
		}
		if v.rand.IntN(25) == 0 {
			v.chat.Drop()
		}
	}
	patience := 20 * time.Second
	if v.rand.IntN(12) == 0 {
		patience = 300 * time.Millisecond // who leaves while nobody answers yet
	}
	v.until(ctx, patience, func() bool { s, n := v.seen(); return n > before || s == "ended" })
	if v.rand.IntN(2) == 0 {
		v.until(ctx, 15*time.Second, func() bool { s, _ := v.seen(); return s == "ended" })
	}
	if s, _ := v.seen(); s != "ended" {
		v.chat.End(fmt.Sprintf("%s-%d-end", v.name, chat))
	}
	v.until(ctx, 10*time.Second, func() bool { s, _ := v.seen(); return s == "ended" })
}

func (v *visitor) say(id, words string) {
	v.mu.Lock()
	v.ids = append(v.ids, id)
	v.mu.Unlock()
	v.chat.Send(id, v.ledger.Say(id, v.name, "", false, words))
}

// settle waits until all that was said is accepted and shown.
func (v *visitor) settle(ctx context.Context, patience time.Duration) {
	v.until(ctx, patience, func() bool { return v.chat.Unaccepted() == 0 && v.unseen() == 0 })
}

// unseen counts own messages that were not shown yet.
func (v *visitor) unseen() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	n := 0
	for _, id := range v.ids {
		if !v.ledger.Saw(v.name, id) {
			n++
		}
	}
	return n
}

func (v *visitor) until(ctx context.Context, patience time.Duration, done func() bool) {
	for end := time.Now().Add(patience); time.Now().Before(end) && !done(); {
		if !client.Pause(ctx, 20*time.Millisecond) {
			return
		}
	}
}

var questions = []string{
	"where is my order?", "我的订单什么时候到？", "the card was charged twice", "请帮我改一下地址，谢谢", "hello, is anybody there?",
	"可以退货吗？包装已经打开了", "my app does not start since the update", "你们几点下班？",
}
