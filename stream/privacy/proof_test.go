package privacy_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/objects"
	"github.com/tributary-cc/tributary/stream/privacy"
)

func TestAMasterKeyIsProvedByTheData(t *testing.T) {
	for name, claim := range map[string]bool{"as it is kept": true, "data from before the id was kept": false} {
		t.Run(name, func(t *testing.T) {
			store, c, file := objects.NewMemory(), new(clock), filepath.Join(t.TempDir(), "master.key")
			_, _, err := privacy.OpenMasterKey(t.Context(), file, store, false)
			require.ErrorIs(t, err, privacy.ErrNoMasterKey)
			require.NoFileExists(t, file)

			key, created, err := privacy.OpenMasterKey(t.Context(), file, store, true)
			require.NoError(t, err)
			require.True(t, created)
			if claim {
				require.NoError(t, privacy.ClaimMasterKey(t.Context(), store, key))
				require.ErrorIs(t, privacy.ClaimMasterKey(t.Context(), store, privacy.NewMasterKey()), privacy.ErrMasterKey)
			}
			_, err = open(t, store, key, c).Pseudonym(t.Context(), "acme", "tel:+8613800138000")
			require.NoError(t, err)
			again, created, err := privacy.OpenMasterKey(t.Context(), file, store, true)
			require.NoError(t, err)
			require.False(t, created)
			require.Equal(t, key.ID(), again.ID())
			n, err := open(t, store, again, c).Sample(t.Context())
			require.NoError(t, err)
			require.Equal(t, 1, n)

			require.NoError(t, os.Rename(file, file+".misplaced"))
			for _, create := range []bool{true, false} {
				_, _, err = privacy.OpenMasterKey(t.Context(), file, store, create)
				require.ErrorIs(t, err, privacy.ErrMasterKeyLost)
				require.ErrorContains(t, err, key.ID())
				require.NoFileExists(t, file)
			}
			other, _, err := privacy.LoadOrCreateMasterKey(file)
			require.NoError(t, err)
			_, _, err = privacy.OpenMasterKey(t.Context(), file, store, true)
			require.ErrorIs(t, err, privacy.ErrMasterKey)
			require.ErrorContains(t, err, key.ID())
			require.ErrorContains(t, err, other.ID())
			_, err = open(t, store, other, c).Sample(t.Context())
			require.ErrorIs(t, err, privacy.ErrMasterKey)
		})
	}
}
