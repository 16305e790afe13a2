package api

import (
	"cmp"
	"context"
	"sync"
	"time"
)

// namesAge is how long the names of accounts are remembered; for one that is not known they are read again sooner.
const (
	namesAge = 5 * time.Minute
	newNames = 10 * time.Second
)

// nameBook remembers who the accounts of tenants are, for "by whom".
type nameBook struct {
	mu      sync.Mutex
	tenants map[string]*namePage
}

type namePage struct {
	read time.Time
	of   map[string]accountWho
}

type accountWho struct{ login, agent string }

// accountName is the name of the agent as whom an account works, or its login, or its id.
func (s *Server) accountName(ctx context.Context, tenant, account string) string {
	b := &s.names
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.tenants == nil {
		b.tenants = make(map[string]*namePage)
	}
	page := b.tenants[tenant]
	now := s.now()
	if page == nil || now.Sub(page.read) > namesAge || now.Sub(page.read) > newNames && page.of[account].login == "" {
		fresh := &namePage{read: now, of: make(map[string]accountWho)}
		infos, err := s.config.Accounts.List(ctx, tenant)
		if err == nil || page == nil {
			page = fresh
		}
		page.read = now
		for _, x := range infos {
			page.of[x.Account] = accountWho{x.Login, x.AgentID}
		}
		b.tenants[tenant] = page
	}
	who := page.of[account]
	if who.agent != "" {
		if name := s.nameOf(ctx, tenant, who.agent); name != who.agent {
			return name
		}
	}
	return cmp.Or(who.login, account)
}
