package conversation

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/event"
)

// TestAnyOrder throws random sequences of sensible and senseless events at the fold and checks after each what the package
// promises. In the end the same records through a second machine must give the same bytes.
func TestAnyOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(rt)
		w.record(&event.Event{Body: &event.Event_Epoch{Epoch: &event.Epoch{Number: 1, Build: "test", SkipOffset: -1}}})
		w.tick(0)
		w.config()
		for range rapid.IntRange(10, 120).Draw(rt, "steps") {
			w.step()
		}
		w.settle()
		w.replay()
	})
}

// world drives a machine and knows, from the facts alone, what must hold.
type world struct {
	t        *rapid.T
	m        *engine.Machine
	clock    int64
	records  []*event.Record
	outs     []event.Record
	version  uint64
	contacts map[string]*event.Contact
	order    []string          // contacts in the order of their beginning
	owner    map[string]string // the customer of a contact
	ended    map[string]bool
	sequence map[string]uint64 // of a conversation
	open     map[string]bool   // conversations
	convs    []string
	messages map[string]*event.MessageAdded
	answers  []string        // the agents' messages
	caused   map[string]bool // the wishes that led to an answer
	now      *event.Event    // what is being folded
	stepped  int             // how much came of it so far
	decided  int             // and how much of that are refusals
	// requested and held are what routing thinks: who waits, who has whom.
	requested map[string]bool
	held      map[string]string
	marked    map[string]int
	sent      []*event.Event // wishes, to be repeated
	books     books
}

func newWorld(t *rapid.T) *world {
	m, err := engine.NewMachine(Processor(), 0, func(event.Topic) int { return 4 })
	if err != nil {
		t.Fatal(err)
	}
	return &world{
		t: t, m: m, clock: enginetest.Start, contacts: map[string]*event.Contact{}, owner: map[string]string{}, messages: map[string]*event.MessageAdded{}, caused: map[string]bool{}, ended: map[string]bool{},
		sequence: map[string]uint64{}, open: map[string]bool{}, requested: map[string]bool{}, held: map[string]string{}, marked: map[string]int{}, books: newBooks(),
	}
}

func (w *world) record(e *event.Event) {
	if e.Id == nil {
		id := event.CauseID("any", fmt.Sprint(len(w.records)))
		e.Id = id[:]
	}
	w.now, w.stepped, w.decided = e, 0, 0
	value, err := event.Marshal(e)
	if err != nil {
		w.t.Fatal(err)
	}
	rec := &event.Record{Offset: int64(len(w.records)), Key: []byte(e.GetKey()), Value: value}
	w.records = append(w.records, rec)
	for _, o := range w.m.Step(rec) {
		w.outs = append(w.outs, o)
		w.stepped++
		out := new(event.Event)
		if err := proto.Unmarshal(o.Value, out); err != nil {
			w.t.Fatal(err)
		}
		w.check(out)
	}
	w.unheard()
	w.consistent()
	w.inTime()
	w.reached()
}

func (w *world) tick(ms int64) {
	w.clock += ms
	w.record(&event.Event{Body: &event.Event_Tick{Tick: &event.Tick{Epoch: 1, TimeMs: w.clock}}})
}

// check holds one output against what the package promises.
func (w *world) check(e *event.Event) {
	switch b := e.GetBody().(type) {
	case *event.Event_Dead:
		if k := b.Dead.GetKind(); k != "refused" && k != "late" {
			w.t.Fatalf("%s: %s", k, b.Dead.GetReason())
		}
		w.decided++
	case *event.Event_WishRefused:
		w.refused(b.WishRefused)
	case *event.Event_ContactChanged:
		w.owner[b.ContactChanged.GetContact().GetContact()] = e.GetCustomer()
		w.contact(b.ContactChanged)
	case *event.Event_ConversationOpened:
		o := b.ConversationOpened
		if w.open[o.GetConversation()] || o.GetReopened() != slices.Contains(w.convs, o.GetConversation()) {
			w.t.Fatalf("opened wrongly: %v", o)
		}
		if !o.GetReopened() {
			w.convs = append(w.convs, o.GetConversation())
		}
		w.open[o.GetConversation()] = true
	case *event.Event_ConversationClosed:
		if !w.open[b.ConversationClosed.GetConversation()] {
			w.t.Fatalf("closed twice: %v", b)
		}
		delete(w.open, b.ConversationClosed.GetConversation())
	case *event.Event_MessageAdded:
		w.message(b.MessageAdded)
		if b.MessageAdded.GetAuthor() == event.Author_AUTHOR_AGENT && b.MessageAdded.GetKind() == "" {
			w.answered(b.MessageAdded, string(e.GetCause()))
		}
	case *event.Event_MessageMarked:
		m := b.MessageMarked
		if rank(m.GetState()) <= w.marked[m.GetMessage()] || w.messages[m.GetMessage()].GetConversation() != m.GetConversation() {
			w.t.Fatalf("a mark fell, or is of no message: %v", m)
		}
		w.marked[m.GetMessage()] = rank(m.GetState())
	case *event.Event_RouteRequest, *event.Event_RouteCancel, *event.Event_ContactReleased:
		w.routing(e)
	default:
		w.enter(e)
	}
}

// refused checks that a refusal is of the wish in hand, that nothing else came of it, and that its reason is true.
func (w *world) refused(r *event.WishRefused) {
	w.decided++
	asked, err := wishOf(w.now)
	asked.Reason = r.GetReason()
	c := w.contacts[r.GetContact()]
	state := c.GetState()
	holds := r.GetBy() != "" || c.GetAgent() == r.GetAgent()
	switch {
	case err != nil || !proto.Equal(asked, r) || w.stepped != 1:
		w.t.Fatalf("a refusal of something else, or with something else: %v of %v", r, asked)
	case r.GetKind() == kindProfile && r.GetReason() == changedFirst && w.now.GetChangeProfile().GetBaseVersion() != w.books.profile[w.now.GetCustomer()].GetVersion():
	case r.GetReason() == noAgent && w.now.GetTransferContact().GetToAgent() == c.GetAgent() && holds:
	case r.GetKind() == "close" || r.GetReason() == noQueue && r.GetKind() == "transfer" || r.GetReason() == limited && r.GetKind() == "split":
	case r.GetReason() == notOpen && (c == nil || w.ended[r.GetContact()] || w.owner[r.GetContact()] != w.now.GetCustomer()):
	case r.GetReason() == notHolder && (!holds || state == event.ContactState_CONTACT_STATE_QUEUED):
	case r.GetReason() == over && holds && state == event.ContactState_CONTACT_STATE_WRAPPING:
	case r.GetReason() == notWrapping && r.GetKind() == "wrap_up" && holds && state == event.ContactState_CONTACT_STATE_ASSIGNED:
	default:
		w.t.Fatalf("refused for a reason that does not hold: %v in %v", r, c)
	}
}

// unheard fails where a message of an agent came to nothing and nobody was told.
func (w *world) unheard() {
	m := w.now.GetAgentMessage()
	if m != nil && w.decided == 0 && !w.caused[string(w.now.GetId())] {
		w.t.Fatalf("nothing became of %v", m)
	}
}

// asker is the supervisor whose wish is being folded.
func (w *world) asker() string {
	asked, _ := wishOf(w.now)
	return supervisor(asked)
}

func (w *world) contact(changed *event.ContactChanged) {
	c := changed.GetContact()
	was := w.contacts[c.GetContact()]
	switch {
	case changed.GetBy() != w.asker():
		w.t.Fatalf("by whom nobody asked, or by nobody: %v", changed)
	case c.GetVersion() != was.GetVersion()+1:
		w.t.Fatalf("version %d after %d", c.GetVersion(), was.GetVersion())
	case was.GetState() > c.GetState() && changed.GetChange() != "requeued":
		w.t.Fatalf("contact went back: %v after %v", c, was)
	case w.ended[c.GetContact()] && changed.GetChange() != "survey":
		w.t.Fatalf("an ended contact changed: %v", c)
	case w.untrue(was, changed) != "":
		w.t.Fatalf("%s: %v after %v", w.untrue(was, changed), changed, was)
	case c.GetState() == event.ContactState_CONTACT_STATE_ASSIGNED && c.GetAgent() == "",
		c.GetState() == event.ContactState_CONTACT_STATE_QUEUED && c.GetAgent() != "":
		w.t.Fatalf("state and agent disagree: %v", c)
	case c.GetEndedMs() != 0 && c.GetEndedMs() < c.GetAssignedMs(), c.GetAssignedMs() != 0 && c.GetAssignedMs() < c.GetEnqueuedMs():
		w.t.Fatalf("times run backwards: %v", c)
	case c.GetConversation() == "" || c.GetInitial() == "" || c.GetAddress() == "" || c.GetInitiation() == "":
		w.t.Fatalf("a contact that is not whole: %v", c)
	case was == nil:
		w.order = append(w.order, c.GetContact())
		if p := c.GetPrevious(); p != "" && w.contacts[p].GetNext() != c.GetContact() {
			w.t.Fatalf("the chain is broken: %v after %v", c, w.contacts[p])
		}
	}
	w.contacts[c.GetContact()] = c
	if c.GetState() == event.ContactState_CONTACT_STATE_ENDED {
		w.ended[c.GetContact()] = true
	}
}

func (w *world) message(m *event.MessageAdded) {
	c := w.contacts[m.GetContact()]
	w.sequence[m.GetConversation()]++
	switch {
	case m.GetSequence() != w.sequence[m.GetConversation()]:
		w.t.Fatalf("sequence %d, want %d", m.GetSequence(), w.sequence[m.GetConversation()])
	case !w.open[m.GetConversation()] && m.GetKind() != "wrap_up_note" || c.GetConversation() != m.GetConversation():
		w.t.Fatalf("a message in a conversation that is not open, or not its contact's: %v", m)
	case w.messages[m.GetMessage()] != nil:
		w.t.Fatalf("message id twice: %v", m)
	}
	w.messages[m.GetMessage()] = m
}

// answered checks that the agent who holds the contact has spoken, and once.
func (w *world) answered(m *event.MessageAdded, cause string) {
	c, asked := w.contacts[m.GetContact()], w.now.GetAgentMessage()
	switch {
	case c.GetState() != event.ContactState_CONTACT_STATE_ASSIGNED, c.GetAgent() != m.GetAgent(), c.GetAgent() != asked.GetAgent():
		w.t.Fatalf("who does not hold the contact has spoken: %v in %v", asked, c)
	case w.caused[cause]:
		w.t.Fatalf("a repeat was taken for another message: %v", m)
	}
	w.caused[cause] = true
	if !m.GetInternal() {
		w.answers = append(w.answers, m.GetMessage())
	}
}

// routing keeps the books of the other side: a request is answered by one assignment or one cancellation, an assignment by
// one release, unless routing has lost the agent itself.
func (w *world) routing(e *event.Event) {
	switch b := e.GetBody().(type) {
	case *event.Event_RouteRequest:
		id := b.RouteRequest.GetContact()
		if w.requested[id] || w.held[id] != "" || e.GetConfigVersion() != w.version {
			w.t.Fatalf("requested twice, or under another version: %v", e)
		}
		w.vouched(e.GetCustomer(), b.RouteRequest)
		w.requested[id] = true
	case *event.Event_RouteCancel:
		if !w.requested[b.RouteCancel.GetContact()] {
			w.t.Fatalf("cancelled what was not requested: %v", b)
		}
		delete(w.requested, b.RouteCancel.GetContact())
	case *event.Event_ContactReleased:
		r := b.ContactReleased
		switch {
		case w.held[r.GetContact()] == r.GetAgent() && r.GetAgent() != "":
			if !r.GetWrapping() {
				delete(w.held, r.GetContact())
			}
		case w.ended[r.GetContact()] || w.contacts[r.GetContact()] == nil: // an assignment crossed the cancellation
		default:
			w.t.Fatalf("released who was not held: %v", r)
		}
	}
}

// consistent compares the books with the contacts: who waits is requested, who is answered or wraps up is held.
func (w *world) consistent() {
	waiting, held := 0, 0
	for _, id := range w.order {
		switch w.contacts[id].GetState() {
		case event.ContactState_CONTACT_STATE_QUEUED:
			if unrouted(w.contacts[id]) {
				continue // for its intent
			}
			waiting++
			if !w.requested[id] {
				w.t.Fatalf("%v waits and is not requested", w.contacts[id])
			}
		case event.ContactState_CONTACT_STATE_ASSIGNED, event.ContactState_CONTACT_STATE_WRAPPING:
			held++
			if w.held[id] != w.contacts[id].GetAgent() {
				w.t.Fatalf("%v is not held in routing's books by %q", w.contacts[id], w.held[id])
			}
		case event.ContactState_CONTACT_STATE_ENDED, event.ContactState_CONTACT_STATE_UNSPECIFIED:
		}
	}
	if waiting != len(w.requested) || held != len(w.held) {
		w.t.Fatalf("%d wait and %d are requested; %d answered and %d held", waiting, len(w.requested), held, len(w.held))
	}
}

// reached looks into the rows: the index holds who waits through a gateway, and unless they are still being looked at, who
// waits is shown there exactly while a connection is left.
func (w *world) reached() {
	w.m.Read(func(tx *engine.Tx) {
		f := &fold{cfg: newSettings(), gateways: newGateways()}
		if err := f.Restore(tx); err != nil {
			w.t.Fatal(err)
		}
		var want, got []string
		customers.Ascend(tx, "", func(key string, _ *event.CustomerRow) bool {
			c := f.load(tx, key)
			if c.waits() {
				want = append(want, key)
			}
			for _, r := range c.row.GetContacts() {
				ct := r.GetContact()
				if ct.GetState() != event.ContactState_CONTACT_STATE_QUEUED || f.gateways.row.GetLeft() > 0 {
					continue
				}
				if ct.GetConnected() != c.reached(ct.GetAddress()) {
					w.t.Fatalf("%v is shown wrongly, with connections %v", ct, c.row.GetLinks())
				}
			}
			return true
		})
		waiting.Ascend(tx, "", func(key string, _ *event.WaitingRow) bool {
			_, key, _ = strings.Cut(key, "/")
			got = append(got, key)
			return true
		})
		slices.Sort(got)
		if !slices.Equal(want, got) {
			w.t.Fatalf("%v wait, the index has %v", want, got)
		}
	})
}

// settle lets everything run out: nothing may be left but the configuration.
func (w *world) settle() {
	for _, id := range w.order {
		if a := w.held[id]; a != "" {
			w.lose(id, a)
		}
	}
	for _, id := range w.order {
		if w.books.asked[id] {
			w.send(&event.Event{Customer: w.owner[id], Address: "w1", Body: &event.Event_SurveyAnswered{SurveyAnswered: &event.SurveyAnswered{Contact: id, Score: 3}}})
		}
	}
	for range 200 { // the times drawn are at most a minute
		w.tick(5000)
	}
	rows := 0
	w.m.Read(func(tx *engine.Tx) {
		customers.Ascend(tx, "", func(key string, row *event.CustomerRow) bool {
			known := w.books.profile[strings.TrimPrefix(key, "acme/")]
			if known.GetSaid() || !proto.Equal(row, &event.CustomerRow{Profile: known, LastAgent: row.GetLastAgent()}) {
				rows++ // nothing but who they are
			}
			return true
		})
	})
	if rows != 0 || len(w.open) != 0 {
		w.t.Fatalf("%d rows and %d open conversations are left", rows, len(w.open))
	}
}

// replay folds the same records again.
func (w *world) replay() {
	m, err := engine.NewMachine(Processor(), 0, func(event.Topic) int { return 4 })
	if err != nil {
		w.t.Fatal(err)
	}
	i := 0
	for _, rec := range w.records {
		for _, o := range m.Step(rec) {
			if i >= len(w.outs) || string(o.Value) != string(w.outs[i].Value) || o.Topic != w.outs[i].Topic || o.Partition != w.outs[i].Partition {
				w.t.Fatalf("output %d differs in the replay", i)
			}
			i++
		}
	}
	if i != len(w.outs) {
		w.t.Fatalf("%d outputs in the replay, %d before", i, len(w.outs))
	}
}
