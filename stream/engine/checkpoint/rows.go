package checkpoint

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/klauspost/compress/zstd"
	"github.com/tidwall/btree"
)

// Rows are a state's rows, encoded, by table/key.
type Rows = btree.Map[string, string]

// encodeRows writes (key, present, value) for each key, compressed. A key that is gone is written as absent.
func encodeRows(keys []string, rows *Rows) ([]byte, error) {
	var buf bytes.Buffer
	w, err := zstd.NewWriter(&buf, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	var n []byte
	text := func(s string) {
		n = binary.AppendUvarint(n[:0], uint64(len(s)))
		_, _ = w.Write(n) // a bytes.Buffer takes everything
		_, _ = w.Write([]byte(s))
	}
	for _, key := range keys {
		value, ok := rows.Get(key)
		text(key)
		if ok {
			_, _ = w.Write([]byte{1})
			text(value)
		} else {
			_, _ = w.Write([]byte{0})
		}
	}
	err = w.Close()
	return buf.Bytes(), err
}

// compact moves the rows, which it takes out of the tree, into half the memory. Those that a later segment changed have left holes
// between the others, so each row is made anew, key and value in one piece; and a tree that was filled in order has nodes that are half
// full, two on an array for both halves, of which each then grows away: a node that is copied has the room that it needs.
func compact(rows *Rows) *Rows {
	anew := new(Rows)
	for key, value, ok := rows.PopMin(); ok; key, value, ok = rows.PopMin() {
		both := key + value
		anew.Load(both[:len(key)], both[len(key):])
	}
	c := anew.Copy()
	c.ScanMut(func(string, string) bool { return true })
	return c
}

// maxSegment bounds what a segment may decompress to.
const maxSegment = 16 << 30

func decodeRows(data []byte, rows *Rows) error {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxSegment))
	if err != nil {
		return err
	}
	defer d.Close()
	raw, err := d.DecodeAll(data, nil)
	if err != nil {
		return fmt.Errorf("decompressing: %w", err)
	}
	text := func() (string, bool) {
		n, w := binary.Uvarint(raw)
		if w <= 0 || n > uint64(len(raw)-w) { //nolint:gosec // w is at most the length
			return "", false
		}
		s := string(raw[w : w+int(n)]) //nolint:gosec // checked against the length
		raw = raw[w+int(n):]           //nolint:gosec // as above
		return s, true
	}
	for len(raw) > 0 {
		key, ok := text()
		if !ok || len(raw) == 0 {
			return errors.New("a row is cut short")
		}
		present := raw[0] == 1
		raw = raw[1:]
		if !present {
			rows.Delete(key)
			continue
		}
		value, ok := text()
		if !ok {
			return errors.New("a row is cut short")
		}
		rows.Set(key, value)
	}
	return nil
}
