package api

import (
	"context"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lxzan/gws"

	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
)

// Codes with which a page's connection is closed, besides those of RFC 6455.
const (
	closeGoingAway   = 1001
	closeUnsupported = 1003
	closeInternal    = 1011
	// closeLogin: the login has ended.
	closeLogin = 4001
	// closeSlow: the page did not read its frames in time; it reconnects and begins with a snapshot.
	closeSlow = 4008
	// closeMoved: something the connection was made under has changed; reconnect.
	closeMoved = 4012
	// closeRate: the page kept sending far more than a person does.
	closeRate = 4029
)

const (
	maxFrame      = 32 << 10
	maxNotes      = 1024
	writeTimeout  = 10 * time.Second
	renderTimeout = 10 * time.Second
	appendTimeout = 10 * time.Second
	slowGrace     = time.Second
	// maxExcess is how many frames over the rate end the connection.
	maxExcess = 100
	// maxIdleSweeps is how many sweeps without a frame end it; screens ping.
	maxIdleSweeps = 6
)

// session is one connection of a page.
type session struct {
	server *Server
	who    person
	token  string
	domain string
	id     string
	conn   *gws.Conn
	out    live.Outbox[note]
	rate   live.Bucket
	excess int
	idle   atomic.Int32
	// presence guards what was told to routing.
	presence  sync.Mutex
	gone      bool
	announced int
	// settled: the first announcement is in the log. Patience counts how often routing was then seen not to know of it.
	settled  atomic.Bool
	patience atomic.Int32
	// disclosed are contacts of others whose contents the page was shown; it belongs to the goroutine that drains.
	disclosed map[string]bool
}

func (s *Server) newSession(who person, token string) *session {
	c := &session{
		server: s, who: who, token: token, id: s.newID(), rate: live.Bucket{Rate: s.limits.CommandRate, Burst: s.limits.CommandBurst},
		domain: s.domainOf(who),
	}
	c.out.Init(s.limits.Notes, func() { s.work.Start(func() { c.out.Drain(writeTimeout+renderTimeout, c.write, c.Cut) }) }, func() {
		s.metrics.slow.Inc()
		// A write that hangs keeps the connection's lock, so that no close frame can follow it: then only the socket helps.
		time.AfterFunc(slowGrace, c.Cut)
		c.End(closeSlow, "too slow")
	})
	return c
}

// Cut closes the socket at once; twice is fine.
func (c *session) Cut() { _ = c.conn.NetConn().Close() }

func (c *session) write(n *note) bool {
	ctx, cancel := context.WithTimeout(context.Background(), renderTimeout)
	defer cancel()
	shown, err := c.disclose(ctx, n)
	if err == nil && !shown {
		return true
	}
	var frame []byte
	if err == nil {
		frame, err = c.server.render(ctx, c.who.Tenant, n)
	}
	if err != nil {
		c.server.logger.LogAttrs(ctx, slog.LevelError, "a frame could not be made; the page reconnects", slog.String("error", err.Error()))
		c.End(closeInternal, "try again")
		return false
	}
	return c.conn.WriteMessage(gws.OpcodeText, frame) == nil
}

// open runs first in the connection's reading goroutine.
func (c *session) open() {
	c.server.conns.Join(c)
	c.server.view.subscribe(c.who.Tenant, c.who.Agent, c)
	if err := c.announce(context.Background()); err != nil {
		c.End(closeInternal, "the log cannot be written")
		return
	}
	c.settled.Store(true)
}

// End closes the connection with a code; its reading goroutine then does the rest.
func (c *session) End(code uint16, reason string) {
	c.server.work.Start(func() { _ = c.conn.WriteClose(code, []byte(reason)) })
}

func (c *session) push(n note) {
	if n.account == "" || n.account == c.who.Account {
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

// link is the connection's name in the log, with presence held.
func (c *session) link() string { return c.id + "-" + strconv.Itoa(c.announced) }

// retract takes the announcement back, with presence held.
func (c *session) retract(ctx context.Context) error {
	return c.toRouting(ctx, &event.Event{Body: &event.Event_AgentDisconnected{AgentDisconnected: &event.AgentDisconnected{
		Agent: c.who.Agent, Gateway: c.server.gateway, Connection: c.link(),
	}}}, "disconnected", c.link())
}

func (c *session) close() {
	defer c.server.leave(c)
	c.out.Close()
	c.server.view.unsubscribe(c.who.Tenant, c.who.Agent, c)
	c.presence.Lock()
	defer c.presence.Unlock()
	c.gone = true
	if c.announced == 0 {
		return
	}
	if err := c.retract(context.Background()); err != nil {
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

// read takes one frame in the connection's reading goroutine: the next is read when this one is answered.
func (c *session) read(opcode gws.Opcode, frame []byte) {
	c.idle.Store(0)
	if opcode != gws.OpcodeText {
		c.End(closeUnsupported, "text frames only")
		return
	}
	cmd, err := parseCommand(frame)
	if err == nil && !c.rate.Take(c.server.now()) {
		err = errRate
		if c.excess++; c.excess > maxExcess {
			c.End(closeRate, "too many commands")
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
