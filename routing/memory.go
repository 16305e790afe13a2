package routing

import "github.com/tributary-cc/tributary/stream/event"

// kept is how many of a kind of decision's memory is used again; more than that in one piece of work is rare and let go.
const kept = 64

// memory is what decisions are made of, to be used again once they have been encoded.
type memory struct {
	offers   pool[offerChanged]
	entries  pool[queueEntry]
	agents   pool[agentChanged]
	outcomes pool[routeOutcome]
	contacts pool[contactRow]
	// extras and gone are free, and zero.
	extras free[extra]
	gone   free[contact]
	routes free[route]
}

// Recycle tells that nothing of earlier decisions is used any more: their memory is used again. Without it everything
// stays as it was told.
func (d *Domain) Recycle() {
	d.mem.offers.used, d.mem.entries.used, d.mem.agents.used, d.mem.outcomes.used, d.mem.contacts.used = 0, 0, 0, 0, 0
}

type (
	offerChanged struct {
		event event.Event
		body  event.Event_OfferChanged
		offer event.OfferChanged
		why   event.RouteWhy
		// block holds the candidates and list their addresses.
		block []event.Candidate
		list  []*event.Candidate
	}
	queueEntry struct {
		event event.Event
		body  event.Event_QueueEntry
		entry event.QueueEntry
		why   event.RouteWhy
	}
	agentChanged struct {
		event    event.Event
		body     event.Event_AgentChanged
		agent    event.AgentChanged
		contacts []string
	}
	routeOutcome struct {
		event   event.Event
		body    event.Event_RouteOutcome
		outcome event.RouteOutcome
	}
	contactRow struct {
		row     event.RoutingContactRow
		request event.RouteRequest
	}
)

// pool gives out memory, the same again after used was set back. What it gives holds what it held before.
type pool[T any] struct {
	all  []*T
	used int
}

func (p *pool[T]) take() *T {
	if p.used == len(p.all) {
		if p.used == kept {
			return new(T)
		}
		p.all = append(p.all, new(T))
	}
	p.used++
	return p.all[p.used-1]
}

// room makes room for so many candidates.
func (m *offerChanged) room(n int) {
	if cap(m.block) < n {
		m.block, m.list = make([]event.Candidate, n), make([]*event.Candidate, 0, n)
	}
	m.block, m.list = m.block[:n], m.list[:0]
}

// free holds what was given back, zero.
type free[T any] []*T

func (f *free[T]) take() *T {
	n := len(*f) - 1
	if n < 0 {
		return new(T)
	}
	x := (*f)[n]
	(*f)[n], *f = nil, (*f)[:n]
	return x
}

func (f *free[T]) give(x *T) {
	if len(*f) < kept {
		*f = append(*f, x)
	}
}
