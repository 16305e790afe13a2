package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/tributary-cc/tributary/stream/live"
)

// boardsShown are the feeds of all tenants and the streams that read them.
type boardsShown struct {
	mu     sync.Mutex
	feeds  map[string]*feed
	places *live.Quota
	doubt  chan struct{}
	// closing is closed when a server stops that streams come through: it waits for requests, and streams have no end.
	closing chan struct{}
	close   sync.Once
	servers map[*http.Server]bool
}

// stopsWith has streams end when the server that a request came through stops.
func (b *boardsShown) stopsWith(r *http.Request) {
	server, ok := r.Context().Value(http.ServerContextKey).(*http.Server)
	if !ok {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.servers == nil {
		b.servers = make(map[*http.Server]bool)
	}
	if !b.servers[server] {
		b.servers[server] = true
		server.RegisterOnShutdown(func() { b.close.Do(func() { close(b.closing) }) })
	}
}

// size is how many streams are read.
func (b *boardsShown) size() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, f := range b.feeds {
		n += len(f.streams)
	}
	return n
}

// boardStream is one connection that is told of a board.
type boardStream struct {
	who   person
	by    asking
	scope string
	teams []string
	feed  *feed
	// wake holds one word when there is a new frame; ended is closed when the right ends, why says so.
	wake, ended chan struct{}
	once        sync.Once
	why         *fault
}

func (st *boardStream) wakeUp() {
	select {
	case st.wake <- struct{}{}:
	default:
	}
}

func (st *boardStream) stop(why *fault) {
	st.once.Do(func() {
		st.why = why
		close(st.ended)
	})
}

// boardLive tells a board as it changes, until the reader goes, the right ends or the process does.
func (s *Server) boardLive(w http.ResponseWriter, r *http.Request, who person) error {
	scope, teams, err := s.boardScope(r, who)
	if err != nil {
		return err
	}
	if s.stopped.Load() || s.Ready() != nil {
		return unavailable("the view is catching up; try again")
	}
	if !s.boards.places.Take(who.Tenant) {
		return &fault{kindRate, "rate", "too many boards of this company are open; close some, or share one"}
	}
	defer s.boards.places.Return(who.Tenant)
	st := &boardStream{who: who, by: askingOf(r), scope: scope, teams: teams, wake: make(chan struct{}, 1), ended: make(chan struct{})}
	if !s.joinFeed(st) {
		return unavailable("this process is ending; try again")
	}
	defer s.leaveFeed(st)
	s.boards.stopsWith(r)
	s.doubtRights() // what ended since the request was let in
	out := newEventWriter(w)
	defer out.close()
	for {
		select {
		case <-st.wake:
			if !out.send(s.newest(st.feed)) {
				return nil
			}
		case <-st.ended:
			body, _ := json.Marshal(st.why) // two texts
			out.send(fmt.Appendf(nil, "event: end\ndata: %s\n\n", body))
			return nil
		case <-r.Context().Done():
			return nil
		case <-s.work.Ending():
			return nil
		case <-s.boards.closing:
			return nil
		}
	}
}

func (s *Server) newest(f *feed) []byte {
	s.boards.mu.Lock()
	defer s.boards.mu.Unlock()
	return f.frame
}

// eventWriter writes server-sent events to one who may not read.
type eventWriter struct {
	w     http.ResponseWriter
	c     *http.ResponseController
	timer *time.Timer
}

func newEventWriter(w http.ResponseWriter) *eventWriter {
	out := &eventWriter{w: w, c: http.NewResponseController(w)}
	_ = out.c.SetReadDeadline(time.Time{}) // the server's limit is for small requests; where there is none it cannot be lifted
	out.timer = time.AfterFunc(writeTimeout, func() {
		past := time.Unix(1, 0)
		_, _ = out.c.SetReadDeadline(past), out.c.SetWriteDeadline(past)
	})
	out.timer.Stop()
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // proxies would keep events back
	return out
}

// send is false when the reader is gone, or has not read for too long.
func (o *eventWriter) send(frame []byte) bool {
	o.timer.Reset(writeTimeout)
	defer o.timer.Stop()
	if _, err := o.w.Write(frame); err != nil {
		return false
	}
	return o.c.Flush() == nil
}

func (o *eventWriter) close() { o.timer.Stop() }
