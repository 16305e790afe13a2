package api

import (
	"sync"

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
	noteTyping
	noteProfile
	noteSettings
	noteColleagues
	noteFloor
	// noteLoggedOut is the last that a page is told.
	noteLoggedOut
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
	lines  live.Lines
	places places
	agent  *agentState
	// agents are colleagues: those that changed, or with whole all of them.
	agents []*agentState
	whole  bool
	queue  queueState
	lists  lists
	floor  *floorBatch
	// shared is the frame of a note that many pages are told.
	shared   *shared
	snapshot *snapshot
	made     []byte
	// account restricts a note to the pages of one account; with noteLoggedOut it is who logged the page out.
	account string
}

// shared is a frame that is made once for all pages that are told the same: by the first of those that need it, one for who
// may read what others hold and one for who may not.
type shared struct {
	once [2]sync.Once
	made [2][]byte
	err  [2]error
}

// frame gives it; nothing is shared by nil.
func (s *shared) frame(which int, make func() ([]byte, error)) ([]byte, error) {
	if s == nil {
		return make()
	}
	s.once[which].Do(func() { s.made[which], s.err[which] = make() })
	return s.made[which], s.err[which]
}

// reads reports whether the note's frame is read from the log.
func (n *note) reads() bool {
	return len(n.lines) > 0 || n.floor != nil && len(n.floor.contacts) > 0 || n.snapshot != nil && len(n.snapshot.held) > 0
}
