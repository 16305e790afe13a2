package embedded

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	acceptPause = 50 * time.Millisecond
	maxIdle     = 10 * time.Minute // between two requests of a connection, as in Kafka
)

// errBadFrame ends a connection that does not speak Kafka, or asks for too much at once.
var errBadFrame = errors.New("embedded: not a request of Kafka's protocol, or too large")

// listenKafka listens for clients of the broker. It stands between them and the broker because the broker believes every
// length it reads and dies of a request it does not know.
func listenKafka(ctx context.Context, network string, config BrokerConfig) (*kafkaListener, error) {
	tcp, err := (&net.ListenConfig{}).Listen(ctx, network, config.Addr)
	if err != nil {
		return nil, fmt.Errorf("embedded: listen for Kafka clients: %w", err)
	}
	l := &kafkaListener{
		Listener: tcp, slots: make(chan struct{}, config.MaxConnections), max: config.MaxRequest, tls: config.TLS,
		ready: make(chan net.Conn), closed: make(chan struct{}),
	}
	go l.acceptTCP() // until it is closed
	return l, nil
}

// kafkaListener bounds the number of connections and checks the frames on each.
type kafkaListener struct {
	net.Listener
	slots  chan struct{}
	max    int
	tls    *tls.Config
	ready  chan net.Conn
	closed chan struct{} // closed when the listener is
}

// Accept waits for the next client; one too many is closed at once.
func (l *kafkaListener) Accept() (net.Conn, error) {
	for {
		var conn net.Conn
		select {
		case conn = <-l.ready:
		case <-l.closed:
			return nil, net.ErrClosed
		}
		select {
		case l.slots <- struct{}{}:
		default:
			_ = conn.Close() // one too many
			continue
		}
		c := &kafkaConn{Conn: conn, in: bufio.NewReader(conn), max: l.max, release: sync.OnceFunc(func() { <-l.slots })}
		c.idle = time.AfterFunc(maxIdle, func() { _ = c.Close() }) // its reader learns of it
		return c, nil
	}
}

func (l *kafkaListener) acceptTCP() {
	defer close(l.closed)
	for {
		conn, err := l.Listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // too many open files, say; the broker would never accept again
			<-time.NewTimer(acceptPause).C
			continue
		}
		if l.tls != nil {
			conn = tls.Server(conn, l.tls)
		}
		l.ready <- conn
	}
}

// dial connects within the process: no socket, no kernel, the same protocol with its limits and its login.
func (l *kafkaListener) dial(ctx context.Context) (net.Conn, error) {
	client, server := pipe()
	select {
	case l.ready <- server:
		return client, nil
	case <-l.closed:
		return nil, fmt.Errorf("embedded: the broker is closed: %w", net.ErrClosed)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// kafkaConn passes bytes on after having looked at the beginning of each frame. It is read by one goroutine.
type kafkaConn struct {
	net.Conn
	in      *bufio.Reader
	max     int
	head    [8]byte // size, API key, version
	ready   []byte  // what is checked of head and not yet read
	left    int     // what is left of the frame after its head
	idle    *time.Timer
	release func()
}

// Read gives bytes of frames that are fit for the broker.
func (c *kafkaConn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(c.ready) == 0 && c.left == 0 {
		if _, err := io.ReadFull(c.in, c.head[:]); err != nil {
			return 0, err
		}
		c.idle.Reset(maxIdle)
		left, err := checkFrame(c.head, c.max)
		if err != nil {
			return 0, err
		}
		c.ready, c.left = c.head[:], left
	}
	if len(c.ready) > 0 {
		n := copy(p, c.ready)
		c.ready = c.ready[n:]
		return n, nil
	}
	n, err := c.in.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

// Close closes the connection and makes room for another.
func (c *kafkaConn) Close() error {
	c.idle.Stop()
	c.release()
	return c.Conn.Close()
}

// checkFrame reads size, API key and version of a request, and returns how many bytes follow them.
func checkFrame(head [8]byte, limit int) (left int, err error) {
	const minimum = 8 // key, version and correlation id; the client's name may be absent
	size := binary.BigEndian.Uint32(head[:4])
	key, version := int16(binary.BigEndian.Uint16(head[4:6])), int16(binary.BigEndian.Uint16(head[6:8])) //nolint:gosec // the wire's own type
	if size < minimum || int64(size) > int64(limit) {
		return 0, fmt.Errorf("%w: %d bytes", errBadFrame, size)
	}
	if request := kmsg.RequestForKey(key); request == nil || version < 0 {
		return 0, fmt.Errorf("%w: API key %d, version %d", errBadFrame, key, version)
	}
	return int(size) - 4, nil
}
