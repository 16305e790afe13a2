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
	queryFileContacts          = "file_contacts"
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
	switch {
	case allowed:
		return nil
	case who.mayReview() && who.bound():
		return notFound("there is no such thing, or it is in none of your teams")
	}
	return denied("this is open to who holds a contact of the customer, and to reviewers")
}

// customersOf are the customers of whom the person holds a contact now.
func (s *Server) customersOf(ctx context.Context, who person) ([]string, error) {
	if who.Agent == "" || !who.can(access.ActionContactRead) {
		return nil, nil
	}
	held, _, err := s.contactsFor(ctx, who, s.view.heldBy(who.Tenant, who.Agent))
	var out []string
	for _, k := range held {
		if !slices.Contains(out, k.customer) {
			out = append(out, k.customer)
		}
	}
	return out, err
}

// sight is how much of a conversation somebody reads.
type sight struct {
	in *scope
	// contacts are those that are seen; nil is all.
	contacts map[string]bool
}

func (t *sight) contact(id string) bool { return t.contacts == nil || t.contacts[id] }

// sightOf: reviewers see any of their tenant, or of their teams; an agent sees the one of a contact held, and the earlier ones
// of the same customer. Nil is nothing.
func (s *Server) sightOf(ctx context.Context, who person, id string) (*sight, error) {
	if who.mayReview() && !who.bound() {
		return &sight{in: wholeScope}, nil
	}
	holds, err := s.holdsConversation(ctx, who, id)
	if err != nil {
		return nil, err
	}
	if holds {
		return &sight{in: wholeScope}, nil
	}
	if !who.mayReview() {
		return nil, nil
	}
	rows, err := s.query(ctx, queryConversationContacts, map[string]any{"tenant": who.Tenant, "conversation": id, "count": maxHeadContacts})
	if err != nil {
		return nil, err
	}
	t := &sight{s.scope(who), make(map[string]bool)}
	for _, row := range rows {
		queues := strs(row["wait_queues"])
		if t.in.contact(str(row["queue"]), str(row["agent"])) || slices.ContainsFunc(queues, t.in.queue) {
			t.contacts[str(row["contact"])] = true
		}
	}
	if len(t.contacts) == 0 {
		return nil, nil
	}
	return t, nil
}

// holdsConversation tells whether the conversation is that of a contact held, or an earlier one of its customer.
func (s *Server) holdsConversation(ctx context.Context, who person, id string) (bool, error) {
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
	sees, err := s.sightOf(r.Context(), who, id)
	if err != nil {
		return err
	}
	if err = s.allowed(r.Context(), who, id, sees != nil); err != nil {
		return err
	}
	rows, more, err := s.conversationRows(r.Context(), who.Tenant, id, before, sees)
	if err != nil {
		return err
	}
	messages := make([]messageView, 0, len(rows))
	for _, row := range rows {
		messages = append(messages, s.pastMessage(r.Context(), who.Tenant, row, sees.in))
	}
	slices.SortFunc(messages, func(a, b messageView) int { return cmp.Compare(a.Sequence, b.Sequence) })
	live.WriteJSON(w, http.StatusOK, map[string]any{"messages": messages, "more": more})
	return nil
}

// conversationRows are a page of a conversation's messages as far as somebody sees them, and whether there may be more. A page
// that holds nothing to be seen is passed over.
func (s *Server) conversationRows(ctx context.Context, tenant, id string, before uint64, sees *sight) (rows []map[string]any, more bool, err error) {
	for range maxHidden {
		rows, err = s.query(ctx, queryConversationMessages, map[string]any{
			"tenant": tenant, "conversation": id, "before": before, "count": historyPage,
		})
		if more = len(rows) == historyPage; err != nil || sees.contacts == nil || len(rows) == 0 {
			return rows, more, err
		}
		before = uint64(max(1, num(rows[len(rows)-1]["sequence"])))
		rows = slices.DeleteFunc(slices.Clone(rows), func(row map[string]any) bool { return !sees.contact(str(row["contact"])) })
		if len(rows) > 0 || !more {
			return rows, more, nil
		}
	}
	return nil, false, nil
}

type conversationView struct {
	ID        string   `json:"id"`
	Channel   string   `json:"channel"`
	Channels  []string `json:"channels"`
	QueueName string   `json:"queue_name"`
	Queues    []string `json:"queues"`
	Agents    []string `json:"agents"`
	StartedMs int64    `json:"started_ms"`
	EndedMs   int64    `json:"ended_ms"`
	*conversationCounts
}

// conversationCounts are of the whole conversation, for who sees it whole.
type conversationCounts struct {
	Contacts int64 `json:"contacts"`
	Open     int64 `json:"open"`
	Messages int64 `json:"messages"`
}

func (s *Server) customerConversations(w http.ResponseWriter, r *http.Request, who person) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	in, err := s.seesCustomer(r.Context(), who, id)
	if err != nil {
		return err
	}
	count := historyPage
	if !in.whole {
		count = maxConversations // of which those are shown that are seen
	}
	rows, err := s.query(r.Context(), queryCustomerConversations, map[string]any{"tenant": who.Tenant, "customer": id, "count": count})
	if err != nil {
		return err
	}
	out := make([]conversationView, 0, historyPage)
	for _, row := range rows {
		if len(out) == historyPage || !in.whole && !in.conversation(row) {
			continue
		}
		v := conversationView{
			ID: str(row["conversation"]), Channels: strs(row["channels"]), Agents: kept(strs(row["agents"]), in.agent),
			StartedMs: num(row["started_ms"]), Queues: kept(strs(row["queues"]), in.queue),
		}
		if in.whole {
			v.conversationCounts = &conversationCounts{num(row["contacts"]), num(row["open"]), num(row["messages"])}
		}
		if num(row["open"]) == 0 {
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

// kept are those of a list that are seen.
func kept[T any](all []T, seen func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(all), func(one T) bool { return !seen(one) })
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
	in := wholeScope
	if !holds {
		in = s.scope(who)
	}
	if err = s.allowed(r.Context(), who, id, holds || who.mayReview()); err != nil {
		return err
	}
	rows, err := s.query(r.Context(), queryContactDecisions, map[string]any{"tenant": who.Tenant, "contact": id})
	if err != nil {
		return err
	}
	out := make([]decisionView, 0, len(rows))
	for _, row := range rows {
		if !in.contact(str(row["queue"]), str(row["agent"])) {
			continue
		}
		v := decisionView{
			ID: str(row["offer"]), Contact: id, Agent: in.name(str(row["agent"])), Queue: str(row["queue"]), State: str(row["state"]),
			QueueName: s.view.queueName(who.Tenant, str(row["queue"])), Reason: str(row["reason"]), OfferedMs: num(row["offered_ms"]),
			ClosedMs: num(row["closed_ms"]), PassedOver: num(row["passed_over"]), Why: []candidateView{},
		}
		agents, chosen := strs(row["candidate_agents"]), list(row["candidate_chosen"])
		reasons, scores := strs(row["candidate_reasons"]), list(row["candidate_scores"])
		for i := range min(len(agents), len(chosen), len(reasons), len(scores)) {
			if !in.agent(agents[i]) {
				if num(chosen[i]) == 0 {
					v.PassedOver++
				}
				continue
			}
			v.Why = append(v.Why, candidateView{Agent: agents[i], Chosen: num(chosen[i]) != 0, Reason: reasons[i], Score: num(scores[i])})
		}
		v.Why, v.Route = s.candidates(r.Context(), who.Tenant, v.Why), s.named(who.Tenant, routeOf(row))
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
