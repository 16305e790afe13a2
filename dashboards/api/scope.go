package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/tributary-cc/tributary/stream/event"
)

// An account may be bound to teams. What it then sees and acts on, boards and workspace alike, is decided here.

const (
	// scopeAll is the scope of who sees the whole tenant.
	scopeAll = "all"
	// maxScopes bounds the scopes that are remembered of a tenant until an agent changes.
	maxScopes = 1000
)

// scope is what of a tenant somebody sees at a moment: everything, or the agents of some teams, and the queues that at least
// one of them serves. It is shared and never changed: the same pointer is the same scope.
type scope struct {
	whole  bool
	agents map[string]bool
	queues map[string]bool
}

var wholeScope = &scope{whole: true}

func (s *scope) agent(id string) bool { return s.whole || s.agents[id] }
func (s *scope) queue(id string) bool { return s.whole || s.queues[id] }

// contact tells whether a contact is seen: it belongs to the queue it is in or came out of, whoever holds it; without any, to
// its agent.
func (s *scope) contact(queue, agent string) bool {
	if queue == "" {
		return s.agent(agent)
	}
	return s.queue(queue)
}

// name is an agent's id as far as it is seen beside something else.
func (s *scope) name(agent string) string {
	if agent == "" || s.agent(agent) {
		return agent
	}
	return ""
}

// queueID is a queue's id as far as it is seen beside something else.
func (s *scope) queueID(queue string) string {
	if queue == "" || s.queue(queue) {
		return queue
	}
	return ""
}

// scopeName names what sorted teams see, so that who sees the same shares it.
func scopeName(tenant string, teams []string) string {
	if len(teams) == 0 {
		return scopeAll
	}
	sum := sha256.Sum256([]byte("tributary scope\x00" + tenant + "\x00" + strings.Join(teams, "\x00")))
	return hex.EncodeToString(sum[:8])
}

// scopeOf is what teams see now.
func (v *view) scopeOf(tenant string, teams []string) *scope {
	if len(teams) == 0 {
		return wholeScope
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.inScope(v.tenants[tenant], teams)
}

func (v *view) inScope(t *tenantEntry, teams []string) *scope {
	if len(teams) == 0 {
		return wholeScope
	}
	if t == nil {
		return &scope{}
	}
	key := strings.Join(teams, "\x00")
	if s := t.scopes[key]; s != nil {
		return s
	}
	s := &scope{agents: make(map[string]bool), queues: make(map[string]bool)}
	for _, a := range t.agents {
		if !a.known || !slices.Contains(teams, a.team) {
			continue
		}
		s.agents[a.id] = true
		for _, n := range a.queues {
			s.queues[v.byQueue[n].id] = true
		}
	}
	if t.scopes == nil || len(t.scopes) >= maxScopes {
		t.scopes = make(map[string]*scope)
	}
	t.scopes[key] = s
	return s
}

// teams are those that the person's account is bound to; none for all of the tenant.
func (p person) teams() []string { return p.who.Teams }

// bound reports whether the account sees some teams of the tenant.
func (p person) bound() bool { return len(p.who.Teams) > 0 }

// scope is what the person sees now beside what the own agent holds.
func (s *Server) scope(who person) *scope { return s.view.scopeOf(who.Tenant, who.teams()) }

// errNoContact is the answer for a contact that is not there, and for one that is outside of what somebody sees.
var errNoContact = notFound("contact: there is no such open contact")

// contactFor is [Server.contact] as far as the person sees it: one outside the account's teams is not there, unless it is held
// by the person.
func (s *Server) contactFor(ctx context.Context, who person, id string) (*contactRef, error) {
	k, err := s.contact(ctx, who.Tenant, id)
	if err != nil || !who.bound() || who.Agent != "" && k.agent == who.Agent {
		return k, err
	}
	if !s.scope(who).contact(s.queueOf(who.Tenant, k), k.agent) {
		return nil, errNoContact
	}
	return k, nil
}

// contactsFor are those of some contacts that the person sees, and whether these are all. One that ended meanwhile is not seen.
func (s *Server) contactsFor(ctx context.Context, who person, ids []string) (seen []*contactRef, all bool, err error) {
	for _, id := range ids {
		k, err := s.contactFor(ctx, who, id)
		switch {
		case err != nil && asFault(err).kind == kindNotFound:
		case err != nil:
			return nil, false, err
		default:
			seen = append(seen, k)
		}
	}
	return seen, len(seen) == len(ids), nil
}

// queueOf is the queue in which a contact waits, or the one it came out of.
func (s *Server) queueOf(tenant string, k *contactRef) string {
	if q, waits := s.view.waitsIn(tenant, k.id); waits {
		return q.id
	}
	return k.queue
}

// mayTake refuses to take a contact out of the hands of an agent of another team, of whom the person sees that there is
// somebody, and not who.
func (s *Server) mayTake(who person, k *contactRef) error {
	if !who.bound() || k.agent == "" || k.agent == who.Agent || s.scope(who).agent(k.agent) {
		return nil
	}
	return denied("the contact is with an agent of another team")
}

// openContacts are the open contacts of a conversation, or with an empty one those of a customer.
func (v *view) openContacts(tenant, conversation, customer string) []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	t := v.tenants[tenant]
	if t == nil {
		return nil
	}
	var out []string
	if conversation != "" {
		if cr, known := v.byConv[v.keys.Of(conversation)]; known {
			for r := v.convs.Get(cr).contacts; r != 0; r = v.contacts.Get(r).next {
				if k := v.contacts.Get(r); k.tenant == t.number {
					out = append(out, v.keys.Text(k.key))
				}
			}
		}
		return out
	}
	key := v.customer(customer)
	for _, r := range v.byID {
		if k := v.contacts.Get(r); k.customer == key && k.tenant == t.number {
			out = append(out, v.keys.Text(k.key))
		}
	}
	slices.Sort(out)
	return out
}

// seesCustomerOf tells whether a person whose account is bound to teams sees a customer: by an open contact, or by an earlier
// one that history knows.
func (s *Server) seesCustomerOf(ctx context.Context, who person, customer string) (bool, error) {
	seen, _, err := s.contactsFor(ctx, who, s.view.openContacts(who.Tenant, "", customer))
	if err != nil || slices.ContainsFunc(seen, func(k *contactRef) bool { return k.customer == customer }) {
		return err == nil, err
	}
	rows, err := s.query(ctx, queryCustomerConversations, map[string]any{"tenant": who.Tenant, "customer": customer, "count": maxConversations})
	if err != nil {
		return false, err
	}
	in := s.scope(who)
	return slices.ContainsFunc(rows, func(row map[string]any) bool { return in.conversation(row) }), nil
}

// conversation tells whether a row of a customer's conversations is seen: one of its contacts is.
func (s *scope) conversation(row map[string]any) bool {
	if queues := strs(row["queues"]); len(queues) > 0 {
		return slices.ContainsFunc(queues, s.queue)
	}
	return slices.ContainsFunc(strs(row["agents"]), s.agent)
}

// teamsSeen are the teams of a list that somebody sees.
func teamsSeen(all []*event.Team, in *scope, teams []string) []*event.Team {
	if in.whole {
		return all
	}
	var out []*event.Team
	for _, t := range all {
		if slices.Contains(teams, t.GetId()) {
			out = append(out, t)
		}
	}
	return out
}
