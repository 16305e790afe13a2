package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/embedded"
	"github.com/tributary-cc/tributary/stream/embedded/embeddedtest"
)

func open(t testing.TB, dsn string) driver.Conn {
	t.Helper()
	options, err := clickhouse.ParseDSN(dsn)
	require.NoError(t, err)
	conn, err := clickhouse.Open(options)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	return conn
}

func count(t testing.TB, c driver.Conn, query string, args ...any) uint64 {
	t.Helper()
	var n uint64
	require.NoError(t, c.QueryRow(t.Context(), query, args...).Scan(&n))
	return n
}

func TestClickHouseTypesRoundTrip(t *testing.T) {
	c := open(t, embeddedtest.ClickHouse(t))
	require.NoError(t, c.Exec(t.Context(), `CREATE TABLE kinds (
		id UInt64, name String, kind LowCardinality(String), at DateTime64(3, 'UTC'), day Date, tags Array(String),
		ok Bool, delta Int32, ratio Float64, id16 UUID, fixed FixedString(3), e Enum8('a' = 1, 'b' = 2),
		maybe Nullable(String), lows Array(LowCardinality(String)), second DateTime('UTC'), big UInt128
	) ENGINE = MergeTree ORDER BY id`))
	batch, err := c.PrepareBatch(t.Context(), "INSERT INTO kinds (id, name, kind, at, day, tags, ok, delta, ratio, fixed, e, maybe, lows, second)")
	require.NoError(t, err)
	defer batch.Close() //nolint:errcheck // sent below
	at := time.Date(2026, 7, 1, 8, 30, 15, 123e6, time.UTC)
	for i := range 1000 {
		text := fmt.Sprintf("客户 %d\x00\n'", i)
		maybe := &text
		if i%2 == 0 {
			maybe = nil
		}
		require.NoError(t, batch.Append(uint64(i), text, fmt.Sprint("kind", i%3), at.Add(time.Duration(i)*time.Millisecond), at,
			[]string{"a", text}, i%2 == 0, int32(-i), float64(i)/3, "abc", "b", maybe, []string{"x", "y"}, at))
	}
	require.NoError(t, batch.Send())

	rows, err := c.Query(t.Context(), "SELECT id, name, kind, at, tags, ok, delta, ratio, fixed, e, maybe, lows, second FROM kinds ORDER BY id")
	require.NoError(t, err)
	n := 0
	for ; rows.Next(); n++ {
		var (
			id                   uint64
			name, kind, fixed, e string
			gotAt, second        time.Time
			tags, lows           []string
			ok                   bool
			delta                int32
			ratio                float64
			maybe                *string
			wantText             = fmt.Sprintf("客户 %d\x00\n'", n)
		)
		require.NoError(t, rows.Scan(&id, &name, &kind, &gotAt, &tags, &ok, &delta, &ratio, &fixed, &e, &maybe, &lows, &second))
		require.Equal(t, uint64(n), id)
		require.Equal(t, wantText, name)
		require.Equal(t, fmt.Sprint("kind", n%3), kind)
		require.True(t, at.Add(time.Duration(n)*time.Millisecond).Equal(gotAt), gotAt)
		require.Equal(t, []string{"a", wantText}, tags)
		require.Equal(t, n%2 == 0, ok)
		require.Equal(t, int32(-n), delta)
		require.InDelta(t, float64(n)/3, ratio, 0)
		require.Equal(t, "abc", fixed)
		require.Equal(t, "b", e)
		require.Equal(t, n%2 == 0, maybe == nil)
		require.Equal(t, []string{"x", "y"}, lows)
		require.True(t, at.Truncate(time.Second).Equal(second))
	}
	require.NoError(t, rows.Err())
	require.Equal(t, 1000, n)
}

func TestClickHouseParameters(t *testing.T) {
	c := open(t, embeddedtest.ClickHouse(t))
	ctx := clickhouse.Context(t.Context(), clickhouse.WithParameters(clickhouse.Parameters{
		"n": "7", "s": "it's; DROP TABLE x --", "t": "2026-07-01 08:30:15", "list": "['a','b']", "db": "system",
	}))
	var (
		n    uint64
		s    string
		at   time.Time
		list []string
	)
	require.NoError(t, c.QueryRow(ctx, "SELECT {n:UInt64}, {s:String}, {t:DateTime('UTC')}, {list:Array(String)} FROM {db:Identifier}.one").
		Scan(&n, &s, &at, &list))
	require.Equal(t, uint64(7), n)
	require.Equal(t, "it's; DROP TABLE x --", s)
	require.Equal(t, time.Date(2026, 7, 1, 8, 30, 15, 0, time.UTC), at.UTC())
	require.Equal(t, []string{"a", "b"}, list)
	err := c.QueryRow(t.Context(), "SELECT {missing:UInt64}").Scan(&n)
	requireCode(t, 456, err)
}

func requireCode(t testing.TB, code int32, err error) {
	t.Helper()
	var refused *clickhouse.Exception
	require.ErrorAs(t, err, &refused)
	require.Equal(t, code, refused.Code, refused.Message)
}

func TestClickHouseErrorsKeepTheirCode(t *testing.T) {
	c := open(t, embeddedtest.ClickHouse(t))
	var n uint64
	requireCode(t, 60, c.Exec(t.Context(), "INSERT INTO nowhere VALUES (1)"))
	requireCode(t, 62, c.Exec(t.Context(), "SELEKT 1"))
	requireCode(t, 60, c.QueryRow(t.Context(), "SELECT count() FROM nowhere").Scan(&n))
	requireCode(t, 115, c.Exec(clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"no_such_setting": 1})), "SELECT 1"))
	requireCode(t, 81, c.Exec(t.Context(), "DROP DATABASE nowhere"))
	// in the middle of an answer
	rows, err := c.Query(t.Context(), "SELECT throwIf(number = 150000) FROM numbers(1000000) SETTINGS max_block_size = 1000")
	if err == nil {
		for rows.Next() { // until the error
		}
		err = rows.Err()
	}
	requireCode(t, 395, err)
	require.Equal(t, uint64(1), count(t, c, "SELECT toUInt64(1)"), "the connection is as good as before")
}

// insertIDs inserts the numbers below n as one batch.
func insertIDs(t testing.TB, ctx context.Context, c driver.Conn, n int) { //nolint:revive // t comes first in tests
	t.Helper()
	batch, err := c.PrepareBatch(ctx, "INSERT INTO facts (id)")
	require.NoError(t, err)
	defer batch.Close() //nolint:errcheck // sent below
	for i := range n {
		require.NoError(t, batch.Append(uint64(i)))
	}
	require.NoError(t, batch.Send())
}

func TestClickHouseDropsRepeatedInserts(t *testing.T) {
	c := open(t, embeddedtest.ClickHouse(t))
	require.NoError(t, c.Exec(t.Context(), `CREATE TABLE facts (id UInt64) ENGINE = MergeTree ORDER BY id
		SETTINGS non_replicated_deduplication_window = 100`))
	for _, token := range []string{"cut-1", "cut-1", "cut-2", "cut-1"} {
		insertIDs(t, clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"insert_deduplication_token": token})), c, 100)
	}
	require.Equal(t, uint64(200), count(t, c, "SELECT count() FROM facts"))
	var token string
	require.NoError(t, c.QueryRow(t.Context(), "SELECT toString(getSetting('insert_deduplication_token'))").Scan(&token))
	require.Empty(t, token, "a setting ends with its request")
}

func TestClickHouseAnswersWithoutRows(t *testing.T) {
	c := open(t, embeddedtest.ClickHouse(t))
	rows, err := c.Query(t.Context(), "SELECT number AS n, toString(number) AS s, ['x'] AS l, CAST('a', 'LowCardinality(String)') AS k FROM numbers(0) -- none")
	require.NoError(t, err)
	require.Equal(t, []string{"n", "s", "l", "k"}, rows.Columns())
	require.False(t, rows.Next())
	require.NoError(t, rows.Err())
}

func TestClickHouseScansAtOnce(t *testing.T) {
	c := open(t, embeddedtest.ClickHouse(t))
	require.NoError(t, c.Exec(t.Context(), "CREATE TABLE many (id UInt64, kind LowCardinality(String)) ENGINE = MergeTree ORDER BY id"))
	require.NoError(t, c.Exec(t.Context(), "INSERT INTO many SELECT number, toString(number % 7) FROM numbers(300000)"))
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			var n, sum uint64
			err := c.QueryRow(t.Context(), "SELECT count(), sum(id) FROM many WHERE kind != '8'").Scan(&n, &sum)
			if err != nil || n != 300000 || sum != 300000*299999/2 {
				t.Errorf("%d rows, sum %d: %v", n, sum, err)
			}
		})
	}
	rows, err := c.Query(t.Context(), "SELECT id, kind FROM many ORDER BY id")
	require.NoError(t, err)
	var want uint64
	for ; rows.Next(); want++ {
		var id uint64
		var kind string
		require.NoError(t, rows.Scan(&id, &kind))
		require.Equal(t, want, id)
	}
	require.NoError(t, rows.Err())
	require.Equal(t, uint64(300000), want)
	wg.Wait()
}

func TestClickHouseCancels(t *testing.T) {
	c := open(t, embeddedtest.ClickHouse(t))
	const endless = "SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number), 'endless one')"
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Exec(ctx, endless) }()
	running := "SELECT count() FROM system.processes WHERE query LIKE '%endless one%' AND query NOT LIKE '%processes%'"
	require.Eventually(t, func() bool { return count(t, c, running) == 1 }, 10*time.Second, 10*time.Millisecond)
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
	require.Eventually(t, func() bool { return count(t, c, running) == 0 }, 10*time.Second, 10*time.Millisecond)

	limited := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"max_execution_time": 1}))
	requireCode(t, 159, c.Exec(limited, endless))
}

func TestClickHouseForgetsWhatAStatementSet(t *testing.T) {
	c := open(t, embeddedtest.ClickHouse(t))
	for range 20 { // so that every connection had one
		require.NoError(t, c.Exec(t.Context(), "SET max_threads = 77"))
		readonly := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"readonly": 1}))
		require.Equal(t, uint64(1), count(t, c, "SELECT toUInt64(1)"))
		require.NoError(t, c.QueryRow(readonly, "SELECT 1").Err())
		require.Zero(t, count(t, c, "SELECT toUInt64(toString(getSetting('max_threads')) = '77')"))
	}
}

func TestClickHouseAsksForThePassword(t *testing.T) {
	dsn := embeddedtest.ClickHouse(t)
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	u.Path = "/"
	for _, user := range []*url.Userinfo{nil, url.User("tributary"), url.UserPassword("tributary", "wrong"), url.UserPassword("default", "")} {
		u.User = user
		var refused *http.Response
		refused, err = http.Post(u.String(), "text/plain", strings.NewReader("SELECT 1"))
		require.NoError(t, err)
		require.Equal(t, http.StatusUnauthorized, refused.StatusCode)
		require.Equal(t, "516", refused.Header.Get("X-ClickHouse-Exception-Code"))
		require.NoError(t, refused.Body.Close())
	}
	resp, err := http.Get("http://" + u.Host + "/ping")
	require.NoError(t, err)
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, "Ok.\n", string(text))
}

func TestClickHouseBoundsMemory(t *testing.T) {
	c := open(t, embeddedtest.ClickHouse(t))
	little := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"max_memory_usage": 10 << 20}))
	const hungry = "SELECT length(groupArray(number)) FROM numbers(%d)"
	requireCode(t, 241, c.Exec(little, fmt.Sprintf(hungry, 10_000_000)))
	much := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"max_memory_usage": 0}))
	var limit string
	require.NoError(t, c.QueryRow(much, "SELECT toString(getSetting('max_memory_usage'))").Scan(&limit))
	require.Equal(t, fmt.Sprint(2<<30), limit, "nobody asks for more than the owner allows")
}

func TestClickHouseBoundsBodies(t *testing.T) {
	dsn := embeddedtest.ClickHouse(t)
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	u.Path = "/"
	resp, err := http.Post(u.String(), "text/plain", strings.NewReader("SELECT 1 /*"+strings.Repeat("x", 5<<20)+"*/"))
	require.NoError(t, err)
	require.Equal(t, http.StatusBadRequest, resp.StatusCode)
	require.Equal(t, "307", resp.Header.Get("X-ClickHouse-Exception-Code"))
	require.NoError(t, resp.Body.Close())
}

func TestClickHouseRefuses(t *testing.T) {
	dsn := embeddedtest.ClickHouse(t)
	_, err := embedded.StartClickHouse(t.Context(), embedded.ClickHouseConfig{Dir: t.TempDir()})
	require.ErrorContains(t, err, "can run only one")
	_, err = embedded.StartClickHouse(t.Context(), embedded.ClickHouseConfig{})
	require.ErrorContains(t, err, "Dir is empty")
	_, err = embedded.StartClickHouse(t.Context(), embedded.ClickHouseConfig{Dir: t.TempDir(), Addr: "0.0.0.0:8123"})
	require.ErrorContains(t, err, "loopback")
	_, err = embedded.StartClickHouse(t.Context(), embedded.ClickHouseConfig{Dir: t.TempDir(), LibPath: "/nonexistent"})
	require.ErrorIs(t, err, embedded.ErrNoLibrary)

	for query, code := range map[string]string{
		"compress=1": "48", "client_protocol_version=x": "36", "a%27b=1": "36", "database=" + strings.Repeat("x", 300): "36",
	} {
		u, err := url.Parse(dsn)
		require.NoError(t, err)
		u.Path, u.RawQuery = "/", query
		resp, err := http.Post(u.String(), "text/plain", strings.NewReader("SELECT 1"))
		require.NoError(t, err)
		require.Equal(t, http.StatusBadRequest, resp.StatusCode)
		require.Equal(t, code, resp.Header.Get("X-ClickHouse-Exception-Code"), query)
		require.NoError(t, resp.Body.Close())
	}
}

// childClickHouse fills a table until it is killed, and says after each insert how many rows there must be.
func childClickHouse() {
	engine, err := embedded.StartClickHouse(context.Background(), embedded.ClickHouseConfig{Dir: os.Getenv("TRIBUTARY_TEST_DIR")})
	if err != nil {
		fmt.Println("error", err) //nolint:forbidigo // read by the parent
		return
	}
	fmt.Println("dsn", engine.DSN()) //nolint:forbidigo // read by the parent
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// childTwice opens an engine, closes it, and opens another directory and the first again, all in one process.
func childTwice() {
	dir := os.Getenv("TRIBUTARY_TEST_DIR")
	for _, name := range []string{"a", "b", "a"} {
		engine, err := embedded.StartClickHouse(context.Background(), embedded.ClickHouseConfig{Dir: filepath.Join(dir, name)})
		if err != nil {
			fmt.Println("error", err) //nolint:forbidigo // read by the parent
			return
		}
		if err = errors.Join(engine.Close(), engine.Close()); err != nil {
			fmt.Println("error", err) //nolint:forbidigo // read by the parent
			return
		}
	}
	fmt.Println("fine") //nolint:forbidigo // read by the parent
}

func needLibrary(t testing.TB) {
	t.Helper()
	if _, err := embedded.FindLibrary(""); errors.Is(err, embedded.ErrNoLibrary) && os.Getenv("CI") == "" {
		t.Skipf("this test needs the ClickHouse engine: %v", err)
	}
}

func TestClickHouseStopsAndStartsInOneProcess(t *testing.T) {
	needLibrary(t)
	first, _ := child(t, "clickhouse-twice", t.TempDir())
	require.Equal(t, "fine", first)
}

func TestClickHouseOpensAgainAfterAKill(t *testing.T) {
	needLibrary(t)
	dir := t.TempDir()
	var acked uint64
	for round := range 3 {
		first, kill := child(t, "clickhouse", dir)
		dsn, ok := strings.CutPrefix(first, "dsn ")
		require.True(t, ok, first)
		c := open(t, dsn)
		require.NoError(t, c.Exec(t.Context(), "CREATE TABLE IF NOT EXISTS facts (id UInt64) ENGINE = MergeTree ORDER BY id"))
		have := count(t, c, "SELECT count() FROM facts")
		require.GreaterOrEqual(t, have, acked)
		require.Zero(t, have%1000, "an insert is there or not there")
		if round == 0 {
			second, kill2 := child(t, "clickhouse", dir)
			require.Contains(t, second, embedded.ErrInUse.Error())
			kill2()
		}
		for i := range 5 {
			require.NoError(t, c.Exec(t.Context(), "INSERT INTO facts SELECT number FROM numbers(1000)"), "insert %d", i)
			acked = have + uint64(i+1)*1000
		}
		go func() { _ = c.Exec(context.Background(), "INSERT INTO facts SELECT number FROM numbers(1000)") }() // cut short
		kill()
	}
}
