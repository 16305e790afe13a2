package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
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

const (
	patience = 10 * time.Second
	waitStep = time.Millisecond
	password = "correct horse battery"
)

// world is an installation without its folds: a log, keys and accounts, for any number of processes.
type world struct {
	*facts
	t        *testing.T
	log      *enginetest.Log
	keys     *privacy.KeyStore
	accounts *access.Accounts
	guard    *privacy.Guard
	ms       atomic.Int64
	ids      atomic.Int64
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

// staff is a store with the accounts of everybody, made once: hashing a password is slow on purpose.
var staff = sync.OnceValues(func() (*objects.Memory, error) {
	store := objects.NewMemory()
	accounts, err := access.New(store, staffKey, func() time.Time { return time.UnixMilli(enginetest.Start) }, nil)
	for login, role := range map[string]access.Role{"ann": access.RoleAgent, "bob": access.RoleAgent, "sue": access.RoleSupervisor} {
		if err == nil {
			_, err = accounts.Create(context.Background(), "acme", login, password, login, role)
		}
	}
	return store, err
})

var staffKey = privacy.NewMasterKey()

// staffed is a copy of that store, and its key.
func staffed() (*objects.Memory, *privacy.MasterKey, error) {
	all, err := staff()
	if err != nil {
		return nil, nil, err
	}
	names, err := all.List(context.Background(), "")
	store := objects.NewMemory()
	for _, name := range names {
		data, getErr := all.Get(context.Background(), name)
		err = errors.Join(err, getErr, store.Put(context.Background(), name, data))
	}
	return store, staffKey, err
}

func newWorld(t *testing.T) *world {
	log := enginetest.NewLog(4)
	w := &world{t: t, log: log, facts: newFacts(t, log)}
	w.ms.Store(enginetest.Start)
	store, master, err := staffed()
	require.NoError(t, err)
	w.keys, err = privacy.NewKeyStore(store, master, 1000, w.now)
	require.NoError(t, err)
	w.guard = privacy.NewGuard(w.keys, appender{log}, nil)
	w.accounts, err = access.New(store, master, w.now, &Auditor{w.guard, w.now, w.newID})
	require.NoError(t, err)
	w.put(event.TopicConfigFacts, &event.Event{Tenant: "acme", Key: "acme/config", Body: &event.Event_ConfigApplied{
		ConfigApplied: &event.ConfigApplied{Objects: []*event.ConfigObject{
			{Object: &event.ConfigObject_Queue{Queue: &event.Queue{Id: "sales", Name: "Sales"}}},
			{Object: &event.ConfigObject_Agent{Agent: &event.Agent{Id: "ann", ChatCapacity: 3, Queues: []string{"sales"}}}},
		}},
	}})
	return w
}

func (w *world) now() time.Time { return time.UnixMilli(w.ms.Load()) }
func (w *world) newID() string  { return fmt.Sprintf("id%018d", w.ids.Add(1)) }

// process is one process of the door behind a test server.
type process struct {
	*httptest.Server
	t    *testing.T
	door *Server
	// stop ends Run and waits for it.
	stop func()
}

// change changes an account of acme.
func (w *world) change(login string, c access.Change) {
	w.t.Helper()
	_, err := w.accounts.Change(w.t.Context(), "acme", login, c)
	require.NoError(w.t, err)
}

func (w *world) process(change ...func(*Config)) *process {
	c := Config{
		Log: w.log, Guard: w.guard, Opener: plainOpener{}, Accounts: w.accounts, Gateway: w.newID(), Now: w.now, NewID: w.newID,
		Assets: fstest.MapFS{
			"index.html": {Data: []byte("<p>workspace")}, "assets/x-1.js": {Data: []byte("1")},
			"demo/index.html": {Data: []byte("<p>shop")},
		},
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
	stop := func() {
		cancel()
		run.Wait()
	}
	w.t.Cleanup(func() {
		stop()
		web.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	require.Eventually(w.t, func() bool { return s.Ready() == nil }, patience, time.Millisecond)
	return &process{web, w.t, s, stop}
}

// answer is what a request got.
type answer struct {
	status int
	header http.Header
	body   map[string]any
	raw    string
}

// ask makes a request; pairs are headers.
func (p *process) ask(method, path, body string, pairs ...string) answer {
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.URL+path, strings.NewReader(body))
	require.NoError(p.t, err)
	for i := 0; i < len(pairs); i += 2 {
		r.Header.Set(pairs[i], pairs[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	require.NoError(p.t, err)
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(p.t, err)
	a := answer{resp.StatusCode, resp.Header, map[string]any{}, string(raw)}
	_ = json.Unmarshal(raw, &a.body)
	return a
}

// login gives the cookie and the CSRF word.
func (p *process) login(login string) (cookie, csrf string) {
	a := p.ask("POST", "/api/login", fmt.Sprintf(`{"tenant":"acme","login":%q,"password":%q}`, login, password))
	require.Equal(p.t, 200, a.status, a.raw)
	cookie, _, _ = strings.Cut(a.header.Get("Set-Cookie"), ";")
	return cookie, str(a.body["csrf"])
}

// screen is an agent's page.
type desk struct {
	gws.BuiltinEventHandler
	t      *testing.T
	conn   *gws.Conn
	frames chan map[string]any
	closed chan error
}

func (d *desk) OnMessage(_ *gws.Conn, m *gws.Message) {
	f := map[string]any{}
	if err := json.Unmarshal(m.Bytes(), &f); err != nil {
		f["type"] = err.Error()
	}
	_ = m.Close()
	d.frames <- f
}

func (d *desk) OnClose(_ *gws.Conn, err error) { d.closed <- err }

func (p *process) dial(cookie, origin string) (*desk, error) {
	d := &desk{t: p.t, frames: make(chan map[string]any, 10_000), closed: make(chan error, 1)}
	conn, resp, err := gws.NewClient(d, &gws.ClientOption{
		Addr:          strings.Replace(p.URL, "http", "ws", 1) + "/api/ws",
		RequestHeader: http.Header{"Origin": []string{origin}, "Cookie": []string{cookie}},
	})
	if resp != nil && resp.Body != nil {
		_ = resp.Body.Close()
	}
	if err != nil {
		return nil, err
	}
	d.conn = conn
	var read sync.WaitGroup
	read.Go(conn.ReadLoop)
	p.t.Cleanup(func() {
		_ = conn.NetConn().Close()
		read.Wait()
	})
	return d, nil
}

// open logs in and opens the page; the snapshot is the first frame.
func (p *process) open(login string) (*desk, map[string]any) {
	cookie, _ := p.login(login)
	d, err := p.dial(cookie, p.URL)
	require.NoError(p.t, err)
	return d, d.next("snapshot")
}

func (d *desk) say(format string, args ...any) {
	require.NoError(d.t, d.conn.WriteMessage(gws.OpcodeText, fmt.Appendf(nil, format, args...)))
}

// next is the next frame of the type; queues are told on a rhythm of their own and left out.
func (d *desk) next(kind string) map[string]any {
	d.t.Helper()
	for {
		select {
		case f := <-d.frames:
			if f["type"] == "queue" && kind != "queue" {
				continue
			}
			require.Equal(d.t, kind, f["type"], "%v", f)
			return f
		case err := <-d.closed:
			d.closed <- err
			if len(d.frames) == 0 { // what was sent before comes first
				d.t.Fatalf("closed instead of %s: %v", kind, err)
			}
		case <-time.NewTimer(patience).C:
			d.t.Fatalf("no %s came", kind)
		}
	}
}

func (d *desk) code() uint16 {
	d.t.Helper()
	for {
		select {
		case <-d.frames:
		case err := <-d.closed:
			var c *gws.CloseError
			require.ErrorAs(d.t, err, &c)
			return c.Code
		case <-time.NewTimer(patience).C:
			d.t.Fatal("the connection stays open")
		}
	}
}

// in are the events of a topic whose body a function picks.
func in[B any](w *world, topic event.Topic, pick func(*event.Event) (B, bool)) []B {
	var out []B
	for p := range w.log.Partitions(topic) {
		for _, r := range w.log.All(topic, p) {
			e, err := event.Unmarshal(r.Value)
			require.NoError(w.t, err)
			if b, ok := pick(e); ok {
				out = append(out, b)
			}
		}
	}
	return out
}

func all(e *event.Event) (*event.Event, bool) { return e, true }

func dig(v any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[step]
		case int:
			l, _ := v.([]any)
			if step >= len(l) {
				return nil
			}
			v = l[step]
		}
	}
	return v
}
