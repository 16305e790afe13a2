package checkpoint

import (
	"context"
	"errors"
	"maps"
	"slices"
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

// state is a state that changes, and is captured.
type state struct {
	rows  Rows
	dirty map[string]bool
	next  int64
}

func (s *state) put(key, value string) { s.rows.Set(key, value); s.note(key) }

func (s *state) remove(key string) { s.rows.Delete(key); s.note(key) }

func (s *state) note(key string) {
	if s.dirty == nil {
		s.dirty = make(map[string]bool)
	}
	s.dirty[key] = true
}

func (s *state) capture() Capture {
	keys := slices.Sorted(maps.Keys(s.dirty))
	s.dirty = nil
	return Capture{Manifest: Manifest{Processor: "x", Position: Position{Next: s.next}}, Rows: s.rows.Copy(), Changed: keys}
}

// holds tells whether a checkpoint's rows are the state's.
func (s *state) holds(r *Rows) bool {
	c := s.capture()
	return c.Same(&Manifest{Position: c.Position}, r)
}

// publishSome publishes n checkpoints of one row each.
func publishSome(t *testing.T, store objects.Store, from, n int) *state {
	t.Helper()
	k, c := Open(store, "x", 0), new(state)
	for i := range from + n {
		c.put(string(rune('a'+i)), "v")
		c.next = int64(i + 1)
		if x := c.capture(); i >= from {
			require.NoError(t, k.Publish(t.Context(), x))
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
		k := Open(store, "x", 0)
		_, _, err := k.Newest(t.Context(), func(name string, err error) { t.Errorf("%s is taken for torn: %v", name, err) })
		require.ErrorIs(t, err, errAway)
		store.before = nil
		m, _, err := k.Newest(t.Context(), func(string, error) {})
		require.NoError(t, err)
		require.EqualValues(t, 3, m.Position.Next)
	}
}

func TestWhereNoCheckpointIsWholeThereIsNoState(t *testing.T) {
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
	k := Open(store, "x", 0)
	_, _, err = k.Newest(t.Context(), func(string, error) { torn++ })
	require.ErrorIs(t, err, ErrNone)
	require.Equal(t, 3, torn)
	for _, name := range names {
		require.NoError(t, store.Delete(t.Context(), name))
	}
	m, _, err := k.Newest(t.Context(), func(string, error) {})
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
	m, r, err := Open(store, "x", 0).Newest(t.Context(), func(name string, err error) { t.Errorf("%s is taken for torn: %v", name, err) })
	require.NoError(t, err)
	require.EqualValues(t, 7, m.Position.Next)
	require.Equal(t, 7, r.Len())
}

// While the store is away captures are merged, not heaped up; what comes out is the same state, also beside a folder that
// could write each.
func TestCapturesThatCannotBeWrittenAreMerged(t *testing.T) {
	ctx := t.Context()
	for _, beside := range []bool{false, true} {
		store := objects.NewMemory()
		other, c, twin := Open(store, "x", 0), new(state), new(state)
		s := NewSaver(Open(store, "x", 0), 0, nil)
		for i := range 100 {
			for _, c := range []*state{c, twin} {
				c.put(string(rune('a'+i%26)), string(rune('0'+i)))
				if i%7 == 0 {
					c.remove(string(rune('a' + i%5)))
				}
				c.next = int64(i + 1)
			}
			s.Take(c.capture())
			require.LessOrEqual(t, len(s.waiting), maxWaiting)
			if x := twin.capture(); beside && i%10 < 3 {
				require.NoError(t, other.write(ctx, x)) // it died before the manifest
				other.chain = nil
			}
			if i == 3 { // one is written before the store is away
				s.Release(1)
				x, ok := s.next()
				require.True(t, ok)
				require.NoError(t, s.save(ctx, x))
			}
		}
		s.Release(100)
		for x, ok := s.next(); ok; x, ok = s.next() {
			require.NoError(t, s.save(ctx, x))
			m, _, err := Open(store, "x", 0).Newest(ctx, func(name string, err error) { t.Errorf("%s is torn: %v", name, err) })
			require.NoError(t, err)
			require.Equal(t, x.Position.Next, m.Position.Next)
		}
		m, r, err := Open(store, "x", 0).Newest(ctx, func(name string, err error) { t.Errorf("%s is torn: %v", name, err) })
		require.NoError(t, err)
		require.EqualValues(t, 100, m.Position.Next)
		require.True(t, c.holds(r))
	}
}

// A checkpoint may be published only when all outputs up to it are acknowledged.
func TestACheckpointWaitsForItsOutputs(t *testing.T) {
	store := objects.NewMemory()
	s := NewSaver(Open(store, "x", 0), 0, nil)
	c := new(state)
	c.next = 10
	s.Take(c.capture())
	s.Release(9)
	_, ok := s.next()
	require.False(t, ok)
	s.Release(10)
	_, ok = s.next()
	require.True(t, ok)
}

// Two folders that began at different checkpoints have different chains; the one that comes second goes on from the first's.
func TestTheSecondWriterOfACheckpointBuildsOnTheFirst(t *testing.T) {
	ctx := t.Context()
	store := objects.NewMemory()
	a, b := Open(store, "x", 0), Open(store, "x", 0)
	ca, cb := new(state), new(state)
	for i := range 40 {
		for _, c := range []*state{ca, cb} {
			c.put(string(rune('a'+i%26)), string(rune('0'+i)))
			c.next = int64(i + 1)
		}
		x, y := ca.capture(), cb.capture()
		if i < 3 { // b began later
			require.NoError(t, a.Publish(ctx, x))
			continue
		}
		first, second, cf, cs := a, b, x, y
		if i%3 == 0 {
			first, second, cf, cs = b, a, y, x
		}
		require.NoError(t, first.Publish(ctx, cf))
		require.NoError(t, second.Publish(ctx, cs))
		m, r, err := Open(store, "x", 0).Newest(ctx, func(name string, err error) { t.Errorf("%s is torn: %v", name, err) })
		require.NoError(t, err)
		require.EqualValues(t, i+1, m.Position.Next)
		require.True(t, ca.holds(r))
	}
}

func FuzzDecodeRows(f *testing.F) {
	r := new(Rows)
	r.Set("a/1", "one")
	r.Set("a/2", "two")
	whole, err := encodeRows([]string{"a/1", "a/2", "gone"}, r)
	require.NoError(f, err)
	f.Add(whole)
	f.Add([]byte{})
	f.Fuzz(func(_ *testing.T, data []byte) {
		_ = decodeRows(data, new(Rows)) // an error or rows, never more
	})
}
