package warehouse

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/event"
)

// rowsOf are the rows of a statement as JSON.
func rowsOf(t *testing.T, w *Warehouse, statement string) string {
	t.Helper()
	w.queries["test"] = &namedQuery{name: "test", sql: statement}
	res, err := w.Query(context.Background(), "test", nil)
	require.NoError(t, err)
	text, err := json.Marshal(res.Rows)
	require.NoError(t, err)
	return string(text)
}

// people writes what is known of two customers: profiles, behaviours, what they said.
func people(s *scene) {
	said := func(customer string, body *event.Event) {
		body.AtMs, body.Customer, body.Address = t0, customer, "p-"+customer
		s.fact(event.TopicConversationFacts, "conversation", customer, body)
	}
	for _, c := range []string{"ann", "bob"} {
		s.contact(&event.Contact{Contact: "c-" + c, Queue: "sales", State: event.ContactState_CONTACT_STATE_QUEUED, EnqueuedMs: t0, Version: 1}, c, t0)
		s.message(c, 1, event.Author_AUTHOR_CUSTOMER, "I am "+c, "k", t0)
		for v := uint64(1); v <= 2; v++ {
			said(c, &event.Event{Body: &event.Event_ProfileChanged{ProfileChanged: &event.ProfileChanged{
				Tier: "gold", Language: "zh", Tags: []string{"tag of " + c}, Version: v, Source: "agent", By: "boss",
			}}})
		}
		said(c, &event.Event{Body: &event.Event_BehaviourSeen{BehaviourSeen: &event.BehaviourSeen{
			Kind: "event", Name: "loan_of_" + c, EntryPoint: "shop", Channel: event.Channel_CHANNEL_WEBCHAT, Conversation: "conv-" + c,
		}}})
		said(c, &event.Event{Body: &event.Event_TypingSeen{TypingSeen: &event.TypingSeen{Conversation: "conv-" + c, Author: event.Author_AUTHOR_CUSTOMER}}})
	}
}

func TestEachFactHasItsRow(t *testing.T) {
	w, s := seeded(t)
	people(s)
	s.fact(event.TopicConversationFacts, "conversation", "ann", &event.Event{AtMs: t0, Customer: "ann", Body: &event.Event_IntentFound{IntentFound: &event.IntentFound{
		Contact: "c-ann", Conversation: "conv-ann", Message: "m", Intent: "card_lost", Confidence: 900, Language: "zh", Model: "linear", ModelVersion: "7", Prompt: "p",
		Stage: "openai", Reason: "answered", LatencyUs: 5, TokensIn: 6, TokensOut: 7, CostMicros: 8, Guesses: []*event.IntentGuess{{Intent: "card_lost", Confidence: 900}, {Intent: "loan", Confidence: 100}},
	}}})
	s.fact(event.TopicConversationFacts, "conversation", "ann", &event.Event{AtMs: t0, Customer: "ann", Body: &event.Event_SurveyTaken{SurveyTaken: &event.SurveyTaken{
		Contact: "c-ann", Conversation: "conv-ann", Queue: "sales", Agent: "a1", Score: 5,
	}}})
	s.contact(&event.Contact{
		Contact: "c-ann", State: event.ContactState_CONTACT_STATE_ENDED, EndedMs: t0 + 5, Version: 2, Intent: "card_lost", Confidence: 900, Language: "zh",
		Tier: "gold", Survey: 5, Turns: 3, ResponseMs: 4, MaxResponseMs: 2,
	}, "ann", t0)
	s.fact(event.TopicRoutingFacts, "routing", "main", &event.Event{AtMs: t0, Body: &event.Event_AgentChanged{AgentChanged: &event.AgentChanged{
		Agent: "a1", Status: "available", NextStatus: "break", NextReason: "lunch", By: "boss", Capacity: 4,
	}}})
	s.fact(event.TopicRoutingFacts, "routing", "main", &event.Event{AtMs: t0, Body: &event.Event_QueueEntry{QueueEntry: &event.QueueEntry{
		Contact: "c-ann", Queue: "sales", State: "flowed_out", Reason: "overflow", NextQueue: "cards", Cohort: 2, Priority: -1, Why: &event.RouteWhy{Rule: "r", Tier: "gold"},
	}}})
	runUntil(t, newTestSink(t, w, s), caughtUp)
	for statement, want := range map[string]string{
		"SELECT customer, address, tier, language, tags, source, by, version FROM customers FINAL ORDER BY customer":                                                      `[["ann","p-ann","gold","zh",["tag of ann"],"agent","boss",2],["bob","p-bob","gold","zh",["tag of bob"],"agent","boss",2]]`,
		"SELECT customer, address, kind, name, channel, entry_point, conversation FROM behaviours ORDER BY customer LIMIT 1":                                              `[["ann","p-ann","event","loan_of_ann","webchat","shop","conv-ann"]]`,
		"SELECT count() FROM events WHERE kind = 'typing_seen'":                                                                                                           `[[0]]`,
		"SELECT contact, customer, queue, agent, score FROM surveys":                                                                                                      `[["c-ann","ann","sales","a1",5]]`,
		"SELECT intent, confidence, survey, turns, response_ms, max_response_ms, language, tier FROM contacts FINAL WHERE contact = 'c-ann'":                              `[["card_lost",900,5,3,4,2,"zh","gold"]]`,
		"SELECT contact, state, survey, turns FROM contact_ends FINAL":                                                                                                    `[["c-ann","ended",5,3]]`,
		"SELECT next_status, next_reason, by, capacity FROM agent_states":                                                                                                 `[["break","lunch","boss",4]]`,
		"SELECT reason, next_queue, cohort, priority, rule, tier FROM queue_entries":                                                                                      `[["overflow","cards",2,-1,"r","gold"]]`,
		"SELECT queue, contact, cohort, state, reason, next_queue FROM queue_cohorts":                                                                                     `[["sales","c-ann",2,"flowed_out","overflow","cards"]]`,
		"SELECT contact, message, intent, confidence, language, model, model_version, prompt, stage, reason, latency_us, tokens_in, tokens_out, cost_micros FROM intents": `[["c-ann","m","card_lost",900,"zh","linear","7","p","openai","answered",5,6,7,8]]`,
	} {
		require.JSONEq(t, want, rowsOf(t, w, statement), statement)
	}
	res, err := w.Query(context.Background(), "intents_of", map[string]any{
		"tenant": "acme", "intent": "card_lost", "stage": "", "from_ms": t0, "to_ms": t0 + 1, "skip": 0, "count": 9,
	})
	require.NoError(t, err)
	require.Equal(t, "[card_lost loan] [900 100]", fmt.Sprint(res.Rows[0][6], res.Rows[0][7]))
}

func TestErase(t *testing.T) {
	w, s := seeded(t)
	people(s)
	runUntil(t, newTestSink(t, w, s), caughtUp)
	ctx := context.Background()
	left := func(customer string) string {
		return rowsOf(t, w, fmt.Sprintf(`SELECT (SELECT concat(text, ' ', text_state) FROM messages WHERE customer = '%[1]s'), (SELECT name FROM behaviours WHERE customer = '%[1]s'),
			(SELECT arrayStringConcat(tags) || tier || language FROM customers FINAL WHERE customer = '%[1]s'),
			(SELECT countIf(position(body, 'tag of') + position(body, 'loan_of') > 0) FROM events WHERE customer = '%[1]s'), (SELECT count() FROM events WHERE customer = '%[1]s')`, customer))
	}
	whole := func(customer string) string {
		return fmt.Sprintf(`[["I am %[1]s there","loan_of_%[1]s","tag of %[1]sgoldzh",3,5]]`, customer)
	}
	require.JSONEq(t, whole("ann"), left("ann"))

	require.NoError(t, w.Erase(ctx, "other", Person{Customer: "ann", Addresses: []string{"p-ann"}}))
	require.JSONEq(t, whole("ann"), left("ann"), "another company's")
	for range 2 { // again is nothing
		require.NoError(t, w.Erase(ctx, "acme", Person{Addresses: []string{"p-ann"}}))
		require.JSONEq(t, `[[" erased","","",0,5]]`, left("ann"))
	}
	require.JSONEq(t, whole("bob"), left("bob"))
	require.NoError(t, w.Erase(ctx, "acme", Person{Customer: "bob"}))
	require.JSONEq(t, `[[" erased","","",0,5]]`, left("bob"))

	faults, err := w.Verify(ctx, "")
	require.NoError(t, err)
	require.True(t, faults.None(), "the rows are still there and count: %+v", faults)
	require.ErrorContains(t, w.Erase(ctx, "acme", Person{}), "names nobody")
	require.ErrorContains(t, w.Erase(ctx, "", Person{Customer: "x"}), "names nobody")
	require.NoError(t, w.Erase(ctx, "acme", Person{Customer: "x' OR 1 = 1 --\\", Addresses: []string{"秘'"}}), "odd names are data")
}
