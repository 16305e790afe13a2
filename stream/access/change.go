package access

import (
	"context"
	"fmt"
)

// Change is what is to become of an account. What is nil stays as it is.
type Change struct {
	Roles *[]Role
	// Teams bound what the account's boards show; an empty list is all of the tenant.
	Teams    *[]string
	Disabled *bool
}

// check finds every fault before anything is changed, and says as what the change is audited.
func (c *Change) check() (actions []Action, err error) {
	if c.Teams != nil {
		checked, err := checkTeams(*c.Teams)
		if err != nil {
			return nil, err
		}
		c.Teams, actions = &checked, append(actions, ActionAccountTeams)
	}
	if c.Roles != nil {
		checked, err := checkRoles(*c.Roles)
		if err != nil {
			return nil, err
		}
		c.Roles, actions = &checked, append(actions, ActionAccountRoles)
	}
	switch {
	case c.Disabled == nil:
	case *c.Disabled:
		actions = append(actions, ActionAccountDisable)
	default:
		actions = append(actions, ActionAccountEnable)
	}
	if len(actions) == 0 {
		return nil, invalid("change", "name roles, teams or whether the account is disabled")
	}
	return actions, nil
}

func (c *Change) apply(acc *account) error {
	if c.Teams != nil {
		acc.Teams = *c.Teams
	}
	if c.Roles != nil {
		acc.Roles = *c.Roles
	}
	if c.Disabled != nil {
		acc.Disabled, acc.OneTime = *c.Disabled, oneTime{}
	}
	acc.endSessions()
	return nil
}

// Change makes a change, whole or not at all and in one moment, and ends all sessions. Each part has its entry in the audit.
func (a *Accounts) Change(ctx context.Context, tenant, login string, c Change) (Info, error) {
	actions, err := c.check()
	if err != nil {
		return Info{}, fmt.Errorf("change an account: %w", err)
	}
	acc, err := a.change(ctx, tenant, login, c.apply, actions...)
	if err != nil {
		return Info{}, err
	}
	return acc.info(), nil
}

// Disable closes the account, or opens it again, and ends all sessions.
func (a *Accounts) Disable(ctx context.Context, tenant, login string, disabled bool) error {
	_, err := a.Change(ctx, tenant, login, Change{Disabled: &disabled})
	return err
}

// SetPassword changes the password and ends all sessions.
func (a *Accounts) SetPassword(ctx context.Context, tenant, login, password string) error {
	hashed, err := a.newPassword(ctx, password)
	if err != nil {
		return fmt.Errorf("set a password: %w", err)
	}
	_, err = a.change(ctx, tenant, login, func(acc *account) error {
		acc.Password, acc.OneTime = hashed, oneTime{}
		acc.endSessions()
		return nil
	}, ActionAccountPassword)
	return err
}

// EndSessions logs the account out everywhere.
func (a *Accounts) EndSessions(ctx context.Context, tenant, login string) error {
	_, err := a.change(ctx, tenant, login, func(acc *account) error {
		acc.endSessions()
		return nil
	}, ActionAccountLogout)
	return err
}

func (a *Accounts) change(ctx context.Context, tenant, login string, change func(*account) error, actions ...Action) (*account, error) {
	name, _, err := a.name(tenant, login)
	if err != nil {
		return nil, fmt.Errorf("change an account: %w", err)
	}
	acc, err := a.update(ctx, name, a.audited(ctx, change, actions...))
	if err != nil {
		return nil, fmt.Errorf("change an account: %w", err)
	}
	return acc, nil
}

// audited is a change that is audited once it is found to be possible, and once however often it is tried.
func (a *Accounts) audited(ctx context.Context, change func(*account) error, actions ...Action) func(*account) error {
	told := false
	return func(acc *account) error {
		if err := change(acc); err != nil || told {
			return err
		}
		told = true
		for _, action := range actions {
			if err := a.changed(ctx, action, acc); err != nil {
				return err
			}
		}
		return nil
	}
}

// changed takes a change to the audit before it is made: what is done and not audited would be worse than what is audited
// and then, by a fault of the store, not done.
func (a *Accounts) changed(ctx context.Context, action Action, acc *account) error {
	err := a.audit.Audit(ctx, Entry{Tenant: acc.Tenant, Actor: actorOf(ctx), Action: action, Subject: acc.ID, Allowed: true})
	if err != nil {
		return fmt.Errorf("nothing is changed, as it cannot be audited: %w", err)
	}
	return nil
}
