package engine

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/tributary-cc/tributary/stream/event"
)

// Row is the message that a table holds rows of.
type Row[M any] interface {
	*M
	proto.Message
}

// Table is a typed table of a fold. Rows live encoded, so that a checkpoint, a roll-back and a comparison of two folders
// need no knowledge of the type, and a row costs its bytes and little more. Iteration is in key order.
type Table[M any, P Row[M]] struct {
	prefix string
}

// NewTable names a table. Names are unique within a fold, without the characters / and #.
func NewTable[M any, P Row[M]](name string) Table[M, P] {
	return Table[M, P]{prefix: name + "/"}
}

// Get decodes the row, or answers nil where there is none. The caller owns it; a change needs a Put.
func (t Table[M, P]) Get(tx *Tx, key string) P {
	raw, ok := tx.rows.get(t.prefix + key)
	if !ok {
		return nil
	}
	return decodeRow[M, P](t.prefix+key, raw)
}

// Put stores the row as it is now.
func (t Table[M, P]) Put(tx *Tx, key string, row P) {
	b, err := event.Marshal(row)
	if err != nil {
		throw(fmt.Errorf("row %s of table %s: %w", key, t.prefix, err))
	}
	tx.rows.put(t.prefix+key, string(b))
}

// Delete removes the row; absent is fine.
func (t Table[M, P]) Delete(tx *Tx, key string) { tx.rows.remove(t.prefix + key) }

// Has tells whether there is a row, without decoding it.
func (t Table[M, P]) Has(tx *Tx, key string) bool {
	_, ok := tx.rows.get(t.prefix + key)
	return ok
}

// Ascend calls yield for the rows whose key begins with prefix, in key order, until it answers false. The rows must not
// be changed meanwhile.
func (t Table[M, P]) Ascend(tx *Tx, prefix string, yield func(key string, row P) bool) {
	tx.rows.ascend(t.prefix+prefix, func(key, raw string) bool {
		return yield(strings.TrimPrefix(key, t.prefix), decodeRow[M, P](key, raw))
	})
}

func decodeRow[M any, P Row[M]](key, raw string) P {
	row := P(new(M))
	if err := proto.Unmarshal([]byte(raw), row); err != nil {
		throw(fmt.Errorf("row %s does not decode: %w", key, err))
	}
	return row
}

// thrown carries an error through the fold's code to the step that recovers it: state that does not decode is no matter
// that each fold could decide about.
type thrown struct{ err error }

func throw(err error) {
	panic(thrown{err}) //nolint:forbidigo // recovered in core.guarded, where the record goes to dead
}
