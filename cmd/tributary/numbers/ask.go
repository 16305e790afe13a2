package numbers

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/warehouse"
	"github.com/tributary-cc/tributary/stream/warehouse/reckon"
)

// mostIntervals bounds the rows of one question; mostMinutes those of the one by minute.
const (
	mostIntervals = 200
	mostMinutes   = 1500
	moments       = 16
)

// asker asks the named queries and compares.
type asker struct {
	*Report
	w     *warehouse.Warehouse
	facts []*event.Event
	// practice are the queues that nothing counts.
	practice map[string]bool
}

func (a *asker) ask(ctx context.Context, name string, params map[string]any, want [][]any) error {
	params["tenant"], params[warehouse.ParamPractice] = a.Tenant, warehouse.PracticeQueues(slices.Sorted(maps.Keys(a.practice)))
	res, err := a.w.Query(ctx, name, params)
	if err != nil {
		return err
	}
	a.Queries++
	if res.Truncated {
		return fmt.Errorf("query %s answers more rows than it may: check a shorter time, with --from and --to", name)
	}
	delete(params, "tenant")
	delete(params, warehouse.ParamPractice)
	a.differ(fmt.Sprintf("%s %v", name, params), want, res.Rows)
	return nil
}

// all asks every query about intervals of several lengths, and those about a moment at several.
func (a *asker) all(ctx context.Context) error {
	from, to := a.From.UnixMilli(), a.To.UnixMilli()
	for _, interval := range []time.Duration{7 * time.Second, time.Minute, 15 * time.Minute, time.Hour, 24 * time.Hour} {
		if (to-from)/interval.Milliseconds() > mostIntervals {
			continue
		}
		if err := a.intervals(ctx, reckon.Reckoning{Facts: a.facts, Practice: a.practice, From: from, To: to, Interval: interval.Milliseconds()}); err != nil {
			return err
		}
	}
	k := reckon.Reckoning{Facts: a.facts, Practice: a.practice, From: from, To: to, Interval: to - from}
	if to-from < mostMinutes*time.Minute.Milliseconds() {
		if err := a.ask(ctx, "queue_by_minute", map[string]any{"queue": "", "from_ms": from, "to_ms": to}, k.Minutes()); err != nil {
			return err
		}
	}
	for i := range int64(moments) {
		at := from + (to-from)*(i+1)/moments
		if err := a.ask(ctx, "queue_now", map[string]any{"at_ms": at}, k.QueuesNow(at)); err != nil {
			return err
		}
		if err := a.ask(ctx, "floor_now", map[string]any{"at_ms": at}, k.FloorNow(at)); err != nil {
			return err
		}
	}
	return nil
}

func (a *asker) intervals(ctx context.Context, k reckon.Reckoning) error {
	span := func(more ...string) map[string]any {
		out := map[string]any{"from_ms": k.From, "to_ms": k.To, "interval_ms": k.Interval}
		for _, name := range more {
			out[name] = ""
		}
		return out
	}
	for _, w := range []reckon.Switches{
		{Target: 20_000, Short: 5000, Abandons: true, Shorts: true},
		{Target: 300, Short: 100, FlowOuts: true, Abandons: true},
		{Target: 2000, Short: 5000},
		{Target: 60_000, Short: 1000, FlowOuts: true, Abandons: true, Shorts: true},
	} {
		p := span("queue")
		p["target_ms"], p["short_ms"] = w.Target, w.Short
		p["flow_outs"], p["short_abandons"], p["abandons"] = bit(w.FlowOuts), bit(w.Shorts), bit(w.Abandons)
		if err := a.ask(ctx, "queue_by_interval", p, k.Queues(w)); err != nil {
			return err
		}
	}
	for _, q := range []struct {
		name   string
		params map[string]any
		want   [][]any
	}{
		{"flow_outs_by_interval", span("queue"), k.FlowOuts()},
		{"agent_time_by_interval", span("agent"), k.AgentTime()},
		{"agent_by_interval", span("agent"), k.Agents()},
		{"offers_by_interval", span("queue", "agent"), k.Offers()},
		{"contacts_handled", span("queue", "agent"), k.Handled()},
		{"wrap_up_by_interval", span("queue"), k.WrapUps()},
		{"surveys_by_interval", span("queue", "agent"), k.Surveys()},
		{"intents_by_interval", span(), k.Intents()},
	} {
		if err := a.ask(ctx, q.name, q.params, q.want); err != nil {
			return err
		}
	}
	return nil
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
