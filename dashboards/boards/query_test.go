package boards

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/warehouse"
)

// chosenFirst are the variables of a board as it opens: what is asked of the data source is All, which it makes empty.
func chosenFirst(b Board) map[string]string {
	out := map[string]string{}
	for _, v := range b.Templating.List {
		out[v.Name] = ""
		if v.Current != nil && v.Current.Value != "$__all" {
			out[v.Name] = v.Current.Value
		}
	}
	return out
}

// ask runs a query of a panel as the data source would: variables put in, the time range filled in.
func ask(t *testing.T, w *warehouse.Warehouse, q Query, vars map[string]string, more map[string]any) *warehouse.Result {
	t.Helper()
	params := map[string]any{"tenant": "acme"}
	for name, value := range q.Params {
		if variable, is := strings.CutPrefix(value, "$"); is {
			value = vars[variable]
		}
		params[name] = value
	}
	maps.Copy(params, more)
	for name, value := range map[string]any{"from_ms": begin, "to_ms": end, "at_ms": end} {
		if _, there := params[name]; !there && strings.Contains(w.Queries()[q.Query], "{"+name+":") {
			params[name] = value
		}
	}
	res, err := w.Query(t.Context(), q.Query, params)
	require.NoError(t, err)
	return res
}

func names(r *warehouse.Result) []string {
	out := make([]string, len(r.Columns))
	for i, c := range r.Columns {
		out[i] = c.Name
	}
	return out
}

// withNames are the columns with those of names that the data source puts behind ids.
func withNames(columns []string) []string {
	for _, id := range []string{"queue", "next_queue", "agent"} {
		if slices.Contains(columns, id) {
			columns = append(columns, id+"_name")
		}
	}
	return columns
}

// madeHere are the columns that a panel's transformations add.
func madeHere(p Panel) []string {
	var out []string
	for _, tr := range p.Transformations {
		if o, is := tr.Options.(map[string]any); is {
			if alias, is := o["alias"].(string); is {
				out = append(out, alias)
			}
		}
		if tr.ID == "groupBy" {
			fields := as[map[string]any](as[map[string]any](tr.Options)["fields"])
			for name, f := range fields {
				if as[map[string]any](f)["operation"] == "aggregate" {
					out = append(out, name+" (sum)")
				}
			}
		}
	}
	return out
}

// as reads a value of that type, or nothing: then the test finds nothing, and fails.
func as[T any](v any) T {
	out, _ := v.(T)
	return out
}

// shownColumns are those that a table's panel keeps.
func shownColumns(p Panel) []string {
	for _, tr := range p.Transformations {
		if tr.ID == "organize" {
			return slices.Collect(maps.Keys(as[map[string]bool](as[map[string]any](tr.Options)["includeByName"])))
		}
	}
	return nil
}

// TestOnASeededWarehouse asks the real queries, over the same day.
func TestOnASeededWarehouse(t *testing.T) {
	w := seeded(t)
	for name, test := range map[string]func(*testing.T, *warehouse.Warehouse){
		"every panel's query answers with the columns it names": everyPanelsQueryAnswers,
		"parameters and queries are those for boards":           parametersAreThoseOfTheQueries,
		"the board of queues adds up":                           theQueuesBoardAddsUp,
		"the list behind a number is as long as the number":     theListIsAsLongAsTheNumber,
		"the data source answers every panel":                   theDataSourceAnswers,
	} {
		t.Run(name, func(t *testing.T) { test(t, w) })
	}
}

func everyPanelsQueryAnswers(t *testing.T, w *warehouse.Warehouse) {
	t.Helper()
	files, err := Written()
	require.NoError(t, err)
	asked := 0
	for _, f := range files {
		vars := chosenFirst(f.Board)
		for _, p := range f.Board.Panels {
			for _, q := range p.Targets {
				if q.Kind != "named" {
					continue
				}
				asked++
				res := ask(t, w, q, vars, nil)
				require.NotEmpty(t, res.Rows, "%s: %s", f.Name, p.Title)
				there := append(withNames(names(res)), madeHere(p)...)
				require.Subset(t, there, q.Value, "%s: %s", f.Name, p.Title)
				require.Subset(t, there, q.Label, "%s: %s", f.Name, p.Title)
				require.Subset(t, there, shownColumns(p), "%s: %s", f.Name, p.Title)
				for _, o := range p.FieldConfig.Overrides {
					if shown := shownColumns(p); shown != nil {
						there = shown
					}
					require.Contains(t, there, o.Matcher.Options, "%s: %s: an override for a column that is not there", f.Name, p.Title)
				}
			}
		}
	}
	require.GreaterOrEqual(t, asked, 30)
}

// parametersAreThoseOfTheQueries: the API answers boards no other queries than these, and wants each parameter; those of time are filled
// in by the data source.
func parametersAreThoseOfTheQueries(t *testing.T, _ *warehouse.Warehouse) {
	t.Helper()
	described, err := warehouse.BoardQueries()
	require.NoError(t, err)
	params := map[string][]string{}
	for _, d := range described {
		params[d.Name] = []string{}
		for _, p := range d.Params {
			params[d.Name] = append(params[d.Name], p.Name)
		}
	}
	filled := map[string]bool{"from_ms": true, "to_ms": true, "at_ms": true}
	for _, f := range all(t) {
		for _, p := range f.Board.Panels {
			for _, q := range p.Targets {
				if q.Kind != "named" {
					continue
				}
				require.Contains(t, params, q.Query, "%s: %s", f.Name, p.Title)
				given := slices.Collect(maps.Keys(q.Params))
				require.Subset(t, params[q.Query], given, "%s: %s", f.Name, p.Title)
				for _, name := range params[q.Query] {
					require.True(t, filled[name] || slices.Contains(given, name), "%s: %s: %s is not given", f.Name, p.Title, name)
				}
			}
		}
	}
}

// sums adds up the columns of a result.
func sums(t *testing.T, r *warehouse.Result, columns ...string) map[string]uint64 {
	t.Helper()
	out := map[string]uint64{}
	for _, name := range columns {
		i := slices.Index(names(r), name)
		require.GreaterOrEqual(t, i, 0, name)
		for _, row := range r.Rows {
			n, is := row[i].(uint64)
			require.True(t, is, "%s is %T", name, row[i])
			out[name] += n
		}
	}
	return out
}

var becameOf = []string{"enqueued", "answered", "abandoned", "flowed_out", "waiting"}

func theQueuesBoardAddsUp(t *testing.T, w *warehouse.Warehouse) {
	t.Helper()
	b := English.Queues()
	vars := chosenFirst(b)
	var of []map[string]uint64 // of every panel that asks for what became of enqueueings
	for _, p := range b.Panels {
		for _, q := range p.Targets {
			if q.Query != "queue_by_interval" {
				continue
			}
			r := ask(t, w, q, vars, nil)
			for i := range r.Rows {
				row := *r
				row.Rows = r.Rows[i : i+1]
				s := sums(t, &row, becameOf...)
				require.Equal(t, s["enqueued"], s["answered"]+s["abandoned"]+s["flowed_out"]+s["waiting"], "%s, row %d", p.Title, i)
			}
			of = append(of, sums(t, r, becameOf...))
		}
	}
	require.GreaterOrEqual(t, len(of), 8)
	for _, s := range of {
		require.Equal(t, of[0], s, "panels of one board tell different numbers")
	}
	flowed := ask(t, w, named("flow_outs_by_interval", map[string]string{"queue": "$queue"}).whole(), vars, nil)
	require.Equal(t, of[0]["flowed_out"], sums(t, flowed, "flowed_out")["flowed_out"])
}

// theListIsAsLongAsTheNumber follows the links of each row of the tables that count enqueueings and contacts handled.
func theListIsAsLongAsTheNumber(t *testing.T, w *warehouse.Warehouse) {
	t.Helper()
	contacts := English.Contacts()
	count := func(list int, more map[string]any) int {
		i := slices.IndexFunc(contacts.Panels, func(p Panel) bool { return p.ID == list })
		require.GreaterOrEqual(t, i, 0)
		return len(ask(t, w, contacts.Panels[i].Targets[0], chosenFirst(contacts), more).Rows)
	}
	vars := chosenFirst(English.Queues())
	r := ask(t, w, byInterval(), vars, nil)
	for _, row := range r.Rows {
		at := func(name string) any { return row[slices.Index(names(r), name)] }
		from, is := at("interval_ms").(int64)
		require.True(t, is)
		for column, outcome := range map[string]string{"enqueued": "", "answered": "answered", "abandoned": "abandoned", "flowed_out": "flowed_out", "waiting": "waiting"} {
			n := count(listEnqueueings, map[string]any{"from_ms": from, "to_ms": from + 900_000, "queue": at("queue"), "outcome": outcome})
			require.EqualValues(t, at(column), n, "%s of %v at %d", column, at("queue"), from)
		}
	}
	r = ask(t, w, handledBy("").whole(), vars, nil)
	for _, row := range r.Rows {
		at := func(name string) any { return row[slices.Index(names(r), name)] }
		for column, state := range map[string]string{"handled": "ended", "wrapping": "wrapping"} {
			require.EqualValues(t, at(column), count(listHandled, map[string]any{"queue": at("queue"), "agent": at("agent"), "state": state}), column)
		}
	}
	r = ask(t, w, named("intents_by_interval", map[string]string{}).whole(), vars, nil)
	for _, row := range r.Rows {
		at := func(name string) any { return row[slices.Index(names(r), name)] }
		intent := at("intent")
		if intent == "" {
			intent = "-"
		}
		require.EqualValues(t, at("found"), count(listIntents, map[string]any{"intent": intent, "stage": at("stage")}))
	}
}
