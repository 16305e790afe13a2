package boards

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/dashboards/plugin/pkg/plugin"
	"github.com/tributary-cc/tributary/stream/warehouse"
)

// theDataSourceAnswers asks the data source's back end, as Grafana would, for every panel over the seeded day; the API in front of the
// warehouse is a double, and the snapshot of the wallboard is made up. Into the file that LOOK_FRAMES names it writes the frames: look/ draws
// them.
func theDataSourceAnswers(t *testing.T, w *warehouse.Warehouse) {
	t.Helper()
	api := httptest.NewServer(door(t, w))
	defer api.Close()
	settings, err := json.Marshal(map[string]string{"url": api.URL, "pageUrl": "https://tributary.example.com"})
	require.NoError(t, err)
	made, err := plugin.Factory(func() time.Time { return time.UnixMilli(end) })(t.Context(), backend.DataSourceInstanceSettings{
		UID: DatasourceUID, Type: DatasourceType, JSONData: settings, DecryptedSecureJSONData: map[string]string{"token": "tt-look"},
	})
	require.NoError(t, err)
	d, is := made.(*plugin.Datasource)
	require.True(t, is)
	defer d.Dispose()
	written := map[string]map[string]data.Frames{}
	for _, f := range all(t) {
		written[f.Name] = map[string]data.Frames{}
		for _, p := range f.Board.Panels {
			for _, q := range p.Targets {
				frames := answer(t, d, q, chosenFirst(f.Board))
				written[f.Name][strconv.Itoa(p.ID)] = frames
				fieldsAreThere(t, f.Name, p, frames)
				linesAreCalledByNames(t, q, frames)
			}
		}
	}
	out := os.Getenv("LOOK_FRAMES")
	if out == "" {
		return
	}
	text, err := json.Marshal(map[string]any{"from": begin, "to": end, "frames": written})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(out, text, 0o600))
}

// fieldsAreThere looks for what a panel names among the fields that came: in its overrides, its transformations and its links.
func fieldsAreThere(t *testing.T, board string, p Panel, frames data.Frames) {
	t.Helper()
	require.NotEmpty(t, frames, "%s: %s", board, p.Title)
	there := map[string]bool{}
	for _, f := range frames {
		rows, err := f.RowLen()
		require.NoError(t, err)
		require.Positive(t, rows, "%s: %s", board, p.Title)
		for _, field := range f.Fields {
			there[field.Name] = true
		}
	}
	for _, name := range madeHere(p) {
		there[name] = true
	}
	text, err := json.Marshal(p)
	require.NoError(t, err)
	for _, m := range regexp.MustCompile(`__data\.fields\[\\"([a-z_]+)\\"\]`).FindAllStringSubmatch(string(text), -1) {
		require.True(t, there[m[1]], "%s: %s: a link names %s", board, p.Title, m[1])
	}
	for _, m := range regexp.MustCompile(`"(?:byField|fieldName)":"([A-Za-z_]+)"|"id":"byName","options":"([A-Za-z_]+)"\}\s*[,}]\s*"operator"`).FindAllStringSubmatch(string(text), -1) {
		require.True(t, there[m[1]+m[2]], "%s: %s: a transformation names %s", board, p.Title, m[1]+m[2])
	}
	for _, name := range shownColumns(p) {
		require.True(t, there[name], "%s: %s: %s is not there", board, p.Title, name)
	}
}

// linesAreCalledByNames: a legend says no ids, and a link asks for them.
func linesAreCalledByNames(t *testing.T, q Query, frames data.Frames) {
	t.Helper()
	if q.Format != "series" {
		return
	}
	for _, f := range frames {
		for _, label := range q.Label {
			id := f.Fields[1].Labels[label]
			require.NotEmpty(t, people[label][id], "%s %q", label, id)
			require.Contains(t, f.Fields[1].Config.DisplayNameFromDS, people[label][id])
		}
	}
}

func answer(t *testing.T, d *plugin.Datasource, q Query, vars map[string]string) data.Frames {
	t.Helper()
	params := map[string]string{}
	for name, value := range q.Params {
		if variable, is := strings.CutPrefix(value, "$"); is {
			value = vars[variable]
		}
		params[name] = value
	}
	q.Params = params
	text, err := json.Marshal(q)
	require.NoError(t, err)
	from, to := begin, end
	if q.Query == "queue_by_minute" {
		from = end - 30*minute
	}
	req := &backend.QueryDataRequest{
		PluginContext: backend.PluginContext{User: &backend.User{Login: "sue"}},
		Queries:       []backend.DataQuery{{RefID: "A", JSON: text, Interval: time.Minute, TimeRange: backend.TimeRange{From: time.UnixMilli(from), To: time.UnixMilli(to)}}},
	}
	res, err := d.QueryData(context.Background(), req)
	require.NoError(t, err)
	require.NoError(t, res.Responses["A"].Error, string(text))
	return res.Responses["A"].Frames
}

// door is a double of Tributary's API: its queries are the real ones.
func door(t *testing.T, w *warehouse.Warehouse) http.Handler {
	t.Helper()
	mux := http.NewServeMux()
	say := func(rw http.ResponseWriter, v any) {
		rw.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(rw).Encode(v); err != nil {
			t.Error(err)
		}
	}
	mux.HandleFunc("GET /api/boards/me", func(rw http.ResponseWriter, _ *http.Request) {
		say(rw, map[string]any{"tenant": "acme", "login": "sue", "scope": "all"})
	})
	mux.HandleFunc("GET /api/queries", func(rw http.ResponseWriter, _ *http.Request) {
		all, err := warehouse.BoardQueries()
		if err != nil {
			t.Error(err)
		}
		say(rw, map[string]any{"queries": all})
	})
	mux.HandleFunc("POST /api/query", func(rw http.ResponseWriter, r *http.Request) {
		var body struct {
			Queries []struct {
				Ref, Name string
				Params    map[string]any
			}
		}
		d := json.NewDecoder(r.Body)
		d.UseNumber()
		if err := d.Decode(&body); err != nil {
			t.Error(err)
		}
		results := []any{}
		for _, q := range body.Queries {
			params := map[string]any{"tenant": "acme"}
			for name, v := range q.Params {
				params[name] = v
				if n, is := v.(json.Number); is {
					params[name] = n.String()
				}
			}
			res, err := w.Query(r.Context(), q.Name, params)
			if err != nil {
				results = append(results, map[string]any{"ref": q.Ref, "error": map[string]string{"code": "bad_query", "message": err.Error()}})
				continue
			}
			results = append(results, map[string]any{"ref": q.Ref, "columns": withUnits(t, q.Name, res.Columns), "rows": res.Rows, "as_of_ms": end, "names": people})
		}
		say(rw, map[string]any{"results": results})
	})
	mux.HandleFunc("GET /api/boards/live", func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "text/event-stream")
		text, err := json.Marshal(wall())
		if err != nil {
			t.Error(err)
		}
		_, _ = fmt.Fprintf(rw, "data: %s\n\n", text)
		_ = http.NewResponseController(rw).Flush()
		<-r.Context().Done()
	})
	return mux
}

// people are the names of the seeded queues and agents.
var people = map[string]map[string]string{
	"queue": {"cards": "Cards", "loans": "Loans 贷款", "travel": "Travel desk", "night": "Night line"},
	"agent": {"a1": "Ann Lind", "a2": "王芳", "a3": "Carl Moss", "a4": "Dana Okoye", "a5": "Eli Roth", "a6": "Fay Sun"},
}

// withUnits tells with each column how to read it, as the API does.
func withUnits(t *testing.T, query string, columns []warehouse.Column) []any {
	all, err := warehouse.BoardQueries()
	if err != nil {
		t.Error(err)
	}
	units := map[string]warehouse.Unit{}
	for _, d := range all {
		for _, c := range d.Columns {
			if d.Name == query {
				units[c.Name] = c.Unit
			}
		}
	}
	out := make([]any, len(columns))
	for i, c := range columns {
		out[i] = map[string]any{"name": c.Name, "type": c.Type, "unit": units[c.Name]}
	}
	return out
}

// wall is a floor with something of everything; who waits is who waits at the end of the seeded day. Of a queue's numbers: enqueued, answered,
// abandoned, answered in target, flowed out, abandoned in target.
func wall() map[string]any {
	queue := func(id, name string, waiting, offered int, oldest int64, staffed, free int, open bool, numbers [6]int, level any, alerts ...string) map[string]any {
		since := int64(0)
		if oldest > 0 {
			since = end - oldest*second
		}
		if alerts == nil {
			alerts = []string{}
		}
		return map[string]any{
			"queue": id, "name": name, "waiting": waiting, "offered": offered, "oldest_ms": since, "staffed": staffed, "free": free, "open": open, "target_ms": 20_000,
			"enqueued": numbers[0], "answered": numbers[1], "abandoned": numbers[2], "answered_in_target": numbers[3], "service_level": level, "alerts": alerts, "flowed_out": numbers[4], "abandoned_in_target": numbers[5], "target_percent": 80,
		}
	}
	total := queue("", "", 14, 2, 251, 11, 3, true, [6]int{108, 80, 9, 66, 5, 3}, 76.74)
	delete(total, "open")
	delete(total, "alerts")
	return map[string]any{
		"at_ms": end, "from_ms": end - 29*minute, "to_ms": end + minute, "total": total, "agents": map[string]int{"available": 3, "busy": 7, "wrapping": 1, "away": 2, "offline": 9},
		"queues": []any{
			queue("cards", "Cards", 3, 1, 17, 5, 2, true, [6]int{40, 34, 2, 31, 1, 2}, 91.18),
			queue("loans", "Loans 贷款", 8, 1, 251, 3, 0, true, [6]int{36, 20, 5, 13, 3, 1}, 54.17, "over_target", "service_level_low"),
			queue("travel", "Travel desk", 2, 0, 64, 0, 0, true, [6]int{18, 14, 1, 12, 1, 0}, 80.0, "nobody_staffed", "over_target"),
			queue("night", "Night line", 1, 0, 9, 2, 1, false, [6]int{9, 7, 1, 6, 0, 0}, 75.0, "closed_with_waiting"),
			queue("vip", "VIP", 0, 0, 0, 3, 1, true, [6]int{5, 5, 0, 4, 0, 0}, 80.0),
			queue("mail", "Back office", 0, 0, 0, 1, 1, true, [6]int{}, nil),
		},
	}
}
