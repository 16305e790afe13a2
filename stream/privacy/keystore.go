package privacy

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/objects"
)

const (
	// CacheAge is how long a process remembers a key at most.
	CacheAge = 10 * time.Minute
	// EraseAge is how long a process may still use a key that another process has erased, while the object store answers; if
	// it does not, CacheAge is. What is sealed with the key in that time is lost as the rest.
	EraseAge = time.Second
)

// The kinds of failure of a KeyStore, beside those of its store.
var (
	// ErrErased says that the key is gone, and with it for ever what was sealed; or that it never was.
	ErrErased = errors.New("the key is erased")
	// ErrForged says that a seal or a key object is not what was written: damaged, moved or made by somebody else.
	ErrForged = errors.New("the seal does not fit")
	// ErrMasterKey says that a key object was wrapped by another master key than this process has.
	ErrMasterKey = errors.New("wrapped by another master key")
	// ErrInvalid says that an argument is not what it should be; the caller's fault.
	ErrInvalid = errors.New("not valid")
)

const (
	keyBytes     = 32
	nonceBytes   = 12
	tagBytes     = 16
	pseudonymLen = 26
	maxRef       = 72
	maxTenant    = 64
	keyVersion   = 1
	// keyObjectBytes: version, master key id, lookup hash, nonce, wrapped key.
	keyObjectBytes = 1 + 8 + sha256.Size + nonceBytes + keyBytes + tagBytes
	maxRaces       = 8
)

var crockford = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// KeyStore keeps a data key per address, and per other reference such as "agent/7", in an object store, each wrapped by
// the master key. It may be used by many goroutines, and by many processes over one object store.
//
// Objects: keys/TENANT/address/HH/HASH holds the pseudonym of the address with that keyed hash, and
// keys/TENANT/key/RR/REF the wrapped key and that hash, so that both can be erased by the pseudonym.
type KeyStore struct {
	objects  objects.Store
	masterID [8]byte
	wrap     cipher.AEAD
	lookup   []byte
	refs     *cache[[16]byte]
	keys     *cache[[keyBytes]byte]
	now      func() time.Time
	erasures erasures
}

// NewKeyStore opens the key store in an object store. It remembers up to cached addresses and as many keys, together
// about 200 bytes each.
func NewKeyStore(store objects.Store, master *MasterKey, cached int, now func() time.Time) (*KeyStore, error) {
	wrap, err := newAEAD(master.Derive("wrap data keys"))
	if err != nil {
		return nil, fmt.Errorf("derive the wrapping key: %w", err)
	}
	k := &KeyStore{
		objects: store, wrap: wrap, lookup: master.Derive(purposeLookup), now: now,
		refs: newCache[[16]byte](cached, CacheAge, now), keys: newCache[[keyBytes]byte](cached, CacheAge, now),
	}
	_, err = hex.Decode(k.masterID[:], []byte(master.ID()))
	return k, err
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// Pseudonym answers the pseudonym of an address within a tenant: random, made with its key the first time the address is
// seen, the same from then on in every process until it is erased. When it returns both are durable.
func (k *KeyStore) Pseudonym(ctx context.Context, tenant, address string) (event.Pseudonym, error) {
	if err := checkTenant(tenant); err != nil {
		return "", err
	}
	address, err := NormalizeAddress(address)
	if err != nil {
		return "", err
	}
	k.heed(ctx)
	hash := k.hash(tenant, address)
	id := cacheKey(hash[:16])
	for range maxRaces {
		raw, err := k.refs.get(ctx, id, func(ctx context.Context) ([16]byte, error) { return k.resolve(ctx, tenant, hash) })
		if err != nil {
			return "", fmt.Errorf("pseudonym of an address: %w", err)
		}
		ref := crockford.EncodeToString(raw[:])
		_, err = k.key(ctx, tenant, ref)
		if err == nil {
			return event.Pseudonym(ref), nil
		}
		if !errors.Is(err, ErrErased) {
			return "", fmt.Errorf("pseudonym of an address: %w", err)
		}
		k.refs.drop(id) // erased by another process since it was remembered
	}
	return "", errors.New("pseudonym of an address: it is being erased over and over; try again")
}

// Lookup answers the pseudonym that an address has, and makes nothing: ErrErased says that it has none.
func (k *KeyStore) Lookup(ctx context.Context, tenant, address string) (event.Pseudonym, error) {
	if err := checkTenant(tenant); err != nil {
		return "", err
	}
	address, err := NormalizeAddress(address)
	if err != nil {
		return "", err
	}
	k.heed(ctx)
	hash := k.hash(tenant, address)
	// A load is shared with Pseudonym, for which an address without a pseudonym is no failure: hence none is begun here.
	raw, ok := k.refs.peek(cacheKey(hash[:16]))
	if !ok {
		var ref []byte
		if ref, err = k.objects.Get(ctx, addressName(tenant, hash)); errors.Is(err, objects.ErrNotFound) {
			err = ErrErased
		}
		if err == nil {
			raw, err = parsePseudonym(string(ref))
		}
		if err != nil {
			return "", fmt.Errorf("look up an address: %w", err)
		}
	}
	ref := crockford.EncodeToString(raw[:])
	if _, err = k.key(ctx, tenant, ref); err != nil {
		return "", fmt.Errorf("look up an address: %w", err)
	}
	return event.Pseudonym(ref), nil
}

// resolve reads the pseudonym of an address, or makes it and its key. The key is durable before the address leads to it.
func (k *KeyStore) resolve(ctx context.Context, tenant string, hash [sha256.Size]byte) ([16]byte, error) {
	name := addressName(tenant, hash)
	for range maxRaces {
		old, err := k.objects.Get(ctx, name)
		if err != nil && !errors.Is(err, objects.ErrNotFound) {
			return [16]byte{}, err
		}
		absent := err != nil
		if !absent {
			raw, bad := parsePseudonym(string(old))
			if bad != nil {
				return raw, bad
			}
			if _, err = k.key(ctx, tenant, string(old)); !errors.Is(err, ErrErased) {
				return raw, err
			}
			// An erasure is under way or was cut off: the address leads to a key that is gone.
		}
		raw, won, err := k.create(ctx, tenant, hash, absent, old)
		if err != nil || won {
			return raw, err
		}
	}
	return [16]byte{}, errors.New("others keep changing it; try again")
}

// create makes a key and claims the address for it. Whoever loses the claim removes its key again.
func (k *KeyStore) create(ctx context.Context, tenant string, hash [sha256.Size]byte, absent bool, old []byte) ([16]byte, bool, error) {
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // never fails
	ref := crockford.EncodeToString(raw[:])
	if _, err := k.key(ctx, tenant, ref, hash); err != nil {
		return raw, false, err
	}
	var won bool
	var err error
	if absent {
		won, err = k.objects.PutIfAbsent(ctx, addressName(tenant, hash), []byte(ref))
	} else {
		won, err = k.objects.PutIfMatch(ctx, addressName(tenant, hash), []byte(ref), old)
	}
	if err != nil || won {
		return raw, won, err
	}
	k.keys.drop(keyID(tenant, ref))
	return raw, false, k.objects.Delete(ctx, keyName(tenant, ref))
}

// key answers a data key. With a hash, or for a reference that is no pseudonym, it is made if it is not there.
func (k *KeyStore) key(ctx context.Context, tenant, ref string, hash ...[sha256.Size]byte) ([keyBytes]byte, error) {
	k.heed(ctx)
	return k.keys.get(ctx, keyID(tenant, ref), func(ctx context.Context) ([keyBytes]byte, error) {
		var owner [sha256.Size]byte
		if len(hash) > 0 {
			owner = hash[0]
		} else {
			key, _, err := k.readKey(ctx, tenant, ref)
			if !errors.Is(err, ErrErased) || isPseudonym(ref) {
				return key, err
			}
		}
		var key [keyBytes]byte
		_, _ = rand.Read(key[:]) // never fails
		created, err := k.objects.PutIfAbsent(ctx, keyName(tenant, ref), k.wrapKey(tenant, ref, owner, key))
		if err != nil || created {
			return key, err
		}
		key, _, err = k.readKey(ctx, tenant, ref)
		return key, err
	})
}

func (k *KeyStore) readKey(ctx context.Context, tenant, ref string) (key [keyBytes]byte, owner [sha256.Size]byte, err error) {
	data, err := k.objects.Get(ctx, keyName(tenant, ref))
	if errors.Is(err, objects.ErrNotFound) {
		return key, owner, ErrErased
	}
	if err != nil {
		return key, owner, err
	}
	return k.unwrap(tenant, ref, data)
}

func (k *KeyStore) unwrap(tenant, ref string, data []byte) (key [keyBytes]byte, owner [sha256.Size]byte, err error) {
	if len(data) != keyObjectBytes || data[0] != keyVersion {
		return key, owner, fmt.Errorf("key object of %q: %w", ref, ErrForged)
	}
	if !bytes.Equal(data[1:9], k.masterID[:]) {
		return key, owner, fmt.Errorf("key object of %q: %w: it needs %x, this is %x", ref, ErrMasterKey, data[1:9], k.masterID)
	}
	owner = [sha256.Size]byte(data[9:])
	nonce, wrapped := data[9+len(owner):][:nonceBytes], data[9+len(owner)+nonceBytes:]
	plain, err := k.wrap.Open(nil, nonce, wrapped, bind("key", tenant, ref, string(owner[:])))
	if err != nil {
		return key, owner, fmt.Errorf("key object of %q: %w", ref, ErrForged)
	}
	return [keyBytes]byte(plain), owner, nil
}

// wrapKey: random nonces under the one wrapping key are safe for 2^32 keys (NIST SP 800-38D, 8.3).
func (k *KeyStore) wrapKey(tenant, ref string, owner [sha256.Size]byte, key [keyBytes]byte) []byte {
	data := make([]byte, 0, keyObjectBytes)
	data = append(data, keyVersion)
	data = append(data, k.masterID[:]...)
	data = append(data, owner[:]...)
	var nonce [nonceBytes]byte
	_, _ = rand.Read(nonce[:]) // never fails
	data = append(data, nonce[:]...)
	return k.wrap.Seal(data, nonce[:], key[:], bind("key", tenant, ref, string(owner[:])))
}

// Erase deletes the key of a reference, and the way from the address to it: what was sealed with it can never be opened
// again, and the address gets a new pseudonym when it is next seen. It can be repeated until it succeeds. Other
// processes forget the key within EraseAge.
func (k *KeyStore) Erase(ctx context.Context, tenant, ref string) error {
	if err := errors.Join(checkTenant(tenant), CheckRef(ref)); err != nil {
		return err
	}
	_, owner, err := k.readKey(ctx, tenant, ref)
	// A damaged key object, or one of another master key, is deleted all the same; its owner is bound to the key, so
	// only a sound one is believed.
	if err == nil && owner != [sha256.Size]byte{} {
		err = k.forgetAddress(ctx, tenant, ref, owner)
	} else if errors.Is(err, ErrErased) || errors.Is(err, ErrForged) || errors.Is(err, ErrMasterKey) {
		err = nil
	}
	if err == nil {
		err = k.objects.Delete(ctx, keyName(tenant, ref))
	}
	k.keys.drop(keyID(tenant, ref))
	k.refs.drop(cacheKey(owner[:16]))
	if err == nil {
		err = k.tell(ctx)
	}
	if err != nil {
		return fmt.Errorf("erase the key of %q, not done, repeat it: %w", ref, err)
	}
	return nil
}

// forgetAddress goes before the key: cut off in between, the erasure can be repeated by the pseudonym.
func (k *KeyStore) forgetAddress(ctx context.Context, tenant, ref string, owner [sha256.Size]byte) error {
	name := addressName(tenant, owner)
	is, err := k.objects.Get(ctx, name)
	if errors.Is(err, objects.ErrNotFound) || err == nil && string(is) != ref {
		return nil
	}
	if err != nil {
		return err
	}
	return k.objects.Delete(ctx, name)
}

func (k *KeyStore) hash(tenant, address string) [sha256.Size]byte {
	h := hmac.New(sha256.New, k.lookup)
	h.Write(bind("address", tenant, address))
	return [sha256.Size]byte(h.Sum(nil))
}

func keyID(tenant, ref string) cacheKey {
	sum := sha256.Sum256(bind(tenant, ref))
	return cacheKey(sum[:16])
}

// bind joins strings so that different lists never join to the same bytes.
func bind(parts ...string) []byte {
	n := 0
	for _, p := range parts {
		n += len(p) + 4
	}
	b := make([]byte, 0, n)
	for _, p := range parts {
		b = binary.BigEndian.AppendUint32(b, uint32(len(p))) //nolint:gosec // parts are bounded
		b = append(b, p...)
	}
	return b
}

func addressName(tenant string, hash [sha256.Size]byte) string {
	text := hex.EncodeToString(hash[:])
	return "keys/" + objects.Segment(tenant) + "/address/" + text[:2] + "/" + text
}

func keyName(tenant, ref string) string {
	shard := "named"
	if isPseudonym(ref) {
		shard = ref[:2]
	}
	return "keys/" + objects.Segment(tenant) + "/key/" + shard + "/" + objects.Segment(ref)
}

func isPseudonym(ref string) bool {
	_, err := parsePseudonym(ref)
	return err == nil
}

func parsePseudonym(text string) (raw [16]byte, err error) {
	if len(text) != pseudonymLen {
		return raw, fmt.Errorf("%w: a pseudonym has %d characters, not %d", ErrInvalid, pseudonymLen, len(text))
	}
	b, err := crockford.DecodeString(text)
	if err != nil || crockford.EncodeToString(b) != text {
		return raw, fmt.Errorf("%w: not a pseudonym", ErrInvalid)
	}
	return [16]byte(b), nil
}

func checkTenant(tenant string) error {
	if tenant == "" || len(tenant) > maxTenant {
		return fmt.Errorf("%w: a tenant's id has 1 to %d bytes, not %d", ErrInvalid, maxTenant, len(tenant))
	}
	return nil
}

// CheckRef says what is wrong with a reference of a key: a reference is a pseudonym, or KIND/ID for what has a key without an address.
func CheckRef(ref string) error {
	kind, id, named := strings.Cut(ref, "/")
	if len(ref) > maxRef || !isPseudonym(ref) && (!named || kind == "" || id == "") {
		return fmt.Errorf("%w: a key reference is a pseudonym or KIND/ID of at most %d bytes", ErrInvalid, maxRef)
	}
	return nil
}
