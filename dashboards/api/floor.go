package api

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"

	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
)

type floorFrame struct {
	Type     string             `json:"type"`
	Whole    bool               `json:"whole"`
	Agents   []floorAgentView   `json:"agents"`
	Queues   []floorQueueView   `json:"queues"`
	Contacts []floorContactView `json:"contacts"`
	Teams    []teamView         `json:"teams"`
}

type teamView struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type floorAgentView struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	Team       string   `json:"team"`
	Status     string   `json:"status"`
	Reason     string   `json:"reason"`
	NextStatus string   `json:"next_status"`
	Activity   string   `json:"activity"`
	Connected  bool     `json:"connected"`
	SinceMs    int64    `json:"since_ms"`
	Contacts   []string `json:"contacts"`
	Capacity   uint32   `json:"capacity"`
	By         string   `json:"by"`
	Queues     []string `json:"queues"`
}

type floorQueueView struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Waiting  uint32 `json:"waiting"`
	OldestMs int64  `json:"oldest_ms"`
	Staffed  int    `json:"staffed"`
	Open     bool   `json:"open"`
}

type floorContactView struct {
	ID           string `json:"id"`
	Customer     string `json:"customer"`
	CustomerName string `json:"customer_name"`
	Channel      string `json:"channel"`
	Queue        string `json:"queue"`
	Agent        string `json:"agent"`
	State        string `json:"state"`
	Priority     int32  `json:"priority"`
	EnqueuedMs   int64  `json:"enqueued_ms"`
	// Entered_ms is when it came into the queue in which it waits, by which the queue's oldest_ms goes; 0 where it waits in none.
	EnteredMs  int64  `json:"entered_ms"`
	AssignedMs int64  `json:"assigned_ms"`
	Intent     string `json:"intent"`
	Language   string `json:"language"`
	Tier       string `json:"tier"`
	Reason     string `json:"reason"`
	// Offered_to is whom it rings at; absent where it does not.
	OfferedTo string `json:"offered_to,omitempty"`
}

// doWatchFloor begins or ends what a supervisor's page is told of the floor.
func (c *session) doWatchFloor(ctx context.Context, cmd *command) error {
	if cmd.On {
		if err := c.server.mayBoard(ctx, c.who); err != nil {
			return err
		}
	}
	c.server.view.watchFloor(c.who.Tenant, c.who.teams(), c, cmd.On)
	return nil
}

// mayBoard asks for the right to see the floor, and writes down who looked.
func (s *Server) mayBoard(ctx context.Context, who person) error {
	may := who.can(access.ActionBoardRead)
	if err := s.audit(ctx, who, access.ActionBoardRead, "floor", may); err != nil {
		return err
	}
	if !may {
		return denied("the floor is open to supervisors")
	}
	return nil
}

// floor answers the floor once, as far as the person sees it.
func (s *Server) floor(w http.ResponseWriter, r *http.Request, who person) error {
	if err := s.mayBoard(r.Context(), who); err != nil {
		return err
	}
	if !s.reads.Enter(requestTimeout) {
		return unavailable("too many pages at once; try again")
	}
	defer s.reads.Leave()
	f, err := s.floorFrame(r.Context(), who.Tenant, who.mayReview(), s.view.floorNow(who.Tenant, who.teams()))
	if err != nil {
		return err
	}
	live.WriteJSON(w, http.StatusOK, f)
	return nil
}

func (s *Server) renderFloor(ctx context.Context, who person, n *note) ([]byte, error) {
	which := 0
	if who.mayReview() {
		which = 1
	}
	return n.shared.frame(which, func() ([]byte, error) {
		f, err := s.floorFrame(ctx, who.Tenant, who.mayReview(), n.floor)
		if err != nil {
			return nil, err
		}
		return json.Marshal(f)
	})
}

// floorFrame shows a floor; customers' names only to who may read what others hold.
func (s *Server) floorFrame(ctx context.Context, tenant string, names bool, b *floorBatch) (*floorFrame, error) {
	f := &floorFrame{
		Type: "floor", Whole: b.whole, Agents: make([]floorAgentView, 0, len(b.agents)), Queues: make([]floorQueueView, 0, len(b.queues)),
		Contacts: make([]floorContactView, 0, len(b.contacts)), Teams: make([]teamView, 0, len(b.teams)),
	}
	for _, a := range b.agents {
		v := viewAgent(a, s.agentName(ctx, tenant, a))
		by := v.By
		if by != "" {
			by = s.accountName(ctx, tenant, by)
		}
		f.Agents = append(f.Agents, floorAgentView{
			v.ID, v.Name, v.Team, v.Status, v.Reason, v.NextStatus, v.Activity, v.Connected, v.SinceMs, v.Contacts, v.Capacity, by,
			append([]string{}, a.config.GetQueues()...),
		})
	}
	for _, q := range b.queues {
		f.Queues = append(f.Queues, floorQueueView{q.id, cmp.Or(q.name, q.id), q.waiting, q.oldest, q.staffed, q.open})
	}
	for _, t := range b.teams {
		f.Teams = append(f.Teams, teamView{t.GetId(), cmp.Or(t.GetName(), t.GetId())})
	}
	var err error
	f.Contacts, err = s.floorContacts(ctx, tenant, names, b, f.Contacts)
	return f, err
}

func (s *Server) floorContacts(ctx context.Context, tenant string, names bool, b *floorBatch, out []floorContactView) ([]floorContactView, error) {
	list := b.contacts
	at := make([]live.Place, 0, len(list))
	for i := range list {
		if !list[i].gone {
			at = append(at, list[i].at)
		}
	}
	found, err := s.fetch(ctx, at)
	if err != nil {
		return nil, err
	}
	for i := range list {
		x := &list[i]
		e := found[x.at]
		c := e.GetContactChanged().GetContact()
		if x.gone || c.GetContact() != x.id {
			out = append(out, floorContactView{ID: x.id, State: "ended"})
			continue
		}
		v := floorContactView{
			ID: x.id, Customer: e.GetCustomer(), Channel: channelWord(c.GetChannel()), Queue: b.in.queueID(cmp.Or(x.queue, c.GetQueue())), Agent: b.in.name(c.GetAgent()),
			State: word(c.GetState().String(), "CONTACT_STATE_"), Priority: x.priority, EnqueuedMs: cmp.Or(x.waiting.since, c.GetEnqueuedMs()),
			EnteredMs: x.waiting.entered, AssignedMs: c.GetAssignedMs(), Intent: c.GetIntent(), Language: c.GetLanguage(), Tier: c.GetTier(),
		}
		if c.GetState() == event.ContactState_CONTACT_STATE_QUEUED {
			v.Reason, v.OfferedTo = x.reason, b.in.name(x.offeredTo)
		}
		if names {
			p, err := s.profileOf(ctx, x.profile, tenant, e.GetCustomer())
			if err != nil {
				return nil, err
			}
			v.CustomerName = p.Name
		}
		out = append(out, v)
	}
	return out, nil
}
