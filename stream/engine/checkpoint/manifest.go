package checkpoint

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/objects"
)

// Position is what a state knows of its place on the log. Together with the rows and the lanes it is the whole state.
type Position struct {
	Epoch uint64 `json:"epoch"`
	Build string `json:"build"`
	// Next is the offset of the next record to fold.
	Next int64 `json:"next"`
	// Served is served time, Clock the last tick's time, both in milliseconds.
	Served int64 `json:"served_ms"`
	Clock  int64 `json:"clock_ms"`
	// Writers are the last ones that told the time.
	Writers []WriterClock `json:"writers,omitempty"`
	// Hash is the rolling hash of all outputs of the epoch.
	Hash [16]byte `json:"hash"`
	// Read is the rolling hash of all records folded: a replay that comes to another one has read another log.
	Read [16]byte `json:"read"`
}

// WriterClock is what a writer's clock and served time were at its last tick.
type WriterClock struct {
	Writer string `json:"writer"`
	Clock  int64  `json:"clock_ms"`
	Served int64  `json:"served_ms"`
}

// Lane is how far one lane into the inbox was taken.
type Lane struct {
	Processor string `json:"processor"`
	Partition int32  `json:"partition"`
	Epoch     uint64 `json:"epoch"`
	Number    uint64 `json:"number"`
}

// Out is the last number given to a lane to a destination.
type Out struct {
	Topic     event.Topic `json:"topic"`
	Partition int         `json:"partition"`
	Number    uint64      `json:"number"`
}

// Manifest is a complete checkpoint: the position, the lanes, and the segments that hold the rows. It is written last.
type Manifest struct {
	Processor string    `json:"processor"`
	Partition int       `json:"partition"`
	Position  Position  `json:"position"`
	In        []Lane    `json:"lanes_in"`
	Out       []Out     `json:"lanes_out"`
	Segments  []segment `json:"segments"`
}

// segment names an object with rows in key order: a base holds all of them, a delta those changed since the one before.
type segment struct {
	Name   string `json:"name"`
	Base   bool   `json:"base"`
	Rows   int    `json:"rows"`
	Bytes  int    `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Capture is the state behind one record, taken in an instant and written later: the rows are a copy-on-write copy.
type Capture struct {
	Manifest

	Rows *Rows
	// Changed are the keys put or removed since the capture before, in order.
	Changed []string
	// omitted is how many captures before this one are not published and have their changes here.
	omitted int
}

// over takes the place of the capture before.
func (c Capture) over(before Capture) Capture {
	c.Changed = slices.Concat(c.Changed, before.Changed)
	slices.Sort(c.Changed)
	c.Changed, c.omitted = slices.Compact(c.Changed), before.omitted+1
	return c
}

// Same tells whether a checkpoint holds this state.
func (c Capture) Same(m *Manifest, r *Rows) bool {
	if !reflect.DeepEqual(c.Position, m.Position) || !slices.Equal(c.In, m.In) || !slices.Equal(c.Out, m.Out) {
		return false
	}
	a, b := c.Rows.Iter(), r.Iter()
	for a.Next() {
		if !b.Next() || a.Key() != b.Key() || a.Value() != b.Value() {
			return false
		}
	}
	return !b.Next()
}

// encodeManifest writes a manifest behind its hash: half of one, or one with a flipped bit, must not be taken for whole.
func encodeManifest(m *Manifest) ([]byte, error) {
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding a manifest: %w", err)
	}
	return append([]byte(sum(b)+"\n"), b...), nil
}

// errTorn marks a manifest or a segment that is not what was written.
var errTorn = errors.New("damaged")

// Torn tells whether a checkpoint is not whole, for good: a part of it is missing or is not what was written.
func Torn(err error) bool {
	return errors.Is(err, errTorn) || errors.Is(err, objects.ErrNotFound)
}

func decodeManifest(b []byte) (*Manifest, error) {
	hash, text, _ := bytes.Cut(b, []byte("\n"))
	if string(hash) != sum(text) {
		return nil, fmt.Errorf("the manifest's hash is not its text's: %w", errTorn)
	}
	m := new(Manifest)
	if err := json.Unmarshal(text, m); err != nil {
		return nil, fmt.Errorf("the manifest does not decode: %w: %w", errTorn, err)
	}
	return m, nil
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}
