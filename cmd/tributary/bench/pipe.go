package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/lxzan/gws"
	"github.com/segmentio/kafka-go"

	"github.com/tributary-cc/tributary/stream/embedded"
)

// hops is how many logs a customer's message passes on its way to the agent's page: identity.in, conversation.in,
// conversation.facts.
const hops = 3

const pipePartitions = 4 // as an installation has

// pipe carries customers' frames through three logs to agents' pages and does nothing else: no fold, no seal, no state.
type pipe struct {
	client *kafka.Client
	lanes  [hops][pipePartitions]*lane
	mu     sync.Mutex
	agents map[string]*gws.Conn
}

// RunPipe runs the bare pipe until ctx is done, and prints its address when it serves.
func RunPipe(ctx context.Context, dir string, w io.Writer) error {
	broker, err := embedded.StartBroker(ctx, embedded.BrokerConfig{Dir: dir})
	if err != nil {
		return err
	}
	defer broker.Close() //nolint:errcheck // its folder is thrown away
	p := &pipe{client: &kafka.Client{Addr: kafka.TCP(broker.Addr()), Transport: &kafka.Transport{Dial: broker.Dial}}, agents: make(map[string]*gws.Conn)}
	var topics []kafka.TopicConfig
	for h := range hops {
		topics = append(topics, kafka.TopicConfig{Topic: topic(h), NumPartitions: pipePartitions, ReplicationFactor: 1})
	}
	made, err := p.client.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: topics})
	if err != nil {
		return fmt.Errorf("making the pipe's topics: %w", err)
	}
	for _, err := range made.Errors {
		if err != nil {
			return fmt.Errorf("making the pipe's topics: %w", err)
		}
	}
	for h := range hops {
		for k := range pipePartitions {
			p.lanes[h][k] = &lane{client: p.client, topic: topic(h), partition: k}
		}
	}
	for h := range hops {
		for k := range pipePartitions {
			go p.carry(ctx, h, k)
		}
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := &http.Server{Handler: p.handler(), ReadHeaderTimeout: 5 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = s.Close() })()
	fmt.Fprintf(w, "http://%s\n", l.Addr())
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func topic(hop int) string { return "pipe" + strconv.Itoa(hop) }

// handler takes customers at /customer?agent=N and agents at /agent?agent=N.
func (p *pipe) handler() http.Handler {
	customers := gws.NewUpgrader(&pipeCustomer{p: p}, &gws.ServerOption{ReadBufferSize: 1 << 10})
	agents := gws.NewUpgrader(&gws.BuiltinEventHandler{}, &gws.ServerOption{ReadBufferSize: 1 << 10})
	mux := http.NewServeMux()
	mux.HandleFunc("/customer", func(w http.ResponseWriter, r *http.Request) {
		if c, err := customers.Upgrade(w, r); err == nil {
			c.Session().Store("agent", r.URL.Query().Get("agent"))
			go c.ReadLoop()
		}
	})
	mux.HandleFunc("/agent", func(w http.ResponseWriter, r *http.Request) {
		c, err := agents.Upgrade(w, r)
		if err != nil {
			return
		}
		p.mu.Lock()
		p.agents[r.URL.Query().Get("agent")] = c
		p.mu.Unlock()
		_ = c.WriteMessage(gws.OpcodeText, []byte(`{"type":"snapshot"}`))
		go c.ReadLoop()
	})
	return mux
}

// pipeCustomer appends each frame and answers when the log has it.
type pipeCustomer struct {
	gws.BuiltinEventHandler
	p *pipe
}

func (h *pipeCustomer) OnMessage(c *gws.Conn, m *gws.Message) {
	defer m.Close() //nolint:errcheck // gives the buffer back
	var f frame
	if json.Unmarshal(m.Bytes(), &f) != nil || f.Type != "send" {
		return
	}
	agent, _ := c.Session().Load("agent")
	name, _ := agent.(string)
	value, err := json.Marshal(map[string]any{"type": "message", "contact": name, "message": map[string]string{"client_id": f.ID, "text": f.Text}})
	if err != nil {
		return
	}
	n, _ := strconv.Atoi(name)
	done := make(chan error, 1)
	h.p.lanes[0][n%pipePartitions].append([]byte(name), value, done)
	if <-done == nil {
		_ = c.WriteMessage(gws.OpcodeText, []byte(`{"type":"accepted","id":"`+f.ID+`"}`))
	}
}

// carry reads one partition of a log and appends to the next, or shows the agent what the last one has.
func (p *pipe) carry(ctx context.Context, hop, partition int) {
	for offset := int64(0); ctx.Err() == nil; {
		resp, err := p.client.Fetch(ctx, &kafka.FetchRequest{
			Topic: topic(hop), Partition: partition, Offset: offset, MinBytes: 1, MaxBytes: 1 << 20, MaxWait: 500 * time.Millisecond,
		})
		if err != nil || resp.Error != nil {
			time.Sleep(10 * time.Millisecond) // it has just been made
			continue
		}
		for {
			r, err := resp.Records.ReadRecord()
			if err != nil {
				break
			}
			if r.Offset < offset {
				continue
			}
			offset = r.Offset + 1
			key, _ := kafka.ReadAll(r.Key)
			value, _ := kafka.ReadAll(r.Value) // bytes in memory
			if hop+1 < hops {
				p.lanes[hop+1][partition].append(key, value, nil) //nolint:contextcheck // what was taken is carried on
				continue
			}
			p.mu.Lock()
			c := p.agents[string(key)]
			p.mu.Unlock()
			if c != nil {
				_ = c.WriteMessage(gws.OpcodeText, value)
			}
		}
	}
}

// lane appends to one partition: one produce in flight, the next takes what came meanwhile.
type lane struct {
	client    *kafka.Client
	topic     string
	partition int
	mu        sync.Mutex
	queue     []kafka.Record
	waiting   []chan error
	busy      bool
}

func (l *lane) append(key, value []byte, done chan error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue = append(l.queue, kafka.Record{Key: kafka.NewBytes(key), Value: kafka.NewBytes(value)})
	if done != nil {
		l.waiting = append(l.waiting, done)
	}
	if !l.busy {
		l.busy = true
		go l.run()
	}
}

func (l *lane) run() {
	for {
		l.mu.Lock()
		batch, waiting := l.queue, l.waiting
		l.queue, l.waiting = nil, nil
		if len(batch) == 0 {
			l.busy = false
			l.mu.Unlock()
			return
		}
		l.mu.Unlock()
		resp, err := l.client.Produce(context.Background(), &kafka.ProduceRequest{
			Topic: l.topic, Partition: l.partition, RequiredAcks: kafka.RequireAll, Records: kafka.NewRecordReader(batch...),
		})
		if err == nil {
			err = resp.Error
		}
		for _, done := range waiting {
			done <- err
		}
	}
}

// startPipe starts the bare pipe as a process of its own.
func (p *plan) startPipe(ctx context.Context) (*child, string, error) {
	dir := filepath.Join(p.Dir, "pipe")
	if err := os.RemoveAll(dir); err != nil {
		return nil, "", err
	}
	c, out, err := startBare(p.Binary, "bench", "pipe", "--dir", dir)
	if err != nil {
		return nil, "", err
	}
	url, err := firstLine(ctx, out)
	if err != nil {
		c.kill()
		return nil, "", fmt.Errorf("starting the bare pipe: %w", err)
	}
	return c, url, nil
}

// openPipeFloor opens as many pages at the pipe as at the installation.
func (p *plan) openPipeFloor(ctx context.Context, url string) (*floor, error) {
	f := new(floor)
	none := func(int) http.Header { return http.Header{} }
	var err error
	f.agents, err = open(ctx, opening{
		n: p.pages, url: func(i int) string { return wsURL(url, "/agent?agent="+strconv.Itoa(i)) }, header: none,
		handle: func(_ *page, fr *frame) {
			if fr.Type == "message" {
				f.meter.saw(fr.Message.ClientID)
			}
		},
		greet: func(int, *page) error { return nil },
	})
	if err != nil {
		return nil, err
	}
	f.customers, err = open(ctx, opening{
		n: p.Live, url: func(i int) string { return wsURL(url, "/customer?agent="+strconv.Itoa(i%p.pages)) }, header: none, handle: f.customer,
	})
	if err != nil {
		f.agents.close()
	}
	return f, err
}
