package warehouse

import (
	"context"
	"fmt"
	"math"
)

// Mismatch is a table in which a cut has other rows than it announced.
type Mismatch struct {
	Cut       uint64
	Table     string
	Announced uint64
	Counted   uint64
}

// Check counts the rows of the cuts from one number to another (0 for the last) against what they announced, and returns
// those that differ, which is none unless something is wrong: rows deleted by hand, or a log whose retention was too short.
// A cut that is being inserted just now may show.
func (w *Warehouse) Check(ctx context.Context, from, to uint64) ([]Mismatch, error) {
	last, err := w.lastCut(ctx)
	if err != nil {
		return nil, err
	}
	if to == 0 || to > last {
		to = last
	}
	res, err := w.Query(ctx, "cut_check", map[string]any{"from_cut": from, "to_cut": to})
	if err != nil {
		return nil, err
	}
	out := make([]Mismatch, 0, len(res.Rows))
	for _, row := range res.Rows {
		number, ok1 := row[0].(uint64)
		table, ok2 := row[1].(string)
		announced, ok3 := row[2].(uint64)
		counted, ok4 := row[3].(uint64)
		if !ok1 || !ok2 || !ok3 || !ok4 {
			return nil, fmt.Errorf("warehouse: cut_check answers columns of types %v", res.Columns)
		}
		out = append(out, Mismatch{number, table, announced, counted})
	}
	return out, nil
}

// Faults is what [Warehouse.Verify] found; all lists are empty in a warehouse that is right and has all.
type Faults struct {
	// Cuts whose rows are not as many as announced.
	Cuts []Mismatch
	// MessageDoubles and EventDoubles list ids that are there more than once.
	MessageDoubles, EventDoubles [][]any
	// SequenceGaps lists conversations whose messages are not numbered without a hole.
	SequenceGaps [][]any
	// CutGaps counts cuts whose row is missing between the first and the last; CutDoubles those with two.
	CutGaps, CutDoubles uint64
}

// None says that nothing is wrong.
func (f Faults) None() bool {
	return len(f.Cuts)+len(f.MessageDoubles)+len(f.EventDoubles)+len(f.SequenceGaps) == 0 && f.CutGaps == 0 && f.CutDoubles == 0
}

// Verify looks for what is lost or doubled, in one tenant or (empty) in all; it lists at most 1,000 of each kind. It reads
// the whole warehouse: it is for tests and repairs. Gaps in sequences are true faults only when the sink has no lag.
func (w *Warehouse) Verify(ctx context.Context, tenant string) (Faults, error) {
	var f Faults
	var err error
	if f.Cuts, err = w.Check(ctx, 0, math.MaxUint64); err != nil {
		return f, err
	}
	for name, into := range map[string]*[][]any{
		"message_doubles": &f.MessageDoubles, "event_doubles": &f.EventDoubles, "sequence_gaps": &f.SequenceGaps,
	} {
		res, err := w.Query(ctx, name, map[string]any{"tenant": tenant, "count": 1000})
		if err != nil {
			return f, err
		}
		*into = res.Rows
	}
	var rows, different, last uint64
	if err := w.conn.QueryRow(ctx, "SELECT count(), uniqExact(number), max(number) FROM cuts").Scan(&rows, &different, &last); err != nil {
		return f, fmt.Errorf("warehouse: count the cuts: %w", withoutText(err))
	}
	f.CutGaps, f.CutDoubles = last-different, rows-different
	return f, nil
}
