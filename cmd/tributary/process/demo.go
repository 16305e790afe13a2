package process

import (
	"context"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/tributary-cc/tributary/cmd/tributary/setup"
	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/event"
)

//go:embed demo.yaml
var demoYAML []byte

//go:embed demo-policy.yaml
var demoPolicyYAML []byte

const (
	demoTenant = "demo"
	demoBank   = "bank"
	mainTenant = "main"
	adminLogin = "admin"
	inviteTTL  = 24 * time.Hour
)

type demoAccount struct {
	login, agent string
	role         access.Role
}

// demoAccounts are one or more people per role.
var demoAccounts = []demoAccount{
	{"amy", "amy", access.RoleAgent},
	{"bo", "bo", access.RoleAgent},
	{"quinn", "", access.RoleQA},
	{"sam", "", access.RoleSupervisor},
	{"ada", "", access.RoleAdmin},
}

// DemoPassword is the password of a demo account: the same at each start of this installation, and nobody else's.
func (s *Spine) DemoPassword(login string) string {
	return hex.EncodeToString(s.Master.Derive(demoPurpose(login))[:6])
}

// demoSecret is what the bank of the demo centre signs its customers' tokens with.
func (s *Spine) demoSecret() string {
	return hex.EncodeToString(s.Master.Derive(demoSigning))
}

// demoSigning is the purpose of the key that demoSecret is.
const demoSigning = "demo secret " + demoBank

func demoPurpose(login string) string { return "demo password " + login }

// demoCentre reads the demo centre's files, which lie in the binary.
func demoCentre() (*setup.Tenant, error) {
	around := setup.Around{Tenant: demoTenant, Intents: setup.LocalIntents, Open: func(string) ([]byte, error) { return demoPolicyYAML, nil }}
	t, f := setup.ReadIn("demo.yaml", demoYAML, around)
	return t, f.Err()
}

// simulated are the agents nobody logs in as, in the order in which a floor takes them.
func simulated(t *setup.Tenant) []string {
	var out []string
	for _, a := range t.Agents {
		if !slices.ContainsFunc(demoAccounts, func(one demoAccount) bool { return one.agent == a.ID }) {
			out = append(out, a.ID)
		}
	}
	return out
}

// StartDemo sets the demo centre up where it is not there yet, and prints its accounts.
func (p *Process) StartDemo(ctx context.Context, w io.Writer) error {
	t, err := demoCentre()
	if err != nil {
		return err
	}
	// The bank signs for its customers; who runs the demo has no need to know with what.
	for i := range t.EntryPoints {
		if t.EntryPoints[i].ID == demoBank {
			t.EntryPoints[i].Secret = p.demoSecret()
		}
	}
	current, err := p.ConfigInForce(ctx, demoTenant)
	if err != nil {
		return err
	}
	people, err := p.readDemoPeople(ctx)
	if err != nil {
		return err
	}
	// What its administrator changed since stays as it is.
	if !hasBank(current.Objects) {
		if len(current.Objects) > 0 && len(people.book.Made) == 0 {
			return fmt.Errorf("the tenant %s is configured, and not by the demo, which would replace it: start without --demo, or with another --data", demoTenant)
		}
		if err := p.setUpDemo(ctx, t, current.Objects); err != nil {
			return err
		}
	}
	if err := people.open(ctx); err != nil {
		return err
	}
	if err := people.enter(ctx, demoAccounts); err != nil {
		return err
	}
	fmt.Fprintf(w, "\nThe demo centre (tenant %s):\n  a customer  %s/demo/\n", demoTenant, p.URL())
	for _, a := range demoAccounts {
		password, err := people.password(ctx, a.login)
		if err != nil {
			return fmt.Errorf("the demo account %s: %w", a.login, err)
		}
		fmt.Fprintf(w, "  %-11s %s  tenant %s  login %-6s %s\n", a.role, p.URL(), demoTenant, a.login, password)
	}
	return p.startFloor(ctx, t, people, w)
}

// hasBank says that the demo set the configuration up.
func hasBank(inForce []*event.ConfigObject) bool {
	return slices.ContainsFunc(inForce, func(o *event.ConfigObject) bool { return o.GetEntryPoint().GetId() == demoBank })
}

func (p *Process) setUpDemo(ctx context.Context, t *setup.Tenant, inForce []*event.ConfigObject) error {
	wanted, err := t.Wanted(ctx, p.Keys, inForce, time.Now())
	if err != nil {
		return err
	}
	if changes := setup.Difference(inForce, wanted); len(changes) > 0 {
		if _, err := p.ChangeConfig(ctx, demoTenant, 0, setup.Objects(changes), 30*time.Second); err != nil {
			return fmt.Errorf("setting up the demo centre: %w", err)
		}
	}
	return nil
}

// InviteAdmin prints a one-time link for the first administrator of an installation that has no account yet.
func (p *Process) InviteAdmin(ctx context.Context, w io.Writer) error {
	all, err := p.Accounts.List(ctx, mainTenant)
	if err != nil {
		return err
	}
	for _, a := range all {
		if a.Login != adminLogin || a.HasPassword {
			return nil
		}
	}
	if len(all) == 0 {
		if _, err = p.Accounts.Create(ctx, mainTenant, adminLogin, "", "", access.RoleAdmin); err != nil && !errors.Is(err, access.ErrExists) {
			return err
		}
	}
	link, err := p.Accounts.OneTimeLink(ctx, mainTenant, adminLogin, inviteTTL)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\nNobody can log in yet. This link makes you the administrator, once, within 24 hours (tenant %s, login %s):\n  %s/first#link=%s\n",
		mainTenant, adminLogin, p.URL(), link)
	return nil
}
