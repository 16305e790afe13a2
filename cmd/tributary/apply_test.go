package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAPolicyGoesInAndComesOutWithItsTests, a change of it is told rule by rule, and one that its tests speak against is refused.
func TestAPolicyGoesInAndComesOutWithItsTests(t *testing.T) {
	d := newDesk(t)
	folder := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		return file
	}
	text := "tenant: bank\nskills: [{id: cards}, {id: english}, {id: chinese}]\nqueues: [{id: cards}, {id: service}]\n" + samplePolicy
	require.Contains(t, d.must("apply", write("bank.yaml", text)), "6 changes applied; version 1 is in force")
	exported := d.must("export", "--tenant", "bank")
	require.Contains(t, exported, "a lost card in English")
	require.Contains(t, d.must("policy", "test", write("export.yaml", exported)), "1 of 1 tests passed")
	require.Equal(t, "nothing to change; version 1 is in force\n", d.must("apply", write("export.yaml", exported)))

	// The export lost its tests or not: a rule changed in it alone does not go live.
	wrong := strings.Replace(exported, "queue: cards\n    priority", "queue: service\n    priority", 1)
	require.NotEqual(t, exported, wrong)
	out, said, err := d.run("", "apply", write("wrong.yaml", wrong))
	require.ErrorIs(t, err, errFound)
	require.Empty(t, out)
	require.Contains(t, said, `the test "a lost card in English" fails: queue is "service", not "cards"`)
	require.Contains(t, said, "has 1 fault; nothing was applied")

	out = d.must("apply", write("bank.yaml", strings.NewReplacer("      priority: 10\n", "      priority: 9\n", "queue: cards, priority: 10", "queue: cards, priority: 9").Replace(text)))
	require.Contains(t, out, "change policy main\n         change rule 1 \"Lost cards go first\"\n           priority: 10 -> 9\n         change test \"a lost card in English\"")
	require.Contains(t, out, "1 change applied; version 2 is in force")
}
