// Package naive is a consumer as people often write them, to show what kills and freezes do to it: a group reader that
// commits by itself, state in memory, and a writer with its defaults. It promises nothing.
package naive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/tributary-cc/tributary/stream/embedded"
)

const (
	topicIn    = "naive.in"
	topicOut   = "naive.out"
	partitions = 4
	customers  = 20
)

// said is a message in, and heard what the consumer makes of it: Count is how many the customer said so far.
type said struct{ ID, Customer string }

type heard struct {
	ID, Customer string
	Count        int
}

// Consume is the consumer: it runs until ctx is done, or until it is killed.
func Consume(ctx context.Context, broker string) error {
	// Time-outs are lower than the defaults, so that a new consumer takes over within seconds and not in half a minute.
	r := kafka.NewReader(kafka.ReaderConfig{
		Brokers: []string{broker}, GroupID: "naive", Topic: topicIn, CommitInterval: time.Second, MaxWait: 200 * time.Millisecond,
		SessionTimeout: 2 * time.Second, HeartbeatInterval: 500 * time.Millisecond, RebalanceTimeout: 2 * time.Second, JoinGroupBackoff: 200 * time.Millisecond,
	})
	defer r.Close() //nolint:errcheck // nothing to be done about it
	// Asynchronous, as everybody sets it who has seen that a lone message takes a second.
	w := &kafka.Writer{Addr: kafka.TCP(broker), Topic: topicOut, Async: true}
	defer w.Close() //nolint:errcheck // nothing to be done about it
	count := map[string]int{}
	for {
		m, err := r.ReadMessage(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		var s said
		if json.Unmarshal(m.Value, &s) != nil {
			continue
		}
		count[s.Customer]++
		out, err := json.Marshal(heard{s.ID, s.Customer, count[s.Customer]})
		if err != nil {
			return err
		}
		if err := w.WriteMessages(ctx, kafka.Message{Key: m.Key, Value: out}); err != nil && ctx.Err() == nil {
			return err
		}
	}
}

// Trial is the broker, the generator and the ledger around a consumer that somebody kills.
type Trial struct {
	broker *embedded.Broker
	stop   context.CancelFunc
	work   sync.WaitGroup

	mu    sync.Mutex
	acked map[string]string // id → customer
}

// Begin starts a broker with its log in dir and a generator of 30 messages a second.
func Begin(ctx context.Context, dir string) (*Trial, error) {
	broker, err := embedded.StartBroker(ctx, embedded.BrokerConfig{Dir: dir})
	if err != nil {
		return nil, err
	}
	t := &Trial{broker: broker, acked: map[string]string{}}
	client := &kafka.Client{Addr: kafka.TCP(broker.Addr())}
	made, err := client.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{
		{Topic: topicIn, NumPartitions: partitions, ReplicationFactor: 1}, {Topic: topicOut, NumPartitions: partitions, ReplicationFactor: 1},
	}})
	if err == nil {
		err = errors.Join(made.Errors[topicIn], made.Errors[topicOut])
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("making the naive consumer's topics: %w", err), broker.Close())
	}
	ctx, t.stop = context.WithCancel(ctx)
	t.work.Go(func() { t.generate(ctx) })
	return t, nil
}

// Broker is where the consumer finds its log.
func (t *Trial) Broker() string { return t.broker.Addr() }

func (t *Trial) generate(ctx context.Context) {
	w := &kafka.Writer{Addr: kafka.TCP(t.broker.Addr()), Topic: topicIn, Balancer: &kafka.Hash{}, BatchSize: 1, RequiredAcks: kafka.RequireAll}
	defer w.Close() //nolint:errcheck // each write was answered
	tick := time.NewTicker(time.Second / 30)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		s := said{fmt.Sprintf("m%06d", n), fmt.Sprintf("c%02d", n%customers)}
		b, err := json.Marshal(s)
		if err != nil {
			return
		}
		if w.WriteMessages(ctx, kafka.Message{Key: []byte(s.Customer), Value: b}) == nil {
			t.mu.Lock()
			t.acked[s.ID] = s.Customer
			t.mu.Unlock()
		}
	}
}

// Verdict is what became of what was acknowledged.
type Verdict struct {
	Acknowledged, Lost, Doubled int
	// Miscounted are customers whose last count is not how many messages they said.
	Miscounted int
}

// End lets the consumer finish, which must be running, and compares.
func (t *Trial) End(ctx context.Context) (Verdict, error) {
	t.stop()
	t.work.Wait()
	v := Verdict{Acknowledged: len(t.acked)}
	var all map[string]int
	var last map[string]int
	for quiet, before := 0, -1; quiet < 8; { // until nothing came for as long as a group needs to settle twice
		var n int
		var err error
		if all, last, n, err = t.read(ctx); err != nil {
			return v, err
		}
		if quiet++; n != before {
			quiet, before = 0, n
		}
		select {
		case <-ctx.Done():
			return v, ctx.Err()
		case <-time.After(time.Second):
		}
	}
	want := map[string]int{}
	for id, customer := range t.acked {
		want[customer]++
		switch n := all[id]; {
		case n == 0:
			v.Lost++
		case n > 1:
			v.Doubled++
		}
	}
	for customer, n := range want {
		if last[customer] != n {
			v.Miscounted++
		}
	}
	return v, t.broker.Close()
}

// read counts what stands in the topic of results, by message, and the last count of each customer.
func (t *Trial) read(ctx context.Context) (all, last map[string]int, n int, err error) {
	all, last = map[string]int{}, map[string]int{}
	for p := range partitions {
		first, err := kafka.DialLeader(ctx, "tcp", t.broker.Addr(), topicOut, p)
		if err != nil {
			return nil, nil, 0, err
		}
		end, err := first.ReadLastOffset()
		_ = first.Close()
		if err != nil {
			return nil, nil, 0, err
		}
		if end == 0 {
			continue
		}
		r := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{t.broker.Addr()}, Topic: topicOut, Partition: p, MaxWait: 100 * time.Millisecond})
		for {
			m, err := r.FetchMessage(ctx)
			if err != nil && !errors.Is(err, io.EOF) {
				_ = r.Close()
				return nil, nil, 0, err
			}
			var h heard
			if json.Unmarshal(m.Value, &h) == nil {
				all[h.ID]++
				last[h.Customer] = max(last[h.Customer], h.Count)
				n++
			}
			if m.Offset+1 >= end {
				break
			}
		}
		_ = r.Close()
	}
	return all, last, n, nil
}
