package plugin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/grafana/grafana-plugin-sdk-go/experimental"
	"github.com/stretchr/testify/require"
)

// update writes the golden frames anew: set it, run, look at what changed.
const update = false

const byInterval = `"query":"queue_by_interval","params":{"queue":"","interval_ms":600000,"target_ms":20000,"abandons":1},"align":true`

// Every kind of answer as Grafana gets it, in testdata.
func TestGoldenFrames(t *testing.T) {
	for name, model := range map[string]string{
		"table":            `{` + byInterval + `}`,
		"table-formula":    `{` + byInterval + `,"formula":"sl_copc"}`,
		"table-columns":    `{` + byInterval + `,"value":["answered","enqueued"],"label":["queue"]}`,
		"series":           `{` + byInterval + `,"format":"series","value":["answered","asa_ms"],"label":["queue"]}`,
		"series-formula":   `{` + byInterval + `,"format":"series","formula":"sl_copc"}`,
		"series-moment":    `{"query":"queue_now","align":true,"format":"series"}`,
		"contacts":         `{"query":"contacts_of","params":{"queue":"sales","skip":0,"count":100}}`,
		"annotations":      `{"kind":"annotations"}`,
		"wallboard":        `{"kind":"wallboard"}`,
		"wallboard-series": `{"kind":"wallboard","format":"series","value":["waiting","service_level"]}`,
	} {
		t.Run(name, func(t *testing.T) {
			api := newDouble(t)
			api.events <- event(begun.UnixMilli(), 2)
			r := api.open().asked(t, sue, query("A", model))["A"]
			experimental.CheckGoldenJSONResponse(t, "testdata", name, &r, update)
			for _, f := range r.Frames {
				require.Equal(t, "A", f.RefID)
			}
		})
	}
}

// The queries of a request travel together, as many as the API takes at once, and each has its own answer.
func TestQueriesTravelTogether(t *testing.T) {
	api := newDouble(t)
	d := api.open()
	var queries []backend.DataQuery
	for i := range 45 {
		queries = append(queries, query(fmt.Sprintf("A/%d", i), `{`+byInterval+`}`))
	}
	queries = append(queries, query("B", `{"query":"contacts_of","params":{"queue":"`+strings.Repeat("x", 50<<10)+`","skip":0,"count":1}}`))
	for ref, r := range d.asked(t, sue, queries...) {
		require.NoError(t, r.Error, ref)
		require.NotEmpty(t, r.Frames, ref)
	}
	require.Len(t, api.requests("/api/query"), 3, "20, 20, and 5 with the large one")
	require.Len(t, api.requests("/api/queries"), 1, "the list of queries is kept")
	for _, r := range api.requests("/api/query") {
		require.Equal(t, "sue", r.Header.Get(userHeader))
		require.NotEmpty(t, r.Header.Get("User-Agent"))
	}
}

// What is wrong with one query does not touch the others, and says whose fault it is.
func TestPartialSuccess(t *testing.T) {
	api := newDouble(t)
	for code, message := range map[string]string{"unavailable": "the warehouse is away", "too_slow": "it took too long", "forbidden": "not your queue"} {
		api.results["queue_"+code] = func(sentQuery) map[string]any {
			return map[string]any{"error": map[string]string{"code": code, "message": message, "field": "queue"}}
		}
	}
	list := append([]queryInfo{{Name: "queue_unavailable"}, {Name: "queue_too_slow"}, {Name: "queue_forbidden"}, {Name: "gone"}}, doubleQueries...)
	api.handle("/api/queries", func(w http.ResponseWriter, _ *http.Request) { write(w, map[string]any{"queries": list}) })
	d := api.open()
	got := d.asked(t, sue,
		query("ok", `{`+byInterval+`}`), query("away", `{"query":"queue_unavailable"}`), query("slow", `{"query":"queue_too_slow"}`),
		query("theirs", `{"query":"queue_forbidden"}`), query("gone", `{"query":"gone"}`), query("none", `{"query":"nothing"}`),
		query("params", `{"query":"queue_by_interval","params":{"queu":"x","target_ms":"soon","abandons":300}}`),
		query("missing", `{"query":"queue_by_interval"}`),
		query("column", `{`+byInterval+`,"value":["answer"]}`), query("formula", `{"query":"queue_now","formula":"sl_connect"}`),
		query("variable", `{"query":"queue_now","params":{"at_ms":"$__to"}}`), query("several", `{"query":"queue_now","params":{"at_ms":["1","2"]}}`),
		query("json", `{"query":7}`), query("kind", `{"kind":"sql"}`), query("unset", `{}`), query("text", `{`+byInterval+`,"format":"series","label":["answered"]}`),
		query("lines", `{`+byInterval+`,"format":"series","value":["answered"],"label":["interval_ms"]}`),
		query("steps", `{"query":"queue_by_interval","params":{"queue":"","interval_ms":1,"target_ms":1,"abandons":0}}`),
	)
	for ref, want := range map[string]struct {
		status backend.Status
		source backend.ErrorSource
		words  string
	}{
		"away":     {502, backend.ErrorSourceDownstream, "queue: the warehouse is away"},
		"slow":     {504, backend.ErrorSourceDownstream, "it took too long"},
		"theirs":   {403, backend.ErrorSourceDownstream, "not your queue"},
		"gone":     {400, backend.ErrorSourcePlugin, "no such query"},
		"none":     {400, backend.ErrorSourcePlugin, `no query "nothing"`},
		"params":   {400, backend.ErrorSourcePlugin, "abandons: it is not a whole number in its range; queu: there is no such parameter; target_ms: it is not a whole"},
		"missing":  {400, backend.ErrorSourcePlugin, "queue (String) is missing; target_ms (Int64) is missing; abandons (UInt8) is missing"},
		"column":   {400, backend.ErrorSourcePlugin, `no column "answer"; its columns: interval_ms, queue`},
		"formula":  {400, backend.ErrorSourcePlugin, `no service level "sl_connect"`},
		"variable": {400, backend.ErrorSourcePlugin, "the variable $__to was not replaced"},
		"several":  {400, backend.ErrorSourcePlugin, "at_ms: it takes one value, not several"},
		"json":     {400, backend.ErrorSourcePlugin, "cannot be read"},
		"kind":     {400, backend.ErrorSourcePlugin, `no kind of query "sql"`},
		"unset":    {400, backend.ErrorSourcePlugin, "no query is chosen"},
		"text":     {400, backend.ErrorSourcePlugin, "holds no texts"},
		"lines":    {400, backend.ErrorSourcePlugin, "holds no texts"},
		"steps":    {400, backend.ErrorSourcePlugin, "more than 10000 intervals"},
	} {
		r := got[ref]
		require.ErrorContains(t, r.Error, want.words, ref)
		require.Equal(t, want.status, r.Status, ref)
		require.Equal(t, want.source, r.ErrorSource, ref)
		require.Empty(t, r.Frames, ref)
	}
	require.NoError(t, got["ok"].Error)
	require.Len(t, api.requests("/api/query"), 1)
}

// A line with two values at one time would mean nothing.
func TestSeriesNeedsLabels(t *testing.T) {
	api := newDouble(t)
	api.results["queue_by_interval"] = func(sentQuery) map[string]any {
		return map[string]any{
			"columns": columns("interval_ms", "Int64", "queue", "String", "answered", "UInt64"),
			"rows":    []any{[]any{2000, "a", 1}, []any{1000, "a", 2}, []any{2000, "b", 3}},
		}
	}
	d := api.open()
	model := `{` + byInterval + `,"format":"series","value":["answered"]`
	r := d.asked(t, sue, query("A", model+`}`))["A"]
	require.NoError(t, r.Error)
	require.Len(t, r.Frames, 2)
	require.Equal(t, data.Labels{"queue": "a"}, r.Frames[0].Fields[1].Labels)
	require.Equal(t, time.UnixMilli(1000).UTC(), r.Frames[0].Fields[0].At(0), "in the order of time")
	require.Equal(t, int64(2), r.Frames[0].Fields[1].At(0))

	api.results["queue_by_interval"] = func(sentQuery) map[string]any {
		return map[string]any{"columns": columns("interval_ms", "Int64", "queue", "String", "answered", "UInt64"), "rows": []any{[]any{2000, "a", 1}, []any{2000, "a", 2}}}
	}
	require.ErrorContains(t, d.asked(t, sue, query("A", model+`}`))["A"].Error, "several rows for one time")
	api.results["queue_by_interval"] = func(sentQuery) map[string]any {
		return map[string]any{"columns": columns("interval_ms", "Int64", "queue", "String", "answered", "UInt64"), "rows": []any{}}
	}
	r = d.asked(t, sue, query("A", model+`}`))["A"]
	require.NoError(t, r.Error)
	require.Len(t, r.Frames, 1)
	require.Equal(t, data.FrameTypeTimeSeriesMulti, r.Frames[0].Meta.Type)
	require.Empty(t, r.Frames[0].Fields, "no data, and no error")
}

// Times are rounded so that viewers ask the same, and never past what is now.
func TestTimesAreShared(t *testing.T) {
	info := &doubleQueries[0]
	given := map[string]json.RawMessage{"queue": []byte(`""`), "target_ms": []byte(`"20s"`), "abandons": []byte("true")}
	at := func(s string) int64 {
		m, err := time.Parse("15:04:05", s)
		require.NoError(t, err)
		return begun.Truncate(24*time.Hour).UnixMilli() + m.Sub(m.Truncate(24*time.Hour)).Milliseconds()
	}
	for name, c := range map[string]struct {
		interval, from, to string
		align              bool
		wantFrom, wantTo   int64
	}{
		"not aligned":         {"600000", "08:30:03", "09:00:03", false, at("08:30:03"), at("09:00:03")},
		"down, and up to now": {"600000", "08:30:03", "09:00:03", true, at("08:30:00"), at("09:00:00")},
		"up in the past":      {"15m", "08:20:03", "08:31:00", true, at("08:15:00"), at("08:45:00")},
		"already round":       {"900000", "08:15:00", "08:45:00", true, at("08:15:00"), at("08:45:00")},
		"one interval":        {"9000000000000", "08:30:03", "09:00:03", true, at("08:30:00"), at("09:00:00")},
		"ahead":               {"600000", "08:30:03", "23:00:00", true, at("08:30:00"), at("09:00:00")},
	} {
		t.Run(name, func(t *testing.T) {
			given["interval_ms"], _ = json.Marshal(c.interval)
			from := backend.DataQuery{TimeRange: backend.TimeRange{From: time.UnixMilli(at(c.from)), To: time.UnixMilli(at(c.to))}}
			got, err := resolve(&Query{Align: c.align, Params: given}, info, from, begun)
			require.NoError(t, err)
			require.Equal(t, []any{c.wantFrom, c.wantTo}, []any{got["from_ms"], got["to_ms"]})
			require.Equal(t, int64(20_000), got["target_ms"])
			require.Equal(t, uint64(1), got["abandons"])
		})
	}
	// Days begin at the viewers' midnight.
	given["interval_ms"] = []byte(`"1d"`)
	from := backend.DataQuery{TimeRange: backend.TimeRange{From: begun.Add(-72 * time.Hour), To: begun}}
	got, err := resolve(&Query{Align: true, OffsetMs: 8 * 3_600_000, Params: given}, info, from, begun)
	require.NoError(t, err)
	require.Equal(t, time.Date(2026, 11, 19, 16, 0, 0, 0, time.UTC).UnixMilli(), got["from_ms"])
	// What is given stays as it is.
	given["from_ms"], given["to_ms"] = []byte("1234567890123"), []byte(`"1234567899999"`)
	got, err = resolve(&Query{Align: true, Params: given}, info, from, begun)
	require.NoError(t, err)
	require.Equal(t, []any{int64(1234567890123), int64(1234567899999)}, []any{got["from_ms"], got["to_ms"]})
	// The moment of queue_now.
	got, err = resolve(&Query{Align: true}, &doubleQueries[1], backend.DataQuery{TimeRange: backend.TimeRange{To: begun}}, begun)
	require.NoError(t, err)
	require.Equal(t, at("09:00:00"), got["at_ms"])
}

func TestVariablesThatNobodyReplaced(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "sales": "", "5 $": "", "$5": "", "a$": "", "${": "", "[[": "", "$queue": "$queue", "x ${queue:csv} y": "${queue:csv}", "[[queue]]": "[[queue]]",
		"$__from": "$__from", "€$a": "$a", "${}": "", "$" + strings.Repeat("a", 99): "$" + strings.Repeat("a", 59),
	} {
		require.Equal(t, want, unresolved(text), text)
	}
}

// Whom the API is told.
func TestWhoAsks(t *testing.T) {
	api := newDouble(t)
	d := api.open()
	model := `{"query":"queue_now"}`
	for _, user := range []*backend.User{nil, {}} {
		r := d.asked(t, user, query("A", model))["A"]
		require.ErrorContains(t, r.Error, "no signed-in user")
		require.Equal(t, backend.Status(403), r.Status)
	}
	require.Empty(t, api.requests("/api/query"))
	require.ErrorContains(t, d.asked(t, &backend.User{Login: "eve"}, query("A", `{"kind":"wallboard"}`))["A"].Error, "an administrator of Tributary has to make it")

	// An alert rule has no user of Tributary's. A header of a browser does not make a request one of an alert rule, however it comes.
	const scheduler, viewer = "grafana_scheduler", "Viewer"
	for _, c := range []struct{ login, role, email, header, want string }{
		{scheduler, "Admin", "", "FromAlert", ""},
		{scheduler, "Admin", "", "http_FromAlert", scheduler},
		{scheduler, "Admin", "", "Other", scheduler},
		{scheduler, viewer, "", "FromAlert", scheduler}, // who took that login
		{scheduler, "Admin", "x@example.com", "FromAlert", scheduler},
		{"tom", viewer, "tom@example.com", "FromAlert", "tom"},
	} {
		_, err := d.QueryData(t.Context(), &backend.QueryDataRequest{
			PluginContext: backend.PluginContext{User: &backend.User{Login: c.login, Role: c.role, Email: c.email}}, Headers: map[string]string{c.header: "true"}, Queries: []backend.DataQuery{query("A", model)},
		})
		require.NoError(t, err)
		seen := api.requests("/api/query")
		require.Equal(t, c.want, seen[len(seen)-1].Header.Get(userHeader))
	}
	got, err := d.QueryData(t.Context(), &backend.QueryDataRequest{
		PluginContext: backend.PluginContext{User: &backend.User{}}, Headers: map[string]string{"FromAlert": "true"}, Queries: []backend.DataQuery{query("A", model)},
	})
	require.NoError(t, err)
	require.ErrorContains(t, got.Responses["A"].Error, "no signed-in user", "an anonymous visitor with the header")
}

// A list that is as long as was asked for says so: a number may count more.
func TestAFullListSaysThatThereMayBeMore(t *testing.T) {
	api := newDouble(t)
	api.results["contacts_of"] = func(q sentQuery) map[string]any {
		rows := contactRows(q)
		rows["truncated"] = false
		return rows
	}
	d := api.open()
	for count, want := range map[int]int{2: 1, 3: 0} {
		r := d.asked(t, &backend.User{Login: "sue"}, query("A", fmt.Sprintf(`{"query":"contacts_of","params":{"queue":"","skip":0,"count":%d}}`, count)))["A"]
		require.NoError(t, r.Error)
		require.Len(t, r.Frames[0].Meta.Notices, want, "count %d", count)
	}
}

// A Tributary that does not answer is not asked again by each panel in turn.
func TestADeadListOfQueriesIsAskedForOnce(t *testing.T) {
	api := newDouble(t)
	api.handle("/api/queries", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	now := time.Unix(1795424400, 0)
	d := api.open(func(d *Datasource) { d.catalog.now = func() time.Time { return now } })
	for range 5 {
		_, err := d.catalog.query(t.Context(), "queue_now")
		require.Error(t, err)
	}
	require.Len(t, api.requests("/api/queries"), 1)
	now = now.Add(catalogRest)
	_, err := d.catalog.query(t.Context(), "queue_now")
	require.Error(t, err)
	require.Len(t, api.requests("/api/queries"), 2)
}
