package live

import (
	"sync"
	"time"
)

// Outbox is the bounded queue between a view and one connection. A goroutine drains it while there is something in it, so
// that an idle connection costs none. A connection that falls too far behind is given up: it returns and begins anew.
type Outbox[N any] struct {
	mu      sync.Mutex
	queue   []N
	running bool
	dead    bool
	limit   int
	// start runs Drain in a goroutine; overflow ends the connection. Both are called with the outbox locked, and must not block.
	start, overflow func()
}

// Init sets what the outbox calls: start must run a function in a goroutine that takes until Take ends it, overflow must
// see to the connection's end. Neither may block or call the outbox.
func (o *Outbox[N]) Init(limit int, start, overflow func()) {
	o.limit, o.start, o.overflow = limit, start, overflow
}

// Push queues a note. It never blocks.
func (o *Outbox[N]) Push(n N) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.dead {
		return
	}
	if len(o.queue) >= o.limit {
		o.dead, o.queue = true, nil
		o.overflow()
		return
	}
	o.queue = append(o.queue, n)
	if !o.running {
		o.running = true
		o.start()
	}
}

// Take gives what is queued, or ends the drain.
func (o *Outbox[N]) Take() ([]N, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.queue) == 0 {
		o.running = false
		return nil, false
	}
	all := o.queue
	o.queue = nil
	return all, true
}

// Drain makes a frame of each note that is queued and sends it, until there is nothing more or either is false, which closes
// the outbox. A nil frame is not sent. To send may take as long as limit, then cut is called; to make takes what it takes.
func (o *Outbox[N]) Drain(limit time.Duration, frame func(*N) ([]byte, bool), send func(*N, []byte) bool, cut func()) {
	timer := time.AfterFunc(limit, cut)
	timer.Stop()
	defer timer.Stop()
	for {
		notes, more := o.Take()
		if !more {
			return
		}
		for i := range notes {
			if o.Closed() {
				break
			}
			timer.Stop()
			made, ok := frame(&notes[i])
			if ok && made != nil {
				timer.Reset(limit)
				ok = send(&notes[i], made)
			}
			if !ok {
				o.Close()
				break
			}
		}
	}
}

// Close drops what is queued and refuses more.
func (o *Outbox[N]) Close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.dead, o.queue = true, nil
}

// Closed reports whether the connection was given up or closed.
func (o *Outbox[N]) Closed() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.dead
}
