package engine

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/objects"
)

// moody is a store whose reads a test decides about.
type moody struct {
	*objects.Memory
	before func(name string) error
}

func (m *moody) Get(ctx context.Context, name string) ([]byte, error) {
	if m.before != nil {
		if err := m.before(name); err != nil {
			return nil, err
		}
	}
	return m.Memory.Get(ctx, name)
}

// publishSome publishes n checkpoints of one row each.
func publishSome(t *testing.T, store objects.Store, from, n int) *core {
	t.Helper()
	k, c := newCheckpoints(store, "x", 0), newCore(blank, 0, nil)
	for i := range from + n {
		c.rows.put(string(rune('a'+i)), "v")
		c.pos.Next = int64(i + 1)
		if x := c.capture(); i >= from {
			require.NoError(t, k.publish(t.Context(), x))
		}
	}
	return c
}

var errAway = errors.New("the store is away")

// A store that does not answer proves nothing about a checkpoint: the start fails, and nothing begins empty or earlier.
func TestAStoreThatFailsMakesNoCheckpointTorn(t *testing.T) {
	for _, part := range []string{".manifest", ".base0", ".delta"} {
		store := &moody{Memory: objects.NewMemory()}
		publishSome(t, store, 0, 3)
		store.before = func(name string) error {
			if strings.HasSuffix(name, part) {
				return errAway
			}
			return nil
		}
		k := newCheckpoints(store, "x", 0)
		_, _, err := k.load(t.Context(), func(name string, err error) { t.Errorf("%s is taken for torn: %v", name, err) })
		require.ErrorIs(t, err, errAway)
		store.before = nil
		m, _, err := k.load(t.Context(), func(string, error) {})
		require.NoError(t, err)
		require.EqualValues(t, 3, m.Position.Next)
	}
}

func TestWhereNoCheckpointIsWholeThePartitionStands(t *testing.T) {
	store := objects.NewMemory()
	publishSome(t, store, 0, 3)
	names, err := store.List(t.Context(), "checkpoints/")
	require.NoError(t, err)
	for _, name := range names {
		if strings.HasSuffix(name, ".base0") {
			require.NoError(t, store.Delete(t.Context(), name))
		}
	}
	torn := 0
	k := newCheckpoints(store, "x", 0)
	_, _, err = k.load(t.Context(), func(string, error) { torn++ })
	require.ErrorIs(t, err, ErrNoCheckpoint)
	require.Equal(t, 3, torn)
	for _, name := range names {
		require.NoError(t, store.Delete(t.Context(), name))
	}
	m, _, err := k.load(t.Context(), func(string, error) {})
	require.NoError(t, err, "an operator decided")
	require.Nil(t, m)
}

// While one process reads, another may publish, and collect what the first has just listed.
func TestACheckpointCollectedWhileItIsReadIsNotTorn(t *testing.T) {
	store := &moody{Memory: objects.NewMemory()}
	publishSome(t, store, 0, 1)
	store.before = func(name string) error {
		if !strings.HasSuffix(name, ".base0") {
			return nil
		}
		store.before = nil
		old, err := store.List(t.Context(), "checkpoints/")
		require.NoError(t, err)
		publishSome(t, store, 1, 6)
		for _, name := range old {
			require.NoError(t, store.Delete(t.Context(), name))
		}
		return nil
	}
	m, r, err := newCheckpoints(store, "x", 0).load(t.Context(), func(name string, err error) { t.Errorf("%s is taken for torn: %v", name, err) })
	require.NoError(t, err)
	require.EqualValues(t, 7, m.Position.Next)
	require.Equal(t, 7, r.tree.Len())
}

// While the store is away captures are merged, not heaped up; what comes out is the same state, also beside a folder that
// could write each.
func TestCapturesThatCannotBeWrittenAreMerged(t *testing.T) {
	ctx := t.Context()
	for _, beside := range []bool{false, true} {
		store := objects.NewMemory()
		other, c, twin := newCheckpoints(store, "x", 0), newCore(blank, 0, nil), newCore(blank, 0, nil)
		s := newSaver(newCheckpoints(store, "x", 0), nil)
		for i := range 100 {
			for _, c := range []*core{c, twin} {
				c.rows.put(string(rune('a'+i%26)), string(rune('0'+i)))
				if i%7 == 0 {
					c.rows.remove(string(rune('a' + i%5)))
				}
				c.pos.Next = int64(i + 1)
			}
			s.take(c.capture())
			require.LessOrEqual(t, len(s.waiting), maxWaiting)
			if x := twin.capture(); beside && i%10 < 3 {
				require.NoError(t, other.write(ctx, x)) // it died before the manifest
				other.chain = nil
			}
			if i == 3 { // one is written before the store is away
				s.release(1)
				x, ok := s.next()
				require.True(t, ok)
				require.NoError(t, s.save(ctx, x))
			}
		}
		s.release(100)
		for x, ok := s.next(); ok; x, ok = s.next() {
			require.NoError(t, s.save(ctx, x))
			m, _, err := newCheckpoints(store, "x", 0).load(ctx, func(name string, err error) { t.Errorf("%s is torn: %v", name, err) })
			require.NoError(t, err)
			require.Equal(t, x.m.Position.Next, m.Position.Next)
		}
		m, r, err := newCheckpoints(store, "x", 0).load(ctx, func(name string, err error) { t.Errorf("%s is torn: %v", name, err) })
		require.NoError(t, err)
		require.EqualValues(t, 100, m.Position.Next)
		require.True(t, r.equal(c.rows))
	}
}
