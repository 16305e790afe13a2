package api

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
)

// facts writes the facts of conversations as the fold would: into one log, in the order of a customer's partition.
type facts struct {
	t        require.TestingT
	log      *enginetest.Log
	number   map[int]uint64
	sequence map[string]uint64
	version  map[string]uint64
	sent     int
}

func newFacts(t require.TestingT, log *enginetest.Log) *facts {
	return &facts{t: t, log: log, number: map[int]uint64{}, sequence: map[string]uint64{}, version: map[string]uint64{}}
}

func (f *facts) put(topic event.Topic, e *event.Event) engine.Delivered {
	p := event.PartitionOf(e.GetKey(), f.log.Partitions(topic))
	n := p
	if topic == event.TopicRoutingFacts {
		n += 1000
	}
	if topic == event.TopicConfigFacts {
		n += 2000
	}
	f.number[n]++
	e.Origin = &event.Origin{Processor: string(topic), Epoch: 1, Number: f.number[n]}
	id := event.OriginID(e.Origin)
	e.Id = id[:]
	value, err := event.Marshal(e)
	require.NoError(f.t, err)
	r := event.Record{Topic: topic, Partition: p, Key: []byte(e.GetKey()), Value: value}
	done := make(chan error, 1)
	f.log.Append(context.Background(), topic, p, []event.Record{r}, func(err error) { done <- err })
	require.NoError(f.t, <-done)
	_, end, err := f.log.Bounds(context.Background(), topic, p)
	require.NoError(f.t, err)
	r.Offset = end - 1
	return engine.Delivered{Record: r, Event: e}
}

func (f *facts) conversationFact(customer string, e *event.Event) engine.Delivered {
	e.Tenant, e.Customer, e.Key = "acme", customer, event.Key("acme", customer)
	return f.put(event.TopicConversationFacts, e)
}

func (f *facts) contact(customer, conversation, id string, state event.ContactState, agent string) engine.Delivered {
	return f.contactAt(customer, conversation, id, state, agent, "address-of-"+customer)
}

func (f *facts) contactAt(customer, conversation, id string, state event.ContactState, agent, address string) engine.Delivered {
	f.version[id]++
	return f.conversationFact(customer, &event.Event{Address: address, Body: &event.Event_ContactChanged{
		ContactChanged: &event.ContactChanged{Contact: &event.Contact{
			Contact: id, Conversation: conversation, Channel: event.Channel_CHANNEL_WEBCHAT, EntryPoint: "shop", State: state, Agent: agent,
			Queue: "sales", Address: address, Version: f.version[id],
		}},
	}})
}

func (f *facts) message(customer, conversation, contact, text string) engine.Delivered {
	f.sequence[conversation]++
	f.sent++
	return f.conversationFact(customer, &event.Event{
		Sealed: &event.Sealed{KeyRef: "address-of-" + customer, ContentId: "x", Ciphertext: []byte(text)},
		Body: &event.Event_MessageAdded{MessageAdded: &event.MessageAdded{
			Message: fmt.Sprintf("m-%s-%d", conversation, f.sequence[conversation]), Conversation: conversation, Contact: contact,
			Author: event.Author_AUTHOR_CUSTOMER, Sequence: f.sequence[conversation], Channel: event.Channel_CHANNEL_WEBCHAT,
		}},
	})
}

// plainOpener opens what the tests seal: not at all.
type plainOpener struct{}

func (plainOpener) OpenContent(_ context.Context, _ string, s *event.Sealed) (*event.Content, error) {
	return &event.Content{Text: string(s.GetCiphertext())}, nil
}

// page is a subscriber that keeps its notes and, afterwards, plays them as a screen would.
type page struct {
	mu    sync.Mutex
	notes []note
}

func (p *page) push(n note) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.notes = append(p.notes, n)
}

// screen is what a page shows: contacts with the ids of their messages in order, and their states.
type screen struct {
	contacts map[string][]string
	states   map[string]string
	doubles  []string
	gaps     []string
}

func (s *screen) take(agent string, c contactView, whole bool) {
	if c.Agent != agent || (c.State != "assigned" && c.State != "wrapping") {
		delete(s.contacts, c.ID)
		return
	}
	if whole || c.Messages != nil {
		s.contacts[c.ID] = nil
		for _, m := range c.Messages {
			s.add(c.ID, m)
		}
	} else if _, ok := s.contacts[c.ID]; !ok {
		s.contacts[c.ID] = nil
	}
}

func (s *screen) add(contact string, m messageView) {
	if slices.Contains(s.contacts[contact], m.ID) {
		s.doubles = append(s.doubles, m.ID)
	}
	s.contacts[contact] = append(s.contacts[contact], m.ID)
	if m.State != "" {
		s.states[m.ID] = m.State
	}
}

func (p *page) play(t require.TestingT, s *Server, agent string) *screen {
	show := &screen{contacts: map[string][]string{}, states: map[string]string{}}
	for i := range p.notes {
		frame, err := s.render(context.Background(), person{Tenant: "acme", Agent: agent}, &p.notes[i])
		require.NoError(t, err)
		var f struct {
			Type     string
			Contacts []contactView
			Contact  json.RawMessage
			Message  json.RawMessage
			State    string
		}
		require.NoError(t, json.Unmarshal(frame, &f))
		switch f.Type {
		case "snapshot":
			require.Zero(t, i, "the snapshot comes first, once")
			for _, c := range f.Contacts {
				show.take(agent, c, true)
			}
		case "contact":
			var c contactView
			require.NoError(t, json.Unmarshal(f.Contact, &c))
			show.take(agent, c, false)
		case "message":
			var id string
			var m messageView
			require.NoError(t, json.Unmarshal(f.Contact, &id))
			require.NoError(t, json.Unmarshal(f.Message, &m))
			if _, ok := show.contacts[id]; !ok {
				show.gaps = append(show.gaps, id)
			}
			show.add(id, m)
		case "marked":
			var id string
			require.NoError(t, json.Unmarshal(f.Message, &id))
			show.states[id] = f.State
		}
	}
	return show
}

func testServer(log live.Reader) *Server {
	return &Server{log: log, opener: plainOpener{}, mask: func(s string) string { return s }, view: newView(), gateway: "g"}
}

// Whenever a page subscribes, what it shows after its snapshot and its frames is what a page shows that was there from
// the start: no gap and no double, whoever held the contact when.
func TestSnapshotThenFramesHasNoGapAndNoDouble(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := enginetest.NewLog(3)
		s, f := testServer(log), newFacts(t, log)
		agents := []string{"ann", "bob"}
		pages := map[string][]*page{}
		join := func(agent string) {
			p := new(page)
			s.view.subscribe("acme", agent, p)
			pages[agent] = append(pages[agent], p)
		}
		for _, a := range agents {
			join(a)
		}
		for step := range rapid.IntRange(1, 120).Draw(t, "steps") {
			customer := fmt.Sprintf("c%d", rapid.IntRange(0, 3).Draw(t, "customer"))
			conversation, contact := "conv-"+customer, "contact-"+customer
			var d engine.Delivered
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0:
				join(rapid.SampledFrom(agents).Draw(t, "agent"))
				continue
			case 1, 2:
				d = f.contact(customer, conversation, contact, event.ContactState_CONTACT_STATE_ASSIGNED, rapid.SampledFrom(agents).Draw(t, "agent"))
			case 3:
				d = f.contact(customer, conversation, contact, event.ContactState_CONTACT_STATE_QUEUED, "")
			case 4:
				d = f.conversationFact(customer, &event.Event{Body: &event.Event_MessageMarked{MessageMarked: &event.MessageMarked{
					Message: fmt.Sprintf("m-%s-%d", conversation, f.sequence[conversation]), Conversation: conversation,
					State: event.DeliveryState_DELIVERY_STATE_READ,
				}}})
			default:
				d = f.message(customer, conversation, contact, fmt.Sprint("text ", step))
			}
			s.view.apply([]engine.Delivered{d})
		}
		for _, a := range agents {
			join(a)
		}
		for _, a := range agents {
			want := pages[a][len(pages[a])-1].play(t, s, a)
			for _, p := range pages[a] {
				got := p.play(t, s, a)
				require.Empty(t, got.doubles)
				require.Empty(t, got.gaps)
				for id, lines := range want.contacts {
					have, ok := got.contacts[id]
					require.True(t, ok, "the page lacks contact %s", id)
					// A page that is open longer than the view remembers shows more; the latest are the same.
					require.GreaterOrEqual(t, len(have), len(lines))
					require.Equal(t, lines, have[len(have)-len(lines):])
					for _, m := range lines {
						require.Equal(t, want.states[m], got.states[m])
					}
				}
				require.Len(t, got.contacts, len(want.contacts))
			}
		}
	})
}

// The same with threads: pages come and go while partitions are applied at once.
func TestSubscribeRacesWithFacts(t *testing.T) {
	log := enginetest.NewLog(4)
	s, f := testServer(log), newFacts(t, log)
	parts := map[int][]engine.Delivered{}
	add := func(d engine.Delivered) { parts[d.Record.Partition] = append(parts[d.Record.Partition], d) }
	for c := range 8 {
		customer := fmt.Sprint("c", c)
		add(f.contact(customer, "conv-"+customer, "contact-"+customer, event.ContactState_CONTACT_STATE_ASSIGNED, "ann"))
	}
	for i := range 8 * maxLines {
		customer := fmt.Sprint("c", i%8)
		add(f.message(customer, "conv-"+customer, "contact-"+customer, fmt.Sprint(i)))
	}
	var writers, readers sync.WaitGroup
	for _, batch := range parts {
		writers.Go(func() {
			for i := range batch {
				s.view.apply(batch[i : i+1])
			}
		})
	}
	pages := make([]*page, 50)
	for i := range pages {
		pages[i] = new(page)
		readers.Go(func() { s.view.subscribe("acme", "ann", pages[i]) })
	}
	writers.Wait()
	readers.Wait()
	for _, p := range pages {
		show := p.play(t, s, "ann")
		require.Empty(t, show.doubles)
		require.Empty(t, show.gaps)
		require.Len(t, show.contacts, 8)
		for _, lines := range show.contacts {
			require.Len(t, lines, maxLines)
		}
	}
}

// A closed conversation leaves nothing behind.
func TestClosedConversationsAreDropped(t *testing.T) {
	log := enginetest.NewLog(2)
	s, f := testServer(log), newFacts(t, log)
	for i := range 3 {
		customer := fmt.Sprint("c", i)
		conversation, contact := "v"+customer, "k"+customer
		s.view.apply([]engine.Delivered{
			f.contact(customer, conversation, contact, event.ContactState_CONTACT_STATE_ASSIGNED, "ann"),
			f.message(customer, conversation, contact, "hello"),
			f.conversationFact(customer, &event.Event{Body: &event.Event_ConversationClosed{
				ConversationClosed: &event.ConversationClosed{Conversation: conversation},
			}}),
			f.contact(customer, conversation, contact, event.ContactState_CONTACT_STATE_WRAPPING, "ann"),
		})
		require.Equal(t, 1, s.view.size(), "wrap-up keeps it")
		s.view.apply([]engine.Delivered{f.contact(customer, conversation, contact, event.ContactState_CONTACT_STATE_ENDED, "ann")})
		require.Zero(t, s.view.size())
		require.Empty(t, s.view.byID)
		require.Empty(t, s.view.heldBy("acme", "ann"))
	}
	require.Equal(t, 1, s.view.convs.Held(), "freed places are used again")
}

// An open conversation costs at most 450 bytes in the view, and next to no objects of the heap: what the garbage collector
// has to look at grows with the agents, not with the conversations.
func TestOpenConversationsAreSmall(t *testing.T) {
	if testing.Short() {
		t.Skip("measures memory")
	}
	const conversations, lines, perAgent = 25_000, 5, 3
	v := newView()
	v.now = func() int64 { return 2 * boardMinutes * minuteMs } // none of them was enqueued in a board's last minutes
	bytes, objects := heap()
	for i := range conversations {
		conversation, contact := event.CauseID("v", fmt.Sprint(i)).String(), event.CauseID("k", fmt.Sprint(i)).String()
		agent := fmt.Sprint("agent", i/perAgent)
		bodies := []*event.Event{
			{Body: &event.Event_QueueEntry{QueueEntry: &event.QueueEntry{Contact: contact, Queue: "sales", State: "waiting", EnqueuedMs: 1}}},
			{Body: &event.Event_OfferChanged{OfferChanged: &event.OfferChanged{
				Offer: contact, Contact: contact, Agent: agent, State: event.OfferState_OFFER_STATE_OFFERED,
			}}},
			{Body: &event.Event_OfferChanged{OfferChanged: &event.OfferChanged{
				Offer: contact, Contact: contact, Agent: agent, State: event.OfferState_OFFER_STATE_ACCEPTED,
			}}},
			{Body: &event.Event_QueueEntry{QueueEntry: &event.QueueEntry{Contact: contact, Queue: "sales", State: "answered"}}},
			{Body: &event.Event_AgentChanged{AgentChanged: &event.AgentChanged{
				Agent: agent, Status: "available", Connected: true, Activity: "busy", Gateway: conversation, Contacts: []string{contact, contact, contact},
			}}},
			{Body: &event.Event_ContactChanged{ContactChanged: &event.ContactChanged{Contact: &event.Contact{
				Contact: contact, Conversation: conversation, State: event.ContactState_CONTACT_STATE_ASSIGNED, Agent: agent, Version: 1,
			}}}},
		}
		for l := range lines {
			bodies = append(bodies, &event.Event{Body: &event.Event_MessageAdded{MessageAdded: &event.MessageAdded{
				Message: fmt.Sprint(i, l), Conversation: conversation, Contact: contact, Sequence: uint64(l),
			}}})
		}
		for l, e := range bodies {
			e.Tenant = "acme"
			raw, err := event.Marshal(e)
			if err == nil {
				e, err = event.Unmarshal(raw) // strings of its own, as the log gives them
			}
			if err != nil {
				t.Fatal(err)
			}
			v.apply([]engine.Delivered{{Record: event.Record{Partition: i % 16, Offset: int64(i*20 + l)}, Event: e}})
		}
	}
	bytesAfter, objectsAfter := heap()
	each := (bytesAfter - bytes) / conversations
	t.Logf("%d bytes and %.2f objects for each open conversation with a contact, an agent for every %d, and %d messages",
		each, float64(objectsAfter-objects)/conversations, perAgent, lines)
	require.LessOrEqual(t, each, uint64(450))
	require.LessOrEqual(t, objectsAfter-objects, uint64(2*conversations))
	runtime.KeepAlive(v)
}

func heap() (bytes, objects uint64) {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc, m.HeapObjects
}
