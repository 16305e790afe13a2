package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/objects"
)

// carefulFrom is the start, counted without any progress between, from which on each record is noted before it is folded.
const carefulFrom = 3

// poison finds a record that kills the process: after two deaths without progress the third run notes each record before it
// folds it, and where that run dies too, the fourth stands still before the record noted. A process that catches up with
// the log has shown that no record there kills it.
type poison struct {
	store    objects.Store
	name     string
	skips    map[int64]bool
	note     attempts
	careful  bool
	caughtUp bool
}

type attempts struct {
	From    int64 `json:"from"`
	Starts  int   `json:"starts"`
	Suspect int64 `json:"suspect"`
}

func newPoison(ctx context.Context, store objects.Store, processor string, partition int, from int64, skips map[int64]bool) (*poison, error) {
	g := &poison{store: store, name: fmt.Sprintf("attempts/%s/%d", processor, partition), skips: skips}
	b, err := store.Get(ctx, g.name)
	switch {
	case errors.Is(err, objects.ErrNotFound):
	case err != nil:
		return nil, err
	default:
		_ = json.Unmarshal(b, &g.note) // what does not decode counts from nothing
	}
	if g.note.From != from || g.note.Starts == 0 {
		g.note = attempts{From: from, Suspect: -1}
	}
	g.note.Starts++
	g.careful = g.note.Starts >= carefulFrom
	return g, g.write(ctx)
}

func (g *poison) write(ctx context.Context) error {
	b, err := json.Marshal(g.note)
	if err != nil {
		return err
	}
	return g.store.Put(ctx, g.name, b)
}

// before is called before a record is folded.
func (g *poison) before(ctx context.Context, rec *event.Record) error {
	if !g.careful || g.skips[rec.Offset] || bytes.Equal(rec.Key, []byte(controlKey)) {
		return nil
	}
	if g.note.Suspect == rec.Offset {
		return fmt.Errorf("offset %d of %s/%d: %w", rec.Offset, rec.Topic, rec.Partition, ErrPoisoned)
	}
	g.note.Suspect = rec.Offset
	return g.write(ctx)
}

// after is called behind a batch, with whether it reached the end of the log.
func (g *poison) after(ctx context.Context, atEnd bool) error {
	if g.caughtUp || !atEnd && !g.careful {
		return nil
	}
	if atEnd {
		g.caughtUp, g.careful = true, false
		g.note.Starts = 0
	}
	g.note.Suspect = -1
	return g.write(ctx)
}
