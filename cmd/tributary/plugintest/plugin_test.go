package plugintest

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/cmd/tributary/process"
	"github.com/tributary-cc/tributary/routing"
	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/embedded/embeddedtest"
	"github.com/tributary-cc/tributary/stream/event"
)

const tenant = "demo"

// startTributary starts an installation with its demo centre at work, and gives a token for Grafana. lara supervises the team bank.
func startTributary(t *testing.T) (*process.Process, string) {
	t.Helper()
	c := process.Default()
	c.Data, c.HTTP, c.Demo, c.Floor, c.Speed = t.TempDir(), "127.0.0.1:0", true, 10, 60
	c.Roles = []string{process.RoleBroker, process.RoleFolds, process.RoleSink, process.RoleAPI, process.RoleWebchat, process.RoleModels}
	c.ClickHouse.DSNFile = filepath.Join(c.Data, "dsn")
	require.NoError(t, os.WriteFile(c.ClickHouse.DSNFile, []byte(embeddedtest.ClickHouse(t)), 0o600))
	ctx := context.Background()
	p, err := process.Start(ctx, c, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Stop(ctx)) })
	require.Eventually(t, func() bool { return p.Ready() == nil }, time.Minute, 20*time.Millisecond)
	require.NoError(t, p.StartDemo(ctx, io.Discard))
	_, err = p.Accounts.Add(ctx, tenant, access.NewAccount{Login: "grafana", Roles: []access.Role{access.RoleDashboards}})
	require.NoError(t, err)
	_, err = p.Accounts.Add(ctx, tenant, access.NewAccount{Login: "lara", Roles: []access.Role{access.RoleSupervisor}, Teams: []string{"bank"}})
	require.NoError(t, err)
	token, err := p.Accounts.ServiceToken(ctx, tenant, "grafana", time.Hour)
	require.NoError(t, err)
	return p, token
}

// TestAsGrafanaDoes starts one installation and one plugin, and does with them what Grafana does.
func TestAsGrafanaDoes(t *testing.T) {
	if testing.Short() {
		t.Skip("starts an installation and builds the plugin")
	}
	p, token := startTributary(t)
	way := count(t, strings.TrimPrefix(p.URL(), "http://"))
	g := startPlugin(t, way.url, token)
	t.Run("health", func(t *testing.T) { g.at(t).checkHealth() })
	t.Run("resources", func(t *testing.T) { g.at(t).checkResources() })
	t.Run("saves", func(t *testing.T) { g.at(t).saveOften(way) })
	t.Run("subscribe", func(t *testing.T) { g.at(t).checkSubscriptions() })
	t.Run("numbers", func(t *testing.T) { g.at(t).checkNumbers(p) })
	t.Run("every query", func(t *testing.T) { g.at(t).checkEveryQuery() })
	t.Run("names", func(t *testing.T) { g.at(t).checkNames() })
	t.Run("who", func(t *testing.T) { g.at(t).checkWho() })
	t.Run("live", func(t *testing.T) { g.at(t).checkLag(p) })
	t.Run("the end of the right", func(t *testing.T) { g.at(t).checkEnd(p) })
	log := g.log.String()
	for _, word := range []string{token, "lara", "somebody@example.com", "panic", "DATA RACE"} {
		require.NotContains(t, log, word)
	}
}

// at lets a subtest fail by itself.
func (g *grafana) at(t *testing.T) *grafana {
	other := *g
	other.t = t
	return &other
}

func (g *grafana) checkHealth() {
	status, message := g.health()
	require.Equal(g.t, pluginv2.CheckHealthResponse_OK, status, message)
	require.Contains(g.t, message, "tenant demo")
	other := *g
	other.token, other.saved = "no-such-token", time.Now()
	status, message = other.health()
	require.Equal(g.t, pluginv2.CheckHealthResponse_ERROR, status)
	require.Contains(g.t, message, "not taken by Tributary")
	other.url, other.saved = "http://127.0.0.1:1", time.Now()
	_, message = other.health()
	require.Contains(g.t, message, "No connection to Tributary")
}

// me is what a user may see.
type me struct {
	Tenant, Login, Scope string
	Queues, Teams        []struct{ ID, Name string }
}

func (g *grafana) checkResources() {
	var sam, lara me
	require.Equal(g.t, 200, g.call("sam", "me", &sam))
	require.Equal(g.t, "all", sam.Scope)
	require.NotEmpty(g.t, sam.Queues)
	require.Equal(g.t, 200, g.call("lara", "me", &lara))
	require.Len(g.t, lara.Scope, 16)
	require.Less(g.t, len(lara.Queues), len(sam.Queues))
	var refused struct{ Code, Message string }
	require.Equal(g.t, 403, g.call("eve", "me", &refused))
	require.Equal(g.t, "unknown_user", refused.Code)
	require.Contains(g.t, refused.Message, "tributary user add")
	require.Equal(g.t, 403, g.call("", "me", &refused))
	require.Contains(g.t, refused.Message, "No signed-in user")
}

// saveOften saves the settings a hundred times, with a query and a stream each, as an administrator who tries things out. Grafana's SDK
// disposes of an instance five seconds after it was replaced.
func (g *grafana) saveOften(way *counted) {
	status, _ := g.health()
	require.Equal(g.t, pluginv2.CheckHealthResponse_OK, status)
	goroutines, open := g.goroutines(), way.open.Load()
	var streams sync.WaitGroup
	for i := range 100 {
		g.saved = g.saved.Add(time.Second)
		s := g.follow(g.t.Context(), "wallboard/all")
		first, err := s.Recv()
		require.NoError(g.t, err)
		require.Contains(g.t, string(first.GetData()), `"schema"`)
		if i < 99 { // the last one's settings stay
			streams.Go(func() {
				for {
					if _, err := s.Recv(); err != nil {
						if !strings.Contains(err.Error(), "the settings of the data source changed") {
							g.t.Errorf("the stream ended with: %v", err)
						}
						return
					}
				}
			})
		}
		require.NoError(g.t, g.ask("sam", nil, `{"query":"queue_now","align":true}`)["A"].Error)
	}
	status, _ = g.health()
	require.Equal(g.t, pluginv2.CheckHealthResponse_OK, status)
	streams.Wait()
	require.Eventually(g.t, func() bool { return way.open.Load() <= open+2 && g.goroutines() <= goroutines+15 }, patience, 100*time.Millisecond)
	g.t.Logf("before: %d goroutines, %d connections; after 100 saves: %d and %d, one stream among them", goroutines, open, g.goroutines(), way.open.Load())
}

func (g *grafana) checkSubscriptions() {
	var lara me
	g.call("lara", "me", &lara)
	for _, c := range []struct {
		login, path string
		want        pluginv2.SubscribeStreamResponse_Status
	}{
		{"sam", "wallboard/all", pluginv2.SubscribeStreamResponse_OK},
		{"lara", "wallboard/" + lara.Scope, pluginv2.SubscribeStreamResponse_OK},
		{"lara", "wallboard/all", pluginv2.SubscribeStreamResponse_PERMISSION_DENIED},
		{"sam", "wallboard/" + lara.Scope, pluginv2.SubscribeStreamResponse_PERMISSION_DENIED},
		{"eve", "wallboard/all", pluginv2.SubscribeStreamResponse_PERMISSION_DENIED},
		{"", "wallboard/all", pluginv2.SubscribeStreamResponse_PERMISSION_DENIED},
		{"sam", "nothing", pluginv2.SubscribeStreamResponse_NOT_FOUND},
	} {
		r := g.subscribe(c.login, c.path)
		require.Equal(g.t, c.want, r.GetStatus(), "%s %s", c.login, c.path)
		require.Equal(g.t, c.want == pluginv2.SubscribeStreamResponse_OK, strings.Contains(string(r.GetData()), `"oldest_wait_ms"`))
	}
	// The stream of a team has its queues only.
	ctx, cancel := context.WithCancel(g.t.Context())
	defer cancel()
	first, err := g.follow(ctx, "wallboard/"+lara.Scope).Recv()
	require.NoError(g.t, err)
	var frame data.Frame
	require.NoError(g.t, json.Unmarshal(first.GetData(), &frame))
	var queues []string
	for i := range frame.Rows() {
		if text(&frame, "row", i) == "queue" {
			queues = append(queues, text(&frame, "queue", i))
		}
	}
	var want []string
	for _, q := range lara.Queues {
		want = append(want, q.ID)
	}
	require.ElementsMatch(g.t, want, queues)
}

func text(f *data.Frame, column string, row int) string {
	field, _ := f.FieldByName(column)
	if field == nil {
		return ""
	}
	v, _ := field.ConcreteAt(row)
	s, _ := v.(string)
	return s
}

func number(t *testing.T, f *data.Frame, column string, row int) float64 {
	t.Helper()
	field, _ := f.FieldByName(column)
	require.NotNil(t, field, column)
	v, err := field.NullableFloatAt(row)
	require.NoError(t, err)
	if v == nil {
		return -1
	}
	return *v
}

const behind = `"queue":"","target_ms":20000,"short_ms":5000,"flow_outs":0,"short_abandons":1,"abandons":1,"interval_ms":3600000`

// checkNumbers looks whether the frames say what the warehouse says of the same hour.
func (g *grafana) checkNumbers(p *process.Process) {
	w, err := p.OpenWarehouse()
	require.NoError(g.t, err)
	defer w.Close()              //nolint:errcheck // only read
	to := time.Now().UnixMilli() // who came before is done with soon
	from := to - 3_600_000
	params := map[string]any{"tenant": tenant, "queue": "", "from_ms": from, "to_ms": to, "interval_ms": 3_600_000, "target_ms": 20_000, "short_ms": 5000, "flow_outs": 0, "short_abandons": 1, "abandons": 1}
	columns := []string{"enqueued", "answered", "abandoned", "flowed_out", "waiting", "asa_ms", "sl_connect", "sl_genesys", "sl_copc", "sl_late_abandons"}
	require.Eventually(g.t, func() bool {
		before, err := w.Query(g.t.Context(), "queue_by_interval", params)
		require.NoError(g.t, err)
		r := g.ask("sam", nil, model(`{"query":"queue_by_interval","params":{%s,"from_ms":%d,"to_ms":"%d"}}`, behind, from, to))["A"]
		require.NoError(g.t, r.Error)
		frame := r.Frames[0]
		require.Equal(g.t, data.FrameTypeTable, frame.Meta.Type)
		after, err := w.Query(g.t.Context(), "queue_by_interval", params)
		require.NoError(g.t, err)
		if len(before.Rows) < 4 || !same(before.Rows, after.Rows) || frame.Rows() != len(after.Rows) {
			return false // people are at work
		}
		shared := true
		for row := range after.Rows {
			for i, c := range before.Columns {
				if slices.Contains(columns, c.Name) && number(g.t, frame, c.Name, row) != asFloat(after.Rows[row][i]) {
					shared = false // an answer shared with who asked a moment ago
				}
			}
			require.InDelta(g.t, number(g.t, frame, "enqueued", row), number(g.t, frame, "answered", row)+number(g.t, frame, "abandoned", row)+
				number(g.t, frame, "flowed_out", row)+number(g.t, frame, "waiting", row), 0)
		}
		return shared
	}, time.Minute, 50*time.Millisecond)
}

func same(a, b [][]any) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}

func asFloat(v any) float64 {
	text, _ := json.Marshal(v)
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return -1 // null
	}
	return f
}

// checkEveryQuery asks each query that the API lists, as a table and as a series.
func (g *grafana) checkEveryQuery() {
	var list struct {
		Queries []struct {
			Name    string
			Params  []struct{ Name, Type string }
			Columns []struct{ Name, Unit string }
		}
	}
	require.Equal(g.t, 200, g.call("sam", "queries", &list))
	require.Greater(g.t, len(list.Queries), 10)
	for _, q := range list.Queries {
		params := map[string]any{}
		for _, p := range q.Params {
			switch {
			case p.Name == "count":
				params[p.Name] = "50"
			case p.Name == "interval_ms":
				params[p.Name] = "15m"
			case slices.Contains([]string{"from_ms", "to_ms", "at_ms"}, p.Name):
			case p.Name == "max_wait_ms":
				params[p.Name] = 86_400_000
			case p.Type == "String":
				params[p.Name] = ""
			default:
				params[p.Name] = 0
			}
		}
		text, err := json.Marshal(map[string]any{"query": q.Name, "params": params, "align": true})
		require.NoError(g.t, err)
		r := g.ask("sam", nil, string(text))["A"]
		require.NoError(g.t, r.Error, q.Name)
		require.Len(g.t, r.Frames, 1)
		frame := r.Frames[0]
		require.Len(g.t, frame.Fields, len(q.Columns), q.Name)
		for i, c := range q.Columns {
			f := frame.Fields[i]
			require.Equal(g.t, c.Name, f.Name)
			require.NotNil(g.t, f.Config, "%s.%s has no description", q.Name, c.Name)
			require.Equal(g.t, c.Unit == "moment", f.Type() == data.FieldTypeNullableTime, "%s.%s", q.Name, c.Name)
			require.Equal(g.t, map[string]string{"ms": "ms", "us": "µs", "percent": "percent"}[c.Unit], f.Config.Unit, "%s.%s", q.Name, c.Name)
		}
		if strings.HasSuffix(q.Name, "_by_interval") {
			text, err = json.Marshal(map[string]any{"query": q.Name, "params": params, "align": true, "format": "series"})
			require.NoError(g.t, err)
			r = g.ask("sam", nil, string(text))["A"]
			require.NoError(g.t, r.Error, q.Name)
			require.Equal(g.t, data.FrameTypeTimeSeriesMulti, r.Frames[0].Meta.Type)
		}
	}
	got := g.ask("sam", nil, `{"kind":"annotations"}`, `{"kind":"wallboard"}`, `{"kind":"wallboard","format":"series","value":["waiting"]}`)
	for ref, r := range got {
		require.NoError(g.t, r.Error, ref)
	}
	require.Positive(g.t, got["A"].Frames[0].Rows(), "the demo centre's configuration came into force")
	require.Equal(g.t, "total", text(got["B"].Frames[0], "row", got["B"].Frames[0].Rows()-1))
	require.Greater(g.t, len(got["C"].Frames), 5)
}

// checkWho looks at who sees what, and at alert rules.
func (g *grafana) checkWho() {
	byQueue := model(`{"query":"queue_by_interval","params":{%s},"align":true}`, behind)
	queues := func(login string, headers map[string]string) []string {
		r := g.ask(login, headers, byQueue)["A"]
		require.NoError(g.t, r.Error)
		var out []string
		for i := range r.Frames[0].Rows() {
			out = append(out, text(r.Frames[0], "queue", i))
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	all, bank := queues("sam", nil), queues("lara", nil)
	require.Contains(g.t, all, "travel")
	require.NotContains(g.t, bank, "travel")
	require.NotEmpty(g.t, bank)
	rule := map[string]string{backend.FromAlertHeaderName: "true"}
	require.Contains(g.t, queues("grafana_scheduler", rule), "travel", "an alert rule sees what the service sees")
	require.NotContains(g.t, queues("lara", rule), "travel", "and who forges its header what they see anyway")
	for _, login := range []string{"eve", ""} {
		got := g.ask(login, nil, byQueue, `{"kind":"wallboard"}`, `{"kind":"annotations"}`)
		for ref, r := range got {
			require.Error(g.t, r.Error, "%q %s", login, ref)
			require.Equal(g.t, backend.Status(403), r.Status)
			require.Equal(g.t, backend.ErrorSourceDownstream, r.ErrorSource)
		}
	}
	bad := g.ask("sam", nil, `{"query":"queue_by_interval","params":{"queue":"$queue"}}`, byQueue)
	require.ErrorContains(g.t, bad["A"].Error, "the variable $queue was not replaced")
	require.Equal(g.t, backend.ErrorSourcePlugin, bad["A"].ErrorSource)
	require.NoError(g.t, bad["B"].Error)
}

// checkLag enqueues, at the rate, contacts that nobody takes, and looks when a viewer of the stream sees each counted.
func (g *grafana) checkLag(p *process.Process) {
	const events = 5 * rate
	ctx, cancel := context.WithTimeout(g.t.Context(), time.Minute)
	defer cancel()
	stream := g.follow(ctx, "wallboard/all")
	seen := make(chan int, 10_000)
	var schema data.Frame
	go func() {
		defer close(seen)
		for {
			packet, err := stream.Recv()
			if err != nil {
				return
			}
			seen <- enqueued(&schema, packet.GetData(), "service")
		}
	}()
	base := <-seen
	require.GreaterOrEqual(g.t, base, 0)
	sent := make([]time.Time, events)
	var mu sync.Mutex
	var failed error
	var sending sync.WaitGroup
	sending.Go(func() {
		began := time.Now()
		var appends sync.WaitGroup
		for i := range events {
			if wait := time.Until(began.Add(time.Duration(i) * time.Second / rate)); wait > 0 {
				time.Sleep(wait)
			}
			id := "lag-" + strconv.Itoa(i)
			cause := event.CauseID("plugintest", id)
			mu.Lock()
			sent[i] = time.Now()
			mu.Unlock()
			e := &event.Event{
				Id: cause[:], Tenant: tenant, Key: event.Key(tenant, routing.Main), AtMs: time.Now().UnixMilli(),
				Body: &event.Event_RouteRequest{RouteRequest: &event.RouteRequest{
					Contact: id, Conversation: id, Customer: id, Channel: event.Channel_CHANNEL_WEBCHAT, Queue: "service", EnqueuedMs: time.Now().UnixMilli(), Chosen: true,
				}},
			}
			appends.Go(func() {
				if err := p.Guard.Append(ctx, event.TopicRoutingIn, e, nil); err != nil {
					mu.Lock()
					failed = err
					mu.Unlock()
				}
			})
		}
		appends.Wait()
	})
	var lags []time.Duration
	frames := 0
	for n := range seen {
		frames++
		mu.Lock()
		for now := time.Now(); len(lags) < min(n-base, events) && !sent[len(lags)].IsZero(); {
			lags = append(lags, now.Sub(sent[len(lags)]))
		}
		mu.Unlock()
		if len(lags) == events {
			break
		}
	}
	sending.Wait()
	cancel()
	for range seen {
	}
	require.NoError(g.t, failed)
	require.Len(g.t, lags, events)
	slices.Sort(lags)
	g.t.Logf("%d events at %d/s in %d frames: lag p50 %v, p99 %v, max %v", events, rate, frames, lags[events/2], lags[events*99/100], lags[events-1])
}

// enqueued reads a packet: the first has the schema, which stays. It is -1 where the queue is not there.
func enqueued(schema *data.Frame, packet []byte, queue string) int {
	if strings.Contains(string(packet), `"schema"`) {
		*schema = data.Frame{}
		if json.Unmarshal(packet, schema) != nil {
			return -1
		}
	}
	var rows struct {
		Data struct {
			Values [][]any `json:"values"`
		} `json:"data"`
	}
	if json.Unmarshal(packet, &rows) != nil {
		return -1
	}
	at := func(name string) []any {
		_, i := schema.FieldByName(name)
		return rows.Data.Values[i]
	}
	for i, q := range at("queue") {
		if q == queue {
			n, _ := at("enqueued")[i].(float64)
			return int(n)
		}
	}
	return -1
}

// checkEnd takes the token's right away: the board says so, and nothing else is answered.
func (g *grafana) checkEnd(p *process.Process) {
	ctx, cancel := context.WithTimeout(g.t.Context(), patience)
	defer cancel()
	stream := g.follow(ctx, "wallboard/all")
	_, err := stream.Recv()
	require.NoError(g.t, err)
	require.NoError(g.t, p.Accounts.EndSessions(ctx, tenant, "grafana"))
	for {
		packet, err := stream.Recv()
		require.NoError(g.t, err)
		if strings.Contains(string(packet.GetData()), "Not live: ") {
			break
		}
	}
	r := g.ask("sam", nil, `{"query":"queue_now"}`)["A"]
	require.ErrorContains(g.t, r.Error, "not taken by Tributary")
	require.Equal(g.t, backend.Status(401), r.Status)
}
