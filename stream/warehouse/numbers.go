package warehouse

import (
	"cmp"
	"strings"

	"github.com/tributary-cc/tributary/stream/event"
)

// The tables that numbers are counted from, as migration 0004 makes them.
type (
	customerRow struct {
		tenant, customer, address string
		p                         *event.ProfileChanged
		at                        int64
		cut                       uint64
	}
	behaviourRow struct {
		tenant, customer, address string
		b                         *event.BehaviourSeen
		at                        int64
		cut                       uint64
	}
	surveyRow struct {
		tenant, customer string
		s                *event.SurveyTaken
		offset           uint64
		at               int64
		cut              uint64
	}
	intentRow struct {
		tenant, customer string
		i                *event.IntentFound
		offset           uint64
		at               int64
		cut              uint64
	}
)

var cohortsTable = &spec[queueRow]{name: "queue_cohorts", replacing: true, columns: []column[queueRow]{
	col("tenant", func(r *queueRow) string { return r.tenant }),
	col("enqueued_at", func(r *queueRow) int64 { return dated(r.q.GetEnqueuedMs()) }),
	col("queue", func(r *queueRow) string { return r.q.GetQueue() }),
	col("contact", func(r *queueRow) string { return r.q.GetContact() }),
	col("cohort", func(r *queueRow) uint32 { return r.q.GetCohort() }),
	col("conversation", func(r *queueRow) string { return r.q.GetConversation() }),
	col("channel", func(r *queueRow) string { return r.channel }),
	col("state", func(r *queueRow) string { return r.q.GetState() }),
	col("agent", func(r *queueRow) string { return r.q.GetAgent() }),
	col("reason", func(r *queueRow) string { return r.q.GetReason() }),
	col("next_queue", func(r *queueRow) string { return r.q.GetNextQueue() }),
	col("changed_at", func(r *queueRow) int64 { return sane(r.q.GetChangedMs()) }),
	col("offset", func(r *queueRow) uint64 { return r.offset }),
	col("cut", func(r *queueRow) uint64 { return r.cut }),
}, compare: func(a, b *queueRow) int {
	return cmp.Or(strings.Compare(a.tenant, b.tenant), cmp.Compare(dated(a.q.GetEnqueuedMs()), dated(b.q.GetEnqueuedMs())),
		strings.Compare(a.q.GetQueue(), b.q.GetQueue()), strings.Compare(a.q.GetContact(), b.q.GetContact()),
		cmp.Compare(a.q.GetCohort(), b.q.GetCohort()))
}}

var outcomesTable = &spec[offerRow]{name: "offer_outcomes", replacing: true, columns: []column[offerRow]{
	col("tenant", func(r *offerRow) string { return r.tenant }),
	col("offered_at", func(r *offerRow) int64 { return dated(r.o.GetOfferedMs()) }),
	col("offer", func(r *offerRow) string { return r.o.GetOffer() }),
	col("contact", func(r *offerRow) string { return r.o.GetContact() }),
	col("conversation", func(r *offerRow) string { return r.o.GetConversation() }),
	col("queue", func(r *offerRow) string { return r.o.GetQueue() }),
	col("agent", func(r *offerRow) string { return r.o.GetAgent() }),
	col("channel", func(r *offerRow) string { return r.channel }),
	col("state", func(r *offerRow) string { return r.state }),
	col("reason", func(r *offerRow) string { return r.o.GetReason() }),
	col("closed_at", func(r *offerRow) int64 { return sane(r.o.GetClosedMs()) }),
	col("version", func(r *offerRow) uint64 { return r.o.GetVersion() }),
	col("cut", func(r *offerRow) uint64 { return r.cut }),
}, compare: func(a, b *offerRow) int {
	return cmp.Or(strings.Compare(a.tenant, b.tenant), cmp.Compare(dated(a.o.GetOfferedMs()), dated(b.o.GetOfferedMs())),
		strings.Compare(a.o.GetOffer(), b.o.GetOffer()))
}}

var endsTable = &spec[contactRow]{name: "contact_ends", replacing: true, columns: []column[contactRow]{
	col("tenant", func(r *contactRow) string { return r.tenant }),
	col("ended_at", func(r *contactRow) int64 { return dated(r.c.GetEndedMs()) }),
	col("contact", func(r *contactRow) string { return r.c.GetContact() }),
	col("conversation", func(r *contactRow) string { return r.c.GetConversation() }),
	col("customer", func(r *contactRow) string { return r.customer }),
	col("channel", func(r *contactRow) string { return r.channel }),
	col("queue", func(r *contactRow) string { return r.c.GetQueue() }),
	col("agent", func(r *contactRow) string { return r.c.GetAgent() }),
	col("initiation", func(r *contactRow) string { return r.c.GetInitiation() }),
	col("state", func(r *contactRow) string { return r.state }),
	col("end_reason", func(r *contactRow) string { return r.c.GetEndReason() }),
	col("wrap_up_code", func(r *contactRow) string { return r.c.GetWrapUpCode() }),
	col("intent", func(r *contactRow) string { return r.c.GetIntent() }),
	col("survey", func(r *contactRow) uint8 { return score(r.c.GetSurvey()) }),
	col("started_at", func(r *contactRow) int64 { return sane(r.c.GetStartedMs()) }),
	col("enqueued_at", func(r *contactRow) int64 { return sane(r.c.GetEnqueuedMs()) }),
	col("assigned_at", func(r *contactRow) int64 { return sane(r.c.GetAssignedMs()) }),
	col("first_response_at", func(r *contactRow) int64 { return sane(r.c.GetFirstResponseMs()) }),
	col("wrapped_at", func(r *contactRow) int64 { return sane(r.c.GetWrappedMs()) }),
	col("customer_messages", func(r *contactRow) uint32 { return r.c.GetCustomerMessages() }),
	col("agent_messages", func(r *contactRow) uint32 { return r.c.GetAgentMessages() }),
	col("turns", func(r *contactRow) uint32 { return r.c.GetTurns() }),
	col("response_ms", func(r *contactRow) int64 { return r.c.GetResponseMs() }),
	col("max_response_ms", func(r *contactRow) int64 { return r.c.GetMaxResponseMs() }),
	col("version", func(r *contactRow) uint64 { return r.c.GetVersion() }),
	col("cut", func(r *contactRow) uint64 { return r.cut }),
}, compare: func(a, b *contactRow) int {
	return cmp.Or(strings.Compare(a.tenant, b.tenant), cmp.Compare(dated(a.c.GetEndedMs()), dated(b.c.GetEndedMs())),
		strings.Compare(a.c.GetContact(), b.c.GetContact()))
}}

var customersTable = &spec[customerRow]{name: "customers", replacing: true, columns: []column[customerRow]{
	col("tenant", func(r *customerRow) string { return r.tenant }),
	col("customer", func(r *customerRow) string { return r.customer }),
	col("address", func(r *customerRow) string { return r.address }),
	col("tier", func(r *customerRow) string { return r.p.GetTier() }),
	col("language", func(r *customerRow) string { return r.p.GetLanguage() }),
	col("tags", func(r *customerRow) []string { return append([]string{}, r.p.GetTags()...) }),
	col("source", func(r *customerRow) string { return r.p.GetSource() }),
	col("by", func(r *customerRow) string { return r.p.GetBy() }),
	col("changed_at", func(r *customerRow) int64 { return r.at }),
	col("version", func(r *customerRow) uint64 { return r.p.GetVersion() }),
	col("cut", func(r *customerRow) uint64 { return r.cut }),
}, compare: func(a, b *customerRow) int {
	return cmp.Or(strings.Compare(a.tenant, b.tenant), strings.Compare(a.customer, b.customer))
}}

var behavioursTable = &spec[behaviourRow]{name: "behaviours", columns: []column[behaviourRow]{
	col("tenant", func(r *behaviourRow) string { return r.tenant }),
	col("customer", func(r *behaviourRow) string { return r.customer }),
	col("at", func(r *behaviourRow) int64 { return r.at }),
	col("address", func(r *behaviourRow) string { return r.address }),
	col("kind", func(r *behaviourRow) string { return r.b.GetKind() }),
	col("name", func(r *behaviourRow) string { return r.b.GetName() }),
	col("channel", func(r *behaviourRow) string { return channelName(r.b.GetChannel()) }),
	col("entry_point", func(r *behaviourRow) string { return r.b.GetEntryPoint() }),
	col("conversation", func(r *behaviourRow) string { return r.b.GetConversation() }),
	col("cut", func(r *behaviourRow) uint64 { return r.cut }),
}, compare: func(a, b *behaviourRow) int {
	return cmp.Or(strings.Compare(a.tenant, b.tenant), strings.Compare(a.customer, b.customer), cmp.Compare(a.at, b.at))
}}

var surveysTable = &spec[surveyRow]{name: "surveys", columns: []column[surveyRow]{
	col("tenant", func(r *surveyRow) string { return r.tenant }),
	col("at", func(r *surveyRow) int64 { return r.at }),
	col("contact", func(r *surveyRow) string { return r.s.GetContact() }),
	col("conversation", func(r *surveyRow) string { return r.s.GetConversation() }),
	col("customer", func(r *surveyRow) string { return r.customer }),
	col("queue", func(r *surveyRow) string { return r.s.GetQueue() }),
	col("agent", func(r *surveyRow) string { return r.s.GetAgent() }),
	col("score", func(r *surveyRow) uint8 { return score(r.s.GetScore()) }),
	col("offset", func(r *surveyRow) uint64 { return r.offset }),
	col("cut", func(r *surveyRow) uint64 { return r.cut }),
}, compare: func(a, b *surveyRow) int {
	return cmp.Or(strings.Compare(a.tenant, b.tenant), cmp.Compare(a.at, b.at), strings.Compare(a.s.GetContact(), b.s.GetContact()))
}}

var intentsTable = &spec[intentRow]{name: "intents", columns: []column[intentRow]{
	col("tenant", func(r *intentRow) string { return r.tenant }),
	col("at", func(r *intentRow) int64 { return r.at }),
	col("contact", func(r *intentRow) string { return r.i.GetContact() }),
	col("conversation", func(r *intentRow) string { return r.i.GetConversation() }),
	col("customer", func(r *intentRow) string { return r.customer }),
	col("message", func(r *intentRow) string { return r.i.GetMessage() }),
	col("intent", func(r *intentRow) string { return r.i.GetIntent() }),
	col("confidence", func(r *intentRow) uint16 { return thousandths(r.i.GetConfidence()) }),
	col("guesses.intent", func(r *intentRow) []string { return each(r.i.GetGuesses(), (*event.IntentGuess).GetIntent) }),
	col("guesses.confidence", func(r *intentRow) []uint16 {
		return each(r.i.GetGuesses(), func(g *event.IntentGuess) uint16 { return thousandths(g.GetConfidence()) })
	}),
	col("language", func(r *intentRow) string { return r.i.GetLanguage() }),
	col("model", func(r *intentRow) string { return r.i.GetModel() }),
	col("model_version", func(r *intentRow) string { return r.i.GetModelVersion() }),
	col("prompt", func(r *intentRow) string { return r.i.GetPrompt() }),
	col("stage", func(r *intentRow) string { return r.i.GetStage() }),
	col("reason", func(r *intentRow) string { return r.i.GetReason() }),
	col("latency_us", func(r *intentRow) uint32 { return r.i.GetLatencyUs() }),
	col("tokens_in", func(r *intentRow) uint32 { return r.i.GetTokensIn() }),
	col("tokens_out", func(r *intentRow) uint32 { return r.i.GetTokensOut() }),
	col("cost_micros", func(r *intentRow) uint64 { return r.i.GetCostMicros() }),
	col("offset", func(r *intentRow) uint64 { return r.offset }),
	col("cut", func(r *intentRow) uint64 { return r.cut }),
}, compare: func(a, b *intentRow) int {
	return cmp.Or(strings.Compare(a.tenant, b.tenant), cmp.Compare(a.at, b.at), strings.Compare(a.i.GetContact(), b.i.GetContact()))
}}
