package api

import (
	"net/http"

	"github.com/tributary-cc/tributary/stream/live"
)

const (
	queryConversationContacts = "conversation_contacts"
	maxHeadContacts           = 200
)

// conversationHead is what a conversation is beside its messages.
type conversationHead struct {
	ID       string        `json:"id"`
	Customer string        `json:"customer"`
	Contacts []headContact `json:"contacts"`
	Intents  []Intent      `json:"intents"`
}

// headContact is a contact of a conversation, with its waits.
type headContact struct {
	pastContact
	Previous        string      `json:"previous"`
	Initiation      string      `json:"initiation"`
	State           string      `json:"state"`
	Confidence      int64       `json:"confidence"`
	Guesses         []guessView `json:"guesses"`
	Language        string      `json:"language"`
	Tier            string      `json:"tier"`
	EnqueuedMs      int64       `json:"enqueued_ms"`
	AssignedMs      int64       `json:"assigned_ms"`
	FirstResponseMs int64       `json:"first_response_ms"`
	WrappedMs       int64       `json:"wrapped_ms"`
	Waits           []waitView  `json:"waits"`
}

// waitView is one stay in one queue; outcome is waiting, answered, abandoned or flowed_out.
type waitView struct {
	Queue         string `json:"queue"`
	QueueName     string `json:"queue_name"`
	Outcome       string `json:"outcome"`
	Reason        string `json:"reason"`
	NextQueue     string `json:"next_queue"`
	NextQueueName string `json:"next_queue_name"`
	EnqueuedMs    int64  `json:"enqueued_ms"`
	WaitMs        int64  `json:"wait_ms"`
}

// conversation answers the head of a conversation, to who may read its messages.
func (s *Server) conversation(w http.ResponseWriter, r *http.Request, who person) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	sees, err := s.sightOf(r.Context(), who, id)
	if err != nil {
		return err
	}
	if err = s.allowed(r.Context(), who, id, sees != nil); err != nil {
		return err
	}
	rows, err := s.query(r.Context(), queryConversationContacts, map[string]any{"tenant": who.Tenant, "conversation": id, "count": maxHeadContacts})
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return notFound("there is no such conversation, or it is not in the warehouse yet")
	}
	head := conversationHead{ID: id, Customer: str(rows[0]["customer"]), Contacts: make([]headContact, 0, len(rows)), Intents: []Intent{}}
	named := make(map[string]bool)
	for _, row := range rows {
		if !sees.contact(str(row["contact"])) {
			continue
		}
		row["conversation"], row["contact_agent"] = id, row["agent"]
		if !sees.contact(str(row["previous"])) {
			row["previous"] = ""
		}
		c := headContact{
			pastContact: s.pastContact(r.Context(), who.Tenant, row, sees.in), Previous: str(row["previous"]), Initiation: str(row["initiation"]),
			State: str(row["state"]), Confidence: num(row["confidence"]), Guesses: []guessView{}, Language: str(row["language"]), Tier: str(row["tier"]),
			EnqueuedMs: max(0, num(row["enqueued_ms"])), AssignedMs: max(0, num(row["assigned_ms"])),
			FirstResponseMs: max(0, num(row["first_response_ms"])), WrappedMs: max(0, num(row["wrapped_ms"])), Waits: s.waitsOf(who.Tenant, row, sees.in),
		}
		named[c.Intent] = true
		intents, sure := strs(row["guesses"]), list(row["guess_confidences"])
		for i := range min(len(intents), len(sure)) {
			named[intents[i]] = true
			c.Guesses = append(c.Guesses, guessView{intents[i], uint32(max(0, min(num(sure[i]), 1000)))})
		}
		head.Contacts = append(head.Contacts, c)
	}
	if s.config.Intents != nil {
		for _, i := range s.config.Intents(who.Tenant) {
			if named[i.ID] {
				head.Intents = append(head.Intents, i)
			}
		}
	}
	live.WriteJSON(w, http.StatusOK, head)
	return nil
}

// waitsOf are the enqueueings of a contact in the queues that are seen. One that another queue gave on begins when that one ended.
func (s *Server) waitsOf(tenant string, row map[string]any, in *scope) []waitView {
	queues, states, reasons, next := strs(row["wait_queues"]), strs(row["wait_states"]), strs(row["wait_reasons"]), strs(row["wait_next"])
	enqueued, left := list(row["wait_enqueued_ms"]), list(row["wait_left_ms"])
	out := make([]waitView, 0, len(queues))
	for i := range min(len(queues), len(states), len(reasons), len(next), len(enqueued), len(left)) {
		if !in.queue(queues[i]) {
			continue
		}
		v := waitView{
			Queue: queues[i], QueueName: s.view.queueName(tenant, queues[i]), Outcome: states[i], Reason: reasons[i], NextQueue: in.queueID(next[i]),
			EnqueuedMs: num(enqueued[i]),
		}
		if v.NextQueue != "" {
			v.NextQueueName = s.view.queueName(tenant, v.NextQueue)
		}
		if i > 0 && states[i-1] == "flowed_out" {
			v.EnqueuedMs = max(v.EnqueuedMs, num(left[i-1]))
		}
		switch v.Outcome {
		case "answered", "abandoned", "flowed_out":
			v.WaitMs = max(0, num(left[i])-v.EnqueuedMs)
		default:
			v.Outcome = "waiting"
		}
		out = append(out, v)
	}
	return out
}
