package engine

import (
	"encoding/binary"
	"strings"
)

// After sets the timer of this name to fire when ms of served time have passed, in place of any earlier setting. They
// count from the next tick: nobody knows how long before this record the last one was.
func (tx *Tx) After(name string, ms int64) { tx.setTimer(name, timerNew, max(ms, 0)) }

// anchor lets the timers set since the last tick count from this one.
func (tx *Tx) anchor() {
	for {
		name, ms, ok := tx.rows.due(timerNew)
		if !ok {
			return
		}
		tx.setTimer(name, timerServed, tx.machine.pos.Served+ms)
	}
}

// At sets the timer of this name to fire with the first tick at or after the Unix time ms.
func (tx *Tx) At(name string, ms int64) { tx.setTimer(name, timerClock, max(ms, 0)) }

// Cancel removes the timer; absent is fine.
func (tx *Tx) Cancel(name string) { tx.rows.remove(timerRows + name) }

// Timers are rows by their names, of a kind and 8 bytes of when they are due.
const (
	timerRows   = "#timer/"
	timerNew    = 'n'
	timerServed = 's'
	timerClock  = 't'
	// oldDues were rows by due, which an index beside the rows has now.
	oldDues = "#due/"
)

func (tx *Tx) setTimer(name string, kind byte, due int64) {
	b := [9]byte{kind}
	binary.BigEndian.PutUint64(b[1:], uint64(due)) //nolint:gosec // never negative
	tx.rows.put(timerRows+name, string(b[:]))
}

// timer is an entry of the index of timers: what its row says, with a name that is part of the row's key.
type timer struct {
	at   int64
	name string
	kind byte
}

func timerOf(key, row string) timer {
	return timer{int64(binary.BigEndian.Uint64([]byte(row[1:]))), key[len(timerRows):], row[0]} //nolint:gosec // as written
}

func isTimer(key string) bool { return strings.HasPrefix(key, timerRows) }

// sooner orders timers of a kind by (due, name).
func sooner(a, b timer) bool {
	switch {
	case a.kind != b.kind:
		return a.kind < b.kind
	case a.at != b.at:
		return a.at < b.at
	}
	return a.name < b.name
}

// due finds the first timer of a kind.
func (r *rows) due(kind byte) (name string, at int64, ok bool) {
	r.timers.Ascend(timer{kind: kind}, func(t timer) bool {
		name, at, ok = t.name, t.at, t.kind == kind
		return false
	})
	return name, at, ok
}
