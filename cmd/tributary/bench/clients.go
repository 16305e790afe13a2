package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lxzan/gws"
)

// pingEvery keeps connections that say nothing from being ended as idle.
const pingEvery = 15 * time.Second

// perSource is how many connections come from one address of this machine: the doors bound what one client address may open.
const perSource = 150

// pages are connections of one kind, in the order in which they were opened.
type pages struct {
	all  []*page
	lost atomic.Int64
	stop context.CancelFunc
	work sync.WaitGroup
}

// page is one connection. It does not reconnect: one that is lost during a measurement is told.
type page struct {
	gws.BuiltinEventHandler
	conn   *gws.Conn
	owner  *pages
	handle func(p *page, f *frame)
	closed atomic.Bool
}

// frame is what the bench looks at in any frame.
type frame struct {
	Type     string `json:"type"`
	ID       string `json:"id"`
	Code     string `json:"code"`
	Text     string `json:"text"`
	ClientID string `json:"client_id"`
	Message  struct {
		ID       string `json:"id"`
		ClientID string `json:"client_id"`
	} `json:"message"`
	Messages []struct {
		ID string `json:"id"`
	} `json:"messages"`
	Contacts []struct {
		ID string `json:"id"`
	} `json:"contacts"`
}

// OnMessage is called for one frame after the other.
func (p *page) OnMessage(_ *gws.Conn, m *gws.Message) {
	defer m.Close() //nolint:errcheck // gives the buffer back
	var f frame
	// Most fields of a frame are skipped; its type is known to all of them.
	if json.Unmarshal(m.Bytes(), &f) == nil {
		p.handle(p, &f)
	}
}

// OnClose counts connections that were lost.
func (p *page) OnClose(*gws.Conn, error) {
	if !p.closed.Swap(true) {
		p.owner.lost.Add(1)
	}
}

func (p *page) send(frame []byte) error { return p.conn.WriteMessage(gws.OpcodeText, frame) }

// source is a dialer from one of this machine's loopback addresses.
type source struct{ d net.Dialer }

func (s source) Dial(network, addr string) (net.Conn, error) { return s.d.Dial(network, addr) }

// open opens n connections. greet is called for each once it is there.
func open(ctx context.Context, n int, url func(i int) string, header func(i int) http.Header, handle func(*page, *frame), greet func(i int, p *page) error) (*pages, error) {
	all := &pages{all: make([]*page, n)}
	err := each(ctx, n, 16, func(_ context.Context, i int) error {
		p := &page{owner: all, handle: handle}
		from := i / perSource
		local := &net.TCPAddr{IP: net.IPv4(127, 0, byte(1+from/250), byte(1+from%250))} //nolint:gosec // small
		conn, resp, err := gws.NewClient(p, &gws.ClientOption{
			Addr: url(i), RequestHeader: header(i), HandshakeTimeout: 20 * time.Second, ReadMaxPayloadSize: 4 << 20, ReadBufferSize: 1 << 10,
			NewDialer: func() (gws.Dialer, error) {
				return source{net.Dialer{LocalAddr: local, Timeout: 20 * time.Second}}, nil
			},
		})
		if err != nil {
			if resp != nil {
				return fmt.Errorf("connection %d: %s: %w", i, resp.Status, err)
			}
			return fmt.Errorf("connection %d: %w", i, err)
		}
		p.conn, all.all[i] = conn, p
		all.work.Go(conn.ReadLoop)
		return greet(i, p)
	})
	if err != nil {
		all.close()
		return nil, err
	}
	ctx, all.stop = context.WithCancel(ctx)
	all.work.Go(func() { all.ping(ctx) })
	return all, nil
}

func (a *pages) ping(ctx context.Context) {
	t := time.NewTicker(pingEvery / time.Duration(len(a.all)+1))
	defer t.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			_ = a.all[i%len(a.all)].send([]byte(`{"type":"ping"}`)) // a lost one is counted
		}
	}
}

// close ends all connections.
func (a *pages) close() {
	if a == nil {
		return
	}
	if a.stop != nil {
		a.stop()
	}
	for _, p := range a.all {
		if p != nil && p.conn != nil {
			p.closed.Store(true)
			_ = p.conn.NetConn().Close()
		}
	}
	a.work.Wait()
}

// eventually waits for a count to reach a number.
func eventually(ctx context.Context, what string, n int64, count *atomic.Int64) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for count.Load() < n {
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("%d of %d %s", count.Load(), n, what), ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
	return nil
}

func wsURL(base, path string) string { return "ws" + strings.TrimPrefix(base, "http") + path }
