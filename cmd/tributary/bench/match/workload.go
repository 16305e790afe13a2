package match

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/tributary-cc/tributary/stream/event"
)

// Options are the size of a run.
type Options struct {
	Agents  int `json:"agents"`
	Skills  int `json:"skills"`
	Waiting int `json:"waiting"`
	// Queues that agents and intents are spread over; each agent serves two.
	Queues int `json:"queues"`
	// Needs is how many intents there are, each with its need.
	Needs int `json:"needs"`
	// Decisions to measure.
	Decisions int `json:"decisions"`
}

// Defaults is the size that is aimed at.
func Defaults() Options {
	return Options{Agents: 10_000, Skills: 20, Waiting: 100_000, Queues: 10, Needs: 200, Decisions: 200_000}
}

func (o Options) check() error {
	if o.Agents < 1 || o.Skills < 3 || o.Skills > 100 || o.Waiting < 1 || o.Queues < 1 || o.Needs < 1 || o.Needs > 500 || o.Decisions < 1 {
		return fmt.Errorf("bench routing: from 3 to 100 skills, from 1 to 500 needs, and at least one of all else")
	}
	return nil
}

// asks is what one skill must be at least.
type asks struct {
	skill int
	level uint8
}

// workload is who works and what is asked, the same for each contestant.
type workload struct {
	Options
	levels [][]uint8 // of each agent
	needs  [][]asks  // of each intent
	// intents are their names.
	intents []string
	// entry is the queue asked for.
	entry string
}

func newWorkload(o Options) *workload {
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same in each run
	w := &workload{Options: o, entry: queueID(0)}
	for range o.Agents {
		levels := make([]uint8, o.Skills)
		for i := range levels {
			levels[i] = uint8(1 + r.IntN(5)) //nolint:gosec // 1 to 5
		}
		w.levels = append(w.levels, levels)
	}
	for range o.Needs {
		var need []asks
		for _, skill := range r.Perm(o.Skills)[:1+r.IntN(3)] {
			need = append(need, asks{skill, uint8(2 + r.IntN(3))}) //nolint:gosec // 2 to 4
		}
		w.needs = append(w.needs, need)
		w.intents = append(w.intents, intentID(len(w.intents)))
	}
	return w
}

func (w *workload) fits(agent, need int) bool {
	for _, x := range w.needs[need] {
		if w.levels[agent][x.skill] < x.level {
			return false
		}
	}
	return true
}

// serves tells whether an agent serves the queue of a need.
func (w *workload) serves(agent, need int) bool {
	q := need % w.Queues
	return agent%w.Queues == q || (agent+1+agent/w.Queues)%w.Queues == q
}

// of is the need of a contact, and priority its priority; it waits since i.
func (w *workload) of(i int) int         { return int(uint64(i) * 2654435761 % uint64(w.Needs)) } //nolint:gosec // never negative
func (w *workload) priority(i int) int32 { return int32(i % 3) }

func agentID(i int) string   { return fmt.Sprintf("agent%06d", i) }
func contactID(i int) string { return fmt.Sprintf("contact%09d", i) }
func queueID(i int) string   { return fmt.Sprintf("queue%03d", i) }
func skillID(i int) string   { return fmt.Sprintf("skill%02d", i) }
func intentID(i int) string  { return fmt.Sprintf("intent%03d", i) }

// config is the configuration of the floor: the queues, the policy, the agents.
func (w *workload) config() []*event.ConfigObject {
	var list []*event.ConfigObject
	for i := range w.Queues {
		list = append(list, &event.ConfigObject{Object: &event.ConfigObject_Queue{Queue: &event.Queue{Id: queueID(i)}}})
	}
	p := &event.Policy{Fallback: queueID(0)}
	for i, need := range w.needs {
		var parts []string
		for _, x := range need {
			parts = append(parts, fmt.Sprintf("%s >= %d", skillID(x.skill), x.level))
		}
		p.Rules = append(p.Rules, &event.PolicyRule{
			Name: "rule of " + intentID(i), When: fmt.Sprintf("contact.intent == '%s' && contact.confidence >= 300", intentID(i)), Queue: queueID(i % w.Queues),
			Steps: []*event.PolicyStep{{Need: strings.Join(parts, " && "), ForMs: 3_600_000}, {Need: parts[0]}},
		})
	}
	list = append(list, &event.ConfigObject{Object: &event.ConfigObject_Policy{Policy: p}})
	for i, levels := range w.levels {
		a := &event.Agent{Id: agentID(i), ChatCapacity: 1}
		a.Queues = slices.Compact([]string{queueID(i % w.Queues), queueID((i + 1 + i/w.Queues) % w.Queues)})
		for s, level := range levels {
			a.Skills = append(a.Skills, &event.AgentSkill{Skill: skillID(s), Level: uint32(level)})
		}
		list = append(list, &event.ConfigObject{Object: &event.ConfigObject_Agent{Agent: a}})
	}
	return list
}

// ids are those of the contacts from one to another, made before they are measured.
func ids(from, to int) []string {
	list := make([]string, 0, to-from)
	for i := from; i < to; i++ {
		list = append(list, contactID(i))
	}
	return list
}

func (w *workload) request(i int) *event.Event {
	e := &event.Event{Body: &event.Event_RouteRequest{RouteRequest: &event.RouteRequest{}}}
	w.ask(e.GetRouteRequest(), i, contactID(i))
	return e
}

// ask makes the request of a contact.
func (w *workload) ask(r *event.RouteRequest, i int, id string) {
	r.Contact, r.Conversation, r.Customer, r.Channel = id, id, id, event.Channel_CHANNEL_WEBCHAT
	r.Priority, r.EnqueuedMs, r.Queue, r.Intent, r.Confidence, r.Language = w.priority(i), int64(i), w.entry, w.intents[w.of(i)], 900, "en"
}

func connected(agent int) *event.Event {
	return &event.Event{Body: &event.Event_AgentConnected{AgentConnected: &event.AgentConnected{Agent: agentID(agent), Gateway: "g", Connection: "x"}}}
}

func available(agent int) *event.Event {
	return &event.Event{Body: &event.Event_AgentStatus{AgentStatus: &event.AgentStatus{Agent: agentID(agent), Status: "available"}}}
}
