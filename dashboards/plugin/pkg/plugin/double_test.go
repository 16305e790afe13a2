package plugin

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const token = "tt-0123456789abcdef"

// begun is a Monday, 09:00:03 UTC.
var begun = time.Date(2026, 11, 23, 9, 0, 3, 0, time.UTC)

// double stands in for Tributary's API as the API describes itself: what it answers is made up. The tests of cmd/tributary/plugintest ask
// the real one.
type double struct {
	*httptest.Server
	t  *testing.T
	mu sync.Mutex
	// seen are the requests, and asked the queries in them.
	seen  []*http.Request
	asked [][]sentQuery
	// handlers take the place of the double's own.
	handlers map[string]http.HandlerFunc
	// results answer named queries.
	results map[string]func(sentQuery) map[string]any
	events  chan string
	// conns are the connections that are open.
	conns atomic.Int64
}

func newDouble(t *testing.T) *double {
	d := &double{
		t: t, handlers: make(map[string]http.HandlerFunc), events: make(chan string, 100),
		results: map[string]func(sentQuery) map[string]any{"queue_by_interval": queueRows, "contacts_of": contactRows, "queue_now": nowRows},
	}
	d.Server = httptest.NewUnstartedServer(d)
	d.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		switch s {
		case http.StateNew:
			d.conns.Add(1)
		case http.StateClosed, http.StateHijacked:
			d.conns.Add(-1)
		case http.StateActive, http.StateIdle:
		}
	}
	d.Start()
	t.Cleanup(d.Close)
	return d
}

func (d *double) handle(path string, f http.HandlerFunc) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.handlers[path] = f
}

func (d *double) requests(path string) []*http.Request {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(d.seen), func(r *http.Request) bool { return r.URL.Path != path })
}

func (d *double) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	d.seen = append(d.seen, r)
	f := d.handlers[r.URL.Path]
	d.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer "+token {
		w.WriteHeader(http.StatusUnauthorized)
		write(w, map[string]string{"code": "unauthenticated", "text": "no"})
		return
	}
	switch {
	case f != nil:
		f(w, r)
	case r.URL.Path == "/api/boards/me":
		d.me(w, r)
	case r.URL.Path == "/api/queries":
		write(w, map[string]any{"queries": doubleQueries})
	case r.URL.Path == "/api/query":
		d.query(w, r)
	case r.URL.Path == "/api/boards/live":
		d.live(w, r)
	case r.URL.Path == "/api/boards/annotations":
		write(w, json.RawMessage(`{"annotations":[{"at_ms":1795424400000,"kind":"policy","version":7,"title":"Policy 7","text":"VIP first","tags":["policy","routing"]}]}`))
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (*double) me(w http.ResponseWriter, r *http.Request) {
	switch login := r.Header.Get(userHeader); login {
	case "", "sue":
		write(w, map[string]any{"tenant": "acme", "login": login, "scope": "all", "queues": []any{map[string]string{"id": "sales", "name": "Sales"}}, "page_url": ""})
	case "tom":
		write(w, map[string]any{"tenant": "acme", "login": login, "scope": "0123456789abcdef"})
	default:
		w.WriteHeader(http.StatusForbidden)
		write(w, map[string]string{"code": "unknown_user", "text": "there is no such account; an administrator of Tributary has to make it"})
	}
}

func (d *double) query(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Queries []sentQuery `json:"queries"`
	}
	text, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(text, &body) != nil || len(body.Queries) > 20 || len(text) > 64<<10 {
		w.WriteHeader(http.StatusBadRequest)
		write(w, map[string]string{"code": "invalid", "text": fmt.Sprintf("%d queries of %d bytes", len(body.Queries), len(text))})
		return
	}
	d.mu.Lock()
	d.asked = append(d.asked, body.Queries)
	d.mu.Unlock()
	var results []any
	for _, q := range body.Queries {
		answer := d.results[q.Name]
		if answer == nil {
			results = append(results, map[string]any{"ref": q.Ref, "error": map[string]string{"code": "bad_query", "message": "no such query"}})
			continue
		}
		result := answer(q)
		result["ref"] = q.Ref
		results = append(results, result)
	}
	write(w, map[string]any{"results": results})
}

// live sends what the test puts into events, until the client goes.
func (d *double) live(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	_ = http.NewResponseController(w).Flush()
	for {
		select {
		case e := <-d.events:
			if e == "" {
				return
			}
			_, _ = io.WriteString(w, e)
			_ = http.NewResponseController(w).Flush()
		case <-r.Context().Done():
			return
		}
	}
}

func write(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

var doubleQueries = []queryInfo{
	{
		Name: "queue_by_interval", Help: "What became of the contacts enqueued in each interval, by queue.",
		Params: []paramInfo{
			{"queue", "String", "only this queue; empty for all"},
			{"from_ms", "Int64", "the first moment"},
			{"to_ms", "Int64", "the one behind the last"},
			{"interval_ms", "Int64", "the length of an interval"},
			{"target_ms", "Int64", "the wait T"},
			{"abandons", "UInt8", "the switch"},
		},
		Columns: []columnInfo{
			{"interval_ms", counted["interval_ms"], "the interval's beginning, Unix milliseconds, and the queue"},
			{"queue", counted["queue"], "the interval's beginning, Unix milliseconds, and the queue"},
			{"enqueued", counted["enqueued"], "enqueueings: a contact that comes into the queue a second time counts again"},
			{"answered", counted["answered"], "taken by an agent, who kept it"},
			{"asa_ms", counted["asa_ms"], "mean wait of those answered (ASA)"},
			{"sl_connect", counted["sl_connect"], "percent"},
			{"sl_copc", counted["sl_copc"], "answered_in_target / enqueued, percent"},
		},
	},
	{
		Name: "queue_now", Help: "What waits in each queue at a moment.", Params: []paramInfo{{"at_ms", "Int64", "the moment"}},
		Columns: []columnInfo{{"queue", counted["queue"], "its id"}, {"waiting", counted["waiting"], "how many contacts wait"}, {"oldest_ms", counted["oldest_ms"], "since when, Unix milliseconds; 0 if none"}},
	},
	{
		Name: "contacts_of", Help: "The enqueueings behind a number.",
		Params:  []paramInfo{{"queue", "String", ""}, {"from_ms", "Int64", ""}, {"to_ms", "Int64", ""}, {"skip", "UInt32", ""}, {"count", "UInt32", ""}},
		Columns: []columnInfo{{"contact", counted["contact"], "which"}, {"conversation", counted["conversation"], "which"}, {"left_ms", counted["left_ms"], "when it left, 0 while it waits; Unix milliseconds"}, {"wait_ms", counted["wait_ms"], "how long"}},
	},
}

func columns(pairs ...string) []column {
	var out []column
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, column{pairs[i], pairs[i+1], counted[pairs[i]]})
	}
	return out
}

// counted is what the API says of the double's columns.
var counted = map[string]string{
	"interval_ms": unitMoment, "oldest_ms": unitMoment, "left_ms": unitMoment, "wait_ms": unitMs, "asa_ms": unitMs, "sl_connect": unitPercent,
	"sl_copc": unitPercent, "enqueued": "count", "answered": "count", "waiting": "count",
}

func queueRows(q sentQuery) map[string]any {
	from, _ := q.Params["from_ms"].(float64)
	step, _ := q.Params["interval_ms"].(float64)
	at := int64(from)
	return map[string]any{
		"columns": columns("interval_ms", "Int64", "queue", "LowCardinality(String)", "enqueued", "UInt64", "answered", "UInt64", "asa_ms", "Nullable(Int64)",
			"sl_connect", "Float64", "sl_copc", "Nullable(Float64)"),
		"rows": []any{
			[]any{at, "sales", 4, 3, 8000, 75.0, 50.5},
			[]any{at, "service", 1, 0, nil, 0, nil},
			[]any{at + 2*int64(step), "sales", 2, 2, 4000, 100, 100},
		},
		"truncated": false, "as_of_ms": 1795424403000, "names": map[string]any{"queue": map[string]string{"sales": "Sales 销售"}, "agent": map[string]string{}},
	}
}

func nowRows(sentQuery) map[string]any {
	return map[string]any{
		"columns": columns("queue", "String", "waiting", "UInt64", "oldest_ms", "Int64"),
		"rows":    []any{[]any{"sales", 2, 1795424390000}, []any{"service", 0, 0}}, "as_of_ms": 1795424403000,
	}
}

func contactRows(sentQuery) map[string]any {
	return map[string]any{
		"columns": columns("contact", "String", "conversation", "String", "left_ms", "Int64", "wait_ms", "Int64"),
		"rows":    []any{[]any{"c1", "v1", 1795424401000, 9000}, []any{"c2", "v2", 0, 3000}}, "truncated": true, "as_of_ms": 1795424403000,
	}
}

func event(atMs int64, waiting int) string {
	return fmt.Sprintf("data: {\"at_ms\":%d,\"from_ms\":1795422660000,\"to_ms\":1795424460000,\"queues\":[{\"queue\":\"sales\",\"name\":\"Sales\",\"waiting\":%d,\"offered\":1,\"oldest_ms\":%d,\"staffed\":3,"+
		"\"free\":1,\"open\":true,\"target_ms\":20000,\"target_percent\":80,\"enqueued\":9,\"answered\":6,\"abandoned\":1,\"answered_in_target\":5,\"service_level\":71.43,\"alerts\":[\"over_target\"]}],"+
		"\"total\":{\"waiting\":%d,\"offered\":1,\"oldest_ms\":%d,\"staffed\":3,\"free\":1,\"enqueued\":9,\"answered\":6,\"abandoned\":1,\"answered_in_target\":5,"+
		"\"service_level\":71.43},\"agents\":{\"available\":1,\"busy\":2,\"wrapping\":0,\"away\":1,\"offline\":4}}\n\n",
		atMs, waiting, atMs-12_000, waiting, atMs-12_000)
}

// settingsFor are those of an administrator who knows the double.
func (d *double) settings() backend.DataSourceInstanceSettings {
	return backend.DataSourceInstanceSettings{
		ID: 1, UID: "tributary", Type: ID, Name: "Tributary", Updated: begun,
		JSONData:                []byte(fmt.Sprintf(`{"url":%q,"pageUrl":"https://tributary.example"}`, d.URL)),
		DecryptedSecureJSONData: map[string]string{"token": token},
	}
}

func (d *double) open(change ...func(*Datasource)) *Datasource {
	ds, err := open(context.Background(), d.settings(), func() time.Time { return begun })
	require.NoError(d.t, err)
	require.Nil(d.t, ds.fault)
	ds.firstWait = time.Millisecond
	for _, f := range change {
		f(ds)
	}
	d.t.Cleanup(ds.Dispose)
	return ds
}

var sue = &backend.User{Login: "sue"}

// query is one of a dashboard that shows the half hour up to now.
func query(ref, model string) backend.DataQuery {
	return backend.DataQuery{
		RefID: ref, JSON: []byte(model), Interval: time.Minute, TimeRange: backend.TimeRange{From: begun.Add(-30 * time.Minute), To: begun},
	}
}

func (d *Datasource) asked(t *testing.T, user *backend.User, queries ...backend.DataQuery) backend.Responses {
	t.Helper()
	resp, err := d.QueryData(t.Context(), &backend.QueryDataRequest{PluginContext: backend.PluginContext{User: user}, Queries: queries})
	require.NoError(t, err)
	require.Len(t, resp.Responses, len(queries))
	return resp.Responses
}
