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

// recall reads one event, of which some thousands are remembered; nil where the log does not hold it any more.
func (s *Server) recall(ctx context.Context, topic event.Topic, from *cache[*event.Event], where spot) (*event.Event, error) {
	if where == 0 {
		return nil, nil
	}
	at := where.place()
	if e, ok := from.get(at); ok {
		return e, nil
	}
	found, err := live.Fetch(ctx, s.log, topic, []live.Place{at})
	if err != nil {
		return nil, fmt.Errorf("reading what a page shows: %w", err)
	}
	from.put(at, found[at])
	return found[at], nil
}

// open is what an event's sealed part says; nil where there is none or its key is erased.
func (s *Server) open(ctx context.Context, e *event.Event) (*event.Content, error) {
	if e.GetSealed() == nil {
		return nil, nil
	}
	content, err := s.opener.OpenContent(ctx, e.GetTenant(), e.GetSealed())
	switch {
	case isErased(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("opening what was said: %w", err)
	}
	return content, nil
}

func (s *Server) message(ctx context.Context, e *event.Event, state event.DeliveryState) (messageView, error) {
	content, err := s.open(ctx, e)
	if err != nil {
		return messageView{}, err
	}
	v := viewMessage(e.GetMessageAdded(), state)
	v.Text = s.mask(content.GetText())
	v.Masked = v.Text != content.GetText()
	for i, name := range content.GetFileNames() {
		if i < len(v.Attachments) {
			v.Attachments[i].Name = s.mask(name)
		}
	}
	if v.Agent != "" {
		v.AgentName = s.nameOf(ctx, e.GetTenant(), v.Agent)
	}
	return v, nil
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
func (s *Server) render(ctx context.Context, who person, n *note) ([]byte, error) {
	switch n.kind {
	case noteMade:
		return n.made, nil
	case noteSnapshot:
		return s.renderSnapshot(ctx, who, n.snapshot)
	case noteAgent:
		return json.Marshal(agentFrame{"agent", s.agentView(ctx, who.Tenant, n.agent)})
	case noteOffer:
		o, err := s.offerView(ctx, who.Tenant, n.event.GetOfferChanged(), n.places.profile)
		if err != nil {
			return nil, err
		}
		return json.Marshal(offerFrame{"offer", o})
	case noteContact:
		return s.renderContact(ctx, n)
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
		return json.Marshal(queueFrame{"queue", viewQueue(n.queue, s.view.serves(who.Tenant, who.Agent, n.queue.number))})
	case noteTyping:
		t := n.event.GetTypingSeen()
		return json.Marshal(typingFrame{"typing", n.contact, word(t.GetAuthor().String(), "AUTHOR_"), t.GetAgent()})
	case noteProfile:
		p, err := s.profileView(ctx, n.event)
		if err != nil {
			return nil, err
		}
		return json.Marshal(profileFrame{"profile", p})
	case noteSettings:
		return json.Marshal(settingsFrame{"settings", s.viewSettings(who.Tenant, n.lists)})
	case noteColleagues:
		return n.shared.frame(0, func() ([]byte, error) {
			return json.Marshal(colleaguesFrame{"colleagues", s.colleagues(ctx, who.Tenant, n.agents), n.whole})
		})
	case noteFloor:
		return s.renderFloor(ctx, who, n)
	case noteLoggedOut:
		return json.Marshal(loggedOutFrame{"logged_out", n.account, s.accountName(ctx, who.Tenant, n.account)})
	}
	return nil, errors.New("a note of an unknown kind")
}

func (s *Server) renderContact(ctx context.Context, n *note) ([]byte, error) {
	c, err := s.contactView(ctx, n.event, n.places)
	if err != nil {
		return nil, err
	}
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

func (s *Server) renderSnapshot(ctx context.Context, who person, shot *snapshot) ([]byte, error) {
	f := snapshotFrame{
		Type: "snapshot", Cursor: s.gateway + "-" + strconv.FormatUint(shot.applied, 10),
		Offers: make([]offerView, 0, len(shot.offers)), Contacts: make([]contactView, 0, len(shot.held)),
		Queues: make([]queueView, 0, len(shot.queues)), Agents: s.colleagues(ctx, who.Tenant, shot.colleagues), Profiles: []profileView{},
		settingsView: s.viewSettings(who.Tenant, shot.lists),
	}
	if who.Agent != "" {
		me := s.agentView(ctx, who.Tenant, shot.agent)
		f.Agent = &me
	}
	for i, o := range shot.offers {
		v, err := s.offerView(ctx, who.Tenant, o, shot.customers[i])
		if err != nil {
			return nil, err
		}
		f.Offers = append(f.Offers, v)
	}
	for _, q := range shot.queues {
		f.Queues = append(f.Queues, viewQueue(q, contains(shot.serves, q.number)))
	}
	if err := s.renderHeld(ctx, &f, shot); err != nil {
		return nil, err
	}
	return json.Marshal(f)
}

// renderHeld adds the contacts held, with what was said and the customers' profiles.
func (s *Server) renderHeld(ctx context.Context, f *snapshotFrame, shot *snapshot) error {
	var at []live.Place
	for i := range shot.held {
		at = shot.held[i].lines.Places(append(at, shot.held[i].at))
	}
	found, err := s.fetch(ctx, at)
	if err != nil {
		return err
	}
	seen := make(map[spot]bool)
	for i := range shot.held {
		h := &shot.held[i]
		e := found[h.at]
		if e.GetContactChanged() == nil {
			return fmt.Errorf("the log does not hold contact %s at %s/%d/%d: its retention is shorter than contacts live",
				h.id, event.TopicConversationFacts, h.at.Partition(), h.at.Offset())
		}
		c, err := s.contactView(ctx, e, h.places)
		if err != nil {
			return err
		}
		if c.Messages, err = s.messages(ctx, h.lines, found); err != nil {
			return err
		}
		f.Contacts = append(f.Contacts, c)
		if at := h.places.profile; at != 0 && !seen[at] {
			seen[at] = true
			p, err := s.profileOf(ctx, at, e.GetTenant(), e.GetCustomer())
			if err != nil {
				return err
			}
			f.Profiles = append(f.Profiles, p)
		}
	}
	return nil
}
