//go:build cluster

package clustertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/engine/replay"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/kafkalog"
	"github.com/tributary-cc/tributary/stream/objects"
)

const (
	rate  = 200 // messages a second
	kills = 10
)

// ledger is what the generator and the reader know, each by itself.
type ledger struct {
	mu        sync.Mutex
	sent      map[string]time.Time
	acked     map[string]bool
	delivered map[string]int
	delays    []time.Duration
	last      time.Time // of the last delivery
}

// workers are two processes that fold.
type workers struct {
	t     *testing.T
	c     *cluster
	n     int
	procs [2]*exec.Cmd
}

func (w *workers) start(i int) {
	exe, err := os.Executable()
	require.NoError(w.t, err)
	w.n++
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=w%d|%s|%s", workerEnv, w.n, strings.Join(w.c.addrs(), ","), w.c.dir))
	out, err := os.OpenFile(filepath.Join(w.c.dir, fmt.Sprintf("worker%d", i)), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(w.t, err)
	cmd.Stdout, cmd.Stderr = out, out
	require.NoError(w.t, cmd.Start())
	require.NoError(w.t, out.Close())
	w.procs[i] = cmd
}

func (w *workers) kill(i int, s syscall.Signal) {
	_ = w.procs[i].Process.Signal(s)
	_ = w.procs[i].Wait()
}

func TestTheSuiteHoldsOfKafka(t *testing.T) {
	c := startCluster(t)
	open := func() (*kafkalog.Log, error) {
		return connect(c.addrs(), filepath.Join(c.dir, "ca.pem"), len(enginetest.Suite()))
	}
	l, err := open()
	require.NoError(t, err)
	c.ready(t.Context(), l)
	require.NoError(t, l.Close())
	runSuite(t, open)
}

func TestNothingAcknowledgedIsLostOrDoubledOnACluster(t *testing.T) {
	c := startCluster(t)
	l, err := connect(c.addrs(), filepath.Join(c.dir, "ca.pem"), partitions)
	require.NoError(t, err)
	defer l.Close() //nolint:errcheck // closed below, too
	c.ready(t.Context(), l)
	w := &workers{t: t, c: c}
	w.start(0)
	w.start(1)
	defer func() {
		for i := range w.procs {
			w.kill(i, syscall.SIGKILL)
		}
	}()
	book := &ledger{sent: map[string]time.Time{}, acked: map[string]bool{}, delivered: map[string]int{}}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var readers, generator sync.WaitGroup
	for p := range partitions {
		readers.Go(func() { book.read(ctx, t, l, p) })
	}
	gctx, stop := context.WithCancel(ctx)
	generator.Go(func() { book.generate(gctx, l) })

	waitFor(t, 90*time.Second, "the first deliveries", func() bool { return book.count() > 5*rate })
	book.report(t, "starting")
	pause(10 * time.Second)
	book.report(t, "undisturbed, 200 messages a second through three logs")
	disturb(t, c, w, book)
	stop()
	generator.Wait()
	waitFor(t, 2*time.Minute, "everything acknowledged to be delivered", func() bool { return book.missing() == 0 })
	book.report(t, "in all")
	for i := range w.procs {
		w.kill(i, syscall.SIGTERM)
	}
	pause(2 * time.Second) // whatever would come twice has come
	cancel()
	readers.Wait()
	book.check(t)
	replayAll(t, c, l)
}

// disturb kills processes, and meanwhile kills one broker and freezes another.
func disturb(t *testing.T, c *cluster, w *workers, book *ledger) {
	var gaps []time.Duration
	for k := range kills {
		switch k {
		case 2:
			t.Log("broker 1 is killed")
			c.kill(1)
		case 4:
			c.start(1)
		case 6:
			t.Log("broker 2 is frozen")
			c.signal(2, syscall.SIGSTOP)
		case 8:
			c.signal(2, syscall.SIGCONT)
		}
		at := time.Now()
		w.kill(k%2, syscall.SIGKILL)
		waitFor(t, time.Minute, "a delivery after a kill", func() bool {
			book.mu.Lock()
			defer book.mu.Unlock()
			return book.last.After(at.Add(50 * time.Millisecond))
		})
		gaps = append(gaps, time.Since(at))
		w.start(k % 2)
		pause(6 * time.Second)
		book.report(t, fmt.Sprintf("kill %d", k+1))
	}
	slices.Sort(gaps)
	t.Logf("from a kill to the next delivery: p50 %v, worst %v", gaps[len(gaps)/2].Round(time.Millisecond), gaps[len(gaps)-1].Round(time.Millisecond))
}

func pause(d time.Duration) { time.Sleep(d) }

func waitFor(t *testing.T, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !ok(); pause(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited %s for %s", limit, what)
		}
	}
}

// generate appends messages with ids of its own, and notes which were answered by all replicas.
func (b *ledger) generate(ctx context.Context, l *kafkalog.Log) {
	tick := time.NewTicker(time.Second / rate)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		id, key := fmt.Sprintf("m%07d", i), event.Key("t", fmt.Sprint("c", i%customers))
		now := time.Now()
		cause := event.CauseID("t", id)
		v, err := event.Marshal(&event.Event{
			Id: cause[:], Tenant: "t", Key: key, AtMs: now.UnixMilli(), Body: &event.Event_CustomerMessage{CustomerMessage: &event.CustomerMessage{Message: id}},
		})
		if err != nil {
			return
		}
		b.mu.Lock()
		b.sent[id] = now
		b.mu.Unlock()
		l.Append(context.WithoutCancel(ctx), event.TopicIdentityIn, event.PartitionOf(key, partitions), []event.Record{{Key: []byte(key), Value: v}}, func(err error) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.acked[id] = err == nil
		})
	}
}

// read counts what a reader of the facts takes.
func (b *ledger) read(ctx context.Context, t *testing.T, l *kafkalog.Log, p int) {
	var lanes engine.Lanes
	err := engine.Follow(ctx, l, event.TopicConversationFacts, p, 0, &lanes, func(batch []engine.Delivered, _, _ int64) error {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, d := range batch {
			id := d.Event.GetCustomerMessage().GetMessage()
			b.delivered[id]++
			b.last = time.Now()
			b.delays = append(b.delays, b.last.Sub(b.sent[id]))
		}
		return nil
	})
	if ctx.Err() == nil {
		t.Errorf("reading facts: %v", err)
	}
}

func (b *ledger) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.delivered)
}

func (b *ledger) missing() (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, ok := range b.acked {
		if ok && b.delivered[id] == 0 {
			n++
		}
	}
	return n + len(b.sent) - len(b.acked)
}

// report says how late deliveries were since the last report.
func (b *ledger) report(t *testing.T, what string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	d := b.delays
	b.delays = nil
	if slices.Sort(d); len(d) > 0 {
		t.Logf("%s: %d deliveries, p50 %v p99 %v worst %v", what, len(d), d[len(d)/2].Round(100*time.Microsecond),
			d[len(d)*99/100].Round(100*time.Microsecond), d[len(d)-1].Round(time.Millisecond))
	}
}

func (b *ledger) check(t *testing.T) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t.Logf("%d sent, %d acknowledged, %d delivered", len(b.sent), len(b.acked), len(b.delivered))
	for id, ok := range b.acked {
		if ok && b.delivered[id] != 1 {
			t.Errorf("%s was acknowledged and delivered %d times", id, b.delivered[id])
		}
	}
	for id, n := range b.delivered {
		if n != 1 {
			t.Errorf("%s was delivered %d times", id, n)
		}
	}
}

// replayAll folds everything once more and compares byte for byte.
func replayAll(t *testing.T, c *cluster, l *kafkalog.Log) {
	store, err := objects.OpenDir(filepath.Join(c.dir, "objects"), objects.ProcessDeath)
	require.NoError(t, err)
	defer store.Close() //nolint:errcheck // only read
	for _, proc := range chain() {
		for p := range partitions {
			r, err := replay.Compare(t.Context(), replay.Config{Log: l, Store: store, Processor: proc, Partition: p, Build: "cluster"})
			require.NoError(t, err)
			require.NoError(t, r.Err())
			require.Positive(t, r.Checkpoints)
			t.Logf("replayed %s/%d: %d records, %d outputs equal, %d checkpoints equal", proc.Name, p, r.Records, r.Equal, r.Checkpoints)
		}
	}
}
