package api

import (
	"context"
	"slices"

	"github.com/tributary-cc/tributary/stream/access"
)

// maxDisclosed bounds what a connection remembers of audit entries; beyond it some are written twice.
const maxDisclosed = 4096

// disclose is asked before a note's contents are opened for the page. Who works opens what the own agent holds; a reviewer
// opens what others hold, and that is written down, once per contact and connection; from anybody else contents are
// withheld. It answers false for a note that is nothing without them.
func (c *session) disclose(ctx context.Context, n *note) (bool, error) {
	switch n.kind {
	case noteSnapshot:
		return true, c.discloseSnapshot(ctx, n.snapshot)
	case noteContact:
		if n.lines == nil && n.places.profile == 0 {
			break
		}
		may, err := c.mayOpen(ctx, n.contact)
		if err != nil {
			return false, err
		}
		if !may {
			n.lines, n.places.profile = nil, 0
		}
	case noteMessage, noteProfile:
		return c.mayOpen(ctx, n.contact)
	case noteOffer:
		if !c.who.works() {
			n.places.profile = 0 // an offer is not held yet: its customer's name is for who is asked
		}
	case noteQueue:
		return c.tellsQueue(&n.queue), nil
	case noteColleagues:
		if in := c.desk(); !in.whole {
			n.agents, n.shared = kept(n.agents, func(a *agentState) bool { return in.agent(a.id) }), nil
		}
	case noteAgent, noteMarked, noteRefused, noteTyping, noteSettings, noteFloor, noteLoggedOut, noteMade:
	}
	return true, nil
}

// tellsQueue tells whether the page is told of a queue; of one that is removed if the page lists it, as by now nobody serves it.
func (c *session) tellsQueue(q *queueState) bool {
	in := c.desk()
	if q.removed || in.whole {
		return in.whole || c.queues[q.id]
	}
	if c.queues == nil {
		c.queues = make(map[string]bool)
	}
	c.queues[q.id] = c.queues[q.id] || in.queue(q.id)
	return in.queue(q.id)
}

// desk is of whom and of which queues a page is told without watching the floor. Who works as an agent gives contacts to
// whomever they belong, and is told of all.
func (c *session) desk() *scope {
	if c.who.works() {
		return wholeScope
	}
	return c.server.scope(c.who)
}

// discloseSnapshot leaves out of a snapshot what the page may not open.
func (c *session) discloseSnapshot(ctx context.Context, shot *snapshot) error {
	for i := range shot.held {
		h := &shot.held[i]
		may, err := c.mayOpen(ctx, h.id)
		if err != nil {
			return err
		}
		if !may {
			h.lines, h.places.profile = nil, 0
		}
	}
	if !c.who.works() {
		clear(shot.customers)
	}
	if in := c.desk(); !in.whole {
		shot.queues = slices.DeleteFunc(shot.queues, func(q queueState) bool { return !c.tellsQueue(&q) })
		shot.colleagues = slices.DeleteFunc(shot.colleagues, func(a *agentState) bool { return !in.agent(a.id) })
	}
	return nil
}

// mayOpen runs in the goroutine that drains the connection.
func (c *session) mayOpen(ctx context.Context, contact string) (bool, error) {
	// A contact that is not open any more was the own agent's a moment ago, or the page would not be told of it.
	if _, holder, open := c.server.view.contactAt(c.who.Tenant, contact); c.who.works() && (!open || holder == c.who.Agent) {
		return true, nil
	}
	if !c.who.mayReview() {
		return false, nil
	}
	if c.who.bound() {
		_, err := c.server.contactFor(ctx, person{Tenant: c.who.Tenant, who: c.who.who}, contact)
		if err != nil && asFault(err).kind != kindNotFound {
			return false, err
		}
		if err != nil {
			return false, nil
		}
	}
	if c.disclosed[contact] {
		return true, nil
	}
	err := c.server.auditor.Audit(ctx, access.Entry{
		Tenant: c.who.Tenant, Actor: c.who.Account, Action: access.ActionContactReadAll, Subject: contact, Allowed: true,
	})
	if err != nil {
		return false, err
	}
	if c.disclosed == nil || len(c.disclosed) >= maxDisclosed {
		c.disclosed = make(map[string]bool)
	}
	c.disclosed[contact] = true
	return true, nil
}
