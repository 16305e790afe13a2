package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/tributary-cc/tributary/cmd/tributary/process"
)

// A contact of the fill, from its number: spread evenly over the days, four of five answered, the others abandoned or flowed out.
// A hash of the number stands for chance.
const oneContact = `
SELECT number AS n, cityHash64(n) AS h, {tenant:String} AS tenant,
       toDateTime64({end_ms:Int64} / 1000 - {seconds:Float64} * (n + 0.5) / {contacts:UInt64}, 3, 'UTC') AS enqueued,
       concat('q', leftPad(toString(h % {queues:UInt64}), 2, '0')) AS in_queue,
       concat('c', toString(n)) AS of_contact, concat('v', toString(n)) AS of_conversation,
       concat('a', leftPad(toString(intDiv(h, 64) % {agents:UInt64}), 4, '0')) AS by_agent,
       intDiv(h, 4096) % 100 AS fate,
       multiIf(fate < 80, 'answered', fate < 92, 'abandoned', 'flowed_out') AS became,
       toIntervalMillisecond(intDiv(h, 1048576) % 60000) AS waited, toIntervalMillisecond(30000 + intDiv(h, 65536) % 600000) AS talked
FROM numbers({from:UInt64}, {count:UInt64})`

// fills are what a contact leaves in the tables that the boards ask.
var fills = []string{
	`INSERT INTO queue_cohorts (tenant, enqueued_at, queue, contact, cohort, conversation, channel, state, agent, reason, changed_at, offset, cut)
SELECT tenant, enqueued, in_queue, of_contact, 1, of_conversation, 'webchat', became, if(became = 'answered', by_agent, ''),
       if(became = 'flowed_out', 'limit', ''), enqueued + waited, n, 0 FROM (` + oneContact + `)`,
	`INSERT INTO contact_ends (tenant, ended_at, contact, conversation, customer, channel, queue, agent, initiation, state, end_reason, wrap_up_code,
       started_at, enqueued_at, assigned_at, first_response_at, wrapped_at, customer_messages, agent_messages, turns, response_ms, max_response_ms, version, cut)
SELECT tenant, enqueued + waited + talked, of_contact, of_conversation, of_contact, 'webchat', in_queue, by_agent, 'inbound', 'ended', 'agent', 'done',
       enqueued, enqueued, enqueued + waited, enqueued + waited + toIntervalSecond(5), enqueued + waited + talked + toIntervalSecond(20), 5, 5, 8, 20000, 9000, 3, 0
FROM (` + oneContact + `) WHERE became = 'answered'`,
	`INSERT INTO intents (tenant, at, contact, conversation, customer, message, intent, confidence, language, model, model_version, stage, latency_us, cut)
SELECT tenant, enqueued, of_contact, of_conversation, of_contact, of_contact, concat('intent-', toString(intDiv(h, 3) % 40)), 900, 'en', 'bank-en', '1', 'local', 20, 0
FROM (` + oneContact + `)`,
}

// fill writes contacts straight into ClickHouse, and waits until it has merged what came.
func (r *boardsRun) fill(ctx context.Context) error {
	run, err := process.ReadRunFile(r.child.data)
	if err != nil {
		return err
	}
	w, err := r.spine.OpenWarehouse()
	if err != nil {
		return err
	}
	defer w.Close() //nolint:errcheck // its tables are there
	if _, err = w.Migrate(ctx); err != nil {
		return err
	}
	o, err := clickhouse.ParseDSN(run.ClickHouse)
	if err != nil {
		return errors.New("the DSN of the engine cannot be read")
	}
	o.ReadTimeout = 10 * time.Minute
	conn, err := clickhouse.Open(o)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // all is written
	began := time.Now()
	end := began.UnixMilli()
	const block = 500_000
	for from := 0; from < r.Contacts; from += block {
		p := clickhouse.Parameters{
			"tenant": tenant, "end_ms": fmt.Sprint(end), "seconds": fmt.Sprint(float64(r.Days) * 86400), "contacts": fmt.Sprint(r.Contacts),
			"queues": fmt.Sprint(boardQueues), "agents": fmt.Sprint(boardAgents), "from": fmt.Sprint(from), "count": fmt.Sprint(min(block, r.Contacts-from)),
		}
		for _, sql := range fills {
			if err := conn.Exec(clickhouse.Context(ctx, clickhouse.WithParameters(p)), sql); err != nil {
				return fmt.Errorf("filling: %w", err)
			}
		}
		if done := from + block; done%(10*block) == 0 {
			r.say("%d contacts are in ClickHouse", done)
		}
	}
	if err := merged(ctx, conn); err != nil {
		return err
	}
	r.report.FillTook = time.Since(began).Seconds()
	const counted = "SELECT sum(rows) FROM system.parts WHERE active AND database = currentDatabase() AND table IN ('queue_cohorts', 'contact_ends', 'intents')"
	if err := conn.QueryRow(ctx, counted).Scan(&r.report.Rows); err != nil {
		return fmt.Errorf("counting rows: %w", err)
	}
	r.say("%d rows of %d contacts, merged", r.report.Rows, r.Contacts)
	return nil
}

// merged waits until ClickHouse has no merge under way for some seconds, a minute at most: what is left then is left.
func merged(ctx context.Context, conn clickhouse.Conn) error {
	t := time.NewTicker(500 * time.Millisecond)
	defer t.Stop()
	for quiet, n := 0, 0; quiet < 6 && n < 120; n++ {
		var merges uint64
		if err := conn.QueryRow(ctx, "SELECT count() FROM system.merges").Scan(&merges); err != nil {
			return fmt.Errorf("waiting for merges: %w", err)
		}
		quiet++
		if merges > 0 {
			quiet = 0
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-t.C:
		}
	}
	return nil
}
