package warehouse

import (
	"maps"
	"math"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a header says is told whole: every parameter and every column has its words.
func TestDescriptions(t *testing.T) {
	all, err := loadQueries()
	require.NoError(t, err)
	described, err := BoardQueries()
	require.NoError(t, err)
	require.Len(t, described, len(boardQueries))
	for _, d := range described {
		require.NotEmpty(t, d.Help, d.Name)
		given := maps.Clone(all[d.Name].params)
		delete(given, "tenant")
		delete(given, ParamPractice)
		require.Len(t, d.Params, len(given), "%s: all but the tenant and the queues to practise in", d.Name)
		for _, p := range d.Params {
			require.NotEqual(t, "tenant", p.Name)
			require.NotEmpty(t, p.Help, "%s %s", d.Name, p.Name)
			require.Equal(t, all[d.Name].params[p.Name], p.Type)
		}
		require.NotEmpty(t, d.Columns)
		for _, c := range d.Columns {
			require.NotEmpty(t, c.Help, "%s %s", d.Name, c.Name)
		}
	}
}

// The columns are those that ClickHouse answers, in their order, and their values are what their units say.
func TestDescriptionsAreTrue(t *testing.T) {
	w, s := seeded(t)
	h := newHistory(5, 150)
	h.deal(s, 1, func() { runUntil(t, newTestSink(t, w, s), caughtUp) })
	described, err := BoardQueries()
	require.NoError(t, err)
	params := map[string]any{
		"tenant": "acme", "from_ms": t0, "to_ms": t0 + 150*minute, "interval_ms": 15 * minute, "at_ms": t0 + 60*minute, "count": 10_000, "skip": 0,
		"target_ms": 20 * second, "short_ms": 5 * second, "flow_outs": 1, "short_abandons": 1, "abandons": 1, "min_wait_ms": 0, "max_wait_ms": int64(math.MaxInt64),
		"min_score": 0, "max_score": 5,
	}
	const era = int64(1_500_000_000_000) // lengths are shorter, moments later
	for _, d := range described {
		asked := map[string]any{"tenant": "acme"}
		for _, p := range d.Params {
			if asked[p.Name] = params[p.Name]; p.Type == "String" {
				asked[p.Name] = ""
			}
		}
		r, err := w.Query(t.Context(), d.Name, asked)
		require.NoError(t, err, d.Name)
		require.NotEmpty(t, r.Rows, d.Name)
		require.Len(t, r.Columns, len(d.Columns), d.Name)
		for i, c := range r.Columns {
			require.Equal(t, d.Columns[i].Name, c.Name, d.Name)
			for _, row := range r.Rows {
				requireUnit(t, d.Name+" "+c.Name, d.Columns[i].Unit, row[i], era)
			}
		}
	}
}

func requireUnit(t *testing.T, name string, unit Unit, v any, era int64) {
	t.Helper()
	number := reflect.ValueOf(v)
	if v == nil || number.Kind() == reflect.Slice {
		return
	}
	if unit == UnitText {
		require.False(t, number.CanInt() || number.CanUint() || number.CanFloat(), "%s: %v is a number", name, v)
		return
	}
	require.True(t, number.CanInt() || number.CanUint() || number.CanFloat(), "%s: %v is no number but %T", name, v, v)
	n := number.Convert(reflect.TypeFor[float64]()).Float()
	switch unit { //nolint:exhaustive // the others have no bound
	case UnitMoment:
		require.True(t, n == 0 || n > float64(era), "%s: %v", name, v)
	case UnitPercent:
		require.True(t, n >= 0 && n <= 100, "%s: %v", name, v)
	case UnitThousandths:
		require.True(t, n >= 0 && n <= 1000, "%s: %v", name, v)
	default:
		require.True(t, n >= 0 && n < float64(era), "%s: %v", name, v)
	}
}
