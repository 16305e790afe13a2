package webchat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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
	last  uint64
	event *event.Event
	made  []byte
}

type message struct {
	ID       string `json:"id"`
	Sequence uint64 `json:"sequence"`
	Author   string `json:"author"`
	Text     string `json:"text"`
	SentMs   int64  `json:"sent_ms"`
	ClientID string `json:"client_id"`
}

type historyFrame struct {
	Type     string    `json:"type"`
	State    string    `json:"state"`
	Messages []message `json:"messages"`
}

type messageFrame struct {
	Type string `json:"type"`
	message
}

type stateFrame struct {
	Type  string `json:"type"`
	State string `json:"state"`
}

type answerFrame struct {
	Type string `json:"type"`
	ID   string `json:"id,omitempty"`
	Code string `json:"code,omitempty"`
	Text string `json:"text,omitempty"`
}

// message opens a delivery for the customer whom it concerns: in full, as it is theirs. An erased one is empty.
func (s *Server) message(ctx context.Context, e *event.Event) (message, error) {
	d := e.GetDeliver()
	m := message{
		ID: d.GetDelivery(), Sequence: d.GetSequence(), Author: strings.ToLower(strings.TrimPrefix(d.GetAuthor().String(), "AUTHOR_")),
		SentMs: d.GetSentMs(), ClientID: d.GetClientId(),
	}
	if e.GetSealed() == nil {
		return m, nil
	}
	content, err := s.config.Opener.OpenContent(ctx, e.GetTenant(), e.GetSealed())
	if err != nil && !errors.Is(err, privacy.ErrErased) {
		return m, fmt.Errorf("opening a message: %w", err)
	}
	m.Text = content.GetText()
	return m, nil
}

// lacking are the lines that a browser may lack: what is behind the last that it has, and what nobody acknowledged. A last
// that is beyond all of the conversation is of an earlier one and says nothing.
func lacking(lines live.Lines, last uint64) live.Lines {
	var newest uint64
	for _, l := range lines {
		if l.State()&earlier == 0 {
			newest = max(newest, l.Sequence())
		}
	}
	if last > newest && newest < live.MaxSequence {
		last = 0
	}
	return slices.DeleteFunc(lines, func(l live.Line) bool {
		return l.State()&acked != 0 && l.Sequence() <= last && l.Sequence() < live.MaxSequence
	})
}

// history reads what a browser may lack; the note's lines are its own.
func (s *Server) history(ctx context.Context, n *note) ([]byte, error) {
	lines := lacking(n.lines, n.last)
	found, err := live.Fetch(ctx, s.config.Log, event.TopicOutbound, lines.Places(nil))
	if err != nil {
		return nil, fmt.Errorf("reading a chat's history: %w", err)
	}
	f := historyFrame{"history", n.state.String(), []message{}}
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
	case noteMessage:
		m, err := s.message(ctx, n.event)
		if err != nil {
			return nil, err
		}
		return json.Marshal(messageFrame{"message", m})
	}
	return nil, errors.New("a note of an unknown kind")
}
