package bench

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tributary-cc/tributary/cmd/tributary/process"
	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// writers append at once: the log takes what came meanwhile as one batch.
const writers = 512

// Filled is what the fill took.
type Filled struct {
	Conversations int     `json:"conversations"`
	Assigned      int64   `json:"assigned"`
	Waiting       int64   `json:"waiting"`
	Messages      int64   `json:"messages"`
	Agents        int     `json:"agents"`
	Pages         int     `json:"pages"`
	Domains       int     `json:"domains"`
	Capacity      int     `json:"capacity"`
	KeysSeconds   float64 `json:"keys_seconds"`
	Seconds       float64 `json:"seconds"`
}

// filler brings conversations about through the log alone.
type filler struct {
	plan
	spine *process.Spine
	refs  []string // the pseudonym of each conversation's address

	assigned, waiting, messages, receipts atomic.Int64
	moved                                 atomic.Int64 // when something last came
	jobs                                  chan func(context.Context) error
	cancel                                context.CancelCauseFunc
}

var phrases = [...]string{
	"Hello, my parcel has not arrived yet, can you look where it is?", "I ordered two of them on Monday and got one.",
	"您好，请问我的订单什么时候发货？", "Let me look that up for you, one moment please.", "It left our warehouse yesterday evening and should be with you tomorrow.",
}

// fill opens all conversations of the plan and returns when each has its messages and its place.
func (p *plan) fill(ctx context.Context, s *process.Spine, say func(string, ...any)) (*Filled, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	f := &filler{plan: *p, spine: s, refs: make([]string, p.Conversations), jobs: make(chan func(context.Context) error, 1<<20), cancel: cancel}
	began := time.Now()
	if err := f.configure(ctx); err != nil {
		return nil, err
	}
	if err := each(ctx, f.Conversations, 64, func(ctx context.Context, i int) error {
		ref, err := s.Keys.Pseudonym(ctx, tenant, "webchat:"+visitor(i))
		f.refs[i] = string(ref)
		return err
	}); err != nil {
		return nil, fmt.Errorf("making keys: %w", err)
	}
	keys := time.Since(began)
	say("%d keys are there after %s", f.Conversations, keys.Round(time.Millisecond))

	var tails, work sync.WaitGroup
	f.follow(ctx, &tails)
	for range writers {
		work.Go(func() { f.worker(ctx) })
	}
	err := f.run(ctx, say)
	cancel(err)
	tails.Wait()
	work.Wait()
	if err != nil {
		return nil, err
	}
	return &Filled{
		Conversations: f.Conversations, Assigned: f.assigned.Load(), Waiting: f.waiting.Load(), Messages: f.messages.Load(), Agents: f.Agents,
		Pages: f.pages, Domains: f.domains, Capacity: f.capacity, KeysSeconds: keys.Seconds(), Seconds: time.Since(began).Seconds(),
	}, nil
}

func (f *filler) configure(ctx context.Context) error {
	for _, objects := range f.objects() {
		if _, err := f.spine.ChangeConfig(ctx, tenant, 0, objects, time.Minute); err != nil {
			return fmt.Errorf("configuring: %w", err)
		}
	}
	return nil
}

// run sends the agents with pages and the live conversations first, so that those meet; then the rest.
func (f *filler) run(ctx context.Context, say func(string, ...any)) error {
	for _, part := range []struct{ agents, conversations [2]int }{
		{[2]int{0, f.pages}, [2]int{0, f.Live}},
		{[2]int{f.pages, f.Agents}, [2]int{f.Live, f.Conversations}},
	} {
		if err := each(ctx, part.agents[1]-part.agents[0], writers, func(ctx context.Context, i int) error {
			return f.arrive(ctx, part.agents[0]+i)
		}); err != nil {
			return err
		}
		if err := each(ctx, part.conversations[1]-part.conversations[0], writers, func(ctx context.Context, i int) error {
			return f.write(ctx, part.conversations[0]+i)
		}); err != nil {
			return err
		}
		if err := f.settled(ctx, part.conversations[1], say); err != nil {
			return err
		}
	}
	return nil
}

// settled waits until the first n conversations have their place and all that was said is in the facts, with its receipts.
func (f *filler) settled(ctx context.Context, n int, say func(string, ...any)) error {
	waiting := max(0, n-(f.Conversations-f.queued))
	f.moved.Store(time.Now().UnixNano())
	t := time.NewTicker(100 * time.Millisecond)
	defer t.Stop()
	for i := 1; ; i++ {
		assigned, queued, messages, receipts := f.assigned.Load(), f.waiting.Load(), f.messages.Load(), f.receipts.Load()
		if assigned >= int64(n-waiting) && queued >= int64(waiting) && messages >= int64(n*minMessages) && receipts >= messages {
			return nil
		}
		if i%100 == 0 {
			say("%d of %d assigned, %d of %d waiting, %d of %d messages, %d receipts", assigned, n-waiting, queued, waiting, messages, n*minMessages, receipts)
		}
		if time.Since(time.Unix(0, f.moved.Load())) > time.Minute {
			return fmt.Errorf("the fill stands still for a minute: %d of %d conversations assigned, %d of %d messages, %d receipts", assigned, n-waiting, messages, n*minMessages, receipts)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-t.C:
		}
	}
}

// arrive connects an agent and makes it available.
func (f *filler) arrive(ctx context.Context, a int) error {
	name, domain := agentName(a), domainName(f.domainOf(a))
	if err := f.spine.Guard.Append(ctx, event.TopicRoutingIn, stamp(&event.Event{Body: &event.Event_AgentConnected{
		AgentConnected: &event.AgentConnected{Agent: name, Gateway: gateway, Connection: "b-" + name},
	}}, domain, "connected", name), nil); err != nil {
		return err
	}
	return f.spine.Guard.Append(ctx, event.TopicRoutingIn, stamp(&event.Event{Body: &event.Event_AgentStatus{
		AgentStatus: &event.AgentStatus{Agent: name, Status: "available", Request: "b-" + name},
	}}, domain, "status", name), nil)
}

// write says what the customer of a conversation says. Who waits says all five messages; else the agent says two.
func (f *filler) write(ctx context.Context, i int) error {
	n := minMessages - 2
	if i >= f.Conversations-f.queued {
		n = minMessages
	}
	for m := range n {
		e := &event.Event{Address: f.refs[i], Body: &event.Event_CustomerMessage{CustomerMessage: &event.CustomerMessage{
			Channel: event.Channel_CHANNEL_WEBCHAT, EntryPoint: f.entry(i), Message: "fill" + strconv.Itoa(m),
		}}}
		stamp(e, f.refs[i], "message", f.refs[i], strconv.Itoa(m))
		if err := f.spine.Guard.Append(ctx, event.TopicIdentityIn, e, &event.Content{Text: phrases[m%len(phrases)]}); err != nil {
			return err
		}
	}
	return nil
}

// follow does what agents and customers' browsers do when they see facts.
func (f *filler) follow(ctx context.Context, all *sync.WaitGroup) {
	for topic, see := range map[event.Topic]func(*event.Event){ //nolint:exhaustive // these are what agents and browsers see
		event.TopicConversationFacts: f.conversationFact, event.TopicRoutingFacts: f.routingFact, event.TopicOutbound: f.delivery,
	} {
		for p := range f.spine.Log.Partitions(topic) {
			all.Go(func() {
				err := engine.Follow(ctx, f.spine.Log, topic, p, 0, new(engine.Lanes), func(batch []engine.Delivered, _, _ int64) error {
					for _, d := range batch {
						if d.Event.GetTenant() == tenant {
							see(d.Event)
						}
					}
					f.moved.Store(time.Now().UnixNano())
					return nil
				})
				if err != nil && ctx.Err() == nil {
					f.cancel(fmt.Errorf("following %s: %w", topic, err))
				}
			})
		}
	}
}

func (f *filler) conversationFact(e *event.Event) {
	switch b := e.GetBody().(type) {
	case *event.Event_MessageAdded:
		f.messages.Add(1)
	case *event.Event_ContactChanged:
		c := b.ContactChanged.GetContact()
		switch b.ContactChanged.GetChange() {
		case "started":
			if c.GetQueue() == overflow {
				f.waiting.Add(1)
			}
		case "assigned":
			f.assigned.Add(1)
			f.jobs <- func(ctx context.Context) error { return f.answer(ctx, e.GetCustomer(), c) }
		}
	}
}

// answer says what the agent of a contact says.
func (f *filler) answer(ctx context.Context, customer string, c *event.Contact) error {
	for m := range 2 {
		e := &event.Event{Address: c.GetAddress(), Customer: customer, Body: &event.Event_AgentMessage{AgentMessage: &event.AgentMessage{
			Contact: c.GetContact(), Agent: c.GetAgent(), Message: "fill" + strconv.Itoa(m),
		}}}
		stamp(e, customer, "agent", c.GetContact(), strconv.Itoa(m))
		if err := f.spine.Guard.Append(ctx, event.TopicConversationIn, e, &event.Content{Text: phrases[3+m]}); err != nil {
			return err
		}
	}
	return nil
}

func (f *filler) routingFact(e *event.Event) {
	o := e.GetOfferChanged()
	if o.GetState() != event.OfferState_OFFER_STATE_OFFERED {
		return
	}
	f.jobs <- func(ctx context.Context) error {
		id := event.CauseID("bench", "answer", o.GetOffer())
		return f.spine.Guard.Append(ctx, event.TopicRoutingIn, &event.Event{
			Id: id[:], Tenant: tenant, Key: e.GetKey(), AtMs: time.Now().UnixMilli(),
			Body: &event.Event_OfferAnswer{OfferAnswer: &event.OfferAnswer{Offer: o.GetOffer(), Agent: o.GetAgent(), Accept: true}},
		}, nil)
	}
}

// delivery acknowledges what a browser would show.
func (f *filler) delivery(e *event.Event) {
	d := e.GetDeliver()
	if d.GetKind() != "message" && d.GetKind() != "echo" {
		return
	}
	f.jobs <- func(ctx context.Context) error {
		r := &event.Event{Address: e.GetAddress(), Body: &event.Event_Receipt{Receipt: &event.Receipt{
			Message: d.GetDelivery(), State: event.DeliveryState_DELIVERY_STATE_DELIVERED,
		}}}
		err := f.spine.Guard.Append(ctx, event.TopicIdentityIn, stamp(r, e.GetAddress(), "receipt", d.GetDelivery()), nil)
		f.receipts.Add(1)
		return err
	}
}

func (f *filler) worker(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case job := <-f.jobs:
			if err := job(ctx); err != nil && ctx.Err() == nil {
				f.cancel(err)
				return
			}
		}
	}
}

// each calls f for 0 to n-1 by some goroutines and ends with the first error.
func each(ctx context.Context, n, at int, f func(context.Context, int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(n, at) {
		all.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := f(ctx, i); err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	all.Wait()
	if err := context.Cause(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return ctx.Err()
}
