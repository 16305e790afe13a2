package api

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
)

// boardLists are what boards choose among.
type boardLists struct {
	teams    []*event.Team
	queues   []named
	agents   []*agentState
	channels []string
}

type named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (v *view) boardLists(tenant string, teams []string) boardLists {
	v.mu.Lock()
	defer v.mu.Unlock()
	t := v.tenant(tenant)
	in := v.inScope(t, teams)
	var l boardLists
	l.teams = teamsSeen(t.lists.teams, in, teams)
	for _, q := range t.queues {
		if q.known && !q.practice && in.queue(q.id) {
			l.queues = append(l.queues, named{q.id, cmp.Or(q.name, q.id)})
		}
	}
	for _, a := range t.agents {
		if a.known && in.agent(a.id) {
			l.agents = append(l.agents, a.state())
		}
	}
	for c := range t.channels {
		if word := channelWord(c); word != "" {
			l.channels = append(l.channels, word)
		}
	}
	slices.Sort(l.channels)
	slices.SortFunc(l.queues, func(a, b named) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return l
}

type boardAgentView struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Team string `json:"team"`
}

type boardIntentView struct {
	ID    string            `json:"id"`
	Name  string            `json:"name"`
	Names map[string]string `json:"names"`
}

type boardMeView struct {
	Tenant   string            `json:"tenant"`
	Login    string            `json:"login"`
	Scope    string            `json:"scope"`
	Teams    []named           `json:"teams"`
	Queues   []named           `json:"queues"`
	Agents   []boardAgentView  `json:"agents"`
	Channels []string          `json:"channels"`
	Intents  []boardIntentView `json:"intents"`
	PageURL  string            `json:"page_url"`
}

// boardMe answers who reads and what they may choose among.
func (s *Server) boardMe(w http.ResponseWriter, r *http.Request, who person) error {
	l := s.view.boardLists(who.Tenant, who.who.Teams)
	out := boardMeView{
		Tenant: who.Tenant, Login: who.who.Login, Scope: scopeName(who.Tenant, who.who.Teams),
		Teams: make([]named, 0, len(l.teams)), Queues: append([]named{}, l.queues...), Agents: make([]boardAgentView, 0, len(l.agents)),
		Channels: append([]string{}, l.channels...), Intents: []boardIntentView{}, PageURL: strings.TrimSuffix(s.config.PublicURL, "/"),
	}
	for _, t := range l.teams {
		out.Teams = append(out.Teams, named{t.GetId(), cmp.Or(t.GetName(), t.GetId())})
	}
	for _, a := range l.agents {
		out.Agents = append(out.Agents, boardAgentView{a.id, s.agentName(r.Context(), who.Tenant, a), a.config.GetTeam()})
	}
	slices.SortFunc(out.Agents, func(a, b boardAgentView) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	if s.config.Intents != nil {
		for _, i := range s.config.Intents(who.Tenant) {
			out.Intents = append(out.Intents, boardIntentView{i.ID, cmp.Or(i.Names["en"], i.ID), i.Names})
		}
	}
	live.WriteJSON(w, http.StatusOK, out)
	return nil
}
