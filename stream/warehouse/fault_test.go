package warehouse

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/embedded/embeddedtest"
	"github.com/tributary-cc/tributary/stream/event"
)

// behindAProxy gives a warehouse whose ClickHouse can be taken away.
func behindAProxy(t *testing.T) (w *Warehouse, away *atomic.Bool) {
	t.Helper()
	target, err := url.Parse(embeddedtest.ClickHouse(t))
	require.NoError(t, err)
	away = new(atomic.Bool)
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: target.Host})
	proxy.FlushInterval = -1
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if away.Load() {
			panic(http.ErrAbortHandler) //nolint:forbidigo // how a handler hangs up
		}
		proxy.ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	dsn := *target
	dsn.Host = server.Listener.Addr().String()
	return openWarehouse(t, dsn.String()), away
}

func TestSinkWaitsForClickHouse(t *testing.T) {
	w, away := behindAProxy(t)
	away.Store(true)
	s := newScene(t, 3)
	s.bulk(0, 20)
	sink := newTestSink(t, w, s)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- sink.Run(ctx) }()
	eventually := func(f func(Lag) bool) {
		t.Helper()
		require.Eventually(t, func() bool { return f(sink.Lag()) }, 30*time.Second, 5*time.Millisecond)
	}
	eventually(func(l Lag) bool { return l.Failures >= 2 && l.Records > 0 && l.Failure != "" && l.Since.IsZero() })
	away.Store(false)
	eventually(caughtUp)
	requireWhole(t, w, 20)

	away.Store(true) // in the middle of its life too
	s.bulk(20, 20)
	eventually(func(l Lag) bool { return l.Failure != "" && l.Records > 0 && l.Pending > 0 }) // two if the first was full
	away.Store(false)
	eventually(func(l Lag) bool { return caughtUp(l) && l.Failure == "" })
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
	requireWhole(t, w, 40)
}

// flakyKeys fails the first few times, as a key store that is away does.
type flakyKeys struct{ left atomic.Int32 }

var errAway = errors.New("the key store is away")

func (f *flakyKeys) OpenContent(ctx context.Context, tenant string, s *event.Sealed) (*event.Content, error) {
	if f.left.Add(-1) >= 0 {
		return nil, errAway
	}
	if s.GetKeyRef() == "bent" {
		return nil, errErased
	}
	return reader{}.OpenContent(ctx, tenant, s)
}

func TestSinkWaitsForKeysAndMarksWhatCannotBeOpened(t *testing.T) {
	w, s := seeded(t)
	s.message("ann", 1, event.Author_AUTHOR_CUSTOMER, "a secret", "k", t0)
	s.message("ann", 2, event.Author_AUTHOR_CUSTOMER, "x", "bent", t0)
	s.fact(event.TopicConversationFacts, "conversation", "ann", &event.Event{AtMs: t0, Body: &event.Event_MessageAdded{
		MessageAdded: &event.MessageAdded{Message: "bare", Conversation: "conv-ann", Sequence: 3},
	}})
	sink := newTestSink(t, w, s)
	keys := new(flakyKeys)
	keys.left.Store(2)
	sink.Opener = keys
	sink.Fault = func(err error) TextFault {
		if errors.Is(err, errErased) {
			return TextDamaged
		}
		return TextLater
	}
	runUntil(t, sink, caughtUp)
	require.GreaterOrEqual(t, sink.Lag().Failures, uint64(2))
	res, err := w.Query(context.Background(), "conversation_messages", map[string]any{"tenant": "acme", "conversation": "conv-ann", "before": 0, "count": 9})
	require.NoError(t, err)
	require.Len(t, res.Rows, 3)
	for i, want := range [][]any{{"", textNone}, {"", textDamaged}, {"a ******", textThere}} {
		require.Equal(t, want, res.Rows[i][7:9])
	}
}

// What cannot be read, lies behind a gap of its lane or comes from a newer build stops nothing.
func TestSinkPassesOverDamage(t *testing.T) {
	w, s := seeded(t)
	s.bulk(0, 3)
	ctx := context.Background()
	put := func(e *event.Event, raw []byte) {
		if e != nil {
			var err error
			raw, err = event.Marshal(e)
			require.NoError(t, err)
		}
		s.log.Append(ctx, event.TopicInsightFacts, 0, []event.Record{{Value: raw}}, func(error) {})
	}
	put(nil, []byte{0xff, 0xff})
	put(&event.Event{Id: []byte("tick"), Body: &event.Event_Tick{Tick: &event.Tick{}}}, nil)
	put(&event.Event{Id: []byte("gap"), Tenant: "acme", Origin: &event.Origin{Processor: "risk", Epoch: 1, Number: 5}}, nil)
	put(&event.Event{Id: []byte("newer"), Tenant: "acme", AtMs: -5, Origin: &event.Origin{Processor: "risk", Epoch: 1, Number: 1}}, nil)
	sink := newTestSink(t, w, s)
	runUntil(t, sink, caughtUp)
	lag := sink.Lag()
	require.Equal(t, [2]uint64{1, 1}, [2]uint64{lag.Damaged, lag.Gaps})
	requireWhole(t, w, 3)
	var kind string
	var year uint16
	require.NoError(t, w.conn.QueryRow(ctx, "SELECT kind, toYear(at) FROM events WHERE topic = 'insight.facts'").Scan(&kind, &year))
	require.Equal(t, "unknown", kind)
	require.Equal(t, uint16(2020), year)
}

// Check shows rows that are missing or too many.
func TestCheckShowsWhatIsMissing(t *testing.T) {
	w, s := seeded(t)
	s.bulk(0, 10)
	runUntil(t, newTestSink(t, w, s), caughtUp)
	ctx := context.Background()
	require.NoError(t, w.conn.Exec(ctx, "ALTER TABLE messages DELETE WHERE message = 'm-cu3-1' SETTINGS mutations_sync = 2"))
	require.NoError(t, w.conn.Exec(ctx, "ALTER TABLE contacts DELETE WHERE contact = 'c-cu4' SETTINGS mutations_sync = 2"))
	require.NoError(t, w.conn.Exec(ctx, "INSERT INTO offers (tenant, offer, cut) VALUES ('acme', 'x', 1)"))
	faults, err := w.Verify(ctx, "acme")
	require.NoError(t, err)
	require.False(t, faults.None())
	require.Len(t, faults.SequenceGaps, 1)
	found := map[string]int{}
	for _, m := range faults.Cuts {
		found[m.Table] += int(m.Counted) - int(m.Announced)
	}
	require.Equal(t, map[string]int{"messages": -1, "contacts": -3, "offers": 1}, found)
}
