package chaos

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"
)

// History is what agents did with contacts, each deed from when it could have begun to when it was seen to be done. Somebody
// who knows nothing of the log must be able to tell it in one order in which a contact has one agent at a time.
type History struct {
	began time.Time

	mu    sync.Mutex
	deeds []*deed
}

type deedKind int

const (
	takes  deedKind = iota // the contact, which nobody has, becomes the agent's
	speaks                 // the agent, who has the contact, says something in it
	leaves                 // the agent has the contact no more
)

func (k deedKind) String() string { return [...]string{"takes", "speaks in", "leaves"}[k] }

// deed is one thing that an agent did with a contact. One that was never seen to be done may have been done at any time since.
type deed struct {
	kind           deedKind
	agent, contact string
	from, to       time.Duration
	done           bool
	// message is the ledger's id of what was said.
	message string
}

// NewHistory begins one.
func NewHistory() *History { return &History{began: time.Now()} }

// begin enters that something may happen from now on.
func (h *History) begin(kind deedKind, agent, contact, message string) *deed {
	d := &deed{kind: kind, agent: agent, contact: contact, message: message, from: time.Since(h.began)}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.deeds = append(h.deeds, d)
	return d
}

// end enters that it was seen to have happened; again changes nothing.
func (h *History) end(d *deed) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if d != nil && !d.done {
		d.done, d.to = true, time.Since(h.began)
	}
}

// oneHolder is a contact: its state is the agent who has it, empty for nobody.
var oneHolder = porcupine.Model{
	Init: func() any { return "" },
	Step: func(state, input, _ any) (bool, any) {
		d, _ := input.(*deed)
		switch holder, _ := state.(string); d.kind {
		case takes:
			return holder == "", d.agent
		case leaves:
			return holder == d.agent, ""
		case speaks:
			return holder == d.agent, holder
		}
		return false, state
	},
}

// check looks for an order contact by contact and says which have none, and how much it looked at. An offer that was accepted and
// never came to the agent's screen is left out: whether it was taken nobody saw. So is what was said and is not in the facts.
func (h *History) check(inFacts func(message string) bool) (faults []string, contacts, deeds int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	end := time.Since(h.began)
	of := map[string][]porcupine.Operation{}
	clients := map[string]int{}
	for _, d := range h.deeds {
		if !d.done && d.kind == takes || d.kind == speaks && !inFacts(d.message) {
			continue
		}
		if !d.done {
			d.to = end
		}
		if _, known := clients[d.agent]; !known {
			clients[d.agent] = len(clients)
		}
		of[d.contact] = append(of[d.contact], porcupine.Operation{ClientId: clients[d.agent], Input: d, Call: int64(d.from), Return: int64(d.to)})
		deeds++
	}
	for contact, ops := range of {
		if r := porcupine.CheckOperationsTimeout(oneHolder, ops, 10*time.Second); r != porcupine.Ok {
			faults = append(faults, fmt.Sprintf("contact %s (%s):%s", contact, r, tellDeeds(ops)))
		}
	}
	slices.Sort(faults)
	return faults, len(of), deeds
}

func tellDeeds(ops []porcupine.Operation) (told string) {
	for _, op := range ops {
		d, _ := op.Input.(*deed)
		told += fmt.Sprintf(" %s %s it between %s and %s;", d.agent, d.kind, d.from.Round(time.Millisecond), d.to.Round(time.Millisecond))
	}
	return told
}
