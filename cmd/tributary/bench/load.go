package bench

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// drain is how long frames that are late are waited for behind a load.
const drain = 5 * time.Second

// Latency is what one load showed. Times are milliseconds from when a message was due to be sent until the agent's page had it.
type Latency struct {
	Rate    int     `json:"rate"`
	Sent    int     `json:"sent"`
	Missing int     `json:"missing"`
	Doubled int64   `json:"doubled"`
	P50     float64 `json:"p50_ms"`
	P90     float64 `json:"p90_ms"`
	P99     float64 `json:"p99_ms"`
	P999    float64 `json:"p999_ms"`
	Most    float64 `json:"max_ms"`
	// Process and Generator are the cores that each used.
	Process   float64 `json:"process_cores"`
	Generator float64 `json:"generator_cores"`
	// Load is the machine's before the load, others' work included.
	Load string `json:"loadavg"`
}

// meter measures one load after the other. Frames come in on many goroutines.
type meter struct {
	run  atomic.Pointer[oneLoad]
	next int
}

type oneLoad struct {
	prefix  string
	began   time.Time
	rate    int
	arrived []atomic.Int64 // nanoseconds behind began; 0 for not yet
	doubled atomic.Int64
	count   atomic.Int64
}

// saw takes a message's client id from an agent's page.
func (m *meter) saw(clientID string) {
	l := m.run.Load()
	if l == nil {
		return
	}
	number, ok := strings.CutPrefix(clientID, l.prefix)
	if !ok {
		return
	}
	i, err := strconv.Atoi(number)
	if err != nil || i >= len(l.arrived) {
		return
	}
	if l.arrived[i].CompareAndSwap(0, int64(time.Since(l.began))) {
		l.count.Add(1)
	} else {
		l.doubled.Add(1)
	}
}

// load sends messages at a steady rate, whatever comes back, over the customers' pages in turn.
func (m *meter) load(ctx context.Context, pid, rate int, d time.Duration, customers *pages) (Latency, error) {
	n := int(float64(rate) * d.Seconds())
	m.next++
	l := &oneLoad{prefix: fmt.Sprintf("load%d-%d-", os.Getpid(), m.next), rate: rate, arrived: make([]atomic.Int64, n)}
	out := Latency{Rate: rate, Sent: n, Load: loadavg()}
	before, own := cpuOf(pid), cpuOf(os.Getpid())
	l.began = time.Now()
	m.run.Store(l)
	if err := l.send(ctx, customers); err != nil {
		return out, err
	}
	took := time.Since(l.began)
	out.Process, out.Generator = (cpuOf(pid)-before).Seconds()/took.Seconds(), (cpuOf(os.Getpid())-own).Seconds()/took.Seconds()
	for end := time.Now().Add(drain); l.count.Load() < int64(n) && time.Now().Before(end) && ctx.Err() == nil; {
		time.Sleep(10 * time.Millisecond)
	}
	m.run.Store(nil)
	l.sum(&out)
	return out, ctx.Err()
}

func (l *oneLoad) send(ctx context.Context, customers *pages) error {
	var frame []byte
	for i := range l.arrived {
		if wait := time.Until(l.due(i)); wait > 0 {
			time.Sleep(wait)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		frame = append(frame[:0], `{"type":"send","id":"`...)
		frame = append(frame, l.prefix...)
		frame = strconv.AppendInt(frame, int64(i), 10)
		frame = append(frame, `","text":"Could you please check again whether it was sent to the right address?"}`...)
		if err := customers.all[i%len(customers.all)].send(frame); err != nil {
			return fmt.Errorf("sending message %d of %d: %w", i, len(l.arrived), err)
		}
	}
	return nil
}

func (l *oneLoad) due(i int) time.Time {
	return l.began.Add(time.Duration(i) * time.Second / time.Duration(l.rate))
}

func (l *oneLoad) sum(out *Latency) {
	all := make([]time.Duration, 0, len(l.arrived))
	for i := range l.arrived {
		at := l.arrived[i].Load()
		if at == 0 {
			out.Missing++
			continue
		}
		all = append(all, l.began.Add(time.Duration(at)).Sub(l.due(i)))
	}
	slices.Sort(all)
	out.Doubled = l.doubled.Load()
	// What is missing came later than anything: it counts at the end of the order.
	at := func(p float64) float64 {
		i := int(p * float64(len(l.arrived)))
		if i >= len(all) {
			if len(all) == 0 || out.Missing > 0 && p < 1 {
				return -1
			}
			i = len(all) - 1
		}
		return float64(all[i].Microseconds()) / 1000
	}
	out.P50, out.P90, out.P99, out.P999, out.Most = at(0.50), at(0.90), at(0.99), at(0.999), at(1)
}

// cpuOf is the processor time that a process has used.
func cpuOf(pid int) time.Duration {
	if pid == os.Getpid() {
		var u syscall.Rusage
		if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
			return 0
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond // a tick is a hundredth on Linux
}

func loadavg() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	f := strings.Fields(string(b))
	return strings.Join(f[:min(3, len(f))], " ")
}
