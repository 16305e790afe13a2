package privacy_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/objects"
	"github.com/tributary-cc/tributary/stream/privacy"
)

// cutOff fails the nth conditional put.
type cutOff struct {
	objects.Store
	left atomic.Int64
}

var errCut = errors.New("cut off")

func (c *cutOff) PutIfMatch(ctx context.Context, name string, data, old []byte) (bool, error) {
	if c.left.Add(-1) < 0 {
		return false, errCut
	}
	return c.Store.PutIfMatch(ctx, name, data, old)
}

func quiet(int, int) {}

// TestRotation: cut off at every place and begun again, all keys end wrapped by the new master key alone, what was sealed
// opens, addresses keep their pseudonyms, and the old master key opens nothing.
func TestRotation(t *testing.T) {
	for cut := range 5 {
		t.Run(fmt.Sprint(cut), func(t *testing.T) { rotate(t, cut) })
	}
}

func rotate(t *testing.T, cut int) {
	file := filepath.Join(t.TempDir(), "master.key")
	was, _, err := privacy.LoadOrCreateMasterKey(file)
	require.NoError(t, err)
	store, c := objects.NewMemory(), new(clock)
	require.NoError(t, privacy.ClaimMasterKey(t.Context(), store, was))
	before := open(t, store, was, c)
	pseudonyms := map[string]event.Pseudonym{}
	var seals []*event.Sealed
	for _, address := range []string{"tel:+8613800138000", "webchat:1", "mailto:a@example.com"} {
		p, failed := before.Pseudonym(t.Context(), "Acme", address)
		require.NoError(t, failed)
		pseudonyms[address] = p
		s, failed := before.Seal(t.Context(), "Acme", string(p), "m", []byte(address))
		require.NoError(t, failed)
		seals = append(seals, s)
	}
	s, err := before.Seal(t.Context(), "Acme", "agent/Ada", "m", []byte("ada"))
	require.NoError(t, err)
	seals = append(seals, s)

	old, next, err := privacy.BeginRotation(file, "spice")
	require.NoError(t, err)
	_, _, err = privacy.LoadOrCreateMasterKey(file)
	require.ErrorIs(t, err, privacy.ErrRotating, "nothing starts in the middle")
	cutting := &cutOff{Store: store}
	cutting.left.Store(int64(cut))
	_, _, err = open(t, cutting, old, c).Rewrap(t.Context(), next, quiet)
	if cut < 4 {
		require.ErrorIs(t, err, errCut)
	}
	old, again, err := privacy.BeginRotation(file, "spice")
	require.NoError(t, err)
	require.Equal(t, next.ID(), again.ID(), "an earlier try's key")
	n, all, err := open(t, store, old, c).Rewrap(t.Context(), again, quiet)
	require.NoError(t, err)
	require.Equal(t, []int{4 - min(cut, 4), 4}, []int{n, all})
	kept, err := privacy.FinishRotation(file)
	require.NoError(t, err)
	require.FileExists(t, kept)
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())

	now, created, err := privacy.OpenMasterKey(t.Context(), file, store, false)
	require.NoError(t, err)
	require.False(t, created)
	require.NotEqual(t, was.ID(), now.ID())
	require.Equal(t, was.Derive("spice"), now.Derive("spice"))
	require.NotEqual(t, was.Derive("pepper"), now.Derive("pepper"))
	after, stale := open(t, store, now, c), open(t, store, was, c)
	for address, want := range pseudonyms {
		p, failed := after.Pseudonym(t.Context(), "Acme", address)
		require.NoError(t, failed)
		require.Equal(t, want, p)
	}
	for _, one := range seals {
		_, err = after.Open(t.Context(), "Acme", one)
		require.NoError(t, err)
		_, err = stale.Open(t.Context(), "Acme", one)
		require.ErrorIs(t, err, privacy.ErrMasterKey)
	}
	// And once more, from a key that took over itself.
	_, third, err := privacy.BeginRotation(file, "spice")
	require.NoError(t, err)
	_, _, err = after.Rewrap(t.Context(), third, quiet)
	require.NoError(t, err)
	p, err := open(t, store, third, c).Lookup(t.Context(), "Acme", "webchat:1")
	require.NoError(t, err)
	require.Equal(t, pseudonyms["webchat:1"], p)
}

func TestRotationRefusesAnotherKey(t *testing.T) {
	store, c := objects.NewMemory(), new(clock)
	k := open(t, store, privacy.NewMasterKey(), c)
	_, _, err := k.Rewrap(t.Context(), privacy.NewMasterKey(), quiet)
	require.ErrorIs(t, err, privacy.ErrInvalid, "addresses would be lost")

	file := filepath.Join(t.TempDir(), "master.key")
	_, _, err = privacy.LoadOrCreateMasterKey(file)
	require.NoError(t, err)
	old, next, err := privacy.BeginRotation(file)
	require.NoError(t, err)
	_, err = k.Pseudonym(t.Context(), "acme", "webchat:1")
	require.NoError(t, err)
	_, _, err = open(t, store, old, c).Rewrap(t.Context(), next, quiet)
	require.ErrorIs(t, err, privacy.ErrMasterKey)
}

func TestDamagedMasterKeyFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "master.key")
	for _, text := range []string{
		"", "tributary master key 3\n", "tributary master key 2\nAAAA\n",
		"tributary master key 1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nkeep x y\n",
		"tributary master key 2\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nkeep AAAA y\n",
		"tributary master key 2\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nkeep AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
	} {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		_, _, err := privacy.LoadOrCreateMasterKey(file)
		require.ErrorContains(t, err, "restore it from its backup", text)
	}
}
