package chaos

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/tributary-cc/tributary/cmd/tributary/process"
	"github.com/tributary-cc/tributary/cmd/tributary/setup"
	"github.com/tributary-cc/tributary/cmd/tributary/yamlfile"
	"github.com/tributary-cc/tributary/stream/access"
)

// Centre is the tenant that is tried: its agents can log in.
type Centre struct {
	Tenant, Entry string
	Agents        []Login
}

// Login is an account of an agent; the agent's id is the same name.
type Login struct{ Name, Password string }

const (
	tenant     = "chaos"
	entryPoint = "shop"
)

// connect opens the installation that runs in a data folder.
func connect(ctx context.Context, data string) (*process.Spine, error) {
	c := process.Default()
	c.Data = data
	return process.Connect(ctx, c, slog.New(slog.DiscardHandler))
}

// SetUp makes the centre in the installation that runs in a data folder. Names are the agents' names as people know them.
func SetUp(ctx context.Context, data string, names []string) (*Centre, error) {
	s, err := connect(ctx, data)
	if err != nil {
		return nil, err
	}
	defer s.Close() //nolint:errcheck // what was asked for was answered
	t := &setup.Tenant{
		Tenant: tenant,
		Queues: []setup.Queue{{
			ID: "service", Name: "Service", Target: yamlfile.Duration(20 * time.Second), TargetPercent: 80,
			OfferTimeout: yamlfile.Duration(3 * time.Second), WrapUp: yamlfile.Duration(2 * time.Minute), Grace: yamlfile.Duration(2 * time.Minute),
		}},
		EntryPoints: []setup.EntryPoint{{ID: entryPoint, Channel: "webchat", Queue: "service", Greeting: "Hello!", Language: "en"}},
	}
	c := &Centre{Tenant: tenant, Entry: entryPoint}
	for i, name := range names {
		id := fmt.Sprintf("agent-%02d", i)
		t.Agents = append(t.Agents, setup.Agent{ID: id, Name: name, Queues: []string{"service"}, ChatCapacity: 5})
		c.Agents = append(c.Agents, Login{id, "a long enough " + id})
	}
	current, err := s.ConfigInForce(ctx, tenant)
	if err != nil {
		return nil, err
	}
	wanted, err := t.Wanted(ctx, s.Keys, current.Objects, time.Now())
	if err != nil {
		return nil, err
	}
	if changes := setup.Difference(current.Objects, wanted); len(changes) > 0 {
		if _, err := s.ChangeConfig(ctx, tenant, current.Version, setup.Objects(changes), 30*time.Second); err != nil {
			return nil, fmt.Errorf("setting up the centre: %w", err)
		}
	}
	for _, a := range c.Agents {
		if _, err := s.Accounts.Create(ctx, tenant, a.Name, a.Password, a.Name, access.RoleAgent); err != nil && !errors.Is(err, access.ErrExists) {
			return nil, fmt.Errorf("making the account of %s: %w", a.Name, err)
		}
	}
	return c, nil
}
