package privacy_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/objects"
	"github.com/tributary-cc/tributary/stream/privacy"
)

type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(c.at.Load(), 0) }
func (c *clock) advance(d time.Duration) { c.at.Add(int64(d / time.Second)) }

func open(tb testing.TB, store objects.Store, master *privacy.MasterKey, c *clock) *privacy.KeyStore {
	tb.Helper()
	k, err := privacy.NewKeyStore(store, master, 1000, c.now)
	require.NoError(tb, err)
	return k
}

func TestPseudonym(t *testing.T) {
	store, master, c := objects.NewMemory(), privacy.NewMasterKey(), new(clock)
	a, b := open(t, store, master, c), open(t, store, master, c)
	one, err := a.Pseudonym(t.Context(), "acme", "tel:+86 138-0013-8000")
	require.NoError(t, err)
	require.Len(t, one, 26)
	same, err := b.Pseudonym(t.Context(), "acme", " TEL:＋8613800138000")
	require.NoError(t, err)
	require.Equal(t, one, same, "one spelling, in every process")
	for tenant, address := range map[string]string{"other": "tel:+8613800138000", "acme": "tel:+8613800138001"} {
		other, failed := a.Pseudonym(t.Context(), tenant, address)
		require.NoError(t, failed)
		require.NotEqual(t, one, other)
	}
	names, err := store.List(t.Context(), "")
	require.NoError(t, err)
	for _, name := range names {
		data, err := store.Get(t.Context(), name)
		require.NoError(t, err)
		require.NotContains(t, name+string(data), "13800138")
	}
	for _, address := range []string{"", "tel:", "13800138000", "tel: - ", "x:\xff", strings.Repeat("x", 600)} {
		_, err := a.Pseudonym(t.Context(), "acme", address)
		require.ErrorIs(t, err, privacy.ErrInvalid)
	}
}

func TestLookupMakesNothing(t *testing.T) {
	store, master, c := objects.NewMemory(), privacy.NewMasterKey(), new(clock)
	a, b := open(t, store, master, c), open(t, store, master, c)
	_, err := a.Lookup(t.Context(), "acme", "webchat:7")
	require.ErrorIs(t, err, privacy.ErrErased)
	names, err := store.List(t.Context(), "")
	require.NoError(t, err)
	require.Empty(t, names)
	_, err = a.Lookup(t.Context(), "acme", "no address")
	require.ErrorIs(t, err, privacy.ErrInvalid)
	made, err := a.Pseudonym(t.Context(), "acme", "webchat:7")
	require.NoError(t, err)
	for _, k := range []*privacy.KeyStore{a, b, b} {
		found, failed := k.Lookup(t.Context(), "acme", " WebChat:7")
		require.NoError(t, failed)
		require.Equal(t, made, found)
	}
	_, err = b.Lookup(t.Context(), "other", "webchat:7")
	require.ErrorIs(t, err, privacy.ErrErased)
	require.NoError(t, a.Erase(t.Context(), "acme", string(made)))
	for _, k := range []*privacy.KeyStore{a, b} {
		c.advance(privacy.CacheAge)
		_, err = k.Lookup(t.Context(), "acme", "webchat:7")
		require.ErrorIs(t, err, privacy.ErrErased)
	}
}

func TestPseudonymIsMadeOnce(t *testing.T) {
	store, master, c := objects.NewMemory(), privacy.NewMasterKey(), new(clock)
	stores := []*privacy.KeyStore{open(t, store, master, c), open(t, store, master, c), open(t, store, master, c)}
	const callers, addresses = 24, 20
	var got [callers][addresses]event.Pseudonym
	var wg sync.WaitGroup
	for caller := range callers {
		wg.Go(func() {
			for i := range addresses {
				got[caller][i], _ = stores[caller%3].Pseudonym(t.Context(), "acme", fmt.Sprintf("wechat:%d", i))
			}
		})
	}
	wg.Wait()
	for caller := range callers {
		require.Equal(t, got[0], got[caller])
		require.NotContains(t, got[caller], event.Pseudonym(""))
	}
	names, err := store.List(t.Context(), "keys/acme/")
	require.NoError(t, err)
	require.Len(t, names, 2*addresses, "losers of the race left nothing")
}

func TestSeal(t *testing.T) {
	store, master, c := objects.NewMemory(), privacy.NewMasterKey(), new(clock)
	k := open(t, store, master, c)
	p, err := k.Pseudonym(t.Context(), "acme", "wechat:1")
	require.NoError(t, err)
	content := &event.Content{Text: "我的电话是13800138000", Name: "Li"}
	sealed, err := k.SealContent(t.Context(), "acme", string(p), "m1", content)
	require.NoError(t, err)
	got, err := open(t, store, master, c).OpenContent(t.Context(), "acme", sealed)
	require.NoError(t, err)
	require.Equal(t, content.GetText(), got.GetText())

	q, err := k.Pseudonym(t.Context(), "acme", "wechat:2")
	require.NoError(t, err)
	for name, change := range map[string]func(s *event.Sealed){
		"content id": func(s *event.Sealed) { s.ContentId = "m2" },
		"reference":  func(s *event.Sealed) { s.KeyRef = string(q) },
		"nonce":      func(s *event.Sealed) { s.Nonce = bytes.Repeat([]byte{1}, 12) },
		"no nonce":   func(s *event.Sealed) { s.Nonce = nil },
		"text":       func(s *event.Sealed) { s.Ciphertext = append([]byte{s.Ciphertext[0] ^ 1}, s.Ciphertext[1:]...) },
		"cut":        func(s *event.Sealed) { s.Ciphertext = s.Ciphertext[:5] },
	} {
		s := &event.Sealed{KeyRef: sealed.GetKeyRef(), ContentId: sealed.GetContentId(), Nonce: sealed.GetNonce(), Ciphertext: sealed.GetCiphertext()}
		change(s)
		_, err = k.OpenContent(t.Context(), "acme", s)
		require.ErrorIs(t, err, privacy.ErrForged, name)
	}
	_, err = k.OpenContent(t.Context(), "other", sealed)
	require.ErrorIs(t, err, privacy.ErrErased, "another tenant has no such key")
	_, err = open(t, store, privacy.NewMasterKey(), c).OpenContent(t.Context(), "acme", sealed)
	require.ErrorIs(t, err, privacy.ErrMasterKey)
	_, err = k.Seal(t.Context(), "acme", "01234567890123456789abcdef", "m", nil)
	require.Error(t, err, "a pseudonym that was never made gets no key")
	_, err = k.Seal(t.Context(), "acme", string(p), "m", make([]byte, privacy.MaxPlain+1))
	require.ErrorIs(t, err, privacy.ErrInvalid)
	// Names of agents have a key of their own, made when it is first needed.
	named, err := k.Seal(t.Context(), "acme", "agent/7", "name", []byte("Wang"))
	require.NoError(t, err)
	plain, err := open(t, store, master, c).Open(t.Context(), "acme", named)
	require.NoError(t, err)
	require.Equal(t, "Wang", string(plain))
}

func TestErase(t *testing.T) {
	store, master, c := objects.NewMemory(), privacy.NewMasterKey(), new(clock)
	here, there := open(t, store, master, c), open(t, store, master, c)
	p, err := here.Pseudonym(t.Context(), "acme", "wechat:1")
	require.NoError(t, err)
	sealed, err := here.Seal(t.Context(), "acme", string(p), "m1", []byte("secret"))
	require.NoError(t, err)
	_, err = there.Open(t.Context(), "acme", sealed)
	require.NoError(t, err)
	_, err = there.Pseudonym(t.Context(), "acme", "wechat:1")
	require.NoError(t, err)

	require.NoError(t, here.Erase(t.Context(), "acme", string(p)))
	require.NoError(t, here.Erase(t.Context(), "acme", string(p)), "again is fine")
	_, err = here.Open(t.Context(), "acme", sealed)
	require.ErrorIs(t, err, privacy.ErrErased)
	_, err = there.Open(t.Context(), "acme", sealed)
	require.NoError(t, err, "another process may remember for a while")
	c.advance(privacy.EraseAge)
	_, err = there.Open(t.Context(), "acme", sealed)
	require.ErrorIs(t, err, privacy.ErrErased)
	names, err := store.List(t.Context(), "keys/")
	require.NoError(t, err)
	require.Empty(t, names)

	next, err := there.Pseudonym(t.Context(), "acme", "wechat:1")
	require.NoError(t, err)
	require.NotEqual(t, p, next, "who comes back is somebody new")
	same, err := here.Pseudonym(t.Context(), "acme", "wechat:1")
	require.NoError(t, err)
	require.Equal(t, next, same)
}

// failing fails deletes of some names, and lets a test run code inside a Get.
type failing struct {
	objects.Store
	deletes func(name string) error
	gets    func(name string)
}

func (f *failing) Delete(ctx context.Context, name string) error {
	if err := f.deletes(name); err != nil {
		return err
	}
	return f.Store.Delete(ctx, name)
}

func (f *failing) Get(ctx context.Context, name string) ([]byte, error) {
	data, err := f.Store.Get(ctx, name)
	f.gets(name)
	return data, err
}

func TestEraseCutOff(t *testing.T) {
	broken := errors.New("broken")
	for _, part := range []string{"/address/", "/key/"} {
		failed := false
		store := &failing{Store: objects.NewMemory(), gets: func(string) {}, deletes: func(name string) error {
			if strings.Contains(name, part) && !failed {
				failed = true
				return broken
			}
			return nil
		}}
		master, c := privacy.NewMasterKey(), new(clock)
		k := open(t, store, master, c)
		p, err := k.Pseudonym(t.Context(), "acme", "wechat:1")
		require.NoError(t, err)
		require.ErrorIs(t, k.Erase(t.Context(), "acme", string(p)), broken)
		require.NoError(t, k.Erase(t.Context(), "acme", string(p)))
		next, err := k.Pseudonym(t.Context(), "acme", "wechat:1")
		require.NoError(t, err)
		require.NotEqual(t, p, next)
		names, err := store.List(t.Context(), "keys/")
		require.NoError(t, err)
		require.Len(t, names, 2)
	}
}

// TestEraseDuringLoad: a key read before an erasure and remembered after it must not come back.
func TestEraseDuringLoad(t *testing.T) {
	store := &failing{Store: objects.NewMemory(), deletes: func(string) error { return nil }, gets: func(string) {}}
	master, c := privacy.NewMasterKey(), new(clock)
	p, err := open(t, store, master, c).Pseudonym(t.Context(), "acme", "wechat:1")
	require.NoError(t, err)
	sealed, err := open(t, store, master, c).Seal(t.Context(), "acme", string(p), "m", nil)
	require.NoError(t, err)
	k := open(t, store, master, c)
	inside := false
	store.gets = func(string) {
		if !inside {
			inside = true
			require.NoError(t, k.Erase(t.Context(), "acme", string(p)))
		}
	}
	_, _ = k.Open(t.Context(), "acme", sealed) // began before the erasure: either answer is right
	_, err = k.Open(t.Context(), "acme", sealed)
	require.ErrorIs(t, err, privacy.ErrErased)
}

func TestPseudonymWhoseKeyIsLost(t *testing.T) {
	store, master, c := objects.NewMemory(), privacy.NewMasterKey(), new(clock)
	p, err := open(t, store, master, c).Pseudonym(t.Context(), "acme", "wechat:1")
	require.NoError(t, err)
	names, err := store.List(t.Context(), "keys/acme/key/")
	require.NoError(t, err)
	require.NoError(t, store.Delete(t.Context(), names[0]))
	next, err := open(t, store, master, c).Pseudonym(t.Context(), "acme", "wechat:1")
	require.NoError(t, err)
	require.NotEqual(t, p, next)
}

func TestMasterKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secrets", "master.key")
	var ids sync.Map
	var made atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			key, created, err := privacy.LoadOrCreateMasterKey(path)
			if err == nil {
				ids.Store(key.ID(), key)
			}
			if created {
				made.Add(1)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, made.Load())
	n := 0
	ids.Range(func(_, key any) bool {
		n++
		require.Equal(t, "*** ***", fmt.Sprintf("%v %#v", key, key))
		return true
	})
	require.Equal(t, 1, n, "all read the same key")
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.NoError(t, os.Chmod(path, 0o644))
	_, _, err = privacy.LoadOrCreateMasterKey(path)
	require.ErrorContains(t, err, "chmod 600")
	for _, text := range []string{"", "tributary master key 1\n", "tributary master key 1\nAAAA\n", "other", strings.Repeat("x", 5000)} {
		bad := filepath.Join(t.TempDir(), "k")
		require.NoError(t, os.WriteFile(bad, []byte(text), 0o600))
		_, _, err = privacy.LoadOrCreateMasterKey(bad)
		require.Error(t, err)
	}
}

// TestCacheMemory holds what is remembered of a conversation to 200 bytes, key and pseudonym together, and a little air.
func TestCacheMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("fills a cache")
	}
	const n = 20_000
	c := new(clock)
	lost, err := privacy.NewKeyStore(discard{}, privacy.NewMasterKey(), n, c.now)
	require.NoError(t, err)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range 3 * n {
		_, err := lost.Pseudonym(t.Context(), "acme", fmt.Sprintf("wechat:%d", i))
		require.NoError(t, err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	t.Logf("%d bytes a conversation", int64(after.HeapAlloc-before.HeapAlloc)/n)
	require.Less(t, int64(after.HeapAlloc-before.HeapAlloc)/n, int64(260))
	runtime.KeepAlive(lost)
}

// discard is a store that is always empty and takes everything.
type discard struct{ objects.Store }

func (discard) Get(context.Context, string) ([]byte, error) { return nil, objects.ErrNotFound }
func (discard) PutIfAbsent(context.Context, string, []byte) (bool, error) {
	return true, nil
}

func BenchmarkPseudonym(b *testing.B) {
	d, err := objects.OpenDir(b.TempDir(), objects.PowerCut)
	require.NoError(b, err)
	defer func() { require.NoError(b, d.Close()) }()
	k := open(b, d, privacy.NewMasterKey(), new(clock))
	b.Run("first seen, 256 callers", func(b *testing.B) {
		var next atomic.Int64
		var wg sync.WaitGroup
		for range 256 {
			wg.Go(func() {
				for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
					_, _ = k.Pseudonym(b.Context(), "acme", fmt.Sprintf("x%d:%d", b.N, i))
				}
			})
		}
		wg.Wait()
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "addresses/s")
	})
	b.Run("known", func(b *testing.B) {
		for b.Loop() {
			_, _ = k.Pseudonym(b.Context(), "acme", "wechat:1")
		}
	})
	p, err := k.Pseudonym(b.Context(), "acme", "wechat:1")
	require.NoError(b, err)
	b.Run("seal 200 bytes", func(b *testing.B) {
		for b.Loop() {
			_, _ = k.Seal(b.Context(), "acme", string(p), "m", make([]byte, 200))
		}
	})
}
