package api

import (
	"context"
	"fmt"

	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/event"
)

// maxPriority bounds what a supervisor may set, up and down.
const maxPriority = 1000

// The answers for what is not there, and for what is outside of what somebody sees.
var (
	errNoAgent    = notFound("agent: there is no such agent")
	errNoQueue    = notFound("queue: there is no such queue")
	errNotWaiting = conflict("the contact does not wait any more")
)

// mustManage asks for the right to act on others' work, and writes down that it was used, or tried, before anything is done.
// Outside is why the subject is none of the person's, if it is not: for who may act at all it is the answer.
func (c *session) mustManage(ctx context.Context, subject string, outside error) error {
	may := c.who.mayManage()
	if err := c.server.audit(ctx, c.who, access.ActionRoutingAct, subject, may && outside == nil); err != nil {
		return err
	}
	if !may {
		return denied("only supervisors do that")
	}
	return outside
}

// outside tells why a contact is none on which the person may act over the head of its holder. One that is not there is not
// outside.
func (c *session) outside(ctx context.Context, contact string) error {
	if !c.who.bound() || !c.who.mayManage() {
		return nil
	}
	k, err := c.server.contactFor(ctx, c.who, contact)
	if err != nil {
		if _, _, open := c.server.view.contactAt(c.who.Tenant, contact); !open {
			return nil
		}
		return err
	}
	return c.server.mayTake(c.who, k)
}

// doSetStatus sets another's status, and may log the agent out: then the logins of the agent's accounts end everywhere.
func (c *session) doSetStatus(ctx context.Context, cmd *command) error {
	if err := checkStatus(cmd.Status); err != nil {
		return err
	}
	if !isID(cmd.Agent, maxID) {
		return invalid("agent: the id of an agent")
	}
	is, in := c.server.view.isAgent(c.who.Tenant, cmd.Agent), c.server.scope(c.who)
	var outside error
	if is && !in.agent(cmd.Agent) {
		outside = errNoAgent
	}
	if err := c.mustManage(ctx, cmd.Agent, outside); err != nil {
		return err
	}
	if !is {
		return errNoAgent
	}
	domain := orMain(c.server.view.agentState(c.who.Tenant, cmd.Agent).config.GetDomain())
	e := &event.Event{Key: event.Key(c.who.Tenant, domain), Body: &event.Event_AgentStatus{AgentStatus: &event.AgentStatus{
		Agent: cmd.Agent, Status: cmd.Status, Reason: cmd.Reason, Request: cmd.Request, By: c.who.Account, LogOut: cmd.LogOut,
	}}}
	err := c.server.append(ctx, event.TopicRoutingIn, c.who.Tenant, e, nil, "set status", cmd.Agent, c.who.Account, cmd.Request)
	if err != nil || !cmd.LogOut {
		return err
	}
	return c.server.logOut(access.By(ctx, c.who.Account), c.who.Tenant, cmd.Agent)
}

// logOut ends all logins of the accounts that work as an agent.
func (s *Server) logOut(ctx context.Context, tenant, agent string) error {
	infos, err := s.config.Accounts.List(ctx, tenant)
	if err != nil {
		return fmt.Errorf("looking for the agent's accounts: %w", err)
	}
	for _, x := range infos {
		if x.AgentID != agent || x.Disabled {
			continue
		}
		if err = s.config.Accounts.EndSessions(ctx, tenant, x.Login); err != nil {
			return fmt.Errorf("ending an agent's logins: %w", err)
		}
	}
	return nil
}

// doMove sends a contact that waits or is held to another queue.
func (c *session) doMove(ctx context.Context, cmd *command) error {
	if !isID(cmd.Contact, maxID) || !isID(cmd.Queue, maxID) {
		return invalid("contact and queue: their ids")
	}
	if err := c.mustManage(ctx, cmd.Contact, c.outside(ctx, cmd.Contact)); err != nil {
		return err
	}
	k, err := c.server.contact(ctx, c.who.Tenant, cmd.Contact)
	if err != nil {
		return err
	}
	if !c.server.mayGoTo(c.who.Tenant, c.server.scope(c.who), k, cmd.Queue) {
		return errNoQueue
	}
	e := k.event(c.who.Tenant)
	e.Body = &event.Event_TransferContact{TransferContact: &event.TransferContact{
		Contact: k.id, Agent: k.agent, Queue: cmd.Queue, Request: cmd.Request, BySupervisor: true, By: c.who.Account,
	}}
	return c.server.append(ctx, event.TopicConversationIn, c.who.Tenant, e, nil, "move", k.id, c.who.Account, cmd.Request)
}

// doPriority moves a contact that waits up or down in its line.
func (c *session) doPriority(ctx context.Context, cmd *command) error {
	if !isID(cmd.Contact, maxID) || cmd.Priority < -maxPriority || cmd.Priority > maxPriority {
		return invalid("contact: its id; priority: -1000 to 1000")
	}
	queue, waits := c.server.view.waitsIn(c.who.Tenant, cmd.Contact)
	var outside error
	if waits && !c.server.scope(c.who).queue(queue.id) {
		outside = errNotWaiting
	}
	if err := c.mustManage(ctx, cmd.Contact, outside); err != nil {
		return err
	}
	if !waits {
		return errNotWaiting
	}
	e := &event.Event{Key: event.Key(c.who.Tenant, queue.domain), Body: &event.Event_SetPriority{SetPriority: &event.SetPriority{
		Contact: cmd.Contact, Priority: cmd.Priority, By: c.who.Account, Request: cmd.Request,
	}}}
	return c.server.append(ctx, event.TopicRoutingIn, c.who.Tenant, e, nil, "priority", cmd.Contact, c.who.Account, cmd.Request)
}
