package api

import (
	"cmp"
	"context"
	"strings"

	"github.com/tributary-cc/tributary/stream/event"
)

// word turns the name of an enumeration's value into the word of the contract: CHANNEL_WEBCHAT is webchat.
func word(name, prefix string) string {
	w := strings.ToLower(strings.TrimPrefix(name, prefix))
	if w == "unspecified" {
		return ""
	}
	return w
}

func channelWord(c event.Channel) string { return word(c.String(), "CHANNEL_") }

func stateWord(s event.DeliveryState) string { return word(s.String(), "DELIVERY_STATE_") }

func viewOffer(o *event.OfferChanged, queueName string) offerView {
	v := offerView{
		ID: o.GetOffer(), Contact: o.GetContact(), Conversation: o.GetConversation(), Queue: o.GetQueue(), QueueName: queueName,
		Channel: channelWord(o.GetChannel()), State: word(o.GetState().String(), "OFFER_STATE_"), OfferedMs: o.GetOfferedMs(),
		ExpiresMs: o.GetOfferedMs() + o.GetExpiresAfterMs(), Customer: o.GetCustomer(), Reason: o.GetReason(),
		Why: make([]candidateView, 0, len(o.GetCandidates())), Route: viewRoute(o.GetWhy()),
	}
	if w := v.Route; w != nil {
		v.Intent, v.Confidence, v.Language, v.Tier, w.PassedOver = w.Intent, w.Confidence, w.Language, w.Tier, o.GetPassedOver()
	}
	for _, c := range o.GetCandidates() {
		v.Why = append(v.Why, candidateView{Agent: c.GetAgent(), Chosen: c.GetChosen(), Reason: c.GetReason(), Score: c.GetScore()})
	}
	return v
}

func viewRoute(w *event.RouteWhy) *routeView {
	if w == nil {
		return nil
	}
	return &routeView{
		PolicyVersion: w.GetPolicyVersion(), Rule: w.GetRule(), Step: w.GetStep(), Need: w.GetNeed(), Intent: w.GetIntent(),
		Confidence: w.GetConfidence(), Language: w.GetLanguage(), Tier: w.GetTier(), Priority: w.GetPriority(),
		VirtualAgeMs: w.GetVirtualAgeMs(), Preferred: w.GetPreferred(),
	}
}

func viewContact(e *event.Event, queueName string) contactView {
	c := e.GetContactChanged().GetContact()
	return contactView{
		ID: c.GetContact(), Conversation: c.GetConversation(), Customer: e.GetCustomer(), Address: c.GetAddress(),
		Channel: channelWord(c.GetChannel()), EntryPoint: c.GetEntryPoint(), Queue: c.GetQueue(), QueueName: queueName, Agent: c.GetAgent(),
		State: word(c.GetState().String(), "CONTACT_STATE_"), Connected: c.GetConnected(), StartedMs: c.GetStartedMs(),
		EnqueuedMs: c.GetEnqueuedMs(), AssignedMs: c.GetAssignedMs(), EndedMs: c.GetEndedMs(), EndReason: c.GetEndReason(),
		Version: c.GetVersion(), Intent: c.GetIntent(), Confidence: c.GetConfidence(), Guesses: []guessView{}, Language: c.GetLanguage(),
		Tier: c.GetTier(), Survey: c.GetSurvey(), Initiation: c.GetInitiation(),
	}
}

// viewRefused is the answer to a command that was accepted, and came too late.
func viewRefused(r *event.WishRefused) answerFrame {
	text := map[string]string{
		"not_open": "it is no longer open", "not_holder": "it is with somebody else by now, or with nobody",
		"over": "the contact has ended", "not_wrapping": "the contact has not ended yet", "no_queue": "there is no such queue any more",
		"limit": "the customer has too many conversations at once", "no_agent": "there is no such agent any more",
		"changed": "somebody else changed it first",
	}[r.GetReason()]
	return answerFrame{
		Type: "error", Request: r.GetRequest(), Code: "refused", Reason: r.GetReason(), Text: cmp.Or(text, "something else happened first"),
	}
}

func viewMessage(m *event.MessageAdded, state event.DeliveryState) messageView {
	v := messageView{
		ID: m.GetMessage(), Sequence: m.GetSequence(), Author: word(m.GetAuthor().String(), "AUTHOR_"), Agent: m.GetAgent(),
		SentMs: m.GetSentMs(), State: stateWord(state), ClientID: m.GetClientId(), Internal: m.GetInternal(), Kind: m.GetKind(),
		Attachments: make([]attachmentView, 0, len(m.GetAttachments())),
	}
	for _, a := range m.GetAttachments() {
		v.Attachments = append(v.Attachments, attachmentView{File: a.GetFile(), MediaType: a.GetMediaType(), Size: a.GetSize()})
	}
	return v
}

func viewQueue(q queueState, mine bool) queueView {
	return queueView{q.id, cmp.Or(q.name, q.id), q.waiting, q.oldest, mine, q.open, q.removed}
}

func (s *Server) viewSettings(tenant string, l lists) settingsView {
	v := settingsView{
		Codes: make([]codeView, 0, len(l.codes)), Reasons: make([]reasonView, 0, len(l.reasons)), Replies: make([]replyView, 0, len(l.replies)), Intents: []Intent{},
	}
	if s.config.Intents != nil {
		v.Intents = append(v.Intents, s.config.Intents(tenant)...)
	}
	for _, c := range l.codes {
		v.Codes = append(v.Codes, codeView{c.GetId(), cmp.Or(c.GetName(), c.GetId()), append([]string{}, c.GetQueues()...)})
	}
	for _, r := range l.reasons {
		v.Reasons = append(v.Reasons, reasonView{r.GetId(), cmp.Or(r.GetName(), r.GetId()), r.GetProductive()})
	}
	for _, r := range l.replies {
		v.Replies = append(v.Replies, replyView{r.GetId(), cmp.Or(r.GetTitle(), r.GetId()), r.GetText(), r.GetLanguage(), r.GetTeam()})
	}
	return v
}

func (s *Server) colleagues(ctx context.Context, tenant string, agents []*agentState) []colleagueView {
	all := make([]colleagueView, 0, len(agents))
	for _, a := range agents {
		all = append(all, colleagueView{
			a.id, s.agentName(ctx, tenant, a), cmp.Or(a.changed.GetStatus(), "offline"), cmp.Or(a.changed.GetActivity(), "idle"), a.config.GetTeam(),
		})
	}
	return all
}

func viewAgent(a *agentState, name string) agentView {
	v := agentView{
		ID: a.id, Name: name, Status: a.changed.GetStatus(), Reason: a.changed.GetReason(), Connected: a.changed.GetConnected(),
		Activity: a.changed.GetActivity(), Contacts: a.changed.GetContacts(), SinceMs: a.changed.GetSinceMs(),
		Capacity: cmp.Or(a.changed.GetCapacity(), a.config.GetChatCapacity()), NextStatus: a.changed.GetNextStatus(),
		NextReason: a.changed.GetNextReason(), By: a.changed.GetBy(), Team: a.config.GetTeam(),
	}
	v.Status, v.Activity = cmp.Or(v.Status, "offline"), cmp.Or(v.Activity, "idle")
	if v.Contacts == nil {
		v.Contacts = []string{}
	}
	return v
}
