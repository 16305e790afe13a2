package warehouse

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/embedded/embeddedtest"
	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/event"
)

// chats makes the records of n contacts as chat makes them: of ten facts, six messages with their text.
func chats(tb testing.TB, n int) []event.Record {
	tb.Helper()
	s := &scene{t: tb, log: enginetest.NewLog(1), lanes: map[string]uint64{}, last: map[string][]event.Record{}}
	for i := range n {
		c, at := fmt.Sprintf("cu%06d", i), t0+int64(i)
		for v := uint64(1); v <= 3; v++ {
			s.contact(&event.Contact{Contact: "c-" + c, Queue: "sales", StartedMs: at, EnqueuedMs: at, Version: v}, c, at)
		}
		for m := uint64(1); m <= 6; m++ {
			s.message(c, m, event.Author_AUTHOR_CUSTOMER, "Where is my order? It was to come on Monday.", "k", at)
		}
		s.fact(event.TopicConversationFacts, "conversation", c, &event.Event{AtMs: at, Customer: c, Body: &event.Event_ConversationOpened{
			ConversationOpened: &event.ConversationOpened{Conversation: "conv-" + c},
		}})
	}
	return s.log.All(event.TopicConversationFacts, 0)
}

// BenchmarkSinkMapping is the sink's own work without ClickHouse: decoding, lanes, rows, JSON.
func BenchmarkSinkMapping(b *testing.B) {
	records := chats(b, 2000)
	rows := 0
	for b.Loop() {
		_, made := makeCut(newPosition(), []slice{{place: place{event.TopicConversationFacts, 0}, to: int64(len(records)), records: records}}, "w")
		for _, t := range made.tables() {
			rows += t.count()
		}
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkSinkInsert is mapping and inserting cuts of about 50,000 records, one after the other, as a sink that catches up does.
func BenchmarkSinkInsert(b *testing.B) {
	w := openWarehouse(b, embeddedtest.ClickHouse(b))
	_, err := w.Migrate(context.Background())
	require.NoError(b, err)
	s := &scene{log: enginetest.NewLog(1)}
	r := &run{Sink: newTestSink(b, w, s)}
	records := chats(b, 5000)
	at := newPosition()
	rows := 0
	for b.Loop() {
		cut, made := makeCut(at, []slice{{place: place{event.TopicConversationFacts, 0}, to: int64(len(records)), records: records}}, "w")
		p := &pending{cut: cut, block: made, since: time.Now()} //nolint:forbidigo // a benchmark of real time
		require.NoError(b, r.insertOnce(context.Background(), context.Background(), p, false))
		for _, t := range made.tables() {
			rows += t.count()
		}
		at.number++
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}

// seedNumbers fills the tables that numbers are counted from with n contacts of 20 days, as the sink would: each with four entries and
// an offer of two states, as many agents' states; rows of one contact come in one insert of 50,000 contacts or in the next.
func seedNumbers(b *testing.B, w *Warehouse, n int) {
	b.Helper()
	w.config.InsertTimeout = 5 * time.Minute
	_, err := w.Migrate(context.Background())
	require.NoError(b, err)
	for from := 0; from < n; from += 50_000 {
		src := fmt.Sprintf(`WITH 'acme' AS tenant, number + %d AS i, lower(hex(MD5(toString(i)))) AS contact, concat('q', toString(i %% 7)) AS queue,
			concat('a', toString(i %% 200)) AS agent, fromUnixTimestamp64Milli(%d + toInt64(i * 1728)) AS t `, from, t0)
		for _, statement := range []string{
			`INSERT INTO queue_cohorts (tenant, enqueued_at, queue, contact, cohort, conversation, state, agent, changed_at, offset)
			` + src + `SELECT tenant, t, queue, contact, 1 + (i % 50 = 0), contact, ['waiting', 'offered', 'waiting', if(i % 9 = 0, 'abandoned', 'answered')][v], agent,
				t + toIntervalSecond(v * 9), i * 4 + v FROM numbers(50000) ARRAY JOIN [1, 2, 3, 4] AS v`,
			`INSERT INTO queue_cohorts (tenant, enqueued_at, queue, contact, cohort, conversation, state, next_queue, changed_at, offset)
			` + src + `SELECT tenant, t, 'q9', contact, 1, contact, 'flowed_out', queue, t + toIntervalSecond(5), i * 4 FROM numbers(50000) WHERE i % 50 = 0`,
			`INSERT INTO offer_outcomes (tenant, offered_at, offer, contact, queue, agent, state, closed_at, version)
			` + src + `SELECT tenant, t, contact, contact, queue, agent, ['offered', 'accepted'][v], t + toIntervalSecond(v * 9), v FROM numbers(50000) ARRAY JOIN [1, 2] AS v`,
			`INSERT INTO contact_ends (tenant, ended_at, contact, conversation, queue, agent, state, wrap_up_code, assigned_at, first_response_at, wrapped_at, version)
			` + src + `SELECT tenant, t + toIntervalSecond(300), contact, contact, queue, agent, ['wrapping', 'ended'][v], 'sold', t + toIntervalSecond(36), t + toIntervalSecond(50),
				t + toIntervalSecond(360), v FROM numbers(50000) ARRAY JOIN [1, 2] AS v`,
			`INSERT INTO agent_states (tenant, agent, status, activity, connected, contacts, since_at, at, offset, version)
			` + src + `SELECT tenant, agent, 'available', ['offered', 'busy', 'idle'][v], true, if(v = 2, [contact], []), t + toIntervalSecond(v * 9), t + toIntervalSecond(v * 9),
				i * 4 + v, i * 4 + v FROM numbers(50000) ARRAY JOIN [1, 2, 3] AS v`,
			`INSERT INTO surveys (tenant, at, contact, queue, agent, score, offset)
			` + src + `SELECT tenant, t + toIntervalSecond(400), contact, queue, agent, 1 + i % 5, i FROM numbers(50000) WHERE i % 4 = 0`,
			`INSERT INTO intents (tenant, at, contact, intent, stage, model, latency_us, offset)
			` + src + `SELECT tenant, t, contact, queue, 'local', 'linear', i % 900, i FROM numbers(50000)`,
		} {
			require.NoError(b, w.exec(context.Background(), statement))
		}
	}
}

// readRows is how many rows a query reads, as the engine estimates from its indexes.
func readRows(b *testing.B, w *Warehouse, name string, params map[string]any) (n int64) {
	b.Helper()
	q := *w.queries[name]
	q.name, q.sql = "estimate", "EXPLAIN ESTIMATE "+q.sql
	w.queries["estimate"] = &q
	res, err := w.Query(context.Background(), "estimate", params)
	require.NoError(b, err)
	for _, row := range res.Rows {
		n += res.column(row, "rows")
	}
	return n
}

// BenchmarkNumbers asks each query for one day of intervals of a quarter of an hour, out of 20 days with a million contacts.
func BenchmarkNumbers(b *testing.B) {
	w := openWarehouse(b, embeddedtest.ClickHouse(b))
	seedNumbers(b, w, 1_000_000)
	day := int64(86_400_000)
	for _, days := range []int64{1, 20} {
		for _, name := range []string{
			"queue_by_interval", "flow_outs_by_interval", "queue_by_minute", "contacts_of", "agent_time_by_interval", "agent_by_interval", "offers_by_interval",
			"offers_of", "contacts_handled", "handled_of", "wrap_up_by_interval", "surveys_by_interval", "intents_by_interval", "queue_now", "floor_now",
		} {
			to := t0 + 20*day
			all := map[string]any{
				"tenant": "acme", "queue": "", "agent": "", "from_ms": to - days*day, "to_ms": to, "at_ms": to, "interval_ms": 15 * 60_000, "target_ms": 20_000, "short_ms": 5_000,
				"flow_outs": 0, "short_abandons": 1, "abandons": 1, "outcome": "", "reason": "", "min_wait_ms": 0, "max_wait_ms": 1 << 50, "skip": 0, "count": 100,
				"state": "", "initiation": "", "end_reason": "", "code": "",
			}
			params := map[string]any{}
			for p := range w.queries[name].params {
				params[p] = all[p]
			}
			b.Run(fmt.Sprintf("%s/%d days", name, days), func(b *testing.B) {
				for b.Loop() {
					_, err := w.Query(context.Background(), name, params)
					require.NoError(b, err)
				}
				b.ReportMetric(float64(readRows(b, w, name, params)), "rows")
			})
		}
	}
}
