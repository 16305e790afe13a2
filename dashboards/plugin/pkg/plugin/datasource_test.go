package plugin

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	oteltrace "go.opentelemetry.io/otel/trace"
)

func TestSettings(t *testing.T) {
	for name, c := range map[string]struct {
		json, token string
		words       []string
	}{
		"nothing":     {``, "", []string{"the URL of Tributary is missing", "the service token is missing"}},
		"no object":   {`7`, token, []string{"cannot be read"}},
		"types":       {`{"url":7}`, token, []string{"must be texts"}},
		"scheme":      {`{"url":"ftp://x"}`, token, []string{"must begin with https://"}},
		"host":        {`{"url":"https:///x"}`, token, []string{"name a host"}},
		"password":    {`{"url":"https://a:b@x"}`, token, []string{"must hold no user and no password"}},
		"query":       {`{"url":"https://x?a=b"}`, token, []string{"nothing behind ? or #"}},
		"page":        {`{"url":"https://x","pageUrl":"javascript:alert(1)"}`, token, []string{"under which people open Tributary must begin with"}},
		"certificate": {`{"url":"https://x","caCert":"hello"}`, token, []string{"holds no certificate in PEM form"}},
		"token":       {`{"url":"https://x"}`, "a\nb", []string{"characters that no token has"}},
		"good":        {`{"url":" https://x/y/ ","other":[1]}`, " " + token + "\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			from := backend.DataSourceInstanceSettings{JSONData: []byte(c.json), DecryptedSecureJSONData: map[string]string{"token": c.token}}
			s, err := readSettings(from)
			if c.words == nil {
				require.NoError(t, err)
				require.Equal(t, "https://x/y", s.api.String())
				require.NotContains(t, fmt.Sprintf("%v %+v %#v", s, *s, *s), token)
				return
			}
			d, openErr := open(t.Context(), from, time.Now) //nolint:forbidigo // never asked
			require.NoError(t, openErr)
			defer d.Dispose()
			health, healthErr := d.CheckHealth(t.Context(), nil)
			require.NoError(t, healthErr)
			require.Equal(t, backend.HealthStatusError, health.Status)
			for _, w := range c.words {
				require.ErrorContains(t, err, w)
				require.Contains(t, health.Message, w)
			}
			for _, r := range d.asked(t, sue, query("A", `{}`), query("B", `{"kind":"wallboard"}`)) {
				require.ErrorContains(t, r.Error, c.words[0])
				require.Equal(t, backend.ErrorSourceDownstream, r.ErrorSource)
			}
			status, _ := d.resource(t, "me", sue)
			require.Equal(t, http.StatusBadRequest, status)
			require.ErrorContains(t, d.RunStream(t.Context(), &backend.RunStreamRequest{Path: "wallboard/all"}, nil), c.words[0])
		})
	}
}

func TestHealth(t *testing.T) {
	api := newDouble(t)
	d := api.open()
	check := func() (backend.HealthStatus, string) {
		r, err := d.CheckHealth(t.Context(), &backend.CheckHealthRequest{})
		require.NoError(t, err)
		return r.Status, r.Message
	}
	status, message := check()
	require.Equal(t, backend.HealthStatusOk, status)
	require.Equal(t, "Tributary answers for the tenant acme: 3 queries.", message)
	require.NotContains(t, api.requests("/api/boards/me")[0].Header, userHeader)
	api.handle("/api/queries", says(403, "application/json", `{"code":"forbidden","text":"boards are open to the roles supervisor and admin"}`))
	status, message = check()
	require.Equal(t, backend.HealthStatusError, status)
	require.Equal(t, "Boards are open to the roles supervisor and admin.", message)
	api.handle("/api/boards/me", says(200, "application/json", `{"login":"x"}`))
	_, message = check()
	require.Contains(t, message, "it names no tenant")
	d.client.settings.token = keep("other")
	_, message = check()
	require.Contains(t, message, "The service token is not taken by Tributary")
	for text, want := range map[string]bool{"http://tributary:8080": true, "http://127.0.0.1": false, "http://localhost:1": false, "https://x": false, "http://[::1]": false} {
		u, err := webURL(text)
		require.NoError(t, err)
		require.Equal(t, want, (&settings{api: u}).inTheClear(), text)
	}
}

// sent is what a resource answers.
type sent struct{ *backend.CallResourceResponse }

func (s *sent) Send(r *backend.CallResourceResponse) error {
	s.CallResourceResponse = r
	return nil
}

func (d *Datasource) resource(t *testing.T, path string, user *backend.User) (int, map[string]any) {
	t.Helper()
	var got sent
	require.NoError(t, d.CallResource(t.Context(), &backend.CallResourceRequest{
		PluginContext: backend.PluginContext{User: user}, Method: http.MethodGet, Path: path, URL: path,
		Headers: map[string][]string{"FromAlert": {"true"}, userHeader: {"sue"}, "Cookie": {"a=b"}},
	}, &got))
	var body map[string]any
	_ = json.Unmarshal(got.Body, &body) // not all are JSON
	return got.Status, body
}

func TestResources(t *testing.T) {
	api := newDouble(t)
	d := api.open()
	status, me := d.resource(t, "me", sue)
	require.Equal(t, 200, status)
	require.Equal(t, "acme", me["tenant"])
	require.Equal(t, "https://tributary.example", me["page_url"])
	require.NotEmpty(t, me["queues"])
	status, queries := d.resource(t, "queries", sue)
	require.Equal(t, 200, status)
	require.Len(t, queries["queries"], 3)
	for _, user := range []*backend.User{nil, {}} {
		code, body := d.resource(t, "me", user)
		require.Equal(t, 403, code, "no header makes somebody of nobody")
		require.Contains(t, body["message"], "No signed-in user")
	}
	status, body := d.resource(t, "me", &backend.User{Login: "eve"})
	require.Equal(t, 403, status)
	require.Equal(t, "unknown_user", body["code"])
	status, _ = d.resource(t, "api/query", sue)
	require.Equal(t, 404, status)
	for _, r := range api.requests("/api/boards/me") {
		require.NotContains(t, r.Header, "Cookie", "what the browser sends to Grafana stays there")
	}
	// Where the settings say no page, Tributary says it, and else it is where Grafana reaches it.
	d.client.settings.page = ""
	_, me = d.resource(t, "me", sue)
	require.Equal(t, api.URL, me["page_url"])
	api.handle("/api/boards/me", says(200, "application/json", `{"page_url":"https://said"}`))
	_, me = d.resource(t, "me", sue)
	require.Equal(t, "https://said", me["page_url"])
}

// A hundred times the settings are saved, with queries and a stream under way each time: nothing of the ninety-nine before stays.
func TestHundredSavesLeakNothing(t *testing.T) {
	api := newDouble(t)
	api.handle("/api/boards/live", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, event(begun.UnixMilli(), 1))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	make := Factory(func() time.Time { return begun })
	before := runtime.NumGoroutine()
	for range 100 {
		ctx, cancel := context.WithCancel(t.Context())
		instance, err := make(ctx, api.settings())
		require.NoError(t, err)
		cancel() // the request that made it has ended
		d, ok := instance.(*Datasource)
		require.True(t, ok)
		got, ended := d.run(t.Context(), "wallboard/all")
		got.next(t)
		require.NoError(t, d.asked(t, sue, query("A", `{`+byInterval+`}`))["A"].Error)
		d.Dispose()
		require.ErrorContains(t, <-ended, "the settings of the data source changed")
		d.Dispose() // twice is as good as once
	}
	tick, late := time.NewTicker(5*time.Millisecond), time.NewTimer(patience)
	defer tick.Stop()
	defer late.Stop()
	for api.conns.Load() > 0 || runtime.NumGoroutine() > before {
		select {
		case <-tick.C:
		case <-late.C:
			t.Fatalf("%d connections, %d goroutines, %d before", api.conns.Load(), runtime.NumGoroutine(), before)
		}
	}
}

// The panic of one query is its own error, not the end of the process.
func TestAPanicIsOneQuerysOwn(t *testing.T) {
	out := &answers{responses: backend.Responses{}}
	out.safely([]asked{{refID: "A"}}, func() { _ = strings.Repeat("x", -1) })
	require.ErrorContains(t, out.responses["A"].Error, "the plugin has a fault here")
	require.Equal(t, backend.ErrorSourcePlugin, out.responses["A"].ErrorSource)
}

// Whoever traces a question in Grafana finds it again in Tributary.
func TestTheTraceGoesOn(t *testing.T) {
	before := otel.GetTextMapPropagator()
	otel.SetTextMapPropagator(propagation.TraceContext{})
	defer otel.SetTextMapPropagator(before)
	api := newDouble(t)
	trace := oteltrace.NewSpanContext(oteltrace.SpanContextConfig{TraceID: oteltrace.TraceID{7}, SpanID: oteltrace.SpanID{8}, TraceFlags: oteltrace.FlagsSampled, Remote: true})
	ctx := oteltrace.ContextWithRemoteSpanContext(t.Context(), trace)
	_, err := api.open().QueryData(ctx, &backend.QueryDataRequest{PluginContext: backend.PluginContext{User: sue}, Queries: []backend.DataQuery{query("A", `{"query":"queue_now"}`)}})
	require.NoError(t, err)
	require.Contains(t, api.requests("/api/query")[0].Header.Get("Traceparent"), trace.TraceID().String())
}

// A list of queries that cannot be read anew serves on, and is asked for again now and then, not each time.
func TestTheListOfQueriesServesOn(t *testing.T) {
	api := newDouble(t)
	now := begun
	d := api.open(func(d *Datasource) { d.catalog.now = func() time.Time { return now } })
	find := func(name string) error {
		_, err := d.catalog.query(t.Context(), name)
		return err
	}
	require.NoError(t, find("queue_now"))
	now = now.Add(catalogKept + time.Second)
	api.handle("/api/queries", says(503, "text/plain", ""))
	for range 3 {
		require.NoError(t, find("queue_now"))
	}
	require.Len(t, api.requests("/api/queries"), 2)
	require.ErrorContains(t, find("new"), "status 503")
	api.handle("/api/queries", func(w http.ResponseWriter, _ *http.Request) {
		write(w, map[string]any{"queries": append([]queryInfo{{Name: "new"}}, doubleQueries...)})
	})
	require.NoError(t, find("new"), "a newer Tributary")
	require.ErrorContains(t, find("newer"), "no query \"newer\"")
	require.Len(t, api.requests("/api/queries"), 4, "not anew within seconds")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d.catalog.turn <- struct{}{}
	_, err := d.catalog.query(ctx, "queue_now")
	require.ErrorIs(t, err, context.Canceled)
	<-d.catalog.turn
}
