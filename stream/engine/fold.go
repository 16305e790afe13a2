package engine

import (
	"fmt"

	"github.com/tributary-cc/tributary/stream/event"
)

// Fold is a pure decision: (state, event) → (state, events) over one inbox partition. Nothing but the records goes in;
// everything it keeps between records is in tables, or is derived from them in Restore.
type Fold interface {
	// Restore derives what the fold holds in memory from the tables, in a fold that is new: before the first record, and
	// after a record was rolled back. It changes no row. A fold that holds nothing does nothing.
	Restore(tx *Tx) error
	// Apply folds one event. An error puts the record to dead and undoes all that it changed and emitted.
	//
	// Restore costs what the tables hold, and nobody may buy that with a record that is refused: where Apply or Fire returns an
	// error and has changed no row and no timer and emitted nothing, the fold goes on as it is. So refuse first and change then;
	// what the fold holds in memory may change only when nothing can be refused any more, or behind a row.
	Apply(tx *Tx, e *event.Event) error
	// Fire handles a timer that is due. The timer is gone; it may be set again.
	Fire(tx *Tx, timer string) error
}

// Processor is a fold with its place on the log.
type Processor struct {
	// Name is the processor's name in origins, checkpoints and lanes, e.g. "conversation". It never changes.
	Name string
	// Inbox is the topic folded.
	Inbox event.Topic
	// Outputs are the topics it may emit to, besides dead.
	Outputs []event.Topic
	// New makes the fold of one partition.
	New func() Fold
}

// Refusal is an error of a fold that knows why it cannot take a record. Kind is one of the kinds of event.Dead.
type Refusal struct{ Kind, Reason string } //nolint:errname // it is a fold's answer first, and an error second

// Error gives the reason, which holds no personal data.
func (r *Refusal) Error() string { return r.Reason }

// Refuse makes a Refusal of kind refused.
func Refuse(format string, args ...any) error {
	return &Refusal{Kind: "refused", Reason: fmt.Sprintf(format, args...)}
}

// Late makes a Refusal for a cause that is older than what the row remembers.
func Late(format string, args ...any) error {
	return &Refusal{Kind: "late", Reason: fmt.Sprintf(format, args...)}
}
