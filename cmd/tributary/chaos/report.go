package chaos

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/tributary-cc/tributary/cmd/tributary/bench/naive"
)

// Check is one thing that was looked for.
type Check struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	// Skipped says why it could not be looked for.
	Skipped string `json:"skipped,omitempty"`
	Detail  string `json:"detail,omitempty"`
	// Faults lists what was found, at most some of it; Found counts all.
	Faults []string `json:"faults,omitempty"`
	Found  int      `json:"found,omitempty"`
}

// Report is what a run found.
type Report struct {
	Seed    uint64        `json:"seed"`
	Kills   int           `json:"kills"`
	Freezes int           `json:"freezes"`
	Starts  int           `json:"starts"`
	Took    time.Duration `json:"took_ns"`
	// Said counts messages, Accepted those that were acknowledged, Shown what screens showed.
	Said     int `json:"said"`
	Accepted int `json:"accepted"`
	Shown    int `json:"shown"`
	Visitors int `json:"visitors"`
	Contacts int `json:"contacts"`
	Records  int `json:"records"`
	// Repeats counts records in the log that readers drop; screens' repeats are messages that one connection showed twice.
	Repeats         int            `json:"repeated_records"`
	CustomerRepeats int            `json:"repeated_on_customers_screens"`
	AgentRepeats    int            `json:"repeated_on_agents_screens"`
	Late            int            `json:"refused_as_too_late"`
	Ready           Spread         `json:"ready_after_kill"`
	Delivered       Spread         `json:"next_message_shown_after_ready"`
	Acknowledged    Spread         `json:"acknowledged_after"`
	Failover        *Failover      `json:"failover,omitempty"`
	Naive           *naive.Verdict `json:"naive_consumer,omitempty"`
	Checks          []Check        `json:"checks"`
	Notes           []string       `json:"notes,omitempty"`
	Folder          string         `json:"folder,omitempty"`
}

// maxFaults is how many of a kind are listed.
const maxFaults = 20

func (r *Report) check(name, detail string, faults []string) {
	c := Check{Name: name, OK: len(faults) == 0, Detail: detail, Faults: faults, Found: len(faults)}
	if len(faults) > maxFaults {
		c.Faults = faults[:maxFaults]
	}
	r.Checks = append(r.Checks, c)
}

func (r *Report) skip(name, why string) {
	r.Checks = append(r.Checks, Check{Name: name, OK: true, Skipped: why})
}

// OK tells whether every check is.
func (r *Report) OK() bool {
	for _, c := range r.Checks {
		if !c.OK {
			return false
		}
	}
	return len(r.Checks) > 0
}

// Print writes the report for people.
func (r *Report) Print(w io.Writer) {
	fmt.Fprintf(w, "\nchaos, seed %d: %d kills and %d freezes in %s, %d starts\n", r.Seed, r.Kills, r.Freezes, r.Took.Round(time.Second), r.Starts)
	fmt.Fprintf(w, "  %d messages said by %d customers and their agents, %d acknowledged, %d times shown, %d contacts\n",
		r.Said, r.Visitors, r.Accepted, r.Shown, r.Contacts)
	fmt.Fprintf(w, "  %d records in the log, %d of them repeats that readers drop; screens dropped %d and %d repeats; %d wishes of agents came too late\n",
		r.Records, r.Repeats, r.CustomerRepeats, r.AgentRepeats, r.Late)
	if r.Ready.N > 0 {
		fmt.Fprintf(w, "  ready again after a kill: %s\n", r.Ready)
	}
	if r.Delivered.N > 0 {
		fmt.Fprintf(w, "  next message on any screen after it was ready or went on, unless it was hit again before: %s\n", r.Delivered)
	}
	if r.Acknowledged.N > 0 {
		fmt.Fprintf(w, "  acknowledged after being sent, blows and all: %s\n", r.Acknowledged)
	}
	if f := r.Failover; f != nil {
		fmt.Fprintf(w, "  from the blow to the next frame, at screens of the process that was hit: %s\n", f.VictimsNext)
		fmt.Fprintf(w, "      killed: %s; frozen: %s\n", f.KilledNext, f.FrozenNext)
		fmt.Fprintf(w, "  at the other screens: %s\n", f.OthersNext)
		fmt.Fprintf(w, "  to the first message said after it: %s; at the others %s\n", f.VictimsFresh, f.OthersFresh)
		if f.Nothing > 0 {
			fmt.Fprintf(w, "  %d times a screen showed nothing within %s, and counts as that\n", f.Nothing, f.Window)
		}
	}
	printChecks(w, r.Checks)
	for _, n := range r.Notes {
		fmt.Fprintf(w, "  note: %s\n", n)
	}
	if r.OK() {
		fmt.Fprintln(w, "nothing was lost and nothing doubled")
	} else {
		fmt.Fprintf(w, "FAILED; what it ran on is kept in %s\n", r.Folder)
	}
}

func printChecks(w io.Writer, checks []Check) {
	for _, c := range checks {
		mark := "ok  "
		switch {
		case c.Skipped != "":
			mark = "skip"
		case !c.OK:
			mark = "FAIL"
		}
		fmt.Fprintf(w, "  %s  %s", mark, c.Name)
		if d := c.Detail + c.Skipped; d != "" {
			fmt.Fprintf(w, ": %s", d)
		}
		fmt.Fprintln(w)
		for _, f := range c.Faults {
			fmt.Fprintf(w, "          %s\n", strings.ReplaceAll(f, "\n", " "))
		}
		if c.Found > len(c.Faults) {
			fmt.Fprintf(w, "          and %d more\n", c.Found-len(c.Faults))
		}
	}
}
