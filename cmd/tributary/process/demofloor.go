package process

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/tributary-cc/tributary/cmd/tributary/floor"
	"github.com/tributary-cc/tributary/cmd/tributary/setup"
	"github.com/tributary-cc/tributary/dashboards/api"
	"github.com/tributary-cc/tributary/stream/access"
)

const (
	demoTravel = "travel"
	// defaultFloor is a small, lively one; perAgent is how many customers come a minute for each simulated agent.
	defaultFloor = 4
	perAgent     = 0.75
	floorSeed    = 1
)

// demoFamilies are the queues that the simulated agents pass contacts between.
var demoFamilies = [][]string{{"general", "cards", "payments", "accounts"}, {"travel", "hotels", "places", "transport"}}

// demo is the simulated people of a process, and who practises with them.
type demo struct {
	mu      sync.Mutex
	floor   *floor.Floor    // nil before it runs
	ctx     context.Context //nolint:containedctx // of the people's lives, which no request bounds
	stop    context.CancelFunc
	work    sync.WaitGroup
	persons map[string]context.CancelFunc // who practise
}

var _ api.Practice = (*demo)(nil)

func (d *demo) begin(ctx context.Context, stop context.CancelFunc, f *floor.Floor) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.floor != nil {
		stop() // it runs already
		return
	}
	d.ctx, d.stop, d.floor = ctx, stop, f
	d.work.Go(func() { f.Run(ctx) })
}

func (d *demo) close() {
	d.mu.Lock()
	if d.floor == nil {
		d.mu.Unlock()
		return
	}
	d.stop()
	d.mu.Unlock()
	d.work.Wait()
}

// On tells whether an agent practises.
func (d *demo) On(tenant, agent string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, on := d.persons[agent]
	return on && tenant == demoTenant
}

// For tells whether there are customers to practise with for an agent.
func (d *demo) For(tenant, agent string) bool {
	return tenant == demoTenant && practiceFor[agent] != ""
}

// Set has customers come to an agent of the demo centre, or sends them away.
func (d *demo) Set(_ context.Context, tenant, agent string, on bool) error { //nolint:contextcheck // practice outlives the request that begins it
	d.mu.Lock()
	defer d.mu.Unlock()
	stop, is := d.persons[agent]
	switch {
	case d.floor == nil || d.ctx.Err() != nil || tenant != demoTenant || practiceFor[agent] == "":
		return fmt.Errorf("practice is for the demo centre's agents %s: %w", strings.Join(slices.Sorted(maps.Keys(practiceFor)), ", "), access.ErrNotFound)
	case on == is:
		return nil
	case !on:
		delete(d.persons, agent)
		stop()
		return nil
	}
	ctx, stop := context.WithCancel(d.ctx)
	d.persons[agent] = stop
	d.work.Go(func() { d.floor.Practise(ctx, "practice-"+agent, practiceFor[agent]) })
	return nil
}

// practiceFor says whose customers those are who people practise with, by agent. Each has an entry point and a queue.
var practiceFor = map[string]string{"amy": demoBank, "bo": demoTravel}

// startFloor has simulated people come, as many as the configuration says. They come through the doors of this process.
func (p *Process) startFloor(ctx context.Context, t *setup.Tenant, people *demoPeople, w io.Writer) error {
	if !p.Config.HasRole(RoleAPI) || !p.Config.HasRole(RoleWebchat) {
		return nil
	}
	c := floor.Config{
		Base: p.URL(), Tenant: demoTenant, Entries: []string{demoBank, demoTravel}, Secrets: map[string]string{demoBank: p.demoSecret()},
		Families: demoFamilies, Speed: p.Config.Speed, Seed: floorSeed,
	}
	for _, code := range t.WrapUpCodes {
		if len(code.Queues) == 0 {
			c.Codes = append(c.Codes, code.ID)
		}
	}
	for _, r := range t.StatusReasons {
		c.Reasons = append(c.Reasons, r.ID)
	}
	teams := make(map[string]string, len(t.Agents))
	for _, a := range t.Agents {
		teams[a.ID] = a.Team
	}
	names := simulated(t)
	names = names[:min(p.Config.Floor, len(names))]
	accounts := make([]demoAccount, len(names))
	for i, id := range names {
		accounts[i] = demoAccount{id, id, access.RoleAgent}
	}
	if err := people.enter(ctx, accounts); err != nil {
		return err
	}
	for _, id := range names {
		if !people.works(id) {
			continue
		}
		language := "en"
		if teams[id] == demoTravel {
			language = "zh"
		}
		c.Agents = append(c.Agents, floor.Agent{ID: id, Login: id, Password: p.DemoPassword(id), Language: language})
	}
	c.PerMinute = perAgent * float64(len(c.Agents))
	f, err := floor.New(c)
	if err != nil {
		return err
	}
	floorCtx, stop := context.WithCancel(context.WithoutCancel(ctx))
	p.demo.begin(floorCtx, stop, f)
	if len(c.Agents) == 0 {
		return nil
	}
	fmt.Fprintf(w, "  %d more agents are simulated, and customers who come to them (--floor 0 for none, --speed 10 for faster ones)\n", len(c.Agents))
	return nil
}
