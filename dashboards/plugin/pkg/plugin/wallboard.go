package plugin

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// snapshot is the wallboard at one moment, as the API's live stream says it.
type snapshot struct {
	AtMs int64 `json:"at_ms"`
	// FromMs and ToMs are the bounds of the enqueueings that are counted.
	FromMs int64       `json:"from_ms"`
	ToMs   int64       `json:"to_ms"`
	Queues []liveQueue `json:"queues"`
	Total  liveQueue   `json:"total"`
	Agents liveAgents  `json:"agents"`
}

type liveQueue struct {
	Queue             string   `json:"queue"`
	Name              string   `json:"name"`
	Waiting           int64    `json:"waiting"`
	Offered           int64    `json:"offered"`
	OldestMs          int64    `json:"oldest_ms"`
	Staffed           int64    `json:"staffed"`
	Free              int64    `json:"free"`
	Open              *bool    `json:"open"`
	TargetMs          *int64   `json:"target_ms"`
	Enqueued          int64    `json:"enqueued"`
	Answered          int64    `json:"answered"`
	Abandoned         int64    `json:"abandoned"`
	FlowedOut         int64    `json:"flowed_out"`
	AnsweredInTarget  int64    `json:"answered_in_target"`
	AbandonedInTarget int64    `json:"abandoned_in_target"`
	TargetPercent     *int64   `json:"target_percent"`
	ServiceLevel      *float64 `json:"service_level"`
	Alerts            []string `json:"alerts"`
}

type liveAgents struct {
	Available int64 `json:"available"`
	Busy      int64 `json:"busy"`
	Wrapping  int64 `json:"wrapping"`
	Away      int64 `json:"away"`
	Offline   int64 `json:"offline"`
}

// The kinds of rows of the wallboard.
const (
	rowQueue = "queue"
	rowTotal = "total"
)

// wallboardInfo describes the fields of the wallboard, as the API describes those of named queries.
var wallboardInfo = &queryInfo{Name: kindWallboard, Columns: []columnInfo{
	{"at_ms", unitMoment, "when this was so"},
	{"row", "", "queue, or total for the sums of all rows before it: filter by it where one number is wanted"},
	{"queue", "", "the queue's id; empty for the total"},
	{"name", "", "the queue's name; empty for the total"},
	{"waiting", "", "contacts that wait, those being offered included"},
	{"offered", "", "contacts that are being offered to an agent"},
	{"oldest_ms", unitMoment, "since when the one waits that has waited longest; null if none"},
	{"oldest_wait_ms", unitMs, "how long that one has waited"},
	{"staffed", "", "agents at work who serve the queue"},
	{"free", "", "agents who could take a contact now"},
	{"open", "", "whether the queue is open; null for the total"},
	{"target_ms", unitMs, "the wait within which a contact should be answered; null for the total"},
	{"enqueued", "", "enqueueings of the last 30 minutes"},
	{"answered", "", "those of them that were answered"},
	{"abandoned", "", "those of them that the customer gave up"},
	{"answered_in_target", "", "those of them that were answered within the target"},
	{"service_level", unitPercent, "answered in target / (answered + abandoned with a wait over the target), percent; null where there are none"},
	{"alerts", "", "what needs somebody: nobody_staffed, over_target, service_level_low, closed_with_waiting"},
	{"alert_count", "", "how many of these"},
	{"flowed_out", "", "those of them that left the queue otherwise"},
	{"abandoned_in_target", "", "those given up within the target"},
	{"target_percent", unitPercent, "the service level that the queue should have; null for the total and where none is set"},
	{"from_ms", unitMoment, "since when the enqueueings are counted"},
	{"to_ms", unitMoment, "until when"},
	{"agents_available", "", "agents who are available; of the total only"},
	{"agents_busy", "", "agents with a contact; of the total only"},
	{"agents_wrapping", "", "agents in wrap-up; of the total only"},
	{"agents_away", "", "agents who are at work and not available; of the total only"},
	{"agents_offline", "", "agents who are not at work; of the total only"},
}}

// check refuses what is no snapshot of Tributary.
func (s *snapshot) check() error {
	if s.AtMs <= 0 {
		return errors.New("the wallboard says no time")
	}
	for _, q := range s.Queues {
		if q.Queue == "" {
			return errors.New("a queue of the wallboard has no id")
		}
	}
	return nil
}

// read makes the fields of [wallboardInfo]: a row for each queue, and the total as the last one. They are always the same, so that who
// joins a stream later needs no more than the rows.
func (s *snapshot) read() *answered {
	f := newFields(len(s.Queues) + 1)
	for i, q := range s.Queues {
		f.row(i, s, rowQueue, q)
	}
	last := len(s.Queues)
	total := s.Total
	total.Queue, total.Name = "", ""
	f.row(last, s, rowTotal, total)
	for i, n := range []int64{s.Agents.Available, s.Agents.Busy, s.Agents.Wrapping, s.Agents.Away, s.Agents.Offline} {
		f.fields[f.agents+i].SetConcrete(last, n)
	}
	return &answered{info: wallboardInfo, fields: f.fields, times: map[string]bool{"at_ms": true}}
}

// wallboardFields are the fields while they are filled.
type wallboardFields struct {
	fields []*data.Field
	agents int // the first field of the agents
}

func newFields(rows int) *wallboardFields {
	f := &wallboardFields{}
	for _, c := range wallboardInfo.Columns {
		kind := data.FieldTypeInt64
		switch c.Name {
		case "at_ms":
			kind = data.FieldTypeTime
		case "oldest_ms", "from_ms", "to_ms":
			kind = data.FieldTypeNullableTime
		case "row", "queue", "name", "alerts":
			kind = data.FieldTypeString
		case "open":
			kind = data.FieldTypeNullableBool
		case "service_level":
			kind = data.FieldTypeNullableFloat64
		case "oldest_wait_ms", "target_ms", "target_percent":
			kind = data.FieldTypeNullableInt64
		}
		if strings.HasPrefix(c.Name, "agents_") {
			kind = data.FieldTypeNullableInt64
			if f.agents == 0 {
				f.agents = len(f.fields)
			}
		}
		field := data.NewFieldFromFieldType(kind, rows)
		field.Name = c.Name
		f.fields = append(f.fields, field)
	}
	return f
}

// row sets the fields before those of the agents, in the order of [wallboardInfo].
func (f *wallboardFields) row(i int, s *snapshot, kind string, q liveQueue) {
	var oldest *time.Time
	var waited *int64
	if q.OldestMs != 0 {
		ms := max(0, s.AtMs-q.OldestMs)
		oldest, waited = moment(q.OldestMs), &ms
	}
	for n, v := range []any{
		time.UnixMilli(s.AtMs).UTC(), kind, q.Queue, q.Name, q.Waiting, q.Offered, oldest, waited, q.Staffed, q.Free, q.Open, positive(q.TargetMs),
		q.Enqueued, q.Answered, q.Abandoned, q.AnsweredInTarget, q.ServiceLevel, strings.Join(q.Alerts, ","), int64(len(q.Alerts)),
		q.FlowedOut, q.AbandonedInTarget, positive(q.TargetPercent), moment(s.FromMs), moment(s.ToMs),
	} {
		f.fields[n].Set(i, v)
	}
}

func moment(ms int64) *time.Time {
	if ms == 0 {
		return nil
	}
	at := time.UnixMilli(ms).UTC()
	return &at
}

// positive is null where a queue has no such goal.
func positive(n *int64) *int64 {
	if n == nil || *n == 0 {
		return nil
	}
	return n
}

// wallboardFrame is the wallboard as a table. Its fields, and what they mean, are those of [wallboardInfo].
func wallboardFrame(s *snapshot) *data.Frame {
	frames, _ := s.read().table(&Query{}) // without columns to pick nothing can be missing
	return frames[0]
}

// wallboardNow answers a query with the wallboard as it is: for alert rules, and whoever does not stream.
func (d *Datasource) wallboardNow(ctx context.Context, who caller, q *Query) (data.Frames, error) {
	if err := q.knows(wallboardInfo); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, d.client.timeout)
	defer cancel()
	me, err := d.me(ctx, who)
	if err != nil {
		return nil, err
	}
	var now *snapshot
	err = d.client.follow(ctx, who, me.Scope, func(s *snapshot) error {
		now = s
		return errEnough
	})
	if now == nil {
		return nil, err
	}
	if q.Format == formatSeries {
		if len(q.Label) == 0 {
			q.Label = []string{"row", "queue", "name"} // what else is text changes
		}
		return now.read().series(q, nil)
	}
	return now.read().table(q)
}

var errEnough = errors.New("enough was read")

// me is what the API says of who asks.
type me struct {
	Tenant string `json:"tenant"`
	Scope  string `json:"scope"`
}

func (d *Datasource) me(ctx context.Context, who caller) (*me, error) {
	if d.fault != nil {
		return nil, d.fault
	}
	m := new(me)
	if err := d.client.get(ctx, who, "/api/boards/me", nil, m); err != nil {
		return nil, err
	}
	if m.Tenant == "" || !isScope(m.Scope) {
		return nil, strange("/api/boards/me", errors.New("it names no tenant, or no scope"))
	}
	return m, nil
}

// isScope tells whether a text is a scope: all, or the hash of somebody's teams.
func isScope(text string) bool {
	return text == "all" || len(text) == 16 && strings.Trim(text, "0123456789abcdef") == ""
}

func scopeQuery(scope string) url.Values { return url.Values{"scope": {scope}} }
