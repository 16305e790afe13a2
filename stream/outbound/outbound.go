// Package outbound is the fold between a conversation and the adapters that speak to the world: it reads outbound.in, one
// partition an address, and writes outbound.
//
// It promises that each delivery asked for stands on outbound once; that of several effectors that claim a delivery the
// first is named, once; that what became of a delivery is a fact whose rank never falls; and that a claim without a result
// is declared in doubt after a minute of served time, never silently repeated. Where the receiver drops repeats by id nobody
// claims, and the acknowledgement settles. Typing and read marks
// pass through without a trace. It does not say what was delivered, as texts are sealed, nor does it deliver.
package outbound

import (
	"slices"
	"strings"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

const (
	// DoubtMS is how long a claim may stay without a result, in served time.
	DoubtMS = 60_000
	// ForgetMS is how long a delivery may stay unsettled before it is given up, in served time: 8 days, like the memory of causes.
	ForgetMS = engine.RememberMS
	// MaxUnsettled bounds the deliveries of one address that wait to be settled; beyond it the oldest is given up.
	MaxUnsettled = 256
)

var rows = engine.NewTable[event.OutboundRow]("o")

// Processor is outbound's place on the log.
func Processor() engine.Processor {
	return engine.Processor{
		Name: "outbound", Inbox: event.TopicOutboundIn, Outputs: []event.Topic{event.TopicOutbound},
		New: func() engine.Fold { return fold{} },
	}
}

// fold holds nothing besides its table.
type fold struct{}

// Restore has nothing to derive.
func (fold) Restore(*engine.Tx) error { return nil }

// Apply folds one request, claim or result.
func (fold) Apply(tx *engine.Tx, e *event.Event) error {
	if e.GetTenant() == "" || strings.Contains(e.GetTenant(), "/") || e.GetAddress() == "" || e.GetKey() != event.Key(e.GetTenant(), e.GetAddress()) {
		return engine.Refuse("an event for outbound needs a tenant and an address, and them as its key")
	}
	if d := e.GetDeliver(); d != nil && passes(d) {
		return pass(tx, e, d)
	}
	a := load(tx, e)
	switch b := e.GetBody().(type) {
	case *event.Event_Deliver:
		if err := a.deliver(e, b.Deliver); err != nil {
			return err
		}
	case *event.Event_Claim:
		if b.Claim.GetEffector() == "" {
			return engine.Refuse("a claim needs the name of its effector")
		}
		a.claim(b.Claim)
	case *event.Event_DeliveryResult:
		if rank(b.DeliveryResult.GetState()) <= 0 {
			return engine.Refuse("a result needs a state")
		}
		a.result(b.DeliveryResult.GetDelivery(), b.DeliveryResult.GetState())
	default:
		return engine.Refuse("outbound takes deliveries, claims and results, not a %T", e.GetBody())
	}
	a.save()
	return nil
}

// Fire handles what of one address is due. The timer's name is the row's key.
func (fold) Fire(tx *engine.Tx, key string) error {
	row := rows.Get(tx, key)
	if row == nil {
		return nil
	}
	row.DueMs = 0
	a := &address{tx: tx, key: key, row: row, at: tx.Clock()}
	for _, d := range slices.Clone(row.GetDeliveries()) {
		if d.GetDueMs() <= tx.Served() {
			a.overdue(d)
		}
	}
	a.save()
	return nil
}

// rank orders states by how much they prove: a receipt ends any doubt, and no doubt or failure undoes a receipt.
func rank(s event.DeliveryState) int {
	return slices.Index([]event.DeliveryState{
		event.DeliveryState_DELIVERY_STATE_UNSPECIFIED, event.DeliveryState_DELIVERY_STATE_SENT,
		event.DeliveryState_DELIVERY_STATE_IN_DOUBT, event.DeliveryState_DELIVERY_STATE_FAILED,
		event.DeliveryState_DELIVERY_STATE_DELIVERED, event.DeliveryState_DELIVERY_STATE_READ,
	}, s)
}
