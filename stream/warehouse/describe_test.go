package warehouse

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What a header says is told whole: every parameter and every column has its words.
func TestDescriptions(t *testing.T) {
	all, err := loadQueries()
	require.NoError(t, err)
	described, err := BoardQueries()
	require.NoError(t, err)
	require.Len(t, described, len(boardQueries))
	for _, d := range described {
		require.NotEmpty(t, d.Help, d.Name)
		require.Len(t, d.Params, len(all[d.Name].params)-1, "%s: all but the tenant", d.Name)
		for _, p := range d.Params {
			require.NotEqual(t, "tenant", p.Name)
			require.NotEmpty(t, p.Help, "%s %s", d.Name, p.Name)
			require.Equal(t, all[d.Name].params[p.Name], p.Type)
		}
		require.NotEmpty(t, d.Columns)
		for _, c := range d.Columns {
			require.NotEmpty(t, c.Help, "%s %s", d.Name, c.Name)
		}
	}
}
