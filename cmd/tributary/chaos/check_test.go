package chaos

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/event"
)

// right is a ledger and facts that agree: a customer said one thing, an agent answered, both saw both.
func right(t *testing.T) *checker {
	t.Helper()
	l := NewLedger(1)
	f := &Facts{
		Messages: map[string][]Message{}, Contacts: map[string]*event.Contact{}, Assigned: map[string]bool{"k": true},
		Open: map[string]string{}, Refused: map[string]int{},
	}
	for id, by := range map[string]string{"c-1": "c", "a-1": "agent-00"} {
		text := l.Say(id, by, "k", by != "c", "hello")
		l.Accepted(id)
		l.Shown("c", "m"+id, text)
		l.Shown("agent-00", "m"+id, text)
		f.Messages[id] = []Message{{ID: "m" + id, Contact: "k", Customer: "u", Text: text, Agent: by != "c"}}
	}
	f.Contacts["k"] = &event.Contact{Contact: "k", State: event.ContactState_CONTACT_STATE_ENDED, Version: 3}
	return &checker{report: &Report{}, ledger: l, facts: f, owner: map[string]string{"u": "c"}}
}

func (c *checker) all() *Report {
	c.said = c.ledger.all()
	c.inLog()
	c.onScreens()
	c.contacts()
	return c.report
}

// Each fault that a run may have must fail the check that is made for it, and no other.
func TestEachFaultIsFound(t *testing.T) {
	require.True(t, right(t).all().OK())
	for name, c := range map[string]struct {
		check string
		spoil func(c *checker)
	}{
		"lost": {"acknowledged messages in the log's facts", func(c *checker) { delete(c.facts.Messages, "c-1") }},
		"doubled": {"each message in the facts once, as it was said", func(c *checker) {
			c.facts.Messages["c-1"] = append(c.facts.Messages["c-1"], c.facts.Messages["c-1"]...)
		}},
		"taken and refused":     {"each message in the facts once, as it was said", func(c *checker) { c.facts.Refused["a-1"] = 1 }},
		"altered":               {"each message in the facts once, as it was said", func(c *checker) { c.facts.Messages["c-1"][0].Text += "!" }},
		"said by nobody":        {"each message in the facts once, as it was said", func(c *checker) { c.facts.Messages["z"] = []Message{{ID: "z"}} }},
		"a hole in a lane":      {"every lane complete", func(c *checker) { c.facts.Gaps = []string{"here"} }},
		"dead":                  {"nothing dead but what came too late", func(c *checker) { c.facts.Dead = []string{"this"} }},
		"not shown to customer": {"shown to the customer", func(c *checker) { delete(c.ledger.shown, viewed{"c", c.ledger.said["a-1"].Token}) }},
		"not shown to agent": {"shown to an agent, where the contact came to one", func(c *checker) {
			delete(c.ledger.shown, viewed{"agent-00", c.ledger.said["c-1"].Token})
		}},
		"shown twice":    {"nothing shown twice", func(c *checker) { c.ledger.Shown("agent-00", "another", c.ledger.said["c-1"].Text) }},
		"shown, unsaid":  {"nothing shown twice", func(c *checker) { c.ledger.Shown("agent-00", "another", "toknobodysaidit hello") }},
		"contact open":   {"no contact forgotten", func(c *checker) { c.facts.Contacts["k"].State = event.ContactState_CONTACT_STATE_WRAPPING }},
		"offer left out": {"no offer left open", func(c *checker) { c.facts.Open["o"] = "agent-00" }},
	} {
		t.Run(name, func(t *testing.T) {
			k := right(t)
			c.spoil(k)
			r := k.all()
			require.False(t, r.OK())
			for _, found := range r.Checks {
				require.Equal(t, found.Name != c.check, found.OK, "%s: %v", found.Name, found.Faults)
			}
		})
	}
}

func TestScheduleIsDecidedByItsSeed(t *testing.T) {
	a, b := Schedule(7, 50, 2), Schedule(7, 50, 2)
	require.Equal(t, a, b)
	require.NotEqual(t, a, Schedule(8, 50, 2))
	n, kills, freezes, again := 0, 0, 0, 0
	for i := range a {
		n += a[i].Times()
		again += len(a[i].Again)
		if a[i].Killed {
			kills++
		}
		if a[i].Frozen > 0 {
			freezes++
			require.GreaterOrEqual(t, a[i].Frozen, 500*time.Millisecond)
			require.LessOrEqual(t, a[i].Frozen, 8*time.Second)
		}
	}
	require.GreaterOrEqual(t, n, 50)
	require.Positive(t, kills)
	require.Positive(t, freezes)
	require.Positive(t, again, "some kills fall into the start")
}

func TestSpread(t *testing.T) {
	var all []time.Duration
	for n := range 100 {
		all = append(all, time.Duration(100-n)*time.Millisecond)
	}
	require.Equal(t, Spread{100, 51 * time.Millisecond, 100 * time.Millisecond, 100 * time.Millisecond}, SpreadOf(all))
	require.Zero(t, SpreadOf(nil))
}
