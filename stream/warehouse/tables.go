package warehouse

import (
	"cmp"
	"strings"

	"github.com/tributary-cc/tributary/stream/event"
)

// The rows of the tables, one field a column; times are Unix milliseconds and sent as such.
type (
	eventRow struct {
		tenant, topic, kind                    string
		at                                     int64
		id                                     string
		partition                              uint32
		offset                                 uint64
		conversation, customer, contact, agent string
		version                                uint64
		body                                   string
		cut                                    uint64
	}
	contactRow struct {
		tenant, customer, channel, state string
		c                                *event.Contact
		changed                          int64
		cut                              uint64
	}
	messageRow struct {
		tenant, customer, address, channel, author string
		m                                          *event.MessageAdded
		sealed                                     *event.Sealed
		text, textState                            string
		at                                         int64
		cut                                        uint64
	}
	markRow struct {
		tenant, conversation, message, state string
		rank                                 uint8
		at                                   int64
		cut                                  uint64
	}
	offerRow struct {
		tenant, channel, state string
		o                      *event.OfferChanged
		agents, reasons        []string
		chosen                 []uint8
		scores                 []int64
		offset                 uint64
		at                     int64
		cut                    uint64
	}
	agentRow struct {
		tenant string
		a      *event.AgentChanged
		offset uint64
		at     int64
		cut    uint64
	}
	queueRow struct {
		tenant, channel string
		q               *event.QueueEntry
		offset          uint64
		at              int64
		cut             uint64
	}
)

var eventsTable = &spec[eventRow]{name: "events", columns: []column[eventRow]{
	col("tenant", func(r *eventRow) string { return r.tenant }),
	col("topic", func(r *eventRow) string { return r.topic }),
	col("kind", func(r *eventRow) string { return r.kind }),
	col("at", func(r *eventRow) int64 { return r.at }),
	col("id", func(r *eventRow) string { return r.id }),
	col("partition", func(r *eventRow) uint32 { return r.partition }),
	col("offset", func(r *eventRow) uint64 { return r.offset }),
	col("conversation", func(r *eventRow) string { return r.conversation }),
	col("customer", func(r *eventRow) string { return r.customer }),
	col("contact", func(r *eventRow) string { return r.contact }),
	col("agent", func(r *eventRow) string { return r.agent }),
	col("version", func(r *eventRow) uint64 { return r.version }),
	col("body", func(r *eventRow) string { return r.body }),
	col("cut", func(r *eventRow) uint64 { return r.cut }),
}, compare: func(a, b *eventRow) int {
	if c := strings.Compare(a.tenant, b.tenant); c != 0 {
		return c
	}
	if c := strings.Compare(a.topic, b.topic); c != 0 {
		return c
	}
	if c := strings.Compare(a.kind, b.kind); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(a.at, b.at), strings.Compare(a.id, b.id))
}}

var contactsTable = &spec[contactRow]{name: "contacts", replacing: true, columns: []column[contactRow]{
	col("tenant", func(r *contactRow) string { return r.tenant }),
	col("contact", func(r *contactRow) string { return r.c.GetContact() }),
	col("conversation", func(r *contactRow) string { return r.c.GetConversation() }),
	col("customer", func(r *contactRow) string { return r.customer }),
	col("address", func(r *contactRow) string { return r.c.GetAddress() }),
	col("initial", func(r *contactRow) string { return r.c.GetInitial() }),
	col("previous", func(r *contactRow) string { return r.c.GetPrevious() }),
	col("next", func(r *contactRow) string { return r.c.GetNext() }),
	col("channel", func(r *contactRow) string { return r.channel }),
	col("entry_point", func(r *contactRow) string { return r.c.GetEntryPoint() }),
	col("initiation", func(r *contactRow) string { return r.c.GetInitiation() }),
	col("state", func(r *contactRow) string { return r.state }),
	col("queue", func(r *contactRow) string { return r.c.GetQueue() }),
	col("agent", func(r *contactRow) string { return r.c.GetAgent() }),
	col("end_reason", func(r *contactRow) string { return r.c.GetEndReason() }),
	col("wrap_up_code", func(r *contactRow) string { return r.c.GetWrapUpCode() }),
	col("customer_messages", func(r *contactRow) uint32 { return r.c.GetCustomerMessages() }),
	col("agent_messages", func(r *contactRow) uint32 { return r.c.GetAgentMessages() }),
	col("connected", func(r *contactRow) bool { return r.c.GetConnected() }),
	col("started_at", func(r *contactRow) int64 { return sane(r.c.GetStartedMs()) }),
	col("enqueued_at", func(r *contactRow) int64 { return sane(r.c.GetEnqueuedMs()) }),
	col("assigned_at", func(r *contactRow) int64 { return sane(r.c.GetAssignedMs()) }),
	col("first_response_at", func(r *contactRow) int64 { return sane(r.c.GetFirstResponseMs()) }),
	col("ended_at", func(r *contactRow) int64 { return sane(r.c.GetEndedMs()) }),
	col("wrapped_at", func(r *contactRow) int64 { return sane(r.c.GetWrappedMs()) }),
	col("changed_at", func(r *contactRow) int64 { return r.changed }),
	col("intent", func(r *contactRow) string { return r.c.GetIntent() }),
	col("confidence", func(r *contactRow) uint16 { return thousandths(r.c.GetConfidence()) }),
	col("language", func(r *contactRow) string { return r.c.GetLanguage() }),
	col("tier", func(r *contactRow) string { return r.c.GetTier() }),
	col("survey", func(r *contactRow) uint8 { return score(r.c.GetSurvey()) }),
	col("turns", func(r *contactRow) uint32 { return r.c.GetTurns() }),
	col("response_ms", func(r *contactRow) int64 { return r.c.GetResponseMs() }),
	col("max_response_ms", func(r *contactRow) int64 { return r.c.GetMaxResponseMs() }),
	col("version", func(r *contactRow) uint64 { return r.c.GetVersion() }),
	col("cut", func(r *contactRow) uint64 { return r.cut }),
}, compare: func(a, b *contactRow) int {
	return cmp.Or(strings.Compare(a.tenant, b.tenant), strings.Compare(a.c.GetContact(), b.c.GetContact()),
		cmp.Compare(a.c.GetVersion(), b.c.GetVersion()))
}}

var messagesTable = &spec[messageRow]{name: "messages", columns: []column[messageRow]{
	col("tenant", func(r *messageRow) string { return r.tenant }),
	col("conversation", func(r *messageRow) string { return r.m.GetConversation() }),
	col("sequence", func(r *messageRow) uint64 { return r.m.GetSequence() }),
	col("message", func(r *messageRow) string { return r.m.GetMessage() }),
	col("contact", func(r *messageRow) string { return r.m.GetContact() }),
	col("customer", func(r *messageRow) string { return r.customer }),
	col("address", func(r *messageRow) string { return r.address }),
	col("channel", func(r *messageRow) string { return r.channel }),
	col("author", func(r *messageRow) string { return r.author }),
	col("agent", func(r *messageRow) string { return r.m.GetAgent() }),
	col("client_id", func(r *messageRow) string { return r.m.GetClientId() }),
	col("text", func(r *messageRow) string { return r.text }),
	col("text_state", func(r *messageRow) string { return r.textState }),
	col("kind", func(r *messageRow) string { return r.m.GetKind() }),
	col("internal", func(r *messageRow) bool { return r.m.GetInternal() }),
	col("attachments.file", func(r *messageRow) []string { return each(r.m.GetAttachments(), (*event.Attachment).GetFile) }),
	col("attachments.media_type", func(r *messageRow) []string { return each(r.m.GetAttachments(), (*event.Attachment).GetMediaType) }),
	col("attachments.size", func(r *messageRow) []uint64 { return each(r.m.GetAttachments(), (*event.Attachment).GetSize) }),
	col("sent_at", func(r *messageRow) int64 { return sane(r.m.GetSentMs()) }),
	col("at", func(r *messageRow) int64 { return r.at }),
	col("cut", func(r *messageRow) uint64 { return r.cut }),
}, compare: func(a, b *messageRow) int {
	return cmp.Or(strings.Compare(a.tenant, b.tenant), strings.Compare(a.m.GetConversation(), b.m.GetConversation()),
		cmp.Compare(a.m.GetSequence(), b.m.GetSequence()))
}}

var marksTable = &spec[markRow]{name: "message_marks", columns: []column[markRow]{
	col("tenant", func(r *markRow) string { return r.tenant }),
	col("conversation", func(r *markRow) string { return r.conversation }),
	col("message", func(r *markRow) string { return r.message }),
	col("state", func(r *markRow) string { return r.state }),
	col("rank", func(r *markRow) uint8 { return r.rank }),
	col("at", func(r *markRow) int64 { return r.at }),
	col("cut", func(r *markRow) uint64 { return r.cut }),
}, compare: func(a, b *markRow) int {
	return cmp.Or(strings.Compare(a.tenant, b.tenant), strings.Compare(a.conversation, b.conversation),
		strings.Compare(a.message, b.message), cmp.Compare(a.at, b.at))
}}

var offersTable = &spec[offerRow]{name: "offers", columns: append([]column[offerRow]{
	col("tenant", func(r *offerRow) string { return r.tenant }),
	col("contact", func(r *offerRow) string { return r.o.GetContact() }),
	col("offer", func(r *offerRow) string { return r.o.GetOffer() }),
	col("conversation", func(r *offerRow) string { return r.o.GetConversation() }),
	col("customer", func(r *offerRow) string { return r.o.GetCustomer() }),
	col("agent", func(r *offerRow) string { return r.o.GetAgent() }),
	col("queue", func(r *offerRow) string { return r.o.GetQueue() }),
	col("channel", func(r *offerRow) string { return r.channel }),
	col("state", func(r *offerRow) string { return r.state }),
	col("reason", func(r *offerRow) string { return r.o.GetReason() }),
	col("offered_at", func(r *offerRow) int64 { return sane(r.o.GetOfferedMs()) }),
	col("closed_at", func(r *offerRow) int64 { return sane(r.o.GetClosedMs()) }),
	col("expires_after_ms", func(r *offerRow) int64 { return r.o.GetExpiresAfterMs() }),
	col("candidates.agent", func(r *offerRow) []string { return r.agents }),
	col("candidates.chosen", func(r *offerRow) []uint8 { return r.chosen }),
	col("candidates.reason", func(r *offerRow) []string { return r.reasons }),
	col("candidates.score", func(r *offerRow) []int64 { return r.scores }),
	col("passed_over", func(r *offerRow) uint32 { return r.o.GetPassedOver() }),
	col("version", func(r *offerRow) uint64 { return r.o.GetVersion() }),
	col("offset", func(r *offerRow) uint64 { return r.offset }),
	col("at", func(r *offerRow) int64 { return r.at }),
	col("cut", func(r *offerRow) uint64 { return r.cut }),
	col("priority", func(r *offerRow) int32 { return r.o.GetWhy().GetPriority() }),
}, whyColumns(func(r *offerRow) *event.RouteWhy { return r.o.GetWhy() })...), compare: func(a, b *offerRow) int {
	return cmp.Or(strings.Compare(a.tenant, b.tenant), strings.Compare(a.o.GetContact(), b.o.GetContact()),
		strings.Compare(a.o.GetOffer(), b.o.GetOffer()), cmp.Compare(a.o.GetVersion(), b.o.GetVersion()))
}}

var agentsTable = &spec[agentRow]{name: "agent_states", columns: []column[agentRow]{
	col("tenant", func(r *agentRow) string { return r.tenant }),
	col("agent", func(r *agentRow) string { return r.a.GetAgent() }),
	col("status", func(r *agentRow) string { return r.a.GetStatus() }),
	col("reason", func(r *agentRow) string { return r.a.GetReason() }),
	col("activity", func(r *agentRow) string { return r.a.GetActivity() }),
	col("connected", func(r *agentRow) bool { return r.a.GetConnected() }),
	col("gateway", func(r *agentRow) string { return r.a.GetGateway() }),
	col("contacts", func(r *agentRow) []string { return r.a.GetContacts() }),
	col("capacity", func(r *agentRow) uint32 { return r.a.GetCapacity() }),
	col("next_status", func(r *agentRow) string { return r.a.GetNextStatus() }),
	col("next_reason", func(r *agentRow) string { return r.a.GetNextReason() }),
	col("by", func(r *agentRow) string { return r.a.GetBy() }),
	col("since_at", func(r *agentRow) int64 { return sane(r.a.GetSinceMs()) }),
	col("version", func(r *agentRow) uint64 { return r.a.GetVersion() }),
	col("offset", func(r *agentRow) uint64 { return r.offset }),
	col("at", func(r *agentRow) int64 { return r.at }),
	col("cut", func(r *agentRow) uint64 { return r.cut }),
}, compare: func(a, b *agentRow) int {
	return cmp.Or(strings.Compare(a.tenant, b.tenant), strings.Compare(a.a.GetAgent(), b.a.GetAgent()),
		cmp.Compare(a.at, b.at), cmp.Compare(a.a.GetVersion(), b.a.GetVersion()))
}}

var queueTable = &spec[queueRow]{name: "queue_entries", columns: append([]column[queueRow]{
	col("tenant", func(r *queueRow) string { return r.tenant }),
	col("queue", func(r *queueRow) string { return r.q.GetQueue() }),
	col("contact", func(r *queueRow) string { return r.q.GetContact() }),
	col("conversation", func(r *queueRow) string { return r.q.GetConversation() }),
	col("channel", func(r *queueRow) string { return r.channel }),
	col("state", func(r *queueRow) string { return r.q.GetState() }),
	col("agent", func(r *queueRow) string { return r.q.GetAgent() }),
	col("reason", func(r *queueRow) string { return r.q.GetReason() }),
	col("waiting", func(r *queueRow) uint32 { return r.q.GetWaiting() }),
	col("enqueued_at", func(r *queueRow) int64 { return sane(r.q.GetEnqueuedMs()) }),
	col("changed_at", func(r *queueRow) int64 { return sane(r.q.GetChangedMs()) }),
	col("version", func(r *queueRow) uint64 { return r.q.GetVersion() }),
	col("offset", func(r *queueRow) uint64 { return r.offset }),
	col("at", func(r *queueRow) int64 { return r.at }),
	col("cut", func(r *queueRow) uint64 { return r.cut }),
	col("cohort", func(r *queueRow) uint32 { return r.q.GetCohort() }),
	col("next_queue", func(r *queueRow) string { return r.q.GetNextQueue() }),
	col("priority", func(r *queueRow) int32 { return r.q.GetPriority() }),
}, whyColumns(func(r *queueRow) *event.RouteWhy { return r.q.GetWhy() })...), compare: func(a, b *queueRow) int {
	return cmp.Or(strings.Compare(a.tenant, b.tenant), strings.Compare(a.q.GetQueue(), b.q.GetQueue()),
		strings.Compare(a.q.GetContact(), b.q.GetContact()), cmp.Compare(a.q.GetVersion(), b.q.GetVersion()))
}}
