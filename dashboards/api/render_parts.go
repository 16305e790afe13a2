package api

import (
	"cmp"
	"context"
	"slices"

	"github.com/tributary-cc/tributary/stream/event"
)

func contains(numbers []uint32, n uint32) bool { return slices.Contains(numbers, n) }

// agentName is the name of an agent as the configuration has it, or the id.
func (s *Server) agentName(ctx context.Context, tenant string, a *agentState) string {
	sealed := a.config.GetName()
	if sealed == nil {
		return a.id
	}
	content, err := s.opener.OpenContent(ctx, tenant, sealed)
	if err != nil || content.GetName() == "" {
		return a.id // a page without a colleague's name is better than none
	}
	return content.GetName()
}

func (s *Server) nameOf(ctx context.Context, tenant, agent string) string {
	return s.agentName(ctx, tenant, s.view.agentState(tenant, agent))
}

func (s *Server) agentView(ctx context.Context, tenant string, a *agentState) agentView {
	v := viewAgent(a, s.agentName(ctx, tenant, a))
	if v.By != "" {
		v.ByName = s.accountName(ctx, tenant, v.By)
	}
	v.Practice = s.config.Practice != nil && s.config.Practice.On(tenant, a.id)
	return v
}

// candidates names those who were looked at.
func (s *Server) candidates(ctx context.Context, tenant string, list []candidateView) []candidateView {
	for i := range list {
		if name := s.nameOf(ctx, tenant, list[i].Agent); name != list[i].Agent {
			list[i].Name = name
		}
	}
	return list
}

// named puts beside a need what its skills are called.
func (s *Server) named(tenant string, route *routeView) *routeView {
	if route != nil {
		if skills := s.view.skillNames(tenant, route.Need); len(skills) > 0 {
			route.Names = &needNames{skills}
		}
	}
	return route
}

func (s *Server) offerView(ctx context.Context, tenant string, o *event.OfferChanged, profile spot) (offerView, error) {
	v := viewOffer(o, s.view.queueName(tenant, o.GetQueue()))
	v.Route = s.named(tenant, v.Route)
	v.Why = s.candidates(ctx, tenant, v.Why)
	p, err := s.profileOf(ctx, profile, tenant, o.GetCustomer())
	v.CustomerName = p.Name
	return v, err
}

// contactView is a contact as its newest record says, with what stands elsewhere: who the customer is, what a model said and
// why it came to its agent.
func (s *Server) contactView(ctx context.Context, e *event.Event, at places) (contactView, error) {
	contact := e.GetContactChanged().GetContact()
	tenant := e.GetTenant()
	v := viewContact(e, s.view.queueName(tenant, contact.GetQueue()))
	p, err := s.profileOf(ctx, at.profile, tenant, e.GetCustomer())
	if err != nil {
		return v, err
	}
	v.CustomerName = p.Name
	v.Tier, v.Language = cmp.Or(v.Tier, p.Tier), cmp.Or(v.Language, p.Language)
	found, err := s.recall(ctx, event.TopicConversationFacts, &s.facts, at.intent)
	if err != nil {
		return v, err
	}
	if i := found.GetIntentFound(); i.GetContact() == contact.GetContact() {
		for _, g := range i.GetGuesses() {
			v.Guesses = append(v.Guesses, guessView{g.GetIntent(), g.GetConfidence()})
		}
		v.Language = cmp.Or(v.Language, i.GetLanguage())
	}
	found, err = s.recall(ctx, event.TopicRoutingFacts, &s.offers, at.why)
	if err != nil {
		return v, err
	}
	if o := found.GetOfferChanged(); o.GetContact() == contact.GetContact() && o.GetAgent() == contact.GetAgent() {
		offer := viewOffer(o, "")
		if v.Why = s.named(tenant, offer.Route); v.Why == nil {
			v.Why = &routeView{PassedOver: o.GetPassedOver()}
		}
		v.Why.Candidates = s.candidates(ctx, tenant, offer.Why)
		v.Priority = v.Why.Priority
		for _, f := range at.flows {
			v.Why.Flowed = append(v.Why.Flowed, flowView{f.queue, s.view.queueName(tenant, f.queue), f.reason})
		}
	}
	if q, ok := s.view.queueRef(tenant, contact.GetQueue()); ok && q.wrapUpMs > 0 && contact.GetState() == event.ContactState_CONTACT_STATE_WRAPPING {
		v.WrapUntilMs = contact.GetEndedMs() + q.wrapUpMs
	}
	return v, nil
}

// profileOf is the profile at a place, or one of version 0 where there is none.
func (s *Server) profileOf(ctx context.Context, at spot, tenant, customer string) (profileView, error) {
	empty := profileView{Customer: customer, Tags: []string{}, Fields: map[string]string{}}
	e, err := s.recall(ctx, event.TopicConversationFacts, &s.facts, at)
	if err != nil || e.GetProfileChanged() == nil || e.GetTenant() != tenant || e.GetCustomer() != customer {
		return empty, err
	}
	return s.profileView(ctx, e)
}

func (s *Server) profileView(ctx context.Context, e *event.Event) (profileView, error) {
	p := e.GetProfileChanged()
	content, err := s.open(ctx, e)
	v := profileView{
		Customer: e.GetCustomer(), Name: content.GetName(), Tier: p.GetTier(), Language: p.GetLanguage(), Tags: append([]string{}, p.GetTags()...),
		Fields: make(map[string]string), Version: p.GetVersion(), Source: p.GetSource(), By: p.GetBy(), ChangedMs: e.GetAtMs(),
	}
	for _, f := range content.GetFields() {
		v.Fields[f.GetName()] = f.GetValue()
	}
	if v.By != "" {
		v.ByName = s.accountName(ctx, e.GetTenant(), v.By)
	}
	return v, err
}
