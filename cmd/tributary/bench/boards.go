package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"github.com/tributary-cc/tributary/cmd/tributary/process"
	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/event"
)

// BoardsOptions say how much lies behind the boards and who looks.
type BoardsOptions struct {
	Binary   string
	Dir      string
	Contacts int
	Days     int
	Viewers  int
	Every    time.Duration
	Time     time.Duration
	// Rate is how many events a second change the live board, for Time as well.
	Rate int
}

// BoardsDefaults are those of the aims.
func BoardsDefaults() BoardsOptions {
	return BoardsOptions{Contacts: 10_000_000, Days: 30, Viewers: 50, Every: 5 * time.Second, Time: time.Minute, Rate: 1000}
}

// BoardsReport is what was measured.
type BoardsReport struct {
	Machine  string        `json:"machine"`
	Cores    int           `json:"cores"`
	Load     string        `json:"loadavg_before"`
	Options  BoardsOptions `json:"options"`
	Rows     uint64        `json:"rows"`
	FillTook float64       `json:"fill_seconds"`
	// Shared is what viewers waited for a panel through the API; Alone what the same queries take straight at ClickHouse, one at a time.
	Shared []Looks `json:"shared"`
	Alone  []Looks `json:"alone"`
	Live   Lag     `json:"live"`
}

// Looks are requests of panels over a time range.
type Looks struct {
	Range    string  `json:"range"`
	Requests int     `json:"requests"`
	Failed   int     `json:"failed"`
	P50      float64 `json:"p50_ms"`
	P95      float64 `json:"p95_ms"`
	P99      float64 `json:"p99_ms"`
	// Cores is the processor time of the process by wall time.
	Cores float64 `json:"process_cores"`
}

// Lag is the time from handing an event to the log until the live board tells of it.
type Lag struct {
	Rate   int     `json:"rate"`
	Events int     `json:"events"`
	Unseen int     `json:"unseen"`
	P50    float64 `json:"p50_ms"`
	P99    float64 `json:"p99_ms"`
	Max    float64 `json:"max_ms"`
}

// boardsRun is one run of the bench.
type boardsRun struct {
	BoardsOptions
	report BoardsReport
	say    func(string, ...any)
	child  *child
	spine  *process.Spine
	token  string
	logins []string
}

// Boards measures the supervisors' boards.
func Boards(ctx context.Context, o BoardsOptions, w io.Writer) (_ *BoardsReport, err error) {
	began := time.Now()
	r := &boardsRun{BoardsOptions: o, say: func(format string, args ...any) {
		fmt.Fprintf(w, "%6.1fs  %s\n", time.Since(began).Seconds(), fmt.Sprintf(format, args...))
	}}
	if o.Contacts < 1 || o.Days < 1 || o.Viewers < 1 || o.Every <= 0 || o.Time <= 0 || o.Rate < 1 {
		return nil, errors.New("contacts, days, viewers, every, time and rate must be more than 0")
	}
	if r.Binary == "" {
		if r.Binary, err = os.Executable(); err != nil {
			return nil, err
		}
	}
	dir, err := os.MkdirTemp(o.Dir, "tributary-boards-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // left-overs in the temporary folder
	r.report = BoardsReport{Machine: machine(), Cores: runtime.NumCPU(), Load: loadavg(), Options: o}
	if r.child, err = start(ctx, r.Binary, dir+"/data"); err != nil {
		return nil, err
	}
	defer r.child.kill()
	if r.spine, err = connect(ctx, dir+"/data"); err != nil {
		return nil, err
	}
	defer r.spine.Close() //nolint:errcheck // only its connections
	for _, step := range []func(context.Context) error{r.people, r.fill, r.lag, r.look} {
		if err := step(ctx); err != nil {
			return &r.report, err
		}
	}
	return &r.report, r.report.faults()
}

// faults are what is wrong on any machine: something unanswered or untold.
func (r *BoardsReport) faults() error {
	var errs error
	if r.Live.Unseen > 0 {
		errs = fmt.Errorf("the live board never told of %d of %d events", r.Live.Unseen, r.Live.Events)
	}
	for _, s := range r.Shared {
		if s.Failed > 0 {
			errs = errors.Join(errs, fmt.Errorf("%s: %d of %d requests failed", s.Range, s.Failed, s.Requests))
		}
	}
	return errs
}

const boardQueues, boardAgents = 20, 2000

// people configures queues and agents, and makes the accounts of viewers and of the program they look through.
func (r *boardsRun) people(ctx context.Context) error {
	objects := make([]*event.ConfigObject, 0, boardQueues)
	for q := range boardQueues {
		objects = append(objects, &event.ConfigObject{Object: &event.ConfigObject_Queue{Queue: &event.Queue{
			Id: boardQueue(q), Name: boardQueue(q), TargetMs: 20_000, TargetPercent: 80, OfferTimeoutMs: 20_000,
		}}})
	}
	if _, err := r.spine.ChangeConfig(ctx, tenant, 0, objects, time.Minute); err != nil {
		return fmt.Errorf("configuring: %w", err)
	}
	const program = "grafana"
	if _, err := r.spine.Accounts.Create(ctx, tenant, program, "", "", access.RoleDashboards); err != nil {
		return err
	}
	for v := range r.Viewers {
		login := fmt.Sprintf("viewer-%02d", v)
		if _, err := r.spine.Accounts.Create(ctx, tenant, login, "", "", access.RoleSupervisor); err != nil {
			return err
		}
		r.logins = append(r.logins, login)
	}
	var err error
	r.token, err = r.spine.Accounts.ServiceToken(ctx, tenant, program, time.Hour)
	return err
}

func boardQueue(q int) string { return fmt.Sprintf("q%02d", q) }

// Print tells it to people.
func (r *BoardsReport) Print(w io.Writer) {
	fmt.Fprintf(w, "%s, %d cores, load %s before; %d contacts of %d days, %d rows\n", r.Machine, r.Cores, r.Load, r.Options.Contacts, r.Options.Days, r.Rows)
	fmt.Fprintf(w, "live board, %d events/s: told after p50 %.0f, p99 %.0f, at most %.0f ms; %d of %d never\n", r.Live.Rate, r.Live.P50, r.Live.P99, r.Live.Max, r.Live.Unseen, r.Live.Events)
	for i, s := range r.Shared {
		fmt.Fprintf(w, "%-14s %d viewers every %s: p50 %.1f, p95 %.1f, p99 %.1f ms of %d requests, %d failed, %.2f cores; alone, straight at ClickHouse: p50 %.0f, p95 %.0f ms\n",
			s.Range, r.Options.Viewers, r.Options.Every, s.P50, s.P95, s.P99, s.Requests, s.Failed, s.Cores, r.Alone[i].P50, r.Alone[i].P95)
	}
}
