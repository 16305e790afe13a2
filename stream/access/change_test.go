package access_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/access"
)

// TestChangeIsWholeOrNothing: what holds a fault anywhere changes nothing and is in no audit; what holds none is one change.
func TestChangeIsWholeOrNothing(t *testing.T) {
	f := newFixture(t)
	before := f.create(t, "alice", access.RoleAgent)
	token := f.login(t, "alice")
	roles, teams, yes := []access.Role{access.RoleSupervisor}, []string{"loans"}, true
	f.audit.entries = nil
	for field, c := range map[string]access.Change{
		"teams":  {Roles: &roles, Teams: &[]string{"a b"}, Disabled: &yes},
		"roles":  {Roles: &[]access.Role{"king"}, Teams: &teams, Disabled: &yes},
		"change": {},
	} {
		_, err := f.Change(t.Context(), "acme", "alice", c)
		require.ErrorIs(t, err, access.ErrInvalid)
		var wrong *access.InvalidError
		require.ErrorAs(t, err, &wrong)
		require.Equal(t, field, wrong.Field)
	}
	f.audit.fail = errors.New("the log is away")
	_, err := f.Change(t.Context(), "acme", "alice", access.Change{Roles: &roles, Teams: &teams})
	require.ErrorContains(t, err, "cannot be audited")
	f.audit.fail = nil
	_, err = f.Verify(t.Context(), token)
	require.NoError(t, err, "nothing is changed, and no session ended")

	f.audit.entries = nil
	info, err := f.Change(t.Context(), "acme", "alice", access.Change{Roles: &roles, Teams: &teams, Disabled: &yes})
	require.NoError(t, err)
	require.Equal(t, access.Info{Account: before.Account, Login: "alice", AgentID: before.AgentID, Roles: roles, Teams: teams, Disabled: true, HasPassword: true}, info)
	require.Equal(t, []access.Action{access.ActionAccountTeams, access.ActionAccountRoles, access.ActionAccountDisable}, f.audit.actions())
}

func (l *auditLog) actions() []access.Action {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []access.Action
	for _, e := range l.entries {
		all = append(all, e.Action)
	}
	return all
}

// TestWhatWasTypedIsInNoAudit: each log-in that fails is audited; where there is no such account, under the installation's
// own tenant and without a word of what was typed.
func TestWhatWasTypedIsInNoAudit(t *testing.T) {
	f := newFixture(t)
	info := f.create(t, "alice", access.RoleAgent)
	long := strings.Repeat("x", 1<<16)
	for _, c := range []struct{ name, tenant, login, password string }{
		{"a name as a tenant", "Zhang Wei Secretname", "alice", good},
		{"a telephone number as a tenant", "+8613800138000", "alice", good},
		{"an e-mail address as a tenant", "zhang.wei@example.com", "alice", good},
		{"a terminal's words as a tenant", "acme\x1b[2J", "alice", good},
		{"a tenant that is none", "other", "alice", good},
		{"no tenant", "", "alice", good},
		{"a login that is none", "acme", "zhang.wei", good},
		{"a login that cannot be", "acme", "alice\x00", good},
		{"no login", "acme", "", good},
		{"long ones", long, long, long},
	} {
		f.audit.entries = nil
		_, _, err := f.Login(t.Context(), c.tenant, c.login, c.password, "192.0.2.1")
		require.Equal(t, access.ErrDenied, err, c.name)
		require.Len(t, f.audit.entries, 1, c.name)
		e := f.audit.entries[0]
		require.Regexp(t, `^tried-[0-9a-z]{16}$`, e.Subject, c.name)
		e.Subject = ""
		require.Equal(t, access.Entry{Tenant: access.Installation, Actor: "unknown", Action: access.ActionSessionBegin}, e, c.name)
	}
	f.audit.entries = nil
	for _, login := range []string{"bob", " BOB ", "carol"} {
		_, _, err := f.Login(t.Context(), "acme", login, good, "192.0.2.1")
		require.ErrorIs(t, err, access.ErrDenied)
	}
	require.Equal(t, f.audit.entries[0].Subject, f.audit.entries[1].Subject, "the same tried again is seen")
	require.NotEqual(t, f.audit.entries[0].Subject, f.audit.entries[2].Subject)

	f.audit.entries = nil
	for _, password := range []string{good + "!", "", long} {
		_, _, err := f.Login(t.Context(), "acme", "alice", password, "192.0.2.1")
		require.Equal(t, access.ErrDenied, err)
	}
	for _, e := range f.audit.entries {
		require.Equal(t, access.Entry{Tenant: "acme", Actor: "unknown", Action: access.ActionSessionBegin, Subject: info.Account}, e)
	}
	require.Len(t, f.audit.entries, 3)

	f.audit.fail = errors.New("the log is away")
	_, _, right := f.Login(t.Context(), "acme", "alice", good, "192.0.2.1")
	_, _, wrong := f.Login(t.Context(), "acme", "alice", good+"!", "192.0.2.1")
	_, _, none := f.Login(t.Context(), "Zhang Wei", "alice", good, "192.0.2.1")
	require.ErrorContains(t, right, "audited")
	require.Equal(t, []string{right.Error(), right.Error()}, []string{wrong.Error(), none.Error()}, "no answer tells which it was")
}

// TestTriesWithoutAnAccountAreThrottled: as those at an account are.
func TestTriesWithoutAnAccountAreThrottled(t *testing.T) {
	f := newFixture(t)
	for range 10 {
		_, _, err := f.Login(t.Context(), "Zhang Wei", "alice", good, "192.0.2.1")
		require.ErrorIs(t, err, access.ErrDenied)
	}
	_, _, err := f.Login(t.Context(), "Zhang Wei", "alice", good, "192.0.2.1")
	require.ErrorIs(t, err, access.ErrThrottled)
}

// TestLogoutAndLinkAreAuditedFirst: where the audit takes nothing, the session goes on and the link is not used up.
func TestLogoutAndLinkAreAuditedFirst(t *testing.T) {
	f := newFixture(t)
	info := f.create(t, "alice", access.RoleAgent)
	link, err := f.OneTimeLink(t.Context(), "acme", "alice", time.Hour)
	require.NoError(t, err)
	token := f.login(t, "alice")
	f.audit.fail = errors.New("the log is away")
	require.ErrorContains(t, f.Logout(t.Context(), token), "cannot be audited")
	_, err = f.Verify(t.Context(), token)
	require.NoError(t, err)
	_, _, err = f.Redeem(t.Context(), link, good+"2")
	require.ErrorContains(t, err, "cannot be audited")

	f.audit.fail, f.audit.entries = nil, nil
	f.login(t, "alice")
	require.NoError(t, f.Logout(t.Context(), token))
	_, _, err = f.Redeem(t.Context(), link, good+"2")
	require.NoError(t, err, "the link was not used up")
	by := func(action access.Action) access.Entry {
		return access.Entry{Tenant: "acme", Actor: info.Account, Action: action, Subject: info.Account, Allowed: true}
	}
	require.Equal(t, []access.Entry{by(access.ActionSessionBegin), by(access.ActionSessionEnd), by(access.ActionPasswordRedeemed)}, f.audit.entries)
}

// TestAnotherLoginByTheLink: what cannot be does not use the link up; the own login in any spelling is no other.
func TestAnotherLoginByTheLink(t *testing.T) {
	f := newFixture(t)
	f.create(t, "bob", access.RoleQA)
	made, err := f.Create(t.Context(), "acme", "admin", "", "", access.RoleAdmin)
	require.NoError(t, err)
	link := func() string {
		secret, failed := f.OneTimeLink(t.Context(), "acme", "admin", time.Hour)
		require.NoError(t, failed)
		return secret
	}
	secret := link()
	for _, c := range []struct {
		login, password string
		want            error
	}{
		{"Bob", good, access.ErrExists},
		{"a\x00b", good, access.ErrInvalid},
		{strings.Repeat("x", 129), good, access.ErrInvalid},
		{"root", "short", access.ErrInvalid},
		{"root", "", access.ErrInvalid},
		{"", "", access.ErrInvalid},
	} {
		_, _, err = f.RedeemAs(t.Context(), secret, c.login, c.password)
		require.ErrorIs(t, err, c.want, "%.20q", c.login)
	}
	p, token, err := f.RedeemAs(t.Context(), secret, " Admin ", good)
	require.NoError(t, err)
	require.Equal(t, made.Account, p.Account, "the same account")
	_, err = f.Verify(t.Context(), token)
	require.NoError(t, err)

	p, token, err = f.RedeemAs(t.Context(), link(), "Root", good+"2")
	require.NoError(t, err)
	require.Equal(t, "root", p.Login)
	require.Equal(t, []access.Role{access.RoleAdmin}, p.Roles)
	_, err = f.Verify(t.Context(), token)
	require.NoError(t, err)
	_, _, err = f.Login(t.Context(), "acme", "root", good+"2", "192.0.2.1")
	require.NoError(t, err)
	_, _, err = f.Login(t.Context(), "acme", "admin", good+"2", "192.0.2.1")
	require.ErrorIs(t, err, access.ErrDenied, "the provisional one is closed")
	_, _, err = f.RedeemAs(t.Context(), secret, "third", good)
	require.ErrorIs(t, err, access.ErrDenied)
}

// TestRightsTakenWhileALinkIsUsed are not in the account that takes the other's place.
func TestRightsTakenWhileALinkIsUsed(t *testing.T) {
	f := newFixture(t)
	_, err := f.Create(t.Context(), "acme", "admin", "", "", access.RoleAdmin, access.RoleSupervisor)
	require.NoError(t, err)
	secret, err := f.OneTimeLink(t.Context(), "acme", "admin", time.Hour)
	require.NoError(t, err)
	f.audit.then = func() {
		require.NoError(t, f.SetTeams(t.Context(), "acme", "admin", "loans"))
		require.NoError(t, f.SetRoles(t.Context(), "acme", "admin", access.RoleQA))
	}
	p, _, err := f.RedeemAs(t.Context(), secret, "root", good)
	require.NoError(t, err)
	require.Equal(t, []access.Role{access.RoleQA}, p.Roles)
	require.Equal(t, []string{"loans"}, p.Teams)
}

func TestTenantsAreIDs(t *testing.T) {
	f := newFixture(t)
	for _, tenant := range []string{"", "a b", "a/b", "a@b.cc", "+86", "a\x1b", "zürich", strings.Repeat("x", 65)} {
		_, err := f.Create(t.Context(), tenant, "alice", good, "", access.RoleAgent)
		require.ErrorIs(t, err, access.ErrInvalid, tenant)
	}
	_, err := f.Create(t.Context(), "a-B_1.c", "alice", good, "", access.RoleAgent)
	require.NoError(t, err)
}
