package objects_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/objects"
)

func TestStores(t *testing.T) {
	t.Run("memory", func(t *testing.T) {
		conformance(t, func(*testing.T) objects.Store { return objects.NewMemory() })
	})
	for name, durability := range map[string]objects.Durability{"power cut": objects.PowerCut, "process death": objects.ProcessDeath} {
		t.Run("dir, "+name, func(t *testing.T) {
			conformance(t, func(t *testing.T) objects.Store { return openDir(t, t.TempDir(), durability) })
		})
	}
}

func openDir(tb testing.TB, root string, durability objects.Durability) *objects.Dir {
	tb.Helper()
	d, err := objects.OpenDir(root, durability)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, d.Close()) })
	return d
}

// conformance is the contract of objects.Store as tests.
func conformance(t *testing.T, open func(t *testing.T) objects.Store) {
	for name, test := range map[string]func(*testing.T, objects.Store){
		"get, put, delete": testGetPutDelete,
		"if absent":        testIfAbsent,
		"if match":         testIfMatch,
		"list":             testList,
		"names":            testNames,
		"one winner":       testOneWinner,
		"no lost update":   testNoLostUpdate,
		"never a part":     testNeverAPart,
		"cancelled":        testCancelled,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func testGetPutDelete(t *testing.T, s objects.Store) {
	ctx := t.Context()
	_, err := s.Get(ctx, "a/b")
	require.ErrorIs(t, err, objects.ErrNotFound)
	require.NoError(t, s.Delete(ctx, "a/b"), "absent is fine")

	data := []byte("one")
	require.NoError(t, s.Put(ctx, "a/b", data))
	data[0] = 'X'
	got, err := s.Get(ctx, "a/b")
	require.NoError(t, err)
	require.Equal(t, "one", string(got), "a put keeps its own copy")
	got[0] = 'Y'
	require.NoError(t, s.Put(ctx, "a/empty", nil))
	got, err = s.Get(ctx, "a/empty")
	require.NoError(t, err)
	require.Empty(t, got)

	require.NoError(t, s.Put(ctx, "a/b", bytes.Repeat([]byte{0, 1, 255}, 100_000)))
	got, err = s.Get(ctx, "a/b")
	require.NoError(t, err)
	require.Len(t, got, 300_000)
	require.NoError(t, s.Put(ctx, "a/b", []byte("short")))
	got, err = s.Get(ctx, "a/b")
	require.NoError(t, err)
	require.Equal(t, "short", string(got))

	require.NoError(t, s.Delete(ctx, "a/b"))
	_, err = s.Get(ctx, "a/b")
	require.ErrorIs(t, err, objects.ErrNotFound)
}

func testIfAbsent(t *testing.T, s objects.Store) {
	ctx := t.Context()
	created, err := s.PutIfAbsent(ctx, "x", []byte("first"))
	require.NoError(t, err)
	require.True(t, created)
	created, err = s.PutIfAbsent(ctx, "x", []byte("second"))
	require.NoError(t, err)
	require.False(t, created)
	got, err := s.Get(ctx, "x")
	require.NoError(t, err)
	require.Equal(t, "first", string(got))
	require.NoError(t, s.Delete(ctx, "x"))
	created, err = s.PutIfAbsent(ctx, "x", nil)
	require.NoError(t, err)
	require.True(t, created)
	created, err = s.PutIfAbsent(ctx, "x", []byte("an empty object is an object"))
	require.NoError(t, err)
	require.False(t, created)
}

func testIfMatch(t *testing.T, s objects.Store) {
	ctx := t.Context()
	for _, old := range [][]byte{nil, {}, []byte("a")} {
		replaced, err := s.PutIfMatch(ctx, "x/y", []byte("new"), old)
		require.NoError(t, err)
		require.False(t, replaced, "an absent object matches nothing")
	}
	require.NoError(t, s.Put(ctx, "x/y", []byte("a")))
	replaced, err := s.PutIfMatch(ctx, "x/y", []byte("b"), []byte("aa"))
	require.NoError(t, err)
	require.False(t, replaced)
	replaced, err = s.PutIfMatch(ctx, "x/y", []byte("b"), []byte("a"))
	require.NoError(t, err)
	require.True(t, replaced)
	got, err := s.Get(ctx, "x/y")
	require.NoError(t, err)
	require.Equal(t, "b", string(got))
}

func testList(t *testing.T, s objects.Store) {
	ctx := t.Context()
	names := []string{"a-b/1", "a/10", "a/2", "a/2x/z", "a=/0", "ab", "b/c/d/e", "b/c/f.json"}
	for _, i := range []int{5, 3, 0, 7, 2, 6, 1, 4} {
		require.NoError(t, s.Put(ctx, names[i], []byte{1}))
	}
	for prefix, want := range map[string][]string{
		"": names, "a": names[:6], "a/": names[1:4], "a/2": names[2:4], "a/2x/": names[3:4], "b/c": names[6:], "b/c/f": names[7:],
		"c": {}, "b/c/f.json": names[7:], "b/c/f.json/": {}, "zz/yy/": {}, "a/2xx": {},
	} {
		got, err := s.List(ctx, prefix)
		require.NoError(t, err)
		require.Equal(t, want, got, "prefix %q", prefix)
	}
}

func testNames(t *testing.T, s objects.Store) {
	ctx := t.Context()
	for _, name := range []string{
		"", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "a/.b", ".temp/x", "A", "a b", "a\x00", "é", "a\\b", "a:b", "a+b", "%41",
		strings.Repeat("a", 241), strings.Repeat("a/", 501) + "a",
	} {
		require.ErrorIs(t, s.Put(ctx, name, nil), objects.ErrInvalid, "%q", name)
		_, err := s.Get(ctx, name)
		require.ErrorIs(t, err, objects.ErrInvalid)
		_, err = s.PutIfAbsent(ctx, name, nil)
		require.ErrorIs(t, err, objects.ErrInvalid)
		_, err = s.PutIfMatch(ctx, name, nil, nil)
		require.ErrorIs(t, err, objects.ErrInvalid)
		require.ErrorIs(t, s.Delete(ctx, name), objects.ErrInvalid)
	}
	for _, prefix := range []string{"/", "a//", ".", "../", "a/.", "A", "a*"} {
		_, err := s.List(ctx, prefix)
		require.ErrorIs(t, err, objects.ErrInvalid, "%q", prefix)
	}
	for _, name := range []string{"a", "a.b..c", "0/_/-/=", strings.Repeat("a", 240) + "/" + strings.Repeat("b", 240)} {
		require.NoError(t, s.Put(ctx, name, []byte(name)))
	}
	// What a folder cannot hold is refused the same way everywhere where it can be seen.
	require.ErrorIs(t, s.Put(ctx, "a/b", nil), objects.ErrConflict)
	require.ErrorIs(t, s.Put(ctx, "0/_", nil), objects.ErrConflict)
	_, err := s.PutIfAbsent(ctx, "0", nil)
	require.ErrorIs(t, err, objects.ErrConflict)
	_, err = s.Get(ctx, "0/_")
	require.ErrorIs(t, err, objects.ErrNotFound, "a folder is no object")
	_, err = s.Get(ctx, "a/b")
	require.ErrorIs(t, err, objects.ErrNotFound)
	require.NoError(t, s.Delete(ctx, "0/_"))
	require.NoError(t, s.Delete(ctx, "a/b"))
}

func testOneWinner(t *testing.T, s objects.Store) {
	const names, callers = 20, 8
	var winners [names]atomic.Int64
	together(callers, func(caller int) {
		for i := range names {
			created, err := s.PutIfAbsent(t.Context(), fmt.Sprintf("n/%d", i), fmt.Appendf(nil, "by %d", caller))
			if err == nil && created {
				winners[i].Add(int64(caller) + 100)
			}
		}
	})
	for i := range names {
		got, err := s.Get(t.Context(), fmt.Sprintf("n/%d", i))
		require.NoError(t, err)
		require.Equal(t, fmt.Sprintf("by %d", winners[i].Load()-100), string(got))
	}
}

func testNoLostUpdate(t *testing.T, s objects.Store) {
	const callers, each = 4, 10
	require.NoError(t, s.Put(t.Context(), "counter", []byte{0}))
	var failed atomic.Value
	together(callers, func(int) {
		for done := 0; done < each; {
			old, err := s.Get(t.Context(), "counter")
			if err != nil {
				failed.Store(err)
				return
			}
			ok, err := s.PutIfMatch(t.Context(), "counter", []byte{old[0] + 1}, old)
			if err != nil {
				failed.Store(err)
				return
			}
			if ok {
				done++
			}
		}
	})
	require.Nil(t, failed.Load())
	got, err := s.Get(t.Context(), "counter")
	require.NoError(t, err)
	require.Equal(t, []byte{callers * each}, got)
}

func testNeverAPart(t *testing.T, s objects.Store) {
	const rounds = 20
	size := 200_000
	require.NoError(t, s.Put(t.Context(), "big", bytes.Repeat([]byte{0}, size)))
	var torn atomic.Bool
	var writing atomic.Int64
	writing.Store(2)
	together(4, func(caller int) {
		if caller < 2 {
			for i := range rounds {
				if s.Put(t.Context(), "big", bytes.Repeat([]byte{byte(caller*rounds + i)}, size)) != nil {
					torn.Store(true)
				}
			}
			writing.Add(-1)
			return
		}
		for writing.Load() > 0 {
			got, err := s.Get(t.Context(), "big")
			if err != nil || len(got) != size || bytes.Count(got, got[:1]) != size {
				torn.Store(true)
				return
			}
		}
	})
	require.False(t, torn.Load())
}

func testCancelled(t *testing.T, s objects.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.Put(ctx, "a", nil), context.Canceled)
	_, err := s.Get(ctx, "a")
	require.ErrorIs(t, err, context.Canceled)
	_, err = s.List(ctx, "")
	require.ErrorIs(t, err, context.Canceled)
}

func together(n int, do func(caller int)) {
	var wg sync.WaitGroup
	for caller := range n {
		wg.Go(func() { do(caller) })
	}
	wg.Wait()
}

func FuzzUnsegment(f *testing.F) {
	for _, s := range []string{"", "=", "a", "A", "a=b", "=4", "=zz", "tel:+86", "\xff/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		back, err := objects.Unsegment(objects.Segment(s))
		require.NoError(t, err)
		require.Equal(t, s, back)
		if plain, err := objects.Unsegment(s); err == nil {
			require.Equal(t, s, objects.Segment(plain), "one spelling")
		}
	})
}
