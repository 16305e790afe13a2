package conversation

import "github.com/tributary-cc/tributary/stream/event"

// memory is what the outputs of a message are made of. They are encoded with the record that they came of, so the next one
// uses it again; what a record says beyond the first few messages is rare, and made anew.
type memory struct {
	added    [2]added
	delivers [4]deliver
	// addedUsed and deliversUsed count those in use.
	addedUsed, deliversUsed int
}

type added struct {
	event event.Event
	body  event.Event_MessageAdded
	added event.MessageAdded
}

type deliver struct {
	event   event.Event
	body    event.Event_Deliver
	deliver event.Deliver
}

func (m *memory) recycle() { m.addedUsed, m.deliversUsed = 0, 0 }

// newAdded gives an event with an empty message added.
func (m *memory) newAdded() *added {
	var a *added
	if m.addedUsed < len(m.added) {
		a = &m.added[m.addedUsed]
		m.addedUsed++
	} else {
		a = new(added)
	}
	a.event, a.body.MessageAdded = event.Event{Body: &a.body}, &a.added
	return a
}

// newDeliver gives an event with an empty delivery.
func (m *memory) newDeliver() *deliver {
	var d *deliver
	if m.deliversUsed < len(m.delivers) {
		d = &m.delivers[m.deliversUsed]
		m.deliversUsed++
	} else {
		d = new(deliver)
	}
	d.event, d.body.Deliver = event.Event{Body: &d.body}, &d.deliver
	return d
}
