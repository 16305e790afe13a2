package bench

import (
	"context"
	"encoding/json"
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

// openAtOnce bounds the connections being opened at a time: how a process bears all of them at once is another question.
const (
	openAtOnce  = 16
	openTimeout = 2 * time.Minute
)

// perSource is how many connections come from one address of this machine: the doors bound what one client address may open.
const perSource = 150

// pages are connections of one kind, in the order in which they were opened.
type pages struct {
	all  []*page
	mu   sync.Mutex
	live []*page // in the order in which they came to be open
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
	// shown is closed with the first frame that shows something: a snapshot or a history.
	shown chan struct{}
	first sync.Once
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
	if json.Unmarshal(m.Bytes(), &f) != nil {
		return
	}
	if f.Type == "snapshot" || f.Type == "history" {
		p.first.Do(func() { close(p.shown) })
	}
	p.handle(p, &f)
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

// opening says how connections of one kind are opened.
type opening struct {
	n      int
	url    func(i int) string
	header func(i int) http.Header
	handle func(*page, *frame)
	// greet, if any, is called for each once it is there; then its first frame is waited for.
	greet func(i int, p *page) error
}

// open opens the connections, some at a time.
func open(ctx context.Context, o opening) (*pages, error) {
	all := &pages{all: make([]*page, o.n)}
	pinging, stop := context.WithCancel(context.WithoutCancel(ctx))
	all.stop = stop
	all.work.Go(func() { all.ping(pinging) })
	err := each(ctx, o.n, openAtOnce, func(ctx context.Context, i int) error {
		p := &page{owner: all, handle: o.handle, shown: make(chan struct{})}
		if err := p.dial(o.url(i), o.header(i), i/perSource); err != nil {
			return fmt.Errorf("connection %d: %w", i, err)
		}
		all.all[i] = p
		all.mu.Lock()
		all.live = append(all.live, p)
		all.mu.Unlock()
		all.work.Go(p.conn.ReadLoop)
		if o.greet == nil {
			return nil
		}
		if err := o.greet(i, p); err != nil {
			return err
		}
		select {
		case <-p.shown:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(openTimeout):
			return fmt.Errorf("connection %d: nothing was shown within %s", i, openTimeout)
		}
	})
	if err != nil {
		all.close()
		return nil, err
	}
	return all, nil
}

func (p *page) dial(url string, header http.Header, from int) error {
	local := &net.TCPAddr{IP: net.IPv4(127, 0, byte(1+from/250), byte(1+from%250))} //nolint:gosec // small
	conn, resp, err := gws.NewClient(p, &gws.ClientOption{                          //nolint:bodyclose // the library has closed it
		Addr: url, RequestHeader: header, HandshakeTimeout: openTimeout, ReadMaxPayloadSize: 4 << 20, ReadBufferSize: 1 << 10,
		NewDialer: func() (gws.Dialer, error) { return source{net.Dialer{LocalAddr: local, Timeout: openTimeout}}, nil },
	})
	if err != nil && resp != nil {
		return fmt.Errorf("%s: %w", resp.Status, err)
	}
	p.conn = conn
	return err
}

// ping has each connection say something every pingEvery, evenly spread.
func (a *pages) ping(ctx context.Context) {
	const steps = 100
	t := time.NewTicker(pingEvery / steps)
	defer t.Stop()
	for step := 0; ; step = (step + 1) % steps {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		a.mu.Lock()
		live := a.live
		a.mu.Unlock()
		for i := step; i < len(live); i += steps {
			_ = live[i].send([]byte(`{"type":"ping"}`)) // a lost one is counted
		}
	}
}

// close ends all connections.
func (a *pages) close() {
	if a == nil {
		return
	}
	a.stop()
	for _, p := range a.all {
		if p != nil && p.conn != nil {
			p.closed.Store(true)
			_ = p.conn.NetConn().Close()
		}
	}
	a.work.Wait()
}

func wsURL(base, path string) string { return "ws" + strings.TrimPrefix(base, "http") + path }
