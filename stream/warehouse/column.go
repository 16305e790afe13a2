package warehouse

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/tributary-cc/tributary/stream/event"
)

// column fills one column of a block from rows.
type column[T any] struct {
	name string
	fill func(rows []T, into driver.BatchColumn) error
}

// col is a column whose value is V of a row.
func col[T, V any](name string, get func(*T) V) column[T] {
	return column[T]{name, func(rows []T, into driver.BatchColumn) error {
		values := make([]V, len(rows))
		for i := range rows {
			values[i] = get(&rows[i])
		}
		return into.Append(values)
	}}
}

// whyColumns are the columns that say what the policy decided.
func whyColumns[T any](why func(*T) *event.RouteWhy) []column[T] {
	return []column[T]{
		col("policy_version", func(r *T) uint64 { return why(r).GetPolicyVersion() }),
		col("rule", func(r *T) string { return why(r).GetRule() }),
		col("step", func(r *T) uint32 { return why(r).GetStep() }),
		col("need", func(r *T) string { return why(r).GetNeed() }),
		col("intent", func(r *T) string { return why(r).GetIntent() }),
		col("confidence", func(r *T) uint16 { return thousandths(why(r).GetConfidence()) }),
		col("language", func(r *T) string { return why(r).GetLanguage() }),
		col("tier", func(r *T) string { return why(r).GetTier() }),
		col("virtual_age_ms", func(r *T) int64 { return why(r).GetVirtualAgeMs() }),
		col("preferred", func(r *T) string { return why(r).GetPreferred() }),
	}
}

// spec is a table as the sink fills it.
type spec[T any] struct {
	name    string
	columns []column[T]
	// replacing says that the engine keeps the newest row of a key alone: rows cannot be counted, and repeats do no harm.
	replacing bool
	// compare is the table's ORDER BY: a sorted block is written as it is.
	compare func(a, b *T) int
}

// tableRows are the rows of one cut in one table.
type tableRows interface {
	table() string
	replaces() bool
	count() int
	// token names the insert: a hash of the cut's number, the table and the ids of the events, in the order of the log.
	token() string
	insert(ctx context.Context, w *Warehouse, token string) error
}

// rows collects the rows of one cut in one table.
type rows[T any] struct {
	spec *spec[T]
	list []T
	ids  hash.Hash
}

func newRows[T any](s *spec[T], cut uint64) *rows[T] {
	r := &rows[T]{spec: s, ids: sha256.New()}
	r.ids.Write(binary.BigEndian.AppendUint64(nil, cut))
	r.ids.Write([]byte(s.name))
	return r
}

// add returns the new row, to be filled in at once.
func (r *rows[T]) add(id []byte) *T {
	r.ids.Write(id)
	var zero T
	r.list = append(r.list, zero)
	return &r.list[len(r.list)-1]
}

func (r *rows[T]) table() string { return r.spec.name }

func (r *rows[T]) replaces() bool { return r.spec.replacing }

func (r *rows[T]) count() int { return len(r.list) }

func (r *rows[T]) token() string { return hex.EncodeToString(r.ids.Sum(nil)[:16]) }

// insert sends all rows as one sorted block. Sorting is stable, so that the same rows make the same block.
func (r *rows[T]) insert(ctx context.Context, w *Warehouse, token string) error {
	order := make([]int32, len(r.list))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(r.spec.compare(&r.list[a], &r.list[b]), cmp.Compare(a, b))
	})
	sorted := make([]T, len(order))
	for i, at := range order {
		sorted[i] = r.list[at]
	}
	names := make([]string, len(r.spec.columns))
	for i, c := range r.spec.columns {
		names[i] = c.name
	}
	return w.insertBlock(ctx, r.spec.name, names, token, func(batch driver.Batch) error {
		for i, c := range r.spec.columns {
			if err := c.fill(sorted, batch.Column(i)); err != nil {
				return fmt.Errorf("column %s: %w", c.name, err)
			}
		}
		return nil
	})
}

// insertGrace is how long an insert under way may still take when its sink is told to stop. Rows half sent are the harder case for
// an engine, and the token makes those that came harmless.
const insertGrace = 5 * time.Second

// insertBlock makes one insert with a deduplication token.
func (w *Warehouse) insertBlock(ctx context.Context, table string, columns []string, token string, fill func(driver.Batch) error) (err error) {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	stopping := ctx
	ctx, cancel := context.WithTimeout(context.WithoutCancel(stopping), w.config.InsertTimeout)
	defer cancel()
	defer context.AfterFunc(stopping, func() { time.AfterFunc(insertGrace, cancel) })()
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{
		"insert_deduplication_token": token,
		"insert_deduplicate":         1,
		"async_insert":               0, // a token of an insert that is still in a buffer would mean nothing
		// A block may hold the backlog of years, and stays one insert.
		"max_partitions_per_insert_block": 0,
		"max_insert_block_size":           10_000_000,
		"min_insert_block_size_rows":      0,
		"min_insert_block_size_bytes":     0,
	}))
	batch, err := w.conn.PrepareBatch(ctx, "INSERT INTO "+table+" (`"+strings.Join(columns, "`, `")+"`)")
	if err != nil {
		return fmt.Errorf("warehouse: prepare an insert into %s: %w", table, withoutText(err))
	}
	defer func() { err = errors.Join(err, withoutText(batch.Close())) }()
	if err := fill(batch); err != nil {
		return fmt.Errorf("warehouse: fill a block of %s: %w", table, err)
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("warehouse: insert into %s: %w", table, withoutText(err))
	}
	return nil
}
