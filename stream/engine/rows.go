package engine

import (
	"maps"
	"slices"
	"strings"

	"github.com/tidwall/btree"

	"github.com/tributary-cc/tributary/stream/engine/checkpoint"
)

// rows is the state of one folded partition: every table's rows by table/key, in order, with an undo list for the record
// in hand and the set of keys changed since the last checkpoint.
type rows struct {
	tree  *checkpoint.Rows
	undo  []undo
	dirty map[string]struct{}
	// timers are those of the rows, by when they are due.
	timers *btree.BTreeG[timer]
}

type undo struct {
	key, old string
	existed  bool
}

func newRows(tree *checkpoint.Rows) *rows {
	r := &rows{tree: tree, dirty: make(map[string]struct{}), timers: btree.NewBTreeGOptions(sooner, btree.Options{NoLocks: true})}
	var old []string
	r.ascend(oldDues, func(key, _ string) bool { old = append(old, key); return true })
	for _, key := range old {
		tree.Delete(key)
	}
	r.ascend(timerRows, func(key, row string) bool { r.timers.Set(timerOf(key, row)); return true })
	return r
}

func (r *rows) get(key string) (string, bool) { return r.tree.Get(key) }

func (r *rows) put(key, value string) {
	old, existed := r.set(key, value)
	r.note(key, old, existed)
}

func (r *rows) remove(key string) {
	if old, existed := r.unset(key); existed {
		r.note(key, old, true)
	}
}

// set and unset change the tree and the index of timers.
func (r *rows) set(key, value string) (old string, existed bool) {
	old, existed = r.tree.Set(key, value)
	if isTimer(key) {
		if existed {
			r.timers.Delete(timerOf(key, old))
		}
		r.timers.Set(timerOf(key, value))
	}
	return old, existed
}

func (r *rows) unset(key string) (old string, existed bool) {
	old, existed = r.tree.Delete(key)
	if existed && isTimer(key) {
		r.timers.Delete(timerOf(key, old))
	}
	return old, existed
}

func (r *rows) note(key, old string, existed bool) {
	r.undo = append(r.undo, undo{key, old, existed})
	r.dirty[key] = struct{}{}
}

// commit forgets how to undo.
func (r *rows) commit() {
	clear(r.undo)
	r.undo = r.undo[:0]
}

// rollback puts everything back as it was at the last commit. Keys stay dirty: a delta that repeats a value is correct,
// and the record that failed fails the same way for every folder, so the delta's bytes are the same too.
func (r *rows) rollback() {
	for _, u := range slices.Backward(r.undo) {
		if u.existed {
			r.set(u.key, u.old)
		} else {
			r.unset(u.key)
		}
	}
	r.commit()
}

func (r *rows) ascend(prefix string, yield func(key, value string) bool) {
	r.tree.Ascend(prefix, func(k, v string) bool { return strings.HasPrefix(k, prefix) && yield(k, v) })
}

// changed lists the keys changed since the last call, in order, and begins anew.
func (r *rows) changed() []string {
	keys := slices.Sorted(maps.Keys(r.dirty))
	r.dirty = make(map[string]struct{})
	return keys
}
