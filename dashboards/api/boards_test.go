package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/warehouse"
)

// numbers is a warehouse that answers what a test says, and counts.
type numbers struct {
	mu    sync.Mutex
	asked []map[string]any
	runs  atomic.Int64
	// hold keeps queries until it is closed; nil answers at once.
	hold   chan struct{}
	err    error
	away   bool
	answer func(name string, params map[string]any) *warehouse.Result
}

func (n *numbers) Answer(ctx context.Context, name string, params map[string]any) (*warehouse.Result, error) {
	n.runs.Add(1)
	n.mu.Lock()
	n.asked = append(n.asked, params)
	err := n.err
	n.mu.Unlock()
	if n.hold != nil {
		select {
		case <-n.hold:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if err != nil {
		return nil, err
	}
	return n.answer(name, params), nil
}

func (n *numbers) Ping(context.Context) error {
	if n.away {
		return context.DeadlineExceeded
	}
	return nil
}

func rows(columns string, rows ...[]any) func(string, map[string]any) *warehouse.Result {
	return func(string, map[string]any) *warehouse.Result {
		r := &warehouse.Result{Rows: rows}
		for c := range strings.SplitSeq(columns, " ") {
			r.Columns = append(r.Columns, warehouse.Column{Name: c, Type: "String"})
		}
		return r
	}
}

// board is a bank with two teams: loans (ann) serves sales and shared, cards (bob) serves cards and shared.
func newBoard(t *testing.T) (*world, string) {
	w := newWorld(t)
	object := func(o *event.ConfigObject) *event.ConfigObject { return o }
	agent := func(id, team string, queues ...string) *event.ConfigObject {
		return object(&event.ConfigObject{Object: &event.ConfigObject_Agent{Agent: &event.Agent{Id: id, Team: team, Queues: queues, ChatCapacity: 2}}})
	}
	objects := []*event.ConfigObject{
		agent("ann", "loans", "sales", "shared"), agent("bob", "cards", "cards", "shared"),
		{Object: &event.ConfigObject_Team{Team: &event.Team{Id: "loans", Name: "Loans"}}},
		{Object: &event.ConfigObject_Team{Team: &event.Team{Id: "cards", Name: "Cards"}}},
		{Object: &event.ConfigObject_EntryPoint{EntryPoint: &event.EntryPoint{Id: "shop", Channel: event.Channel_CHANNEL_WEBCHAT}}},
	}
	for _, q := range []string{"sales", "cards", "shared"} {
		objects = append(objects, &event.ConfigObject{Object: &event.ConfigObject_Queue{Queue: &event.Queue{Id: q, Name: strings.ToUpper(q), TargetMs: 20_000, TargetPercent: 80}}})
	}
	w.put(event.TopicConfigFacts, &event.Event{Tenant: "acme", Key: "acme/config", AtMs: w.ms.Load(), Body: &event.Event_ConfigApplied{
		ConfigApplied: &event.ConfigApplied{Version: 2, Objects: objects},
	}})
	_, err := w.accounts.Create(t.Context(), "acme", "grafana", "", "", access.RoleDashboards)
	require.NoError(t, err)
	for login, teams := range map[string][]string{"lara": {"loans"}, "carl": {"cards"}, "una": {"none"}} {
		_, err = w.accounts.Add(t.Context(), "acme", access.NewAccount{Login: login, Roles: []access.Role{access.RoleSupervisor}, Teams: teams})
		require.NoError(t, err)
	}
	_, err = w.accounts.Create(t.Context(), "other", "olaf", "", "", access.RoleSupervisor)
	require.NoError(t, err)
	token, err := w.accounts.ServiceToken(t.Context(), "acme", "grafana", 1000*time.Hour)
	require.NoError(t, err)
	return w, token
}

// as are the headers of a program that asks for somebody.
func as(token, login string) []string {
	out := []string{"Authorization", "Bearer " + token}
	if login != "" {
		out = append(out, userHeader, login)
	}
	return out
}

const sinceHour = `"from_ms":1000,"to_ms":3601000,"interval_ms":60000`

func queueNumbers(ref string, queue string) string {
	return fmt.Sprintf(`{"ref":%q,"name":"queue_by_interval","params":{"queue":%q,%s,"target_ms":20000,"short_ms":"5000","flow_outs":0,"short_abandons":1,"abandons":true}}`, ref, queue, sinceHour)
}

func (p *process) query(headers []string, queries ...string) answer {
	return p.ask("POST", "/api/query", `{"queries":[`+strings.Join(queries, ",")+`]}`, headers...)
}

func TestWhoReadsBoards(t *testing.T) {
	w, token := newBoard(t)
	p := w.process(func(c *Config) { c.PublicURL = "https://desk.example/" })
	for _, c := range []struct {
		what, code string
		status     int
		headers    []string
	}{
		{"nobody", "unauthenticated", 401, nil},
		{"a forged token", "unauthenticated", 401, as(token+"x", "")},
		{"another scheme", "unauthenticated", 401, []string{"Authorization", "Basic " + token}},
		{"a person of another tenant", "unknown_user", 403, as(token, "olaf")},
		{"nobody's login", "unknown_user", 403, as(token, "nobody")},
		{"a hostile login", "unknown_user", 403, as(token, "x' OR 1=1 --"+strings.Repeat("x", 500))},
		{"nobody said", "unknown_user", 403, []string{"Authorization", "Bearer " + token, userHeader, ""}},
		{"blank", "unknown_user", 403, as(token, " ")},
		{"a program as a person", "unknown_user", 403, as(token, "grafana")},
		{"a person who may not", "forbidden", 403, as(token, "bob")},
	} {
		a := p.ask("GET", "/api/boards/me", "", c.headers...)
		require.Equal(t, c.status, a.status, c.what)
		require.Equal(t, c.code, a.body["code"], c.what)
		require.NotEmpty(t, a.body["text"], c.what)
	}
	whole := p.ask("GET", "/api/boards/me", "", as(token, "")...)
	require.Equal(t, 200, whole.status, whole.raw)
	require.Equal(t, "all", whole.body["scope"])
	require.Equal(t, "grafana", whole.body["login"])
	require.Equal(t, "https://desk.example", whole.body["page_url"])
	require.Len(t, whole.body["agents"], 2)
	require.Len(t, whole.body["queues"], 3)
	require.Equal(t, []any{"webchat"}, whole.body["channels"])

	lara := p.ask("GET", "/api/boards/me", "", as(token, "LARA")...)
	require.Equal(t, "lara", lara.body["login"])
	require.Len(t, lara.body["scope"], 16)
	require.Equal(t, []any{map[string]any{"id": "loans", "name": "Loans"}}, lara.body["teams"])
	require.Equal(t, []any{map[string]any{"id": "ann", "name": "ann", "team": "loans"}}, lara.body["agents"])
	require.Equal(t, []any{map[string]any{"id": "sales", "name": "SALES"}, map[string]any{"id": "shared", "name": "SHARED"}}, lara.body["queues"])
	una := p.ask("GET", "/api/boards/me", "", as(token, "una")...)
	require.Empty(t, una.body["queues"], "a team that is not there shows nothing")
	require.Empty(t, una.body["agents"])

	// A supervisor's own session may read, but asks for nobody else; a change needs the second half of the login.
	cookie, csrf := p.login("sue")
	require.Equal(t, "sue", p.ask("GET", "/api/boards/me", "", "Cookie", cookie).body["login"])
	require.Equal(t, 400, p.ask("GET", "/api/boards/me", "", "Cookie", cookie, userHeader, "lara").status)
	require.Equal(t, "csrf", p.query([]string{"Cookie", cookie}, queueNumbers("A", "")).body["code"])
	require.Equal(t, 200, p.query([]string{"Cookie", cookie, csrfHeader, csrf}, queueNumbers("A", "")).status)
	agent, _ := p.login("ann")
	require.Equal(t, "forbidden", p.ask("GET", "/api/boards/me", "", "Cookie", agent).body["code"])

	// The program's token opens nothing else, whichever way it comes.
	for _, path := range []string{"/api/floor", "/api/me", "/api/config", "/api/accounts", "/api/ws"} {
		require.Equal(t, 401, p.ask("GET", path, "", as(token, "")...).status, path)
		require.Equal(t, 403, p.ask("GET", path, "", "Cookie", cookieName+"="+token).status, path)
	}
	a := p.ask("GET", "/api/boards/me", "", "Cookie", cookieName+"="+token)
	require.Equal(t, []any{401, "unauthenticated"}, []any{a.status, a.body["code"]}, "a program's token is no cookie")
	require.Equal(t, 401, p.ask("GET", "/api/boards/me", "", "Cookie", cookieName+"="+token, userHeader, "sue").status)

	// What ends, ends here.
	require.NoError(t, w.accounts.Disable(t.Context(), "acme", "lara", true))
	require.Equal(t, "unknown_user", p.ask("GET", "/api/boards/me", "", as(token, "lara")...).body["code"])
	require.NoError(t, w.accounts.EndSessions(t.Context(), "acme", "grafana"))
	require.Equal(t, 401, p.ask("GET", "/api/boards/me", "", as(token, "")...).status)
	looked := in(w, event.TopicAudit, func(e *event.Event) (string, bool) {
		a := e.GetAudit()
		return a.GetOutcome(), a.GetAction() == string(access.ActionBoardRead) && a.GetSubject() == "boards"
	})
	require.Contains(t, looked, "denied")
	require.Contains(t, looked, "allowed")
	require.Less(t, len(looked), 10, "once an hour each, not each time")
}

func TestQueriesAreListed(t *testing.T) {
	w, token := newBoard(t)
	a := w.process().ask("GET", "/api/queries", "", as(token, "lara")...)
	require.Equal(t, 200, a.status)
	all, _ := a.body["queries"].([]any)
	require.Len(t, all, 17)
	for _, q := range all {
		params, _ := dig(q, "params").([]any)
		for _, p := range params {
			require.NotEqual(t, "tenant", dig(p, "name"))
		}
		require.NotContains(t, []any{"message_place", "contact_counts", "customer_messages"}, dig(q, "name"))
	}
}

// All that is wrong with a query is told at once, and none that is wrong reaches the warehouse.
func TestHostileQueries(t *testing.T) {
	w, token := newBoard(t)
	n := &numbers{answer: rows("queue")}
	p := w.process(func(c *Config) { c.Boards = n })
	one := func(query string) map[string]any {
		a := p.query(as(token, ""), query)
		require.Equal(t, 200, a.status, a.raw)
		fault, _ := dig(a.body, "results", 0, "error").(map[string]any)
		require.NotNil(t, fault, a.raw)
		require.Equal(t, codeBadQuery, fault["code"], query)
		return fault
	}
	fault := one(`{"ref":"A","name":"queue_by_interval","params":{"tenant":"other","queue":7,"from_ms":"now()","to_ms":99999999999999999,"interval_ms":0,"sql":"1","target_ms":1.5,"short_ms":null,"flow_outs":256,"abandons":-1}}`)
	for _, field := range []string{"tenant", "queue", "from_ms", "interval_ms", "sql", "target_ms", "short_ms", "flow_outs", "short_abandons", "abandons"} {
		if field == "interval_ms" {
			continue // the range that it divides is none
		}
		require.Contains(t, fault["message"], field)
	}
	require.NotEmpty(t, fault["field"])
	for _, query := range []string{
		`{"ref":"A","name":"cut_check","params":{}}`, `{"ref":"A","name":"customer_messages"}`, `{"ref":"A","name":"'; DROP TABLE events"}`,
		`{"ref":"A","name":"queue_now","params":{"at_ms":{"$gt":0}}}`, `{"ref":"A","name":"queue_now","params":{"at_ms":[1]}}`, `{"ref":"A","name":"queue_now"}`,
		`{"ref":"A","name":"queue_by_minute","params":{"queue":"","from_ms":0,"to_ms":4000000000000}}`,
		`{"ref":"A","name":"queue_by_minute","params":{"queue":"` + strings.Repeat("x", 1001) + `","from_ms":0,"to_ms":1}}`,
		`{"ref":"A","name":"offers_by_interval","params":{"queue":"","agent":"","from_ms":2,"to_ms":1,"interval_ms":1}}`,
		`{"ref":"A","name":"offers_by_interval","params":{"queue":"","agent":"","from_ms":0,"to_ms":3600000,"interval_ms":1}}`,
		`{"ref":"A","name":"offers_of","params":{"queue":"","agent":"","state":"","from_ms":0,"to_ms":1,"skip":0,"count":10000000}}`,
	} {
		one(query)
	}
	for _, body := range []string{
		``, `{}`, `{"queries":[]}`, `{"queries":[{"name":"queue_now"}]}`, `{"queries":[{"ref":"` + strings.Repeat("x", 65) + `","name":"queue_now"}]}`,
		`{"queries":[` + strings.Repeat(`{"ref":"A","name":"x"},`, 20) + `{"ref":"A","name":"x"}]}`, `{"queries":[],"tenant":"other"}`,
	} {
		require.Equal(t, http.StatusBadRequest, p.ask("POST", "/api/query", body, as(token, "")...).status, body)
	}
	require.Equal(t, http.StatusRequestEntityTooLarge, p.ask("POST", "/api/query", `{"queries":[{"ref":"`+strings.Repeat("x", maxBody)+`"}]}`, as(token, "")...).status)
	require.Zero(t, n.runs.Load())
}

// Boards ask for no practice, whoever asks and whatever they name.
func TestBoardsLeavePracticeOut(t *testing.T) {
	w, token := newBoard(t)
	n := &numbers{answer: rows("queue")}
	p := w.process(func(c *Config) { c.Boards = n })
	for _, id := range []string{"gym", "dojo"} {
		w.put(event.TopicConfigFacts, &event.Event{Tenant: "acme", Key: "acme/config", Body: &event.Event_ConfigApplied{ConfigApplied: &event.ConfigApplied{
			Objects: []*event.ConfigObject{{Object: &event.ConfigObject_Queue{Queue: &event.Queue{Id: id, Practice: true}}}},
		}}})
	}
	require.Eventually(t, func() bool { return len(p.door.view.practiceQueues("acme")) == 2 }, patience, waitStep)
	a := p.query(as(token, ""), `{"ref":"A","name":"queue_now","params":{"at_ms":1}}`)
	require.Nil(t, dig(a.body, "results", 0, "error"), a.raw)
	n.mu.Lock()
	defer n.mu.Unlock()
	require.Equal(t, "dojo,gym", n.asked[0][warehouse.ParamPractice])
	me := p.ask("GET", "/api/boards/me", "", as(token, "")...)
	require.NotContains(t, me.raw, `"gym"`)
}

// The tenant is the token's; a person of one sees the same numbers as nobody of the other.
func TestTheTenantIsTheTokens(t *testing.T) {
	w, token := newBoard(t)
	n := &numbers{answer: func(_ string, params map[string]any) *warehouse.Result {
		return rows("queue enqueued", []any{str(params["tenant"]), int64(1)})("", nil)
	}}
	p := w.process(func(c *Config) { c.Boards = n })
	_, err := w.accounts.Create(t.Context(), "other", "grafana", "", "", access.RoleDashboards)
	require.NoError(t, err)
	theirs, err := w.accounts.ServiceToken(t.Context(), "other", "grafana", time.Hour)
	require.NoError(t, err)
	for key, tenant := range map[string]string{token: "acme", theirs: "other"} {
		for range 2 {
			a := p.query(as(key, ""), queueNumbers("A", ""))
			require.Equal(t, tenant, dig(a.body, "results", 0, "rows", 0, 0))
		}
	}
	require.Equal(t, int64(2), n.runs.Load())
	require.Equal(t, 403, p.query(as(theirs, "lara"), queueNumbers("A", "")).status)
}

// Who sees some teams sees no row, no number and no name of the others.
func TestRowsOfOtherTeamsAreLeftOut(t *testing.T) {
	w, token := newBoard(t)
	n := &numbers{}
	p := w.process(func(c *Config) { c.Boards = n })
	for _, c := range []struct {
		query, columns string
		rows           [][]any
		lara, carl     int
	}{
		{queueNumbers("A", ""), "interval_ms queue enqueued", [][]any{{1, "sales", 7}, {1, "cards", 8}, {1, "shared", 9}, {1, "gone", 9}, {1, "", 3}}, 2, 2},
		{
			`{"ref":"A","name":"agent_by_interval","params":{"agent":"",` + sinceHour + `}}`, "interval_ms agent idle_ms",
			[][]any{{1, "ann", 7}, {1, "bob", 8}, {1, "left", 9}, {1, "", 9}},
			1, 1,
		},
		{
			`{"ref":"A","name":"contacts_handled","params":{"queue":"","agent":"",` + sinceHour + `}}`, "interval_ms queue agent handled",
			[][]any{{1, "shared", "ann", 7}, {1, "shared", "bob", 8}, {1, "sales", "ann", 9}, {1, "cards", "ann", 1}, {1, "sales", "bob", 1}, {1, "cards", "", 1}},
			2, 2,
		},
		{`{"ref":"A","name":"floor_now","params":{"at_ms":5}}`, "agent status", [][]any{{"ann", "x"}, {"bob", "y"}}, 1, 1},
	} {
		n.answer = rows(c.columns, c.rows...)
		for login, count := range map[string]int{"": len(c.rows), "lara": c.lara, "carl": c.carl, "una": 0} {
			a := p.query(as(token, login), c.query)
			require.Len(t, dig(a.body, "results", 0, "rows"), count, "%s: %s", login, a.raw)
			if login == "lara" {
				for _, foreign := range []string{`"bob"`, `"cards"`, `"left"`, `"gone"`} {
					require.NotContains(t, a.raw, foreign)
				}
			}
		}
		w.ms.Add(time.Hour.Milliseconds())
	}
	// A queue's list has as many rows as its number says; whose they are stays with the team.
	n.answer = rows("contact queue agent next_queue", []any{"k1", "shared", "ann", ""}, []any{"k2", "shared", "bob", "cards"}, []any{"k3", "cards", "bob", ""})
	list := `{"ref":"A","name":"contacts_of","params":{"queue":%q,"from_ms":0,"to_ms":9,"outcome":"","reason":"","min_wait_ms":0,"max_wait_ms":9223372036854775807,"skip":0,"count":50}}`
	a := p.query(as(token, "lara"), fmt.Sprintf(list, "shared"))
	require.Equal(t, []any{[]any{"k1", "shared", "ann", ""}, []any{"k2", "shared", "", ""}}, dig(a.body, "results", 0, "rows"), a.raw)
	before := n.runs.Load()
	for _, query := range []string{
		fmt.Sprintf(list, ""), fmt.Sprintf(list, "cards"), fmt.Sprintf(list, "nowhere"), queueNumbers("A", "cards"),
		`{"ref":"A","name":"agent_by_interval","params":{"agent":"bob",` + sinceHour + `}}`,
		`{"ref":"A","name":"intents_by_interval","params":{` + sinceHour + `}}`,
	} {
		a = p.query(as(token, "lara"), query)
		require.Equal(t, codeForbidden, dig(a.body, "results", 0, "error", "code"), query)
	}
	require.Equal(t, before, n.runs.Load(), "what may not be seen is not asked")
	// Teams that change count at once, also for answers that are shared.
	w.change("lara", access.Change{Teams: &[]string{"cards"}})
	n.answer = rows("queue enqueued", []any{"sales", 1}, []any{"cards", 2})
	w.ms.Add(time.Hour.Milliseconds())
	require.Equal(t, []any{[]any{"cards", 2.0}}, dig(p.query(as(token, "lara"), queueNumbers("A", "")).body, "results", 0, "rows"))
}
