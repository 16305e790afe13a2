package chaos_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/cmd/tributary/chaos"
	"github.com/tributary-cc/tributary/stream/embedded"
)

// options are those of a small run, with a binary built from what is here.
func options(t *testing.T, o chaos.Options) (chaos.Options, *bytes.Buffer) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts whole installations and kills them")
	}
	library, err := embedded.FindLibrary("")
	if err != nil {
		t.Skipf("this test needs the ClickHouse engine: %v", err)
	}
	t.Setenv(embedded.LibraryEnv, library)
	o.Binary = filepath.Join(t.TempDir(), "tributary")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", o.Binary, "github.com/tributary-cc/tributary/cmd/tributary").CombinedOutput()
	require.NoError(t, err, "%s", out)
	var progress bytes.Buffer
	o.Folder, o.Log = filepath.Join(t.TempDir(), "run"), &progress
	return o, &progress
}

func requireOK(t *testing.T, r *chaos.Report, err error, progress *bytes.Buffer) {
	t.Helper()
	require.NoError(t, err, "%s", progress)
	var report bytes.Buffer
	r.Print(&report)
	require.True(t, r.OK(), "%s\n%s", progress, &report)
	require.Positive(t, r.Kills)
	require.Positive(t, r.Freezes)
	require.Positive(t, r.Accepted)
}

// Three kills and freezes of the real thing. `make chaos` does fifty.
func TestKillsAndFreezesLoseNothing(t *testing.T) {
	o, progress := options(t, chaos.Default())
	o.Kills, o.Seed, o.Customers, o.Agents, o.Plant, o.Naive = 3, 2, 8, 3, 40, false
	r, err := chaos.Run(t.Context(), o)
	requireOK(t, r, err, progress)
}

// One kill and one freeze of either of two processes behind a balancer; times are measured by `tributary chaos failover`.
func TestTheOtherProcessGoesOn(t *testing.T) {
	o, progress := options(t, chaos.DefaultFailover())
	if _, err := os.Stat("/usr/sbin/haproxy"); err != nil {
		t.Skip("this test needs haproxy")
	}
	o.Kills, o.Customers, o.Agents, o.Plant = 2, 6, 2, 20
	r, err := chaos.RunFailover(t.Context(), o)
	requireOK(t, r, err, progress)
	require.Positive(t, r.Failover.VictimsNext.N+r.Failover.OthersNext.N)
	require.Zero(t, r.Failover.Nothing, "a screen that shows nothing for %s", r.Failover.Window)
}
