package plugin

import (
	"encoding/json"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/stretchr/testify/require"
)

var handledInfo = queryInfo{
	Name:    "contacts_handled",
	Params:  []paramInfo{{"from_ms", "Int64", ""}, {"to_ms", "Int64", ""}},
	Columns: []columnInfo{{"interval_ms", unitMoment, ""}, {"queue", "", "its id"}, {"next_queue", "", ""}, {"agent", "", ""}, {"handled", "count", ""}},
}

// handled answers with rows of queues and agents, and these names.
func handled(t *testing.T, names any) *Datasource {
	t.Helper()
	api := newDouble(t)
	api.results["contacts_handled"] = func(sentQuery) map[string]any {
		r := map[string]any{
			"columns": columns("interval_ms", "Int64", "queue", "String", "next_queue", "Nullable(String)", "agent", "LowCardinality(String)", "handled", "UInt64"),
			"rows":    []any{[]any{1000, "q1", "q2", "a1", 1}, []any{1000, "q2", nil, "a1", 2}, []any{1000, "q3", "", "a2", 3}, []any{1000, "q1", "gone", "", 4}},
		}
		if names != nil {
			r["names"] = names
		}
		return r
	}
	d := api.open()
	d.catalog.queries = map[string]*queryInfo{"contacts_handled": {
		Name: handledInfo.Name, Params: handledInfo.Params, Columns: withNames(handledInfo.Columns),
	}}
	d.catalog.fetched = begun
	return d
}

func texts(t *testing.T, f *data.Frame, column string) []string {
	t.Helper()
	field, _ := f.FieldByName(column)
	require.NotNil(t, field, column)
	out := make([]string, field.Len())
	for i := range out {
		out[i] = textAt(field, i)
	}
	return out
}

// Tables show names behind the ids; two that are called the same are told apart by them, and who has no name is called by it.
func TestTablesNameQueuesAndAgents(t *testing.T) {
	names := map[string]any{"queue": map[string]string{"q1": "Sales", "q2": "Sales", "q3": "贷款"}, "agent": map[string]string{"a1": "Ann", "a2": "Bob"}, "other": map[string]string{"q1": "x"}}
	r := handled(t, names).asked(t, sue, query("A", `{"query":"contacts_handled"}`))["A"]
	require.NoError(t, r.Error)
	f := r.Frames[0]
	var order []string
	for _, field := range f.Fields {
		order = append(order, field.Name)
	}
	require.Equal(t, []string{"interval_ms", "queue", "queue_name", "next_queue", "next_queue_name", "agent", "agent_name", "handled"}, order)
	require.Equal(t, []string{"q1", "q2", "q3", "q1"}, texts(t, f, "queue"))
	require.Equal(t, []string{"Sales (q1)", "Sales (q2)", "贷款", "Sales (q1)"}, texts(t, f, "queue_name"))
	require.Equal(t, []string{"Sales (q2)", "", "", "gone"}, texts(t, f, "next_queue_name"))
	require.Equal(t, []string{"Ann", "Ann", "Bob", ""}, texts(t, f, "agent_name"))

	// Only the columns that are named; a name may be one of them.
	r = handled(t, names).asked(t, sue, query("A", `{"query":"contacts_handled","label":["agent_name"],"value":["handled"]}`))["A"]
	require.NoError(t, r.Error)
	require.Len(t, r.Frames[0].Fields, 2)
	require.Equal(t, []string{"Ann", "Ann", "Bob", ""}, texts(t, r.Frames[0], "agent_name"))
}

// An alert rule's labels are the texts of its table: they are ids, unless it asks for names.
func TestAlertRulesHaveIDsAlone(t *testing.T) {
	d := handled(t, map[string]any{"queue": map[string]string{"q1": "Sales"}, "agent": map[string]string{"a1": "Ann"}})
	for model, want := range map[string]int{`{"query":"contacts_handled"}`: 5, `{"query":"contacts_handled","label":["agent_name"],"value":["handled"]}`: 2} {
		for _, user := range []*backend.User{sue, {Login: "grafana_scheduler", Role: "Admin"}} {
			r, err := d.QueryData(t.Context(), &backend.QueryDataRequest{
				PluginContext: backend.PluginContext{User: user}, Headers: map[string]string{backend.FromAlertHeaderName: "true"}, Queries: []backend.DataQuery{query("A", model)},
			})
			require.NoError(t, err)
			require.NoError(t, r.Responses["A"].Error)
			require.Len(t, r.Responses["A"].Frames[0].Fields, want, model)
		}
	}
}

// Lines are called by names; what tells them apart, and links ask for, are ids.
func TestLinesAreCalledByNames(t *testing.T) {
	names := map[string]any{"queue": map[string]string{"q1": "Sales", "q2": "Sales"}, "agent": map[string]string{"a1": "Ann"}}
	of := func(frames data.Frames) (called []string) {
		for _, f := range frames {
			called = append(called, f.Fields[1].Config.DisplayNameFromDS)
		}
		return called
	}
	r := handled(t, names).asked(t, sue, query("A", `{"query":"contacts_handled","format":"series","value":["handled"],"label":["queue","agent"]}`))["A"]
	require.NoError(t, r.Error)
	require.Equal(t, []string{"Ann · Sales (q1)", "Ann · Sales (q2)", "a2 · q3", "Sales (q1)"}, of(r.Frames))
	require.Equal(t, data.Labels{"queue": "q1", "agent": "a1"}, r.Frames[0].Fields[1].Labels)
	r = handled(t, names).asked(t, sue, query("A", `{"query":"contacts_handled","format":"series","value":["handled"]}`))["A"]
	require.NoError(t, r.Error)
	require.Equal(t, data.Labels{"queue": "q1", "next_queue": "q2", "agent": "a1"}, r.Frames[0].Fields[1].Labels, "names are no labels unless they are asked for")
}

// A Tributary that says no names is read all the same; one that says something else than names is not.
func TestAnswersWithoutNames(t *testing.T) {
	for _, none := range []any{nil, map[string]any{}, map[string]any{"queue": nil}} {
		r := handled(t, none).asked(t, sue, query("A", `{"query":"contacts_handled"}`))["A"]
		require.NoError(t, r.Error)
		require.Equal(t, []string{"q1", "q2", "q3", "q1"}, texts(t, r.Frames[0], "queue_name"))
	}
	for _, wrong := range []any{7, map[string]any{"queue": []string{"q1"}}} {
		r := handled(t, wrong).asked(t, sue, query("A", `{"query":"contacts_handled"}`))["A"]
		require.Error(t, r.Error)
		require.Equal(t, backend.ErrorSourceDownstream, r.ErrorSource)
	}
}

// The editor offers the columns of names as any other; those of a query that has its own stay as they are.
func TestTheListOfQueriesHasTheColumnsOfNames(t *testing.T) {
	text, err := json.Marshal([]queryInfo{handledInfo, {Name: "own", Columns: []columnInfo{{"queue", "", ""}, {"queue_name", "", "its own"}}}})
	require.NoError(t, err)
	list := map[string]json.RawMessage{"queries": text}
	addNames(list)
	var got []queryInfo
	require.NoError(t, json.Unmarshal(list["queries"], &got))
	require.True(t, got[0].hasColumn("agent_name"))
	require.Equal(t, "the name of that queue, or its id where no name is known", got[0].column("next_queue_name").Help)
	require.Len(t, got[0].Columns, 8)
	require.Equal(t, []columnInfo{{"queue", "", ""}, {"queue_name", "", "its own"}}, got[1].Columns)
	list = map[string]json.RawMessage{"queries": json.RawMessage(`7`)}
	addNames(list)
	require.JSONEq(t, `7`, string(list["queries"]))
}
