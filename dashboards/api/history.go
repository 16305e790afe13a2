package api

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strconv"

	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/live"
)

// The named queries that the door asks of [History].
const (
	queryConversationMessages  = "conversation_messages"
	queryCustomerConversations = "customer_conversations"
	queryContactDecisions      = "contact_decisions"
)

const (
	historyPage = 100
	// maxConversations bounds the search for a conversation among those of a customer.
	maxConversations = 1000
)

// query asks history; whatever goes wrong there is told as late: the page works on without it.
func (s *Server) query(ctx context.Context, name string, params map[string]any) ([]map[string]any, error) {
	late := &fault{kindTransient, "history_late", "history is late; what is open is shown without it"}
	if s.config.History == nil {
		return nil, late
	}
	rows, err := s.config.History.Query(ctx, name, params)
	if err != nil {
		s.logger.LogAttrs(ctx, slog.LevelWarn, "history did not answer", slog.String("query", name), slog.String("error", err.Error()))
		return nil, late
	}
	if rows == nil {
		rows = []map[string]any{}
	}
	return rows, nil
}

// allowed writes down who asked for what, either way, and refuses who may not see it.
func (s *Server) allowed(ctx context.Context, who person, subject string, allowed bool) error {
	action := access.ActionContactRead
	if who.mayReview() {
		action = access.ActionContactReadAll
	}
	entry := access.Entry{Tenant: who.Tenant, Actor: who.Account, Action: action, Subject: subject, Allowed: allowed}
	if err := s.auditor.Audit(ctx, entry); err != nil {
		return err
	}
	if !allowed {
		return denied("this is open to who holds a contact of the customer, and to reviewers")
	}
	return nil
}

// customersOf are the customers of whom the person holds a contact now.
func (s *Server) customersOf(ctx context.Context, who person) ([]string, error) {
	if who.Agent == "" || !who.can(access.ActionContactRead) {
		return nil, nil
	}
	var out []string
	for _, id := range s.view.heldBy(who.Tenant, who.Agent) {
		k, err := s.contact(ctx, who.Tenant, id)
		switch {
		case err != nil && asFault(err).kind == kindNotFound: // it ended meanwhile
		case err != nil:
			return nil, err
		case !slices.Contains(out, k.customer):
			out = append(out, k.customer)
		}
	}
	return out, nil
}

// maySeeConversation: reviewers see any of their tenant; an agent sees the one of a contact held, and the earlier ones of
// the same customer.
func (s *Server) maySeeConversation(ctx context.Context, who person, id string) (bool, error) {
	if who.mayReview() {
		return true, nil
	}
	customers, err := s.customersOf(ctx, who)
	if err != nil || len(customers) == 0 {
		return false, err
	}
	if _, holds := s.view.holderOf(who.Tenant, id, who.Agent); holds {
		return true, nil
	}
	for _, customer := range customers {
		rows, err := s.query(ctx, queryCustomerConversations, map[string]any{
			"tenant": who.Tenant, "customer": customer, "count": maxConversations,
		})
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(rows, func(r map[string]any) bool { return str(r["conversation"]) == id }) {
			return true, nil
		}
	}
	return false, nil
}

func pathID(r *http.Request) (string, error) {
	id := r.PathValue("id")
	if !isID(id, maxID) {
		return "", invalid("an id has at most 64 characters of letters, digits, - _ . and /")
	}
	return id, nil
}

func (s *Server) conversationMessages(w http.ResponseWriter, r *http.Request, who person) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	var before uint64
	if text := r.URL.Query().Get("before"); text != "" {
		if before, err = strconv.ParseUint(text, 10, 63); err != nil {
			return invalid("before: the sequence of a message")
		}
	}
	may, err := s.maySeeConversation(r.Context(), who, id)
	if err != nil {
		return err
	}
	if err = s.allowed(r.Context(), who, id, may); err != nil {
		return err
	}
	rows, err := s.query(r.Context(), queryConversationMessages, map[string]any{
		"tenant": who.Tenant, "conversation": id, "before": before, "count": historyPage,
	})
	if err != nil {
		return err
	}
	messages := make([]messageView, 0, len(rows))
	for _, row := range rows {
		messages = append(messages, s.pastMessage(r.Context(), who.Tenant, row))
	}
	slices.SortFunc(messages, func(a, b messageView) int { return cmp.Compare(a.Sequence, b.Sequence) })
	live.WriteJSON(w, http.StatusOK, map[string]any{"messages": messages, "more": len(rows) == historyPage})
	return nil
}

type conversationView struct {
	ID        string   `json:"id"`
	Channel   string   `json:"channel"`
	Channels  []string `json:"channels"`
	QueueName string   `json:"queue_name"`
	Queues    []string `json:"queues"`
	Agents    []string `json:"agents"`
	Contacts  int64    `json:"contacts"`
	Open      int64    `json:"open"`
	Messages  int64    `json:"messages"`
	StartedMs int64    `json:"started_ms"`
	EndedMs   int64    `json:"ended_ms"`
}

func (s *Server) customerConversations(w http.ResponseWriter, r *http.Request, who person) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	may := who.mayReview()
	if !may {
		customers, customersErr := s.customersOf(r.Context(), who)
		if customersErr != nil {
			return customersErr
		}
		may = slices.Contains(customers, id)
	}
	if err = s.allowed(r.Context(), who, id, may); err != nil {
		return err
	}
	rows, err := s.query(r.Context(), queryCustomerConversations, map[string]any{"tenant": who.Tenant, "customer": id, "count": historyPage})
	if err != nil {
		return err
	}
	out := make([]conversationView, 0, len(rows))
	for _, row := range rows {
		v := conversationView{
			ID: str(row["conversation"]), Channels: strs(row["channels"]), Agents: strs(row["agents"]), Contacts: num(row["contacts"]),
			Open: num(row["open"]), Messages: num(row["messages"]), StartedMs: num(row["started_ms"]), Queues: strs(row["queues"]),
		}
		if v.Open == 0 {
			v.EndedMs = num(row["changed_ms"])
		}
		if len(v.Channels) > 0 {
			v.Channel = v.Channels[0]
		}
		if len(v.Queues) > 0 {
			v.QueueName = s.view.queueName(who.Tenant, v.Queues[0])
		}
		out = append(out, v)
	}
	live.WriteJSON(w, http.StatusOK, map[string]any{"conversations": out})
	return nil
}

type decisionView struct {
	ID         string          `json:"id"`
	Contact    string          `json:"contact"`
	Agent      string          `json:"agent"`
	Queue      string          `json:"queue"`
	QueueName  string          `json:"queue_name"`
	State      string          `json:"state"`
	Reason     string          `json:"reason"`
	OfferedMs  int64           `json:"offered_ms"`
	ClosedMs   int64           `json:"closed_ms"`
	PassedOver int64           `json:"passed_over"`
	Route      *routeView      `json:"route"`
	Why        []candidateView `json:"why"`
}

func (s *Server) contactDecisions(w http.ResponseWriter, r *http.Request, who person) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	_, holder, open := s.view.contactAt(who.Tenant, id)
	holds := open && who.Agent != "" && holder == who.Agent && who.can(access.ActionContactRead)
	if err = s.allowed(r.Context(), who, id, holds || who.mayReview()); err != nil {
		return err
	}
	rows, err := s.query(r.Context(), queryContactDecisions, map[string]any{"tenant": who.Tenant, "contact": id})
	if err != nil {
		return err
	}
	out := make([]decisionView, 0, len(rows))
	for _, row := range rows {
		v := decisionView{
			ID: str(row["offer"]), Contact: id, Agent: str(row["agent"]), Queue: str(row["queue"]), State: str(row["state"]),
			QueueName: s.view.queueName(who.Tenant, str(row["queue"])), Reason: str(row["reason"]), OfferedMs: num(row["offered_ms"]),
			ClosedMs: num(row["closed_ms"]), PassedOver: num(row["passed_over"]), Why: []candidateView{},
		}
		agents, chosen := strs(row["candidate_agents"]), list(row["candidate_chosen"])
		reasons, scores := strs(row["candidate_reasons"]), list(row["candidate_scores"])
		for i := range min(len(agents), len(chosen), len(reasons), len(scores)) {
			v.Why = append(v.Why, candidateView{Agent: agents[i], Chosen: num(chosen[i]) != 0, Reason: reasons[i], Score: num(scores[i])})
		}
		v.Why, v.Route = s.candidates(r.Context(), who.Tenant, v.Why), routeOf(row)
		out = append(out, v)
	}
	live.WriteJSON(w, http.StatusOK, map[string]any{"decisions": out})
	return nil
}

// routeOf is what the policy decided of an offer, where history has it.
func routeOf(row map[string]any) *routeView {
	if row["rule"] == nil && row["step"] == nil {
		return nil
	}
	small := func(name string) uint32 { return uint32(max(0, min(num(row[name]), 1<<31))) }
	return &routeView{
		PolicyVersion: uint64(max(0, num(row["policy_version"]))), Rule: str(row["rule"]), Step: small("step"), Need: str(row["need"]),
		Intent: str(row["intent"]), Confidence: small("confidence"), Language: str(row["language"]), Tier: str(row["tier"]),
		Priority:     int32(max(-1<<31, min(num(row["priority"]), 1<<31-1))),
		VirtualAgeMs: num(row["virtual_age_ms"]), Preferred: str(row["preferred"]), PassedOver: small("passed_over"),
	}
}
