package api

import (
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
)

// noteKind says what a note tells.
type noteKind uint8

const (
	noteSnapshot noteKind = iota
	noteAgent
	noteOffer
	noteContact
	noteMessage
	noteMarked
	noteQueue
	// noteRefused tells that an accepted wish came too late.
	noteRefused
	// noteMade carries a frame that is made already: an answer to a command.
	noteMade
)

// note is what the view tells a page. It refers to events and never copies them; the page's own goroutine opens, masks
// and encodes, so that the view does not wait for keys or for the log.
type note struct {
	kind  noteKind
	event *event.Event
	// contact is the receiver's contact that a message belongs to.
	contact string
	// lines are messages that the page has not got yet.
	lines    live.Lines
	agent    *agentState
	queue    queueState
	snapshot *snapshot
	made     []byte
	// account restricts a note to the pages of one account.
	account string
}

// reads reports whether the note's frame is read from the log.
func (n *note) reads() bool {
	return len(n.lines) > 0 || n.snapshot != nil && len(n.snapshot.held) > 0
}
