package warehouse

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// ClickHouse notes an insert's token before the part that holds its rows is there for good. A server that is killed in
// between knows the token and has no rows, and takes every repeat for a double. So a cut that is inserted again is counted,
// and what is missing goes in under the next token, which is the same for every sink.

const (
	// maxTries bounds how often a cut's rows may have been lost so.
	maxTries = 9
	// settleEvery and settleTries wait for an insert of another sink that is under way.
	settleEvery = 100 * time.Millisecond
	settleTries = 100
)

// tokenOf is the token of a try.
func tokenOf(token string, try int) string {
	if try == 1 {
		return token
	}
	return fmt.Sprintf("%s/%d", token, try)
}

// ensure has a table hold the rows of a cut that may have been inserted before.
func (r *run) ensure(ctx context.Context, cut uint64, t tableRows, token string) error {
	if t.replaces() {
		return t.insert(ctx, r.Warehouse, tokenOf(token, 2))
	}
	want := uint64(t.count()) //nolint:gosec // a length
	for try := 2; ; try++ {
		n, err := r.Warehouse.settled(ctx, t.table(), "cut", cut, want)
		if err != nil || n == want {
			return err
		}
		if try > maxTries {
			return fmt.Errorf("warehouse: cut %d has %d of %d rows in %s after %d inserts", cut, n, want, t.table(), try-1)
		}
		r.Logger.WarnContext(ctx, "an insert's token is known and its rows are not there: they are inserted again", "cut", cut, "table", t.table(), "rows", n, "of", want)
		if n > 0 {
			if err := r.Warehouse.exec(ctx, fmt.Sprintf("ALTER TABLE %s DELETE WHERE cut = %d SETTINGS mutations_sync = 2", t.table(), cut)); err != nil {
				return err
			}
		}
		if err := t.insert(ctx, r.Warehouse, tokenOf(token, try)); err != nil {
			return err
		}
	}
}

// ensureCut has the row of a cut there.
func (r *run) ensureCut(ctx context.Context, p *pending) error {
	for try := 2; try <= maxTries; try++ {
		n, err := r.Warehouse.settled(ctx, "cuts", "number", p.cut.GetNumber(), 1)
		if err != nil || n > 0 {
			return err
		}
		if err := r.Warehouse.insertCut(ctx, p.cut, p.offset, try); err != nil {
			return err
		}
	}
	return fmt.Errorf("warehouse: the row of cut %d is not there after %d inserts", p.cut.GetNumber(), maxTries)
}

// settled counts a cut's rows in a table, when they are as many as wanted or no insert into the table is under way.
func (w *Warehouse) settled(ctx context.Context, table, column string, cut, want uint64) (n uint64, err error) {
	ctx, cancel := context.WithTimeout(ctx, w.config.InsertTimeout)
	defer cancel()
	ctx = clickhouse.Context(ctx, clickhouse.WithParameters(clickhouse.Parameters{
		"cut": fmt.Sprint(cut), "insert": "%INSERT INTO " + table + " %",
	}))
	for try := 0; ; try++ {
		var busy uint64
		err := w.conn.QueryRow(ctx, "SELECT count() FROM system.processes WHERE query LIKE {insert:String} AND NOT query LIKE '%system.processes%'").Scan(&busy)
		if err != nil {
			return 0, fmt.Errorf("warehouse: look for inserts under way: %w", withoutText(err))
		}
		if err := w.conn.QueryRow(ctx, "SELECT count() FROM "+table+" WHERE "+column+" = {cut:UInt64}").Scan(&n); err != nil {
			return 0, fmt.Errorf("warehouse: count cut %d in %s: %w", cut, table, withoutText(err))
		}
		if n == want || busy == 0 || try == settleTries {
			return n, nil
		}
		t := time.NewTimer(settleEvery)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return n, context.Cause(ctx)
		}
	}
}
