package conversation

import (
	"cmp"
	"slices"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// maxTags bounds the tags of a customer.
const maxTags = 20

// Who set a profile.
const (
	bySite       = "site"
	byAgent      = "agent"
	bySupervisor = "supervisor"
	byCustomer   = "customer"
)

// introduced takes what the site vouches for. Where it says nothing, what is known stays, and what it says again is no
// change that would cross an agent's.
func (c *customer) introduced(address string, m *event.CustomerIntroduced) error {
	switch {
	case address == "":
		return errNoAddress()
	case m.GetSaid():
		return c.presented(address)
	}
	was := c.row.GetProfile()
	p := &event.ProfileRow{
		Tier: cmp.Or(m.GetTier(), was.GetTier()), Language: cmp.Or(m.GetLanguage(), was.GetLanguage()), Tags: m.GetTags(),
	}
	if len(p.GetTags()) == 0 {
		p.Tags = was.GetTags()
	}
	if p.Written = was.GetWritten(); p.GetWritten() != nil {
		c.sealed = nil // what a person wrote stands; the site's word on the name was before it
	}
	if c.sealed == nil && was.GetTier() == p.GetTier() && was.GetLanguage() == p.GetLanguage() && slices.Equal(was.GetTags(), p.GetTags()) {
		return nil
	}
	if c.row.GetAddress() == "" {
		c.row.Address = address
	}
	if p.GetWritten() != nil {
		c.sealed = p.GetWritten()
	}
	return c.profile(address, p, bySite, "")
}

// presented takes what the customer says of themselves: it is better than nothing, and goes over nobody else's word. It gives no
// tier, language or tags, so routing never hears of it.
func (c *customer) presented(address string) error {
	if was := c.row.GetProfile(); c.sealed == nil || was != nil && !was.GetSaid() {
		return nil
	}
	if c.row.GetAddress() == "" {
		c.row.Address = address
	}
	return c.profile(address, &event.ProfileRow{Said: true}, byCustomer, "")
}

// changeProfile takes a profile that a person set, unless somebody else has changed it since they saw it.
func (c *customer) changeProfile(address string, m *event.ChangeProfile) error {
	was := c.row.GetProfile()
	if base := m.GetBaseVersion(); base != 0 && was != nil && base != was.GetVersion() { // what is forgotten crosses nothing
		return tooLate(changedFirst)
	}
	source := bySupervisor
	if m.GetAgent() != "" {
		source = byAgent
	}
	p := &event.ProfileRow{Tier: m.GetTier(), Language: m.GetLanguage(), Tags: m.GetTags(), Written: c.sealed}
	return c.profile(cmp.Or(address, c.row.GetAddress()), p, source, m.GetBy())
}

// profile puts a profile in place of the one before. Name and fields go on sealed, with the fact.
func (c *customer) profile(address string, p *event.ProfileRow, source, by string) error {
	long := func(code string) bool { return len(code) > maxCode }
	if len(p.GetTags()) > maxTags || slices.ContainsFunc(p.GetTags(), long) || long(p.GetTier()) || long(p.GetLanguage()) {
		return &engine.Refusal{Kind: "limit", Reason: "a profile has too many tags, or a code that is longer than allowed"}
	}
	if was := c.row.GetProfile(); was != nil {
		p.Version = was.GetVersion() + 1
	} else {
		// One may have been forgotten: the next begins above all that it had, as screens keep the highest.
		p.Version = uint64(max(c.tx.Served(), 0)) + 1
	}
	c.row.Profile = p
	if len(c.row.GetConversations()) == 0 {
		c.row.MetMs = c.tx.Served()
	}
	c.fact(address, &event.Event{Sealed: c.sealed, Body: &event.Event_ProfileChanged{ProfileChanged: &event.ProfileChanged{
		Tier: p.GetTier(), Language: p.GetLanguage(), Tags: p.GetTags(), Version: p.GetVersion(), Source: source, By: by,
	}}})
	return nil
}
