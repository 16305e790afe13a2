package match

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/tributary-cc/tributary/cmd/tributary/process"
)

// Result is what one contestant did.
type Result struct {
	Name      string `json:"name"`
	Decisions int    `json:"decisions"`
	// Seconds passed, and CoreSeconds used by this process.
	Seconds     float64 `json:"seconds"`
	CoreSeconds float64 `json:"core_seconds"`
	Rate        float64 `json:"decisions_per_second"`
	// PerCore is decisions a second of processor time, which others' work on the machine disturbs less.
	PerCore float64 `json:"decisions_per_core_second,omitempty"`
	// Latency of an event, in microseconds.
	P50  float64 `json:"p50_us"`
	P99  float64 `json:"p99_us"`
	P999 float64 `json:"p999_us"`
	Note string  `json:"note,omitempty"`
}

// Report is a run.
type Report struct {
	Cores   int      `json:"cores"`
	Options Options  `json:"options"`
	Load    []string `json:"loadavg"`
	Results []Result `json:"results"`
}

// atMost is how long each of those that are slow is measured.
const atMost = 3 * time.Second

// Run measures all contestants, one after the other, with garbage collected as rarely as in a process of the product.
func Run(ctx context.Context, o Options) (*Report, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	defer debug.SetGCPercent(debug.SetGCPercent(process.HeapGrowth))
	w := newWorkload(o)
	r := &Report{Cores: runtime.NumCPU(), Options: o, Load: []string{load()}}
	res, err := play(ctx, "engine", w, newBare(), o.Decisions)
	if err != nil {
		return r, err
	}
	r.Results = append(r.Results, res)
	f, err := newFolded()
	if err != nil {
		return r, err
	}
	if res, err = play(ctx, "engine in its fold", w, f, max(o.Decisions/10, 1)); err != nil {
		return r, err
	}
	res.Note = "rows written, timers set, events decoded, encoded and numbered"
	r.Results = append(r.Results, res)
	r.Results = append(r.Results, linear(ctx, w, atMost))
	if res, err = redis(ctx, w, atMost); err != nil {
		return r, err
	}
	r.Results = append(r.Results, res)
	r.Load = append(r.Load, load())
	return r, ctx.Err()
}

// Print writes the report as a table.
func (r *Report) Print(w io.Writer) {
	o := r.Options
	fmt.Fprintf(w, "%d agents × %d skills in %d queues, %d needs, %d contacts wait; %d cores, load %s\n\n",
		o.Agents, o.Skills, o.Queues, o.Needs, o.Waiting, r.Cores, strings.Join(r.Load, " → "))
	fmt.Fprintf(w, "%-20s %12s %14s %9s %9s %9s\n", "", "decisions/s", "a core second", "p50 µs", "p99 µs", "p99.9 µs")
	for _, x := range r.Results {
		if x.Decisions == 0 {
			fmt.Fprintf(w, "%-20s %s\n", x.Name, x.Note)
			continue
		}
		core := "–"
		if x.PerCore > 0 {
			core = fmt.Sprintf("%.0f", x.PerCore)
		}
		fmt.Fprintf(w, "%-20s %12.0f %14s %9.2f %9.2f %9.2f  %s\n", x.Name, x.Rate, core, x.P50, x.P99, x.P999, x.Note)
	}
}

func load() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(b))[:3], " ")
}
