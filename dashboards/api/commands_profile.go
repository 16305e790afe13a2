package api

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/event"
)

const (
	typingEvery = 3 * time.Second
	maxTyped    = 256

	maxTags       = 20
	maxTag        = 40
	maxTagBytes   = 64 // as the conversation takes
	maxName       = 200
	maxFields     = 50
	maxFieldName  = 64
	maxFieldValue = 1000
)

// profileWish is a customer's profile as a page asks for it, whole.
type profileWish struct {
	Customer    string            `json:"customer"`
	Tier        string            `json:"tier"`
	Language    string            `json:"language"`
	Tags        []string          `json:"tags"`
	Name        string            `json:"name"`
	Fields      map[string]string `json:"fields"`
	BaseVersion uint64            `json:"base_version"`
}

func (p *profileWish) check() error {
	if !isID(p.Customer, maxID) {
		return invalid("customer: the id of a customer")
	}
	for _, code := range []string{p.Tier, p.Language} {
		if code != "" && !isTag(code) {
			return invalid("tier and language: at most 40 letters and digits")
		}
	}
	if len(p.Tags) > maxTags || slices.ContainsFunc(p.Tags, func(t string) bool { return !isTag(t) }) {
		return invalid("tags: at most 20, each of at most 40 letters and digits")
	}
	if utf8.RuneCountInString(p.Name) > maxName || len(p.Fields) > maxFields {
		return invalid("name: at most 200 characters; fields: at most 50")
	}
	for name, value := range p.Fields {
		if name == "" || utf8.RuneCountInString(name) > maxFieldName || utf8.RuneCountInString(value) > maxFieldValue {
			return invalid("fields: a name has 1 to 64 characters, a value at most 1000")
		}
	}
	return nil
}

// isTag reports whether s is a short word in any script: tags stand in events in the clear, where the guard looks for telephone
// numbers and the like once more.
func isTag(s string) bool {
	n := utf8.RuneCountInString(s)
	return n > 0 && n <= maxTag && len(s) <= maxTagBytes && s == strings.TrimSpace(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && !strings.ContainsRune(" -_.&+", r)
	})
}

// doProfile asks to set a customer's profile: by who holds a contact of the customer, or by a supervisor.
func (c *session) doProfile(ctx context.Context, cmd *command) error {
	if err := cmd.check(); err != nil {
		return err
	}
	address, by, err := c.addressOf(ctx, cmd.Customer)
	if err != nil {
		return err
	}
	if err = c.server.firstProfile(ctx, c.who.Tenant, &cmd.profileWish); err != nil {
		return err
	}
	e := &event.Event{
		Key: event.Key(c.who.Tenant, cmd.Customer), Customer: cmd.Customer, Address: address,
		Body: &event.Event_ChangeProfile{ChangeProfile: &event.ChangeProfile{
			Agent: by, Tier: cmd.Tier, Language: cmd.Language, Tags: cmd.Tags, Request: cmd.Request, BaseVersion: cmd.BaseVersion, By: c.who.Account,
		}},
	}
	content := &event.Content{Name: cmd.Name}
	for _, name := range slices.Sorted(maps.Keys(cmd.Fields)) {
		content.Fields = append(content.Fields, &event.Field{Name: name, Value: cmd.Fields[name]})
	}
	return c.server.append(ctx, event.TopicConversationIn, c.who.Tenant, e, content, "profile", cmd.Customer, c.who.Account, cmd.Request)
}

// firstProfile refuses a profile that names no version it goes over, where there is one already: who wrote it saw none.
func (s *Server) firstProfile(ctx context.Context, tenant string, wish *profileWish) error {
	if wish.BaseVersion != 0 {
		return nil // the fold compares
	}
	is, err := s.profileOf(ctx, s.view.profileAt(wish.Customer), tenant, wish.Customer)
	if err != nil {
		return err
	}
	if is.Version != 0 {
		return conflict("the customer has a profile by now: look at it, and name its version as base_version")
	}
	return nil
}

// addressOf is the address with whose key a customer's profile is sealed, and the agent who holds a contact of the customer:
// nobody where a supervisor asks, for whom the profile's own address will do.
func (c *session) addressOf(ctx context.Context, customer string) (address, agent string, err error) {
	s := c.server
	if c.who.can(access.ActionContactWrite) && c.who.Agent != "" {
		k, heldErr := s.heldOf(ctx, c.who, customer)
		if heldErr != nil {
			return "", "", heldErr
		}
		if k != nil {
			return k.address, c.who.Agent, nil
		}
	}
	if !c.who.mayManage() {
		return "", "", denied("you hold no contact of this customer")
	}
	if c.who.bound() {
		seen, seenErr := s.seesCustomerOf(ctx, c.who, customer)
		if seenErr != nil {
			return "", "", seenErr
		}
		if !seen {
			return "", "", errNoCustomer
		}
	}
	e, err := s.recall(ctx, event.TopicConversationFacts, &s.facts, s.view.profileAt(customer))
	if err != nil {
		return "", "", err
	}
	address = e.GetAddress()
	if e.GetTenant() != c.who.Tenant || e.GetCustomer() != customer || address == "" {
		if address, err = s.openAddress(ctx, c.who.Tenant, customer); err != nil {
			return "", "", err
		}
	}
	if _, err = c.overrules(ctx, customer); err != nil {
		return "", "", err
	}
	return address, "", nil
}

var errNoCustomer = notFound("customer: there is no open contact and no profile of this customer")

// openAddress is the address of an open contact of a customer.
func (s *Server) openAddress(ctx context.Context, tenant, customer string) (string, error) {
	id, ok := s.view.contactOf(tenant, customer)
	if !ok {
		return "", errNoCustomer
	}
	k, err := s.contact(ctx, tenant, id)
	if err != nil {
		return "", err
	}
	if k.customer != customer {
		return "", errNoCustomer
	}
	return k.address, nil
}

// heldOf is a contact of a customer that the person holds, or nil.
func (s *Server) heldOf(ctx context.Context, who person, customer string) (*contactRef, error) {
	for _, id := range s.view.heldBy(who.Tenant, who.Agent) {
		k, err := s.contact(ctx, who.Tenant, id)
		switch {
		case err != nil && asFault(err).kind == kindNotFound: // it ended meanwhile
		case err != nil:
			return nil, err
		case k.customer == customer:
			return k, nil
		}
	}
	return nil, nil
}

// doTyping tells that the holder writes; more often than every 3 s it is dropped.
func (c *session) doTyping(ctx context.Context, cmd *command) error {
	now := c.server.now()
	if last, ok := c.typed[cmd.Contact]; ok && now.Sub(last) < typingEvery {
		return nil
	}
	k, err := c.server.contactFor(ctx, c.who, cmd.Contact)
	if err != nil {
		return err
	}
	if !c.who.can(access.ActionContactWrite) || c.who.Agent == "" || k.agent != c.who.Agent || k.state != event.ContactState_CONTACT_STATE_ASSIGNED {
		return denied("the contact is with somebody else")
	}
	if c.typed == nil || len(c.typed) >= maxTyped {
		c.typed = make(map[string]time.Time)
	}
	c.typed[cmd.Contact] = now
	e := k.event(c.who.Tenant)
	e.Body = &event.Event_AgentTyping{AgentTyping: &event.AgentTyping{Contact: k.id, Agent: c.who.Agent}}
	return c.server.append(ctx, event.TopicConversationIn, c.who.Tenant, e, nil, "typing", k.id, c.id, cmd.Request)
}
