package warehouse

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/tributary-cc/tributary/stream/event"
)

// What the column text_state says of a message's text.
const (
	textThere   = "there"
	textNone    = "none"    // nothing was sealed
	textErased  = "erased"  // the key is gone
	textDamaged = "damaged" // it cannot be opened
)

// fresh is how long a cut may be inserted without asking whether it is there already: far less than the time in which its
// token could fall out of ClickHouse's memory of 10,000 inserts.
const fresh = time.Minute

// insert inserts a cut, and tries until it is in, ctx ends, or there is enough: another sink's mark was read. What was sent to
// ClickHouse by then is left to end, for its token makes it harmless, and a statement killed half-way is the harder case.
func (r *run) insert(ctx, enough context.Context, p *pending) error {
	wait := newBackoff()
	for attempt := 0; ; attempt++ {
		err := r.insertOnce(ctx, enough, p, attempt > 0)
		if err == nil || errors.Is(err, errKilled) || enough.Err() != nil {
			return err
		}
		r.failed("a cut cannot be inserted; it is tried again", err)
		if err := wait.sleep(enough); err != nil {
			return err
		}
	}
}

func (r *run) insertOnce(ctx, enough context.Context, p *pending, again bool) error {
	again = again || p.block == nil || r.Now().Sub(p.since) > fresh
	if again {
		there, err := r.Warehouse.hasCut(ctx, p.cut.GetNumber())
		if err != nil || there {
			return err
		}
	}
	if p.block == nil {
		records, err := r.readRanges(ctx, p.cut)
		if err != nil {
			return err
		}
		b := mapCut(p.before, p.cut, records)
		if text := disagreement(p.cut, b); text != "" {
			// Its tokens still keep it from coming in twice; Check shows what is missing.
			r.Logger.ErrorContext(ctx, "the log no longer gives what a cut announced", "difference", text)
		}
		p.block = b
	}
	if err := r.openTexts(ctx, p.block); err != nil {
		return err
	}
	// The events are about as much as all other tables together.
	tables, first := p.block.tables(), make(chan error, 1)
	r.owned.Go(func() { first <- r.insertTables(ctx, enough, p, tables[:1], again) })
	err := r.insertTables(ctx, enough, p, tables[1:], again)
	if err = errors.Join(<-first, err); err != nil {
		return err
	}
	if err := r.fault("before the row of the cut"); err != nil {
		return err
	}
	if err := r.Warehouse.insertCut(ctx, p.cut, p.offset, 1); err != nil || !again {
		return err
	}
	return r.ensureCut(ctx, p)
}

// insertTables inserts a cut's rows into some tables, one after the other.
func (r *run) insertTables(ctx, enough context.Context, p *pending, tables []tableRows, again bool) error {
	tokens := make(map[string]string)
	for _, t := range p.cut.GetRows() {
		tokens[t.GetTable()] = t.GetToken()
	}
	for _, t := range tables {
		token, announced := tokens[t.table()]
		if !announced || t.count() == 0 {
			continue
		}
		if enough.Err() != nil {
			return context.Cause(enough)
		}
		if err := r.fault("before " + t.table()); err != nil {
			return err
		}
		if err := t.insert(ctx, r.Warehouse, token); err != nil {
			return err
		}
		if again {
			if err := r.ensure(ctx, p.cut.GetNumber(), t, token); err != nil {
				return err
			}
		}
		if err := r.fault("after " + t.table()); err != nil {
			return err
		}
	}
	return nil
}

// insertCut adds the row that says that the cut is in. Try is 1, or more where the token of the try before it is known and its
// row is not there.
func (w *Warehouse) insertCut(ctx context.Context, c *event.Cut, offset int64, try int) error {
	var tables, tokens []string
	var counts []uint64
	for _, t := range c.GetRows() {
		tables, tokens = append(tables, t.GetTable()), append(tokens, t.GetToken())
		counts = append(counts, uint64(max(0, t.GetRows())))
	}
	columns := []string{"number", "offset", "writer", "tables", "rows", "tokens"}
	return w.insertBlock(ctx, "cuts", columns, tokenOf(fmt.Sprintf("cut %d", c.GetNumber()), try), func(b driver.Batch) error {
		return b.Append(c.GetNumber(), uint64(max(0, offset)), c.GetWriter(), tables, counts, tokens)
	})
}

func (w *Warehouse) hasCut(ctx context.Context, number uint64) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, w.config.QueryTimeout)
	defer cancel()
	ctx = clickhouse.Context(ctx, clickhouse.WithParameters(clickhouse.Parameters{"number": fmt.Sprint(number)}))
	var n uint64
	if err := w.conn.QueryRow(ctx, "SELECT count() FROM cuts WHERE number = {number:UInt64}").Scan(&n); err != nil {
		return false, fmt.Errorf("warehouse: look for cut %d: %w", number, withoutText(err))
	}
	return n > 0, nil
}

// openTexts opens, masks and notes what was said. What is open already stays, so that a second attempt does not ask again.
func (r *run) openTexts(ctx context.Context, b *block) error {
	for i := range b.messages.list {
		m := &b.messages.list[i]
		if m.sealed == nil {
			continue
		}
		content, err := r.Opener.OpenContent(ctx, m.tenant, m.sealed)
		if err == nil {
			m.text, m.textState, m.sealed = r.Mask(content.GetText()), textThere, nil
			continue
		}
		switch r.Fault(err) {
		case TextErased:
			m.textState, m.sealed = textErased, nil
		case TextDamaged:
			m.textState, m.sealed = textDamaged, nil
		case TextLater:
			return fmt.Errorf("warehouse: open a message of cut %d: %w", b.number, err)
		}
	}
	return nil
}

// errRead ends a Read that has what it came for.
var errRead = errors.New("read")

// readRanges reads the records of a cut again. What retention has taken meanwhile is missing.
func (r *run) readRanges(ctx context.Context, c *event.Cut) (map[place][]event.Record, error) {
	out := make(map[place][]event.Record)
	for _, rg := range c.GetRanges() {
		at := place{event.Topic(rg.GetTopic()), int(rg.GetPartition())}
		if rg.GetFrom() >= rg.GetTo() {
			continue
		}
		first, end, err := r.Log.Bounds(ctx, at.topic, at.partition)
		if err != nil {
			return nil, fmt.Errorf("warehouse: bounds of %s/%d: %w", at.topic, at.partition, err)
		}
		from, to := max(first, rg.GetFrom()), min(end, rg.GetTo())
		if from >= to {
			continue
		}
		err = r.Log.Read(ctx, at.topic, at.partition, from, func(batch []event.Record, _ int64) error {
			for _, rec := range batch {
				if rec.Offset >= to {
					return errRead
				}
				out[at] = append(out[at], rec)
				if rec.Offset == to-1 {
					return errRead
				}
			}
			return nil
		})
		if !errors.Is(err, errRead) {
			return nil, fmt.Errorf("warehouse: read %s/%d from %d to %d again: %w", at.topic, at.partition, from, to, err)
		}
	}
	return out, nil
}
