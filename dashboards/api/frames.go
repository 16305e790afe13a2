package api

import (
	"cmp"
	"strings"

	"github.com/tributary-cc/tributary/stream/event"
)

// The frames and the bodies of routes as JSON: see openapi.json for their meaning.

type agentView struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	Status    string   `json:"status"`
	Reason    string   `json:"reason"`
	Connected bool     `json:"connected"`
	Activity  string   `json:"activity"`
	Contacts  []string `json:"contacts"`
	SinceMs   int64    `json:"since_ms"`
	Capacity  uint32   `json:"capacity"`
}

type candidateView struct {
	Agent  string `json:"agent"`
	Chosen bool   `json:"chosen"`
	Reason string `json:"reason"`
	Score  int64  `json:"score"`
}

type offerView struct {
	ID           string          `json:"id"`
	Contact      string          `json:"contact"`
	Conversation string          `json:"conversation"`
	Queue        string          `json:"queue"`
	QueueName    string          `json:"queue_name"`
	Channel      string          `json:"channel"`
	State        string          `json:"state"`
	OfferedMs    int64           `json:"offered_ms"`
	ExpiresMs    int64           `json:"expires_ms"`
	Customer     string          `json:"customer"`
	Why          []candidateView `json:"why"`
}

type messageView struct {
	ID       string `json:"id"`
	Sequence uint64 `json:"sequence"`
	Author   string `json:"author"`
	Agent    string `json:"agent"`
	Text     string `json:"text"`
	SentMs   int64  `json:"sent_ms"`
	State    string `json:"state"`
	ClientID string `json:"client_id"`
}

type contactView struct {
	ID           string        `json:"id"`
	Conversation string        `json:"conversation"`
	Customer     string        `json:"customer"`
	Address      string        `json:"address"`
	Channel      string        `json:"channel"`
	EntryPoint   string        `json:"entry_point"`
	Queue        string        `json:"queue"`
	QueueName    string        `json:"queue_name"`
	Agent        string        `json:"agent"`
	State        string        `json:"state"`
	Connected    bool          `json:"connected"`
	StartedMs    int64         `json:"started_ms"`
	EnqueuedMs   int64         `json:"enqueued_ms"`
	AssignedMs   int64         `json:"assigned_ms"`
	EndedMs      int64         `json:"ended_ms"`
	EndReason    string        `json:"end_reason"`
	Version      uint64        `json:"version"`
	Messages     []messageView `json:"messages,omitempty"`
}

type queueView struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Waiting  uint32 `json:"waiting"`
	OldestMs int64  `json:"oldest_ms"`
}

type snapshotFrame struct {
	Type     string        `json:"type"`
	Cursor   string        `json:"cursor"`
	Agent    agentView     `json:"agent"`
	Offers   []offerView   `json:"offers"`
	Contacts []contactView `json:"contacts"`
	Queues   []queueView   `json:"queues"`
}

type agentFrame struct {
	Type  string    `json:"type"`
	Agent agentView `json:"agent"`
}

type offerFrame struct {
	Type  string    `json:"type"`
	Offer offerView `json:"offer"`
}

type contactFrame struct {
	Type    string      `json:"type"`
	Contact contactView `json:"contact"`
}

type messageFrame struct {
	Type    string      `json:"type"`
	Contact string      `json:"contact"`
	Message messageView `json:"message"`
}

type markedFrame struct {
	Type         string `json:"type"`
	Conversation string `json:"conversation"`
	Message      string `json:"message"`
	State        string `json:"state"`
}

type queueFrame struct {
	Type  string    `json:"type"`
	Queue queueView `json:"queue"`
}

type answerFrame struct {
	Type    string `json:"type"`
	Request string `json:"request,omitempty"`
	Code    string `json:"code,omitempty"`
	Reason  string `json:"reason,omitempty"`
	Text    string `json:"text,omitempty"`
}

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
		ExpiresMs: o.GetOfferedMs() + o.GetExpiresAfterMs(), Customer: o.GetCustomer(), Why: make([]candidateView, 0, len(o.GetCandidates())),
	}
	for _, c := range o.GetCandidates() {
		v.Why = append(v.Why, candidateView{c.GetAgent(), c.GetChosen(), c.GetReason(), c.GetScore()})
	}
	return v
}

func viewContact(e *event.Event, queueName string) contactView {
	c := e.GetContactChanged().GetContact()
	return contactView{
		ID: c.GetContact(), Conversation: c.GetConversation(), Customer: e.GetCustomer(), Address: c.GetAddress(),
		Channel: channelWord(c.GetChannel()), EntryPoint: c.GetEntryPoint(), Queue: c.GetQueue(), QueueName: queueName, Agent: c.GetAgent(),
		State: word(c.GetState().String(), "CONTACT_STATE_"), Connected: c.GetConnected(), StartedMs: c.GetStartedMs(),
		EnqueuedMs: c.GetEnqueuedMs(), AssignedMs: c.GetAssignedMs(), EndedMs: c.GetEndedMs(), EndReason: c.GetEndReason(),
		Version: c.GetVersion(),
	}
}

// viewRefused is the answer to a command that was accepted, and came too late.
func viewRefused(r *event.WishRefused) answerFrame {
	text := map[string]string{
		"not_open": "it is no longer open", "not_holder": "it is with somebody else by now, or with nobody",
		"over": "the contact has ended", "not_wrapping": "the contact has not ended yet", "no_queue": "there is no such queue any more",
		"limit": "the customer has too many conversations at once",
	}[r.GetReason()]
	return answerFrame{
		Type: "error", Request: r.GetRequest(), Code: "refused", Reason: r.GetReason(), Text: cmp.Or(text, "something else happened first"),
	}
}

func viewMessage(m *event.MessageAdded, text string, state event.DeliveryState) messageView {
	return messageView{
		ID: m.GetMessage(), Sequence: m.GetSequence(), Author: word(m.GetAuthor().String(), "AUTHOR_"), Agent: m.GetAgent(), Text: text,
		SentMs: m.GetSentMs(), State: stateWord(state), ClientID: m.GetClientId(),
	}
}

func viewQueue(q queueState) queueView {
	name := q.name
	if name == "" {
		name = q.id
	}
	return queueView{q.id, name, q.waiting, q.oldest}
}

func viewAgent(a *agentState, name string) agentView {
	v := agentView{
		ID: a.id, Name: name, Status: a.changed.GetStatus(), Reason: a.changed.GetReason(), Connected: a.changed.GetConnected(),
		Activity: a.changed.GetActivity(), Contacts: a.changed.GetContacts(), SinceMs: a.changed.GetSinceMs(),
		Capacity: a.config.GetChatCapacity(),
	}
	if v.Status == "" {
		v.Status = "offline"
	}
	if v.Activity == "" {
		v.Activity = "idle"
	}
	if v.Contacts == nil {
		v.Contacts = []string{}
	}
	return v
}
