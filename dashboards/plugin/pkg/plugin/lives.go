package plugin

import (
	"sync"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// lives are the streams under way, by scope.
type lives struct {
	mu     sync.Mutex
	scopes map[string]*live
}

// live is one stream to Grafana.
type live struct {
	sender *backend.StreamSender
	mu     sync.Mutex
	last   *data.Frame // never changed once it is here
	// said is the notice that the schema sent last had; sent, whether there was any.
	said   string
	sent   bool
	broken error // why Grafana takes no more
}

func newLives() *lives { return &lives{scopes: make(map[string]*live)} }

func (l *lives) begin(scope string, sender *backend.StreamSender) *live {
	s := &live{sender: sender}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.scopes[scope] = s
	return s
}

func (l *lives) end(scope string, s *live) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.scopes[scope] == s {
		delete(l.scopes, scope)
	}
}

// latest is the frame that was sent last in a scope's stream, or nil.
func (l *lives) latest(scope string) *data.Frame {
	l.mu.Lock()
	s := l.scopes[scope]
	l.mu.Unlock()
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

// send sends a frame: with its schema at first and when its notice changed, else the rows alone, as the fields are always the same.
func (s *live) send(frame *data.Frame) error {
	var notice string
	if len(frame.Meta.Notices) > 0 {
		notice = frame.Meta.Notices[0].Text
	}
	include := data.IncludeDataOnly
	if !s.sent || notice != s.said {
		include = data.IncludeAll
	}
	s.mu.Lock()
	s.last = frame // before it is sent, so that who comes now has it from here or from the stream
	s.mu.Unlock()
	if s.broken = s.sender.SendFrame(frame, include); s.broken != nil {
		return s.broken
	}
	s.sent, s.said = true, notice
	return nil
}

// stale says on the board that what stands there is no longer true, and why.
func (s *live) stale(why *fault) error {
	text := "Not live: " + why.Error()
	if s.sent && s.said == text {
		return nil
	}
	s.mu.Lock()
	frame := data.NewFrame(kindWallboard, newFields(0).fields...)
	if s.last != nil {
		frame = data.NewFrame(kindWallboard, s.last.Fields...)
	}
	s.mu.Unlock()
	frame.SetMeta(&data.FrameMeta{Type: data.FrameTypeTable, Notices: []data.Notice{{Severity: data.NoticeSeverityError, Text: text}}})
	return s.send(frame)
}
