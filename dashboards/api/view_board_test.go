package api

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/warehouse/reckon"
)

const boardStart = int64(1_780_000_000_000)

// floorDay is a random hour of a floor: a contact's enqueueings come in their order, but queues of two domains tell theirs beside
// each other.
type floorDay struct {
	t       *rapid.T
	domains [2][]*event.Event
	number  int
}

var dayQueues = []string{"sales", "service", "cards", "loans"} // the last two are of the second domain

func (d *floorDay) contact() {
	d.number++
	contact, at := fmt.Sprintf("k%03d", d.number), boardStart+rapid.Int64Range(0, 50*minuteMs).Draw(d.t, "at")
	enqueued, queue := at, rapid.IntRange(0, 3).Draw(d.t, "queue")
	for cohort := uint32(1); cohort < 5; cohort++ {
		tell := func(state, next string) {
			e := entryOf(contact, dayQueues[queue], state, enqueued, at)
			e.GetQueueEntry().Cohort, e.GetQueueEntry().NextQueue = cohort, next
			d.domains[queue/2] = append(d.domains[queue/2], e)
		}
		wait := func() { at += rapid.Int64Range(0, 40_000).Draw(d.t, "wait") }
		tell("waiting", "")
		for range rapid.IntRange(0, 2).Draw(d.t, "offers") {
			wait()
			tell("offered", "")
			wait()
			tell("waiting", "")
		}
		if rapid.IntRange(0, 9).Draw(d.t, "long") == 0 {
			at += 20 * minuteMs
		}
		wait()
		switch rapid.IntRange(0, 5).Draw(d.t, "end") {
		case 0:
			return
		case 1:
			tell("abandoned", "")
			return
		case 2:
			tell("flowed_out", "")
			return
		case 3:
			next := rapid.IntRange(0, 3).Draw(d.t, "next")
			tell("flowed_out", dayQueues[next])
			queue = next
		case 4:
			tell("answered", "")
			wait()
			tell("waiting", "") // the agent was lost: the same enqueueing goes on
			wait()
			tell("answered", "")
			return
		default:
			tell("answered", "")
			return
		}
	}
}

// Whatever happened, a board's numbers are those that queue_by_interval and queue_now give of the same facts: what counts
// both anew, and shares nothing with either, is held against the named queries in their own tests.
func TestABoardCountsAsTheQueriesDo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, now := newView(), boardStart
		v.now = func() int64 { return now }
		targets := map[string]int64{}
		retarget := func(queue string) {
			targets[queue] = rapid.SampledFrom([]int64{0, 5_000, 20_000, 60_000}).Draw(t, "target")
			v.apply([]engine.Delivered{{Event: &event.Event{Tenant: "acme", Body: &event.Event_ConfigApplied{ConfigApplied: &event.ConfigApplied{
				Objects: []*event.ConfigObject{{Object: &event.ConfigObject_Queue{Queue: &event.Queue{Id: queue, TargetMs: targets[queue]}}}},
			}}}}})
		}
		for _, q := range dayQueues {
			retarget(q)
		}
		d := &floorDay{t: t}
		for range rapid.IntRange(1, 25).Draw(t, "contacts") {
			d.contact()
		}
		var facts []*event.Event
		for len(d.domains[0])+len(d.domains[1]) > 0 {
			from := rapid.IntRange(0, 1).Draw(t, "domain")
			if len(d.domains[from]) == 0 {
				from = 1 - from
			}
			e := d.domains[from][0]
			d.domains[from] = d.domains[from][1:]
			now = max(now, e.GetAtMs()+rapid.Int64Range(0, 2*minuteMs).Draw(t, "later"))
			facts = append(facts, e)
			v.apply([]engine.Delivered{{Event: e}})
			if rapid.IntRange(0, 9).Draw(t, "tick") == 0 {
				v.forgetOld()
			}
			if rapid.IntRange(0, 9).Draw(t, "retarget") == 0 {
				retarget(rapid.SampledFrom(dayQueues).Draw(t, "whose"))
			}
			if rapid.IntRange(0, 3).Draw(t, "look") == 0 {
				requireBoard(t, v, facts, targets)
			}
		}
		requireBoard(t, v, facts, targets)
		now += boardMinutes * minuteMs
		v.forgetOld()
		require.Zero(t, v.comings, "what is counted no more is forgotten")
		require.Empty(t, v.tenants["acme"].recent.minutes)
	})
}

func requireBoard(t require.TestingT, v *view, facts []*event.Event, targets map[string]int64) {
	b := v.wallboardOf("acme", nil)
	require.Equal(t, boardMinutes*minuteMs, b.ToMs-b.FromMs)
	// Beside each other, one domain may be told before the other what comes after: both must have told for a sum.
	k := reckon.Reckoning{Facts: facts, From: b.FromMs, To: b.ToMs, Interval: b.ToMs - b.FromMs}
	want := map[string]wallboardNumbers{}
	for queue, target := range targets {
		n := wallboardNumbers{}
		for _, row := range k.Queues(reckon.Switches{Target: target, Abandons: true}) {
			if row[1] != queue {
				continue
			}
			small := func(i int) int32 { return int32(num(row[i])) }
			n.Enqueued, n.Answered, n.Abandoned, n.FlowedOut = small(2), small(3), small(4), small(5)
			n.AnsweredInTarget, n.AbandonedInTarget = small(8), small(9)
			if level, ok := row[len(row)-1].(float64); ok && target > 0 {
				n.ServiceLevel = &level
			}
		}
		want[queue] = n
	}
	for _, row := range k.QueuesNow(b.AtMs) {
		n := want[str(row[0])]
		n.Waiting, n.Offered, n.OldestMs = int(num(row[1])), int(num(row[2])), num(row[3])
		want[str(row[0])] = n
	}
	for _, q := range b.Queues {
		require.Equal(t, want[q.Queue], q.wallboardNumbers, q.Queue)
	}
	for _, q := range v.floorNow("acme", nil).queues { // the floor says the same: who rings still waits
		require.Equal(t, [2]int64{int64(want[q.id].Waiting), want[q.id].OldestMs}, [2]int64{int64(q.waiting), q.oldest}, q.id)
	}
}

// However many come, what is kept for boards is bounded; a board then counts fewer minutes, and those whole.
func TestWhatBoardsKeepIsBounded(t *testing.T) {
	v, now := newView(), boardStart
	v.now = func() int64 { return now }
	v.maxComings = 100
	var facts []*event.Event
	for i := range 1000 {
		now += 2_000
		facts = append(facts, entryOf(fmt.Sprint("k", i), "sales", "waiting", now, now), entryOf(fmt.Sprint("k", i), "sales", "answered", now, now+500))
		for _, e := range facts[len(facts)-2:] {
			v.apply([]engine.Delivered{{Event: e}})
		}
		require.LessOrEqual(t, v.comings, 100)
		require.Len(t, v.tenants["acme"].recent.of, v.comings)
		b := v.wallboardOf("acme", nil)
		k := reckon.Reckoning{Facts: facts, From: b.FromMs, To: b.ToMs, Interval: boardMinutes * minuteMs}
		rows := k.Queues(reckon.Switches{})
		require.Len(t, rows, 1)
		require.Equal(t, num(rows[0][2]), int64(b.Total.Enqueued))
	}
	b := v.wallboardOf("acme", nil)
	require.Less(t, b.ToMs-b.FromMs, boardMinutes*minuteMs)
	require.GreaterOrEqual(t, b.ToMs-b.FromMs, 3*minuteMs)
	for i := range 200 { // more in one minute than may be kept
		v.apply([]engine.Delivered{{Event: entryOf(fmt.Sprint("j", i), "sales", "waiting", now, now)}})
	}
	b = v.wallboardOf("acme", nil)
	require.Equal(t, b.ToMs, b.FromMs, "no minute is whole")
	require.Zero(t, b.Total.Enqueued)
	require.Equal(t, 200, b.Total.Waiting)
}

// What a board keeps of an enqueueing is at most 130 bytes, and nothing that the garbage collector has to look at.
func TestEnqueueingsOfBoardsAreSmall(t *testing.T) {
	if testing.Short() {
		t.Skip("measures memory")
	}
	const many = 100_000
	v := newView()
	v.now = func() int64 { return boardStart }
	v.apply([]engine.Delivered{{Event: entryOf("k", "sales", "answered", boardStart, boardStart)}})
	bytes, objects := heap()
	for i := range many {
		contact := event.CauseID("k", fmt.Sprint(i)).String()
		v.apply([]engine.Delivered{{Event: entryOf(contact, "sales", "answered", boardStart-int64(i)*15, boardStart)}})
	}
	bytesAfter, objectsAfter := heap()
	t.Logf("%d bytes an enqueueing", (bytesAfter-bytes)/many)
	require.LessOrEqual(t, (bytesAfter-bytes)/many, uint64(130))
	require.LessOrEqual(t, objectsAfter-objects, uint64(many/20))
	runtime.KeepAlive(v)
}

// BenchmarkWallboard makes the board of a large floor: 200 queues, 2,000 agents, 50,000 enqueueings in half an hour.
func BenchmarkWallboard(b *testing.B) {
	v := newView()
	v.now = func() int64 { return boardStart }
	var objects []*event.ConfigObject
	for i := range 200 {
		objects = append(objects, &event.ConfigObject{Object: &event.ConfigObject_Queue{Queue: &event.Queue{Id: fmt.Sprint("q", i), TargetMs: 20_000}}})
	}
	for i := range 2000 {
		objects = append(objects, &event.ConfigObject{Object: &event.ConfigObject_Agent{Agent: &event.Agent{
			Id: fmt.Sprint("a", i), Team: fmt.Sprint("t", i%20), Queues: []string{fmt.Sprint("q", i%200), fmt.Sprint("q", (i+7)%200), fmt.Sprint("q", (i+13)%200)},
		}}})
	}
	v.apply([]engine.Delivered{{Event: &event.Event{Tenant: "acme", Body: &event.Event_ConfigApplied{ConfigApplied: &event.ConfigApplied{Objects: objects}}}}})
	for i := range 50_000 {
		state := "answered"
		if i%50 == 0 {
			state = "waiting"
		}
		v.apply([]engine.Delivered{{Event: entryOf(fmt.Sprint("k", i), fmt.Sprint("q", i%200), state, boardStart-int64(i)*30, boardStart)}})
	}
	for _, teams := range [][]string{nil, {"t1", "t2"}} {
		b.Run(fmt.Sprint(len(teams), " teams"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = v.wallboardOf("acme", teams)
			}
		})
	}
}

// A queue that the configuration does not name is on the board as long as somebody is there to be counted.
func TestQueuesThatNobodyNamed(t *testing.T) {
	v, now := newView(), boardStart
	v.now = func() int64 { return now }
	rows := func() int { return len(v.wallboardOf("acme", nil).Queues) }
	v.apply([]engine.Delivered{{Event: entryOf("k1", "ghost", "waiting", now, now)}})
	require.Equal(t, 1, rows())
	require.Empty(t, v.boardLists("acme", nil).queues)
	require.Empty(t, v.wallboardOf("acme", []string{"loans"}).Queues)
	v.apply([]engine.Delivered{{Event: entryOf("k1", "ghost", "flowed_out", now, now)}})
	require.Equal(t, 1, rows())
	now += boardMinutes * minuteMs
	require.Zero(t, rows())
}
