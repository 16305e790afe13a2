package api

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/privacy"
)

// Accounts is what the door asks of access; *access.Accounts is one.
type Accounts interface {
	Login(ctx context.Context, tenant, login, password, ip string) (access.Principal, string, error)
	Verify(ctx context.Context, token string) (access.Principal, error)
	Logout(ctx context.Context, token string) error
	RedeemAs(ctx context.Context, secret, login, password string) (access.Principal, string, error)
	Add(ctx context.Context, tenant string, account access.NewAccount) (access.Info, error)
	// Forward answers who a person is that is signed in at a program in front of us.
	Forward(ctx context.Context, by access.Principal, login string) (access.Principal, error)
	Change(ctx context.Context, tenant, login string, change access.Change) (access.Info, error)
	EndSessions(ctx context.Context, tenant, login string) error
	OneTimeLink(ctx context.Context, tenant, login string, ttl time.Duration) (string, error)
	List(ctx context.Context, tenant string) ([]access.Info, error)
}

var _ Accounts = (*access.Accounts)(nil)

// person is who is logged in.
type person struct {
	Tenant  string
	Account string
	Agent   string
	who     access.Principal
}

func personOf(p access.Principal) person { return person{p.Tenant, p.Account, p.AgentID, p} }

func (p person) can(action access.Action) bool { return access.Can(p.who, action, p.Tenant) }

// mayManage reports whether the person may act on contacts that others hold.
func (p person) mayManage() bool { return p.can(access.ActionRoutingAct) }

// mayReview reports whether the person may read conversations that others hold.
func (p person) mayReview() bool { return p.can(access.ActionContactReadAll) }

// works reports whether the person works as an agent.
func (p person) works() bool { return p.Agent != "" && p.can(access.ActionWork) }

func (s *Server) who(ctx context.Context, token string) (person, error) {
	p, err := s.config.Accounts.Verify(ctx, token)
	if errors.Is(err, access.ErrDenied) {
		return person{}, &fault{kindUnauthenticated, "unauthenticated", "log in first"}
	}
	if err != nil {
		return person{}, fmt.Errorf("asking who this is: %w", err)
	}
	return personOf(p), nil
}

// useLink redeems a one-time link. The link was made for an account with a provisional login; if the person chose another,
// an account of that login takes its place.
func (s *Server) useLink(ctx context.Context, link, login, password string) (string, error) {
	_, token, err := s.config.Accounts.RedeemAs(ctx, link, login, password)
	if errors.Is(err, access.ErrExists) {
		return "", &fault{kindConflict, "login_taken", "the login is taken; choose another"}
	}
	return token, err
}

// accessFault maps the kinds of access and of privacy.
func accessFault(err error) *fault {
	var wrong *access.InvalidError
	switch {
	case errors.As(err, &wrong):
		return &fault{kindInvalid, "invalid", wrong.Field + ": " + wrong.Why}
	case errors.Is(err, access.ErrDenied):
		return &fault{kindUnauthenticated, "denied", "the login, the password or the link is not accepted"}
	case errors.Is(err, access.ErrThrottled):
		return errRate
	case errors.Is(err, access.ErrInvalid), errors.Is(err, privacy.ErrInvalid):
		return &fault{kindInvalid, "invalid", "the request holds something it must not"}
	case errors.Is(err, privacy.ErrPersonal):
		return &fault{kindInvalid, "personal", "an id or a code looks like personal data, which belongs into the text"}
	case errors.Is(err, access.ErrNotFound):
		return &fault{kindNotFound, "not_found", "there is no such account"}
	case errors.Is(err, access.ErrExists):
		return &fault{kindConflict, "conflict", "the login is taken"}
	case errors.Is(err, privacy.ErrErased):
		return &fault{kindConflict, "erased", "the customer's data was erased"}
	}
	return nil
}

func isErased(err error) bool { return errors.Is(err, privacy.ErrErased) }

// audit writes down what a person did, or was refused.
func (s *Server) audit(ctx context.Context, who person, action access.Action, subject string, allowed bool) error {
	return s.auditor.Audit(ctx, access.Entry{Tenant: who.Tenant, Actor: who.Account, Action: action, Subject: subject, Allowed: allowed})
}

// Auditor writes access's entries, and those of the doors, to the audit topic. An entry is in the log when it returns nil.
type Auditor struct {
	Guard Guard
	Now   func() time.Time
	NewID func() string
}

var _ access.Auditor = (*Auditor)(nil)

// Audit appends an entry.
func (a *Auditor) Audit(ctx context.Context, entry access.Entry) error {
	outcome := "denied"
	if entry.Allowed {
		outcome = "allowed"
	}
	id := event.CauseID("audit", entry.Tenant, entry.Actor, string(entry.Action), entry.Subject, a.NewID())
	e := &event.Event{
		Id: id[:], Tenant: entry.Tenant, Key: event.Key(entry.Tenant, entry.Actor), AtMs: a.Now().UnixMilli(),
		Body: &event.Event_Audit{Audit: &event.Audit{
			Actor: entry.Actor, Action: string(entry.Action), Subject: entry.Subject, Outcome: outcome,
		}},
	}
	if err := a.Guard.Append(ctx, event.TopicAudit, e, nil); err != nil {
		return fmt.Errorf("auditing %s: %w", entry.Action, err)
	}
	return nil
}
