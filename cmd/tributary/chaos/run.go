package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tributary-cc/tributary/cmd/tributary/client"
)

// Options say what a run does. Default gives them.
type Options struct {
	Kills  int
	Seed   uint64
	Binary string
	// Folder is where everything is kept; empty makes one, and removes it after a run that found nothing.
	Folder            string
	Customers, Agents int
	// Plant is how many pieces of personal data are planted in what customers say.
	Plant int
	// Naive has a consumer as people often write them get the same blows beside it.
	Naive bool
	Log   io.Writer
}

// Default is a run of `make chaos`.
func Default() Options {
	return Options{Kills: 50, Seed: 1, Customers: 24, Agents: 6, Plant: 200, Naive: true, Log: io.Discard}
}

// readyWithin is how long a process may take from its start until it does all it promises.
const readyWithin = 60 * time.Second

// Run lets a process be killed and frozen under load and reports. An error says that the run itself could not be made.
func Run(ctx context.Context, o Options) (*Report, error) {
	r := &runner{o: o, report: &Report{Seed: o.Seed}, began: time.Now()}
	if err := r.prepare(ctx); err != nil {
		return nil, err
	}
	err := r.run(ctx)
	r.report.Took = time.Since(r.began)
	if err == nil && r.report.OK() && r.made {
		err = os.RemoveAll(r.o.Folder)
		r.report.Folder = ""
	}
	if err != nil {
		err = fmt.Errorf("%w (kept in %s)", err, r.o.Folder)
	}
	return r.report, err
}

type runner struct {
	o      Options
	report *Report
	began  time.Time
	made   bool
	victim *Victim
	ledger *Ledger
	floor  *Floor
	plants *Plants
	ready  []time.Duration
	naive  *beside
	// fleet are processes beside victim, to be stopped before it.
	fleet []*Victim

	frames    sync.WaitGroup
	struck    atomic.Int64
	mu        sync.Mutex
	delivered []time.Duration
}

// victims are all who get the blows.
func (r *runner) victims() []*Victim {
	if r.naive == nil {
		return []*Victim{r.victim}
	}
	return []*Victim{r.victim, r.naive.victim}
}

// all does a thing to all of them at once.
func (r *runner) all(do func(v *Victim) error) error {
	var faults []error
	for _, v := range r.victims() {
		faults = append(faults, do(v))
	}
	return errors.Join(faults...)
}

func (r *runner) data() string { return filepath.Join(r.o.Folder, "data") }

func (r *runner) say(format string, args ...any) {
	said, accepted, shown := r.ledger.Counts()
	fmt.Fprintf(r.o.Log, "%7.1fs  %s  [said %d, acknowledged %d, shown %d]\n", time.Since(r.began).Seconds(), fmt.Sprintf(format, args...), said, accepted, shown)
}

func (r *runner) prepare(ctx context.Context) error {
	if r.o.Folder == "" {
		dir, err := os.MkdirTemp("", "tributary-chaos-")
		if err != nil {
			return err
		}
		r.o.Folder, r.made = dir, true
	}
	if all, err := os.ReadDir(r.o.Folder); err == nil && len(all) > 0 {
		return fmt.Errorf("%s is not empty: what an earlier run left would look like faults of this one", r.o.Folder)
	}
	addr, err := FreePort(ctx)
	if err != nil {
		return err
	}
	r.report.Folder = r.o.Folder
	r.ledger = NewLedger(r.o.Seed)
	r.plants = MakePlants(r.o.Seed, r.o.Plant, r.o.Agents)
	r.victim = &Victim{
		Name: "tributary", Binary: r.o.Binary, Addr: addr, Log: filepath.Join(r.data(), "process.log"),
		Args: []string{"run", "--demo", "--floor", "0", "--data", r.data(), "--http", addr},
	}
	return nil
}

func (r *runner) run(ctx context.Context) error {
	if err := r.start(ctx); err != nil {
		return err
	}
	defer r.victim.Stop() //nolint:errcheck // it was stopped before, or the run failed
	centre, err := SetUp(ctx, r.data(), r.plants.Agents)
	if err != nil {
		return err
	}
	r.floor = OpenFloor(ctx, "http://"+r.victim.Addr, centre, r.ledger, r.o.Seed, r.o.Customers, 0, r.words(), r.plants.Left)
	defer r.floor.Close()
	if err = r.warmUp(ctx); err != nil {
		return err
	}
	if r.o.Naive {
		if r.naive, err = besideIt(ctx, r.o.Binary, filepath.Join(r.o.Folder, "naive"), filepath.Join(r.o.Folder, "naive.log")); err != nil {
			return err
		}
		defer r.naive.victim.Stop() //nolint:errcheck // it may be stopped already
	}
	blows := Schedule(r.o.Seed, r.o.Kills, 1)
	if err := r.blows(ctx, blows); err != nil {
		return err
	}
	if err := r.end(ctx); err != nil {
		return err
	}
	return ctx.Err()
}

func (r *runner) start(ctx context.Context) error {
	r.report.Starts++
	if err := r.victim.Start(); err != nil {
		return err
	}
	return r.victim.WaitReady(ctx, readyWithin)
}

// warmUp waits until agents are logged in and answer, so that the first blow falls under load.
func (r *runner) warmUp(ctx context.Context) error {
	for end := time.Now().Add(readyWithin); ; {
		if _, _, shown := r.ledger.Counts(); shown > 10*r.o.Agents {
			return nil
		}
		if time.Now().After(end) {
			return errors.New("nothing is shown to anybody before the first blow")
		}
		if !client.Pause(ctx, 50*time.Millisecond) {
			return ctx.Err()
		}
	}
}

func (r *runner) blows(ctx context.Context, blows []Blow) error {
	done := 0
	for i := range blows {
		b := &blows[i]
		if !client.Pause(ctx, b.After) {
			return ctx.Err()
		}
		r.struck.Add(1)
		if err := r.strike(ctx, b); err != nil {
			return err
		}
		r.awaitFrame(time.Now())
		done += b.Times()
		last := ""
		if b.Killed {
			last = fmt.Sprintf(", ready after %s", r.ready[len(r.ready)-1].Round(time.Millisecond))
		}
		r.say("%2d/%d %s%s", done, r.o.Kills, b, last)
	}
	// What comes after the last blow counts too.
	if !client.Pause(ctx, 2*time.Second) {
		return ctx.Err()
	}
	r.frames.Wait()
	r.report.Ready, r.report.Delivered = SpreadOf(r.ready), SpreadOf(r.delivered)
	return nil
}

// awaitFrame measures until the next message is shown to anybody, beside what goes on, unless the next blow is earlier.
func (r *runner) awaitFrame(from time.Time) {
	_, _, before := r.ledger.Counts()
	blow := r.struck.Load()
	r.frames.Go(func() {
		for time.Since(from) < 20*time.Second && r.struck.Load() == blow {
			if _, _, now := r.ledger.Counts(); now > before {
				r.mu.Lock()
				r.delivered = append(r.delivered, time.Since(from))
				r.mu.Unlock()
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
	})
}

// strike does one thing to the process and waits until it is ready again.
func (r *runner) strike(ctx context.Context, b *Blow) error {
	if b.Frozen > 0 {
		r.report.Freezes++
		_ = r.all((*Victim).Freeze)
		client.Pause(ctx, b.Frozen)
		if !b.Killed {
			_ = r.all((*Victim).Thaw)
			return r.victim.WaitReady(ctx, readyWithin)
		}
	} else {
		r.report.Kills++
	}
	_ = r.all((*Victim).Kill)
	for _, again := range b.Again {
		r.report.Starts++
		if err := r.all((*Victim).Start); err != nil {
			return err
		}
		client.Pause(ctx, again)
		_ = r.all((*Victim).Kill)
		r.report.Kills++
	}
	client.Pause(ctx, b.Down)
	began := time.Now()
	r.report.Starts++
	err := r.all((*Victim).Start)
	if err == nil {
		err = r.victim.WaitReady(ctx, readyWithin)
	}
	r.ready = append(r.ready, time.Since(began))
	return err
}

// end lets the floor finish, checks, stops the process, and looks into what it left.
func (r *runner) end(ctx context.Context) error {
	r.say("draining")
	stuck := r.floor.Drain(ctx, 90*time.Second)
	r.report.check("every agent ends idle", fmt.Sprintf("%d agents", len(r.floor.agents)), stuck)
	r.say("a new offer for every agent")
	r.report.check("every agent gets a new offer", "", r.floor.Probe(ctx, 60*time.Second))
	r.say("checking the ledger against the log, the screens and ClickHouse")
	c := &checker{report: r.report, ledger: r.ledger, floor: r.floor, data: r.data()}
	if err := c.run(ctx); err != nil {
		return fmt.Errorf("checking: %w", err)
	}
	r.say("folding everything once more")
	if err := r.replay(ctx); err != nil {
		return err
	}
	if r.naive != nil {
		if err := r.naive.verdict(ctx, r.report); err != nil {
			return err
		}
	}
	r.say("looking for personal data")
	private, err := newPrivate(r.report, r.plants, r.data())
	if err != nil {
		return err
	}
	if err := private.live(ctx); err != nil {
		return fmt.Errorf("looking for personal data: %w", err)
	}
	r.report.Said, r.report.Accepted, r.report.Shown = r.ledger.Counts()
	r.report.Acknowledged = SpreadOf(r.ledger.Waits())
	r.report.Visitors = len(r.floor.everybody())
	r.report.CustomerRepeats, r.report.AgentRepeats = r.floor.Repeats()
	var faults []string
	for _, err := range r.floor.Close() {
		faults = append(faults, err.Error())
	}
	if err := errors.Join(r.stopFleet(), r.victim.Stop()); err != nil {
		faults = append(faults, err.Error())
	}
	r.report.check("everybody goes home and the process ends cleanly", "", faults)
	if err := private.files(); err != nil {
		return fmt.Errorf("looking for personal data in files: %w", err)
	}
	if r.report.Accepted == 0 {
		return errors.New("nothing was acknowledged: the run shows nothing")
	}
	return nil
}

// stopFleet stops the processes beside the victim, the last one first.
func (r *runner) stopFleet() error {
	var faults []error
	for _, v := range slices.Backward(r.fleet) {
		faults = append(faults, v.Stop())
	}
	r.fleet = nil
	return errors.Join(faults...)
}

// words gives what customers say: mostly plain, some with planted personal data until all is planted.
func (r *runner) words() func() string {
	var mu sync.Mutex
	rnd := rand.New(rand.NewPCG(r.o.Seed, 0xda7a)) //nolint:gosec // texts, to be repeated
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		if rnd.IntN(2) == 0 {
			if p := r.plants.Next(); p != "" {
				return p
			}
		}
		return questions[rnd.IntN(len(questions))]
	}
}
