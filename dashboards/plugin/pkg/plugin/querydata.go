package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/tracing"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

const (
	// What one call of the API takes.
	maxQueries = 20
	maxBody    = 60 << 10
	// maxCalls is how many calls of one request are under way at once.
	maxCalls = 4
)

var (
	errNoUser = errors.New("no signed-in user is named by Grafana, so Tributary cannot tell what may be seen: sign in; " +
		"public dashboards and anonymous visitors are not served")
	errNoResult = errors.New("it has no result for this query")
	errPanic    = errors.New("the plugin has a fault here: its log says where")
	errNoReason = errors.New("no answer of Tributary to this query, and no reason")
)

// scheduler is the login that Grafana's alerting has when it evaluates rules.
const scheduler = "grafana_scheduler"

// asked is a query on its way to the API, and what is needed to make frames of the answer.
type asked struct {
	refID string
	query *Query
	info  *queryInfo
	sent  sentQuery
	// forAlert is an alert rule's, or a try of one.
	forAlert bool
}

// sentQuery is a query as the API takes it.
type sentQuery struct {
	Ref    string         `json:"ref"`
	Name   string         `json:"name"`
	Params map[string]any `json:"params"`
}

// result is the API's answer to one query.
type result struct {
	Ref       string              `json:"ref"`
	Columns   []column            `json:"columns"`
	Rows      [][]json.RawMessage `json:"rows"`
	Truncated bool                `json:"truncated"`
	AsOfMs    int64               `json:"as_of_ms"`
	// Names are those of the ids in the rows: of a queue, of an agent.
	Names map[string]map[string]string `json:"names"`
	Error *said                        `json:"error"`
}

type column struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Unit string `json:"unit"`
}

// answers collects responses from several goroutines.
type answers struct {
	mu        sync.Mutex
	responses backend.Responses
}

func (a *answers) put(refID string, frames data.Frames, err error) {
	response := backend.DataResponse{Status: backend.StatusOK, Frames: frames}
	if err != nil {
		response = asFault(err).response()
	}
	for _, f := range frames {
		f.RefID = refID
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.responses[refID] = response
}

// safely answers a panic with an error: the SDK catches those of the handler's goroutine only, and another one would end the process, and with
// it what everybody sees.
func (a *answers) safely(part []asked, do func()) {
	defer func() {
		if recover() == nil {
			return
		}
		backend.Logger.Error("A query made the plugin panic", "stack", string(debug.Stack()))
		for _, one := range part {
			a.put(one.refID, nil, errPanic)
		}
	}()
	do()
}

// QueryData answers the queries of a panel, an alert rule or an annotation: each for itself, with its frames or its error.
func (d *Datasource) QueryData(ctx context.Context, req *backend.QueryDataRequest) (*backend.QueryDataResponse, error) {
	ctx, span := tracing.DefaultTracer().Start(ctx, "tributary queries", trace.WithAttributes(attribute.Int("queries", len(req.Queries))))
	defer span.End()
	out := &answers{responses: make(backend.Responses, len(req.Queries))}
	who, err := d.asker(req)
	var batch []asked
	var work sync.WaitGroup
	for _, from := range req.Queries {
		if err != nil {
			out.put(from.RefID, nil, err)
			continue
		}
		q, readErr := readQuery(from)
		switch {
		case readErr != nil:
			out.put(from.RefID, nil, readErr)
		case q.Kind == kindWallboard:
			work.Go(func() {
				out.safely([]asked{{refID: from.RefID}}, func() {
					frames, err := d.wallboardNow(ctx, who, q)
					out.put(from.RefID, frames, err)
				})
			})
		case q.Kind == kindAnnotations:
			work.Go(func() {
				out.safely([]asked{{refID: from.RefID}}, func() {
					frames, err := d.annotations(ctx, who, from)
					out.put(from.RefID, frames, err)
				})
			})
		default:
			one, err := d.prepare(ctx, q, from)
			if err != nil {
				out.put(from.RefID, nil, err)
				continue
			}
			one.forAlert = req.Headers[backend.FromAlertHeaderName] == "true"
			batch = append(batch, one)
		}
	}
	d.askAll(ctx, who, batch, out)
	work.Wait()
	return &backend.QueryDataResponse{Responses: out.responses}, nil
}

// asker is for whom a request asks: the user of Grafana, or the service where an alert rule asks, which has no user.
func (d *Datasource) asker(req *backend.QueryDataRequest) (caller, error) {
	if d.fault != nil {
		return caller{}, d.fault
	}
	user := req.PluginContext.User
	// The header alone says nothing: one of Grafana's ways to ask takes it from the browser. Who tries a rule out sees what they may see.
	if req.Headers[backend.FromAlertHeaderName] == "true" && isScheduler(user) {
		return theService, nil
	}
	return userOf(user)
}

// isScheduler tells Grafana's alerting when it evaluates rules: an administrator without an address (SchedulerUserFor in Grafana's
// pkg/services/ngalert). The login alone says nothing, as people may change theirs.
func isScheduler(user *backend.User) bool {
	return user != nil && user.Login == scheduler && user.Role == "Admin" && user.Email == ""
}

// userOf is the signed-in user. An anonymous visitor has no login, a public dashboard no user at all: Tributary could not tell what they may
// see, so nothing is asked, least of all as the service.
func userOf(user *backend.User) (caller, error) {
	if user == nil || user.Login == "" {
		return caller{}, downstream(http.StatusForbidden, errNoUser)
	}
	return caller{user.Login}, nil
}

func (d *Datasource) prepare(ctx context.Context, q *Query, from backend.DataQuery) (asked, error) {
	info, err := d.catalog.query(ctx, q.Query)
	if err != nil {
		return asked{}, err
	}
	if err = q.knows(info); err != nil {
		return asked{}, err
	}
	params, err := resolve(q, info, from, d.now())
	if err != nil {
		return asked{}, err
	}
	return asked{refID: from.RefID, query: q, info: info, sent: sentQuery{Name: q.Query, Params: params}}, nil
}

// askAll sends the queries in as few calls as the API's limits allow.
func (d *Datasource) askAll(ctx context.Context, who caller, batch []asked, out *answers) {
	var calls sync.WaitGroup
	room := make(chan struct{}, maxCalls)
	send := func(part []asked, bodies []json.RawMessage) {
		room <- struct{}{}
		calls.Go(func() {
			defer func() { <-room }()
			out.safely(part, func() { d.ask(ctx, who, part, bodies, out) })
		})
	}
	begin, size := 0, 0
	bodies := make([]json.RawMessage, len(batch))
	for i := range batch {
		batch[i].sent.Ref = strconv.Itoa(i) // a panel's own are of any length
		bodies[i], _ = json.Marshal(batch[i].sent)
		if i > begin && (i-begin == maxQueries || size+len(bodies[i]) > maxBody) {
			send(batch[begin:i], bodies[begin:i])
			begin, size = i, 0
		}
		size += len(bodies[i]) + 1
	}
	if begin < len(batch) {
		send(batch[begin:], bodies[begin:])
	}
	calls.Wait()
}

// ask sends one call and takes its answer apart.
func (d *Datasource) ask(ctx context.Context, who caller, part []asked, bodies []json.RawMessage, out *answers) {
	var answer struct {
		Results []*result `json:"results"`
	}
	body, err := json.Marshal(map[string]any{"queries": bodies})
	if err == nil {
		err = d.client.post(ctx, who, "/api/query", body, &answer)
	}
	for _, one := range part {
		if err != nil {
			out.put(one.refID, nil, err)
			continue
		}
		i := slices.IndexFunc(answer.Results, func(r *result) bool { return r != nil && r.Ref == one.sent.Ref })
		if i < 0 {
			out.put(one.refID, nil, strange("/api/query", errNoResult))
			continue
		}
		frames, err := d.frames(one, answer.Results[i])
		out.put(one.refID, frames, err)
	}
}

// frames makes what Grafana shows of a result.
func (d *Datasource) frames(one asked, r *result) (data.Frames, error) {
	if r.Error != nil {
		return nil, r.Error.fault()
	}
	t, err := readTable(r, one.info)
	if err != nil {
		return nil, strange("/api/query", err)
	}
	t.idsAlone = one.forAlert
	if err = t.keepFormula(one.query.Formula); err != nil {
		return nil, err
	}
	var frames data.Frames
	if one.query.Format == formatSeries {
		frames, err = t.series(one.query, one.sent.Params)
	} else {
		frames, err = t.table(one.query)
	}
	if err != nil {
		return nil, err
	}
	said, _ := json.Marshal(map[string]any{"query": one.sent.Name, "params": one.sent.Params})
	frames[0].Meta.ExecutedQueryString = string(said)
	frames[0].Meta.Custom = map[string]any{"as_of_ms": r.AsOfMs}
	if count, asked := one.sent.Params["count"].(uint64); asked && !r.Truncated && uint64(len(r.Rows)) >= count {
		frames[0].AppendNotices(data.Notice{Severity: data.NoticeSeverityInfo, Text: "These are the first " + strconv.FormatUint(count, 10) +
			" rows, as many as were asked for: there may be more."})
	}
	if r.Truncated {
		frames[0].AppendNotices(data.Notice{Severity: data.NoticeSeverityWarning, Text: "There are more rows than the " + strconv.Itoa(len(r.Rows)) +
			" shown: sums and lists are not complete. Take a shorter time, a longer interval, or one queue or agent."})
	}
	return frames, nil
}

// fault reads what the API says of one query.
func (s *said) fault() *fault {
	f := &fault{code: s.Code, source: backend.ErrorSourceDownstream, status: http.StatusBadGateway, err: errNoReason}
	switch s.Code {
	case "bad_query":
		f.status, f.source = http.StatusBadRequest, backend.ErrorSourcePlugin
	case "forbidden", "unknown_user", "denied":
		f.status = http.StatusForbidden
	case "too_slow":
		f.status = http.StatusGatewayTimeout
	case "rate":
		f.status = http.StatusTooManyRequests
	}
	if words := s.words(); words != "" {
		f.err = errors.New(words)
	}
	return f
}
