package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/objects"
)

// carefulFrom is the start, counted without any progress between, from which on each record is noted before it is folded.
const carefulFrom = 3

// stillAlive is how long a note must stand for its writer to be taken for dead: a careful folder changes it every record.
const stillAlive = time.Second

// poison finds a record that kills the process: after two deaths without progress the third run notes each record before it
// folds it, and where that run dies too, the next stands still before the record noted. A checkpoint, or having caught up
// with the log, shows that no record before it kills.
type poison struct {
	store   objects.Store
	name    string
	skips   map[int64]bool
	note    attempts
	suspect int64 // what the last careful run noted and did not get past; −1 where nothing
	careful bool
	cleared bool
}

type attempts struct {
	From    int64 `json:"from"`
	Starts  int   `json:"starts"`
	Suspect int64 `json:"suspect"`
}

func newPoison(ctx context.Context, store objects.Store, processor string, partition int, from int64, skips map[int64]bool) (*poison, error) {
	g := &poison{store: store, name: fmt.Sprintf("attempts/%s/%d", processor, partition), skips: skips}
	if err := g.read(ctx); err != nil {
		return nil, err
	}
	if g.note.From != from || g.note.Starts == 0 {
		g.note = attempts{From: from, Suspect: -1}
	}
	if was := g.note; was.Suspect >= 0 {
		if err := wait(ctx, stillAlive); err != nil {
			return nil, err
		}
		if err := g.read(ctx); err != nil {
			return nil, err
		}
		if g.note != was { // another process is at it and lives; it will find out
			g.cleared = true
			return g, nil
		}
	}
	g.suspect = g.note.Suspect
	g.note.Starts++
	g.careful = g.note.Starts >= carefulFrom
	return g, g.write(ctx)
}

func (g *poison) read(ctx context.Context) error {
	b, err := g.store.Get(ctx, g.name)
	if errors.Is(err, objects.ErrNotFound) {
		return nil
	}
	if err == nil {
		_ = json.Unmarshal(b, &g.note) // what does not decode counts from nothing
	}
	return err
}

func (g *poison) write(ctx context.Context) error {
	b, err := json.Marshal(g.note)
	if err != nil {
		return err
	}
	return g.store.Put(ctx, g.name, b)
}

// before is called before a record is folded, with the newest checkpoint published.
func (g *poison) before(ctx context.Context, rec *event.Record, published int64) error {
	if !g.careful {
		return nil
	}
	if published > g.note.From {
		return g.passed(ctx)
	}
	if g.skips[rec.Offset] || bytes.Equal(rec.Key, []byte(controlKey)) {
		return nil
	}
	switch {
	case rec.Offset == g.suspect:
		return fmt.Errorf("offset %d of %s/%d: %w", rec.Offset, rec.Topic, rec.Partition, ErrPoisoned)
	case rec.Offset < g.suspect:
		return nil // the last run got past it
	}
	g.note.Suspect = rec.Offset
	return g.write(ctx)
}

// passed is called where the folder has got through: behind a checkpoint, and at the end of the log.
func (g *poison) passed(ctx context.Context) error {
	if g.cleared {
		return nil
	}
	g.cleared, g.careful = true, false
	g.note.Starts, g.note.Suspect = 0, -1
	return g.write(ctx)
}
