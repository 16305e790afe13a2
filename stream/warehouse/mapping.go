package warehouse

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// Times outside these years are damage or a wrong clock; they are moved to the edge, for a table has one part per month.
const (
	earliestMs = 1577836800000 // 2020-01-01
	latestMs   = 4102444800000 // 2100-01-01
)

// sane is a time as ClickHouse can hold it; 0 stays 0 and means "not yet".
func sane(ms int64) int64 { return max(0, min(ms, latestMs)) }

// dated is a time that a table is partitioned by.
func dated(ms int64) int64 { return min(max(ms, earliestMs), latestMs) }

// thousandths is a confidence as its column holds it.
func thousandths(n uint32) uint16 { return uint16(min(n, 1000)) }

// score is a survey's.
func score(n uint32) uint8 { return uint8(min(n, 255)) }

// each makes a list of what get says of each element; never nil, as a column of arrays has no null.
func each[T, V any](list []T, get func(T) V) []V {
	out := make([]V, len(list))
	for i, x := range list {
		out[i] = get(x)
	}
	return out
}

// block holds the rows of one cut.
type block struct {
	number   uint64
	events   *rows[eventRow]
	contacts *rows[contactRow]
	messages *rows[messageRow]
	marks    *rows[markRow]
	offers   *rows[offerRow]
	agents   *rows[agentRow]
	queues   *rows[queueRow]
	cohorts  *rows[queueRow]
	outcomes *rows[offerRow]
	ends     *rows[contactRow]

	customers  *rows[customerRow]
	behaviours *rows[behaviourRow]
	surveys    *rows[surveyRow]
	intents    *rows[intentRow]
	// damaged counts records that are no events; gaps counts records of a lane that misses something before them.
	damaged, gaps int
}

func newBlock(number uint64) *block {
	return &block{
		number: number, events: newRows(eventsTable, number), contacts: newRows(contactsTable, number),
		messages: newRows(messagesTable, number), marks: newRows(marksTable, number), offers: newRows(offersTable, number),
		agents: newRows(agentsTable, number), queues: newRows(queueTable, number),
		cohorts: newRows(cohortsTable, number), outcomes: newRows(outcomesTable, number), ends: newRows(endsTable, number),
		customers: newRows(customersTable, number), behaviours: newRows(behavioursTable, number),
		surveys: newRows(surveysTable, number), intents: newRows(intentsTable, number),
	}
}

// tables lists the tables in the order in which they are inserted.
func (b *block) tables() []tableRows {
	return []tableRows{
		b.events, b.contacts, b.messages, b.marks, b.offers, b.agents, b.queues, b.cohorts, b.outcomes, b.ends,
		b.customers, b.behaviours, b.surveys, b.intents,
	}
}

// announce lists what a cut says of its rows.
func (b *block) announce() []*event.TableRows {
	var out []*event.TableRows
	for _, t := range b.tables() {
		if t.count() > 0 {
			out = append(out, &event.TableRows{Table: t.table(), Rows: int64(t.count()), Token: t.token()})
		}
	}
	return out
}

// add maps one record. It is a function of the record, the lanes before it and the cut's number alone, so that whoever
// makes the insert again makes the same one.
func (b *block) add(r *event.Record, lanes *engine.Lanes) {
	e := new(event.Event)
	if len(r.Value) > event.MaxSize || proto.Unmarshal(r.Value, e) != nil {
		b.damaged++
		return
	}
	switch e.GetBody().(type) {
	case *event.Event_Tick, *event.Event_Epoch:
		return
	}
	switch lanes.Take(e.GetOrigin()) {
	case engine.Drop:
		return
	case engine.Gap:
		b.gaps++
		return
	case engine.Take:
	}
	if e.GetTypingSeen() != nil { // it means something for seconds
		return
	}
	at := dated(e.GetAtMs())
	b.addEvent(r, e, at)
	b.addBody(r, e, at)
}

func (b *block) addBody(r *event.Record, e *event.Event, at int64) {
	offset := uint64(r.Offset) //nolint:gosec // offsets are not negative
	switch body := e.GetBody().(type) {
	case *event.Event_ContactChanged:
		b.addContact(e, body.ContactChanged.GetContact(), at)
	case *event.Event_MessageAdded:
		m := body.MessageAdded
		*b.messages.add(e.GetId()) = messageRow{
			tenant: e.GetTenant(), customer: e.GetCustomer(), address: e.GetAddress(), channel: channelName(m.GetChannel()),
			author: enumName(m.GetAuthor()), m: m, sealed: e.GetSealed(), textState: textNone, at: at, cut: b.number,
		}
	case *event.Event_MessageMarked:
		m := body.MessageMarked
		*b.marks.add(e.GetId()) = markRow{
			tenant: e.GetTenant(), conversation: m.GetConversation(), message: m.GetMessage(), state: enumName(m.GetState()),
			rank: uint8(min(max(m.GetState(), 0), 255)), at: at, cut: b.number,
		}
	case *event.Event_OfferChanged:
		row := offerOf(e, body.OfferChanged, offset, at, b.number)
		*b.offers.add(e.GetId()), *b.outcomes.add(e.GetId()) = row, row
	case *event.Event_AgentChanged:
		*b.agents.add(e.GetId()) = agentRow{tenant: e.GetTenant(), a: body.AgentChanged, offset: offset, at: at, cut: b.number}
	case *event.Event_QueueEntry:
		row := queueRow{
			tenant: e.GetTenant(), channel: channelName(body.QueueEntry.GetChannel()), q: body.QueueEntry, offset: offset, at: at, cut: b.number,
		}
		*b.queues.add(e.GetId()), *b.cohorts.add(e.GetId()) = row, row
	case *event.Event_ProfileChanged:
		*b.customers.add(e.GetId()) = customerRow{e.GetTenant(), e.GetCustomer(), e.GetAddress(), body.ProfileChanged, at, b.number}
	case *event.Event_BehaviourSeen:
		*b.behaviours.add(e.GetId()) = behaviourRow{e.GetTenant(), e.GetCustomer(), e.GetAddress(), body.BehaviourSeen, at, b.number}
	case *event.Event_SurveyTaken:
		*b.surveys.add(e.GetId()) = surveyRow{e.GetTenant(), e.GetCustomer(), body.SurveyTaken, offset, at, b.number}
	case *event.Event_IntentFound:
		*b.intents.add(e.GetId()) = intentRow{e.GetTenant(), e.GetCustomer(), body.IntentFound, offset, at, b.number}
	}
}

func (b *block) addContact(e *event.Event, c *event.Contact, at int64) {
	row := contactRow{
		tenant: e.GetTenant(), customer: e.GetCustomer(), channel: channelName(c.GetChannel()),
		state: enumName(c.GetState()), c: c, changed: at, cut: b.number,
	}
	*b.contacts.add(e.GetId()) = row
	if c.GetEndedMs() > 0 {
		*b.ends.add(e.GetId()) = row
	}
}

func offerOf(e *event.Event, o *event.OfferChanged, offset uint64, at int64, cut uint64) offerRow {
	row := offerRow{
		tenant: e.GetTenant(), channel: channelName(o.GetChannel()), state: enumName(o.GetState()), o: o, offset: offset, at: at, cut: cut,
		agents: make([]string, 0, len(o.GetCandidates())), reasons: make([]string, 0, len(o.GetCandidates())),
		chosen: make([]uint8, 0, len(o.GetCandidates())), scores: make([]int64, 0, len(o.GetCandidates())),
	}
	for _, c := range o.GetCandidates() {
		chosen := uint8(0)
		if c.GetChosen() {
			chosen = 1
		}
		row.agents, row.reasons = append(row.agents, c.GetAgent()), append(row.reasons, c.GetReason())
		row.chosen, row.scores = append(row.chosen, chosen), append(row.scores, c.GetScore())
	}
	return row
}

// hasSubject is what the bodies that concern something have in common.
type (
	hasContact      interface{ GetContact() string }
	hasConversation interface{ GetConversation() string }
	hasAgent        interface{ GetAgent() string }
	hasVersion      interface{ GetVersion() uint64 }
)

// addEvent adds the row that every fact has; one whose kind this build does not know has the kind "unknown".
func (b *block) addEvent(r *event.Record, e *event.Event, at int64) {
	row := b.events.add(e.GetId())
	*row = eventRow{
		tenant: e.GetTenant(), topic: string(r.Topic), kind: "unknown", at: at, id: event.IDText(e.GetId()),
		partition: uint32(r.Partition), offset: uint64(r.Offset), //nolint:gosec // neither is negative
		customer: e.GetCustomer(), body: "{}", cut: b.number,
	}
	m := e.ProtoReflect()
	field := m.WhichOneof(bodyOneof)
	if field == nil {
		return
	}
	body := m.Get(field).Message()
	row.kind = string(field.Name())
	row.body = string(appendJSON(make([]byte, 0, 256), body))
	subject := body.Interface()
	if c, ok := subject.(*event.ContactChanged); ok {
		subject = c.GetContact()
	}
	if s, ok := subject.(hasContact); ok {
		row.contact = s.GetContact()
	}
	if s, ok := subject.(hasConversation); ok {
		row.conversation = s.GetConversation()
	}
	if s, ok := subject.(hasAgent); ok {
		row.agent = s.GetAgent()
	}
	if s, ok := subject.(hasVersion); ok {
		row.version = s.GetVersion()
	}
}

var bodyOneof = (*event.Event)(nil).ProtoReflect().Descriptor().Oneofs().ByName("body")

func channelName(c event.Channel) string { return enumName(c) }

// enumName is an enum's value as the tables and JSON hold it: without the type's prefix, in lower case; empty if unspecified.
func enumName(v protoreflect.Enum) string {
	value := v.Descriptor().Values().ByNumber(v.Number())
	if value == nil {
		return fmt.Sprintf("unknown_%d", v.Number())
	}
	return valueName(value)
}

// valueName relies on the schema's rule that a value begins with its type's name: CONTACT_STATE_QUEUED of ContactState.
func valueName(value protoreflect.EnumValueDescriptor) string {
	if value.Number() == 0 {
		return ""
	}
	names.Lock()
	defer names.Unlock()
	if n, ok := names.of[value.FullName()]; ok {
		return n
	}
	zero := string(value.Parent().(protoreflect.EnumDescriptor).Values().ByNumber(0).Name()) //nolint:errcheck,forcetypeassert // a value's parent is its enum
	n := strings.ToLower(strings.TrimPrefix(string(value.Name()), strings.TrimSuffix(zero, "UNSPECIFIED")))
	names.of[value.FullName()] = n
	return n
}
