package privacy

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/objects"
)

// clocked are files whose clock the test moves.
func clocked(t *testing.T, store objects.Store) (f *Files, now *time.Time, give func() string) {
	now = new(time.Date(2026, 11, 23, 8, 59, 0, 0, time.UTC))
	keys, err := NewKeyStore(store, NewMasterKey(), 100, func() time.Time { return *now })
	require.NoError(t, err)
	ref, err := keys.Pseudonym(t.Context(), "acme", "webchat:v1")
	require.NoError(t, err)
	f = NewFiles(keys)
	return f, now, func() string {
		info, err := f.Seal(t.Context(), "acme", string(ref), bytes.NewReader(picture(100)))
		require.NoError(t, err)
		return info.File
	}
}

func (f *Files) swept(t *testing.T) int {
	n, err := f.Sweep(t.Context())
	require.NoError(t, err)
	return n
}

func TestASweepTakesWhatNoMessageNamed(t *testing.T) {
	f, now, give := clocked(t, objects.NewMemory())
	sent, forgotten := give(), give()
	require.NoError(t, f.Keep(t.Context(), "acme", sent))
	require.NoError(t, f.Keep(t.Context(), "acme", sent), "a message may be sent again")
	*now = now.Add(UnsentKept - time.Second)
	require.Zero(t, f.swept(t))
	*now = now.Add(time.Hour + time.Minute)
	require.Equal(t, 1, f.swept(t))
	require.Zero(t, f.swept(t))
	_, err := f.Stat(t.Context(), "acme", forgotten)
	require.ErrorIs(t, err, ErrNoFile)
	_, err = f.Stat(t.Context(), "acme", sent)
	require.NoError(t, err)
	require.ErrorIs(t, f.Keep(t.Context(), "acme", forgotten), ErrNoFile)
	require.ErrorIs(t, f.Keep(t.Context(), "acme", "../x"), ErrNoFile)
}

func TestASweepIsBounded(t *testing.T) {
	f, now, give := clocked(t, objects.NewMemory())
	for range maxSwept + 3 {
		give()
	}
	*now = now.Add(UnsentKept + 2*time.Hour)
	require.Equal(t, maxSwept, f.swept(t))
	require.Equal(t, 3, f.swept(t))
}

// failing breaks at one call, as a crash does.
type failing struct {
	objects.Store
	left int
}

var errCrash = errors.New("crash")

func (s *failing) step() error {
	if s.left--; s.left == 0 {
		return errCrash
	}
	return nil
}

func (s *failing) PutIfMatch(ctx context.Context, name string, data, old []byte) (bool, error) {
	if err := s.step(); err != nil {
		return false, err
	}
	return s.Store.PutIfMatch(ctx, name, data, old)
}

func (s *failing) Delete(ctx context.Context, name string) error {
	if err := s.step(); err != nil {
		return err
	}
	return s.Store.Delete(ctx, name)
}

func (s *failing) List(ctx context.Context, prefix string) ([]string, error) {
	if err := s.step(); err != nil {
		return nil, err
	}
	return s.Store.List(ctx, prefix)
}

func TestASweepThatDiesIsGoneOnWith(t *testing.T) {
	for at := 1; at < 10; at++ {
		store := &failing{Store: objects.NewMemory()}
		f, now, give := clocked(t, store)
		file := give()
		*now = now.Add(UnsentKept + 2*time.Hour)
		store.left = at
		_, err := f.Sweep(t.Context())
		store.left = 0
		if err == nil {
			require.Greater(t, at, 4, "it never died")
			return
		}
		require.ErrorIs(t, err, errCrash)
		require.Equal(t, 1, f.swept(t), "at %d", at)
		_, err = f.Stat(t.Context(), "acme", file)
		require.ErrorIs(t, err, ErrNoFile)
		names, err := store.Store.List(t.Context(), "")
		require.NoError(t, err)
		for _, name := range names {
			require.NotContains(t, name, file)
		}
	}
	t.Fatal("it dies for ever")
}

func TestOfSendingAndSweepingOneWins(t *testing.T) {
	store := &failing{Store: objects.NewMemory()}
	f, now, give := clocked(t, store)
	file := give()
	*now = now.Add(UnsentKept + 2*time.Hour)
	store.left = 3 // the mark is changed, the parts are there still
	_, err := f.Sweep(t.Context())
	require.ErrorIs(t, err, errCrash)
	store.left = 0
	require.ErrorIs(t, f.Keep(t.Context(), "acme", file), ErrNoFile, "it is as good as gone")

	file = give()
	*now = now.Add(UnsentKept + 2*time.Hour)
	store.left = 2 // kept, and the mark is there still
	require.ErrorIs(t, f.Keep(t.Context(), "acme", file), errCrash)
	store.left = 0
	_, err = f.Sweep(t.Context())
	require.NoError(t, err)
	_, err = f.Stat(t.Context(), "acme", file)
	require.NoError(t, err, "a message may have named it")
}
