package api

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/event"
)

// A contact keeps its priority on the floor when an agent has it, in whichever order the view read of queue and contact.
func TestAnAssignedContactKeepsItsPriority(t *testing.T) {
	for _, queueFirst := range []bool{true, false} {
		s, f := testServer(enginetest.NewLog(1)), newFacts(t, enginetest.NewLog(1))
		w := &world{facts: f}
		queue := func(state string) {
			s.view.apply([]engine.Delivered{w.put(event.TopicRoutingFacts, &event.Event{Tenant: "acme", Key: "acme/main", Body: &event.Event_QueueEntry{
				QueueEntry: &event.QueueEntry{Contact: "k1", Queue: "sales", State: state, Priority: 7, EnqueuedMs: 5},
			}})})
		}
		contact := func() {
			s.view.apply([]engine.Delivered{f.contact("c", "v", "k1", event.ContactState_CONTACT_STATE_ASSIGNED, "ann")})
		}
		if queueFirst {
			queue("waiting")
			queue("answered")
			contact()
		} else {
			contact()
			queue("answered")
		}
		b := s.view.floorNow("acme", nil)
		require.Len(t, b.contacts, 1)
		require.Equal(t, int32(7), b.contacts[0].priority, "queue first: %v", queueFirst)
		require.Empty(t, s.view.ranks)
	}
}

// However many contacts change between two flushes, little is noted; who watches has them all in the end.
func TestChangesOfTheFloorAreBounded(t *testing.T) {
	v := newView()
	p := new(page)
	v.watchFloor("acme", nil, p, true)
	floor := &v.tenant("acme").floor
	for i := range 3 * maxFloorContacts {
		v.apply([]engine.Delivered{{Event: &event.Event{Tenant: "acme", Body: &event.Event_QueueEntry{QueueEntry: &event.QueueEntry{
			Contact: fmt.Sprint("k", i), Queue: "sales", State: "waiting", EnqueuedMs: 5,
		}}}}})
		require.LessOrEqual(t, len(floor.contacts), maxFloorContacts)
	}
	before := len(p.notes)
	for range wholeFloorAfter {
		v.flushFloors()
	}
	require.True(t, p.notes[len(p.notes)-1].floor.whole)
	for _, n := range p.notes[before : len(p.notes)-1] {
		require.False(t, n.floor.whole)
	}
	require.Zero(t, floor.late)
	require.Empty(t, floor.contacts)
}

// What an account sends in an hour is bounded.
func TestTheVolumeOfFilesIsBounded(t *testing.T) {
	w := newWorld(t)
	p := w.process()
	ann, bob := person{Tenant: "acme", Account: "ann"}, person{Tenant: "acme", Account: "bob"}
	for range uploadUnits / 10 {
		require.True(t, p.door.takeVolume(ann, -1), "as long as the longest, where it does not say")
	}
	require.False(t, p.door.takeVolume(ann, -1))
	require.True(t, p.door.takeVolume(bob, 5))
	w.ms.Add(60 * minuteMs)
	require.True(t, p.door.takeVolume(ann, 10<<20))
}

// Who saw no profile does not write over one.
func TestAProfileThatNamesNoVersionGoesOverNone(t *testing.T) {
	w := newWorld(t)
	p := w.process()
	w.assigned("ann")
	d, _ := p.open("ann")
	require.Eventually(t, func() bool { return len(p.door.view.heldBy("acme", "ann")) == 1 }, patience, waitStep)
	d.say(`{"type":"profile","request":"r1","customer":"c1","name":"Ida","tags":[],"fields":{},"base_version":0}`)
	d.next("accepted")
	w.profile("c1", "Ida Holm", 3)
	d.next("profile")
	d.say(`{"type":"profile","request":"r2","customer":"c1","name":"Eve","tags":[],"fields":{},"base_version":0}`)
	require.Equal(t, "conflict", d.next("error")["code"])
	d.say(`{"type":"profile","request":"r3","customer":"c1","name":"Eve","tags":[],"fields":{},"base_version":3}`)
	d.next("accepted")
}
