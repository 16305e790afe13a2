package process

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestTheDemoFloorIsLively starts a whole installation but the warehouse and waits until the simulated people have done all
// that they are there for.
func TestTheDemoFloorIsLively(t *testing.T) {
	if testing.Short() {
		t.Skip("starts an installation")
	}
	c := Default()
	c.Data, c.HTTP, c.Roles, c.Demo, c.Floor, c.Speed = t.TempDir(), "127.0.0.1:0", []string{RoleBroker, RoleFolds, RoleAPI, RoleWebchat}, true, 10, 40
	ctx := context.Background()
	p, err := Start(ctx, c, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer func() { require.NoError(t, p.Stop(ctx)) }()
	require.Eventually(t, func() bool { return p.Ready() == nil }, 30*time.Second, 20*time.Millisecond)
	var said bytes.Buffer
	require.NoError(t, p.StartDemo(ctx, &said))
	require.Contains(t, said.String(), "10 more agents are simulated")
	require.Contains(t, said.String(), "login amy")
	require.NotContains(t, said.String(), "carla")
	t.Cleanup(func() { t.Logf("%+v", p.demo.floor.Stats()) })
	require.Eventually(t, func() bool {
		s := p.demo.floor.Stats()
		return s.Answered >= 30 && s.WrappedUp >= 20 && s.Surveys >= 3 && s.Transfers >= 1 && s.Missed+s.Breaks >= 1
	}, time.Minute, 50*time.Millisecond)
}
