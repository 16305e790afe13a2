package conversation

import (
	"cmp"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// tooLate is the reason for which a wish that was in order when it was made comes to nothing, as something else happened
// first. It is told to who asked by a fact, and is no fault of anybody: nothing of it goes to dead.
type tooLate string //nolint:errname // it is an answer first, and an error second

func (t tooLate) Error() string { return "the wish came too late: " + string(t) }

// The reasons of event.WishRefused.
const (
	notOpen     = "not_open"
	notHolder   = "not_holder"
	over        = "over"
	notWrapping = "not_wrapping"
	noQueue     = "no_queue"
	noAgent     = "no_agent"
	limited     = "limit"
	// changedFirst: somebody else has changed it since.
	changedFirst = "changed"
)

// kindProfile is the one kind of wish that is about no contact.
const kindProfile = "profile"

// wishOf reads what a refusal would say of an agent's wish; nil for what is none. A wish that names nobody or nothing is
// not an agent's that came late.
func wishOf(e *event.Event) (*event.WishRefused, error) {
	var w *event.WishRefused
	supervised := false
	switch b := e.GetBody().(type) {
	case *event.Event_AgentMessage:
		m := b.AgentMessage
		w = &event.WishRefused{Contact: m.GetContact(), Agent: m.GetAgent(), Request: m.GetMessage(), Kind: "message"}
	case *event.Event_EndContact:
		m := b.EndContact
		supervised = m.GetBySupervisor()
		w = &event.WishRefused{Contact: m.GetContact(), Agent: m.GetAgent(), Request: m.GetRequest(), Kind: "end", By: m.GetBy()}
	case *event.Event_WrapUpDone:
		m := b.WrapUpDone
		w = &event.WishRefused{Contact: m.GetContact(), Agent: m.GetAgent(), Request: m.GetRequest(), Kind: "wrap_up"}
	case *event.Event_TransferContact:
		m := b.TransferContact
		supervised = m.GetBySupervisor()
		w = &event.WishRefused{Contact: m.GetContact(), Agent: m.GetAgent(), Request: m.GetRequest(), Kind: "transfer", By: m.GetBy()}
	case *event.Event_SplitConversation:
		m := b.SplitConversation
		supervised = m.GetBySupervisor()
		w = &event.WishRefused{Contact: m.GetContact(), Agent: m.GetAgent(), Request: m.GetRequest(), Kind: "split", By: m.GetBy()}
	case *event.Event_CloseConversation:
		m := b.CloseConversation
		supervised = m.GetBySupervisor()
		w = &event.WishRefused{
			Conversation: m.GetConversation(), Agent: m.GetAgent(), Request: m.GetRequest(), Kind: "close", By: m.GetBy(),
		}
	case *event.Event_ReadMark:
		m := b.ReadMark
		w = &event.WishRefused{Contact: m.GetContact(), Agent: m.GetAgent(), Kind: "read"}
	case *event.Event_ChangeProfile:
		m := b.ChangeProfile
		w = &event.WishRefused{Agent: m.GetAgent(), Request: m.GetRequest(), Kind: kindProfile, By: m.GetBy()}
	default:
		return nil, nil //nolint:nilnil // most events are no wishes
	}
	return w, sound(w, supervised)
}

// sound checks what every wish needs: what it is about, and who asks.
func sound(w *event.WishRefused, supervised bool) error {
	profile := w.GetKind() == kindProfile
	switch {
	case profile && w.GetAgent() == "" && w.GetBy() == "":
		return engine.Refuse("a change of a profile needs who asks")
	case profile: // is about the customer; an agent's names the account, too
	case w.GetContact() == "" && w.GetConversation() == "":
		return engine.Refuse("a wish needs a contact, or a conversation")
	case supervised != (w.GetBy() != ""):
		return engine.Refuse("a supervisor's wish needs the account that asks, and an agent's has none")
	case !supervised && w.GetAgent() == "":
		return engine.Refuse("a wish needs the agent who asks")
	}
	if max(len(w.GetContact()), len(w.GetConversation()), len(w.GetAgent()), len(w.GetRequest()), len(w.GetBy())) > maxID {
		return &engine.Refusal{Kind: "limit", Reason: "an id of the wish is longer than allowed"}
	}
	return nil
}

// supervisor is the account whose right to act over the holder's head the door has checked; empty where it is nobody's.
func supervisor(w *event.WishRefused) string {
	if w.GetKind() == kindProfile {
		return ""
	}
	return w.GetBy()
}

// refuse tells who asked that the wish came too late.
func (c *customer) refuse(address string, w *event.WishRefused, why tooLate) {
	w.Reason = string(why)
	if r := c.contact(w.GetContact()); r != nil {
		address = cmp.Or(address, r.GetContact().GetAddress())
	}
	c.fact(address, &event.Event{Body: &event.Event_WishRefused{WishRefused: w}})
}
