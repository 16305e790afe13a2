package routing

import (
	"fmt"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/event"
)

// ledger counts queues from their entries alone: what was enqueued was answered, abandoned, flowed out, or waits.
type ledger struct {
	lives  map[string]int // how often a contact of one id began anew
	states map[string]string
	queues map[string]string
}

func (l *ledger) take(t require.TestingT, e *event.QueueEntry) {
	if l.lives == nil {
		l.lives, l.states, l.queues = make(map[string]int), make(map[string]string), make(map[string]string)
	}
	if e.Version == 1 {
		l.lives[e.Contact]++
	}
	require.Positive(t, e.Cohort)
	life := fmt.Sprint(e.Contact, " ", l.lives[e.Contact], " ")
	if e.Cohort > 1 {
		require.Contains(t, []string{"answered", "flowed_out"}, l.states[fmt.Sprint(life, e.Cohort-1)], "one place at a time")
	}
	key := fmt.Sprint(life, e.Cohort)
	switch l.states[key] {
	case "abandoned", "flowed_out":
		require.Fail(t, "an enqueue ended twice: "+key)
	case "answered":
		// The customer had left before, or the agent was lost before the first message and the same enqueue goes on.
		require.Contains(t, []string{"abandoned", "flowed_out", "waiting", "offered"}, e.State)
	case "":
	default:
		require.Equal(t, e.Queue, l.queues[key], "an enqueue is of one queue")
	}
	if e.State == "flowed_out" {
		require.NotEmpty(t, e.Reason)
	}
	l.states[key], l.queues[key] = e.State, e.Queue
}

// check compares the ledger with what waits, queue by queue.
func (l *ledger) check(w *world) {
	enqueued, ended, waits := make(map[string]int), make(map[string]int), make(map[string]int)
	for key, state := range l.states {
		q := l.queues[key]
		enqueued[q]++
		if state == "waiting" || state == "offered" {
			waits[q]++
		} else {
			ended[q]++
		}
	}
	for id, q := range w.d.queues {
		require.Equal(w.t, int(q.count()), waits[id], "waiting in %s", id)
		require.Equal(w.t, enqueued[id], ended[id]+int(q.count()), "enqueued in %s", id)
	}
}

// checkRoom counts what an agent holds, by the rule as it is written in the configuration's help.
func (w *world) checkRoom(agent string, channel event.Channel) {
	const voice = event.Channel_CHANNEL_VOICE
	named := make(map[event.Channel]uint32)
	for _, c := range w.agents[agent].GetCapacities() {
		named[c.Channel] = c.Contacts
	}
	held := make(map[event.Channel]uint32)
	held[channel]++
	for c, a := range w.talking {
		if a == agent {
			held[w.channel[c]]++
		}
	}
	shared := uint32(0)
	for c, n := range held {
		limit, own := named[c]
		if own {
			require.True(w.t, c != channel || n <= limit, "%s has too many of %s", agent, c)
		} else if c != voice {
			shared += n
		}
	}
	_, own := named[channel]
	if !own && channel != voice {
		require.LessOrEqual(w.t, shared, max(w.agents[agent].GetChatCapacity(), 1), "%s has too many", agent)
	}
	if !own && channel == voice {
		require.Equal(w.t, uint32(1), held[voice], "one call at a time")
	}
	for c := range held {
		if c == channel || c != voice && channel != voice {
			continue
		}
		_, other := named[c]
		require.True(w.t, own && other, "%s beside a call", agent)
	}
}
