package webchat

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lxzan/gws"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/objects"
	"github.com/tributary-cc/tributary/stream/privacy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 10 * time.Second

// world is an installation without its folds: a log, keys and accounts, for any number of adapter processes.
type world struct {
	t        *testing.T
	log      *enginetest.Log
	keys     *privacy.KeyStore
	accounts *access.Accounts
	guard    *privacy.Guard
	ms       atomic.Int64
	ids      atomic.Int64
	mu       sync.Mutex
	numbers  map[string]uint64
	// conversation is the one that deliveries are of.
	conversation string
}

// appender is the log as the guard needs it.
type appender struct{ log *enginetest.Log }

func (a appender) Append(ctx context.Context, r event.Record) error {
	r.Partition = event.PartitionOf(string(r.Key), a.log.Partitions(r.Topic))
	done := make(chan error, 1)
	a.log.Append(ctx, r.Topic, r.Partition, []event.Record{r}, func(err error) { done <- err })
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, log: enginetest.NewLog(4), conversation: "v1", numbers: map[string]uint64{}}
	w.ms.Store(enginetest.Start)
	store, master := objects.NewMemory(), privacy.NewMasterKey()
	var err error
	w.keys, err = privacy.NewKeyStore(store, master, 1000, w.now)
	require.NoError(t, err)
	w.accounts, err = access.New(store, master, w.now, nil)
	require.NoError(t, err)
	w.guard = privacy.NewGuard(w.keys, appender{w.log}, nil)
	w.config("acme", &event.EntryPoint{
		Id: "shop", Channel: event.Channel_CHANNEL_WEBCHAT, Queue: "sales", Origins: []string{"https://shop.example"},
		Greeting: "Hello", Language: "en",
	})
	return w
}

func (w *world) now() time.Time { return time.UnixMilli(w.ms.Load()) }
func (w *world) newID() string  { return fmt.Sprintf("id%018d", w.ids.Add(1)) }

// put writes a fact as its fold would.
func (w *world) put(topic event.Topic, e *event.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := event.PartitionOf(e.GetKey(), w.log.Partitions(topic))
	lane := fmt.Sprint(topic, p)
	w.numbers[lane]++
	e.Origin = &event.Origin{Processor: "fold", Epoch: 1, Number: w.numbers[lane]}
	id := event.OriginID(e.Origin)
	e.Id = id[:]
	value, err := event.Marshal(e)
	require.NoError(w.t, err)
	require.NoError(w.t, appender{w.log}.Append(context.Background(), event.Record{Topic: topic, Key: []byte(e.GetKey()), Value: value}))
}

func (w *world) config(tenant string, e *event.EntryPoint) {
	w.put(event.TopicConfigFacts, &event.Event{Tenant: tenant, Key: tenant + "/config", Body: &event.Event_ConfigApplied{
		ConfigApplied: &event.ConfigApplied{Objects: []*event.ConfigObject{{Object: &event.ConfigObject_EntryPoint{EntryPoint: e}}}},
	}})
}

// deliver asks for a delivery to an address; its id is returned.
func (w *world) deliver(address, kind string, sequence uint64, text, clientID string) string {
	d := &event.Deliver{
		Delivery: fmt.Sprintf("d-%s-%d", kind, w.ids.Add(1)), Channel: event.Channel_CHANNEL_WEBCHAT, EntryPoint: "shop", Conversation: w.conversation,
		Contact: "k1", Author: event.Author_AUTHOR_AGENT, Sequence: sequence, Kind: kind, ClientId: clientID,
	}
	e := &event.Event{Tenant: "acme", Key: event.Key("acme", address), Address: address, Body: &event.Event_Deliver{Deliver: d}}
	if text != "" {
		if kind == "echo" {
			d.Author = event.Author_AUTHOR_CUSTOMER
		}
		var err error
		e.Sealed, err = w.keys.SealContent(context.Background(), "acme", address, "x", &event.Content{Text: text})
		require.NoError(w.t, err)
	}
	w.put(event.TopicOutbound, e)
	return d.GetDelivery()
}

// process is one adapter process behind a test server.
type process struct {
	*httptest.Server
	adapter *Server
}

func (w *world) process(change ...func(*Config)) *process {
	c := Config{
		Log: w.log, Guard: w.guard, Opener: w.keys, Pseudonyms: w.keys, Tokens: w.accounts, Files: privacy.NewFiles(w.keys), Gateway: w.newID(), Now: w.now, NewID: w.newID,
	}
	for _, f := range change {
		f(&c)
	}
	s, err := New(c)
	require.NoError(w.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	var run sync.WaitGroup
	run.Go(func() { _ = s.Run(ctx) })
	web := httptest.NewServer(s.Handler())
	w.t.Cleanup(func() {
		cancel()
		run.Wait()
		web.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	require.Eventually(w.t, func() bool { return s.Ready() == nil }, patience, time.Millisecond)
	return &process{web, s}
}

func (w *world) post(p *process, origin, body string) (int, map[string]any) {
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, p.URL+"/webchat/session", strings.NewReader(body))
	require.NoError(w.t, err)
	r.Header.Set("Origin", origin)
	resp, err := http.DefaultClient.Do(r)
	require.NoError(w.t, err)
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	out := map[string]any{}
	require.NoError(w.t, json.Unmarshal(raw, &out), string(raw))
	return resp.StatusCode, out
}

func (w *world) token(p *process) string {
	status, body := w.post(p, "https://shop.example", `{"entry_point":"shop"}`)
	require.Equal(w.t, 200, status, body)
	return str(body["token"])
}

// browser is a customer's connection.
type browser struct {
	gws.BuiltinEventHandler
	t      *testing.T
	conn   *gws.Conn
	frames chan map[string]any
	closed chan error
}

func (b *browser) OnMessage(_ *gws.Conn, m *gws.Message) {
	f := map[string]any{}
	if err := json.Unmarshal(m.Bytes(), &f); err != nil {
		f["type"] = err.Error()
	}
	_ = m.Close()
	b.frames <- f
}

func (b *browser) OnClose(_ *gws.Conn, err error) { b.closed <- err }

func (w *world) dial(p *process, origin string) (*browser, error) {
	b := &browser{t: w.t, frames: make(chan map[string]any, 10_000), closed: make(chan error, 1)}
	conn, resp, err := gws.NewClient(b, &gws.ClientOption{
		Addr:          strings.Replace(p.URL, "http", "ws", 1) + "/webchat/ws?entry_point=shop",
		RequestHeader: http.Header{"Origin": []string{origin}},
	})
	if resp != nil && resp.Body != nil {
		_ = resp.Body.Close()
	}
	if err != nil {
		return nil, err
	}
	b.conn = conn
	var read sync.WaitGroup
	read.Go(conn.ReadLoop)
	w.t.Cleanup(func() {
		_ = conn.NetConn().Close()
		read.Wait()
	})
	return b, nil
}

// come dials and says hello, with what it has of the first conversation; the history is the first frame.
func (w *world) come(p *process, token string, last uint64) (*browser, map[string]any) {
	b, err := w.dial(p, "https://shop.example")
	require.NoError(w.t, err)
	b.say(map[string]any{"type": "hello", "token": token, "last": last, "conversation": "v1"})
	return b, b.next("history")
}

func (b *browser) say(v any) {
	raw, err := json.Marshal(v)
	require.NoError(b.t, err)
	require.NoError(b.t, b.conn.WriteMessage(gws.OpcodeText, raw))
}

// next is the next frame, which must be of the type.
func (b *browser) next(kind string) map[string]any {
	b.t.Helper()
	var f map[string]any
	select {
	case f = <-b.frames:
	case err := <-b.closed:
		select {
		case f = <-b.frames: // what came before the end
		default:
			b.t.Fatalf("closed instead of %s: %v", kind, err)
		}
		b.closed <- err
	case <-time.NewTimer(patience).C:
		b.t.Fatalf("no %s came", kind)
	}
	require.Equal(b.t, kind, f["type"], "%v", f)
	return f
}

func (b *browser) code() uint16 {
	b.t.Helper()
	for {
		select {
		case <-b.frames:
		case err := <-b.closed:
			var c *gws.CloseError
			require.ErrorAs(b.t, err, &c)
			return c.Code
		case <-time.NewTimer(patience).C:
			b.t.Fatal("the connection stays open")
		}
	}
}

// said are the events that adapters appended to identity.in.
func (w *world) said() []*event.Event {
	var out []*event.Event
	for p := range 4 {
		for _, r := range w.log.All(event.TopicIdentityIn, p) {
			e, err := event.Unmarshal(r.Value)
			require.NoError(w.t, err)
			out = append(out, e)
		}
	}
	return out
}

func (w *world) eventually(f func() bool, why string) {
	w.t.Helper()
	require.Eventually(w.t, f, patience, 2*time.Millisecond, why)
}

func texts(history map[string]any) []string {
	var out []string
	messages, _ := history["messages"].([]any)
	for _, m := range messages {
		fields, _ := m.(map[string]any)
		out = append(out, str(fields["text"]))
	}
	return out
}

func str(v any) string {
	s, _ := v.(string)
	return s
}
