package chaos

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/klauspost/compress/zstd"
)

// Scanner finds secrets in bytes: in UTF-8, UTF-16 of both orders, base64 of any alignment and alphabet, and hexadecimal;
// in files also inside frames of zstd. It does not see through other compression or encryption: what ClickHouse packs is
// asked from ClickHouse. One goroutine may use it.
type Scanner struct {
	secrets []Secret
	index   map[uint64][]needle
	// filter rejects nearly all places with one look.
	filter []uint64
	// longest is the length of the longest needle.
	longest int
	// free is a buffer for the next reader.
	free []byte
}

type needle struct {
	bytes  []byte
	secret int
	form   string
}

// Find is a secret that was found.
type Find struct {
	Secret int
	Form   string
	Where  string
	Offset int64
}

const (
	// head is the length of what the index is made of; no needle is shorter.
	head       = 8
	filterBits = 22
)

// NewScanner makes a scanner for secrets, each form of which has at least 8 bytes in every encoding.
func NewScanner(secrets []Secret) (*Scanner, error) {
	s := &Scanner{secrets: secrets, index: map[uint64][]needle{}, filter: make([]uint64, 1<<filterBits/64)}
	for i, secret := range secrets {
		for _, form := range secret.Forms {
			for kind, b := range encodings(form) {
				if len(b) < head {
					return nil, fmt.Errorf("a %s is too short to be searched for as %s", secret.Kind, kind)
				}
				k := binary.LittleEndian.Uint64(b)
				s.index[k] = append(s.index[k], needle{b, i, kind})
				h := slot(k)
				s.filter[h/64] |= 1 << (h % 64)
				s.longest = max(s.longest, len(b))
			}
		}
	}
	return s, nil
}

func slot(k uint64) uint64 { return k * 0x9e3779b97f4a7c15 >> (64 - filterBits) }

// encodings are the ways in which bytes may hold a text.
func encodings(text string) map[string][]byte {
	out := map[string][]byte{"UTF-8": []byte(text)}
	var le, be []byte
	for _, u := range utf16.Encode([]rune(text)) {
		le, be = binary.LittleEndian.AppendUint16(le, u), binary.BigEndian.AppendUint16(be, u)
	}
	out["UTF-16LE"], out["UTF-16BE"] = le, be
	for shift := range 3 {
		// What stands before and behind decides the first and last characters: they are left out.
		all := append(make([]byte, shift), text...)
		from, to := (shift*8+5)/6, len(all)*8/6
		out[fmt.Sprintf("base64 at %d", shift)] = []byte(base64.RawStdEncoding.EncodeToString(all)[from:to])
		out[fmt.Sprintf("base64url at %d", shift)] = []byte(base64.RawURLEncoding.EncodeToString(all)[from:to])
	}
	out["hexadecimal"] = []byte(hex.EncodeToString([]byte(text)))
	out["HEXADECIMAL"] = bytes.ToUpper(out["hexadecimal"])
	return out
}

// Bytes finds all secrets in b.
func (s *Scanner) Bytes(b []byte, where string, offset int64, found func(Find)) {
	if len(b) < head {
		return
	}
	k := binary.LittleEndian.Uint64(b)
	for i := 0; ; i++ {
		if h := slot(k); s.filter[h/64]&(1<<(h%64)) != 0 {
			for _, n := range s.index[k] {
				if bytes.HasPrefix(b[i:], n.bytes) {
					found(Find{n.secret, n.form, where, offset + int64(i)})
				}
			}
		}
		if i+head >= len(b) {
			return
		}
		k = k>>8 | uint64(b[i+head])<<56
	}
}

// chunk is how much of a file is looked at in one step; unpacked what a frame of zstd may unpack to.
const (
	chunk    = 8 << 20
	unpacked = 256 << 20
)

// Reader finds all secrets in what r gives.
func (s *Scanner) Reader(r io.Reader, where string, found func(Find)) (int64, error) {
	buf := s.free
	if s.free = nil; buf == nil {
		buf = make([]byte, 0, chunk+s.longest)
	}
	defer func() { s.free = buf[:0] }()
	var read int64
	for {
		kept := len(buf)
		n, err := io.ReadFull(r, buf[kept:cap(buf)])
		buf = buf[:kept+n]
		s.Bytes(buf, where, read-int64(kept), found)
		read += int64(n)
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return read, nil
		}
		if err != nil {
			return read, err
		}
		tail := min(len(buf), s.longest-1)
		copy(buf, buf[len(buf)-tail:])
		buf = buf[:tail]
	}
}

var zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}

// Folder finds all secrets in the files below dir, their names included, each find once.
func (s *Scanner) Folder(dir string) (finds []Find, files int, size int64, err error) {
	seen := map[Find]bool{}
	found := func(f Find) {
		if !seen[f] {
			seen[f] = true
			finds = append(finds, f)
		}
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		s.Bytes([]byte(name), "the name "+name, 0, found)
		if !d.Type().IsRegular() {
			return nil
		}
		n, err := s.file(path, name, found)
		files++
		size += n
		return err
	})
	return finds, files, size, err
}

func (s *Scanner) file(path, name string, found func(Find)) (int64, error) {
	f, err := os.Open(path) //nolint:gosec // in the run's own folder
	if err != nil {
		return 0, err
	}
	defer f.Close() //nolint:errcheck // only read
	n, err := s.Reader(f, name, found)
	if err != nil || strings.HasPrefix(name, "clickhouse") {
		return n, err
	}
	all, err := os.ReadFile(path) //nolint:gosec // as above
	if err != nil {
		return n, err
	}
	for at := 0; ; at += len(zstdMagic) {
		i := bytes.Index(all[at:], zstdMagic)
		if i < 0 {
			return n, nil
		}
		at += i
		d, err := zstd.NewReader(bytes.NewReader(all[at:]), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(unpacked))
		if err != nil {
			return n, err
		}
		// A frame may be torn, or the magic may be chance: what unpacks is looked at.
		_, _ = s.Reader(io.LimitReader(d, unpacked), fmt.Sprintf("%s, unpacked at %d", name, at), found)
		d.Close()
	}
}

// text gives finds for a report, without the secrets themselves.
func (s *Scanner) text(finds []Find) []string {
	var out []string
	for _, f := range finds {
		out = append(out, fmt.Sprintf("secret %d (%s) as %s in %s at %d", f.Secret, s.secrets[f.Secret].Kind, f.Form, f.Where, f.Offset))
	}
	slices.Sort(out)
	return out
}
