package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/access"
)

func TestTeamsAndDashboardsAtTheCommandLine(t *testing.T) {
	d := newDesk(t)
	accounts := func() map[string]line {
		var list []line
		require.NoError(t, json.Unmarshal([]byte(d.must("user", "list", "--json")), &list))
		out := map[string]line{}
		for _, l := range list {
			out[l.Login] = l
		}
		return out
	}
	d.must("user", "add", "lara", "--role", "supervisor", "--team", "loans,cards")
	require.Equal(t, []string{"cards", "loans"}, accounts()["lara"].Teams)
	require.Contains(t, d.must("user", "list"), "sees cards, loans")
	d.must("user", "roles", "lara", "--team", "loans")
	require.Equal(t, []string{"loans"}, accounts()["lara"].Teams)
	require.Equal(t, []access.Role{access.RoleSupervisor}, accounts()["lara"].Roles, "roles that are not named stay")
	d.must("user", "roles", "lara", "--role", "qa")
	require.Equal(t, []string{"loans"}, accounts()["lara"].Teams, "so do teams")
	for _, args := range [][]string{
		{"user", "roles", "lara"},
		{"user", "roles", "lara", "--team", ""},
		{"user", "roles", "lara", "--team", "a b"},
		{"user", "roles", "lara", "--team", "loans", "--every-team"},
		{"user", "add", "x", "--role", "qa", "--team", ""},
	} {
		_, _, err := d.run(good+"\n", args...)
		require.Error(t, err, "%q", args)
	}
	require.Equal(t, []string{"loans"}, accounts()["lara"].Teams, "what is not clear does not show more")
	_, _, err := d.run("", "user", "roles", "lara", "--team", "cards", "--role", "king")
	require.ErrorIs(t, err, access.ErrInvalid)
	require.Equal(t, []string{"loans"}, accounts()["lara"].Teams, "all that is asked, or nothing")
	d.must("user", "roles", "lara", "--every-team")
	require.Empty(t, accounts()["lara"].Teams)

	d.must("user", "add", "grafana", "--role", "dashboards")
	p, err := d.Accounts.Verify(t.Context(), strings.TrimSpace(d.must("user", "token", "grafana")))
	require.NoError(t, err)
	require.True(t, access.Can(p, access.ActionBoardForward, "main"))
	_, _, err = d.run(good+"\n", "user", "add", "both", "--role", "dashboards,admin")
	require.ErrorIs(t, err, access.ErrInvalid)
}
