package api

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/tributary-cc/tributary/stream/access"
)

// Boards that are shown live: everybody who sees the same shares a feed, which makes each frame once. A frame is the whole
// board, so who reads slowly misses frames and nothing else.

const (
	// boardPace is the least time between two frames, boardPatience the most: some of what boards show changes with time alone.
	boardPace, boardPatience = 250 * time.Millisecond, 5 * time.Second
	// maxTenantStreams and maxStreams bound the streams of a tenant, and of all.
	maxTenantStreams, maxStreams = 500, 4000
	// rightsEvery is how often it is looked whether the rights of streams still stand.
	rightsEvery = 5 * time.Second
)

// feed makes the frames of what some teams of a tenant see.
type feed struct {
	tenant, scope string
	teams         []string
	// wake holds one word when something changed; done is closed with the last stream.
	wake, done chan struct{}
	// frame is the newest, and streams those who are told; both belong to the server's boards.
	frame   []byte
	streams map[*boardStream]struct{}
}

// boardChanged tells the feeds of a tenant that something changed.
func (t *tenantEntry) boardChanged() {
	for f := range t.feeds {
		select {
		case f.wake <- struct{}{}:
		default: // it knows already
		}
	}
}

func (v *view) follow(f *feed, on bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	t := v.tenant(f.tenant)
	if !on {
		delete(t.feeds, f)
		return
	}
	if t.feeds == nil {
		t.feeds = make(map[*feed]struct{})
	}
	t.feeds[f] = struct{}{}
}

// joinFeed finds the feed of what a stream shows, or begins it, and adds the stream. It is false when the end has begun.
func (s *Server) joinFeed(st *boardStream) bool {
	s.boards.mu.Lock()
	defer s.boards.mu.Unlock()
	key := st.who.Tenant + "\x00" + st.scope
	f := s.boards.feeds[key]
	if f == nil {
		f = &feed{
			tenant: st.who.Tenant, scope: st.scope, teams: st.teams, wake: make(chan struct{}, 1), done: make(chan struct{}),
			streams: make(map[*boardStream]struct{}),
		}
		if s.boards.feeds == nil {
			s.boards.feeds = make(map[string]*feed)
		}
		if !s.work.Start(func() { s.runFeed(f) }) {
			return false
		}
		s.boards.feeds[key] = f
	}
	st.feed = f
	f.streams[st] = struct{}{}
	if f.frame != nil {
		st.wakeUp()
	}
	return true
}

func (s *Server) leaveFeed(st *boardStream) {
	s.boards.mu.Lock()
	defer s.boards.mu.Unlock()
	f := st.feed
	if delete(f.streams, st); len(f.streams) == 0 {
		delete(s.boards.feeds, f.tenant+"\x00"+f.scope)
		close(f.done)
	}
}

// runFeed makes frames: at once, then when something changed, but not faster than the pace.
func (s *Server) runFeed(f *feed) {
	s.view.follow(f, true)
	defer s.view.follow(f, false)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		frame, err := json.Marshal(s.view.wallboardOf(f.tenant, f.teams))
		if err != nil {
			s.logger.Error("a wallboard could not be encoded", slog.String("error", err.Error()))
		}
		s.publish(f, fmt.Appendf(nil, "data: %s\n\n", frame))
		timer.Reset(boardPace)
		select {
		case <-timer.C:
		case <-f.done:
			return
		case <-s.work.Ending():
			return
		}
		timer.Reset(boardPatience - boardPace)
		select {
		case <-f.wake:
		case <-timer.C:
		case <-f.done:
			return
		case <-s.work.Ending():
			return
		}
	}
}

func (s *Server) publish(f *feed, frame []byte) {
	s.boards.mu.Lock()
	defer s.boards.mu.Unlock()
	f.frame = frame
	for st := range f.streams {
		st.wakeUp()
	}
}

// watchRights ends the streams whose right has ended: as soon as the audit tells of a change of an account, and now and then.
func (s *Server) watchRights(ctx context.Context) {
	every, soon := time.NewTicker(rightsEvery), time.NewTicker(queueEvery)
	defer every.Stop()
	defer soon.Stop()
	left := 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.boards.doubt:
			left = doubtTicks
			continue
		case <-soon.C:
			if left--; left < 0 {
				left = 0
				continue
			}
		case <-every.C:
		}
		s.checkRights(ctx)
	}
}

// doubtRights has the rights of streams looked at soon.
func (s *Server) doubtRights() {
	select {
	case s.boards.doubt <- struct{}{}:
	default:
	}
}

func (s *Server) checkRights(ctx context.Context) {
	s.boards.mu.Lock()
	var all []*boardStream
	for _, f := range s.boards.feeds {
		for st := range f.streams {
			all = append(all, st)
		}
	}
	s.boards.mu.Unlock()
	scopes := make(map[string]bool)
	for _, st := range all {
		if f := s.rightOf(ctx, st, scopes); f != nil {
			st.stop(f)
		}
	}
}

// rightOf is why a stream may not go on, or nil. What cannot be found out now is asked again later.
func (s *Server) rightOf(ctx context.Context, st *boardStream, scopes map[string]bool) *fault {
	who, err := s.boardPerson(ctx, st.by)
	if err != nil {
		f := asFault(err)
		if f.kind == kindUnauthenticated || f.kind == kindDenied || f.kind == kindInvalid {
			return f
		}
		return nil
	}
	moved := &fault{kindDenied, codeForbidden, "the teams of the account have changed; open the board again"}
	if own := scopeName(who.Tenant, who.who.Teams); own == st.scope {
		return nil
	} else if own != scopeAll {
		return moved
	}
	key := st.who.Tenant + "\x00" + st.scope
	there, known := scopes[key]
	if !known {
		_, err := s.teamsOf(ctx, st.who.Tenant, st.scope)
		there = err == nil || asFault(err).kind != kindDenied
		scopes[key] = there
	}
	if !there {
		return moved
	}
	return nil
}

// teamsOf finds the teams of a scope that somebody named who sees the whole tenant: those of an open account.
func (s *Server) teamsOf(ctx context.Context, tenant, scope string) ([]string, error) {
	infos, err := s.config.Accounts.List(ctx, tenant)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(infos, func(x access.Info) bool {
		p := access.Principal{Tenant: tenant, Roles: x.Roles}
		return !x.Disabled && len(x.Teams) > 0 && scopeName(tenant, x.Teams) == scope && access.Can(p, access.ActionBoardRead, tenant)
	})
	if i < 0 {
		return nil, &fault{kindDenied, codeForbidden, "no open account sees what this scope names; GET /api/boards/me says the reader's own"}
	}
	return infos[i].Teams, nil
}

// boardScope is what a stream shows: the reader's own scope, or, for who sees the whole tenant, that of any account.
func (s *Server) boardScope(r *http.Request, who person) (scope string, teams []string, err error) {
	own, asked := scopeName(who.Tenant, who.who.Teams), r.URL.Query().Get("scope")
	switch {
	case asked == "" || asked == own:
		return own, who.who.Teams, nil
	case own != scopeAll:
		return "", nil, &fault{kindDenied, codeForbidden, "scope: it is not yours; leave it out, or take the one that GET /api/boards/me says"}
	}
	teams, err = s.teamsOf(r.Context(), who.Tenant, asked)
	return asked, teams, err
}
