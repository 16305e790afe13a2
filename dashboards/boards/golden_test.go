package boards

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

var write = flag.Bool("write", false, "write the boards into json/ instead of comparing them")

func TestTheCommittedBoardsAreThese(t *testing.T) {
	files, err := Written()
	require.NoError(t, err)
	if *write {
		old, err := filepath.Glob("json/*.json")
		require.NoError(t, err)
		for _, name := range old {
			require.NoError(t, os.Remove(name))
		}
		for _, f := range files {
			require.NoError(t, os.WriteFile(filepath.Join("json", f.Name), f.JSON, 0o644)) //nolint:gosec // it is committed, for all to read
		}
		return
	}
	entries, err := Committed.ReadDir("json")
	require.NoError(t, err)
	require.Len(t, entries, len(files), "json/ holds other files: run `go generate ./dashboards/boards`")
	for _, f := range files {
		committed, err := Committed.ReadFile("json/" + f.Name)
		require.NoError(t, err, "run `go generate ./dashboards/boards`")
		require.Equal(t, string(f.JSON), string(committed), "%s is not what the code writes: run `go generate ./dashboards/boards`", f.Name)
	}
}
