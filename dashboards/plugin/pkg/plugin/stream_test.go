package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/stretchr/testify/require"
)

const patience = 10 * time.Second

// packets are what Grafana gets of a stream.
type packets chan json.RawMessage

func (p packets) Send(packet *backend.StreamPacket) error {
	p <- packet.Data
	return nil
}

// packet is a frame as it travels to browsers.
type packet struct {
	Schema *struct {
		Name   string `json:"name"`
		Fields []struct {
			Name string `json:"name"`
		} `json:"fields"`
		Meta data.FrameMeta `json:"meta"`
	} `json:"schema"`
	Data *struct {
		Values [][]any `json:"values"`
	} `json:"data"`
}

func (p packets) next(t *testing.T) packet {
	t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case raw := <-p:
		var out packet
		require.NoError(t, json.Unmarshal(raw, &out))
		return out
	case <-timer.C:
		t.Fatal("no packet came")
		return packet{}
	}
}

func (p packet) waiting() int {
	n, _ := p.Data.Values[4][0].(float64)
	return int(n)
}

// run follows a scope until the test or the context ends; the channel says how it ended.
func (d *Datasource) run(ctx context.Context, path string) (packets, <-chan error) {
	out, ended := make(packets, 100), make(chan error, 1)
	go func() { ended <- d.RunStream(ctx, &backend.RunStreamRequest{Path: path}, backend.NewStreamSender(out)) }()
	return out, ended
}

// The stream sends its schema once, then rows; when the connection is lost it says so and begins again.
func TestTheStreamGoesOn(t *testing.T) {
	api := newDouble(t)
	d := api.open()
	ctx, cancel := context.WithCancel(t.Context())
	got, ended := d.run(ctx, "wallboard/0123456789abcdef")
	api.events <- event(1000, 1)
	api.events <- ": nothing happened\n\nevent: later\ndata: {}\n\n" + event(2000, 2)
	first, second := got.next(t), got.next(t)
	require.NotNil(t, first.Schema)
	require.Len(t, first.Schema.Fields, len(wallboardInfo.Columns))
	require.Equal(t, []int{1, 2}, []int{first.waiting(), second.waiting()})
	require.Nil(t, second.Schema, "the schema is the same")

	// One lost connection is nobody's concern; a second one, the board must not hide.
	api.events <- ""
	api.events <- event(3000, 3)
	require.Equal(t, 3, got.next(t).waiting())
	api.handle("/api/boards/live", says(503, "application/json", `{"code":"unavailable","text":"the view is catching up"}`))
	api.events <- ""
	stale := got.next(t)
	require.NotNil(t, stale.Schema)
	require.Equal(t, "Not live: the view is catching up", stale.Schema.Meta.Notices[0].Text)
	require.Equal(t, 3, stale.waiting(), "what was known last stays")
	api.handle("/api/boards/live", nil)
	api.events <- event(4000, 4)
	again := got.next(t)
	require.NotNil(t, again.Schema)
	require.Empty(t, again.Schema.Meta.Notices)
	require.Equal(t, 4, again.waiting())

	for _, r := range api.requests("/api/boards/live") {
		require.Equal(t, "0123456789abcdef", r.URL.Query().Get("scope"))
		require.NotContains(t, r.Header, userHeader, "the stream is shared: the service follows it")
	}
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
	require.Nil(t, d.lives.latest("0123456789abcdef"))
}

// The right that ended, events that are none and silence are told on the board.
func TestTheStreamSaysWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct{ event, words string }{
		"the right":  {"event: end\ndata: {\"code\":\"forbidden\",\"text\":\"the teams of the account have changed\"}\n\n", "the teams of the account have changed"},
		"no reason":  {"event: end\ndata:\n\n", "the right to follow the wallboard has ended"},
		"no JSON":    {"data: <html>\n\n", "not one of Tributary"},
		"other JSON": {"data: {}\n\n", "the wallboard says no time"},
		"a queue":    {"data: {\"at_ms\":1,\"queues\":[{}]}\n\n", "has no id"},
		"types":      {"data: {\"at_ms\":1,\"queues\":[{\"queue\":\"a\",\"waiting\":\"many\"}]}\n\n", "not one of Tributary"},
		"half":       {"data: {", "the stream ended"},
		"silence":    {": \n", "in time"},
	} {
		t.Run(name, func(t *testing.T) {
			api := newDouble(t)
			api.handle("/api/boards/live", func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream")
				_, _ = w.Write([]byte(c.event))
				if name == "silence" {
					_ = http.NewResponseController(w).Flush()
					<-r.Context().Done()
				}
			})
			d := api.open(func(d *Datasource) { d.client.silence = 50 * time.Millisecond })
			if name != "silence" {
				d.client.silence = silence
			}
			ctx, cancel := context.WithCancel(t.Context())
			got, ended := d.run(ctx, "wallboard/all")
			stale := got.next(t)
			require.Contains(t, stale.Schema.Meta.Notices[0].Text, c.words)
			require.Equal(t, data.NoticeSeverityError, stale.Schema.Meta.Notices[0].Severity)
			cancel()
			require.ErrorIs(t, <-ended, context.Canceled)
		})
	}
	api := newDouble(t)
	api.handle("/api/boards/live", says(200, "text/html", "<html>"))
	require.ErrorContains(t, api.open().client.follow(t.Context(), theService, "all", nil), "no stream of events")
	long := "data: " + strings.Repeat("1", maxEvent) + "\n\n"
	api.handle("/api/boards/live", says(200, "text/event-stream", long))
	require.ErrorContains(t, api.open().client.follow(t.Context(), theService, "all", nil), "longer than this data source takes")
}

// When the settings change the stream ends with an error, so that Grafana begins it anew.
func TestTheStreamEndsWithTheInstance(t *testing.T) {
	api := newDouble(t)
	d := api.open()
	got, ended := d.run(t.Context(), "wallboard/all")
	api.events <- event(1000, 1)
	got.next(t)
	d.Dispose()
	err := <-ended
	require.ErrorContains(t, err, "the settings of the data source changed")
	require.True(t, backend.IsDownstreamError(err))
	for _, path := range []string{"", "wallboard", "wallboard/", "wallboard/ALL", "wallboard/../all", "wallboard/0123", "other/all"} {
		_, ended = d.run(t.Context(), path)
		require.ErrorContains(t, <-ended, "there is no stream", path)
	}
}

// Grafana that takes no more ends the stream.
func TestTheStreamEndsWithItsReader(t *testing.T) {
	api := newDouble(t)
	api.events <- event(1000, 1)
	err := api.open().RunStream(t.Context(), &backend.RunStreamRequest{Path: "wallboard/all"}, backend.NewStreamSender(gone{}))
	require.ErrorContains(t, err, "send a frame to Grafana")
}

type gone struct{}

func (gone) Send(*backend.StreamPacket) error { return errors.New("gone") }

// Everybody follows what they may see and nothing else.
func TestWhoSubscribes(t *testing.T) {
	api := newDouble(t)
	d := api.open()
	tom, eve := &backend.User{Login: "tom"}, &backend.User{Login: "eve"}
	for _, c := range []struct {
		user *backend.User
		path string
		want backend.SubscribeStreamStatus
	}{
		{sue, "wallboard/all", backend.SubscribeStreamStatusOK},
		{sue, "wallboard/0123456789abcdef", backend.SubscribeStreamStatusPermissionDenied},
		{tom, "wallboard/0123456789abcdef", backend.SubscribeStreamStatusOK},
		{tom, "wallboard/all", backend.SubscribeStreamStatusPermissionDenied},
		{eve, "wallboard/all", backend.SubscribeStreamStatusPermissionDenied},
		{nil, "wallboard/all", backend.SubscribeStreamStatusPermissionDenied},
		{&backend.User{}, "wallboard/all", backend.SubscribeStreamStatusPermissionDenied},
		{sue, "wallboard/x", backend.SubscribeStreamStatusNotFound},
		{sue, "all", backend.SubscribeStreamStatusNotFound},
	} {
		r, err := d.SubscribeStream(t.Context(), &backend.SubscribeStreamRequest{PluginContext: backend.PluginContext{User: c.user}, Path: c.path})
		require.NoError(t, err)
		require.Equal(t, c.want, r.Status, "%v %s", c.user, c.path)
		require.Equal(t, c.want == backend.SubscribeStreamStatusOK, r.InitialData != nil)
	}
	subscribe := func() packet {
		r, err := d.SubscribeStream(t.Context(), &backend.SubscribeStreamRequest{PluginContext: backend.PluginContext{User: sue}, Path: "wallboard/all"})
		require.NoError(t, err)
		var out packet
		require.NoError(t, json.Unmarshal(r.InitialData.Data(), &out))
		return out
	}
	before := subscribe()
	require.Len(t, before.Schema.Fields, len(wallboardInfo.Columns))
	require.Nil(t, before.Data)
	// Who comes later has the latest rows at once, and the fields' names, which the stream says no more.
	ctx, cancel := context.WithCancel(t.Context())
	got, ended := d.run(ctx, "wallboard/all")
	api.events <- event(1000, 7)
	got.next(t)
	later := subscribe()
	require.Equal(t, before.Schema.Fields, later.Schema.Fields)
	require.Equal(t, 7, later.waiting())
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)

	api.handle("/api/boards/me", says(503, "text/plain", ""))
	_, err := d.SubscribeStream(t.Context(), &backend.SubscribeStreamRequest{PluginContext: backend.PluginContext{User: sue}, Path: "wallboard/all"})
	require.True(t, backend.IsDownstreamError(err))
	r, err := d.PublishStream(t.Context(), &backend.PublishStreamRequest{PluginContext: backend.PluginContext{User: sue}, Path: "wallboard/all"})
	require.NoError(t, err)
	require.Equal(t, backend.PublishStreamStatusPermissionDenied, r.Status)
}
