package conversation

import (
	"fmt"
	"strings"

	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/event"
)

// name gives an id its name, in the order of appearance.
func (s *stage) name(kind, id string) string {
	if id == "" {
		return "-"
	}
	if n, ok := s.names[id]; ok {
		return n
	}
	s.counts[kind]++
	n := fmt.Sprintf("%s%d", kind, s.counts[kind])
	s.names[id], s.ids[n] = n, id
	return n
}

// called is the name of an id that may never have appeared.
func (s *stage) called(id string) string {
	if n, ok := s.names[id]; ok {
		return n
	}
	return id
}

// print writes events as a person reads them.
func (s *stage) print(w *strings.Builder, outs []enginetest.Out) {
	for _, o := range outs {
		if o.Topic == event.TopicDead {
			d := o.Event.GetDead()
			fmt.Fprintf(w, "    dead          %s: %s\n", d.GetKind(), d.GetReason())
			continue
		}
		_, at, _ := strings.Cut(o.Event.GetKey(), "/")
		place := strings.TrimSuffix(strings.TrimPrefix(string(o.Topic), "conversation."), ".in") + " " + at
		text := s.text(o.Event)
		if sealed := o.Event.GetSealed(); sealed != nil {
			text += fmt.Sprintf(" %q", sealed.GetCiphertext())
		}
		fmt.Fprintf(w, "    %-13s %s\n", place, text)
	}
}

func (s *stage) text(e *event.Event) string {
	switch b := e.GetBody().(type) {
	case *event.Event_ConversationOpened:
		o := b.ConversationOpened
		text := "opened " + s.name("conv", o.GetConversation())
		if o.GetReopened() {
			text += " again"
		}
		if o.GetSplitFrom() != "" {
			text += " split from " + s.name("conv", o.GetSplitFrom())
		}
		return text
	case *event.Event_ConversationClosed:
		o := b.ConversationClosed
		return "closed " + s.name("conv", o.GetConversation()) + " by " + o.GetReason() + prefix(" wish of ", o.GetBy())
	case *event.Event_WishRefused:
		r := b.WishRefused
		of := s.called(r.GetContact())
		if r.GetContact() == "" {
			of = s.called(r.GetConversation())
		}
		if r.GetAgent() != "" {
			r.By = ""
		}
		if of == "" {
			of = "customer"
		}
		return fmt.Sprintf("refused %s of %s%s to %s%s: %s", r.GetKind(), of, prefix(" ", r.GetRequest()), r.GetAgent(),
			prefix("supervisor ", r.GetBy()), r.GetReason())
	case *event.Event_ContactChanged:
		return s.contact(b.ContactChanged)
	case *event.Event_MessageAdded:
		m := b.MessageAdded
		return fmt.Sprintf("message %s %s %s #%d by %s%s%s%s%s", s.name("msg", m.GetMessage()), s.name("conv", m.GetConversation()),
			s.name("ct", m.GetContact()), m.GetSequence(), short(m.GetAuthor(), "AUTHOR_"), prefix(" ", m.GetAgent()),
			yes(" internal", m.GetInternal()), prefix(" ", m.GetKind()), fileNames(m.GetAttachments()))
	case *event.Event_MessageMarked:
		m := b.MessageMarked
		return fmt.Sprintf("marked %s %s", s.name("msg", m.GetMessage()), short(m.GetState(), "DELIVERY_STATE_"))
	case *event.Event_RouteRequest:
		r := b.RouteRequest
		return fmt.Sprintf("route %s to %s since %ds priority %d config %d%s%s%s%s%s", s.name("ct", r.GetContact()), r.GetQueue(),
			(r.GetEnqueuedMs()-enginetest.Start)/1000, r.GetPriority(), e.GetConfigVersion(), yes(" chosen", r.GetChosen()),
			prefix(" for ", r.GetToAgent()), prefix(" but not ", r.GetNotAgent()), known(r), prefix(" in place of ", s.called(r.GetPrevious())))
	case *event.Event_IntentFound:
		return "intent " + s.called(b.IntentFound.GetContact()) + understanding(b.IntentFound.GetIntent(), b.IntentFound.GetConfidence(), b.IntentFound.GetLanguage())
	case *event.Event_ProfileChanged:
		p := b.ProfileChanged
		return fmt.Sprintf("profile v%d from %s%s: tier %q language %q tags %q", p.GetVersion(), p.GetSource(), prefix(" by ", p.GetBy()),
			p.GetTier(), p.GetLanguage(), p.GetTags())
	case *event.Event_TypingSeen:
		return fmt.Sprintf("typing in %s: %s", s.name("conv", b.TypingSeen.GetConversation()), short(b.TypingSeen.GetAuthor(), "AUTHOR_"))
	case *event.Event_BehaviourSeen:
		return fmt.Sprintf("seen %s%s%s", b.BehaviourSeen.GetKind(), prefix(" ", b.BehaviourSeen.GetName()), prefix(" in ", s.called(b.BehaviourSeen.GetConversation())))
	case *event.Event_SurveyTaken:
		v := b.SurveyTaken
		return fmt.Sprintf("survey %s %s %s %s: %d", s.name("ct", v.GetContact()), s.name("conv", v.GetConversation()), v.GetQueue(), v.GetAgent(), v.GetScore())
	case *event.Event_RouteCancel:
		return fmt.Sprintf("cancel %s: %s", s.name("ct", b.RouteCancel.GetContact()), b.RouteCancel.GetReason())
	case *event.Event_ContactReleased:
		r := b.ContactReleased
		return fmt.Sprintf("release %s of %s wrapping=%v", r.GetAgent(), s.name("ct", r.GetContact()), r.GetWrapping())
	case *event.Event_Deliver:
		d := b.Deliver
		switch {
		case d.GetKind() == "survey":
			return "tell survey of " + s.name("ct", d.GetContact())
		case d.GetKind() == "read":
			return fmt.Sprintf("tell read #%d", d.GetSequence())
		case d.GetSequence() == 0:
			return "tell " + d.GetKind()
		}
		return fmt.Sprintf("deliver %s %s #%d%s%s", d.GetKind(), s.name("msg", d.GetDelivery()), d.GetSequence(),
			prefix(" of client ", d.GetClientId()), fileNames(d.GetAttachments()))
	case *event.Event_DeliveryResult:
		r := b.DeliveryResult
		return fmt.Sprintf("result %s %s", s.name("msg", r.GetDelivery()), short(r.GetState(), "DELIVERY_STATE_"))
	default:
		return fmt.Sprintf("%T", b)
	}
}

func (s *stage) contact(changed *event.ContactChanged) string {
	c := changed.GetContact()
	var b strings.Builder
	fmt.Fprintf(&b, "contact %s v%d %s: %s %s in %s", s.name("ct", c.GetContact()), c.GetVersion(), changed.GetChange(),
		short(c.GetState(), "CONTACT_STATE_"), c.GetQueue(), s.name("conv", c.GetConversation()))
	b.WriteString(prefix(" agent ", c.GetAgent()))
	if c.GetInitiation() == byLeaving {
		b.WriteString(" left")
	}
	if c.GetPrevious() != "" {
		fmt.Fprintf(&b, " after %s from %s by %s", s.name("ct", c.GetPrevious()), s.name("ct", c.GetInitial()), c.GetInitiation())
	}
	if c.GetNext() != "" {
		fmt.Fprintf(&b, " before %s", s.name("ct", c.GetNext()))
	}
	b.WriteString(prefix(" end ", c.GetEndReason()))
	b.WriteString(prefix(" code ", c.GetWrapUpCode()))
	if changed.GetChange() == "intent" {
		b.WriteString(understanding(c.GetIntent(), c.GetConfidence(), c.GetLanguage()) + prefix(" tier ", c.GetTier()))
	}
	if c.GetSurvey() > 0 {
		fmt.Fprintf(&b, " survey %d", c.GetSurvey())
	}
	if c.GetTurns() > 0 && changed.GetChange() == "ended" {
		fmt.Fprintf(&b, " turns %d answered in %ds at most %ds", c.GetTurns(), c.GetResponseMs()/1000, c.GetMaxResponseMs()/1000)
	}
	if c.GetReadSequence() > 0 {
		fmt.Fprintf(&b, " read #%d", c.GetReadSequence())
	}
	if !c.GetConnected() {
		b.WriteString(" away")
	}
	b.WriteString(prefix(" wish of ", changed.GetBy()))
	return b.String()
}

func short(v fmt.Stringer, cut string) string {
	return strings.ToLower(strings.TrimPrefix(v.String(), cut))
}

func prefix(p, v string) string {
	if v == "" {
		return ""
	}
	return p + v
}

func yes(text string, is bool) string {
	if is {
		return text
	}
	return ""
}

func understanding(intent string, confidence uint32, language string) string {
	if intent == "" {
		intent = "unsure"
	}
	return fmt.Sprintf(" %s %d%s", intent, confidence, prefix(" ", language))
}

// known is what a request says of the customer, beside where the contact stands.
func known(r *event.RouteRequest) string {
	text := prefix(" tier ", r.GetTier()) + prefix(" language ", r.GetLanguage()) + prefix(" last ", r.GetLastAgent())
	if len(r.GetTags()) > 0 {
		text += " tags " + strings.Join(r.GetTags(), "+")
	}
	if r.GetIntent() != "" {
		text += fmt.Sprintf(" intent %s %d", r.GetIntent(), r.GetConfidence())
	}
	return text
}

func fileNames(files []*event.Attachment) string {
	text := ""
	for _, f := range files {
		text += " with " + f.GetFile()
	}
	return text
}
