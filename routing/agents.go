package routing

import (
	"fmt"
	"slices"

	"github.com/tributary-cc/tributary/stream/event"
)

// connect adds a connection of an agent's screen; one agent may have several.
func (d *Domain) connect(w *event.AgentConnected) {
	a := d.agent(w.Agent)
	same := func(c *event.RoutingConnection) bool { return c.Gateway == w.Gateway && c.Connection == w.Connection }
	if slices.ContainsFunc(a.row.Connections, same) {
		return
	}
	d.touch(a)
	g := d.seenAlive(w.Gateway)
	was := a.connected()
	a.row.Connections = append(a.row.Connections, &event.RoutingConnection{Gateway: w.Gateway, Connection: w.Connection})
	g.agents.insert(a)
	if len(a.row.Connections) > maxConnections {
		d.dropConnections(a, func(c *event.RoutingConnection) bool { return c == a.row.Connections[0] })
	}
	d.connection(a, was)
}

// disconnect removes a connection.
func (d *Domain) disconnect(w *event.AgentDisconnected) {
	a := d.agents[w.Agent]
	if a == nil {
		return
	}
	d.touch(a)
	was := a.connected()
	d.dropConnections(a, func(c *event.RoutingConnection) bool {
		return c.Gateway == w.Gateway && c.Connection == w.Connection
	})
	d.connection(a, was)
}

// dropConnections removes connections and keeps the gateways' lists of agents right.
func (d *Domain) dropConnections(a *agent, drop func(*event.RoutingConnection) bool) {
	var kept []*event.RoutingConnection
	for _, c := range a.row.Connections {
		if drop(c) {
			d.gateways[c.Gateway].agents.remove(a)
		} else {
			kept = append(kept, c)
		}
	}
	a.row.Connections = kept
	for _, c := range kept {
		d.gateways[c.Gateway].agents.insert(a)
	}
}

// connection begins or ends the grace of an agent whose last connection went, or came back.
func (d *Domain) connection(a *agent, was bool) {
	switch is := a.connected(); {
	case was && !is:
		d.after(TimerRescind, a.row.Agent, d.rules.Rescind)
		d.after(TimerLose, a.row.Agent, d.rules.Lose)
	case !was && is:
		d.cancel(TimerRescind, a.row.Agent)
		d.cancel(TimerLose, a.row.Agent)
	}
}

// graceEnds takes the contacts of an agent who did not come back, some at a time.
func (d *Domain) graceEnds(id string) {
	a := d.agents[id]
	if a == nil || a.row.Configured && a.connected() {
		return
	}
	d.touch(a)
	d.rescind(a, "agent_gone")
	if a.row.Status != StatusOffline {
		d.put(a, StatusOffline, ReasonConnectionLost, "")
	}
	for i, c := range slices.Clone(a.held) {
		if i == loseStep {
			d.after(TimerLose, id, 1)
			return
		}
		d.lose(c)
	}
}

// CheckStatus refuses a status that agents do not have.
func CheckStatus(w *event.AgentStatus) error {
	switch w.GetStatus() {
	case StatusAvailable, StatusBreak, StatusOffline:
		return nil
	default:
		return fmt.Errorf("agent %s: status %q is none of %s, %s, %s", w.GetAgent(), w.GetStatus(),
			StatusAvailable, StatusBreak, StatusOffline)
	}
}

// setStatus takes what an agent set, or a supervisor for them. Contacts they hold stay with them; what rings goes to somebody
// else. A status for when they are free begins with the end of their last contact; until then they are offered nothing.
func (d *Domain) setStatus(w *event.AgentStatus) {
	a := d.agent(w.Agent)
	d.touch(a)
	if w.LogOut && a.connected() {
		d.dropConnections(a, func(*event.RoutingConnection) bool { return true })
		d.connection(a, true)
	}
	if w.WhenFree && len(a.held) > 0 && w.Status != a.row.Status {
		a.row.NextStatus, a.row.NextReason, a.row.NextBy = w.Status, w.Reason, w.By
		d.rescind(a, "not_available")
		return
	}
	d.put(a, w.Status, w.Reason, w.By)
}

// put gives an agent a status, in place of any that was to come.
func (d *Domain) put(a *agent, status, reason, by string) {
	if status == StatusAvailable && a.row.Status != StatusAvailable {
		d.idle(a)
	}
	a.row.Status, a.row.Reason, a.row.By = status, reason, by
	a.row.NextStatus, a.row.NextReason, a.row.NextBy = "", "", ""
	if status != StatusAvailable {
		d.rescind(a, "not_available")
	}
}

// forgettable tells whether nothing is to be remembered of an agent whom the configuration does not name.
func (d *Domain) forgettable(a *agent) bool {
	return !a.row.Configured && len(a.row.Connections) == 0 && len(a.held) == 0 && a.ringing == nil && a.kept.len() == 0
}

// shows is what an agent's presence shows now.
func (a *agent) shows() shown {
	s := shown{
		status: a.row.Status, reason: a.row.Reason, activity: a.activity(), capacity: a.row.Capacity,
		next: a.row.NextStatus, nextReason: a.row.NextReason, by: a.row.By,
	}
	if n := len(a.row.Connections); n > 0 {
		s.connected, s.gateway = true, a.row.Connections[n-1].Gateway
	}
	return s
}

// tellAgent tells an agent's presence as one whole, if anything of it changed.
func (d *Domain) tellAgent(a *agent) {
	s := a.shows()
	if s == a.seen && !a.moved && a.row.Version > 0 {
		return
	}
	if s.status != a.seen.status || s.activity != a.seen.activity || s.connected != a.seen.connected || a.row.Version == 0 {
		a.row.SinceMs = d.now.stamp()
	}
	a.seen, a.moved = s, false
	a.row.Version++
	m := d.mem.agents.take()
	m.agent = event.AgentChanged{
		Agent: a.row.Agent, Status: s.status, Reason: s.reason, Connected: s.connected, Activity: s.activity,
		SinceMs: a.row.SinceMs, Version: a.row.Version, Gateway: s.gateway, Capacity: s.capacity,
		NextStatus: s.next, NextReason: s.nextReason, By: s.by,
	}
	if len(a.held) > 0 {
		m.contacts = m.contacts[:0]
		for _, c := range a.held {
			m.contacts = append(m.contacts, c.id())
		}
		m.agent.Contacts = m.contacts
	}
	m.body.AgentChanged = &m.agent
	m.event = event.Event{Body: &m.body}
	d.fact(&m.event)
}

// take takes all that a row says.
func (a *agent) take(r *event.RoutingAgentRow) {
	a.row = event.RoutingAgentRow{
		Agent: r.GetAgent(), Configured: r.GetConfigured(), Queues: r.GetQueues(), Skills: r.GetSkills(),
		Capacity: r.GetCapacity(), Status: r.GetStatus(), Reason: r.GetReason(), Connections: r.GetConnections(),
		Turn: r.GetTurn(), IdleMs: r.GetIdleMs(), SinceMs: r.GetSinceMs(), Version: r.GetVersion(),
		Capacities: r.GetCapacities(), NextStatus: r.GetNextStatus(), NextReason: r.GetNextReason(), NextBy: r.GetNextBy(), By: r.GetBy(),
	}
}
