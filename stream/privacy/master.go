package privacy

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	masterBytes  = 32
	masterHeader = "tributary master key 1\n"
	maxKeyFile   = 4096
)

// MasterKey is the secret that everything else is derived from: lose it and every seal and account is lost, leak it
// together with the key objects and all are open. It prints as ***.
type MasterKey struct {
	secret [masterBytes]byte
}

// NewMasterKey makes a random key that is written nowhere; for tests and throw-away installations.
func NewMasterKey() *MasterKey {
	k := new(MasterKey)
	_, _ = rand.Read(k.secret[:]) // never fails: see crypto/rand
	return k
}

// ID names the key without telling anything of it, so that data says which key it needs.
func (k *MasterKey) ID() string { return hex.EncodeToString(k.Derive("key id")[:8]) }

// Derive makes the 32-byte key of a purpose by HKDF-SHA256 (RFC 5869). Keys of different purposes say nothing of each
// other, so a purpose is used for one thing only.
func (k *MasterKey) Derive(purpose string) []byte {
	key, err := hkdf.Key(sha256.New, k.secret[:], nil, "tributary/"+purpose, 32)
	if err != nil {
		// Only a length beyond 255 hashes fails. A key nobody has is the safe answer to the impossible.
		key = make([]byte, 32)
		_, _ = rand.Read(key)
	}
	return key
}

// String keeps the secret out of logs.
func (k *MasterKey) String() string { return "***" }

// GoString keeps the secret out of dumps.
func (k *MasterKey) GoString() string { return "***" }

// LoadOrCreateMasterKey reads the master key file, or makes it (mode 0600, durable) if it does not exist. Of several
// processes that start at once one makes it and all read the same. A file that others may read is refused.
func LoadOrCreateMasterKey(path string) (key *MasterKey, created bool, err error) {
	key, err = loadMasterKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, false, err
	}
	err = createMasterKey(path, NewMasterKey())
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, false, fmt.Errorf("make the master key file %q: %w", path, err)
	}
	created = err == nil
	key, err = loadMasterKey(path)
	return key, created, err
}

func loadMasterKey(path string) (*MasterKey, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read the master key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("the master key file %q may be read by others (mode %04o): chmod 600 it", path, info.Mode().Perm())
	}
	if info.Size() > maxKeyFile {
		return nil, fmt.Errorf("the master key file %q has %d bytes: this is another file", path, info.Size())
	}
	text, err := os.ReadFile(path) //nolint:gosec // the operator's choice
	if err != nil {
		return nil, fmt.Errorf("read the master key: %w", err)
	}
	encoded, ok := bytes.CutPrefix(text, []byte(masterHeader))
	if !ok {
		return nil, fmt.Errorf("the master key file %q does not begin with %q: restore it from its backup", path, masterHeader[:len(masterHeader)-1])
	}
	secret, err := base64.StdEncoding.AppendDecode(nil, bytes.TrimSpace(encoded))
	if err != nil || len(secret) != masterBytes {
		return nil, fmt.Errorf("the master key file %q is damaged: want %d bytes as base64 on its second line", path, masterBytes)
	}
	return &MasterKey{secret: [masterBytes]byte(secret)}, nil
}

// createMasterKey links a whole, durable file into place, so that no other process reads a part of it.
func createMasterKey(path string, key *MasterKey) error {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(folder, ".master-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.WriteString(masterHeader + base64.StdEncoding.EncodeToString(key.secret[:]) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Link(f.Name(), path)
	}
	if err = errors.Join(err, os.Remove(f.Name())); err != nil {
		return err
	}
	d, err := os.Open(folder) //nolint:gosec // as above
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
