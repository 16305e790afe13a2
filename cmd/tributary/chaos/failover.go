package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/tributary-cc/tributary/cmd/tributary/client"
)

// Failover is what was measured while one of two processes was killed or frozen: from the blow to the next frame at each
// screen. Victims are screens that the process served, Others the rest.
type Failover struct {
	// Next is the next frame that shows anything: for who had to connect again a history or a snapshot.
	VictimsNext Spread `json:"victims_next_frame"`
	OthersNext  Spread `json:"others_next_frame"`
	// Fresh is the first message that was said after the blow: through the doors, all folds, and back.
	VictimsFresh Spread `json:"victims_first_message_said_after"`
	OthersFresh  Spread `json:"others_first_message_said_after"`
	// ByKill and ByFreeze are the screens of victims apart by what happened.
	KilledNext Spread `json:"killed_next_frame"`
	FrozenNext Spread `json:"frozen_next_frame"`
	// Nothing counts screens that showed nothing within the window.
	Nothing int           `json:"nothing_within_window"`
	Window  time.Duration `json:"window_ns"`
}

// DefaultFailover is a run of `tributary chaos failover`.
func DefaultFailover() Options {
	o := Default()
	o.Kills, o.Customers, o.Agents, o.Naive = 20, 16, 4, false
	return o
}

const (
	// failoverWindow is how long a frozen process stays so, and how long screens are watched.
	failoverWindow = 5 * time.Second
	// chattyEvery is how often an agent speaks in each contact: what a measured time can be too long by.
	chattyEvery = 300 * time.Millisecond
	frontRoles  = "folds,sink,api,webchat"
)

// RunFailover kills and freezes either of two processes behind a balancer, beside a broker of their own, and reports.
func RunFailover(ctx context.Context, o Options) (*Report, error) {
	f := &failover{runner: runner{o: o, report: &Report{Seed: o.Seed, Failover: &Failover{Window: failoverWindow}}, began: time.Now()}}
	if err := f.prepare(ctx); err != nil {
		return nil, err
	}
	err := f.run(ctx)
	f.report.Took = time.Since(f.began)
	if err == nil && f.report.OK() && f.made {
		err = os.RemoveAll(f.o.Folder)
		f.report.Folder = ""
	}
	if err != nil {
		err = fmt.Errorf("%w (kept in %s)", err, f.o.Folder)
	}
	return f.report, err
}

type failover struct {
	runner
	config string
	// What each group of screens measured.
	victimsNext, othersNext, victimsFresh, othersFresh, killed, frozen []time.Duration
}

func (f *failover) run(ctx context.Context) error {
	f.victim.Args = []string{"run", "--roles", "broker,clickhouse", "--data", f.data(), "--http", f.victim.Addr}
	f.victim.Name = "the broker's process"
	if err := f.start(ctx); err != nil {
		return err
	}
	defer f.victim.Stop() //nolint:errcheck // it was stopped before, or the run failed
	// The balancer tells whom a request comes from: else all customers are one address, and its limits are theirs.
	f.config = filepath.Join(f.o.Folder, "tributary.yaml")
	if err := os.WriteFile(f.config, []byte("trusted_proxies: [127.0.0.1/32]\n"), 0o600); err != nil {
		return err
	}
	base, err := f.front(ctx)
	defer f.stopFleet() //nolint:errcheck // it was stopped before, or the run failed
	if err != nil {
		return err
	}
	centre, err := SetUp(ctx, f.data(), f.plants.Agents)
	if err != nil {
		return err
	}
	f.floor = OpenFloor(ctx, base, centre, f.ledger, f.o.Seed, f.o.Customers, chattyEvery, f.words(), f.plants.Left)
	defer f.floor.Close()
	if err := f.warmUp(ctx); err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(f.o.Seed, 0xfa17)) //nolint:gosec // a schedule, to be repeated
	for n := range f.o.Kills {
		if err := f.blow(ctx, r, n); err != nil {
			return err
		}
	}
	m := f.report.Failover
	m.VictimsNext, m.OthersNext, m.VictimsFresh, m.OthersFresh = SpreadOf(f.victimsNext), SpreadOf(f.othersNext), SpreadOf(f.victimsFresh), SpreadOf(f.othersFresh)
	m.KilledNext, m.FrozenNext = SpreadOf(f.killed), SpreadOf(f.frozen)
	f.report.Ready = SpreadOf(f.ready)
	return f.end(ctx)
}

// front starts the two processes and the balancer before them, and gives its address.
func (f *failover) front(ctx context.Context) (string, error) {
	var servers []string
	for n := range 2 {
		addr, err := FreePort(ctx)
		if err != nil {
			return "", err
		}
		v := &Victim{
			Name: fmt.Sprintf("process p%d", n), Binary: f.o.Binary, Addr: addr, Log: filepath.Join(f.data(), fmt.Sprintf("p%d.log", n)),
			Args: []string{"run", "--config", f.config, "--roles", frontRoles, "--data", f.data(), "--http", addr},
		}
		if err := v.Start(); err != nil {
			return "", err
		}
		f.fleet = append(f.fleet, v)
		servers = append(servers, addr)
	}
	for _, v := range f.fleet {
		f.report.Starts++
		if err := v.WaitReady(ctx, readyWithin); err != nil {
			return "", err
		}
	}
	listen, err := FreePort(ctx)
	if err != nil {
		return "", err
	}
	b, err := balancer(f.o.Folder, listen, servers)
	if err != nil {
		return "", err
	}
	if err := b.Start(); err != nil {
		return "", err
	}
	f.fleet = append(f.fleet, b)
	return "http://" + listen, b.WaitReady(ctx, 10*time.Second)
}

// blow kills or freezes one of the two, watches the screens, and brings it back.
func (f *failover) blow(ctx context.Context, r *rand.Rand, n int) error {
	if !client.Pause(ctx, time.Duration(500+r.IntN(1500))*time.Millisecond) {
		return ctx.Err()
	}
	which, freeze := r.IntN(2), n%2 == 1
	v := f.fleet[which]
	meters := f.floor.meters()
	at := time.Now()
	for _, m := range meters {
		m.arm(at)
	}
	if freeze {
		f.report.Freezes++
		if err := v.Freeze(); err != nil {
			return err
		}
	} else {
		f.report.Kills++
		_ = v.Kill()
	}
	if !client.Pause(ctx, failoverWindow) {
		return errors.Join(ctx.Err(), v.Thaw())
	}
	next, served := f.read(meters, fmt.Sprintf("p%d", which), freeze)
	began := time.Now()
	what := "frozen"
	if freeze {
		if err := v.Thaw(); err != nil {
			return err
		}
	} else {
		what = "killed"
		f.report.Starts++
		if err := v.Start(); err != nil {
			return err
		}
	}
	if err := v.WaitReady(ctx, readyWithin); err != nil {
		return err
	}
	if !freeze {
		f.ready = append(f.ready, time.Since(began))
	}
	f.say("%2d/%d p%d %s, %d of %d screens were its own: next frame there %s", n+1, f.o.Kills, which, what, served, len(meters), next)
	return f.mix(ctx, r)
}

// read takes the measures of all screens.
func (f *failover) read(meters []*meter, victim string, freeze bool) (Spread, int) {
	var here []time.Duration
	served := 0
	for _, m := range meters {
		by, next, fresh, armed := m.read()
		if !armed {
			continue
		}
		if next == 0 {
			f.report.Failover.Nothing++
			next = failoverWindow
		}
		if by == victim {
			served++
			here = append(here, next)
			f.victimsNext = append(f.victimsNext, next)
			if fresh > 0 {
				f.victimsFresh = append(f.victimsFresh, fresh)
			}
			continue
		}
		f.othersNext = append(f.othersNext, next)
		if fresh > 0 {
			f.othersFresh = append(f.othersFresh, fresh)
		}
	}
	if freeze {
		f.frozen = append(f.frozen, here...)
	} else {
		f.killed = append(f.killed, here...)
	}
	return SpreadOf(here), served
}

// mix has half of the people connect again, so that both processes serve some: the balancer takes who has the fewest.
func (f *failover) mix(ctx context.Context, r *rand.Rand) error {
	if !client.Pause(ctx, 500*time.Millisecond) { // the balancer asks twice before it believes that a process is back
		return ctx.Err()
	}
	for _, a := range f.floor.agents {
		if r.IntN(2) == 0 {
			a.page.Drop()
		}
	}
	for _, v := range f.floor.everybody() {
		if r.IntN(2) == 0 {
			v.chat.Drop()
		}
	}
	if !client.Pause(ctx, 1500*time.Millisecond) {
		return ctx.Err()
	}
	return nil
}
