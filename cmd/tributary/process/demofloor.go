package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/tributary-cc/tributary/cmd/tributary/floor"
	"github.com/tributary-cc/tributary/cmd/tributary/setup"
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

// demo is the simulated people of a process.
type demo struct {
	floor *floor.Floor
	stop  context.CancelFunc
	work  sync.WaitGroup
}

func (d *demo) close() {
	d.stop()
	d.work.Wait()
}

// startFloor has simulated people come, as many as the configuration says. They come through the doors of this process.
func (p *Process) startFloor(ctx context.Context, t *setup.Tenant, w io.Writer) error {
	if p.Config.Floor == 0 || !p.Config.HasRole(RoleAPI) || !p.Config.HasRole(RoleWebchat) {
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
	for _, id := range names[:min(p.Config.Floor, len(names))] {
		password := p.DemoPassword(id)
		if _, err := p.Accounts.Create(ctx, demoTenant, id, password, id, access.RoleAgent); err != nil && !errors.Is(err, access.ErrExists) {
			return fmt.Errorf("making the account of the simulated agent %s: %w", id, err)
		}
		language := "en"
		if teams[id] == demoTravel {
			language = "zh"
		}
		c.Agents = append(c.Agents, floor.Agent{ID: id, Login: id, Password: password, Language: language})
	}
	c.PerMinute = perAgent * float64(len(c.Agents))
	f, err := floor.New(c)
	if err != nil {
		return err
	}
	people, stop := context.WithCancel(context.WithoutCancel(ctx))
	p.demo = &demo{floor: f, stop: stop}
	p.demo.work.Go(func() { f.Run(people) })
	fmt.Fprintf(w, "  %d more agents are simulated, and customers who come to them (--floor 0 for none, --speed 10 for faster ones)\n", len(c.Agents))
	return nil
}
