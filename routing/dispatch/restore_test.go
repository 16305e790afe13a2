package dispatch_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tributary-cc/tributary/routing/dispatch"
	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/event"
)

// restarting is a fold that begins anew from its tables before each of the records marked.
type restarting struct {
	engine.Fold
	fresh func() engine.Fold
	marks []bool
	n     int
}

func (r *restarting) again(tx *engine.Tx) error {
	r.n++
	if !r.marks[r.n%len(r.marks)] {
		return nil
	}
	r.Fold = r.fresh()
	return r.Restore(tx)
}

func (r *restarting) Apply(tx *engine.Tx, e *event.Event) error {
	if err := r.again(tx); err != nil {
		return err
	}
	return r.Fold.Apply(tx, e)
}

func (r *restarting) Fire(tx *engine.Tx, timer string) error {
	if err := r.again(tx); err != nil {
		return err
	}
	return r.Fold.Fire(tx, timer)
}

// act is one thing that happens on a random floor of two tenants.
type act struct{ what, a, b, c int }

func anAct(t *rapid.T) act {
	n := func(name string, n int) int { return rapid.IntRange(0, n).Draw(t, name) }
	return act{n("what", 19), n("a", 7), n("b", 3), n("c", 3)}
}

// play acts on a floor and gives all outputs as they were encoded, and the rows at the end.
func play(t *testing.T, proc engine.Processor, acts []act) (outs []string, rows string) {
	t.Helper()
	scene := enginetest.New(t, proc)
	floors := make([]*floor, 2)
	for i := range floors {
		floors[i] = &floor{Scene: scene, t: t, tenant: tenantHere(i), offers: make(map[string]string), rings: make(map[string]string)}
		floors[i].watch = func(o enginetest.Out) {
			raw, err := event.Marshal(o.Event)
			require.NoError(t, err)
			outs = append(outs, fmt.Sprintf("%s %d %x", o.Topic, o.Partition, raw))
		}
	}
	for i, x := range acts {
		floors[x.a%2].act(i, x)
	}
	scene.Machine.Read(func(tx *engine.Tx) { rows = dispatch.Dump(tx) })
	return outs, rows
}

func (f *floor) act(i int, x act) {
	a, q, c := fmt.Sprint("a", x.b), fmt.Sprint("q", x.c%2), fmt.Sprint("c", x.a*4+x.b)
	statuses := []string{"available", "available", "break", "offline"}
	switch x.what {
	case 0, 1, 2:
		c = fmt.Sprint("n", i)
		f.request(&event.RouteRequest{Contact: c, Queue: q, Priority: int32(x.b % 2), EnqueuedMs: 1}, f.version+uint64(x.c/3))
	case 3:
		f.request(&event.RouteRequest{Contact: c, Queue: q, NotAgent: a}, f.version+uint64(x.c/2))
	case 4:
		f.cancels(c, "abandoned")
	case 5, 6, 7:
		if r := f.ringing(); len(r) > 0 {
			f.answers(f.rings[r[0]], r[0], x.b > 0)
		}
	case 8:
		f.releases(c, a, x.c == 0)
	case 9:
		f.sets(a, statuses[x.c])
	case 10:
		f.arrives(a)
	case 11:
		f.disconnects(a, "g1", a+"-tab")
	case 12:
		f.wait(int64(x.b) * 4000)
	case 13:
		f.configure(queue(q, int32(x.b)), agent(a, uint32(x.b), "q0", "q1"))
	case 14:
		o := removed(queue(q, 0))
		if x.b == 0 {
			o = removed(agent(a, 0))
		}
		f.configure(o)
	case 16:
		f.configure(policyOf(
			&event.PolicyRule{When: `contact.intent == "i1"`, Queue: "q1", LastAgentMs: 4000, HeadStartMs: int64(x.c), Steps: steps("cards >= 3 for 5", "cards >= 1 for 4", "")},
			&event.PolicyRule{Priority: int32(x.b), Steps: steps("cards >= 2")},
		))
		if x.b == 0 {
			f.configure(removed(policyOf()))
		}
	case 17:
		limited := func(q *event.Queue) {
			q.MaxWaiting, q.MaxWaitMs, q.Overflow, q.Hours = uint32(x.b), int64(x.c)*3000, fmt.Sprint("q", 1-x.c%2), "office"
		}
		f.configure(opensIn(int64(x.b)-2), queueWith(q, limited), skilled(a, []string{"q0", "q1"}, fmt.Sprint("cards ", 1+x.c)))
	case 18:
		r := contactOf(fmt.Sprint("n", i), q)
		r.Intent, r.Channel, r.LastAgent, r.Tags = "i1", event.Channel(1+x.c%2), a, []string{"vip"}
		if x.c == 3 {
			r.ToAgent, r.Chosen = a, true
		}
		f.request(r, f.version)
	case 19:
		f.status(&event.AgentStatus{Agent: a, Status: statuses[x.c], WhenFree: x.c > 0, By: "boss", LogOut: x.c == 3})
		f.prioritises(c, int32(x.b))
	case 15:
		f.alive = []string{"g1", "g2"}[:x.b%3]
		f.configure(agent(a, 2, "q0"))
	}
}

func TestRestartAtAnyPointChangesNothing(t *testing.T) {
	told := 0
	rapid.Check(t, func(rt *rapid.T) {
		acts := rapid.SliceOfN(rapid.Custom(anAct), 20, 120).Draw(rt, "acts")
		marks := rapid.SliceOfN(rapid.Bool(), 1, 20).Draw(rt, "marks")
		proc := dispatch.Processor()
		outs, rows := play(t, proc, acts)
		again := proc
		again.New = func() engine.Fold { return &restarting{Fold: proc.New(), fresh: proc.New, marks: marks} }
		outs2, rows2 := play(t, again, acts)
		require.Equal(rt, strings.Join(outs, "\n"), strings.Join(outs2, "\n"))
		require.Equal(rt, rows, rows2)
		told += len(outs)
	})
	require.Positive(t, told)
}
