// Package boardstest holds a board and the warehouse against each other, over the ClickHouse engine and the door's own routes.
package boardstest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/dashboards/api"
	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/embedded/embeddedtest"
	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/objects"
	"github.com/tributary-cc/tributary/stream/privacy"
	"github.com/tributary-cc/tributary/stream/warehouse"
)

const (
	began  = int64(1_780_000_000_000)
	minute = int64(60_000)
)

var targets = map[string]int64{"sales": 20_000, "service": 5_000, "cards": 60_000}

// floor is a warehouse and a door over one log, at a time that the test says.
type floor struct {
	t       *testing.T
	rand    *rand.Rand
	log     *enginetest.Log
	numbers map[int]uint64
	now     atomic.Int64
	house   *warehouse.Warehouse
	asked   *asked
	url     string
	token   string
	people  int
}

func (f *floor) clock() time.Time { return time.UnixMilli(f.now.Load()) }

// blind opens and appends nothing: no contents are in these facts, and nothing is asked of a fold.
type blind struct{}

func (blind) OpenContent(context.Context, string, *event.Sealed) (*event.Content, error) {
	return &event.Content{}, nil
}
func (blind) Append(context.Context, event.Topic, *event.Event, *event.Content) error { return nil }

// asked is the warehouse as the door asks it.
type asked struct {
	*warehouse.Warehouse
	runs atomic.Int64
}

func (a *asked) Answer(ctx context.Context, name string, params map[string]any) (*warehouse.Result, error) {
	a.runs.Add(1)
	return a.Query(ctx, name, params)
}

func (f *floor) fact(topic event.Topic, e *event.Event) {
	e.Tenant = "acme"
	p := event.PartitionOf(e.GetKey(), f.log.Partitions(topic))
	lane := p
	if topic == event.TopicConfigFacts {
		lane += 1000
	}
	f.numbers[lane]++
	e.Origin = &event.Origin{Processor: string(topic), Partition: int32(p), Epoch: 1, Offset: int64(f.numbers[lane]), Number: f.numbers[lane]}
	id := event.OriginID(e.GetOrigin())
	e.Id = id[:]
	value, err := event.Marshal(e)
	require.NoError(f.t, err)
	done := make(chan error, 1)
	f.log.Append(context.Background(), topic, p, []event.Record{{Topic: topic, Partition: p, Key: []byte(e.GetKey()), Value: value}}, func(err error) { done <- err })
	require.NoError(f.t, <-done)
}

func newFloor(t *testing.T, seed uint64) *floor {
	f := &floor{t: t, rand: rand.New(rand.NewPCG(seed, 1)), log: enginetest.NewLog(3), numbers: map[int]uint64{}}
	f.now.Store(began)
	var objectsOf []*event.ConfigObject
	for queue, target := range targets {
		objectsOf = append(objectsOf, &event.ConfigObject{Object: &event.ConfigObject_Queue{Queue: &event.Queue{Id: queue, Name: queue, TargetMs: target}}})
	}
	f.fact(event.TopicConfigFacts, &event.Event{Key: "acme/config", Body: &event.Event_ConfigApplied{ConfigApplied: &event.ConfigApplied{Version: 1, Objects: objectsOf}}})
	house, err := warehouse.Open(warehouse.Config{DSN: embeddedtest.ClickHouse(t)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, house.Close()) })
	f.house, f.asked = house, &asked{Warehouse: house}
	f.sink()

	accounts, err := access.New(objects.NewMemory(), privacy.NewMasterKey(), f.clock, nil)
	require.NoError(t, err)
	_, err = accounts.Create(t.Context(), "acme", "grafana", "", "", access.RoleDashboards)
	require.NoError(t, err)
	f.token, err = accounts.ServiceToken(t.Context(), "acme", "grafana", 24*time.Hour)
	require.NoError(t, err)
	var ids atomic.Int64
	s, err := api.New(api.Config{
		Log: f.log, Guard: blind{}, Opener: blind{}, Accounts: accounts, Gateway: "g", Now: f.clock, Boards: f.asked,
		NewID: func() string { return fmt.Sprintf("id%018d", ids.Add(1)) },
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	var run sync.WaitGroup
	run.Go(func() { _ = s.Run(ctx) })
	web := httptest.NewServer(s.Handler())
	f.url = web.URL
	t.Cleanup(func() {
		cancel()
		run.Wait()
		web.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	require.Eventually(t, func() bool { return s.Ready() == nil }, 10*time.Second, time.Millisecond)
	return f
}

// sink brings all facts into the warehouse.
func (f *floor) sink() {
	s, err := warehouse.NewSink(warehouse.Options{
		Log: f.log, Warehouse: f.house, Opener: blind{}, Now: time.Now, Mask: func(text string) string { return text }, //nolint:forbidigo // a test of real time
		Interval: 20 * time.Millisecond, Grace: 150 * time.Millisecond,
	})
	require.NoError(f.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	require.Eventually(f.t, func() bool {
		l := s.Lag()
		return l.Records == 0 && !l.Since.IsZero() && l.Pending == 0
	}, time.Minute, 5*time.Millisecond)
	cancel()
	require.ErrorIs(f.t, <-ended, context.Canceled)
}

// contact plays a contact that is enqueued at a moment, and in up to four queues after each other.
func (f *floor) contact(at int64, into map[int64][]*event.Event) {
	f.people++
	id, queues := fmt.Sprintf("k%04d", f.people), []string{"sales", "service", "cards"}
	enqueued, queue := at, queues[f.rand.IntN(3)]
	version := uint64(0)
	for cohort := uint32(1); cohort <= 4; cohort++ {
		tell := func(state, next string) {
			version++
			into[at] = append(into[at], &event.Event{Key: "acme/main", AtMs: at, Body: &event.Event_QueueEntry{QueueEntry: &event.QueueEntry{
				Contact: id, Conversation: "v-" + id, Queue: queue, State: state, EnqueuedMs: enqueued, ChangedMs: at, Version: version, Cohort: cohort,
				NextQueue: next, Channel: event.Channel_CHANNEL_WEBCHAT,
			}}})
		}
		wait := func() { at += f.rand.Int64N(45_000) }
		tell("waiting", "")
		for f.rand.IntN(3) == 0 {
			wait()
			tell("offered", "")
		}
		wait()
		switch n := f.rand.IntN(10); {
		case n == 0:
			return // waits to this day
		case n < 3:
			tell("abandoned", "")
			return
		case n == 3:
			tell("flowed_out", "")
			return
		case n < 6:
			next := queues[f.rand.IntN(3)]
			tell("flowed_out", next)
			queue = next
		case n == 6:
			tell("answered", "")
			wait()
			tell("waiting", "")
			wait()
			tell("answered", "")
			return
		default:
			tell("answered", "")
			return
		}
	}
}

func (f *floor) ask(method, path string, body any) *http.Response {
	raw, err := json.Marshal(body)
	require.NoError(f.t, err)
	r, err := http.NewRequestWithContext(f.t.Context(), method, f.url+path, bytes.NewReader(raw))
	require.NoError(f.t, err)
	r.Header.Set("Authorization", "Bearer "+f.token)
	resp, err := http.DefaultTransport.RoundTrip(r)
	require.NoError(f.t, err)
	require.Equal(f.t, http.StatusOK, resp.StatusCode)
	return resp
}

type queueRow struct {
	Queue             string   `json:"queue"`
	Waiting           int64    `json:"waiting"`
	Offered           int64    `json:"offered"`
	OldestMs          int64    `json:"oldest_ms"`
	TargetMs          int64    `json:"target_ms"`
	Enqueued          int64    `json:"enqueued"`
	Answered          int64    `json:"answered"`
	Abandoned         int64    `json:"abandoned"`
	FlowedOut         int64    `json:"flowed_out"`
	AnsweredInTarget  int64    `json:"answered_in_target"`
	AbandonedInTarget int64    `json:"abandoned_in_target"`
	ServiceLevel      *float64 `json:"service_level"`
}

type board struct {
	AtMs   int64      `json:"at_ms"`
	FromMs int64      `json:"from_ms"`
	ToMs   int64      `json:"to_ms"`
	Queues []queueRow `json:"queues"`
}

// live is the board's first frame, once the view has what was told.
func (f *floor) live() board {
	resp := f.ask(http.MethodGet, "/api/boards/live?scope=all", nil)
	defer func() { _ = resp.Body.Close() }()
	lines := bufio.NewReader(resp.Body)
	line, err := lines.ReadString('\n')
	require.NoError(f.t, err)
	var b board
	require.NoError(f.t, json.Unmarshal([]byte(strings.TrimPrefix(line, "data: ")), &b))
	return b
}

// query answers a named query's rows as maps.
func (f *floor) query(name string, params map[string]any) []map[string]any {
	resp := f.ask(http.MethodPost, "/api/query", map[string]any{"queries": []any{map[string]any{"ref": "A", "name": name, "params": params}}})
	defer func() { _ = resp.Body.Close() }()
	var out struct {
		Results []struct {
			Columns []struct{ Name string }
			Rows    [][]any
			Error   any
		}
	}
	require.NoError(f.t, json.NewDecoder(resp.Body).Decode(&out))
	require.Nil(f.t, out.Results[0].Error)
	var rows []map[string]any
	for _, row := range out.Results[0].Rows {
		m := map[string]any{}
		for i, v := range row {
			m[out.Results[0].Columns[i].Name] = v
		}
		rows = append(rows, m)
	}
	return rows
}

func whole(v any) int64 {
	n, _ := v.(float64)
	return int64(n)
}

// counted is what the named queries say of the same minutes.
func (f *floor) counted(b board) []queueRow {
	now := map[string]map[string]any{}
	for _, row := range f.query("queue_now", map[string]any{"at_ms": b.AtMs}) {
		now[fmt.Sprint(row["queue"])] = row
	}
	out := make([]queueRow, len(b.Queues))
	for i, q := range b.Queues {
		waits := now[q.Queue]
		out[i] = queueRow{Queue: q.Queue, TargetMs: targets[q.Queue], Waiting: whole(waits["waiting"]), Offered: whole(waits["offered"]), OldestMs: whole(waits["oldest_ms"])}
		for _, row := range f.query("queue_by_interval", map[string]any{
			"queue": q.Queue, "from_ms": b.FromMs, "to_ms": b.ToMs, "interval_ms": b.ToMs - b.FromMs, "target_ms": targets[q.Queue],
			"short_ms": 0, "flow_outs": 0, "short_abandons": 1, "abandons": 1,
		}) {
			out[i].Enqueued, out[i].Answered, out[i].Abandoned = whole(row["enqueued"]), whole(row["answered"]), whole(row["abandoned"])
			out[i].FlowedOut = whole(row["flowed_out"])
			out[i].AnsweredInTarget, out[i].AbandonedInTarget = whole(row["answered_in_target"]), whole(row["abandoned_in_target"])
			if level, there := row["sl_late_abandons"].(float64); there {
				out[i].ServiceLevel = &level
			}
		}
	}
	return out
}

// A live board's numbers are those of queue_by_interval and queue_now over the same minutes, at every moment of a random day.
func TestALiveBoardAgreesWithTheWarehouse(t *testing.T) {
	f := newFloor(t, 11)
	day := map[int64][]*event.Event{}
	for range 250 {
		f.contact(began+f.rand.Int64N(75*minute), day)
	}
	seen := int64(0)
	for moment := began; moment < began+95*minute; moment += 17*minute + 777 {
		told := 0
		for at := f.now.Load(); at < moment; at++ {
			for _, e := range day[at] {
				f.fact(event.TopicRoutingFacts, e)
				told++
			}
		}
		f.now.Store(moment)
		f.sink()
		var b board
		var want []queueRow
		require.Eventually(t, func() bool { // the view follows the log by itself, and answers stand for a moment
			f.now.Add(1)
			b = f.live()
			want = f.counted(b)
			return equal(want, b.Queues)
		}, 20*time.Second, 10*time.Millisecond, "%d facts on: want %+v, got %+v", told, want, b.Queues)
		require.Len(t, b.Queues, len(targets))
		require.Equal(t, 30*minute, b.ToMs-b.FromMs)
		for _, q := range b.Queues {
			seen += q.Answered + q.Abandoned + q.FlowedOut + q.Waiting
		}
	}
	require.Greater(t, seen, int64(300), "there was something to count")
}

func equal(a, b []queueRow) bool {
	x, err := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return errors.Join(err, err2) == nil && string(x) == string(y)
}

// Fifty people who look at ten numbers, again and again, ask the warehouse about as often as one.
func TestFiftyViewersShareAnswers(t *testing.T) {
	f := newFloor(t, 12)
	day := map[int64][]*event.Event{}
	for range 200 {
		f.contact(began+f.rand.Int64N(25*minute), day)
	}
	for at := began; at < began+30*minute; at++ {
		for _, e := range day[at] {
			f.fact(event.TopicRoutingFacts, e)
		}
	}
	f.now.Store(began + 30*minute)
	f.sink()
	const viewers, rounds, panels = 50, 2, 10
	before := f.asked.runs.Load()
	var mu sync.Mutex
	var took []time.Duration
	for range rounds {
		var all sync.WaitGroup
		for range viewers {
			all.Go(func() {
				for panel := range panels {
					start := time.Now() //nolint:forbidigo // it measures
					f.query("queue_by_interval", map[string]any{
						"queue": "", "from_ms": began, "to_ms": began + 30*minute, "interval_ms": minute, "target_ms": 20_000 + panel, "short_ms": 0,
						"flow_outs": 0, "short_abandons": 1, "abandons": 1,
					})
					mu.Lock()
					took = append(took, time.Since(start))
					mu.Unlock()
				}
			})
		}
		all.Wait()
		f.now.Add(5000)
	}
	require.Equal(t, int64(rounds*panels), f.asked.runs.Load()-before)
	slices.Sort(took)
	t.Logf("%d viewers, %d requests: p50 %s, p95 %s", viewers, len(took), took[len(took)/2], took[len(took)*95/100])
}
