package outbound

import (
	"slices"
	"strings"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// maxID bounds the ids of deliveries and effectors.
const maxID = 256

// address is the row of one address in hand.
type address struct {
	tx  *engine.Tx
	key string
	row *event.OutboundRow
	// at is the time that what is emitted carries: the cause's, or the clock's where a timer is the cause.
	at int64
}

func load(tx *engine.Tx, e *event.Event) *address {
	row := rows.Get(tx, e.GetKey())
	if row == nil {
		row = new(event.OutboundRow)
	}
	return &address{tx: tx, key: e.GetKey(), row: row, at: e.GetAtMs()}
}

// save stores the row, if anything waits to be settled, and sees to it that the timer is not later than what is due. An
// earlier one stays: it finds nothing and is set anew, which is cheaper than to move it with every delivery.
func (a *address) save() {
	if len(a.row.GetDeliveries()) == 0 {
		if a.row.GetDueMs() > 0 {
			a.tx.Cancel(a.key)
		}
		rows.Delete(a.tx, a.key)
		return
	}
	due := a.row.GetDeliveries()[0].GetDueMs()
	for _, d := range a.row.GetDeliveries() {
		due = min(due, d.GetDueMs())
	}
	if a.row.GetDueMs() == 0 || due < a.row.GetDueMs() {
		a.row.DueMs = due
		a.tx.After(a.key, due-a.tx.Served())
	}
	rows.Put(a.tx, a.key, a.row)
}

// deliver passes a request on. Messages are acknowledged by their id, so they are remembered until they are settled; an echo
// is what the customer said and has, and the other kinds only tell a state: a client asks for both when it returns.
func (a *address) deliver(e *event.Event, d *event.Deliver) error {
	if err := sound(d); err != nil {
		return err
	}
	if a.find(d.GetDelivery()) >= 0 {
		return nil
	}
	a.emit(&event.Event{
		Customer: e.GetCustomer(), Sealed: e.GetSealed(), ConfigVersion: e.GetConfigVersion(),
		Body: &event.Event_Deliver{Deliver: d},
	})
	if d.GetKind() != "message" {
		return nil
	}
	a.row.Deliveries = append(a.row.Deliveries, &event.DeliveryRow{Delivery: d.GetDelivery(), DueMs: a.tx.Served() + ForgetMS})
	for len(a.row.GetDeliveries()) > MaxUnsettled {
		a.giveUp(a.row.GetDeliveries()[0])
	}
	return nil
}

// passes tells whether a kind is told once and kept by nobody: it goes through without a row.
func passes(d *event.Deliver) bool { return d.GetKind() == "typing" || d.GetKind() == "read" }

// pass passes on what is told once.
func pass(tx *engine.Tx, e *event.Event, d *event.Deliver) error {
	if err := sound(d); err != nil {
		return err
	}
	a := &address{tx: tx, key: e.GetKey(), at: e.GetAtMs()}
	a.emit(&event.Event{Customer: e.GetCustomer(), ConfigVersion: e.GetConfigVersion(), Body: &event.Event_Deliver{Deliver: d}})
	return nil
}

func sound(d *event.Deliver) error {
	if d.GetDelivery() == "" || len(d.GetDelivery()) > maxID {
		return engine.Refuse("a delivery needs an id of at most %d bytes", maxID)
	}
	return nil
}

// claim names the first claimant, once: an effector acts when it reads that it is the first. A claim of what is settled or
// claimed comes too late and changes nothing.
func (a *address) claim(c *event.Claim) {
	i := a.find(c.GetDelivery())
	if i < 0 || len(c.GetEffector()) > maxID {
		return
	}
	d := a.row.GetDeliveries()[i]
	if d.GetClaimedBy() != "" || rank(d.GetState()) > rank(event.DeliveryState_DELIVERY_STATE_SENT) {
		return
	}
	d.ClaimedBy = c.GetEffector()
	d.DueMs = a.tx.Served() + DoubtMS
	a.settled(d)
}

// result takes a state if it proves more than what is known. Whether it came from an effector or from the receiver makes
// no difference.
func (a *address) result(delivery string, state event.DeliveryState) {
	i := a.find(delivery)
	if i < 0 {
		return // settled before, or a kind that nobody waits for
	}
	d := a.row.GetDeliveries()[i]
	if rank(state) <= rank(d.GetState()) {
		return
	}
	d.State = state
	a.settled(d)
	switch state {
	case event.DeliveryState_DELIVERY_STATE_DELIVERED, event.DeliveryState_DELIVERY_STATE_READ, event.DeliveryState_DELIVERY_STATE_FAILED:
		a.row.Deliveries = slices.Delete(a.row.Deliveries, i, i+1)
	case event.DeliveryState_DELIVERY_STATE_UNSPECIFIED, event.DeliveryState_DELIVERY_STATE_SENT, event.DeliveryState_DELIVERY_STATE_IN_DOUBT:
		d.DueMs = a.tx.Served() + ForgetMS // a receipt may follow
	}
}

// overdue handles a delivery whose time has passed: a claim without a result is in doubt and a receipt may still end the
// doubt; what nobody settled in a week is given up.
func (a *address) overdue(d *event.DeliveryRow) {
	if d.GetClaimedBy() != "" && d.GetState() == event.DeliveryState_DELIVERY_STATE_UNSPECIFIED {
		a.result(d.GetDelivery(), event.DeliveryState_DELIVERY_STATE_IN_DOUBT)
		return
	}
	a.giveUp(d)
}

// giveUp forgets a delivery. One that nobody took has failed; of a claimed one the last word stands, and where there was
// none it stays in doubt.
func (a *address) giveUp(d *event.DeliveryRow) {
	if d.GetState() == event.DeliveryState_DELIVERY_STATE_UNSPECIFIED {
		d.State = event.DeliveryState_DELIVERY_STATE_FAILED
		if d.GetClaimedBy() != "" {
			d.State = event.DeliveryState_DELIVERY_STATE_IN_DOUBT
		}
		a.settled(d)
	}
	if i := a.find(d.GetDelivery()); i >= 0 {
		a.row.Deliveries = slices.Delete(a.row.Deliveries, i, i+1)
	}
}

func (a *address) find(delivery string) int {
	return slices.IndexFunc(a.row.GetDeliveries(), func(d *event.DeliveryRow) bool { return d.GetDelivery() == delivery })
}

// settled tells what is known of a delivery now.
func (a *address) settled(d *event.DeliveryRow) {
	a.emit(&event.Event{Body: &event.Event_DeliverySettled{DeliverySettled: &event.DeliverySettled{
		Delivery: d.GetDelivery(), State: d.GetState(), FirstClaim: d.GetClaimedBy(),
	}}})
}

func (a *address) emit(e *event.Event) {
	tenant, pseudonym, _ := strings.Cut(a.key, "/")
	e.Tenant, e.Key, e.Address, e.AtMs = tenant, a.key, pseudonym, a.at
	a.tx.Emit(event.TopicOutbound, e)
}
