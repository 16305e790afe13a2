package chaos

import (
	"context"
	"errors"
	"fmt"

	"github.com/tributary-cc/tributary/cmd/tributary/process"
	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// Facts is what the log holds of the centre, read as any reader reads it.
type Facts struct {
	// Messages by the writer's id; more than one entry is a double.
	Messages map[string][]Message
	// Contacts is the newest state of each, by id; Assigned which were with an agent at any time.
	Contacts map[string]*event.Contact
	Assigned map[string]bool
	// Open are the offers whose last state is offered.
	Open map[string]string
	// Refused counts what came too late, by the writer's id; Dead what should not be there.
	Refused map[string]int
	Late    int
	Dead    []string
	// Gaps are places where a lane misses a number; Records how many records all topics hold, repeats included.
	Gaps    []string
	Records int
	Repeats int
}

// Message is a message of conversation.facts with its text as the sealed part holds it.
type Message struct {
	ID, Conversation, Contact, Customer, Text string
	Sequence                                  uint64
	Agent                                     bool
}

var errEnd = errors.New("read to the end")

// ReadFacts reads the whole log.
func ReadFacts(ctx context.Context, s *process.Spine) (*Facts, error) {
	f := &Facts{
		Messages: map[string][]Message{}, Contacts: map[string]*event.Contact{}, Assigned: map[string]bool{}, Open: map[string]string{},
		Refused: map[string]int{},
	}
	for _, topic := range event.Topics() {
		for p := range s.Log.Partitions(topic) {
			if err := f.read(ctx, s, topic, p); err != nil {
				return nil, fmt.Errorf("reading %s/%d: %w", topic, p, err)
			}
		}
	}
	return f, nil
}

func (f *Facts) read(ctx context.Context, s *process.Spine, topic event.Topic, partition int) error {
	first, end, err := s.Log.Bounds(ctx, topic, partition)
	if err != nil || first >= end {
		return err
	}
	var lanes engine.Lanes
	err = s.Log.Read(ctx, topic, partition, first, func(batch []event.Record, _ int64) error {
		for i := range batch {
			r := &batch[i]
			f.Records++
			e, damage := event.Unmarshal(r.Value)
			if damage != nil {
				f.Dead = append(f.Dead, fmt.Sprintf("%s/%d@%d does not decode: %v", topic, partition, r.Offset, damage))
				continue
			}
			switch lanes.Take(e.GetOrigin()) {
			case engine.Drop:
				f.Repeats++
			case engine.Gap:
				o := e.GetOrigin()
				f.Gaps = append(f.Gaps, fmt.Sprintf("%s/%d@%d: lane %s/%d misses what is before number %d of epoch %d",
					topic, partition, r.Offset, o.GetProcessor(), o.GetPartition(), o.GetNumber(), o.GetEpoch()))
			case engine.Take:
				if err = f.take(ctx, s, topic, e); err != nil {
					return err
				}
			}
			if r.Offset+1 >= end {
				return errEnd
			}
		}
		return nil
	})
	if errors.Is(err, errEnd) {
		return nil
	}
	return err
}

func (f *Facts) take(ctx context.Context, s *process.Spine, topic event.Topic, e *event.Event) error {
	if d := e.GetDead(); d != nil && topic == event.TopicDead {
		f.dead(d)
		return nil
	}
	if e.GetTenant() != tenant {
		return nil
	}
	switch {
	case topic == event.TopicConversationFacts && e.GetMessageAdded() != nil:
		m := e.GetMessageAdded()
		content, err := s.Keys.OpenContent(ctx, e.GetTenant(), e.GetSealed())
		if err != nil {
			return fmt.Errorf("opening message %s: %w", m.GetMessage(), err)
		}
		f.Messages[m.GetClientId()] = append(f.Messages[m.GetClientId()], Message{
			ID: m.GetMessage(), Conversation: m.GetConversation(), Contact: m.GetContact(), Customer: e.GetCustomer(), Text: content.GetText(),
			Sequence: m.GetSequence(), Agent: m.GetAuthor() == event.Author_AUTHOR_AGENT,
		})
	case topic == event.TopicConversationFacts && e.GetContactChanged() != nil:
		c := e.GetContactChanged().GetContact()
		if c.GetVersion() >= f.Contacts[c.GetContact()].GetVersion() {
			f.Contacts[c.GetContact()] = c
		}
		if c.GetState() == event.ContactState_CONTACT_STATE_ASSIGNED {
			f.Assigned[c.GetContact()] = true
		}
	case topic == event.TopicConversationFacts && e.GetWishRefused() != nil:
		f.Refused[e.GetWishRefused().GetRequest()]++
		f.Late++
	case topic == event.TopicRoutingFacts && e.GetOfferChanged() != nil:
		o := e.GetOfferChanged()
		if o.GetState() == event.OfferState_OFFER_STATE_OFFERED {
			f.Open[o.GetOffer()] = o.GetAgent()
		} else {
			delete(f.Open, o.GetOffer())
		}
	}
	return nil
}

// dead sorts a dead letter: an offer that is answered too late is refused rightly, all else is a fault.
func (f *Facts) dead(d *event.Dead) {
	e, err := event.Unmarshal(d.GetRecord())
	if err == nil && d.GetKind() == "refused" {
		if e.GetOfferAnswer() != nil {
			f.Late++
			return
		}
	}
	f.Dead = append(f.Dead, fmt.Sprintf("%s/%d@%d: %s: %s", d.GetTopic(), d.GetPartition(), d.GetOffset(), d.GetKind(), d.GetReason()))
}
