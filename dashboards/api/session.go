package api

import (
	"context"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
)

const (
	maxFrame      = 32 << 10
	maxSnapshot   = 64 << 20
	maxNotes      = 1024
	writeTimeout  = 10 * time.Second
	renderTimeout = 10 * time.Second
	appendTimeout = 10 * time.Second
	// maxReads is how many pages at once are read from the log, and readPatience how long the others wait for their turn.
	maxReads     = 16
	readPatience = time.Minute
	// maxExcess is how many frames over the rate end the connection.
	maxExcess = 100
	// maxIdleSweeps is how many sweeps without a frame end it; screens ping.
	maxIdleSweeps = 6
)

// session is one connection of a page.
type session struct {
	*live.Conn
	server *Server
	who    person
	token  string
	domain string
	id     string
	out    live.Outbox[note]
	rate   live.Bucket
	excess int
	// presence guards what was told to routing.
	presence  sync.Mutex
	gone      bool
	announced int
	// settled: the first announcement is in the log. Patience counts how often routing was then seen not to know of it.
	settled  atomic.Bool
	patience atomic.Int32
	// disclosed are contacts of others whose contents the page was shown; it belongs to the goroutine that drains.
	disclosed map[string]bool
	// queues are those that a page of an account with teams lists; it belongs to that goroutine too.
	queues map[string]bool
	// ended: the page is being told that it was logged out.
	ended atomic.Bool
	// typed is when the page last told of typing, by contact; it belongs to the goroutine that reads.
	typed map[string]time.Time
}

func (s *Server) newSession(conn *live.Conn, who person, token string) *session {
	c := &session{
		Conn: conn, server: s, who: who, token: token, id: s.newID(), domain: s.domainOf(who),
		rate: live.Bucket{Rate: s.limits.CommandRate, Burst: s.limits.CommandBurst},
	}
	c.out.Init(s.limits.Notes, func() { s.work.Start(func() { c.out.Drain(writeTimeout, c.frame, c.send, c.Cut) }) }, func() {
		s.metrics.slow.Inc()
		c.GiveUp()
	})
	return c
}

// frame makes what the page is sent of a note, if anything.
func (c *session) frame(n *note) ([]byte, bool) {
	if n.reads() {
		if !c.server.reads.Enter(readPatience) {
			c.End(live.CloseInternal, "try again")
			return nil, false
		}
		defer c.server.reads.Leave()
		if c.out.Closed() {
			return nil, false
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), renderTimeout)
	defer cancel()
	shown, err := c.disclose(ctx, n)
	if err == nil && !shown {
		return nil, true
	}
	var made []byte
	if err == nil {
		made, err = c.server.render(ctx, c.who, n)
	}
	if err != nil {
		c.server.logger.LogAttrs(ctx, slog.LevelError, "a frame could not be made; the page reconnects", slog.String("error", err.Error()))
		c.End(live.CloseInternal, "try again")
		return nil, false
	}
	return made, true
}

func (c *session) send(n *note, frame []byte) bool {
	sent := c.Write(frame)
	if n.kind == noteLoggedOut {
		c.End(live.CloseLogin, "logged out by a supervisor")
	}
	return sent
}

// Open shows the page what there is, and tells routing that the agent has it.
func (c *session) Open() {
	c.server.conns.Join(c)
	c.server.view.subscribe(c.who.Tenant, c.who.Agent, c)
	if err := c.announce(context.Background()); err != nil {
		c.End(live.CloseInternal, "the log cannot be written")
		return
	}
	c.settled.Store(true)
}

func (c *session) push(n note) {
	if n.account == "" || n.kind == noteLoggedOut || n.account == c.who.Account {
		c.out.Push(n)
	}
}

// announce tells routing that the agent has this connection.
func (c *session) announce(ctx context.Context) error {
	c.presence.Lock()
	defer c.presence.Unlock()
	if !c.who.works() || c.gone {
		return nil
	}
	// Each announcement names a connection of its own, as routing drops repeats; the last one is taken back first, so
	// that none is left over should routing still believe in it.
	if c.announced > 0 {
		if err := c.retract(ctx); err != nil {
			return err
		}
	}
	c.announced++
	return c.toRouting(ctx, &event.Event{Body: &event.Event_AgentConnected{AgentConnected: &event.AgentConnected{
		Agent: c.who.Agent, Gateway: c.server.gateway, Connection: c.link(),
	}}}, "connected", c.link())
}

// link is the connection's name in the log, with presence held or after the end.
func (c *session) link() string { return c.id + "-" + strconv.Itoa(c.announced) }

// retract takes the announcement back, with presence held or after the end.
func (c *session) retract(ctx context.Context) error {
	return c.toRouting(ctx, &event.Event{Body: &event.Event_AgentDisconnected{AgentDisconnected: &event.AgentDisconnected{
		Agent: c.who.Agent, Gateway: c.server.gateway, Connection: c.link(),
	}}}, "disconnected", c.link())
}

// Close tells routing that the agent has the page no more, and again until the log takes it: nobody else can tell, for this
// process lives on. Where it ends, its silence tells. Until then the connection counts.
func (c *session) Close() {
	defer c.server.leave(c)
	c.out.Close()
	c.server.view.unsubscribe(c.who.Tenant, c.who.Agent, c)
	c.presence.Lock()
	c.gone = true // nothing is announced from here on
	announced := c.announced > 0
	c.presence.Unlock()
	if !announced {
		return
	}
	err := c.server.work.Insist(func() error { return c.retract(context.Background()) }, func(err error) bool {
		return asFault(err).kind == kindTransient
	})
	if err != nil {
		c.server.logger.Warn("a disconnection could not be appended; the gateway's silence will tell it", slog.String("error", err.Error()))
	}
}

// toRouting appends an event to the agent's routing domain.
func (c *session) toRouting(ctx context.Context, e *event.Event, cause ...string) error {
	ctx, cancel := context.WithTimeout(ctx, appendTimeout)
	defer cancel()
	e.Key = event.Key(c.who.Tenant, c.domain)
	return c.server.append(ctx, event.TopicRoutingIn, c.who.Tenant, e, nil, cause...)
}

// Read takes a command: the next is read when this one is answered.
func (c *session) Read(frame []byte) {
	cmd, err := parseCommand(frame)
	if err == nil && !c.rate.Take(c.server.now()) {
		err = errRate
		if c.excess++; c.excess > maxExcess {
			c.End(live.CloseRate, "too many commands")
			return
		}
	}
	if err == nil {
		ctx, cancel := context.WithTimeout(context.Background(), appendTimeout)
		defer cancel()
		err = c.do(ctx, cmd)
	}
	c.answer(cmd, err)
}
