package privacy

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/tributary-cc/tributary/stream/event"
)

// MaxPlain is the largest content in bytes, so that the sealed event stays below event.MaxSize.
const MaxPlain = 192 << 10

const maxContentID = 128

// Seal encrypts with AES-256-GCM under the key of ref. Tenant, ref and content id are bound into the seal: moved to
// another message, customer or tenant it does not open. The key of a pseudonym must exist, that of a KIND/ID reference
// is made when it is first needed. Nonces are random, which is safe for 2^32 messages of one key.
func (k *KeyStore) Seal(ctx context.Context, tenant, ref, contentID string, plain []byte) (*event.Sealed, error) {
	if err := checkSeal(tenant, ref, contentID, len(plain)); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	key, err := k.key(ctx, tenant, ref)
	if err != nil {
		return nil, fmt.Errorf("seal for %q: %w", ref, err)
	}
	aead, err := newAEAD(key[:])
	if err != nil {
		return nil, fmt.Errorf("seal for %q: %w", ref, err)
	}
	nonce := make([]byte, nonceBytes, nonceBytes+len(plain)+tagBytes)
	_, _ = rand.Read(nonce) // never fails
	text := aead.Seal(nil, nonce, plain, bind("content", tenant, ref, contentID))
	return &event.Sealed{KeyRef: ref, ContentId: contentID, Nonce: nonce, Ciphertext: text}, nil
}

// Open decrypts what Seal made, or answers ErrErased or ErrForged.
func (k *KeyStore) Open(ctx context.Context, tenant string, sealed *event.Sealed) ([]byte, error) {
	ref, contentID := sealed.GetKeyRef(), sealed.GetContentId()
	if err := checkSeal(tenant, ref, contentID, len(sealed.GetCiphertext())-tagBytes); err != nil {
		return nil, fmt.Errorf("open a seal: %w", err)
	}
	if len(sealed.GetNonce()) != nonceBytes || len(sealed.GetCiphertext()) < tagBytes {
		return nil, fmt.Errorf("open a seal of %q: %w", ref, ErrForged)
	}
	// Opening must not make a key: what has none was erased.
	key, err := k.existingKey(ctx, tenant, ref)
	if err != nil {
		return nil, fmt.Errorf("open a seal of %q: %w", ref, err)
	}
	aead, err := newAEAD(key[:])
	if err != nil {
		return nil, fmt.Errorf("open a seal of %q: %w", ref, err)
	}
	plain, err := aead.Open(nil, sealed.GetNonce(), sealed.GetCiphertext(), bind("content", tenant, ref, contentID))
	if err != nil {
		return nil, fmt.Errorf("open a seal of %q: %w", ref, ErrForged)
	}
	return plain, nil
}

// SealContent seals what an event protects.
func (k *KeyStore) SealContent(ctx context.Context, tenant, ref, contentID string, content *event.Content) (*event.Sealed, error) {
	plain, err := event.Marshal(content)
	if err != nil {
		return nil, fmt.Errorf("seal for %q: %w", ref, err)
	}
	return k.Seal(ctx, tenant, ref, contentID, plain)
}

// OpenContent opens what SealContent sealed. Whether the reader may see it, and the entry in the audit, are the caller's.
func (k *KeyStore) OpenContent(ctx context.Context, tenant string, sealed *event.Sealed) (*event.Content, error) {
	plain, err := k.Open(ctx, tenant, sealed)
	if err != nil {
		return nil, err
	}
	content := new(event.Content)
	if err := proto.Unmarshal(plain, content); err != nil {
		return nil, fmt.Errorf("open a seal of %q: %w", sealed.GetKeyRef(), errors.Join(ErrForged, err))
	}
	return content, nil
}

func (k *KeyStore) existingKey(ctx context.Context, tenant, ref string) ([keyBytes]byte, error) {
	k.heed(ctx)
	return k.keys.get(ctx, keyID(tenant, ref), func(ctx context.Context) ([keyBytes]byte, error) {
		key, _, err := k.readKey(ctx, tenant, ref)
		return key, err
	})
}

func checkSeal(tenant, ref, contentID string, size int) error {
	if err := errors.Join(checkTenant(tenant), CheckRef(ref)); err != nil {
		return err
	}
	if contentID == "" || len(contentID) > maxContentID {
		return fmt.Errorf("%w: a content id has 1 to %d bytes, not %d", ErrInvalid, maxContentID, len(contentID))
	}
	if size > MaxPlain {
		return fmt.Errorf("%w: the content has %d bytes, at most %d go into one event", ErrInvalid, size, MaxPlain)
	}
	return nil
}
