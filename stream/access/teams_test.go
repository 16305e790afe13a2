package access_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/access"
)

func TestTeamsBoundAnAccount(t *testing.T) {
	f := newFixture(t)
	info, err := f.Add(t.Context(), "acme", access.NewAccount{Login: "sue", Password: good, Roles: []access.Role{access.RoleSupervisor}, Teams: []string{"loans", "cards", "loans"}})
	require.NoError(t, err)
	require.Equal(t, []string{"cards", "loans"}, info.Teams)
	token := f.login(t, "sue")
	p, err := f.Verify(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, []string{"cards", "loans"}, p.Teams)

	other := f.another(t)
	require.NoError(t, f.SetTeams(t.Context(), "acme", "sue", "loans"))
	require.Equal(t, access.ActionAccountTeams, f.audit.entries[len(f.audit.entries)-1].Action)
	_, err = f.Verify(t.Context(), token)
	require.ErrorIs(t, err, access.ErrDenied, "what was opened under other teams ends")
	f.clock.advance(access.CacheAge)
	_, err = other.Verify(t.Context(), token)
	require.ErrorIs(t, err, access.ErrDenied)
	p, err = f.Verify(t.Context(), f.login(t, "sue"))
	require.NoError(t, err)
	require.Equal(t, []string{"loans"}, p.Teams)
	require.NoError(t, f.SetTeams(t.Context(), "acme", "sue"))
	list, err := f.List(t.Context(), "acme")
	require.NoError(t, err)
	require.Empty(t, list[0].Teams)

	many := make([]string, 101)
	for i := range many {
		many[i] = "t"
	}
	for _, teams := range [][]string{{""}, {"a b"}, {"a\x00"}, {string(make([]byte, 65))}, many} {
		require.ErrorIs(t, f.SetTeams(t.Context(), "acme", "sue", teams...), access.ErrInvalid, "%q", teams)
		_, err = f.Add(t.Context(), "acme", access.NewAccount{Login: "x", Roles: []access.Role{access.RoleQA}, Teams: teams})
		require.ErrorIs(t, err, access.ErrInvalid)
	}
}

// A dashboards program acts for the open accounts of people of its own tenant, and for nobody else.
func TestForward(t *testing.T) {
	f := newFixture(t)
	_, err := f.Create(t.Context(), "acme", "grafana", "", "", access.RoleDashboards)
	require.NoError(t, err)
	_, err = f.Create(t.Context(), "other", "olaf", good, "", access.RoleSupervisor)
	require.NoError(t, err)
	sue := f.create(t, "sue", access.RoleSupervisor)
	token, err := f.ServiceToken(t.Context(), "acme", "grafana", time.Hour)
	require.NoError(t, err)
	by, err := f.Verify(t.Context(), token)
	require.NoError(t, err)

	p, err := f.Forward(t.Context(), by, " Sue ")
	require.NoError(t, err)
	require.Equal(t, access.Principal{Tenant: "acme", Account: sue.Account, Login: "sue", Roles: []access.Role{access.RoleSupervisor}}, p)
	for _, login := range []string{"olaf", "nobody", "", "grafana", "a\x00b", string(make([]byte, 500))} {
		_, err = f.Forward(t.Context(), by, login)
		require.ErrorIs(t, err, access.ErrNotFound, "%q", login)
	}
	_, err = f.Forward(t.Context(), p, "sue")
	require.ErrorIs(t, err, access.ErrDenied, "a person forwards nobody")
	_, err = f.Forward(t.Context(), access.Principal{}, "sue")
	require.ErrorIs(t, err, access.ErrDenied)
	require.NoError(t, f.Disable(t.Context(), "acme", "sue", true))
	_, err = f.Forward(t.Context(), by, "sue")
	require.ErrorIs(t, err, access.ErrNotFound)

	_, err = f.Add(t.Context(), "acme", access.NewAccount{Login: "x", Password: good, Roles: []access.Role{access.RoleDashboards}})
	require.ErrorIs(t, err, access.ErrInvalid, "a program has no password")
	_, err = f.Create(t.Context(), "acme", "x", "", "", access.RoleDashboards, access.RoleAdmin)
	require.ErrorIs(t, err, access.ErrInvalid, "and no other role")
	_, err = f.OneTimeLink(t.Context(), "acme", "grafana", time.Hour)
	require.ErrorIs(t, err, access.ErrInvalid)
	require.NoError(t, f.EndSessions(t.Context(), "acme", "grafana"))
	_, err = f.Verify(t.Context(), token)
	require.ErrorIs(t, err, access.ErrDenied)
}
