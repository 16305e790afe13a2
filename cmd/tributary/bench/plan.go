package bench

import (
	"errors"
	"fmt"
	"time"

	"github.com/tributary-cc/tributary/stream/event"
)

const (
	tenant   = "bench"
	overflow = "overflow" // a queue that no agent serves: its contacts wait
	// perDomain is how many agents a routing domain has.
	perDomain = 500
	// perConfig is how many agents one change of the configuration carries.
	perConfig = 1000
	// minMessages is what the aim asks of each conversation.
	minMessages = 5
)

// Options say what is measured and how large.
type Options struct {
	// Binary is started as the process that is measured; default this one.
	Binary string
	// Dir holds the data; default a new folder below the temporary one, removed at the end.
	Dir string
	// Keep leaves the data there. Reuse takes what an earlier run of the same size has filled and kept.
	Keep, Reuse bool
	// Conversations are open; Live of them have a WebSocket; Waiting per cent wait in a queue.
	Conversations, Live int
	Waiting             float64
	// Agents share the other conversations.
	Agents int
	// Rates are messages a second; each is sent for Time, Rounds times, in turns with the bare pipe.
	Rates  []int
	Time   time.Duration
	Rounds int
	// KeepEchoes leaves what customers wrote themselves without an acknowledgement: half of the events of a message are about it.
	KeepEchoes bool
	// Restarts of each kind: a clean stop, and kill -9.
	Restarts int
	// Settle is how long the process is left alone before its memory is read.
	Settle time.Duration
	// Profiles writes pprof profiles of the process under load into the folder.
	Profiles bool
}

// Defaults are what the aims speak of.
func Defaults() Options {
	return Options{
		Conversations: 100_000, Live: 5_000, Waiting: 1, Agents: 10_000, Rates: []int{1_000, 5_000}, Time: 15 * time.Second, Rounds: 3,
		Restarts: 3, Settle: 10 * time.Second,
	}
}

// plan is the shape that follows from the options.
type plan struct {
	Options
	queued   int // the last of the conversations
	domains  int
	capacity int // contacts an agent
	pages    int // agents with a page, the first of each domain
}

func (o Options) plan() (plan, error) {
	p := plan{Options: o}
	p.queued = int(float64(o.Conversations) * o.Waiting / 100)
	assigned := o.Conversations - p.queued
	if o.Agents < 1 || assigned < 1 || o.Live > assigned || o.Live < 1 {
		return p, errors.New("bench: there must be agents, and live conversations among those that do not wait")
	}
	if o.Live > 15_000 {
		return p, errors.New("bench: at most 15,000 live conversations: a process may open so many files")
	}
	for _, rate := range o.Rates {
		// The door takes one message a second of a visitor, and some at once.
		if most := 1.2 * float64(o.Live); rate < 1 || float64(rate) > most {
			return p, fmt.Errorf("bench: %d messages a second of %d customers; the door takes one a second of each", rate, o.Live)
		}
	}
	p.domains = max(1, o.Agents/perDomain)
	// The conversations of a domain fit exactly, or nearly, so that each agent is busy.
	p.capacity = (assigned/p.domains + 1 + o.Agents/p.domains - 1) / (o.Agents / p.domains)
	p.pages = p.domains * ((o.Live/p.domains + 1 + p.capacity - 1) / p.capacity)
	if p.capacity > 50 || p.pages > o.Agents {
		return p, fmt.Errorf("bench: %d agents are too few for %d conversations: one may hold 50", o.Agents, assigned)
	}
	return p, nil
}

// Conversations are numbered: the live ones first, those that wait last. Agents are numbered too: those with a page first.
// Both go round the domains.

func (p *plan) domainOf(agent int) int { return agent % p.domains }

func domainName(d int) string { return fmt.Sprintf("d%d", d) }
func queueName(d int) string  { return fmt.Sprintf("q%d", d) }
func agentName(a int) string  { return fmt.Sprintf("agent%05d", a) }
func visitor(i int) string    { return fmt.Sprintf("visitor%08d", i) }

// entry is the entry point of a conversation, named as its queue.
func (p *plan) entry(i int) string {
	if i >= p.Conversations-p.queued {
		return overflow
	}
	return queueName(i % p.domains)
}

// objects are the configuration, in changes that fit.
func (p *plan) objects() [][]*event.ConfigObject {
	first := make([]*event.ConfigObject, 0, 2*p.domains+2)
	add := func(id, domain string) {
		first = append(first,
			&event.ConfigObject{Object: &event.ConfigObject_Queue{Queue: &event.Queue{
				Id: id, Name: id, Domain: domain, OfferTimeoutMs: 600_000, WrapUpMs: 120_000, GraceMs: 86_400_000, TargetMs: 20_000, TargetPercent: 80,
			}}},
			&event.ConfigObject{Object: &event.ConfigObject_EntryPoint{EntryPoint: &event.EntryPoint{
				Id: id, Channel: event.Channel_CHANNEL_WEBCHAT, Queue: id, Language: "en",
			}}})
	}
	for d := range p.domains {
		add(queueName(d), domainName(d))
	}
	add(overflow, domainName(0))
	out := [][]*event.ConfigObject{first}
	for from := 0; from < p.Agents; from += perConfig {
		var some []*event.ConfigObject
		for a := from; a < min(from+perConfig, p.Agents); a++ {
			d := p.domainOf(a)
			some = append(some, &event.ConfigObject{Object: &event.ConfigObject_Agent{Agent: &event.Agent{
				Id: agentName(a), Queues: []string{queueName(d)}, Domain: domainName(d), ChatCapacity: uint32(p.capacity), //nolint:gosec // at most 50
			}}})
		}
		out = append(out, some)
	}
	return out
}
