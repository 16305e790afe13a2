package webchat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
	"github.com/tributary-cc/tributary/stream/privacy"
)

type noteKind uint8

const (
	noteHistory noteKind = iota
	noteMessage
	noteState
	noteTyping
	noteRead
	noteSurvey
	// noteMade carries a frame that is made already: an answer.
	noteMade
	// noteRefused is an answer behind which the connection is closed: the token is not accepted.
	noteRefused
)

// note is what a chat tells a connection; the connection's own goroutine reads, opens and encodes.
type note struct {
	kind  noteKind
	state chatState
	lines live.Lines
	// last is the sequence up to which the browser has the chat; trusted says that it is of this conversation.
	last    uint64
	trusted bool
	// read is the last message that the agent has read, survey one more than the place of what is asked; both of a history.
	read    uint32
	survey  live.Place
	open    bool
	contact string
	event   *event.Event
	made    []byte
}

type message struct {
	ID       string `json:"id"`
	Sequence uint64 `json:"sequence"`
	Author   string `json:"author"`
	Text     string `json:"text"`
	SentMs   int64  `json:"sent_ms"`
	ClientID string `json:"client_id"`
	// Conversation is what a browser names in its next hello, beside the last sequence that it has of it.
	Conversation string `json:"conversation"`
	Attachments  []file `json:"attachments,omitempty"`
}

type historyFrame struct {
	Type     string    `json:"type"`
	State    string    `json:"state"`
	Messages []message `json:"messages"`
	// Read is the last message of the conversation that the agent has read.
	Read uint32 `json:"read,omitempty"`
	// Survey is the contact that the customer is asked about.
	Survey string `json:"survey,omitempty"`
	// Open is false outside of the queue's hours.
	Open bool `json:"open"`
}

type messageFrame struct {
	Type string `json:"type"`
	message
}

type stateFrame struct {
	Type  string `json:"type"`
	State string `json:"state"`
}

type readFrame struct {
	Type     string `json:"type"`
	Sequence uint64 `json:"sequence"`
}

type surveyFrame struct {
	Type    string `json:"type"`
	Contact string `json:"contact"`
}

type answerFrame struct {
	Type string `json:"type"`
	ID   string `json:"id,omitempty"`
	Code string `json:"code,omitempty"`
	Text string `json:"text,omitempty"`
	// Field is the question of the form that is answered wrongly.
	Field string `json:"field,omitempty"`
}

// message opens a delivery for the customer whom it concerns: in full, as it is theirs. An erased one is empty.
func (s *Server) message(ctx context.Context, e *event.Event) (message, error) {
	d := e.GetDeliver()
	m := message{
		ID: d.GetDelivery(), Sequence: d.GetSequence(), Author: strings.ToLower(strings.TrimPrefix(d.GetAuthor().String(), "AUTHOR_")),
		SentMs: d.GetSentMs(), ClientID: d.GetClientId(), Conversation: d.GetConversation(),
	}
	if e.GetSealed() == nil {
		m.Attachments = filesOf(d.GetAttachments(), nil)
		return m, nil
	}
	content, err := s.config.Opener.OpenContent(ctx, e.GetTenant(), e.GetSealed())
	if err != nil && !errors.Is(err, privacy.ErrErased) {
		return m, fmt.Errorf("opening a message: %w", err)
	}
	m.Text, m.Attachments = content.GetText(), filesOf(d.GetAttachments(), content.GetFileNames())
	return m, nil
}

// resume is what a browser says it has: all up to the last sequence of a conversation, if it names one.
type resume struct {
	last         uint64
	conversation string
}

// trusted says whether last counts in the conversation of a hash. A browser may be away while the next conversation begins,
// so that a last without a name may be of an earlier one.
func (c *chats) trusted(has resume, conversation uint64) bool {
	return has.conversation != "" && c.keys.Short(has.conversation) == conversation
}

// lacking are the lines that a browser may lack: of the conversation, all from the first on that is behind the last it has
// or that nobody acknowledged; of those before, what nobody acknowledged. Who does not name the conversation is shown the
// newest in any case: so its last hides nothing that somebody without any is shown.
func lacking(lines live.Lines, last uint64, trusted bool) live.Lines {
	from := len(lines)
	if !trusted {
		from = max(0, len(lines)-maxShown)
	}
	for i, l := range lines[:from] {
		behind := (trusted || last > 0) && l.Sequence() > last || l.Sequence() == live.MaxSequence
		if l.State()&earlier == 0 && (behind || l.State()&acked == 0) {
			from = i
			break
		}
	}
	var out live.Lines
	for i, l := range lines {
		if old := l.State()&earlier != 0; old && l.State()&acked == 0 || !old && i >= from {
			out = append(out, l)
		}
	}
	return out
}

// history reads what a browser may lack; the note's lines are its own.
func (s *Server) history(ctx context.Context, n *note) ([]byte, error) {
	lines := lacking(n.lines, n.last, n.trusted)
	found, err := live.Fetch(ctx, s.config.Log, event.TopicOutbound, lines.Places(nil))
	if err != nil {
		return nil, fmt.Errorf("reading a chat's history: %w", err)
	}
	f := historyFrame{Type: "history", State: n.state.String(), Messages: []message{}, Read: n.read, Open: n.open}
	if f.Survey, err = s.askedAbout(ctx, n.survey); err != nil {
		return nil, err
	}
	for _, l := range lines {
		e := found[l.At]
		if e.GetDeliver() == nil {
			continue
		}
		m, err := s.message(ctx, e)
		if err != nil {
			return nil, err
		}
		f.Messages = append(f.Messages, m)
	}
	return json.Marshal(f)
}

func (s *Server) render(ctx context.Context, n *note) ([]byte, error) {
	switch n.kind {
	case noteMade, noteRefused:
		return n.made, nil
	case noteHistory:
		return s.history(ctx, n)
	case noteState:
		return json.Marshal(stateFrame{"state", n.state.String()})
	case noteTyping:
		if s.config.Now().UnixMilli()-n.event.GetAtMs() > typingFresh.Milliseconds() {
			return nil, nil // it is over
		}
		return []byte(`{"type":"typing"}`), nil
	case noteRead:
		return json.Marshal(readFrame{"read", n.last})
	case noteSurvey:
		return json.Marshal(surveyFrame{"survey", n.contact})
	case noteMessage:
		m, err := s.message(ctx, n.event)
		if err != nil {
			return nil, err
		}
		return json.Marshal(messageFrame{"message", m})
	}
	return nil, errors.New("a note of an unknown kind")
}
