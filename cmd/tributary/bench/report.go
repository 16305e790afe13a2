package bench

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// Report is all that one run showed.
type Report struct {
	Machine    string        `json:"machine"`
	Cores      int           `json:"cores"`
	Options    Options       `json:"options"`
	Filled     *Filled       `json:"filled"`
	Memory     *MemoryShare  `json:"memory,omitempty"`
	Restart    []Restart     `json:"restart,omitempty"`
	Latency    []Latency     `json:"latency,omitempty"`
	Pipe       []Latency     `json:"pipe,omitempty"`
	Compared   []Comparison  `json:"compared,omitempty"`
	Warehouse  *Insertion    `json:"warehouse,omitempty"`
	Faults     []string      `json:"faults,omitempty"`
	Took       time.Duration `json:"took_ns"`
	Conditions []string      `json:"conditions"`
}

// MemoryShare is what the open conversations cost, by who holds it.
type MemoryShare struct {
	Empty memory `json:"empty"`
	// Full is after the fill, a restart and a rest; Worked after the load and a rest.
	Full   memory  `json:"full"`
	Worked *memory `json:"worked,omitempty"`
	// PerConversation is (full − empty) / conversations in bytes; PerConversationWorked the same after the load.
	PerConversation       int64 `json:"bytes_per_conversation"`
	PerConversationWorked int64 `json:"bytes_per_conversation_worked,omitempty"`
	// Live is what is reachable in the Go heap after a collection, by package.
	Live []Share `json:"go_live_by_package"`
}

// Share is what one package holds.
type Share struct {
	Package string `json:"package"`
	Bytes   int64  `json:"bytes"`
}

// Restart is one start of the full installation.
type Restart struct {
	After string  `json:"after"` // clean stop, kill -9
	Ready float64 `json:"ready_seconds"`
	Stop  float64 `json:"stop_seconds,omitempty"`
	// Cores is the processor time used until ready.
	Cores float64 `json:"core_seconds"`
	Load  string  `json:"loadavg"`
}

// Comparison is the median of the rounds of one rate, beside the bare pipe's.
type Comparison struct {
	Rate     int     `json:"rate"`
	P50      float64 `json:"p50_ms"`
	P99      float64 `json:"p99_ms"`
	PipeP50  float64 `json:"pipe_p50_ms"`
	PipeP99  float64 `json:"pipe_p99_ms"`
	RatioP50 float64 `json:"ratiop50"`
	RatioP99 float64 `json:"ratiop99"`
	// The best round is the one that others' work on this machine disturbed least.
	BestP99     float64 `json:"best_p99_ms"`
	PipeBestP99 float64 `json:"pipe_best_p99_ms"`
}

// Insertion is how fast rows come into ClickHouse.
type Insertion struct {
	Rows     int64   `json:"rows"`
	Seconds  float64 `json:"seconds"`
	Rate     float64 `json:"rows_per_second"`
	Bare     float64 `json:"bare_rows_per_second"`
	Ratio    float64 `json:"ratio"`
	Cuts     int     `json:"cuts"`
	BareRows int64   `json:"bare_rows"`
	// PerCore is rows a second of processor time, which others' work disturbs less; BarePerCore counts the bench's own too.
	PerCore     float64 `json:"rows_per_core_second"`
	BarePerCore float64 `json:"bare_rows_per_core_second"`
}

// aims of the product.
const (
	aimBytes   = 4096
	aimRestart = 20.0
	aimRows    = 100_000.0
	aimRatio   = 0.7
	aimSlower  = 3.0
)

var aimLatency = map[int][2]float64{1_000: {3, 20}, 5_000: {5, 50}}

func (r *Report) compare() {
	r.Compared = nil
	for _, rate := range r.Options.Rates {
		pick := func(all []Latency, f func(Latency) float64) []float64 {
			var out []float64
			for _, l := range all {
				if l.Rate == rate {
					out = append(out, f(l))
				}
			}
			slices.Sort(out)
			return out
		}
		p50, p99 := func(l Latency) float64 { return l.P50 }, func(l Latency) float64 { return l.P99 }
		c := Comparison{
			Rate: rate, P50: middle(pick(r.Latency, p50)), P99: middle(pick(r.Latency, p99)),
			PipeP50: middle(pick(r.Pipe, p50)), PipeP99: middle(pick(r.Pipe, p99)),
			BestP99: first(pick(r.Latency, p99)), PipeBestP99: first(pick(r.Pipe, p99)),
		}
		c.RatioP50, c.RatioP99 = ratio(c.P50, c.PipeP50), ratio(c.P99, c.PipeP99)
		r.Compared = append(r.Compared, c)
	}
}

func middle(sorted []float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[len(sorted)/2]
}

func first(sorted []float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[0]
}

func ratio(a, b float64) float64 {
	if b <= 0 || a < 0 {
		return 0
	}
	return a / b
}

// Print writes the report as a table.
func (r *Report) Print(w io.Writer) {
	fmt.Fprintf(w, "\n%d open conversations on %d cores (%s)\n", r.Options.Conversations, r.Cores, r.Machine)
	for _, c := range r.Conditions {
		fmt.Fprintf(w, "  %s\n", c)
	}
	fmt.Fprintf(w, "\n%-44s %12s %12s %12s  %s\n", "", "measured", "bare pipe", "aim", "")
	line := func(what, measured, bare, aim string, ok bool) {
		verdict := "missed"
		if ok {
			verdict = "met"
		}
		if aim == "" {
			verdict = ""
		}
		fmt.Fprintf(w, "%-44s %12s %12s %12s  %s\n", what, measured, bare, aim, verdict)
	}
	if m := r.Memory; m != nil && m.Full.Resident > 0 {
		line("resident bytes a conversation", fmt.Sprint(m.PerConversation), "", fmt.Sprintf("≤ %d", aimBytes), m.PerConversation <= aimBytes)
		if m.Worked != nil {
			line("  the same after the load", fmt.Sprint(m.PerConversationWorked), "", fmt.Sprintf("≤ %d", aimBytes), m.PerConversationWorked <= aimBytes)
		}
	}
	r.printRestarts(line)
	for _, c := range r.Compared {
		if c.P50 == 0 {
			continue // it did not come to that
		}
		aim := aimLatency[c.Rate]
		for _, l := range []struct {
			what             string
			got, pipe, ratio float64
			aim              float64
		}{{"p50", c.P50, c.PipeP50, c.RatioP50, aim[0]}, {"p99", c.P99, c.PipeP99, c.RatioP99, aim[1]}} {
			wanted := ""
			if l.aim > 0 {
				wanted = fmt.Sprintf("≤ %g ms", l.aim)
			}
			line(fmt.Sprintf("customer to agent's page, %d/s, %s", c.Rate, l.what), milliseconds(l.got), milliseconds(l.pipe), wanted, l.got >= 0 && l.got <= l.aim)
			line("  times the bare pipe's (medians)", fmt.Sprintf("%.2f", l.ratio), "", fmt.Sprintf("≤ %g", aimSlower), l.ratio > 0 && l.ratio <= aimSlower)
		}
	}
	if i := r.Warehouse; i != nil {
		line("rows a second into ClickHouse", fmt.Sprintf("%.0f", i.Rate), fmt.Sprintf("%.0f", i.Bare), fmt.Sprintf("≥ %.0f", aimRows), i.Rate >= aimRows)
		line("  of the bare loop's", fmt.Sprintf("%.2f", i.Ratio), "", fmt.Sprintf("≥ %g", aimRatio), i.Ratio >= aimRatio)
	}
	r.printDetails(w)
}

func (r *Report) printRestarts(line func(what, measured, bare, aim string, ok bool)) {
	for _, kind := range []string{afterStop, afterKill} {
		var all []float64
		for _, x := range r.Restart {
			if x.After == kind {
				all = append(all, x.Ready)
			}
		}
		slices.Sort(all)
		if len(all) > 0 {
			line("restart to ready, "+kind, fmt.Sprintf("%.1f s", middle(all)), "", fmt.Sprintf("≤ %g s", aimRestart), middle(all) <= aimRestart)
		}
	}
}

func (r *Report) printDetails(w io.Writer) {
	if f := r.Filled; f != nil {
		fmt.Fprintf(w, "\nfilled in %.0f s: %d conversations assigned, %d waiting, %d messages, %d agents in %d domains\n",
			f.Seconds, f.Assigned, f.Waiting, f.Messages, f.Agents, f.Domains)
	}
	if m := r.Memory; m != nil {
		fmt.Fprintf(w, "\n%-24s %10s %10s %10s\n", "memory, MiB", "empty", "full", "worked")
		worked := memory{}
		if m.Worked != nil {
			worked = *m.Worked
		}
		for _, l := range []struct {
			what string
			of   func(memory) int64
		}{
			{"resident", func(x memory) int64 { return x.Resident }},
			{"  mapped from files", func(x memory) int64 { return x.File }},
			{"  Go heap in use", func(x memory) int64 { return x.GoHeapInUse }},
			{"  Go heap idle", func(x memory) int64 { return x.GoIdle }},
			{"  Go stacks and other", func(x memory) int64 { return x.GoStacks + x.GoOther }},
			{"  not Go (ClickHouse)", memory.notGo},
		} {
			fmt.Fprintf(w, "%-24s %10.1f %10.1f %10.1f\n", l.what, mib(l.of(m.Empty)), mib(l.of(m.Full)), mib(l.of(worked)))
		}
		fmt.Fprintf(w, "reachable in the Go heap, bytes a conversation, by package (sampled):\n")
		for _, s := range m.Live {
			if per := s.Bytes / int64(r.Options.Conversations); per > 5 {
				fmt.Fprintf(w, "  %-48s %8d\n", s.Package, per)
			}
		}
	}
	show := func(name string, all []Latency) {
		for _, l := range all {
			fmt.Fprintf(w, "%-8s %6d/s  p50 %8.2f  p90 %8.2f  p99 %8.2f  p99.9 %8.2f  max %8.2f ms  cores %.2f + generator %.2f  missing %d doubled %d  load %s\n",
				name, l.Rate, l.P50, l.P90, l.P99, l.P999, l.Most, l.Process, l.Generator, l.Missing, l.Doubled, l.Load)
		}
	}
	if len(r.Latency)+len(r.Pipe) > 0 {
		fmt.Fprintln(w)
	}
	show("product", r.Latency)
	show("pipe", r.Pipe)
	for _, x := range r.Restart {
		fmt.Fprintf(w, "restart after %-10s ready %6.2f s, of it %5.2f s of processor time; the stop took %5.2f s; load %s\n", x.After, x.Ready, x.Cores, x.Stop, x.Load)
	}
	if i := r.Warehouse; i != nil {
		fmt.Fprintf(w, "sink: %d rows in %d cuts, %.1f s; bare loop over %d of these rows\n", i.Rows, i.Cuts, i.Seconds, i.BareRows)
		fmt.Fprintf(w, "      rows a second of processor time %.0f, bare loop %.0f (with the clients)\n", i.PerCore, i.BarePerCore)
	}
	for _, f := range r.Faults {
		fmt.Fprintf(w, "FAULT: %s\n", f)
	}
}

// milliseconds tells a percentile that lies among what never came in words.
func milliseconds(v float64) string {
	if v < 0 {
		return "not all came"
	}
	return fmt.Sprintf("%.2f ms", v)
}

func mib(n int64) float64 { return float64(n) / (1 << 20) }
