package api

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"strconv"

	"github.com/tributary-cc/tributary/stream/access"
)

// The named queries that the door asks of [History].
const (
	queryConversationMessages  = "conversation_messages"
	queryCustomerConversations = "customer_conversations"
	queryContactDecisions      = "contact_decisions"
)

const historyPage = 100

// query asks history; whatever goes wrong there is told as late: the page works on without it.
func (s *Server) query(ctx context.Context, name string, params map[string]any) ([]map[string]any, error) {
	late := &fault{kindTransient, "history_late", "history is late; what is open is shown without it"}
	if s.History == nil {
		return nil, late
	}
	rows, err := s.History.Query(ctx, name, params)
	if err != nil {
		s.logger.LogAttrs(ctx, slog.LevelWarn, "history did not answer", slog.String("query", name), slog.String("error", err.Error()))
		return nil, late
	}
	if rows == nil {
		rows = []map[string]any{}
	}
	return rows, nil
}

// allow reports whether the person may see the customer whom the rows are about: reviewers any of their tenant, an agent
// those of whom they hold a contact.
func (s *Server) allow(ctx context.Context, who person, customer string) (bool, error) {
	if who.mayReview() {
		return true, nil
	}
	if who.Agent == "" || customer == "" || !who.can(access.ActionContactRead) {
		return false, nil
	}
	for _, id := range s.view.heldBy(who.Tenant, who.Agent) {
		k, err := s.contact(ctx, who.Tenant, id)
		switch {
		case err != nil && asFault(err).kind == kindNotFound: // it ended meanwhile
		case err != nil:
			return false, err
		case k.customer == customer:
			return true, nil
		}
	}
	return false, nil
}

// read checks the right to a customer's history, writes it down either way, and answers.
func (s *Server) read(w http.ResponseWriter, r *http.Request, who person, subject, customer, field string, rows []map[string]any) error {
	action := access.ActionContactRead
	if who.mayReview() {
		action = access.ActionContactReadAll
	}
	allowed, err := s.allow(r.Context(), who, customer)
	if err != nil {
		return err
	}
	entry := access.Entry{Tenant: who.Tenant, Actor: who.Account, Action: action, Subject: subject, Allowed: allowed}
	if err = s.auditor.Audit(r.Context(), entry); err != nil {
		return err
	}
	if !allowed {
		return denied("this is open to who holds a contact of the customer, and to reviewers")
	}
	writeJSON(w, http.StatusOK, map[string]any{field: rows})
	return nil
}

// customerOf is the customer that rows are about.
func customerOf(rows []map[string]any) string {
	if len(rows) == 0 {
		return ""
	}
	return fmt.Sprint(rows[0]["customer"])
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
	before := uint64(math.MaxInt64)
	if text := r.URL.Query().Get("before"); text != "" {
		if before, err = strconv.ParseUint(text, 10, 63); err != nil {
			return invalid("before: the sequence of a message")
		}
	}
	rows, err := s.query(r.Context(), queryConversationMessages, map[string]any{
		"tenant": who.Tenant, "conversation": id, "before": before, "limit": historyPage,
	})
	if err != nil {
		return err
	}
	return s.read(w, r, who, id, customerOf(rows), "messages", rows)
}

func (s *Server) customerConversations(w http.ResponseWriter, r *http.Request, who person) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	rows, err := s.query(r.Context(), queryCustomerConversations, map[string]any{
		"tenant": who.Tenant, "customer": id, "limit": historyPage,
	})
	if err != nil {
		return err
	}
	return s.read(w, r, who, id, id, "conversations", rows)
}

func (s *Server) contactDecisions(w http.ResponseWriter, r *http.Request, who person) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	rows, err := s.query(r.Context(), queryContactDecisions, map[string]any{"tenant": who.Tenant, "contact": id, "limit": historyPage})
	if err != nil {
		return err
	}
	return s.read(w, r, who, id, customerOf(rows), "decisions", rows)
}
