package numbers

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/event"
)

func entry(contact, queue, state string, enqueued int64) *event.Event {
	return &event.Event{Body: &event.Event_QueueEntry{QueueEntry: &event.QueueEntry{Contact: contact, Queue: queue, State: state, EnqueuedMs: enqueued, Cohort: 1}}}
}

func TestWhatTheFloorShowsWrongIsFound(t *testing.T) {
	facts := []*event.Event{
		entry("c1", "cards", "waiting", 10), entry("c2", "cards", "waiting", 20), entry("c1", "cards", "answered", 10), entry("c3", "loans", "abandoned", 5),
		{Body: &event.Event_AgentChanged{AgentChanged: &event.AgentChanged{Agent: "amy", Status: "available", Activity: "busy", Contacts: []string{"c1"}, SinceMs: 30}}},
		{Body: &event.Event_ContactChanged{ContactChanged: &event.ContactChanged{Contact: &event.Contact{
			Contact: "c1", State: event.ContactState_CONTACT_STATE_ASSIGNED, Agent: "amy", Version: 2,
		}}}},
	}
	right := `{"agents":[{"id":"amy","status":"available","activity":"busy","contacts":["c1"],"since_ms":30},{"id":"bo"}],
		"queues":[{"id":"cards","waiting":1,"oldest_ms":20},{"id":"loans"},{"id":"new"}],"contacts":[{"id":"c1","state":"assigned","agent":"amy"}]}`
	found, err := floorDifferences(facts, nil, []byte(right))
	require.NoError(t, err)
	require.Empty(t, found)

	wrong := `{"agents":[{"id":"amy","status":"available","activity":"idle","contacts":[],"since_ms":30}],
		"queues":[{"id":"cards","waiting":2,"oldest_ms":10},{"id":"new","waiting":1}],"contacts":[{"id":"c9","state":"assigned"}]}`
	found, err = floorDifferences(facts, nil, []byte(wrong))
	require.NoError(t, err)
	require.Len(t, found, 6, "%q", found)
	_, err = floorDifferences(facts, nil, []byte("<html>"))
	require.Error(t, err)
}

// Who is being offered to an agent still waits, and who was given on waits in the next queue since then.
func TestWhoRingsStillWaitsOnTheFloor(t *testing.T) {
	gaveOn := entry("c4", "loans", "flowed_out", 4)
	gaveOn.GetQueueEntry().NextQueue, gaveOn.GetQueueEntry().ChangedMs = "cards", 15
	next := entry("c4", "cards", "waiting", 4)
	next.GetQueueEntry().Cohort = 2
	facts := []*event.Event{entry("c1", "cards", "waiting", 20), gaveOn, next, entry("c2", "sales", "waiting", 30), entry("c2", "sales", "offered", 30)}
	found, err := floorDifferences(facts, nil, []byte(`{"queues":[{"id":"cards","waiting":2,"oldest_ms":15},{"id":"loans"},{"id":"sales","waiting":1,"oldest_ms":30}]}`))
	require.NoError(t, err)
	require.Empty(t, found)
	found, err = floorDifferences(facts, nil, []byte(`{"queues":[{"id":"cards","waiting":2,"oldest_ms":15},{"id":"loans"},{"id":"sales","waiting":0,"oldest_ms":0}]}`))
	require.NoError(t, err)
	require.Len(t, found, 1)
}

func TestPracticeIsNotOnTheFloor(t *testing.T) {
	f := &facts{}
	queue := func(id string, practice, removed bool) *event.ConfigApplied {
		return &event.ConfigApplied{Objects: []*event.ConfigObject{{Object: &event.ConfigObject_Queue{Queue: &event.Queue{Id: id, Practice: practice}}, Removed: removed}}}
	}
	for _, c := range []*event.ConfigApplied{queue("gym", true, false), queue("cards", true, false), queue("cards", false, false), queue("gym", false, true)} {
		f.configure(c)
	}
	require.Equal(t, map[string]bool{"gym": true}, f.practice)
	contact := func(id, queue string) *event.Event {
		return &event.Event{Body: &event.Event_ContactChanged{ContactChanged: &event.ContactChanged{Contact: &event.Contact{
			Contact: id, State: event.ContactState_CONTACT_STATE_QUEUED, Queue: queue, Version: 1,
		}}}}
	}
	all := []*event.Event{contact("c1", ""), entry("c1", "gym", "waiting", 10), contact("c2", "gym"), contact("c3", "gym"), entry("c3", "cards", "waiting", 20)}
	right := `{"queues":[{"id":"cards","waiting":1,"oldest_ms":20}],"contacts":[{"id":"c3","state":"queued"}]}`
	found, err := floorDifferences(all, f.practice, []byte(right))
	require.NoError(t, err)
	require.Empty(t, found)
	found, err = floorDifferences(all, nil, []byte(right))
	require.NoError(t, err)
	require.Len(t, found, 3)
}

func TestACheckThatGivesUpSaysWhatDiffered(t *testing.T) {
	many := make([]string, 25)
	for i := range many {
		many[i] = "number " + string(rune('a'+i))
	}
	err := unquiet(3*time.Minute, many)
	require.ErrorContains(t, err, "number t\n  5 more")
	require.NotContains(t, err.Error(), "number u")
	require.ErrorContains(t, unquiet(time.Minute, many[:1]), "for 1m0s")
	require.Equal(t, "number u", many[20])
}

func TestADifferenceOfAnAnswerIsTold(t *testing.T) {
	r := &Report{}
	r.differ("same", [][]any{{int64(1), "a", nil, 33.33}}, [][]any{{uint64(1), "a", nil, 33.34}})
	require.Empty(t, r.Differences)
	require.Equal(t, [2]int{1, 4}, [2]int{r.Rows, r.Values})
	r.differ("other", [][]any{{int64(1), "a"}, {int64(2), "b"}}, [][]any{{int64(1), "b"}})
	require.Len(t, r.Differences, 2)
	require.Contains(t, r.Differences[0], "other: 1 rows, the facts give 2")
	many := make([][]any, 20)
	none := make([][]any, 20)
	for i := range many {
		many[i], none[i] = []any{int64(i)}, []any{nil}
	}
	r = &Report{}
	r.differ("many", many, none)
	require.Len(t, r.Differences, mostTold+1)
}

func TestHowFarTheWarehouseIs(t *testing.T) {
	log := enginetest.NewLog(1)
	write := func(topic event.Topic, e *event.Event) {
		e.Tenant = "acme"
		value, err := event.Marshal(e)
		require.NoError(t, err)
		done := make(chan error, 1)
		log.Append(t.Context(), topic, 0, []event.Record{{Topic: topic, Value: value}}, func(err error) { done <- err })
		require.NoError(t, <-done)
	}
	write(event.TopicRoutingFacts, &event.Event{AtMs: 1000, Body: entry("c1", "cards", "waiting", 1000).GetBody()})
	write(event.TopicRoutingFacts, &event.Event{AtMs: 3000, Body: entry("c1", "cards", "answered", 1000).GetBody()})
	f := &facts{tenant: "acme", lanes: map[place]*engine.Lanes{}, next: map[place]int64{}}
	for _, moved := range []bool{true, false} {
		more, err := f.more(t.Context(), log)
		require.NoError(t, err)
		require.Equal(t, moved, more)
	}
	from, to := f.span()
	require.Equal(t, [2]int64{1000, 3001}, [2]int64{from.UnixMilli(), to.UnixMilli()})
	caught := func() bool {
		done, err := f.caughtUp(t.Context(), log)
		require.NoError(t, err)
		return done
	}
	require.False(t, caught())
	write(event.TopicSink, &event.Event{Body: &event.Event_Cut{Cut: &event.Cut{Number: 1, Ranges: []*event.Range{{Topic: string(event.TopicRoutingFacts), To: 2}}}}})
	require.False(t, caught(), "a cut that is announced is not inserted yet")
	write(event.TopicSink, &event.Event{Body: &event.Event_CutDone{CutDone: &event.CutDone{Number: 1}}})
	require.True(t, caught())
	_, err := Check(t.Context(), Options{Log: log, Tenant: "nobody", Wait: time.Minute})
	require.NoError(t, err, "there is nothing to ask for")
}

func TestTheDoorIsLeftAgain(t *testing.T) {
	var asked []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.Path+" "+r.Header.Get("X-Tributary-Csrf"))
		if r.URL.Path == "/api/login" {
			http.SetCookie(w, &http.Cookie{Name: "tributary", Value: "x"})
			_, _ = w.Write([]byte(`{"csrf":"token"}`))
			return
		}
		if _, err := r.Cookie("tributary"); err != nil {
			w.WriteHeader(http.StatusUnauthorized)
		}
		_, _ = w.Write([]byte("{}"))
	}))
	defer s.Close()
	floor, err := FloorOf(s.URL, "demo", "sam", "secret", s.Client())(context.Background())
	require.NoError(t, err)
	require.Equal(t, "{}", string(floor))
	require.Equal(t, []string{"POST /api/login ", "GET /api/floor ", "POST /api/logout token"}, asked)
}
