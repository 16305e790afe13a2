package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tributary-cc/tributary/cmd/tributary/client"
)

// agent is a person at a page: looks at what it shows every few milliseconds and does the next thing. It never does a thing
// again whose acknowledgement came: if that was lost, the agent is stuck, and the check at the end says so.
type agent struct {
	name   string
	page   *client.Agent
	ledger *Ledger
	// tired has the agent end each contact as soon as it is answered.
	tired atomic.Bool
	// chatty, if set, is how often the agent says something in each contact, asked or not; then customers end contacts.
	chatty time.Duration
	meter  *meter
	// offered counts offers ever seen.
	offered atomic.Int64

	mu     sync.Mutex
	rand   *rand.Rand
	count  int
	view   client.AgentView
	offers map[string]client.Offer
	held   map[string]client.Contact
	work   map[string]*handling
	// asked remembers when something was asked for, by what it is: an offer, a contact and the wish.
	asked map[string]time.Time
	// waiting maps a request to its key in asked, so that a refusal lets it be tried again.
	waiting  map[string]string
	refusals map[string]int
	// taking and saying are deeds not seen to be done yet, by contact and by message; has are contacts not seen to be left yet.
	taking, saying, has map[string]*deed
}

// handling is what an agent knows of one contact.
type handling struct {
	unanswered, replies, target int
	last, spoke                 time.Time
	sequence                    uint64
}

func newAgent(base, tenant, login, password string, ledger *Ledger, seed uint64) *agent {
	a := &agent{
		name: login, ledger: ledger, page: client.NewAgent(base, tenant, login, password),
		rand:   rand.New(rand.NewPCG(seed, hashOf(login))), //nolint:gosec // behaviour, to be repeated
		offers: map[string]client.Offer{}, held: map[string]client.Contact{}, work: map[string]*handling{}, asked: map[string]time.Time{},
		waiting: map[string]string{}, refusals: map[string]int{}, taking: map[string]*deed{}, saying: map[string]*deed{}, has: map[string]*deed{},
	}
	a.meter = newMeter(ledger, a.page.ServedBy)
	a.page.OnFrame = a.meter.frame
	a.page.OnReset = func() { a.locked(func() { clear(a.offers); clear(a.held) }) }
	a.page.OnSnapshot = func() { a.locked(a.gone) }
	a.page.OnAgent = func(v client.AgentView) { a.locked(func() { a.view = v }) }
	a.page.OnOffer = func(o client.Offer) { a.locked(func() { a.offer(o) }) }
	a.page.OnContact = func(c client.Contact) { a.locked(func() { a.contact(c) }) }
	a.page.OnMessage = func(contact string, m client.Message) { a.locked(func() { a.message(contact, m) }) }
	a.page.OnAccepted = func(request string) {
		a.ledger.Accepted(request)
		a.locked(func() { delete(a.waiting, request) })
	}
	a.page.OnRefused = func(request, code string) {
		a.ledger.Refused(request, code)
		a.locked(func() { a.refused(request, code) })
	}
	return a
}

func (a *agent) locked(do func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	do()
}

func (a *agent) offer(o client.Offer) {
	if o.State != "offered" {
		delete(a.offers, o.ID)
		return
	}
	if _, known := a.asked["offer "+o.ID]; !known {
		if _, seen := a.offers[o.ID]; !seen {
			a.offered.Add(1)
		}
	}
	a.offers[o.ID] = o
}

func (a *agent) contact(c client.Contact) {
	if c.Version < a.held[c.ID].Version {
		return
	}
	a.history(c)
	if c.State == "ended" || c.Agent != "" && c.Agent != a.name {
		delete(a.held, c.ID)
		return
	}
	a.held[c.ID] = c
}

// history enters that a contact is the agent's, or no more.
func (a *agent) history(c client.Contact) {
	if mine := c.State == "assigned" && c.Agent == a.name; mine && a.has[c.ID] == nil {
		a.ledger.history.end(a.taking[c.ID])
		delete(a.taking, c.ID)
		a.has[c.ID] = a.ledger.history.begin(leaves, a.name, c.ID, "")
	} else if !mine {
		a.left(c.ID)
	}
}

func (a *agent) left(contact string) {
	a.ledger.history.end(a.has[contact])
	delete(a.has, contact)
}

// gone enters what a whole page does not show any more.
func (a *agent) gone() {
	for contact := range a.has {
		if _, here := a.held[contact]; !here {
			a.left(contact)
		}
	}
}

func (a *agent) handling(contact string) *handling {
	w := a.work[contact]
	if w == nil {
		w = &handling{target: 1 + a.rand.IntN(5), last: time.Now()}
		a.work[contact] = w
	}
	return w
}

func (a *agent) message(contact string, m client.Message) {
	a.ledger.Shown(a.name, m.ID, m.Text)
	a.meter.message(m.Text)
	a.ledger.history.end(a.saying[a.ledger.idOf(m.Text)])
	if m.Author == "customer" {
		w := a.handling(contact)
		w.unanswered++
		w.last, w.sequence = time.Now(), max(w.sequence, m.Sequence)
	}
}

func (a *agent) refused(request, code string) {
	a.refusals[code]++
	if key, ok := a.waiting[request]; ok {
		delete(a.waiting, request)
		a.asked[key] = time.Now() // and again in a while, if the page still shows it
	}
}

// run keeps the page open and works until ctx is done.
func (a *agent) run(ctx context.Context) error {
	done := make(chan error, 1)
	go func() { done <- a.page.Run(ctx) }()
	t := time.NewTicker(25 * time.Millisecond)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			a.look()
		case err := <-done:
			if err != nil {
				err = fmt.Errorf("agent %s: %w", a.name, err)
			}
			return err
		}
	}
}

// command is something to do once the lock is free: sending may call back.
type command struct {
	request, kind string
	fields        map[string]any
}

func (a *agent) look() {
	a.mu.Lock()
	var todo []command
	todo = append(todo, a.doStatus()...)
	for _, o := range sortedByKey(a.offers) {
		todo = append(todo, a.doOffer(o)...)
	}
	for _, c := range sortedByKey(a.held) {
		todo = append(todo, a.doContact(c)...)
	}
	a.mu.Unlock()
	for _, c := range todo {
		a.page.Do(c.request, c.kind, c.fields)
	}
}

// wish makes a command unless it was asked for less than pause ago and is not refused; pause 0 means once.
func (a *agent) wish(key string, pause time.Duration, kind string, fields map[string]any) []command {
	at, was := a.asked[key]
	if was && (pause == 0 || time.Since(at) < pause) {
		return nil
	}
	for _, k := range a.waiting {
		if k == key {
			return nil
		}
	}
	a.count++
	c := command{fmt.Sprintf("%s-%d", a.name, a.count), kind, fields}
	a.asked[key] = time.Now()
	a.waiting[c.request] = key
	return []command{c}
}

func (a *agent) doStatus() []command {
	if a.view.ID == "" || a.view.Status == "available" {
		return nil
	}
	return a.wish("status", 700*time.Millisecond, "status", map[string]any{"status": "available"})
}

// doOffer mostly takes an offer, sometimes rejects it, and sometimes looks away until it times out.
func (a *agent) doOffer(o client.Offer) []command {
	key := "offer " + o.ID
	if _, was := a.asked[key]; was {
		return nil
	}
	fate := hashOf(o.ID) % 100
	if a.tired.Load() || fate < 93 {
		a.taking[o.Contact] = a.ledger.history.begin(takes, a.name, o.Contact, "")
		return a.wish(key, 0, "answer", map[string]any{"offer": o.ID, "accept": true})
	}
	if fate < 97 {
		return a.wish(key, 0, "answer", map[string]any{"offer": o.ID, "accept": false})
	}
	return nil
}

func (a *agent) doContact(c client.Contact) []command {
	w := a.handling(c.ID)
	idle := time.Since(w.last)
	if _, over := a.asked["end "+c.ID]; c.State == "assigned" && !over {
		if a.speaks(w, idle) {
			w.unanswered, w.last, w.spoke = 0, time.Now(), time.Now()
			w.replies++
			a.count++
			request := fmt.Sprintf("%s-%d", a.name, a.count)
			text := a.ledger.Say(request, a.name, c.ID, true, replies[a.rand.IntN(len(replies))])
			a.saying[request] = a.ledger.history.begin(speaks, a.name, c.ID, request)
			return append(a.doRead(c, w), command{request, "send", map[string]any{"contact": c.ID, "text": text}})
		}
		if a.ends(w, idle) {
			return a.finish(c)
		}
	}
	if c.State == "wrapping" && idle > 200*time.Millisecond {
		return a.wish("wrap_up "+c.ID, 0, "wrap_up", map[string]any{"contact": c.ID, "code": "done"})
	}
	return nil
}

func (a *agent) doRead(c client.Contact, w *handling) []command {
	return a.wish(fmt.Sprintf("read %s %d", c.ID, w.sequence), 0, "read", map[string]any{"contact": c.ID, "sequence": w.sequence})
}

// finish mostly ends the contact; some are given back to the queue for a colleague, of some the conversation is closed,
// and after some the agent takes a short break.
func (a *agent) finish(c client.Contact) []command {
	fate := hashOf(c.ID) % 100
	if a.tired.Load() {
		fate = 99
	}
	switch {
	case fate < 6 && c.State == "assigned":
		return a.wish("end "+c.ID, 0, "transfer", map[string]any{"contact": c.ID, "queue": "service"})
	case fate < 9:
		return a.wish("end "+c.ID, 0, "close", map[string]any{"conversation": c.Conversation})
	case fate < 14:
		pause := a.wish("break "+c.ID, 0, "status", map[string]any{"status": "break", "reason": "tea"})
		return append(pause, a.wish("end "+c.ID, 0, "end", map[string]any{"contact": c.ID})...)
	}
	return a.wish("end "+c.ID, 0, "end", map[string]any{"contact": c.ID})
}

func (a *agent) speaks(w *handling, idle time.Duration) bool {
	if a.chatty > 0 && !a.tired.Load() {
		return time.Since(w.spoke) > a.chatty
	}
	return w.unanswered > 0 && idle > time.Duration(50+a.rand.IntN(150))*time.Millisecond
}

func (a *agent) ends(w *handling, idle time.Duration) bool {
	switch {
	case w.unanswered > 0:
		return false
	case a.tired.Load():
		return idle > 200*time.Millisecond
	case a.chatty > 0:
		return false
	}
	return w.replies >= w.target && idle > 500*time.Millisecond || idle > 4*time.Second
}

// free tells whether the agent holds nothing and is not reserved, by what the page shows, and what is in the way if not.
func (a *agent) free() (bool, string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.view.Activity == "idle" && a.view.Status == "available" && len(a.held) == 0 && len(a.offers) == 0 && len(a.view.Contacts) == 0 {
		return true, ""
	}
	why := fmt.Sprintf("%s is %s and %s, holds %d contacts", a.name, a.view.Status, a.view.Activity, len(a.view.Contacts))
	for _, c := range sortedByKey(a.held) {
		why += fmt.Sprintf("; contact %s is %s", c.ID, c.State)
		for _, wish := range []string{"end", "wrap_up"} {
			if at, was := a.asked[wish+" "+c.ID]; was {
				why += fmt.Sprintf(", %s was asked for %s ago", wish, time.Since(at).Round(time.Millisecond))
			}
		}
	}
	for id := range a.offers {
		why += "; offer " + id + " is open"
	}
	return false, why
}

var replies = []string{
	"Thank you, I am looking into it.", "好的，请您稍等，我马上查询。", "It has been sent today.", "已经为您登记了，请放心。",
	"May I ask which order it is?", "请问还有什么可以帮您？", "You will have it tomorrow morning.",
}
