package live

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/lxzan/gws"
)

// Codes with which doors close connections, besides those of RFC 6455.
const (
	CloseGoingAway   = 1001
	CloseUnsupported = 1003
	CloseInternal    = 1011
	// CloseLogin: who the connection was made for is not let in, or not any more.
	CloseLogin = 4001
	// CloseSlow: the other side did not read its frames in time; it reconnects and begins anew.
	CloseSlow = 4008
	// CloseMoved: something the connection was made under has changed; reconnect.
	CloseMoved = 4012
	// CloseRate: the other side kept sending far more than a person does.
	CloseRate = 4029
)

const (
	handshakeTimeout = 5 * time.Second
	slowGrace        = time.Second
	readBuffer       = 1 << 10
)

// Peer is what a door does with a connection. All of it is called in the connection's reading goroutine: Open first, then Read
// for one text frame after the other, Close last. A ping of the protocol is read as the frame of a ping: so a flood of them is
// bounded as everything else.
type Peer interface {
	Open()
	Read(frame []byte)
	Close()
}

// Conn is a connection of a browser. It may be used by many goroutines.
type Conn struct {
	socket *gws.Conn
	work   *Crew
	peer   Peer
	quiet  atomic.Int32
}

// End closes the connection with a code; its reading goroutine then does the rest.
func (c *Conn) End(code uint16, reason string) {
	c.work.Start(func() { _ = c.socket.WriteClose(code, []byte(reason)) })
}

// Cut closes the socket at once; twice is fine.
func (c *Conn) Cut() { _ = c.socket.NetConn().Close() }

// GiveUp ends a connection that is too slow. A write that hangs keeps the connection's lock, so that no close frame can follow
// it: then only the socket helps.
func (c *Conn) GiveUp() {
	time.AfterFunc(slowGrace, c.Cut)
	c.End(CloseSlow, "too slow")
}

// Write sends a text frame; false means that the connection is over.
func (c *Conn) Write(frame []byte) bool { return c.socket.WriteMessage(gws.OpcodeText, frame) == nil }

// Quiet counts its calls since anything was heard of the other side.
func (c *Conn) Quiet() int { return int(c.quiet.Add(1)) }

// Sockets makes connections.
type Sockets struct {
	upgrader *gws.Upgrader
	work     *Crew
}

// NewSockets makes connections that the crew reads, of frames of so many bytes at most each way.
func NewSockets(work *Crew, logger *slog.Logger, maxRead, maxWrite int) *Sockets {
	return &Sockets{work: work, upgrader: gws.NewUpgrader(events{}, &gws.ServerOption{
		ReadMaxPayloadSize: maxRead, WriteMaxPayloadSize: maxWrite, ReadBufferSize: readBuffer, CheckUtf8Enabled: true,
		HandshakeTimeout: handshakeTimeout, Logger: silent{},
		NewSession: func() gws.SessionStorage { return new(holder) },
		Recovery: func(gws.Logger) {
			if r := recover(); r != nil {
				logger.Error("a frame panicked", slog.String("kind", fmt.Sprintf("%T", r)), slog.String("stack", string(debug.Stack())))
			}
		},
	})}
}

// Serve upgrades a request to a connection for what peer gives. False means that there is none, and nothing of the peer was
// called.
func (s *Sockets) Serve(w http.ResponseWriter, r *http.Request, peer func(*Conn) Peer) bool {
	socket, err := s.upgrader.Upgrade(w, r)
	if err != nil {
		return false // the library has answered
	}
	c := &Conn{socket: socket, work: s.work}
	h, ok := socket.Session().(*holder)
	if !ok {
		c.Cut()
		return false
	}
	c.peer, h.conn = peer(c), c
	if !s.work.Start(socket.ReadLoop) {
		c.Cut()
		return false
	}
	return true
}

// holder carries a connection in the place that gws has for values by name.
type holder struct{ conn *Conn }

func (h *holder) Len() int                     { return 0 }
func (h *holder) Load(string) (any, bool)      { return nil, false }
func (h *holder) Delete(string)                {}
func (h *holder) Store(string, any)            {}
func (h *holder) Range(func(string, any) bool) {}

// events passes gws's callbacks to the peer.
type events struct{}

func connOf(socket *gws.Conn) *Conn {
	if h, ok := socket.Session().(*holder); ok {
		return h.conn
	}
	return nil
}

func (events) OnOpen(socket *gws.Conn) {
	if c := connOf(socket); c != nil {
		c.peer.Open()
	}
}

func (events) OnClose(socket *gws.Conn, _ error) {
	if c := connOf(socket); c != nil {
		c.peer.Close()
	}
}

func (events) OnPing(socket *gws.Conn, _ []byte) {
	if c := connOf(socket); c != nil {
		c.quiet.Store(0)
		c.peer.Read([]byte(`{"type":"ping"}`))
	}
}

func (events) OnPong(socket *gws.Conn, _ []byte) {
	if c := connOf(socket); c != nil {
		c.quiet.Store(0)
	}
}

func (events) OnMessage(socket *gws.Conn, m *gws.Message) {
	defer func() { _ = m.Close() }() // gives the buffer back; it cannot fail
	c := connOf(socket)
	if c == nil {
		return
	}
	c.quiet.Store(0)
	if m.Opcode != gws.OpcodeText {
		c.End(CloseUnsupported, "text frames only")
		return
	}
	c.peer.Read(m.Bytes())
}

// silent drops the library's own log lines: they may quote a frame.
type silent struct{}

func (silent) Error(...any) {}
