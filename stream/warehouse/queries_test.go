package warehouse

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/event"
)

// story writes a small day by hand: three contacts in the queue sales, one answered, one abandoned, one waiting.
func story(s *scene) {
	queued, ended := event.ContactState_CONTACT_STATE_QUEUED, event.ContactState_CONTACT_STATE_ENDED
	s.contact(&event.Contact{Contact: "c-ann", Queue: "sales", State: queued, StartedMs: t0, EnqueuedMs: t0, Version: 1}, "ann", t0)
	s.contact(&event.Contact{
		Contact: "c-ann", Queue: "sales", Agent: "a1", State: ended, StartedMs: t0, EnqueuedMs: t0, AssignedMs: t0 + 10_000,
		EndedMs: t0 + 60_000, WrappedMs: t0 + 70_000, EndReason: "agent", CustomerMessages: 2, AgentMessages: 1, Version: 2,
	}, "ann", t0+70_000)
	s.contact(&event.Contact{
		Contact: "c-bob", Queue: "sales", State: ended, StartedMs: t0 + 1, EnqueuedMs: t0 + 1, EndedMs: t0 + 5_001, EndReason: "abandoned", Version: 1,
	}, "bob", t0+5_001)
	s.contact(&event.Contact{Contact: "c-cyd", Queue: "sales", State: queued, StartedMs: t0 + 2, EnqueuedMs: t0 + 2, Version: 1}, "cyd", t0+2)
	s.contact(&event.Contact{
		Contact: "c-dan", Queue: "sales", State: ended, StartedMs: t0 + 3, EnqueuedMs: t0 + 3, EndedMs: t0 + 9_000, EndReason: "closed", Version: 1,
	}, "dan", t0+9_000)

	s.message("ann", 1, event.Author_AUTHOR_CUSTOMER, "my secret 'is' \\ 秘密", "k", t0)
	s.message("ann", 2, event.Author_AUTHOR_AGENT, "hello", "k", t0+1, func(m *event.MessageAdded) {
		m.Kind, m.Internal, m.Attachments = "transfer_note", true, []*event.Attachment{{File: "f1", MediaType: "image/png", Size: 7}}
	})
	s.message("ann", 3, event.Author_AUTHOR_CUSTOMER, "gone", "erased", t0+2)
	for _, state := range []event.DeliveryState{event.DeliveryState_DELIVERY_STATE_READ, event.DeliveryState_DELIVERY_STATE_DELIVERED} {
		s.fact(event.TopicConversationFacts, "conversation", "ann", &event.Event{AtMs: t0 + 3, Body: &event.Event_MessageMarked{
			MessageMarked: &event.MessageMarked{Message: "m-ann-2", Conversation: "conv-ann", State: state},
		}})
	}
	why := &event.RouteWhy{
		PolicyVersion: 3, Rule: "lost cards", Step: 2, Need: "cards >= 3", Intent: "card_lost", Confidence: 900, Language: "zh", Tier: "gold",
		Priority: 5, VirtualAgeMs: 70, Preferred: "last_agent",
	}
	offer := func(id, agent string, state event.OfferState, version uint64, closed int64, candidates ...*event.Candidate) {
		s.fact(event.TopicRoutingFacts, "routing", "main", &event.Event{AtMs: t0 + int64(version), Body: &event.Event_OfferChanged{OfferChanged: &event.OfferChanged{
			Offer: id, Contact: "c-ann", Agent: agent, Queue: "sales", State: state, Version: version, OfferedMs: t0, ClosedMs: closed, Candidates: candidates,
			Why: why,
		}}})
		why = nil
	}
	offer("o1", "a2", event.OfferState_OFFER_STATE_OFFERED, 1, 0,
		&event.Candidate{Agent: "a1", Reason: "idle_shorter", Score: 5}, &event.Candidate{Agent: "a2", Chosen: true, Reason: "chosen", Score: 9})
	offer("o1", "a2", event.OfferState_OFFER_STATE_TIMED_OUT, 2, t0+9)
	offer("o2", "a1", event.OfferState_OFFER_STATE_ACCEPTED, 1, t0+10, &event.Candidate{Agent: "a1", Chosen: true, Reason: "chosen", Score: 6})
	entry := func(contact, state string, at int64, version uint64) {
		s.fact(event.TopicRoutingFacts, "routing", "main", &event.Event{AtMs: at, Body: &event.Event_QueueEntry{QueueEntry: &event.QueueEntry{
			Contact: contact, Queue: "sales", State: state, EnqueuedMs: t0 + int64(len(contact)), ChangedMs: at, Version: version,
		}}})
	}
	entry("c-ann", "waiting", t0+5, 1)
	entry("c-ann", "answered", t0+10_000, 2)
	entry("c-cyd-long", "waiting", t0+12, 1)
	entry("c-ema", "offered", t0+13, 1)
	agent := func(id, status, activity string, at int64, version uint64) {
		s.fact(event.TopicRoutingFacts, "routing", "main", &event.Event{AtMs: at, Body: &event.Event_AgentChanged{AgentChanged: &event.AgentChanged{
			Agent: id, Status: status, Activity: activity, Connected: true, Contacts: []string{"c-ann"}, SinceMs: at, Version: version,
		}}})
	}
	agent("a1", "available", "idle", t0, 1)
	agent("a1", "break", "busy", t0+100, 2)
	s.fact(event.TopicConfigFacts, "config", "config", &event.Event{AtMs: t0, Body: &event.Event_ConfigApplied{ConfigApplied: &event.ConfigApplied{
		Version: 7, Objects: []*event.ConfigObject{{Object: &event.ConfigObject_Agent{Agent: &event.Agent{
			Id: "a1", Queues: []string{"sales"}, Name: &event.Sealed{KeyRef: "a1", Ciphertext: []byte("Ann Agent")},
		}}}},
	}}})
}

func TestQueriesOnSeededData(t *testing.T) {
	w, s := seeded(t)
	story(s)
	runUntil(t, newTestSink(t, w, s), caughtUp)
	for _, c := range []struct {
		query  string
		params map[string]any
		want   string
	}{
		{"conversation_messages", map[string]any{"tenant": "acme", "conversation": "conv-ann", "before": 0, "count": 10}, fmt.Sprintf(`[
			[3,"m-ann-3","c-ann","webchat","customer","","cl3","","erased","",false,[],[],[],%d,""],
			[2,"m-ann-2","c-ann","webchat","agent","","cl2","hello","there","transfer_note",true,["f1"],["image/png"],[7],%d,"read"],
			[1,"m-ann-1","c-ann","webchat","customer","","cl1","my ****** 'is' \\ 秘密","there","",false,[],[],[],%d,""]]`, t0+2, t0+1, t0)},
		{
			"conversation_messages",
			map[string]any{"tenant": "acme", "conversation": "conv-ann", "before": "3", "count": 1},
			fmt.Sprintf(`[[2,"m-ann-2","c-ann","webchat","agent","","cl2","hello","there","transfer_note",true,["f1"],["image/png"],[7],%d,"read"]]`, t0+1),
		},
		{"conversation_contacts", map[string]any{"tenant": "acme", "conversation": "conv-ann", "count": 10}, fmt.Sprintf(`[
			["c-ann","ann","","webchat","","","ended","sales","a1","agent","","",0,"","",0,%d,%d,%d,0,%d,%d,[],[],["sales"],["answered"],[""],[""],[%d],[%d]]]`,
			t0, t0, t0+10_000, t0+60_000, t0+70_000, t0+5, t0+10_000)},
		{"conversation_contacts", map[string]any{"tenant": "other", "conversation": "conv-ann", "count": 10}, `[]`},
		{"conversation_messages", map[string]any{"tenant": "other", "conversation": "conv-ann", "before": 0, "count": 10}, `[]`},
		{
			"customer_conversations",
			map[string]any{"tenant": "acme", "customer": "ann", "count": 10},
			fmt.Sprintf(`[["conv-ann",["webchat"],["sales"],["a1"],1,0,3,%d,%d]]`, t0, t0+70_000),
		},
		{"customer_messages", map[string]any{
			"tenant": "acme", "customer": "ann", "before_ms": 0, "before_conversation": "", "before_sequence": 0, "count": 1,
		}, fmt.Sprintf(`[["conv-ann",3,"m-ann-3","c-ann","webchat","customer","","cl3","","erased","",false,[],[],[],%d,"","","sales","a1",%d,%d,"agent","","",0]]`,
			t0+2, t0, t0+60_000)},
		{"customer_messages", map[string]any{
			"tenant": "acme", "customer": "ann", "before_ms": t0 + 2, "before_conversation": "conv-ann", "before_sequence": 3, "count": 1,
		}, fmt.Sprintf(`[["conv-ann",2,"m-ann-2","c-ann","webchat","agent","","cl2","hello","there","transfer_note",true,["f1"],["image/png"],[7],%d,
			"read","","sales","a1",%d,%d,"agent","","",0]]`, t0+1, t0, t0+60_000)},
		{"message_place", map[string]any{"tenant": "acme", "customer": "bob", "message": "m-ann-2"}, `[]`},
		{"file_contacts", map[string]any{"tenant": "acme", "conversation": "conv-ann", "file": "f1"}, `[["c-ann"]]`},
		{"file_contacts", map[string]any{"tenant": "acme", "conversation": "conv-ann", "file": "f"}, `[]`},
		{"file_contacts", map[string]any{"tenant": "acme", "conversation": "conv-bob", "file": "f1"}, `[]`},
		{"file_contacts", map[string]any{"tenant": "other", "conversation": "conv-ann", "file": "f1"}, `[]`},
		{"contact_decisions", map[string]any{"tenant": "acme", "contact": "c-ann"}, fmt.Sprintf(`[
			["o1","a2","sales","timed_out","",%d,%d,["a1","a2"],[0,1],["idle_shorter","chosen"],[5,9],3,"lost cards",2,"cards >= 3","card_lost",900,"zh","gold",5,70,"last_agent",0],
			["o2","a1","sales","accepted","",%d,%d,["a1"],[1],["chosen"],[6],0,"",0,"","",0,"","",0,0,"",0]]`, t0, t0+9, t0, t0+10)},
		{"queue_now", map[string]any{"tenant": "acme", "at_ms": t0 + 20_000}, fmt.Sprintf(`[["sales",2,1,%d]]`, t0+5)},
		{"queue_now", map[string]any{"tenant": "acme", "at_ms": t0 + 9}, fmt.Sprintf(`[["sales",2,1,%d]]`, t0+5)},
		{"queue_now", map[string]any{"tenant": "acme", "at_ms": t0 - 1}, `[]`},
		{
			"floor_now",
			map[string]any{"tenant": "acme", "at_ms": t0 + 150},
			fmt.Sprintf(`[["a1","break","","","","busy",true,["c-ann"],0,%d,50]]`, t0+100),
		},
		{
			"floor_now",
			map[string]any{"tenant": "acme", "at_ms": time.UnixMilli(t0 + 50)},
			fmt.Sprintf(`[["a1","available","","","","idle",true,["c-ann"],0,%d,50]]`, t0),
		},
		{"contact_counts", map[string]any{"tenant": "acme"}, `[[4,5,4,3,0,2,1,2,3,0]]`},
		{"message_doubles", map[string]any{"tenant": "", "count": 10}, `[]`},
		{"event_doubles", map[string]any{"tenant": "acme", "count": 10}, `[]`},
		{"sequence_gaps", map[string]any{"tenant": "acme", "count": 10}, `[]`},
		{"cut_check", map[string]any{"from_cut": 1, "to_cut": 1000}, `[]`},
	} {
		t.Run(c.query, func(t *testing.T) {
			res, err := w.Query(context.Background(), c.query, c.params)
			require.NoError(t, err)
			got, err := json.Marshal(res.Rows)
			require.NoError(t, err)
			require.JSONEq(t, c.want, string(got))
			require.NotEmpty(t, res.Columns)
		})
	}
	t.Run("a message is found in the log", func(t *testing.T) {
		res, err := w.Query(context.Background(), "message_place", map[string]any{"tenant": "acme", "customer": "ann", "message": "m-ann-2"})
		require.NoError(t, err)
		require.Len(t, res.Rows, 1)
		partition, offset := res.column(res.Rows[0], "partition"), res.column(res.Rows[0], "offset")
		e, err := event.Unmarshal(s.log.All(event.TopicConversationFacts, int(partition))[offset].Value)
		require.NoError(t, err)
		require.Equal(t, "m-ann-2", e.GetMessageAdded().GetMessage())
	})
	t.Run("no sealed part is stored", func(t *testing.T) {
		var body string
		require.NoError(t, w.conn.QueryRow(context.Background(), "SELECT body FROM events WHERE kind = 'config_applied'").Scan(&body))
		require.JSONEq(t, `{"version":7,"objects":[{"agent":{"id":"a1","queues":["sales"]}}]}`, body)
	})
}

func TestEveryQueryIsTested(t *testing.T) {
	tested := map[string]bool{}
	for _, name := range []string{
		"conversation_messages", "conversation_contacts", "customer_conversations", "contact_decisions", "customer_messages", "message_place", "file_contacts", "queue_now", "floor_now",
		"contact_counts", "message_doubles", "event_doubles", "sequence_gaps", "cut_check",
		// TestNumbersEqualTheFacts:
		"queue_by_interval", "flow_outs_by_interval", "queue_by_minute", "contacts_of", "agent_time_by_interval", "agent_by_interval",
		"offers_by_interval", "offers_of", "contacts_handled", "handled_of", "wrap_up_by_interval", "surveys_by_interval", "surveys_of",
		"intents_by_interval", "intents_of",
	} {
		tested[name] = true
	}
	all, err := loadQueries()
	require.NoError(t, err)
	for name := range all {
		require.True(t, tested[name], "add %s to TestQueriesOnSeededData or TestNumbersEqualTheFacts", name)
	}
}

func TestQueryRefusesWrongParameters(t *testing.T) {
	w, err := Open(Config{DSN: "http://127.0.0.1:1/x"})
	require.NoError(t, err)
	defer w.Close() //nolint:errcheck // never connected
	for want, c := range map[string]struct {
		name   string
		params map[string]any
	}{
		"there is no query of that name":        {"nothing", nil},
		"parameter contact (String) is missing": {"contact_decisions", map[string]any{"tenant": "a"}},
		`there is no parameter "x"`:             {"contact_counts", map[string]any{"tenant": "a", "x": 1}},
		"parameter tenant: it must be a String": {"contact_counts", map[string]any{"tenant": 1}},
		"parameter at_ms: it must be a Int64":   {"queue_now", map[string]any{"tenant": "a", "at_ms": "1; DROP TABLE events"}},
		"parameter count: it must be a UInt32":  {"message_doubles", map[string]any{"tenant": "a", "count": -1}},
		"longer than 1000 bytes":                {"contact_counts", map[string]any{"tenant": string(make([]byte, 2000))}},
	} {
		_, err := w.Query(context.Background(), c.name, c.params)
		var bad *ParamError
		require.ErrorAs(t, err, &bad)
		require.ErrorContains(t, err, want)
	}
}

// A parameter is data, whatever it holds.
func TestParametersAreNeverSQL(t *testing.T) {
	w, s := seeded(t)
	odd := "a'b\\c\td\ne{x:String}\x00--秘"
	s.contact(&event.Contact{Contact: odd, Version: 1}, odd, t0)
	runUntil(t, newTestSink(t, w, s), caughtUp)
	res, err := w.Query(context.Background(), "customer_conversations", map[string]any{"tenant": "acme", "customer": odd, "count": 5})
	require.NoError(t, err)
	require.Len(t, res.Rows, 1)
	require.Equal(t, "conv-"+odd, res.Rows[0][0])
	res, err = w.Query(context.Background(), "customer_conversations", map[string]any{"tenant": "acme", "customer": "' OR 1 --", "count": 5})
	require.NoError(t, err)
	require.Empty(t, res.Rows)
}

func TestQueryCutsOffAtMaxRows(t *testing.T) {
	w, s := seeded(t)
	w.config.MaxRows = 2
	story(s)
	runUntil(t, newTestSink(t, w, s), caughtUp)
	res, err := w.Query(context.Background(), "conversation_messages", map[string]any{"tenant": "acme", "conversation": "conv-ann", "before": 0, "count": 10})
	require.NoError(t, err)
	require.Len(t, res.Rows, 2)
	require.True(t, res.Truncated)
}

func TestHeadersSayWhatParametersThereAre(t *testing.T) {
	_, err := parseQuery("q", "-- q: what\n--   {a:String} the a\nSELECT {a:String}, {b:UInt8}")
	require.ErrorContains(t, err, "names the parameters")
	_, err = parseQuery("q", "SELECT 1")
	require.ErrorContains(t, err, "must begin with the comment")
}
