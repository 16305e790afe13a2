package floor

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/tributary-cc/tributary/cmd/tributary/client"
)

// agent is one simulated agent. All that happens to them is told to one goroutine.
type agent struct {
	floor  *Floor
	who    Agent
	client *client.Agent
	rand   *rand.Rand
	book   *book
	events chan func()
	held   map[string]*held
	status string
	asked  int
	offers map[string]bool
	// nextBreak is due at a time; it begins when nothing is held.
	nextBreak time.Time
}

// held is a contact that the agent has.
type held struct {
	state    string
	queue    string
	language string
	answers  int
	most     int
	goes     bool // to be transferred
	last     time.Time
	busy     bool // an answer is being written
	thanked  bool
}

func (f *Floor) newAgent(who Agent, b *book) *agent {
	h := fnv.New64a()
	_, _ = h.Write([]byte(who.ID)) // never fails
	return &agent{
		floor: f, who: who, book: b, rand: rand.New(rand.NewPCG(f.config.Seed, h.Sum64())), //nolint:gosec // as the plan
		events: make(chan func(), 1024), held: make(map[string]*held), offers: make(map[string]bool),
	}
}

// tell hands what happened to the agent's goroutine; a flood is dropped, the next snapshot tells all.
func (a *agent) tell(f func()) { offer(a.events, f) }

// later does something after a pause of the floor's time.
func (a *agent) later(ctx context.Context, mean time.Duration, f func()) {
	t := time.NewTimer(a.floor.scale(about(a.rand, mean)))
	go func() {
		defer t.Stop()
		select {
		case <-t.C:
			a.tell(f)
		case <-ctx.Done():
		}
	}()
}

func (a *agent) chance(percent int) bool { return a.rand.IntN(100) < percent }

func (a *agent) do(kind string, fields map[string]any) {
	a.asked++
	a.client.Do(fmt.Sprintf("%s-%s-%d", a.floor.run, a.who.ID, a.asked), kind, fields)
}

func (a *agent) work(ctx context.Context) {
	c := client.NewAgent(a.floor.config.Base, a.floor.config.Tenant, a.who.Login, a.who.Password)
	a.client = c
	c.OnAgent = func(v client.AgentView) { a.tell(func() { a.onStatus(ctx, v.Status) }) }
	c.OnOffer = func(o client.Offer) { a.tell(func() { a.onOffer(ctx, o) }) }
	c.OnContact = func(x client.Contact) { a.tell(func() { a.onContact(ctx, x) }) }
	c.OnMessage = func(contact string, m client.Message) {
		if m.Author == "customer" {
			a.tell(func() { a.onMessage(ctx, contact, m.Text) })
		}
	}
	c.OnRefused = func(string, string) { a.floor.count(&a.floor.stats.Refused) }
	a.planBreak()
	page := make(chan struct{})
	go func() {
		defer close(page)
		_ = c.Run(ctx) // a login that is refused is tried again, and seen in the numbers
	}()
	look := time.NewTicker(max(a.floor.scale(5*time.Second), 100*time.Millisecond))
	defer look.Stop()
	for {
		select {
		case f := <-a.events:
			f()
		case <-look.C:
			a.look()
		case <-ctx.Done():
			<-page
			return
		}
	}
}

func (a *agent) planBreak() {
	a.nextBreak = time.Now().Add(a.floor.scale(about(a.rand, 12*time.Minute)))
}

func (a *agent) set(status, reason string) {
	fields := map[string]any{"status": status}
	if reason != "" {
		fields["reason"] = reason
	}
	a.do("status", fields)
}

// onStatus goes to work, and comes back from where a missed offer put the agent.
func (a *agent) onStatus(ctx context.Context, status string) {
	if status == a.status {
		return
	}
	a.status = status
	switch status {
	case "offline", "":
		a.later(ctx, 3*time.Second, func() { a.set("available", "") })
	case "away":
		a.floor.count(&a.floor.stats.Missed)
		a.later(ctx, 30*time.Second, func() { a.set("available", "") })
	case "break":
		a.later(ctx, 2*time.Minute, func() { a.set("available", "") })
	}
}

func (a *agent) onOffer(ctx context.Context, o client.Offer) {
	if o.State != "offered" || a.offers[o.ID] {
		return
	}
	a.offers[o.ID] = true
	switch n := a.rand.IntN(100); {
	case n < 4: // not at the desk
	case n < 7:
		a.later(ctx, 3*time.Second, func() { a.do("answer", map[string]any{"offer": o.ID, "accept": false}) })
	default:
		a.later(ctx, 3*time.Second, func() { a.do("answer", map[string]any{"offer": o.ID, "accept": true}) })
	}
}

func (a *agent) onContact(ctx context.Context, c client.Contact) {
	h := a.held[c.ID]
	if c.Agent != a.who.ID || c.State == "ended" || c.State == "queued" {
		delete(a.held, c.ID)
		return
	}
	if h == nil {
		h = &held{queue: c.Queue, most: 2 + a.rand.IntN(5), goes: a.chance(10), last: time.Now(), language: a.who.Language}
		a.held[c.ID] = h
	}
	if h.state == c.State {
		return
	}
	h.state = c.State
	switch c.State {
	case "assigned":
		a.floor.count(&a.floor.stats.Answered)
		a.answer(ctx, c.ID, h)
	case "wrapping":
		a.later(ctx, 12*time.Second, func() { a.wrapUp(c.ID) })
	}
}

func (a *agent) wrapUp(contact string) {
	fields := map[string]any{"contact": contact, "code": pick(a.rand, a.floor.config.Codes)}
	if h := a.held[contact]; h != nil && a.chance(25) {
		fields["note"] = pick(a.rand, a.desk(h).Note)
	}
	a.do("wrap_up", fields)
	a.floor.count(&a.floor.stats.WrappedUp)
}

func (a *agent) onMessage(ctx context.Context, contact, text string) {
	h := a.held[contact]
	if h == nil {
		h = &held{most: 2 + a.rand.IntN(5), goes: a.chance(10), language: a.who.Language}
		a.held[contact] = h
	}
	h.last, h.language = time.Now(), languageOf(text)
	lower := strings.ToLower(text)
	h.thanked = h.thanked || slices.ContainsFunc([]string{"bye", "that is all", "nice day", "再见", "没有别的问题", "太感谢"}, func(w string) bool { return strings.Contains(lower, w) })
	if h.state == "assigned" {
		a.answer(ctx, contact, h)
	}
}

// languageOf tells the two languages of the floor apart.
func languageOf(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
		return "zh"
	}
	return "en"
}

func (a *agent) desk(h *held) desk {
	if d, ok := a.book.Agents[h.language]; ok {
		return d
	}
	return a.book.Agents["en"]
}

// answer writes after a while, unless it is being written.
func (a *agent) answer(ctx context.Context, contact string, h *held) {
	if h.busy {
		return
	}
	h.busy = true
	a.later(ctx, 2*time.Second, func() {
		if a.held[contact] == h && h.state == "assigned" {
			a.do("typing", map[string]any{"contact": contact})
		}
	})
	a.later(ctx, 8*time.Second, func() {
		h.busy = false
		if a.held[contact] == h && h.state == "assigned" {
			a.write(ctx, contact, h)
		}
	})
}

func (a *agent) write(ctx context.Context, contact string, h *held) {
	d := a.desk(h)
	h.answers++
	text := pick(a.rand, d.Answers)
	switch {
	case h.thanked || h.answers > h.most+3:
		a.do("send", map[string]any{"contact": contact, "text": pick(a.rand, d.Bye)})
		a.later(ctx, 3*time.Second, func() { a.do("end", map[string]any{"contact": contact}) })
		return
	case h.goes && h.answers == 2:
		if to := a.elsewhere(h.queue); to != "" {
			a.do("send", map[string]any{"contact": contact, "text": pick(a.rand, d.Transfer)})
			a.later(ctx, 2*time.Second, func() {
				a.do("transfer", map[string]any{"contact": contact, "queue": to, "note": pick(a.rand, d.Note)})
				a.floor.count(&a.floor.stats.Transfers)
			})
			return
		}
	case h.answers == 1:
		text = pick(a.rand, d.Hello)
	}
	a.do("send", map[string]any{"contact": contact, "text": text})
}

// elsewhere is a queue of the same desk that the contact is not in.
func (a *agent) elsewhere(queue string) string {
	for _, family := range a.floor.config.Families {
		if !slices.Contains(family, queue) {
			continue
		}
		others := slices.DeleteFunc(slices.Clone(family), func(q string) bool { return q == queue })
		if len(others) > 0 {
			return pick(a.rand, others)
		}
	}
	return ""
}

// look ends chats in which nobody says anything any more, and takes a break that is due.
func (a *agent) look() {
	silent := a.floor.scale(100 * time.Second)
	for id, h := range a.held {
		if h.state == "assigned" && !h.busy && time.Since(h.last) > silent {
			h.last = time.Now()
			a.do("end", map[string]any{"contact": id})
		}
	}
	if a.status == "available" && len(a.held) == 0 && time.Now().After(a.nextBreak) {
		a.planBreak()
		a.set("break", pick(a.rand, a.floor.config.Reasons))
		a.floor.count(&a.floor.stats.Breaks)
	}
	if len(a.offers) > 10_000 {
		clear(a.offers)
	}
}
