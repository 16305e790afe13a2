package chaos_test

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/cmd/tributary/chaos"
	"github.com/tributary-cc/tributary/stream/embedded"
)

// Three kills and freezes of the real thing. `make chaos` does fifty.
func TestKillsAndFreezesLoseNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a whole installation and kills it")
	}
	library, err := embedded.FindLibrary("")
	if err != nil {
		t.Skipf("this test needs the ClickHouse engine: %v", err)
	}
	t.Setenv(embedded.LibraryEnv, library)
	o := chaos.Default()
	o.Binary = filepath.Join(t.TempDir(), "tributary")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", o.Binary, "github.com/tributary-cc/tributary/cmd/tributary").CombinedOutput()
	require.NoError(t, err, "%s", out)

	var progress, report bytes.Buffer
	o.Kills, o.Seed, o.Customers, o.Agents, o.Plant, o.Naive = 3, 2, 8, 3, 40, false
	o.Folder, o.Log = filepath.Join(t.TempDir(), "run"), &progress
	r, err := chaos.Run(t.Context(), o)
	require.NoError(t, err, "%s", &progress)
	r.Print(&report)
	require.True(t, r.OK(), "%s\n%s", &progress, &report)
	require.Positive(t, r.Kills)
	require.Positive(t, r.Freezes)
	require.Positive(t, r.Accepted)
}
