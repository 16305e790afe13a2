package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tributary-cc/tributary/cmd/tributary/process"
	"github.com/tributary-cc/tributary/stream/access"
)

// floor is the customers and agents at their pages.
type floor struct {
	customers, agents *pages
	meter             meter
	accepted, refused atomic.Int64
	keepEchoes        bool
	code              atomic.Value
}

// openFloor opens the pages of the live conversations and of the agents who have them.
func (p *plan) openFloor(ctx context.Context, s *process.Spine, base string) (*floor, error) {
	f := &floor{keepEchoes: p.KeepEchoes}
	tokens, err := p.logins(ctx, s)
	if err != nil {
		return nil, err
	}
	var contacts atomic.Int64
	f.agents, err = open(ctx, opening{
		n: p.pages, url: func(int) string { return wsURL(base, "/api/ws") },
		header: func(i int) http.Header { return http.Header{"Origin": {base}, "Cookie": {"tributary=" + tokens[i]}} },
		handle: func(_ *page, fr *frame) {
			switch fr.Type {
			case "message":
				f.meter.saw(fr.Message.ClientID)
			case "snapshot":
				contacts.Add(int64(len(fr.Contacts)))
			}
		},
		greet: func(int, *page) error { return nil },
	})
	if err != nil {
		return nil, fmt.Errorf("agents: %w", err)
	}
	f.customers, err = open(ctx, opening{
		n: p.Live, url: func(i int) string { return wsURL(base, "/webchat/ws?entry_point="+p.entry(i)) },
		header: func(int) http.Header { return http.Header{"Origin": {base}} }, handle: f.customer,
		greet: func(i int, c *page) error {
			token, bad := s.Accounts.VisitorToken(access.Visitor{Tenant: tenant, EntryPoint: p.entry(i), Visitor: visitor(i)}, 24*time.Hour)
			if bad != nil {
				return bad
			}
			return c.send(fmt.Appendf(nil, `{"type":"hello","token":%q,"last":0}`, token))
		},
	})
	if err == nil && contacts.Load() < int64(p.Live) {
		err = fmt.Errorf("the agents' pages show %d contacts, fewer than %d live ones", contacts.Load(), p.Live)
	}
	if err != nil {
		f.close()
		return nil, fmt.Errorf("customers: %w", err)
	}
	return f, nil
}

// customer acknowledges all it is shown, as the widget does.
func (f *floor) customer(c *page, fr *frame) {
	switch fr.Type {
	case "history":
		ids := make([]string, len(fr.Messages))
		for i := range fr.Messages {
			ids[i] = fr.Messages[i].ID
		}
		f.ack(c, ids...)
	case "message":
		if fr.ClientID == "" || !f.keepEchoes {
			f.ack(c, fr.ID)
		}
	case "accepted":
		f.accepted.Add(1)
	case "error":
		f.refused.Add(1)
		f.code.Store(fr.Code)
	}
}

func (f *floor) ack(c *page, ids ...string) {
	_ = c.send([]byte(`{"type":"ack","ids":["` + strings.Join(ids, `","`) + `"]}`)) // a lost connection is counted
}

func (f *floor) close() {
	f.customers.close()
	f.agents.close()
}

// check tells what went wrong beside the latencies.
func (f *floor) check() error {
	var faults []error
	if n := f.refused.Load(); n > 0 {
		faults = append(faults, fmt.Errorf("%d messages were refused, the last with %v", n, f.code.Load()))
	}
	if n := f.customers.lost.Load() + f.agents.lost.Load(); n > 0 {
		faults = append(faults, fmt.Errorf("%d connections were lost", n))
	}
	return errors.Join(faults...)
}

// logins makes an account for each agent with a page, and begins a session of it by its one-time link.
func (p *plan) logins(ctx context.Context, s *process.Spine) ([]string, error) {
	tokens := make([]string, p.pages)
	err := each(ctx, p.pages, 2, func(ctx context.Context, i int) error {
		login := agentName(i)
		if _, err := s.Accounts.Create(ctx, tenant, login, "", login, access.RoleAgent); err != nil && !errors.Is(err, access.ErrExists) {
			return err
		}
		link, err := s.Accounts.OneTimeLink(ctx, tenant, login, time.Hour)
		if err != nil {
			return err
		}
		_, tokens[i], err = s.Accounts.Redeem(ctx, link, "password of "+login)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("logging agents in: %w", err)
	}
	return tokens, nil
}
