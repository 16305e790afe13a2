package privacy

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	"github.com/tributary-cc/tributary/stream/objects"
)

// erasuresName is an object that every erasure replaces: one small read tells a process that some key is gone.
const erasuresName = "erasures/last"

// erasures is what a process knows of those that others made.
type erasures struct {
	mu      sync.Mutex
	checked time.Time
	last    []byte
}

// tell has other processes forget what they remember of keys.
func (k *KeyStore) tell(ctx context.Context) error {
	var mark [16]byte
	_, _ = rand.Read(mark[:]) // never fails
	return k.objects.Put(ctx, erasuresName, mark[:])
}

// heed looks once in EraseAge whether a key was erased, and then forgets all that is remembered: erasures are rare. Where
// the store does not answer, entries still end with CacheAge.
func (k *KeyStore) heed(ctx context.Context) {
	now := k.now()
	k.erasures.mu.Lock()
	age := now.Sub(k.erasures.checked)
	first := k.erasures.checked.IsZero()
	if !first && age >= 0 && age < EraseAge {
		k.erasures.mu.Unlock()
		return
	}
	k.erasures.checked = now
	last := k.erasures.last
	k.erasures.mu.Unlock()

	mark, err := k.objects.Get(ctx, erasuresName)
	if err != nil && !errors.Is(err, objects.ErrNotFound) || err == nil && bytes.Equal(mark, last) {
		return
	}
	if err != nil && last == nil {
		return
	}
	k.erasures.mu.Lock()
	k.erasures.last = mark
	k.erasures.mu.Unlock()
	k.refs.clear()
	k.keys.clear()
}
