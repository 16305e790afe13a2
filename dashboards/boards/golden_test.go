package boards

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

var write = flag.Bool("write", false, "write the boards beside this file instead of comparing them")

func TestTheCommittedBoardsAreThese(t *testing.T) {
	files, err := Written()
	require.NoError(t, err)
	if *write {
		old, globErr := filepath.Glob("*.*.json")
		require.NoError(t, globErr)
		for _, name := range old {
			require.NoError(t, os.Remove(name))
		}
		for _, f := range files {
			require.NoError(t, os.WriteFile(f.Name, f.JSON, 0o644))
		}
		return
	}
	committed, err := Committed()
	require.NoError(t, err)
	require.Len(t, committed, len(files), "there are other files: run `go generate ./dashboards/boards`")
	by := map[string]File{}
	for _, f := range committed {
		by[f.Name] = f
	}
	for _, f := range files {
		require.Equal(t, string(f.JSON), string(by[f.Name].JSON), "%s is not what the code writes: run `go generate ./dashboards/boards`", f.Name)
		require.Equal(t, f.Board.UID, by[f.Name].Board.UID)
	}
	one, err := Committed(Chinese)
	require.NoError(t, err)
	require.Len(t, one, 3)
}
