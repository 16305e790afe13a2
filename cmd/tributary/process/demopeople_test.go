package process

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/dashboards/api"
	"github.com/tributary-cc/tributary/stream/access"
)

func TestTheDemoClosesAndOpensItsOwnAccountsAlone(t *testing.T) {
	if testing.Short() {
		t.Skip("starts an installation")
	}
	p := startDemoProcess(t, 0)
	ctx := context.Background()
	disabled := func() (out []string) {
		all, err := p.Accounts.List(ctx, demoTenant)
		require.NoError(t, err)
		for _, a := range all {
			if a.Disabled {
				out = append(out, a.Login)
			}
		}
		return out
	}
	require.NoError(t, p.RetireDemo(ctx), "there is none yet")
	_, err := p.Accounts.Create(ctx, demoTenant, "quinn", "correct horse battery", "", access.RoleQA)
	require.NoError(t, err)
	require.NoError(t, p.StartDemo(ctx, io.Discard))
	_, err = p.Accounts.Create(ctx, demoTenant, "guest", "correct horse battery", "", access.RoleQA)
	require.NoError(t, err)
	require.NoError(t, p.Accounts.Disable(ctx, demoTenant, "bo", true))
	require.NoError(t, p.Accounts.SetPassword(ctx, demoTenant, "amy", "correct horse battery"))

	require.NoError(t, p.RetireDemo(ctx))
	require.Equal(t, []string{"ada", "amy", "bo", "sam"}, disabled())
	require.NoError(t, p.RetireDemo(ctx), "once more")
	var said bytes.Buffer
	require.NoError(t, p.StartDemo(ctx, &said))
	require.Equal(t, []string{"bo"}, disabled(), "an administrator's word stays")
	for _, line := range []string{"login amy    password was changed", "login bo     is disabled", "login quinn  password of whoever made", "login sam    password " + p.DemoPassword("sam")} {
		require.Contains(t, said.String(), line)
	}
	require.NotContains(t, said.String(), p.DemoPassword("amy"))

	// An installation from before there was a book.
	require.NoError(t, p.RetireDemo(ctx))
	require.NoError(t, p.Objects.Delete(ctx, demoBookName))
	require.NoError(t, p.StartDemo(ctx, io.Discard))
	require.Empty(t, disabled())
}

func TestTheDemoLeavesATenantOfItsNameAlone(t *testing.T) {
	if testing.Short() {
		t.Skip("starts an installation")
	}
	p := startDemoProcess(t, 0)
	ctx := context.Background()
	_, faults, err := administration{p.Spine}.Apply(ctx, demoTenant, api.SetupWish{YAML: "queues: [{id: sales}]\n"}, 0)
	require.NoError(t, err)
	require.Empty(t, faults)
	_, err = p.Accounts.Create(ctx, demoTenant, "amy", "correct horse battery", "", access.RoleAgent)
	require.NoError(t, err)
	require.NoError(t, p.RetireDemo(ctx))
	require.ErrorContains(t, p.StartDemo(ctx, io.Discard), "configured, and not by the demo")
	all, err := p.Accounts.List(ctx, demoTenant)
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.False(t, all[0].Disabled)
}
