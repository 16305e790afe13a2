package enrich

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/tributary-cc/tributary/models"
	"github.com/tributary-cc/tributary/models/local"
	"github.com/tributary-cc/tributary/models/openai"
	"github.com/tributary-cc/tributary/models/openai/openaitest"
	"github.com/tributary-cc/tributary/stream/conversation"
	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/objects"
	"github.com/tributary-cc/tributary/stream/privacy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a log with the fold of conversations on it.
type world struct {
	t        testing.TB
	log      *enginetest.Log
	keys     *privacy.KeyStore
	guard    *privacy.Guard
	host     *engine.Host
	registry *prometheus.Registry
	said     lockedBuffer
	lanes    map[event.Topic]uint64
	n        int
	stop     []func()
}

// appender is the log as the guard needs it.
type appender struct{ log *enginetest.Log }

func (a appender) Append(ctx context.Context, r event.Record) error {
	r.Partition = event.PartitionOf(string(r.Key), a.log.Partitions(r.Topic))
	return engine.AppendAndWait(ctx, a.log, engine.Place{Topic: r.Topic, Partition: r.Partition}, r)
}

func clock() time.Time { return time.Now() } //nolint:forbidigo // the bubble's clock, or a benchmark's

func newWorld(t testing.TB) *world {
	w := &world{t: t, log: enginetest.NewLog(2), lanes: make(map[event.Topic]uint64)}
	store := objects.NewMemory()
	var err error
	w.keys, err = privacy.NewKeyStore(store, privacy.NewMasterKey(), 1000, clock)
	require.NoError(t, err)
	w.guard = privacy.NewGuard(w.keys, appender{w.log}, nil)
	w.host = engine.NewHost(engine.Config{Log: w.log, Store: store, Build: "b", Writer: "w", Now: clock}, []engine.Processor{conversation.Processor()}, nil)
	w.run(w.host.Run)
	return w
}

// run runs something until the end of the world.
func (w *world) run(f func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() { _ = f(ctx) })
	stop = sync.OnceFunc(func() { cancel(); all.Wait() })
	w.stop = append(w.stop, stop)
	return stop
}

func (w *world) end() {
	for i := len(w.stop) - 1; i >= 0; i-- {
		w.stop[i]()
	}
}

// enrich starts a process that looks for intents.
func (w *world) enrich(find func(string) (Model, error), change ...func(*Config)) (*Server, func()) {
	w.registry = prometheus.NewRegistry()
	cfg := Config{Log: w.log, Guard: w.guard, Opener: w.keys, Models: find, Now: clock, Registry: w.registry, Logger: slog.New(slog.NewTextHandler(&w.said, nil))}
	for _, f := range change {
		f(&cfg)
	}
	s, err := New(cfg)
	require.NoError(w.t, err)
	return s, w.run(s.Run)
}

// config sets entry points, for the fold and for who reads facts.
func (w *world) config(points ...*event.EntryPoint) {
	c := &event.ConfigApplied{Version: 1, Objects: []*event.ConfigObject{{Object: &event.ConfigObject_Queue{Queue: &event.Queue{Id: "service"}}}}}
	for _, p := range points {
		c.Objects = append(c.Objects, &event.ConfigObject{Object: &event.ConfigObject_EntryPoint{EntryPoint: p}})
	}
	for partition := range w.log.Partitions(event.TopicConversationIn) {
		w.put(event.TopicConversationIn, partition, &event.Event{Tenant: "acme", Key: "acme/config", Body: &event.Event_ConfigApplied{ConfigApplied: c}})
	}
	w.put(event.TopicConfigFacts, 0, &event.Event{Tenant: "acme", Key: "acme/config", Body: &event.Event_ConfigApplied{ConfigApplied: c}})
}

// put writes what another fold would.
func (w *world) put(topic event.Topic, partition int, e *event.Event) {
	e.Origin = &event.Origin{Processor: "config", Partition: 0, Epoch: 1, Number: 1}
	id := event.CauseID("put", string(topic), fmt.Sprint(partition))
	e.Id = id[:]
	v, err := event.Marshal(e)
	require.NoError(w.t, err)
	require.NoError(w.t, engine.AppendAndWait(context.Background(), w.log, engine.Place{Topic: topic, Partition: partition}, event.Record{Key: []byte(e.GetKey()), Value: v}))
}

// write has a customer write, and returns who it is by pseudonym.
func (w *world) write(customer, point, text string) string {
	address, err := w.keys.Pseudonym(context.Background(), "acme", "webchat:"+customer)
	require.NoError(w.t, err)
	w.n++
	id := event.CauseID("write", fmt.Sprint(w.n))
	require.NoError(w.t, w.guard.Append(context.Background(), event.TopicConversationIn, &event.Event{
		Id: id[:], Tenant: "acme", Key: "acme/" + customer, Customer: customer, Address: string(address), AtMs: clock().UnixMilli(),
		Body: &event.Event_CustomerMessage{CustomerMessage: &event.CustomerMessage{
			Channel: event.Channel_CHANNEL_WEBCHAT, EntryPoint: point, Message: fmt.Sprint("m", w.n),
		}},
	}, &event.Content{Text: text}))
	return string(address)
}

// events are those of a topic, all partitions.
func (w *world) events(topic event.Topic) (out []*event.Event) {
	for p := range w.log.Partitions(topic) {
		first, end, err := w.log.Bounds(context.Background(), topic, p)
		require.NoError(w.t, err)
		require.NoError(w.t, engine.ReadTo(context.Background(), w.log, engine.Place{Topic: topic, Partition: p}, first, end, func(r *event.Record) error {
			e, err := event.Unmarshal(r.Value)
			require.NoError(w.t, err)
			out = append(out, e)
			return nil
		}))
	}
	return out
}

// found are the intents that were appended.
func (w *world) found() (out []*event.Event) {
	for _, e := range w.events(event.TopicConversationIn) {
		if e.GetIntentFound() != nil {
			out = append(out, e)
		}
	}
	return out
}

// routed are the requests to route, by customer.
func (w *world) routed() map[string]*event.RouteRequest {
	out := make(map[string]*event.RouteRequest)
	for _, e := range w.events(event.TopicRoutingIn) {
		if r := e.GetRouteRequest(); r != nil {
			require.Nil(w.t, out[r.GetCustomer()], "routing is asked once")
			out[r.GetCustomer()] = r
		}
	}
	return out
}

// bank is an entry point that asks the bank's model, and then the server.
func bank() *event.EntryPoint {
	return &event.EntryPoint{Id: "bank", Channel: event.Channel_CHANNEL_WEBCHAT, Queue: "service", Language: "de", IntentModel: "bank-en+openai"}
}

func travel() *event.EntryPoint {
	return &event.EntryPoint{Id: "travel", Channel: event.Channel_CHANNEL_WEBCHAT, Queue: "service", IntentModel: "travel-zh+openai"}
}

// resolver finds the models of the binary, with a server behind them where there is one.
func resolver(t testing.TB, c *openai.Client) func(string) (Model, error) {
	return func(name string) (Model, error) {
		name, asks := Split(name)
		first, err := local.Embedded(name)
		if err != nil {
			return Model{}, err
		}
		m := Model{First: first}
		if asks && c != nil {
			then, err := c.Intents(first.Info().Labels)
			require.NoError(t, err)
			m.Then = then
		}
		return m, nil
	}
}

// served starts a stand-in for a model server, in the bubble, and a client of it.
func (w *world) served(answer func(openaitest.Request) (string, int)) (*openaitest.Server, *openai.Client) {
	s, dial := openaitest.StartPiped(w.t, answer)
	cfg := openai.Default()
	cfg.URL, cfg.Model, cfg.Now, cfg.Dial, cfg.PriceIn = "http://127.0.0.1/v1", "small-1", clock, dial, 1
	c, err := openai.New(cfg)
	require.NoError(w.t, err)
	w.stop = append([]func(){func() { c.Close(); s.Close() }}, w.stop...)
	return s, c
}

// bubble runs a test in virtual time.
func bubble(t *testing.T, f func(w *world)) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.end()
		time.Sleep(2 * time.Second) //nolint:forbidigo // the bubble's clock: the fold's first ticks
		f(w)
	})
}

func pass(d time.Duration) {
	time.Sleep(d) //nolint:forbidigo // the bubble's clock
	synctest.Wait()
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

var _ models.Classifier = hanging{}

// hanging answers when its context ends.
type hanging struct{}

func (hanging) Classify(ctx context.Context, _ models.Question) (models.Answer, error) {
	<-ctx.Done()
	return models.Answer{Unsure: true}, ctx.Err()
}
