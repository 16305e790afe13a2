package warehouse

import (
	"context"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/warehouse/reckon"
)

func requireEqualRows(t *testing.T, name string, want, got [][]any) {
	t.Helper()
	require.Empty(t, reckon.Differences(want, got), name)
}

// asker runs named queries with the parameters that a test always gives.
type asker struct {
	t *testing.T
	w *Warehouse
	k reckon.Reckoning
}

func (a asker) ask(name string, params map[string]any) *Result {
	a.t.Helper()
	q := a.w.queries[name]
	require.NotNil(a.t, q, name)
	all := map[string]any{}
	for p, v := range map[string]any{
		"tenant": "acme", "queue": "", "agent": "", "from_ms": a.k.From, "to_ms": a.k.To, "interval_ms": a.k.Interval, "skip": 0, "count": 10_000,
	} {
		if _, takes := q.params[p]; takes {
			all[p] = v
		}
	}
	for p, v := range params {
		all[p] = v
	}
	if len(a.k.Practice) > 0 {
		all[ParamPractice] = PracticeQueues(slices.Sorted(maps.Keys(a.k.Practice)))
	}
	res, err := a.w.Query(context.Background(), name, all)
	require.NoError(a.t, err)
	return res
}

// column finds a value by its column's name.
func (r *Result) column(row []any, name string) int64 {
	for i, c := range r.Columns {
		if c.Name == name {
			rv := reflect.ValueOf(row[i])
			if rv.CanUint() {
				return int64(rv.Uint())
			}
			return rv.Int()
		}
	}
	panic("no column " + name) //nolint:forbidigo // a test
}

// Every number equals what Go counts from the same facts, however they come: twice, late, in many cuts, with the sink begun anew between.
func TestNumbersEqualTheFacts(t *testing.T) {
	for seed := uint64(1); seed <= 3; seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			w, s := seeded(t)
			h := newHistory(seed, 150)
			h.deal(s, 3, func() { runUntil(t, newTestSink(t, w, s), caughtUp) })
			faults, err := w.Verify(context.Background(), "")
			require.NoError(t, err)
			require.True(t, faults.None(), "%+v", faults)

			interval := []int64{15 * minute, 60 * minute, 7*minute + 13*second}[h.IntN(3)]
			k := reckon.Reckoning{Facts: h.events(), From: t0 + h.Int64N(10*minute), Interval: interval}
			k.To = k.From + h.Int64N(60*minute) + 100*minute
			a := asker{t, w, k}
			requireNumbers(a)
			requireSums(a)
			requireDrillDown(a)

			// Who practises is counted nowhere: neither in what is listed nor in the numbers over it, and no other number changes.
			everywhere := a.ask("queue_now", map[string]any{"at_ms": k.To}).Rows
			a.k.Practice = map[string]bool{"service": true, "": true, "gym": true}
			requireNumbers(a)
			requireSums(a)
			requireDrillDown(a)
			require.Len(t, a.ask("queue_now", map[string]any{"at_ms": k.To}).Rows, len(everywhere)-1)
		})
	}
}

func requireNumbers(a asker) {
	a.t.Helper()
	k := a.k
	for _, switches := range [][3]bool{{false, true, true}, {true, false, true}, {false, false, false}} {
		bit := map[bool]int{true: 1}
		got := a.ask("queue_by_interval", map[string]any{
			"target_ms": 20 * second, "short_ms": 5 * second, "flow_outs": bit[switches[0]], "short_abandons": bit[switches[1]], "abandons": bit[switches[2]],
		})
		requireEqualRows(a.t, "queue_by_interval", k.Queues(reckon.Switches{Target: 20 * second, Short: 5 * second, FlowOuts: switches[0], Shorts: switches[1], Abandons: switches[2]}), got.Rows)
		require.NotEmpty(a.t, got.Rows)
	}
	for name, want := range map[string][][]any{
		"flow_outs_by_interval": k.FlowOuts(), "queue_by_minute": k.Minutes(), "agent_time_by_interval": k.AgentTime(), "agent_by_interval": k.Agents(),
		"offers_by_interval": k.Offers(), "contacts_handled": k.Handled(), "wrap_up_by_interval": k.WrapUps(), "surveys_by_interval": k.Surveys(),
		"intents_by_interval": k.Intents(),
	} {
		require.NotEmpty(a.t, want, name)
		requireEqualRows(a.t, name, want, a.ask(name, nil).Rows)
	}
	only := a.ask("queue_by_minute", map[string]any{"queue": "sales"})
	last := only.Rows[len(only.Rows)-1]
	at := min(only.column(last, "minute_ms")+minute, k.To)
	for moment := k.From; moment < k.To; moment += 11 * minute {
		requireEqualRows(a.t, "queue_now", k.QueuesNow(moment), a.ask("queue_now", map[string]any{"at_ms": moment}).Rows)
		requireEqualRows(a.t, "floor_now", k.FloorNow(moment), a.ask("floor_now", map[string]any{"at_ms": moment}).Rows)
	}
	now := a.ask("queue_now", map[string]any{"at_ms": at - 1})
	for _, row := range now.Rows {
		if row[0] == "sales" {
			require.Equal(a.t, only.column(last, "waiting"), now.column(row, "waiting"), "queue_now tells the end of a minute as queue_by_minute does")
			require.Equal(a.t, only.column(last, "oldest_ms"), now.column(row, "oldest_ms"))
		}
	}
}

// requireSums checks what must add up, from the answers alone.
func requireSums(a asker) {
	a.t.Helper()
	q := a.ask("queue_by_interval", map[string]any{"target_ms": 20 * second, "short_ms": 5 * second, "flow_outs": 0, "short_abandons": 1, "abandons": 1})
	flowed := map[string]int64{}
	for _, row := range q.Rows {
		require.Equal(a.t, q.column(row, "enqueued"), q.column(row, "answered")+q.column(row, "abandoned")+q.column(row, "flowed_out")+q.column(row, "waiting"))
		flowed[fmt.Sprint(row[:2]...)] = q.column(row, "flowed_out")
	}
	f := a.ask("flow_outs_by_interval", nil)
	for _, row := range f.Rows {
		flowed[fmt.Sprint(row[:2]...)] -= f.column(row, "flowed_out")
	}
	for key, left := range flowed {
		require.Zero(a.t, left, key)
	}
	m := a.ask("queue_by_minute", nil)
	was := map[any]int64{}
	for _, row := range m.Rows {
		if before, known := was[row[1]]; known {
			require.Equal(a.t, m.column(row, "waiting"), before+m.column(row, "arrivals")-m.column(row, "answered")-m.column(row, "abandoned")-m.column(row, "flowed_out"))
		}
		was[row[1]] = m.column(row, "waiting")
	}
	o := a.ask("offers_by_interval", nil)
	for _, row := range o.Rows {
		require.Equal(a.t, o.column(row, "offers"), o.column(row, "accepted")+o.column(row, "rejected")+o.column(row, "timed_out")+o.column(row, "rescinded")+o.column(row, "open"))
	}
	g := a.ask("agent_by_interval", nil)
	for i, row := range g.Rows {
		known := g.column(row, "known_ms")
		require.LessOrEqual(a.t, known, a.k.Interval)
		if started := g.column(row, "interval_ms"); i >= len(historyAgents) && known > 0 && started > a.k.From+30*minute {
			require.Equal(a.t, min(a.k.Interval, a.k.To-started), known, "the times of an agent have no hole")
		}
	}
	sum := map[string]int64{}
	for name, column := range map[string]string{"contacts_handled": "handled", "wrap_up_by_interval": "contacts"} {
		r := a.ask(name, nil)
		for _, row := range r.Rows {
			sum[name] += r.column(row, column)
		}
	}
	require.Equal(a.t, sum["contacts_handled"], sum["wrap_up_by_interval"])
}

// requireDrillDown checks that behind each number there are as many rows.
func requireDrillDown(a asker) {
	a.t.Helper()
	const target, short = 20 * second, 5 * second
	q := a.ask("queue_by_interval", map[string]any{"target_ms": target, "short_ms": short, "flow_outs": 0, "short_abandons": 1, "abandons": 1})
	bounds := func(r *Result, row []any) map[string]any {
		from := r.column(row, "interval_ms")
		return map[string]any{"from_ms": from, "to_ms": min(from+a.k.Interval, a.k.To)}
	}
	with := func(m map[string]any, more ...any) map[string]any {
		for i := 0; i < len(more); i += 2 {
			m[more[i].(string)] = more[i+1] //nolint:errcheck,forcetypeassert // a test
		}
		return m
	}
	for i, row := range q.Rows {
		if i%4 != 0 { // each number of some rows: it is many questions
			continue
		}
		for _, n := range []struct {
			column, outcome string
			least, most     int64
		}{
			{"enqueued", "", 0, math.MaxInt64},
			{"answered", "answered", 0, math.MaxInt64},
			{"abandoned", "abandoned", 0, math.MaxInt64},
			{"flowed_out", "flowed_out", 0, math.MaxInt64},
			{"waiting", "waiting", 0, math.MaxInt64},
			{"short_abandoned", "abandoned", 0, short - 1},
			{"answered_in_target", "answered", 0, target},
			{"abandoned_in_target", "abandoned", 0, target},
		} {
			got := a.ask("contacts_of", with(bounds(q, row), "queue", row[1], "outcome", n.outcome, "reason", "", "min_wait_ms", n.least, "max_wait_ms", n.most))
			require.Len(a.t, got.Rows, int(q.column(row, n.column)), n.column)
		}
	}
	for _, drill := range []struct {
		numbers, column, rows string
		params                map[string]any
	}{
		{"offers_by_interval", "offers", "offers_of", map[string]any{"state": ""}},
		{"offers_by_interval", "timed_out", "offers_of", map[string]any{"state": "timed_out"}},
		{"contacts_handled", "handled", "handled_of", map[string]any{"state": "ended", "initiation": "", "end_reason": "", "code": ""}},
		{"contacts_handled", "transferred_out", "handled_of", map[string]any{"state": "ended", "initiation": "", "end_reason": "transfer", "code": ""}},
		{"surveys_by_interval", "answers", "surveys_of", map[string]any{"min_score": 1, "max_score": 5}},
		{"surveys_by_interval", "top_two", "surveys_of", map[string]any{"min_score": 4, "max_score": 5}},
	} {
		numbers := a.ask(drill.numbers, nil)
		want, got := int64(0), 0
		for _, row := range numbers.Rows {
			want += numbers.column(row, drill.column)
		}
		got = len(a.ask(drill.rows, drill.params).Rows)
		require.Equal(a.t, want, int64(got), "%s of %s", drill.column, drill.numbers)
	}
	w := a.ask("wrap_up_by_interval", nil)
	for _, row := range w.Rows {
		code := row[2]
		if code == "" {
			code = "-"
		}
		got := a.ask("handled_of", with(bounds(w, row), "queue", row[1], "state", "ended", "initiation", "", "end_reason", "", "code", code))
		require.Len(a.t, got.Rows, int(w.column(row, "contacts")))
	}
	i := a.ask("intents_by_interval", nil)
	found := int64(0)
	for _, row := range i.Rows {
		if row[5] == "" {
			found += i.column(row, "found")
		}
	}
	require.Len(a.t, a.ask("intents_of", map[string]any{"intent": "-", "stage": ""}).Rows, int(found))
}
