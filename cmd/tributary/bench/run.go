package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/tributary-cc/tributary/cmd/tributary/process"
	"github.com/tributary-cc/tributary/stream/event"
)

const (
	afterStop = "clean stop"
	afterKill = "kill -9"
)

// withoutSink are the roles while filling: the sink then begins with all of it to do, which is measured.
var withoutSink = []string{process.RoleBroker, process.RoleClickHouse, process.RoleFolds, process.RoleAPI, process.RoleWebchat}

// runner is one run of the bench.
type runner struct {
	plan
	report Report
	out    io.Writer
	began  time.Time
	child  *child
	data   string
	alive  *alive
	// sinkFrom is where the sink's topic ended when the fill did.
	sinkFrom int64
}

// Chat measures chat and prints how far it is to w. What it has measured when something fails is in the report all the same.
func Chat(ctx context.Context, o Options, w io.Writer) (*Report, error) {
	p, err := o.plan()
	if err != nil {
		return nil, err
	}
	r := &runner{plan: p, out: w, began: time.Now()}
	if err = r.prepare(); err != nil {
		return nil, err
	}
	if !p.Keep {
		defer os.RemoveAll(r.Dir) //nolint:errcheck // left-overs in the temporary folder
	}
	r.report = Report{Machine: machine(), Cores: runtime.NumCPU(), Options: r.Options, Conditions: []string{
		"The generator is a process of its own on the same cores; its work is in every figure.",
		"A latency counts from when the message was due until the agent's page had its frame; customers' pages acknowledge as the widget does.",
		"The bare pipe is a process of its own: WebSocket in, three logs of the same broker and client, WebSocket out; nothing else.",
		"Other work on the machine: load " + loadavg() + " before the run.",
	}}
	err = r.run(ctx)
	if r.alive != nil {
		r.alive.stop()
	}
	if r.child != nil {
		r.child.kill()
	}
	r.report.compare()
	r.report.Took = time.Since(r.began)
	if err != nil {
		r.report.Faults = append(r.report.Faults, err.Error())
	}
	return &r.report, err
}

func (r *runner) prepare() (err error) {
	if r.Binary == "" {
		if r.Binary, err = os.Executable(); err != nil {
			return err
		}
	}
	if r.Dir == "" {
		if r.Reuse {
			return errors.New("bench: to use what was filled, name its folder")
		}
		if r.Dir, err = os.MkdirTemp("", "tributary-bench-"); err != nil {
			return err
		}
	}
	r.data = filepath.Join(r.Dir, "data")
	return os.MkdirAll(r.Dir, 0o700)
}

func (r *runner) say(format string, args ...any) {
	fmt.Fprintf(r.out, "%6.1f s  %s\n", time.Since(r.began).Seconds(), fmt.Sprintf(format, args...))
}

func (r *runner) run(ctx context.Context) error {
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"filling", r.filling}, {"sink", r.sinking}, {"memory", r.resting}, {"latency", r.latencies}, {"restarts", r.restarts},
	} {
		r.say("%s …", step.what)
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return nil
}

// filling starts an empty installation, notes its memory, and fills it.
func (r *runner) filling(ctx context.Context) (err error) {
	marker := filepath.Join(r.Dir, "filled.json")
	if r.Reuse {
		b, bad := os.ReadFile(marker) //nolint:gosec // the operator names the folder
		if bad != nil {
			return bad
		}
		var kept struct {
			Filled *Filled
			Empty  memory
		}
		if err = json.Unmarshal(b, &kept); err != nil {
			return err
		}
		r.report.Filled, r.report.Memory = kept.Filled, &MemoryShare{Empty: kept.Empty}
		r.alive, r.sinkFrom = keepAlive(ctx, r.data, r.domains), math.MaxInt64
		return nil
	}
	if r.child, err = start(ctx, r.Binary, r.data); err != nil {
		return err
	}
	empty, err := r.rest(ctx)
	if err != nil {
		return err
	}
	r.report.Memory = &MemoryShare{Empty: empty}
	if err = r.child.stop(); err != nil {
		return err
	}
	if r.child, err = start(ctx, r.Binary, r.data, withoutSink...); err != nil {
		return err
	}
	s, err := connect(ctx, r.data)
	if err != nil {
		return err
	}
	defer s.Close() //nolint:errcheck // only its connections
	r.alive = keepAlive(ctx, r.data, r.domains)
	if r.report.Filled, err = r.fill(ctx, s, r.say); err != nil {
		return err
	}
	r.say("filled")
	if _, r.sinkFrom, err = s.Log.Bounds(ctx, event.TopicSink, 0); err != nil {
		return err
	}
	if err = r.child.stop(); err != nil {
		return err
	}
	r.child = nil
	b, err := json.Marshal(map[string]any{"Filled": r.report.Filled, "Empty": empty})
	if err != nil {
		return err
	}
	return os.WriteFile(marker, b, 0o600)
}

// rest leaves the process alone for a while and reads its memory. The garbage is collected before: when that happens by itself
// depends on what came last.
func (r *runner) rest(ctx context.Context) (memory, error) {
	select {
	case <-time.After(r.Settle):
	case <-ctx.Done():
		return memory{}, ctx.Err()
	}
	if err := r.child.collect(ctx); err != nil {
		return memory{}, err
	}
	return r.child.memory(ctx)
}

func (r *runner) resting(ctx context.Context) (err error) {
	if r.report.Memory.Full, err = r.rest(ctx); err != nil {
		return err
	}
	m := r.report.Memory
	m.PerConversation = (m.Full.Resident - m.Empty.Resident) / int64(r.Conversations)
	if m.Live, err = r.child.heap(ctx); err != nil {
		return err
	}
	if r.Profiles {
		return r.child.profile(ctx, "heap", filepath.Join(r.Dir, "full.heap.pprof"))
	}
	return nil
}

// latencies drives the installation and the bare pipe in turns.
func (r *runner) latencies(ctx context.Context) error {
	s, err := connect(ctx, r.data)
	if err != nil {
		return err
	}
	defer s.Close() //nolint:errcheck // only its connections
	url, err := r.child.url()
	if err != nil {
		return err
	}
	product, err := r.openFloor(ctx, s, url)
	if err != nil {
		return err
	}
	defer product.close()
	r.say("%d customers' and %d agents' pages are open", r.Live, r.pages)
	bare, bareURL, err := r.startPipe(ctx)
	if err != nil {
		return err
	}
	defer bare.kill()
	pipe, err := r.openPipeFloor(ctx, bareURL)
	if err != nil {
		return fmt.Errorf("bare pipe: %w", err)
	}
	defer pipe.close()
	if err = r.warm(ctx, product, pipe, bare); err != nil {
		return err
	}
	for round := range r.Rounds {
		for _, rate := range r.Rates {
			if err = r.round(ctx, round, rate, product, pipe, bare); err != nil {
				return err
			}
		}
	}
	if err = errors.Join(product.check(), pipe.check()); err != nil {
		r.report.Faults = append(r.report.Faults, err.Error())
	}
	pipe.close()
	worked, err := r.rest(ctx)
	if err != nil {
		return err
	}
	m := r.report.Memory
	m.Worked, m.PerConversationWorked = &worked, (worked.Resident-m.Empty.Resident)/int64(r.Conversations)
	if r.Profiles {
		return r.child.profile(ctx, "heap", filepath.Join(r.Dir, "worked.heap.pprof"))
	}
	return nil
}

// warm sends a little, so that no round pays for what happens once.
func (r *runner) warm(ctx context.Context, product, pipe *floor, bare *child) error {
	rate := min(500, r.Rates[0])
	if _, err := product.meter.load(ctx, r.child.cmd.Process.Pid, rate, 2*time.Second, product.customers); err != nil {
		return err
	}
	_, err := pipe.meter.load(ctx, bare.cmd.Process.Pid, rate, 2*time.Second, pipe.customers)
	return err
}

func (r *runner) round(ctx context.Context, round, rate int, product, pipe *floor, bare *child) error {
	l, err := pipe.meter.load(ctx, bare.cmd.Process.Pid, rate, r.Time, pipe.customers)
	if err != nil {
		return fmt.Errorf("bare pipe: %w", err)
	}
	r.report.Pipe = append(r.report.Pipe, l)
	if err = r.quiet(ctx); err != nil {
		return err
	}
	profiled := func() error { return nil }
	if round == r.Rounds-1 {
		profiled = r.profiling(ctx, fmt.Sprintf("load%d", rate), r.Time)
	}
	if l, err = product.meter.load(ctx, r.child.cmd.Process.Pid, rate, r.Time, product.customers); err != nil {
		return err
	}
	r.report.Latency = append(r.report.Latency, l)
	r.say("%d/s: p50 %.2f p99 %.2f ms, missing %d; bare pipe p50 %.2f p99 %.2f ms", rate, l.P50, l.P99, l.Missing,
		r.report.Pipe[len(r.report.Pipe)-1].P50, r.report.Pipe[len(r.report.Pipe)-1].P99)
	return profiled()
}

// quiet waits until the process has done what came before, so that no load pays for another, or for the opening of pages.
func (r *runner) quiet(ctx context.Context) error {
	const few = 50 // signs of life and ticks go on
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		m, err := r.child.metrics(ctx)
		if err != nil {
			return fmt.Errorf("asking what is still to be done: %w", err)
		}
		if m["tributary_fold_lag_records"]+m["tributary_fold_unacknowledged_events"] < few {
			return nil
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	r.report.Faults = append(r.report.Faults, "a load began while the one before was still being folded")
	return nil
}

// profiling profiles the process's use of the processor for a time, if profiles are wanted; what it returns waits for it.
func (r *runner) profiling(ctx context.Context, name string, d time.Duration) func() error {
	if !r.Profiles {
		return func() error { return nil }
	}
	done := make(chan error, 1)
	go func() {
		path := fmt.Sprintf("profile?seconds=%d", max(1, int(d.Seconds())))
		done <- r.child.profile(ctx, path, filepath.Join(r.Dir, name+".cpu.pprof"))
	}()
	return func() error { return <-done }
}

// restarts stops and kills the full installation and starts it again.
func (r *runner) restarts(ctx context.Context) error {
	for range r.Restarts {
		for _, kind := range []string{afterStop, afterKill} {
			x := Restart{After: kind}
			began := time.Now()
			if kind == afterKill {
				r.child.kill()
			} else if err := r.child.stop(); err != nil {
				r.report.Faults = append(r.report.Faults, "stopping: "+err.Error())
			}
			x.Stop, x.Load = time.Since(began).Seconds(), loadavg()
			var err error
			if r.child, err = start(ctx, r.Binary, r.data); err != nil {
				return fmt.Errorf("after a %s: %w", kind, err)
			}
			x.Ready, x.Cores = r.child.ready.Seconds(), r.child.used.Seconds()
			r.report.Restart = append(r.report.Restart, x)
			r.say("ready %.2f s after a start after a %s", x.Ready, kind)
			select {
			case <-time.After(r.Settle):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return nil
}

func machine() string {
	b, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOOS + "/" + runtime.GOARCH
	}
	_, rest, _ := strings.Cut(string(b), "model name")
	line, _, _ := strings.Cut(rest, "\n")
	_, name, _ := strings.Cut(line, ":")
	return strings.TrimSpace(name)
}
