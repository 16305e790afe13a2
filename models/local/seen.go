package local

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
	"strings"

	"github.com/tributary-cc/tributary/models"
)

// maxSeen is of how many examples a model's file says that it was trained on them. Of more the lowest hashes are kept: so of any other
// texts those with a hash as low are a fair sample to compare.
const maxSeen = 2000

// seen are the hashes, ascending, of texts a model was trained on. No text can be read from them; who guesses a text to the word can
// tell that it probably was among them.
type seen []uint32

func seenOf(examples []models.Example) seen {
	all := make(seen, 0, len(examples))
	for _, e := range examples {
		all = append(all, seenHash(e.Text))
	}
	slices.Sort(all)
	all = slices.Compact(all)
	return slices.Clone(all[:min(len(all), maxSeen)])
}

func seenHash(text string) uint32 {
	sum := sha256.Sum256([]byte(strings.Join(strings.Fields(strings.ToLower(text)), " ")))
	return binary.BigEndian.Uint32(sum[:])
}

// encode writes them as the header has them; nil where there are none.
func (s seen) encode() []byte {
	var b []byte
	for _, h := range s {
		b = binary.BigEndian.AppendUint32(b, h)
	}
	return b
}

func decodeSeen(b []byte) (seen, error) {
	if len(b)%4 != 0 || len(b) > 4*maxSeen {
		return nil, errors.New("what the model was trained on has a length that it never has")
	}
	var out seen
	for i := 0; i < len(b); i += 4 {
		h := binary.BigEndian.Uint32(b[i:])
		if i > 0 && h <= out[len(out)-1] {
			return nil, errors.New("what the model was trained on is out of order")
		}
		out = append(out, h)
	}
	return out, nil
}

// Overlap is about what share of different texts the model was trained on, measured on `compared` of them; 0 of these where the model's
// file does not say, as those made before it did, or none of the texts is in its sample. Letters' case and white space do not count.
func (m *Model) Overlap(examples []models.Example) (share float64, compared int) {
	if len(m.seen) == 0 {
		return 0, 0
	}
	asked, met := make(map[uint32]bool, len(examples)), 0
	for _, e := range examples {
		h := seenHash(e.Text)
		if asked[h] || len(m.seen) == maxSeen && h > m.seen[maxSeen-1] {
			continue
		}
		asked[h] = true
		if _, in := slices.BinarySearch(m.seen, h); in {
			met++
		}
	}
	return float64(met) / float64(max(1, len(asked))), len(asked)
}

// SaysSeen tells whether the model's file says what it was trained on.
func (m *Model) SaysSeen() bool { return len(m.seen) > 0 }
