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
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	masterBytes  = 32
	masterHeader = "tributary master key 1\n"
	// A key that took over from another has the second header and, after its secret, a line for each derived key that it
	// took over: "keep BASE64 PURPOSE".
	masterHeader2 = "tributary master key 2\n"
	maxKeyFile    = 4096
)

// MasterKey is the secret that everything else is derived from: lose it and every seal and account is lost, leak it
// together with the key objects and all are open. It prints as ***.
type MasterKey struct {
	secret [masterBytes]byte
	// kept are derived keys of the master key before, by purpose.
	kept map[string][]byte
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
	if key, ok := k.kept[purpose]; ok {
		return bytes.Clone(key)
	}
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
	if err = checkRotation(path); err != nil {
		return nil, false, err
	}
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
	key, err := parseMasterKey(text)
	if err != nil {
		return nil, fmt.Errorf("the master key file %q %w: restore it from its backup", path, err)
	}
	return key, nil
}

func parseMasterKey(text []byte) (*MasterKey, error) {
	encoded, first := bytes.CutPrefix(text, []byte(masterHeader))
	if !first {
		var second bool
		if encoded, second = bytes.CutPrefix(text, []byte(masterHeader2)); !second {
			return nil, fmt.Errorf("does not begin with %q", masterHeader[:len(masterHeader)-1])
		}
	}
	lines := strings.Split(strings.TrimSpace(string(encoded)), "\n")
	secret, err := base64.StdEncoding.DecodeString(lines[0])
	if err != nil || len(secret) != masterBytes || first && len(lines) > 1 {
		return nil, fmt.Errorf("is damaged: want %d bytes as base64 on its second line", masterBytes)
	}
	key := &MasterKey{secret: [masterBytes]byte(secret), kept: map[string][]byte{}}
	for i, line := range lines[1:] {
		word, rest, _ := strings.Cut(line, " ")
		encoded, purpose, _ := strings.Cut(rest, " ")
		kept, err := base64.StdEncoding.DecodeString(encoded)
		if word != "keep" || purpose == "" || err != nil || len(kept) != masterBytes {
			return nil, fmt.Errorf("is damaged in line %d", i+3)
		}
		key.kept[purpose] = kept
	}
	return key, nil
}

func (k *MasterKey) text() string {
	secret := base64.StdEncoding.EncodeToString(k.secret[:]) + "\n"
	if len(k.kept) == 0 {
		return masterHeader + secret
	}
	var b strings.Builder
	b.WriteString(masterHeader2 + secret)
	for _, purpose := range slices.Sorted(maps.Keys(k.kept)) {
		b.WriteString("keep " + base64.StdEncoding.EncodeToString(k.kept[purpose]) + " " + purpose + "\n")
	}
	return b.String()
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
	_, err = f.WriteString(key.text())
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Link(f.Name(), path)
	}
	if err = errors.Join(err, os.Remove(f.Name())); err != nil {
		return err
	}
	return syncFolder(folder)
}

func syncFolder(folder string) error {
	d, err := os.Open(folder) //nolint:gosec // the operator's choice
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
