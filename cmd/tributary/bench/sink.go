package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/tributary-cc/tributary/cmd/tributary/process"
	"github.com/tributary-cc/tributary/stream/event"
)

const (
	// bareRows is how many rows the bare loop inserts again, at most: reading them back costs memory here.
	bareRows = 1_000_000
	// sinkTimeout bounds how long the sink may take for all.
	sinkTimeout = 20 * time.Minute
)

// sinking starts the installation with its sink, which has the whole fill to do, and measures how fast; then it inserts
// the same rows in the same blocks with nothing but clickhouse-go.
func (r *runner) sinking(ctx context.Context) (err error) {
	if r.child, err = start(ctx, r.Binary, r.data); err != nil {
		return err
	}
	s, err := connect(ctx, r.data)
	if err != nil {
		return err
	}
	defer s.Close() //nolint:errcheck // only its connections
	run, err := process.ReadRunFile(r.data)
	if err != nil {
		return err
	}
	began, used := time.Now(), cpuOf(r.child.cmd.Process.Pid)
	in := new(Insertion)
	profiled := r.profiling(ctx, "sink", 10*time.Second)
	if err := r.watchCuts(ctx, s, began, in); err != nil {
		return err
	}
	if err := profiled(); err != nil {
		return err
	}
	if in.Rows == 0 {
		r.say("the warehouse had all already")
		return nil
	}
	in.Rate = float64(in.Rows) / in.Seconds
	in.PerCore = float64(in.Rows) / (cpuOf(r.child.cmd.Process.Pid) - used).Seconds()
	r.say("the sink inserted %d rows in %.1f s: %.0f a second", in.Rows, in.Seconds, in.Rate)
	if err := bareInserts(ctx, run.ClickHouse, r.child.cmd.Process.Pid, in); err != nil {
		return fmt.Errorf("bare inserts: %w", err)
	}
	in.Ratio = ratio(in.Rate, in.Bare)
	r.report.Warehouse = in
	return nil
}

var errCaughtUp = errors.New("the sink has caught up")

// watchCuts reads the sink's own topic until its cuts reach what the facts held at the start.
func (r *runner) watchCuts(ctx context.Context, s *process.Spine, began time.Time, in *Insertion) error {
	ctx, cancel := context.WithTimeoutCause(ctx, sinkTimeout, errors.New("the sink does not catch up"))
	defer cancel()
	ends, err := factEnds(ctx, s)
	if err != nil {
		return err
	}
	first, before, err := s.Log.Bounds(ctx, event.TopicSink, 0)
	if err != nil {
		return err
	}
	cuts := make(map[uint64]*event.Cut)
	var early Insertion // what was in before anybody could watch counts too, with the time of the start
	err = s.Log.Read(ctx, event.TopicSink, 0, first, func(batch []event.Record, _ int64) error {
		for i := range batch {
			e, bad := event.Unmarshal(batch[i].Value)
			if bad != nil {
				return bad
			}
			if c := e.GetCut(); c != nil && cuts[c.GetNumber()] == nil {
				cuts[c.GetNumber()] = c
			}
			c := cuts[e.GetCutDone().GetNumber()]
			if e.GetCutDone() == nil || c == nil {
				continue
			}
			if batch[i].Offset >= r.sinkFrom {
				early.count(c)
				early.Seconds = time.Since(began).Seconds() + r.child.ready.Seconds()
			}
			if batch[i].Offset >= before {
				in.count(c)
				in.Seconds = time.Since(began).Seconds()
			}
			for _, rg := range c.GetRanges() {
				if k := place(rg.GetTopic(), rg.GetPartition()); rg.GetTo() >= ends[k] {
					delete(ends, k)
				}
			}
			if len(ends) == 0 {
				return errCaughtUp
			}
		}
		return nil
	})
	if !errors.Is(err, errCaughtUp) {
		return err
	}
	if in.Rows == 0 {
		*in = early
	}
	return nil
}

func (i *Insertion) count(c *event.Cut) {
	i.Cuts++
	for _, t := range c.GetRows() {
		i.Rows += t.GetRows()
	}
}

func place(topic string, partition int32) string { return fmt.Sprintf("%s/%d", topic, partition) }

func factEnds(ctx context.Context, s *process.Spine) (map[string]int64, error) {
	ends := make(map[string]int64)
	for _, t := range []event.Topic{event.TopicConversationFacts, event.TopicRoutingFacts} {
		for p := range s.Log.Partitions(t) {
			first, end, err := s.Log.Bounds(ctx, t, p)
			if err != nil {
				return nil, err
			}
			if first < end {
				ends[place(string(t), int32(p))] = end
			}
		}
	}
	return ends, nil
}

// bareInserts inserts rows of the warehouse, cut for cut and table for table, into copies of the tables.
func bareInserts(ctx context.Context, dsn string, pid int, in *Insertion) error {
	o, err := clickhouse.ParseDSN(dsn)
	if err != nil {
		return errors.New("the DSN of the engine cannot be read")
	}
	conn, err := clickhouse.Open(o)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // the copies go first
	tables, err := texts(ctx, conn, "SELECT DISTINCT arrayJoin(tables) FROM cuts")
	if err != nil {
		return err
	}
	for _, t := range tables {
		if err := conn.Exec(ctx, "CREATE TABLE IF NOT EXISTS bench_"+t+" AS "+t); err != nil {
			return fmt.Errorf("copying the table %s: %w", t, err)
		}
		defer conn.Exec(ctx, "DROP TABLE IF EXISTS bench_"+t+" SYNC") //nolint:errcheck // the folder goes with it
	}
	var spent, used time.Duration
	for cut := uint64(1); in.BareRows < bareRows; cut++ {
		some := false
		for _, t := range tables {
			rows, took, cores, err := again(ctx, conn, pid, t, cut)
			if err != nil {
				return err
			}
			some = some || rows > 0
			in.BareRows += int64(rows)
			spent, used = spent+took, used+cores
		}
		if !some && cut > uint64(in.Cuts) { //nolint:gosec // a count
			break
		}
	}
	if spent > 0 {
		in.Bare, in.BarePerCore = float64(in.BareRows)/spent.Seconds(), float64(in.BareRows)/used.Seconds()
	}
	return nil
}

// again reads the rows of a cut in a table as columns, and inserts them as one block. Only the insert is timed.
func again(ctx context.Context, conn driver.Conn, pid int, table string, cut uint64) (n int, took, cores time.Duration, err error) {
	rows, err := conn.Query(ctx, fmt.Sprintf("SELECT * FROM %s WHERE cut = %d", table, cut))
	if err != nil {
		return 0, 0, 0, fmt.Errorf("reading %s: %w", table, err)
	}
	types := rows.ColumnTypes()
	columns := make([]reflect.Value, len(types))
	into := make([]any, len(types))
	names := make([]string, len(types))
	for i, t := range types {
		columns[i] = reflect.MakeSlice(reflect.SliceOf(t.ScanType()), 0, 1024)
		into[i] = reflect.New(t.ScanType()).Interface()
		names[i] = "`" + t.Name() + "`"
	}
	for ; rows.Next(); n++ {
		if err = rows.Scan(into...); err != nil {
			return 0, 0, 0, errors.Join(fmt.Errorf("reading %s: %w", table, err), rows.Close())
		}
		for i := range into {
			columns[i] = reflect.Append(columns[i], reflect.ValueOf(into[i]).Elem())
			into[i] = reflect.New(types[i].ScanType()).Interface() // slices of a row are its own
		}
	}
	if err = errors.Join(rows.Err(), rows.Close()); err != nil || n == 0 {
		return 0, 0, 0, err
	}
	began, used := time.Now(), cpuOf(pid)+cpuOf(os.Getpid())
	batch, err := conn.PrepareBatch(ctx, "INSERT INTO bench_"+table+" ("+strings.Join(names, ", ")+")")
	if err != nil {
		return 0, 0, 0, fmt.Errorf("preparing an insert into bench_%s: %w", table, err)
	}
	defer batch.Close() //nolint:errcheck // sent
	for i := range columns {
		if err := batch.Column(i).Append(columns[i].Interface()); err != nil {
			return 0, 0, 0, fmt.Errorf("column %s of %s: %w", names[i], table, err)
		}
	}
	if err := batch.Send(); err != nil {
		return 0, 0, 0, fmt.Errorf("inserting into bench_%s: %w", table, err)
	}
	return n, time.Since(began), cpuOf(pid) + cpuOf(os.Getpid()) - used, nil
}

func texts(ctx context.Context, conn driver.Conn, query string) ([]string, error) {
	rows, err := conn.Query(ctx, query)
	if err != nil {
		return nil, err
	}
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		out = append(out, s)
	}
	return out, errors.Join(rows.Err(), rows.Close())
}
