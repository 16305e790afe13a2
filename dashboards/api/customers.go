package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
	"github.com/tributary-cc/tributary/stream/privacy"
)

const (
	queryCustomerMessages = "customer_messages"
	queryMessagePlace     = "message_place"
)

const (
	maxPage = 200
	showMs  = 30_000
	// showRate and showBurst bound what one account may unmask: some at once, then one in 10 s.
	showRate, showBurst = 0.1, 10
)

// seesCustomer asks how much the person may read of a customer: who holds a contact of theirs all of it, and reviewers what
// they see; it is audited.
func (s *Server) seesCustomer(ctx context.Context, who person, customer string) (*scope, error) {
	in, may := wholeScope, who.mayReview()
	if !may || who.bound() {
		held, err := s.customersOf(ctx, who)
		if err != nil {
			return nil, err
		}
		switch holds := slices.Contains(held, customer); {
		case !may:
			may = holds
		case !holds:
			in = s.scope(who)
			if may, err = s.seesCustomerOf(ctx, who, customer); err != nil {
				return nil, err
			}
		}
	}
	return in, s.allowed(ctx, who, customer, may)
}

func (s *Server) customerProfile(w http.ResponseWriter, r *http.Request, who person) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	if _, err = s.seesCustomer(r.Context(), who, id); err != nil {
		return err
	}
	p, err := s.profileOf(r.Context(), s.view.profileAt(id), who.Tenant, id)
	if err != nil {
		return err
	}
	live.WriteJSON(w, http.StatusOK, p)
	return nil
}

// pastMessage is a message of any channel.
type pastMessage struct {
	messageView
	Contact      string `json:"contact"`
	Conversation string `json:"conversation"`
	Channel      string `json:"channel"`
}

// pastContact is a contact to which messages of a page belong.
type pastContact struct {
	ID           string `json:"id"`
	Conversation string `json:"conversation"`
	Channel      string `json:"channel"`
	EntryPoint   string `json:"entry_point"`
	Queue        string `json:"queue"`
	QueueName    string `json:"queue_name"`
	Agent        string `json:"agent"`
	AgentName    string `json:"agent_name"`
	StartedMs    int64  `json:"started_ms"`
	EndedMs      int64  `json:"ended_ms"`
	EndReason    string `json:"end_reason"`
	WrapUpCode   string `json:"wrap_up_code"`
	WrapUpName   string `json:"wrap_up_name"`
	Intent       string `json:"intent"`
	Survey       int64  `json:"survey"`
}

// page is where a page of a customer's messages begins: behind this message.
type pageStart struct {
	ms           int64
	conversation string
	sequence     uint64
}

// parsePage reads what an answer gave as next: milliseconds, sequence and conversation.
func parsePage(text string) (p pageStart, err error) {
	if text == "" {
		return p, nil
	}
	parts := strings.SplitN(text, ".", 3)
	if len(parts) != 3 || !isID(parts[2], maxID) {
		return p, invalid("before: what the last page gave as next")
	}
	var sequenceErr error
	p.ms, err = strconv.ParseInt(parts[0], 10, 64)
	p.sequence, sequenceErr = strconv.ParseUint(parts[1], 10, 63)
	if p.conversation = parts[2]; err != nil || sequenceErr != nil || p.ms <= 0 {
		return p, invalid("before: what the last page gave as next")
	}
	return p, nil
}

// customerMessages answers what a customer said and was told, on all channels, a page at a time.
func (s *Server) customerMessages(w http.ResponseWriter, r *http.Request, who person) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	start, err := parsePage(r.URL.Query().Get("before"))
	if err != nil {
		return err
	}
	limit := historyPage
	if text := r.URL.Query().Get("limit"); text != "" {
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 || limit > maxPage {
			return invalid("limit: 1 to 200")
		}
	}
	in, err := s.seesCustomer(r.Context(), who, id)
	if err != nil {
		return err
	}
	rows, more, err := s.customerRows(r.Context(), who.Tenant, id, start, limit, in)
	if err != nil {
		return err
	}
	messages, contacts := make([]pastMessage, 0, len(rows)), []pastContact{}
	seen := make(map[string]bool)
	slices.Reverse(rows) // the newest came first
	ctx := r.Context()
	for _, row := range rows {
		m := pastMessage{s.pastMessage(ctx, who.Tenant, row, in), str(row["contact"]), str(row["conversation"]), str(row["channel"])}
		messages = append(messages, m)
		if !seen[m.Contact] && m.Contact != "" {
			seen[m.Contact] = true
			contacts = append(contacts, s.pastContact(ctx, who.Tenant, row, in))
		}
	}
	next := ""
	if more {
		next = placeOf(rows[0]).String()
	}
	live.WriteJSON(w, http.StatusOK, map[string]any{"messages": messages, "contacts": contacts, "next": next})
	return nil
}

// placeOf is where a page begins whose last message was this.
func placeOf(row map[string]any) pageStart {
	return pageStart{num(row["sent_ms"]), str(row["conversation"]), uint64(max(0, num(row["sequence"])))}
}

// String is what [parsePage] reads.
func (p pageStart) String() string {
	return strconv.FormatInt(p.ms, 10) + "." + strconv.FormatUint(p.sequence, 10) + "." + p.conversation
}

// maxHidden bounds the pages that are read in search of a message that somebody sees.
const maxHidden = 20

// customerRows are a page of a customer's messages as far as somebody sees them, the newest first, and whether there may be
// more. A page that holds nothing to be seen is passed over.
func (s *Server) customerRows(ctx context.Context, tenant, customer string, start pageStart, limit int, in *scope) (rows []map[string]any, more bool, err error) {
	for range maxHidden {
		rows, err = s.query(ctx, queryCustomerMessages, map[string]any{
			"tenant": tenant, "customer": customer, "before_ms": start.ms, "before_conversation": start.conversation,
			"before_sequence": start.sequence, "count": limit,
		})
		if more = len(rows) == limit; err != nil || in.whole || len(rows) == 0 {
			return rows, more, err
		}
		start = placeOf(rows[len(rows)-1])
		rows = slices.DeleteFunc(slices.Clone(rows), func(row map[string]any) bool {
			return !in.contact(str(row["queue"]), str(row["contact_agent"]))
		})
		if len(rows) > 0 || !more {
			return rows, more, nil
		}
	}
	return nil, false, nil
}

// pastMessage is a message as history has it, already masked.
func (s *Server) pastMessage(ctx context.Context, tenant string, row map[string]any, in *scope) messageView {
	v := messageView{
		ID: str(row["message"]), Sequence: uint64(max(0, num(row["sequence"]))), Author: str(row["author"]), Agent: in.name(str(row["agent"])),
		Text: str(row["text"]), SentMs: num(row["sent_ms"]), State: str(row["state"]), ClientID: str(row["client_id"]),
		Internal: num(row["internal"]) != 0, Kind: str(row["kind"]), Attachments: []attachmentView{},
	}
	v.Masked = strings.Contains(v.Text, "**")
	if v.Agent != "" {
		v.AgentName = s.nameOf(ctx, tenant, v.Agent)
	}
	files, types, sizes := strs(row["files"]), strs(row["media_types"]), list(row["sizes"])
	for i := range min(len(files), len(types), len(sizes)) {
		v.Attachments = append(v.Attachments, attachmentView{
			File: files[i], Name: privacy.FileName(files[i], types[i]), MediaType: types[i], Size: uint64(max(0, num(sizes[i]))),
		})
	}
	return v
}

func (s *Server) pastContact(ctx context.Context, tenant string, row map[string]any, in *scope) pastContact {
	c := pastContact{
		ID: str(row["contact"]), Conversation: str(row["conversation"]), Channel: str(row["channel"]), EntryPoint: str(row["entry_point"]),
		Queue: in.queueID(str(row["queue"])), Agent: in.name(str(row["contact_agent"])), StartedMs: max(0, num(row["started_ms"])), EndedMs: max(0, num(row["ended_ms"])),
		EndReason: str(row["end_reason"]), WrapUpCode: str(row["wrap_up_code"]), Intent: str(row["intent"]), Survey: num(row["survey"]),
	}
	c.QueueName, c.WrapUpName = s.view.queueName(tenant, c.Queue), s.view.codeName(tenant, c.WrapUpCode)
	if c.Agent != "" {
		c.AgentName = s.nameOf(ctx, tenant, c.Agent)
	}
	return c
}

// codeName is the name of a wrap-up code, or the code.
func (v *view) codeName(tenant, id string) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	if t := v.tenants[tenant]; t != nil {
		for _, c := range t.lists.codes {
			if c.GetId() == id {
				return cmp.Or(c.GetName(), id)
			}
		}
	}
	return id
}

type showBody struct {
	Contact string `json:"contact"`
}

// showMessage gives the text of one message unmasked, to the agent who holds a contact of its customer. It is in the audit
// before it is answered.
func (s *Server) showMessage(w http.ResponseWriter, r *http.Request, who person) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	var b showBody
	if err = decode(r, &b); err != nil {
		return err
	}
	if !isID(b.Contact, maxID) {
		return invalid("contact: the id of the contact that you hold")
	}
	if !s.shows.Take(who.account(), s.now()) {
		return errRate
	}
	k, err := s.contactFor(r.Context(), who, b.Contact)
	if err != nil {
		return err
	}
	holds := who.can(access.ActionContactRead) && who.Agent != "" && k.agent == who.Agent
	var e *event.Event
	if holds {
		if e, err = s.findMessage(r.Context(), who.Tenant, k, id); err != nil {
			return err
		}
	}
	if err = s.audit(r.Context(), who, actionShow, id, holds); err != nil {
		return unavailable("nothing is shown that cannot be written into the audit; try again")
	}
	if !holds {
		return denied("this is open to the agent who holds the contact")
	}
	content, err := s.open(r.Context(), e)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	live.WriteJSON(w, http.StatusOK, map[string]any{"text": content.GetText(), "show_ms": showMs})
	return nil
}

// actionShow is the audit's word for a masked text that was shown whole.
const actionShow access.Action = "message.show"

// findMessage finds a message of the contact's customer: among the latest of the conversation, else where history says.
func (s *Server) findMessage(ctx context.Context, tenant string, k *contactRef, id string) (*event.Event, error) {
	at, known := s.view.lineAt(tenant, k.id, id)
	if !known {
		rows, err := s.query(ctx, queryMessagePlace, map[string]any{"tenant": tenant, "customer": k.customer, "message": id})
		if err != nil {
			return nil, err
		}
		if len(rows) == 0 {
			return nil, notFound("message: there is no such message of this customer")
		}
		at = live.PlaceOf(&event.Record{Partition: int(num(rows[0]["partition"])), Offset: num(rows[0]["offset"])})
	}
	found, err := s.fetch(ctx, []live.Place{at})
	if err != nil {
		return nil, err
	}
	e := found[at]
	if e.GetTenant() != tenant || e.GetCustomer() != k.customer || e.GetMessageAdded().GetMessage() != id {
		return nil, notFound("message: it is no longer kept with what it said")
	}
	return e, nil
}

// lineAt is where a message of an open contact's conversation stands, if it is one of the latest.
func (v *view) lineAt(tenant, contact, message string) (live.Place, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	r, ok := v.byID[v.keys.Of(contact)]
	if !ok {
		return 0, false
	}
	k := v.contacts.Get(r)
	if v.byTenant[k.tenant].id != tenant {
		return 0, false
	}
	l := v.lines.Find(v.convs.Get(k.conv).lines, v.keys.Short(message))
	if l == nil {
		return 0, false
	}
	return l.At, true
}
