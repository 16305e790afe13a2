package embedded

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// pipeBytes is how much a pipe holds in each direction; more waits. net.Pipe holds nothing: each piece that its reader takes would
// cost two changes between goroutines.
const pipeBytes = 64 << 10

// pipe makes two ends of a connection in memory.
func pipe() (client, server net.Conn) {
	there, back := newFlow(), newFlow()
	return &pipeEnd{in: back, out: there}, &pipeEnd{in: there, out: back}
}

// pipeEnd is one end of a pipe. As with a socket, one goroutine reads and one writes.
type pipeEnd struct{ in, out *flow }

func (p *pipeEnd) Read(b []byte) (int, error)  { return p.in.read(b) }
func (p *pipeEnd) Write(b []byte) (int, error) { return p.out.write(b) }

// Close ends both directions; the other end still reads what was written before.
func (p *pipeEnd) Close() error {
	p.in.close()
	p.out.close()
	return nil
}

func (*pipeEnd) LocalAddr() net.Addr  { return pipeAddr{} }
func (*pipeEnd) RemoteAddr() net.Addr { return pipeAddr{} }

func (p *pipeEnd) SetDeadline(t time.Time) error {
	_ = p.SetReadDeadline(t)
	return p.SetWriteDeadline(t)
}

func (p *pipeEnd) SetReadDeadline(t time.Time) error {
	p.in.until(&p.in.reading, t)
	return nil
}

func (p *pipeEnd) SetWriteDeadline(t time.Time) error {
	p.out.until(&p.out.writing, t)
	return nil
}

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe" }

// flow is one direction of a pipe.
type flow struct {
	mu               sync.Mutex
	moved            sync.Cond
	held             []byte // of it, what is before at has been read
	at               int
	closed           bool
	reading, writing deadline
}

// deadline is that of one side; passed says that it is behind us.
type deadline struct {
	timer  *time.Timer
	passed bool
}

func newFlow() *flow {
	f := new(flow)
	f.moved.L = &f.mu
	return f
}

func (f *flow) read(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		switch {
		case f.reading.passed:
			return 0, os.ErrDeadlineExceeded
		case f.at < len(f.held):
			n := copy(b, f.held[f.at:])
			if f.at += n; f.at == len(f.held) {
				f.held, f.at = f.held[:0], 0
				f.moved.Broadcast()
			}
			return n, nil
		case f.closed:
			return 0, io.EOF
		case len(b) == 0:
			return 0, nil
		}
		f.moved.Wait()
	}
}

func (f *flow) write(b []byte) (n int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		switch {
		case f.closed:
			return n, io.ErrClosedPipe
		case f.writing.passed:
			return n, os.ErrDeadlineExceeded
		case n == len(b):
			return n, nil
		}
		if room := pipeBytes - len(f.held); room > 0 {
			some := b[n:min(len(b), n+room)]
			f.held = append(f.held, some...)
			n += len(some)
			f.moved.Broadcast()
			continue
		}
		f.moved.Wait()
	}
}

func (f *flow) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	f.reading.stop()
	f.writing.stop()
	f.moved.Broadcast()
}

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}

// until moves a side's deadline; the zero time is none.
func (f *flow) until(d *deadline, t time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	d.stop()
	d.passed = false
	if t.IsZero() || f.closed {
		return
	}
	left := time.Until(t)
	if left <= 0 {
		d.passed = true
		f.moved.Broadcast()
		return
	}
	var own *time.Timer
	own = time.AfterFunc(left, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if d.timer == own { // not one that was replaced meanwhile
			d.passed = true
			f.moved.Broadcast()
		}
	})
	d.timer = own
}
