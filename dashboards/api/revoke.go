package api

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
)

const (
	// doubtTicks is how often the logins of an account are asked for anew after the audit told of a change: the entry stands in
	// the log before the change is made, and a process may not know of another's for access.CacheAge.
	doubtTicks = int(3*access.CacheAge/queueEvery) + 1
	maxDoubts  = 10_000
	auditPause = time.Second
)

// revocations are the accounts whose logins may have ended.
type revocations struct {
	mu sync.Mutex
	of map[string]*doubt
}

// endsLogins are the changes of an account after which its open log-ins are none any more.
var endsLogins = map[access.Action]bool{ //nolint:exhaustive // those that do
	access.ActionAccountDisable: true, access.ActionAccountRoles: true, access.ActionAccountPassword: true, access.ActionPasswordRedeemed: true,
	access.ActionAccountTeams: true,
}

// doubt is an account to be asked for: so many times more, and who ended its sessions where somebody else did.
type doubt struct {
	left int
	by   string
}

// watchAudit hears of every account that is changed, in whatever process or at the command line, as each change stands in the
// audit. So an open page ends within about a second of the right to it, and nothing is asked for pages whose accounts nobody
// touches; the sweep finds what is missed here.
func (s *Server) watchAudit(ctx context.Context) {
	var all sync.WaitGroup
	for p := range s.log.Partitions(event.TopicAudit) {
		all.Go(func() {
			t := time.NewTimer(auditPause)
			defer t.Stop()
			for ctx.Err() == nil {
				err := s.readAudit(ctx, p)
				if ctx.Err() != nil {
					return
				}
				s.logger.LogAttrs(ctx, slog.LevelWarn, "the audit cannot be followed; ended logins are found later", slog.String("error", err.Error()))
				t.Reset(auditPause)
				select {
				case <-ctx.Done():
				case <-t.C:
				}
			}
		})
	}
	all.Wait()
}

func (s *Server) readAudit(ctx context.Context, partition int) error {
	_, end, err := s.log.Bounds(ctx, event.TopicAudit, partition)
	if err != nil {
		return err
	}
	return s.log.Read(ctx, event.TopicAudit, partition, end, func(batch []event.Record, _ int64) error {
		for i := range batch {
			if e, err := event.Unmarshal(batch[i].Value); err == nil && e.GetAudit() != nil {
				s.heard(e.GetTenant(), e.GetAudit())
			}
		}
		return nil
	})
}

// heard notes an account that an entry says was changed.
func (s *Server) heard(tenant string, a *event.Audit) {
	account, by := a.GetSubject(), ""
	switch action := access.Action(a.GetAction()); {
	case action == access.ActionAccountLogout:
		by = a.GetActor()
	case action == access.ActionSessionEnd:
		account = a.GetActor()
	case !endsLogins[action]:
		return
	}
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	if s.watch.of == nil || len(s.watch.of) >= maxDoubts {
		s.watch.of = make(map[string]*doubt)
	}
	s.watch.of[tenant+"/"+account] = &doubt{doubtTicks, by}
	s.doubtRights()
}

// endRevoked ends the pages of the accounts in doubt whose logins have ended.
func (s *Server) endRevoked(ctx context.Context) {
	s.watch.mu.Lock()
	now := make(map[string]doubt, len(s.watch.of))
	for account, d := range s.watch.of {
		if d.left--; d.left < 0 {
			delete(s.watch.of, account)
			continue
		}
		now[account] = *d
	}
	s.watch.mu.Unlock()
	if len(now) == 0 {
		return
	}
	for _, c := range s.all() {
		d, doubted := now[c.who.account()]
		if !doubted {
			continue
		}
		if _, err := s.who(ctx, c.token); err == nil || asFault(err).kind != kindUnauthenticated {
			continue
		}
		if d.by != "" && d.by != c.who.Account && c.ended.CompareAndSwap(false, true) {
			c.out.Push(note{kind: noteLoggedOut, account: d.by}) // the page is closed behind it
		} else if d.by == "" || d.by == c.who.Account {
			c.End(live.CloseLogin, "the login has ended")
		}
	}
}
