package plugintest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/grpcplugin"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/stretchr/testify/require"
)

const (
	datasourceID = "tributarycc-tributary-datasource"
	patience     = 30 * time.Second
)

// grafana does with the plugin's program what Grafana does.
type grafana struct {
	t           *testing.T
	url, token  string
	saved       time.Time
	log         *lockedBuffer
	diagnostics grpcplugin.DiagnosticsClient
	resource    grpcplugin.ResourceClient
	data        grpcplugin.DataClient
	stream      grpcplugin.StreamClient
}

// lockedBuffer keeps what the plugin logs.
type lockedBuffer struct {
	mu   sync.Mutex
	text []byte
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.text = append(b.text, p...)
	return len(p), nil
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return string(b.text)
}

// startPlugin builds the program and starts it with the handshake that Grafana has.
func startPlugin(t *testing.T, url, token string) *grafana {
	t.Helper()
	program := filepath.Join(t.TempDir(), "gpx_tributary")
	build := exec.Command("go", append([]string{"build", "-o", program}, append(buildFlags, "../../../dashboards/plugin/pkg")...)...)
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	g := &grafana{t: t, url: url, token: token, saved: time.Now(), log: &lockedBuffer{}}
	client := goplugin.NewClient(&goplugin.ClientConfig{
		Cmd: exec.Command(program),
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion: grpcplugin.ProtocolVersion, MagicCookieKey: grpcplugin.MagicCookieKey, MagicCookieValue: grpcplugin.MagicCookieValue,
		},
		VersionedPlugins: map[int]goplugin.PluginSet{grpcplugin.ProtocolVersion: {
			"diagnostics": &grpcplugin.DiagnosticsGRPCPlugin{}, "resource": &grpcplugin.ResourceGRPCPlugin{},
			"data": &grpcplugin.DataGRPCPlugin{}, "stream": &grpcplugin.StreamGRPCPlugin{},
		}},
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		Logger:           hclog.New(&hclog.LoggerOptions{Level: hclog.Trace, Output: g.log}),
	})
	t.Cleanup(client.Kill)
	protocol, err := client.Client()
	require.NoError(t, err)
	g.diagnostics = dispense[grpcplugin.DiagnosticsClient](t, protocol, "diagnostics")
	g.resource = dispense[grpcplugin.ResourceClient](t, protocol, "resource")
	g.data = dispense[grpcplugin.DataClient](t, protocol, "data")
	g.stream = dispense[grpcplugin.StreamClient](t, protocol, "stream")
	return g
}

func dispense[T any](t *testing.T, from goplugin.ClientProtocol, name string) T {
	t.Helper()
	raw, err := from.Dispense(name)
	require.NoError(t, err)
	client, ok := raw.(T)
	require.True(t, ok, name)
	return client
}

// context is what Grafana says with each call; the login is empty where nobody is signed in.
func (g *grafana) context(login string) backend.PluginContext {
	settings, err := json.Marshal(map[string]string{"url": g.url})
	require.NoError(g.t, err)
	c := backend.PluginContext{
		PluginID: datasourceID, PluginVersion: "1.0.0",
		DataSourceInstanceSettings: &backend.DataSourceInstanceSettings{
			ID: 1, UID: "tributary", Type: datasourceID, Name: "Tributary", Updated: g.saved, JSONData: settings,
			DecryptedSecureJSONData: map[string]string{"token": g.token},
		},
	}
	switch login {
	case "":
	case "grafana_scheduler": // as Grafana's alerting evaluates rules
		c.User = &backend.User{Login: login, Role: "Admin"}
	default:
		c.User = &backend.User{Login: login, Name: "Somebody", Email: "somebody@example.com", Role: "Viewer"}
	}
	return c
}

// ask asks the queries, each the JSON of its model, over the last hour.
func (g *grafana) ask(login string, headers map[string]string, models ...string) map[string]backend.DataResponse {
	g.t.Helper()
	req := &backend.QueryDataRequest{PluginContext: g.context(login), Headers: headers}
	for i, m := range models {
		now := time.Now()
		req.Queries = append(req.Queries, backend.DataQuery{
			RefID: string(rune('A' + i)), JSON: []byte(m), Interval: time.Minute, MaxDataPoints: 500, TimeRange: backend.TimeRange{From: now.Add(-time.Hour), To: now},
		})
	}
	resp, err := g.data.QueryData(g.t.Context(), backend.ToProto().QueryDataRequest(req))
	require.NoError(g.t, err)
	got, err := backend.FromProto().QueryDataResponse(resp)
	require.NoError(g.t, err)
	require.Len(g.t, got.Responses, len(models))
	return got.Responses
}

func (g *grafana) health() (pluginv2.CheckHealthResponse_HealthStatus, string) {
	g.t.Helper()
	r, err := g.diagnostics.CheckHealth(g.t.Context(), &pluginv2.CheckHealthRequest{PluginContext: backend.ToProto().PluginContext(g.context("sam"))})
	require.NoError(g.t, err)
	return r.GetStatus(), r.GetMessage()
}

// call asks a resource.
func (g *grafana) call(login, path string, into any) int {
	g.t.Helper()
	c, err := g.resource.CallResource(g.t.Context(), &pluginv2.CallResourceRequest{
		PluginContext: backend.ToProto().PluginContext(g.context(login)), Path: path, Method: "GET", Url: path,
	})
	require.NoError(g.t, err)
	r, err := c.Recv()
	require.NoError(g.t, err)
	require.NoError(g.t, json.Unmarshal(r.GetBody(), into), string(r.GetBody()))
	_, err = c.Recv()
	require.ErrorIs(g.t, err, io.EOF)
	return int(r.GetCode())
}

func (g *grafana) subscribe(login, path string) *pluginv2.SubscribeStreamResponse {
	g.t.Helper()
	r, err := g.stream.SubscribeStream(g.t.Context(), &pluginv2.SubscribeStreamRequest{PluginContext: backend.ToProto().PluginContext(g.context(login)), Path: path})
	require.NoError(g.t, err)
	return r
}

// follow begins a stream. Grafana runs it for nobody in particular.
func (g *grafana) follow(ctx context.Context, path string) pluginv2.Stream_RunStreamClient {
	g.t.Helper()
	s, err := g.stream.RunStream(ctx, &pluginv2.RunStreamRequest{PluginContext: backend.ToProto().PluginContext(g.context("")), Path: path})
	require.NoError(g.t, err)
	return s
}

var goroutines = regexp.MustCompile(`(?m)^go_goroutines (\d+)`)

// goroutines is how many the plugin's process has, by its own metrics.
func (g *grafana) goroutines() int {
	g.t.Helper()
	r, err := g.diagnostics.CollectMetrics(g.t.Context(), &pluginv2.CollectMetricsRequest{})
	require.NoError(g.t, err)
	m := goroutines.FindSubmatch(r.GetMetrics().GetPrometheus())
	require.NotNil(g.t, m)
	n, err := strconv.Atoi(string(m[1]))
	require.NoError(g.t, err)
	return n
}

// counted hands connections on to an address and counts those that are open.
type counted struct {
	url  string
	open atomic.Int64
}

func count(t *testing.T, to string) *counted {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	c := &counted{url: "http://" + l.Addr().String()}
	var work sync.WaitGroup
	t.Cleanup(func() {
		_ = l.Close()
		work.Wait()
	})
	work.Go(func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			work.Go(func() { c.pass(from, to) })
		}
	})
	return c
}

func (c *counted) pass(from net.Conn, to string) {
	c.open.Add(1)
	defer c.open.Add(-1)
	defer from.Close() //nolint:errcheck // the test is over
	onward, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	var both sync.WaitGroup
	both.Go(func() {
		_, _ = io.Copy(onward, from)
		_ = onward.Close()
	})
	_, _ = io.Copy(from, onward)
	_ = from.Close()
	both.Wait()
}

func model(format string, args ...any) string { return fmt.Sprintf(format, args...) }
