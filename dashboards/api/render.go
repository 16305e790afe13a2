package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
)

func (s *Server) fetch(ctx context.Context, places []live.Place) (map[live.Place]*event.Event, error) {
	found, err := live.Fetch(ctx, s.log, event.TopicConversationFacts, places)
	if err != nil {
		return nil, fmt.Errorf("reading what a page shows: %w", err)
	}
	return found, nil
}

// text is what an event's sealed part says, masked; empty where its key is erased.
func (s *Server) text(ctx context.Context, e *event.Event) (string, error) {
	if e.GetSealed() == nil {
		return "", nil
	}
	content, err := s.opener.OpenContent(ctx, e.GetTenant(), e.GetSealed())
	switch {
	case isErased(err):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("opening a message: %w", err)
	}
	return s.mask(content.GetText()), nil
}

// agentName is the name of an agent as the configuration has it, or the id.
func (s *Server) agentName(ctx context.Context, tenant string, a *agentState) string {
	sealed := a.config.GetName()
	if sealed == nil {
		return a.id
	}
	content, err := s.opener.OpenContent(ctx, tenant, sealed)
	if err != nil || content.GetName() == "" {
		return a.id // a page without a colleague's name is better than none
	}
	return content.GetName()
}

func (s *Server) message(ctx context.Context, e *event.Event, state event.DeliveryState) (messageView, error) {
	text, err := s.text(ctx, e)
	if err != nil {
		return messageView{}, err
	}
	return viewMessage(e.GetMessageAdded(), text, state), nil
}

func (s *Server) messages(ctx context.Context, lines live.Lines, found map[live.Place]*event.Event) ([]messageView, error) {
	out := make([]messageView, 0, len(lines))
	for _, l := range lines {
		e := found[l.At]
		if e.GetMessageAdded() == nil {
			continue
		}
		m, err := s.message(ctx, e, event.DeliveryState(l.State()))
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

// render makes a note's frame for one page.
func (s *Server) render(ctx context.Context, tenant string, n *note) ([]byte, error) {
	switch n.kind {
	case noteMade:
		return n.made, nil
	case noteSnapshot:
		return s.renderSnapshot(ctx, tenant, n.snapshot)
	case noteAgent:
		return json.Marshal(agentFrame{"agent", viewAgent(n.agent, s.agentName(ctx, tenant, n.agent))})
	case noteOffer:
		o := n.event.GetOfferChanged()
		return json.Marshal(offerFrame{"offer", viewOffer(o, s.view.queueName(tenant, o.GetQueue()))})
	case noteContact:
		return s.renderContact(ctx, tenant, n)
	case noteMessage:
		m, err := s.message(ctx, n.event, event.DeliveryState_DELIVERY_STATE_UNSPECIFIED)
		if err != nil {
			return nil, err
		}
		return json.Marshal(messageFrame{"message", n.contact, m})
	case noteMarked:
		m := n.event.GetMessageMarked()
		return json.Marshal(markedFrame{"marked", m.GetConversation(), m.GetMessage(), stateWord(m.GetState())})
	case noteRefused:
		return json.Marshal(viewRefused(n.event.GetWishRefused()))
	case noteQueue:
		return json.Marshal(queueFrame{"queue", viewQueue(n.queue)})
	}
	return nil, errors.New("a note of an unknown kind")
}

func (s *Server) renderContact(ctx context.Context, tenant string, n *note) ([]byte, error) {
	c := viewContact(n.event, s.view.queueName(tenant, n.event.GetContactChanged().GetContact().GetQueue()))
	if n.lines != nil {
		found, err := s.fetch(ctx, n.lines.Places(nil))
		if err != nil {
			return nil, err
		}
		if c.Messages, err = s.messages(ctx, n.lines, found); err != nil {
			return nil, err
		}
	}
	return json.Marshal(contactFrame{"contact", c})
}

func (s *Server) renderSnapshot(ctx context.Context, tenant string, shot *snapshot) ([]byte, error) {
	f := snapshotFrame{
		Type: "snapshot", Cursor: s.gateway + "-" + strconv.FormatUint(shot.applied, 10),
		Agent:  viewAgent(shot.agent, s.agentName(ctx, tenant, shot.agent)),
		Offers: make([]offerView, 0, len(shot.offers)), Contacts: make([]contactView, 0, len(shot.held)),
		Queues: make([]queueView, 0, len(shot.queues)),
	}
	for _, o := range shot.offers {
		f.Offers = append(f.Offers, viewOffer(o, s.view.queueName(tenant, o.GetQueue())))
	}
	for _, q := range shot.queues {
		f.Queues = append(f.Queues, viewQueue(q))
	}
	var places []live.Place
	for i := range shot.held {
		places = shot.held[i].lines.Places(append(places, shot.held[i].at))
	}
	found, err := s.fetch(ctx, places)
	if err != nil {
		return nil, err
	}
	for i := range shot.held {
		h := &shot.held[i]
		e := found[h.at]
		if e.GetContactChanged() == nil {
			return nil, fmt.Errorf("the log does not hold contact %s at %s/%d/%d: its retention is shorter than contacts live",
				h.id, event.TopicConversationFacts, h.at.Partition(), h.at.Offset())
		}
		c := viewContact(e, s.view.queueName(tenant, e.GetContactChanged().GetContact().GetQueue()))
		if c.Messages, err = s.messages(ctx, h.lines, found); err != nil {
			return nil, err
		}
		f.Contacts = append(f.Contacts, c)
	}
	return json.Marshal(f)
}
