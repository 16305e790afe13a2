package hostile

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const faultyConfig = `http: nowhere
partitions: 0
roles: [broker, foldz]
log: {level: loud}
colour: red
`

const faultyTenant = `tenant: demo
queues:
  - {id: cards, target: soon}
  - {id: cards}
agents:
  - id: amy
    queues: [cards, loans]
    skills: [{skill: english, level: 7}]
entrypoints: []
`

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// lines checks that each line of a file is blamed once, in order.
func lines(t *testing.T, file, said string, want ...string) {
	t.Helper()
	var got []string
	for l := range strings.Lines(said) {
		if _, rest, ok := strings.Cut(l, file+":"); ok {
			n, _, _ := strings.Cut(rest, ":")
			got = append(got, n)
		}
	}
	require.Equal(t, want, got, said)
}

func jsonLines(t *testing.T, file, said string) (out []int) {
	t.Helper()
	var faults []struct {
		File, Text string
		Line       int
	}
	require.NoError(t, json.Unmarshal([]byte(said), &faults), said)
	for _, f := range faults {
		require.Equal(t, file, f.File)
		require.NotEmpty(t, f.Text)
		out = append(out, f.Line)
	}
	return out
}

func TestFiveFaultsOfAConfiguration(t *testing.T) {
	t.Parallel()
	file := write(t, "tributary.yaml", faultyConfig)
	data := filepath.Join(t.TempDir(), "data")
	code, _, stderr := tributary(t, "run", "--config", file, "--data", data)
	require.Equal(t, 1, code)
	lines(t, file, stderr, "1", "2", "3", "4", "5")
	require.NoDirExists(t, data, "nothing was begun")

	code, out, stderr := tributary(t, "check", "--config", file)
	require.Equal(t, 3, code, stderr)
	lines(t, file, out, "1", "2", "3", "4", "5")
	code, out, stderr = tributary(t, "check", "--config", file, "--json")
	require.Equal(t, 3, code, stderr)
	require.Equal(t, []int{1, 2, 3, 4, 5}, jsonLines(t, file, out))

	code, _, stderr = tributary(t, "run", "--no-such-flag")
	require.Equal(t, 2, code, stderr)
	code, _, stderr = tributary(t, "run", "--data", data, "--roles", "broker,waiter")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, `there is no role "waiter"`)
	require.NoDirExists(t, data)
}

func TestFiveFaultsOfATenantChangeNothing(t *testing.T) {
	t.Parallel()
	c := demo(t, filepath.Join(t.TempDir(), "data"))
	_, before, _ := tributary(t, "export", "--data", c.data, "--tenant", "demo")
	require.Contains(t, before, "amy")
	file := write(t, "demo.yaml", faultyTenant)

	code, out, stderr := tributary(t, "check", file, "--json")
	require.Equal(t, 3, code, stderr)
	require.Equal(t, []int{3, 4, 7, 8, 9}, jsonLines(t, file, out))
	code, out, _ = tributary(t, "check", file)
	require.Equal(t, 3, code)
	lines(t, file, out, "3", "4", "7", "8", "9")
	code, _, stderr = tributary(t, "apply", file, "--data", c.data)
	require.Equal(t, 3, code)
	lines(t, file, stderr, "3", "4", "7", "8", "9")
	require.Contains(t, stderr, "nothing was applied")

	code, _, stderr = tributary(t, "apply", write(t, "none.yaml", "tenant: ''\n"), "--data", c.data)
	require.Equal(t, 3, code, stderr)
	_, after, _ := tributary(t, "export", "--data", c.data, "--tenant", "demo")
	require.Equal(t, before, after)
}
