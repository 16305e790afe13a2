package api

import "sync"

// outbox is a page's bounded queue of notes. A goroutine drains it while there is something in it, so that an idle
// connection costs none. A page that falls too far behind is given up: it reconnects and begins with a snapshot.
type outbox struct {
	mu      sync.Mutex
	queue   []note
	running bool
	dead    bool
	limit   int
	// start runs the drain in a goroutine of the server's.
	start func()
	// overflow is called once, with the outbox unlocked to nobody: it must not block.
	overflow func()
}

func (o *outbox) push(n note) {
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

// take gives what is queued, or ends the drain.
func (o *outbox) take() ([]note, bool) {
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

// close drops what is queued and refuses more.
func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.dead, o.queue = true, nil
}

func (o *outbox) isDead() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.dead
}
