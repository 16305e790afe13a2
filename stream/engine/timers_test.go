package engine

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/engine/checkpoint"
)

// What is due next is found by an index; it says what the rows say, through roll-backs, and after rows are loaded.
func TestTheIndexOfTimersSaysWhatTheRowsSay(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	kinds := []byte{timerNew, timerServed, timerClock}
	m := newMachine(blank, 0, nil)
	tx := &Tx{machine: m, rows: m.rows}
	for range 2000 {
		for range 1 + rng.IntN(6) {
			if name := fmt.Sprint("timer", rng.IntN(40)); rng.IntN(3) == 0 {
				tx.Cancel(name)
			} else {
				tx.setTimer(name, kinds[rng.IntN(3)], rng.Int64N(20))
			}
		}
		if rng.IntN(2) == 0 {
			m.rows.rollback()
		} else {
			m.rows.commit()
		}
		old := m.rows.tree.Copy()
		old.Set(oldDues+"n12345678timer1", "")
		for _, r := range []*rows{m.rows, newRows(old)} {
			for _, kind := range kinds {
				name, at, ok := r.due(kind)
				wantName, wantAt, want := first(m.rows.tree, kind)
				require.Equal(t, want, ok)
				require.Equal(t, wantName, name)
				require.Equal(t, wantAt, at)
			}
			require.Equal(t, m.rows.tree.Len(), r.tree.Len(), "rows by due of earlier builds are dropped")
		}
	}
}

// first looks for the first timer of a kind in all rows.
func first(tree *checkpoint.Rows, kind byte) (name string, at int64, ok bool) {
	tree.Scan(func(key, row string) bool {
		if x := timerOf(key, row); x.kind == kind && (!ok || x.at < at) {
			name, at, ok = x.name, x.at, true
		}
		return true
	})
	return name, at, ok
}
