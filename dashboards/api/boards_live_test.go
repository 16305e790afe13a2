package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
)

// watching is one who reads a live board.
type watching struct {
	t      *testing.T
	status int
	fault  map[string]any
	events chan sse
}

type sse struct {
	name  string
	board wallboard
	fault map[string]any
}

// watch opens the live board; the test ends it.
func (p *process) watch(scope string, headers ...string) *watching {
	ctx, cancel := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL+"/api/boards/live"+scope, nil)
	require.NoError(p.t, err)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	require.NoError(p.t, err)
	w := &watching{t: p.t, status: resp.StatusCode, events: make(chan sse, 1000)}
	if resp.StatusCode != http.StatusOK {
		require.NoError(p.t, json.NewDecoder(resp.Body).Decode(&w.fault))
		_ = resp.Body.Close()
		cancel()
		return w
	}
	require.Equal(p.t, "text/event-stream", resp.Header.Get("Content-Type"))
	var read sync.WaitGroup
	read.Go(func() { w.read(bufio.NewScanner(resp.Body)) })
	p.t.Cleanup(func() {
		cancel()
		_ = resp.Body.Close()
		read.Wait()
	})
	return w
}

func (w *watching) read(lines *bufio.Scanner) {
	defer close(w.events)
	lines.Buffer(nil, 1<<20)
	var e sse
	for lines.Scan() {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "event: "):
			e.name = strings.TrimPrefix(line, "event: ")
		case strings.HasPrefix(line, "data: "):
			data := []byte(strings.TrimPrefix(line, "data: "))
			if e.name != "" {
				_ = json.Unmarshal(data, &e.fault)
			} else {
				_ = json.Unmarshal(data, &e.board)
			}
		case line == "":
			w.events <- e
			e = sse{}
		}
	}
}

func (w *watching) next() (sse, bool) {
	w.t.Helper()
	require.Equal(w.t, 200, w.status, "%v", w.fault)
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case e, open := <-w.events:
		return e, open
	case <-timer.C:
		w.t.Fatal("no event came")
		return sse{}, false
	}
}

// until reads on to a board that is as a test wants it.
func (w *watching) until(good func(wallboard) bool) wallboard {
	w.t.Helper()
	for {
		e, open := w.next()
		require.True(w.t, open, "the stream has ended")
		if good(e.board) {
			return e.board
		}
	}
}

func (w *watching) ends(code string) {
	w.t.Helper()
	for {
		e, open := w.next()
		require.True(w.t, open, "ended without a word")
		if e.name == "end" {
			require.Equal(w.t, code, e.fault["code"])
			_, open = w.next()
			require.False(w.t, open)
			return
		}
	}
}

func (b wallboard) queue(id string) *wallboardQueue {
	for i := range b.Queues {
		if b.Queues[i].Queue == id {
			return &b.Queues[i]
		}
	}
	return nil
}

func entryOf(contact, queue, state string, enqueued, changed int64) *event.Event {
	return &event.Event{Tenant: "acme", Key: "acme/main", AtMs: changed, Body: &event.Event_QueueEntry{QueueEntry: &event.QueueEntry{
		Contact: contact, Queue: queue, State: state, EnqueuedMs: enqueued, ChangedMs: changed, Cohort: 1, Channel: event.Channel_CHANNEL_WEBCHAT,
	}}}
}

func presence(agent, status, activity string, connected bool, contacts ...string) *event.Event {
	return &event.Event{Tenant: "acme", Key: "acme/main", Body: &event.Event_AgentChanged{AgentChanged: &event.AgentChanged{
		Agent: agent, Status: status, Activity: activity, Connected: connected, Contacts: contacts,
	}}}
}

func TestALiveBoard(t *testing.T) {
	w, token := newBoard(t)
	n := &numbers{err: errors.New("dial tcp: connection refused"), away: true}
	p := w.process(func(c *Config) { c.Boards = n })
	now := w.ms.Load()
	all := p.watch("?scope=all", as(token, "")...)
	first, _ := all.next()
	require.Len(t, first.board.Queues, 3)
	require.Equal(t, int64(boardMinutes*minuteMs), first.board.ToMs-first.board.FromMs)
	require.Equal(t, wallboardAgents{Offline: 2}, first.board.Agents)
	require.Nil(t, first.board.Total.ServiceLevel)
	require.Equal(t, []string{alertNobody}, first.board.Queues[0].Alerts)
	require.NotEqual(t, 200, p.watch("?scope=0123456789abcdef", as(token, "")...).status, "nobody's scope")

	w.put(event.TopicRoutingFacts, presence("ann", "available", "idle", true))
	w.put(event.TopicRoutingFacts, presence("bob", "available", "busy", true, "k9"))
	for _, e := range []*event.Event{
		entryOf("k1", "sales", "waiting", now-40_000, now-40_000), entryOf("k1", "sales", "answered", now-40_000, now-25_000), // 15 s: in target
		entryOf("k2", "sales", "waiting", now-90_000, now-90_000), entryOf("k2", "sales", "answered", now-90_000, now-60_000), // 30 s: late
		entryOf("k3", "sales", "waiting", now-90_000, now-90_000), entryOf("k3", "sales", "abandoned", now-90_000, now-80_000), // an early abandon
		entryOf("k4", "cards", "waiting", now-61_000, now-61_000), entryOf("k5", "cards", "offered", now-30_000, now-20_000),
		entryOf("k6", "cards", "abandoned", now-31*minuteMs, now-1000), // enqueued before what a board counts
	} {
		w.put(event.TopicRoutingFacts, e)
	}
	b := all.until(func(b wallboard) bool { return b.Total.Waiting == 2 && b.Total.Enqueued == 5 })
	sales, cards := b.queue("sales"), b.queue("cards")
	require.Equal(t, wallboardNumbers{
		Staffed: 1, Free: 1, Enqueued: 3, Answered: 2, Abandoned: 1, AnsweredInTarget: 1, AbandonedInTarget: 1, ServiceLevel: sales.ServiceLevel,
	}, sales.wallboardNumbers)
	require.InDelta(t, 50, *sales.ServiceLevel, 0)
	require.Equal(t, []string{alertLevel}, sales.Alerts)
	require.Equal(t, wallboardNumbers{Waiting: 2, Offered: 1, OldestMs: now - 61_000, Staffed: 1, Enqueued: 2}, cards.wallboardNumbers)
	require.Equal(t, []string{alertOver}, cards.Alerts)
	require.Equal(t, wallboardAgents{Available: 1, Busy: 1}, b.Agents)
	require.Equal(t, 2, b.Total.Staffed, "each agent once")
	require.Equal(t, 1, b.Total.Free)

	// Who sees one team sees its queues and its agents only; and not what others see.
	lara := p.watch("", as(token, "lara")...)
	some, _ := lara.next()
	require.Nil(t, some.board.queue("cards"))
	require.Len(t, some.board.Queues, 2)
	require.Equal(t, wallboardAgents{Available: 1}, some.board.Agents)
	require.Zero(t, some.board.Total.Waiting)
	require.Equal(t, int32(3), some.board.Total.Enqueued)
	mine := scopeName("acme", []string{"loans"})
	for _, scope := range []string{"?scope=all", "?scope=" + scopeName("acme", []string{"cards"}), "?scope=x%27"} {
		refused := p.watch(scope, as(token, "lara")...)
		require.Equal(t, 403, refused.status)
		require.Equal(t, codeForbidden, refused.fault["code"])
	}
	same := p.watch("?scope="+mine, as(token, "")...) // the program, for those with that scope
	shown, _ := same.next()
	require.Len(t, shown.board.Queues, 2)
	require.Equal(t, 401, p.watch("").status)
	require.Equal(t, 403, p.watch("", as(token, "olaf")...).status)

	// The warehouse is away, which the board does not mind.
	a := p.query(as(token, ""), queueNumbers("A", ""))
	require.Equal(t, codeUnavailable, dig(a.body, "results", 0, "error", "code"), a.raw)
	w.put(event.TopicRoutingFacts, entryOf("k7", "sales", "waiting", now, now))
	all.until(func(b wallboard) bool { return b.queue("sales").Waiting == 1 })
	lara.until(func(b wallboard) bool { return b.queue("sales").Waiting == 1 })
}

// A stream lasts as long as the right to it.
func TestLiveBoardsEndWithTheRight(t *testing.T) {
	w, token := newBoard(t)
	p := w.process()
	cookie, _ := p.login("sue")
	lara, carl, una := p.watch("", as(token, "lara")...), p.watch("", as(token, "carl")...), p.watch("", as(token, "una")...)
	sue, all := p.watch("", "Cookie", cookie), p.watch("", as(token, "")...)
	same := p.watch("?scope="+scopeName("acme", []string{"loans"}), as(token, "")...)
	for _, x := range []*watching{lara, carl, una, sue, all, same} {
		_, open := x.next()
		require.True(t, open)
	}
	w.change("lara", access.Change{Teams: &[]string{"cards"}})
	lara.ends(codeForbidden)
	same.ends(codeForbidden) // nobody sees that any more
	require.NoError(t, w.accounts.Disable(t.Context(), "acme", "carl", true))
	carl.ends("unknown_user")
	w.change("una", access.Change{Roles: &[]access.Role{access.RoleAgent}})
	una.ends(codeForbidden)
	require.NoError(t, w.accounts.EndSessions(t.Context(), "acme", "sue"))
	sue.ends("unauthenticated")
	require.Equal(t, 200, p.ask("GET", "/api/boards/me", "", as(token, "")...).status)
	require.NoError(t, w.accounts.EndSessions(t.Context(), "acme", "grafana"))
	all.ends("unauthenticated")
	require.Eventually(t, func() bool {
		p.door.boards.mu.Lock()
		defer p.door.boards.mu.Unlock()
		return len(p.door.boards.feeds) == 0
	}, patience, waitStep, "feeds end with their last stream")
}

func TestLiveBoardsAreBounded(t *testing.T) {
	w, token := newBoard(t)
	p := w.process()
	for range maxTenantStreams - 1 {
		require.True(t, p.door.boards.places.Take("acme"))
	}
	first := p.watch("", as(token, "")...)
	require.Equal(t, 200, first.status)
	require.Equal(t, 429, p.watch("", as(token, "")...).status)
	p.stop()
	for open := true; open; {
		_, open = first.next()
	}
	require.Equal(t, 503, p.watch("", as(token, "lara")...).status, "the process has ended")
}

// However fast facts come, a board is told at most four times a second, and what it is told is at most 250 ms old. Without
// facts it is told every five seconds.
func TestTheLagOfALiveBoard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := enginetest.NewLog(1)
		s, f := testServer(log), newFacts(t, log)
		s.work = live.NewCrew()
		st := &boardStream{who: person{Tenant: "acme"}, scope: scopeAll, wake: make(chan struct{}, 1), ended: make(chan struct{})}
		require.True(t, s.joinFeed(st))
		waitingAt := func() (int, time.Time) {
			<-st.wake
			var b wallboard
			require.NoError(t, json.Unmarshal([]byte(strings.TrimPrefix(string(s.newest(st.feed)), "data: ")), &b))
			return b.Total.Waiting, time.Now() //nolint:forbidigo // the bubble's clock
		}
		n, began := waitingAt()
		require.Zero(t, n)
		_, second := waitingAt()
		require.Equal(t, boardPatience, second.Sub(began), "nothing changed")

		applied := map[int]time.Time{}
		var mu sync.Mutex
		done := make(chan struct{})
		go func() {
			defer close(done)
			for i := 1; i <= 400; i++ {
				time.Sleep(time.Duration(1+i*i%37) * time.Millisecond) //nolint:forbidigo // the bubble's clock
				mu.Lock()
				applied[i] = time.Now() //nolint:forbidigo // the bubble's clock
				mu.Unlock()
				s.view.apply([]engine.Delivered{f.put(event.TopicRoutingFacts, entryOf(fmt.Sprint("k", i), "sales", "waiting", 5, 5))})
			}
		}()
		frames, seen, last := 0, 0, time.Time{}
		var worst time.Duration
		for seen < 400 {
			n, at := waitingAt()
			frames++
			if !last.IsZero() {
				require.GreaterOrEqual(t, at.Sub(last), boardPace)
			}
			mu.Lock()
			for i := seen + 1; i <= n; i++ {
				worst = max(worst, at.Sub(applied[i]))
			}
			mu.Unlock()
			seen, last = n, at
		}
		require.LessOrEqual(t, worst, boardPace)
		t.Logf("400 facts in %d frames, none told later than %s", frames, worst)
		<-done
		s.leaveFeed(st)
		synctest.Wait()
		require.Empty(t, s.boards.feeds)
	})
}

// Streams have no end of their own: a server that stops does not wait for them.
func TestAServerThatStopsEndsItsStreams(t *testing.T) {
	w, token := newBoard(t)
	p := w.process()
	x := p.watch("", as(token, "")...)
	_, open := x.next()
	require.True(t, open)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	require.NoError(t, p.Config.Shutdown(ctx))
	for open {
		_, open = x.next()
	}
}

// What came into force is told as far as one sees it.
func TestAnnotations(t *testing.T) {
	w, token := newBoard(t)
	at := w.ms.Load()
	for i, o := range []*event.ConfigObject{
		{Object: &event.ConfigObject_Policy{Policy: &event.Policy{}}},
		{Object: &event.ConfigObject_Queue{Queue: &event.Queue{Id: "cards"}}},
		{Removed: true, Object: &event.ConfigObject_Agent{Agent: &event.Agent{Id: "zoe"}}},
	} {
		w.put(event.TopicConfigFacts, &event.Event{Tenant: "acme", Key: "acme/config", AtMs: at + int64(i+1)*1000, Body: &event.Event_ConfigApplied{
			ConfigApplied: &event.ConfigApplied{Version: uint64(i + 3), Objects: []*event.ConfigObject{o}},
		}})
	}
	p := w.process()
	ask := func(login string, from, to int64) answer {
		return p.ask("GET", fmt.Sprintf("/api/boards/annotations?from_ms=%d&to_ms=%d", from, to), "", as(token, login)...)
	}
	a := ask("", at, at+10_000)
	require.Equal(t, []any{
		map[string]any{"at_ms": float64(at + 3000), "kind": "config", "version": 5.0, "title": "Configuration 5", "text": "agents: zoe (removed)", "tags": []any{"config"}},
		map[string]any{"at_ms": float64(at + 2000), "kind": "config", "version": 4.0, "title": "Configuration 4", "text": "queues: cards", "tags": []any{"config"}},
		map[string]any{"at_ms": float64(at + 1000), "kind": "policy", "version": 3.0, "title": "Policy of configuration 3", "text": "policy: main", "tags": []any{"config", "policy"}},
	}, a.body["annotations"].([]any)[:3], a.raw) //nolint:errcheck // a test
	require.Len(t, ask("", at+1000, at+2000).body["annotations"], 1)
	require.Empty(t, ask("", 1, 2).body["annotations"])
	lara := ask("lara", at, at+10_000)
	require.Len(t, lara.body["annotations"], 4)
	for _, foreign := range []string{"cards", "zoe", "bob"} {
		require.NotContains(t, lara.raw, foreign)
	}
	require.Contains(t, lara.raw, "sales")
	for _, query := range []string{"", "?from_ms=1", "?from_ms=2&to_ms=1", "?from_ms=-1&to_ms=1", "?from_ms=0&to_ms=9e99", "?from_ms=0&to_ms=9223372036854775807"} {
		require.Equal(t, 400, p.ask("GET", "/api/boards/annotations"+query, "", as(token, "")...).status, query)
	}
}

func TestVersionsAreBounded(t *testing.T) {
	v := newView()
	for i := range 3 * maxVersions {
		v.apply([]engine.Delivered{{Event: &event.Event{Tenant: "acme", AtMs: int64(i), Body: &event.Event_ConfigApplied{ConfigApplied: &event.ConfigApplied{
			Version: uint64(i), Objects: []*event.ConfigObject{{Object: &event.ConfigObject_Team{Team: &event.Team{Id: "t"}}}},
		}}}}})
		require.LessOrEqual(t, len(v.tenants["acme"].versions), maxVersions)
	}
	got := v.annotations("acme", nil, 0, latestMoment)
	require.Len(t, got, maxAnnotations)
	require.Equal(t, uint64(3*maxVersions-1), got[0].Version)
}
