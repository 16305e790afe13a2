package dispatch_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/routing/dispatch"
	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/event"
)

// floor is a scene of a contact centre's floor: short words for what happens, and short lines for what came of it.
type floor struct {
	*enginetest.Scene
	t       testing.TB
	tenant  string
	version uint64
	n       int
	offers  map[string]string // the last offer of each contact
	rings   map[string]string // who a contact rings at
	alive   []string
	watch   func(enginetest.Out)
	at      int64
	entries []*event.QueueEntry
	offered *event.OfferChanged // the last one made
}

// tenantHere finds a tenant whose main domain stands in the partition of the scene.
func tenantHere(n int) string {
	for i := 0; ; i++ {
		tenant := fmt.Sprintf("t%d", i)
		if event.PartitionOf(event.Key(tenant, "main"), 4) == 0 {
			if n--; n < 0 {
				return tenant
			}
		}
	}
}

func newFloor(t testing.TB) *floor {
	t.Helper()
	return &floor{
		Scene: enginetest.New(t, dispatch.Processor()), t: t, tenant: tenantHere(0),
		offers: make(map[string]string), rings: make(map[string]string),
	}
}

// rows are all rows of the fold.
func (f *floor) rows() (rows string) {
	f.Machine.Read(func(tx *engine.Tx) { rows = dispatch.Dump(tx) })
	return rows
}

// do folds one event of the floor's tenant and tells what came of it.
func (f *floor) do(e *event.Event) []string {
	f.n++
	id := event.CauseID("floor", fmt.Sprint(f.n))
	e.Id, e.Tenant = id[:], f.tenant
	if e.Key == "" {
		e.Key = event.Key(f.tenant, "main")
	}
	e.AtMs = f.Now()
	return f.told(f.Apply(e))
}

// ringing are the contacts that ring, in order.
func (f *floor) ringing() []string {
	ids := make([]string, 0, len(f.rings))
	for id := range f.rings {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// wait lets time pass, second by second, the gateways named in alive giving their signs of life.
func (f *floor) wait(ms int64) []string {
	var lines []string
	for ms > 0 {
		d := min(ms, 1000)
		for _, g := range f.alive {
			lines = append(lines, f.do(&event.Event{Body: &event.Event_GatewayAlive{GatewayAlive: &event.GatewayAlive{Gateway: g}}})...)
		}
		lines = append(lines, f.told(f.Wait(d))...)
		ms -= d
	}
	return lines
}

func (f *floor) told(outs []enginetest.Out) []string {
	var lines []string
	for _, o := range outs {
		if f.watch != nil {
			f.watch(o)
		}
		switch b := o.Event.Body.(type) {
		case *event.Event_OfferChanged:
			x := b.OfferChanged
			delete(f.rings, x.Contact)
			if x.State == event.OfferState_OFFER_STATE_OFFERED {
				f.offers[x.Contact], f.rings[x.Contact], f.offered = x.Offer, x.Agent, x
			}
			state := strings.ToLower(strings.TrimPrefix(x.State.String(), "OFFER_STATE_"))
			lines = append(lines, strings.TrimSpace(fmt.Sprintf("offer of %s to %s: %s %s", x.Contact, x.Agent, state, x.Reason)))
		case *event.Event_QueueEntry:
			x := b.QueueEntry
			on := ""
			if x.NextQueue != "" {
				on = " on to " + x.NextQueue
			}
			lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s in %s: %s, %d wait %s%s", x.Contact, x.Queue, x.State, x.Waiting, x.Reason, on)))
			f.entries = append(f.entries, x)
		case *event.Event_AgentChanged:
			x := b.AgentChanged
			where := ""
			if !x.Connected {
				where = " disconnected"
			}
			if x.NextStatus != "" {
				where += " then " + x.NextStatus
			}
			if x.By != "" {
				where += " by " + x.By
			}
			lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s: %s %s%s %s", x.Agent, x.Status, x.Activity, where, strings.Join(x.Contacts, " "))))
		case *event.Event_RouteOutcome:
			x := b.RouteOutcome
			require.Equal(f.t, event.Key(o.Event.Tenant, "customer-of-"+x.Contact), o.Event.Key)
			lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s: %s %s %s", x.Contact, x.Outcome, x.Queue, x.Agent)))
		case *event.Event_Dead:
			lines = append(lines, "dead: "+b.Dead.Reason)
		}
	}
	return lines
}

func (f *floor) configure(objects ...*event.ConfigObject) []string {
	f.version++
	return f.do(&event.Event{Body: &event.Event_ConfigApplied{ConfigApplied: &event.ConfigApplied{
		Version: f.version, Objects: objects,
	}}})
}

func queue(id string, priority int32) *event.ConfigObject {
	return &event.ConfigObject{Object: &event.ConfigObject_Queue{Queue: &event.Queue{Id: id, Priority: priority}}}
}

func agent(id string, capacity uint32, queues ...string) *event.ConfigObject {
	return &event.ConfigObject{Object: &event.ConfigObject_Agent{Agent: &event.Agent{
		Id: id, Queues: queues, ChatCapacity: capacity,
	}}}
}

func removed(o *event.ConfigObject) *event.ConfigObject {
	o.Removed = true
	return o
}

func (f *floor) connects(agent, gateway, connection string) []string {
	return f.do(&event.Event{Body: &event.Event_AgentConnected{AgentConnected: &event.AgentConnected{
		Agent: agent, Gateway: gateway, Connection: connection,
	}}})
}

func (f *floor) disconnects(agent, gateway, connection string) []string {
	return f.do(&event.Event{Body: &event.Event_AgentDisconnected{AgentDisconnected: &event.AgentDisconnected{
		Agent: agent, Gateway: gateway, Connection: connection,
	}}})
}

func (f *floor) sets(agent, status string) []string {
	return f.do(&event.Event{Body: &event.Event_AgentStatus{AgentStatus: &event.AgentStatus{
		Agent: agent, Status: status, Request: fmt.Sprint("r", f.n),
	}}})
}

// staffed is a floor with a queue and agents who are available through gateway g1, idling in the order given.
func staffed(t testing.TB, capacity uint32, agents ...string) *floor {
	t.Helper()
	f := newFloor(t)
	f.alive = []string{"g1"}
	f.configure(queue("sales", 0))
	for _, a := range agents {
		f.configure(agent(a, capacity, "sales"))
		f.arrives(a)
	}
	return f
}

// arrives connects an agent through g1 and makes them available.
func (f *floor) arrives(agent string) []string {
	f.connects(agent, "g1", agent+"-tab")
	return f.sets(agent, "available")
}

func (f *floor) request(r *event.RouteRequest, version uint64) []string {
	r.Customer, r.Conversation = "customer-of-"+r.Contact, "conversation-of-"+r.Contact
	if r.EnqueuedMs == 0 {
		f.at++
		r.EnqueuedMs = enginetest.Start + f.at
	}
	return f.do(&event.Event{ConfigVersion: version, Body: &event.Event_RouteRequest{RouteRequest: r}})
}

func (f *floor) asks(contact, queue string) []string {
	return f.request(&event.RouteRequest{Contact: contact, Queue: queue}, f.version)
}

func (f *floor) answers(agent, contact string, accept bool) []string {
	return f.do(&event.Event{Body: &event.Event_OfferAnswer{OfferAnswer: &event.OfferAnswer{
		Offer: f.offers[contact], Agent: agent, Accept: accept,
	}}})
}

func (f *floor) cancels(contact, reason string) []string {
	return f.do(&event.Event{Body: &event.Event_RouteCancel{RouteCancel: &event.RouteCancel{Contact: contact, Reason: reason}}})
}

func (f *floor) releases(contact, agent string, wrapping bool) []string {
	return f.do(&event.Event{Body: &event.Event_ContactReleased{ContactReleased: &event.ContactReleased{
		Contact: contact, Agent: agent, Wrapping: wrapping,
	}}})
}
