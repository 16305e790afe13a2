// Package poison finds a record that kills the process that folds it, again and again, so that its partition can stand before it
// instead.
//
// A process's death is counted for every partition that it ran and that had not got through, and says nothing of any of them; so
// after two deaths the third run notes each record before it folds it and takes the note back behind it, one partition of the
// process at a time. Where a run dies inside a record, it may have been a kill from outside; the record is accused when the next
// run dies inside it too, and then the partition stands before it. A checkpoint, or having caught up with the log, shows that no
// record before it kills. The engine's tests show it (TestARecordThatKillsStandsAfterFourDeathsAndIsSkipped,
// TestARecordThatKillsStopsItsPartitionAlone, TestKillsFromOutsideAccuseNobody).
package poison

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/tributary-cc/tributary/stream/objects"
)

// Err ends the run of a partition that stands before a record.
var Err = errors.New("a record kills the process; see 'tributary engine skip'")

// carefulFrom is the start, counted without any progress between, from which on each record is noted before it is folded.
const carefulFrom = 3

// stillAlive is how long a note must stand for its writer to be taken for dead: a careful folder changes it every record.
const stillAlive = time.Second

// Guard watches one run of a partition. It is not safe for concurrent use.
type Guard struct {
	store    objects.Store
	name     string
	note     attempts
	deadly   int64 // the offset where the partition stands; −1 where nothing kills
	careful  bool
	cleared  bool
	inside   chan struct{} // full while a partition of this process is inside a careful record
	isInside bool
}

// attempts is what stands in the store about runs without progress.
type attempts struct {
	From   int64 `json:"from"`
	Starts int   `json:"starts"`
	// Suspect is the record that a careful run is inside of; −1 while it is inside of none.
	Suspect int64 `json:"suspect"`
	// Accused is what the careful run before died inside of; −1 where it did not.
	Accused int64 `json:"accused"`
	// Passed is the offset below which a careful run got through.
	Passed int64 `json:"passed"`
}

// New begins the watch of a run that folds from an offset. Inside has room for one; all partitions of a process share it.
func New(ctx context.Context, store objects.Store, inside chan struct{}, processor string, partition int, from int64) (*Guard, error) {
	g := &Guard{store: store, inside: inside, name: fmt.Sprintf("attempts/%s/%d", processor, partition), deadly: -1}
	if err := g.read(ctx); err != nil {
		return nil, err
	}
	if g.note.From != from || g.note.Starts == 0 {
		g.note = attempts{From: from, Suspect: -1, Accused: -1}
	}
	if was := g.note; was.Suspect >= 0 {
		t := time.NewTimer(stillAlive)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		if err := g.read(ctx); err != nil {
			return nil, err
		}
		if g.note != was { // another process is at it and lives; it will find out
			g.cleared = true
			return g, nil
		}
	}
	if g.note.Suspect >= 0 && g.note.Suspect == g.note.Accused {
		g.deadly = g.note.Suspect
	} else {
		g.note.Accused, g.note.Suspect = g.note.Suspect, -1
	}
	g.note.Starts++
	g.careful = g.note.Starts >= carefulFrom
	return g, g.write(ctx)
}

func (g *Guard) read(ctx context.Context) error {
	b, err := g.store.Get(ctx, g.name)
	if errors.Is(err, objects.ErrNotFound) {
		return nil
	}
	if err == nil {
		_ = json.Unmarshal(b, &g.note) // what does not decode counts from nothing
	}
	return err
}

func (g *Guard) write(ctx context.Context) error {
	b, err := json.Marshal(g.note)
	if err != nil {
		return err
	}
	return g.store.Put(ctx, g.name, b)
}

// Before is called before a record is folded, with the newest checkpoint published; After must follow. Records that no fold sees
// are left out.
func (g *Guard) Before(ctx context.Context, offset, published int64) error {
	switch {
	case !g.careful:
		return nil
	case published > g.note.From:
		return g.Passed(ctx)
	case offset == g.deadly:
		return fmt.Errorf("offset %d: %w", offset, Err)
	case g.deadly >= 0 || offset < g.note.Passed:
		return nil // what stands must stay noted, and an earlier run got past what is below
	}
	select {
	case g.inside <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	g.isInside, g.note.Suspect = true, offset
	return g.write(ctx)
}

// After is called when a record is folded.
func (g *Guard) After(ctx context.Context) error {
	if !g.isInside {
		return nil
	}
	defer g.Leave()
	g.note.Passed, g.note.Suspect, g.note.Accused = g.note.Suspect+1, -1, -1
	return g.write(ctx)
}

// Leave lets the next partition be careful. It is called when a run ends, too.
func (g *Guard) Leave() {
	if g.isInside {
		g.isInside = false
		<-g.inside
	}
}

// Passed is called where the folder has got through: behind a checkpoint, and at the end of the log.
func (g *Guard) Passed(ctx context.Context) error {
	if g.cleared {
		return nil
	}
	g.cleared, g.careful, g.deadly = true, false, -1
	g.note = attempts{From: g.note.From, Suspect: -1, Accused: -1}
	return g.write(ctx)
}
