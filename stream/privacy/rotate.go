package privacy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/tributary-cc/tributary/stream/objects"
)

// ErrRotating says that a rotation of the master key was begun and is not finished: until it is, some keys are wrapped by
// the old one and some by the new one.
var ErrRotating = errors.New("a rotation of the master key is not finished")

// purposeLookup is the derived key that outlives a rotation: addresses are found by their keyed hash, and what they hash
// from is nowhere to be hashed again.
const purposeLookup = "look up addresses"

// nextFile is where the new master key waits until everything is wrapped by it.
func nextFile(path string) string { return path + ".next" }

// BeginRotation reads the master key and makes the next one beside it, or reads the one that an earlier try made. The
// next key is new but for the derived keys of the purposes named, which it takes over with the one for looking addresses
// up. From then on LoadOrCreateMasterKey answers ErrRotating, until FinishRotation.
func BeginRotation(path string, keep ...string) (old, next *MasterKey, err error) {
	if old, err = loadMasterKey(path); err != nil {
		return nil, nil, err
	}
	next = NewMasterKey()
	next.kept = map[string][]byte{}
	for _, purpose := range append(keep, purposeLookup) {
		next.kept[purpose] = old.Derive(purpose)
	}
	if err = createMasterKey(nextFile(path), next); errors.Is(err, fs.ErrExist) {
		next, err = loadMasterKey(nextFile(path))
	}
	if err != nil {
		return nil, nil, fmt.Errorf("make the next master key: %w", err)
	}
	return old, next, nil
}

// FinishRotation puts the next master key in the place of the old one, which is kept beside it under a name with its id,
// and answers that name.
func FinishRotation(path string) (kept string, err error) {
	old, err := loadMasterKey(path)
	if err != nil {
		return "", err
	}
	kept = path + ".old-" + old.ID()
	if err = os.Link(path, kept); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("keep the old master key: %w", err)
	}
	if err = os.Rename(nextFile(path), path); err != nil {
		return "", fmt.Errorf("put the next master key in place: %w", err)
	}
	return kept, syncFolder(filepath.Dir(path))
}

// checkRotation refuses to open an installation in the middle of a rotation.
func checkRotation(path string) error {
	_, err := os.Stat(nextFile(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = fmt.Errorf("%w: %s is there; finish it with `tributary key rotate`", ErrRotating, nextFile(path))
	}
	return err
}

// Rewrap wraps every data key by the next master key. Keys that are so wrapped already are passed over, so that it can be
// cut off and repeated; what was sealed stays as it is. Nobody else may use the key store meanwhile: whoever changes a
// key under it is noticed. It answers how many it wrapped and how many there are.
func (k *KeyStore) Rewrap(ctx context.Context, next *MasterKey, progress func(done, all int)) (wrapped, all int, err error) {
	to, err := NewKeyStore(k.objects, next, 1, k.now)
	if err != nil {
		return 0, 0, err
	}
	if !bytes.Equal(to.lookup, k.lookup) {
		return 0, 0, fmt.Errorf("%w: the next master key does not take over the key for looking addresses up", ErrInvalid)
	}
	names, err := k.objects.List(ctx, "keys/")
	if err != nil {
		return 0, 0, fmt.Errorf("list the keys: %w", err)
	}
	var mu sync.Mutex
	work, failed := make(chan string), make(chan error, rewrapAtOnce)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	for range rewrapAtOnce {
		wg.Go(func() {
			for name := range work {
				is, done, bad := k.rewrap(ctx, to, name)
				if bad != nil {
					failed <- fmt.Errorf("wrap a key anew, repeat it: %w", bad)
					cancel()
					return
				}
				mu.Lock()
				all, wrapped = all+is, wrapped+done
				progress(all, len(names))
				mu.Unlock()
			}
		})
	}
feed:
	for _, name := range names {
		select {
		case work <- name:
		case <-ctx.Done():
			break feed
		}
	}
	close(work)
	wg.Wait()
	select {
	case err = <-failed:
	default:
		err = ctx.Err()
	}
	if err == nil {
		err = k.objects.Put(ctx, MasterObject, []byte(next.ID()))
	}
	return wrapped, all, err
}

// rewrapAtOnce keys are wrapped at the same time: they wait for the disk together.
const rewrapAtOnce = 64

// rewrap answers 1 for what is a key, and 1 for what it wrapped.
func (k *KeyStore) rewrap(ctx context.Context, to *KeyStore, name string) (is, done int, err error) {
	tenant, ref, ok := parseKeyName(name)
	if !ok {
		return 0, 0, nil
	}
	data, err := k.objects.Get(ctx, name)
	if err != nil {
		return 0, 0, err
	}
	if len(data) == keyObjectBytes && bytes.Equal(data[1:9], to.masterID[:]) {
		// Sound under the next one, or the rotation does not go on.
		_, _, err = to.unwrap(tenant, ref, data)
		return 1, 0, err
	}
	key, owner, err := k.unwrap(tenant, ref, data)
	if err != nil {
		return 0, 0, err
	}
	replaced, err := k.objects.PutIfMatch(ctx, name, to.wrapKey(tenant, ref, owner, key), data)
	if err == nil && !replaced {
		err = fmt.Errorf("the key of %q was changed meanwhile: stop every process first", ref)
	}
	return 1, 1, err
}

// parseKeyName is the way back from keyName.
func parseKeyName(name string) (tenant, ref string, ok bool) {
	parts := strings.Split(name, "/")
	if len(parts) != 5 || parts[0] != "keys" || parts[2] != "key" {
		return "", "", false
	}
	tenant, err := objects.Unsegment(parts[1])
	ref, bad := objects.Unsegment(parts[4])
	return tenant, ref, err == nil && bad == nil && keyName(tenant, ref) == name
}
