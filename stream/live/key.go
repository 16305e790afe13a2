package live

import (
	"encoding/binary"
	"hash/maphash"

	"github.com/tributary-cc/tributary/stream/event"
)

// Key stands for an id in 16 bytes without a pointer: maps and slabs of keys cost the garbage collector nothing. 0 is none.
type Key [16]byte

// Keys makes keys of ids. Ids of the usual form, 26 characters for 16 bytes, are their own keys; any other id is hashed under
// seeds of this process, so that nobody outside can aim for a key. Of and Short may be used by several goroutines.
type Keys struct {
	seeds [2]maphash.Seed
	// odd are the kept ids of another form.
	odd map[Key]string
}

// NewKeys makes keys under fresh seeds.
func NewKeys() *Keys {
	return &Keys{seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}, odd: make(map[Key]string)}
}

// Of is the key of an id.
func (k *Keys) Of(id string) Key {
	if key, ok := parseID(id); ok {
		return key
	}
	var key Key
	binary.LittleEndian.PutUint64(key[:8], maphash.String(k.seeds[0], id))
	binary.LittleEndian.PutUint64(key[8:], maphash.String(k.seeds[1], id))
	return key
}

// Keep is Of for an id that Text is asked for, until Forget.
func (k *Keys) Keep(id string) Key {
	key := k.Of(id)
	if _, ok := parseID(id); !ok {
		k.odd[key] = id
	}
	return key
}

// Text is the id of a key that was kept.
func (k *Keys) Text(key Key) string {
	if id, ok := k.odd[key]; ok {
		return id
	}
	return event.ID(key).String()
}

// Forget ends Keep.
func (k *Keys) Forget(key Key) { delete(k.odd, key) }

// Short is 40 bits of an id: among the few messages of one conversation two are as good as never equal.
func (k *Keys) Short(id string) uint64 { return maphash.String(k.seeds[0], id) & hashMask }

const (
	idDigits = "0123456789abcdefghjkmnpqrstvwxyz"
	idLength = 26
	noDigit  = 0xff
)

// digitOf is the value of each digit of an id.
var digitOf = func() (of [256]byte) {
	for i := range of {
		of[i] = noDigit
	}
	for i := range idDigits {
		of[idDigits[i]] = byte(i)
	}
	return of
}()

// parseID is the inverse of event.ID's String, for exactly what that gives: 5 bits a digit, the last two of 130 being 0.
func parseID(id string) (key Key, ok bool) {
	if len(id) != idLength {
		return Key{}, false
	}
	var bits uint32
	have, n := 0, 0
	for i := range idLength {
		d := digitOf[id[i]]
		if d == noDigit {
			return Key{}, false
		}
		bits, have = bits<<5|uint32(d), have+5
		if have >= 8 {
			have -= 8
			key[n] = byte(bits >> have & 0xff)
			n++
		}
	}
	return key, bits&3 == 0
}
