package privacy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/tributary-cc/tributary/stream/objects"
)

// MasterObject holds the id of the master key that the store's data is sealed with.
const MasterObject = "master-key"

// The kinds of failure of OpenMasterKey, beside ErrMasterKey and ErrRotating.
var (
	// ErrNoMasterKey says that there is neither a master key nor data that needs one: nothing was ever installed.
	ErrNoMasterKey = errors.New("there is no master key, and no data")
	// ErrMasterKeyLost says that there is data, and no master key to read it with.
	ErrMasterKeyLost = errors.New("the master key is not there")
)

// OpenMasterKey reads the master key at path and proves it to be the one that the data in the store is sealed with. Where
// there is neither key nor data it makes one, if create says so; see [LoadOrCreateMasterKey].
func OpenMasterKey(ctx context.Context, path string, store objects.Store, create bool) (key *MasterKey, created bool, err error) {
	if err = checkRotation(path); err != nil {
		return nil, false, err
	}
	key, err = loadMasterKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		key, created, err = noMasterKey(ctx, path, store, create)
	}
	if err != nil {
		return nil, false, err
	}
	id, err := sealedBy(ctx, store)
	if err == nil && id != "" && id != key.ID() {
		err = fmt.Errorf("%w: the data needs %s, %s is %s; put master.key back from its back-up", ErrMasterKey, id, path, key.ID())
	}
	return key, created, err
}

func noMasterKey(ctx context.Context, path string, store objects.Store, create bool) (*MasterKey, bool, error) {
	all, err := store.List(ctx, "")
	if err != nil {
		return nil, false, err
	}
	if len(all) > 0 {
		// A process that starts at this moment makes its key before any data.
		key, err := loadMasterKey(path)
		if !errors.Is(err, fs.ErrNotExist) {
			return key, false, err
		}
		id, err := sealedBy(ctx, store)
		if err == nil {
			err = fmt.Errorf("%w: the data was sealed with a master key (id %q) that is not at %s; put master.key back from its back-up", ErrMasterKeyLost, id, path)
		}
		return nil, false, err
	}
	if !create {
		return nil, false, fmt.Errorf("%w: looked for %s", ErrNoMasterKey, path)
	}
	return LoadOrCreateMasterKey(path)
}

// sealedBy answers the id of the master key that the data is sealed with; empty where nothing tells.
func sealedBy(ctx context.Context, store objects.Store) (string, error) {
	id, err := store.Get(ctx, MasterObject)
	if err == nil || !errors.Is(err, objects.ErrNotFound) {
		return string(id), err
	}
	// Data from before that object was kept: the keys tell.
	names, err := store.List(ctx, "keys/")
	if err != nil {
		return "", err
	}
	for _, name := range names {
		if _, _, ok := parseKeyName(name); !ok {
			continue
		}
		data, err := store.Get(ctx, name)
		if err == nil && len(data) == keyObjectBytes {
			return fmt.Sprintf("%x", data[1:9]), nil
		}
		if err != nil && !errors.Is(err, objects.ErrNotFound) {
			return "", err
		}
	}
	return "", nil
}

// ClaimMasterKey says in the store that its data is sealed with the key, from now on; of several processes that start at
// once with different keys one wins, and the others are refused.
func ClaimMasterKey(ctx context.Context, store objects.Store, key *MasterKey) error {
	if claimed, err := store.PutIfAbsent(ctx, MasterObject, []byte(key.ID())); err != nil || claimed {
		return err
	}
	id, err := store.Get(ctx, MasterObject)
	if err == nil && string(id) != key.ID() {
		err = fmt.Errorf("%w: another process made the master key %s meanwhile", ErrMasterKey, id)
	}
	return err
}

// Sample opens one key of the store's, and answers how many there are.
func (k *KeyStore) Sample(ctx context.Context) (int, error) {
	names, err := k.objects.List(ctx, "keys/")
	if err != nil {
		return 0, err
	}
	n, opened := 0, false
	for _, name := range names {
		tenant, ref, ok := parseKeyName(name)
		if !ok {
			continue
		}
		n++
		if opened {
			continue
		}
		if _, _, err := k.readKey(ctx, tenant, ref); err == nil {
			opened = true
		} else if !errors.Is(err, ErrErased) {
			return n, err
		}
	}
	return n, nil
}
