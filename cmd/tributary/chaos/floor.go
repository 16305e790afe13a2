package chaos

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tributary-cc/tributary/cmd/tributary/client"
)

// Floor is the people: customers who come and go, and agents who answer them.
type Floor struct {
	base, tenant, entry string
	seed                uint64
	ledger              *Ledger
	agents              []*agent
	// words gives what a customer says next, with planted personal data among it; left tells whether some of that is left.
	words func() string
	left  func() bool

	closing  atomic.Bool
	mu       sync.Mutex
	visitors []*visitor
	errs     []error
	work     sync.WaitGroup
	agentsUp sync.WaitGroup
	stopAll  context.CancelFunc
}

// OpenFloor has agents log in and customers come, through the address of a process or a balancer. With chatty, customers stay
// and agents speak that often in each contact.
func OpenFloor(ctx context.Context, base string, c *Centre, ledger *Ledger, seed uint64, customers int, chatty time.Duration, words func() string, left func() bool) *Floor {
	ctx, stop := context.WithCancel(ctx)
	f := &Floor{base: base, tenant: c.Tenant, entry: c.Entry, seed: seed, ledger: ledger, words: words, left: left, stopAll: stop}
	for i, l := range c.Agents {
		a := newAgent(base, c.Tenant, l.Name, l.Password, ledger, seed)
		a.page.LocalIP = fmt.Sprintf("127.0.1.%d", 1+i%250)
		a.chatty = chatty
		f.agents = append(f.agents, a)
	}
	for _, a := range f.agents {
		f.agentsUp.Go(func() {
			if err := a.run(ctx); err != nil {
				f.failed(err)
			}
		})
	}
	for n := range customers {
		f.work.Go(func() {
			if chatty > 0 {
				f.newVisitor(fmt.Sprintf("c%03d-0", n)).stay(ctx, f.words, f.closing.Load)
			} else {
				f.customers(ctx, n)
			}
		})
	}
	return f
}

func (f *Floor) failed(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.errs = append(f.errs, err)
}

// customers sends one visitor after the other.
func (f *Floor) customers(ctx context.Context, place int) {
	r := rand.New(rand.NewPCG(f.seed, uint64(place))) //nolint:gosec // behaviour, to be repeated
	if !client.Pause(ctx, time.Duration(r.IntN(1000))*time.Millisecond) {
		return
	}
	for n := 0; !f.closing.Load() && ctx.Err() == nil; n++ {
		v := f.newVisitor(fmt.Sprintf("c%03d-%d", place, n))
		v.visit(ctx, f.words, f.closing.Load)
	}
}

func (f *Floor) newVisitor(name string) *visitor {
	v := newVisitor(f.base, f.tenant, f.entry, name, f.ledger, f.seed)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.visitors = append(f.visitors, v)
	return v
}

func (f *Floor) everybody() []*visitor {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.visitors)
}

// Drain lets no new customer in, has the agents finish, and waits until all that was said is accepted and every agent is free.
// It tells what did not come about.
func (f *Floor) Drain(ctx context.Context, patience time.Duration) []string {
	f.closing.Store(true)
	for _, a := range f.agents {
		a.tired.Store(true)
	}
	done := make(chan struct{})
	go func() { f.work.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
		return []string{"stopped"}
	case <-time.After(patience):
		return []string{"customers are still busy after " + patience.String()}
	}
	// Who left with something unsaid, as the process was dead, comes back and says it.
	f.each(ctx, func(v *visitor) bool { return v.chat.Unaccepted() > 0 }, 15*time.Second, func(v *visitor) bool { return v.chat.Unaccepted() == 0 })
	return f.settle(ctx, patience)
}

// settle waits until every agent is free and has nothing unanswered, and says who is not.
func (f *Floor) settle(ctx context.Context, patience time.Duration) []string {
	var why []string
	for end := time.Now().Add(patience); ; {
		why = why[:0]
		for _, a := range f.agents {
			if ok, reason := a.free(); !ok {
				why = append(why, reason)
			} else if n := a.page.Unaccepted(); n > 0 {
				why = append(why, fmt.Sprintf("%s waits for %d answers", a.name, n))
			}
		}
		if len(why) == 0 || time.Now().After(end) || !client.Pause(ctx, 50*time.Millisecond) {
			return why
		}
	}
}

// Probe has new customers come until every agent was offered one more and all personal data is planted, and says who was not.
func (f *Floor) Probe(ctx context.Context, patience time.Duration) []string {
	before := make(map[*agent]int64)
	for _, a := range f.agents {
		before[a] = a.offered.Load()
	}
	var missing []string
	end := time.Now().Add(patience)
	for n := 0; ; n++ {
		missing = missing[:0]
		for _, a := range f.agents {
			if a.offered.Load() == before[a] {
				missing = append(missing, a.name+" got no new offer")
			}
		}
		if len(missing) == 0 && !f.left() || time.Now().After(end) || ctx.Err() != nil {
			break
		}
		f.probe(ctx, fmt.Sprintf("p%03d", n))
	}
	return append(missing, f.settle(ctx, patience)...)
}

// probe is a customer who says one thing and leaves when it is answered.
func (f *Floor) probe(ctx context.Context, name string) {
	v := f.newVisitor(name)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan struct{})
	go func() { v.chat.Run(ctx); close(done) }()
	v.say(name+"-0-0", f.words())
	for n := 1; f.left() && n < 16; n++ { // a person may say 20 things at once
		v.say(fmt.Sprintf("%s-0-%d", name, n), f.words())
	}
	v.until(ctx, 30*time.Second, func() bool { s, n := v.seen(); return n > 0 && s == "ended" })
	v.settle(ctx, 5*time.Second)
	cancel()
	<-done
}

// Revisit has customers come back who lack messages, and waits until they lack none and all they said is accepted.
func (f *Floor) Revisit(ctx context.Context, lack map[string][]string, patience time.Duration, lacks func(name string, ids []string) bool) {
	f.each(ctx, func(v *visitor) bool { return len(lack[v.name]) > 0 }, patience, func(v *visitor) bool {
		return !lacks(v.name, lack[v.name]) && v.chat.Unaccepted() == 0
	})
}

// each has some visitors come back until they are done, twenty at a time.
func (f *Floor) each(ctx context.Context, who func(*visitor) bool, patience time.Duration, done func(*visitor) bool) {
	var work sync.WaitGroup
	places := make(chan struct{}, 20)
	for _, v := range f.everybody() {
		if !who(v) {
			continue
		}
		places <- struct{}{}
		work.Go(func() {
			defer func() { <-places }()
			here, cancel := context.WithCancel(ctx)
			gone := make(chan struct{})
			go func() { v.chat.Run(here); close(gone) }()
			v.until(here, patience, func() bool { return done(v) })
			cancel()
			<-gone
		})
	}
	work.Wait()
}

// Close sends everybody home and tells what went wrong with them.
func (f *Floor) Close() []error {
	f.stopAll()
	f.work.Wait()
	f.agentsUp.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.errs)
}

// meters are those of every screen that is open.
func (f *Floor) meters() []*meter {
	var out []*meter
	for _, a := range f.agents {
		out = append(out, a.meter)
	}
	for _, v := range f.everybody() {
		out = append(out, v.meter)
	}
	return out
}

// Repeats counts messages that one connection showed twice: harmless, as pages drop them, and not promised.
func (f *Floor) Repeats() (customers, agents int) {
	for _, v := range f.everybody() {
		customers += v.chat.Repeats()
	}
	for _, a := range f.agents {
		agents += a.page.Repeats()
	}
	return customers, agents
}

func hashOf(s string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s))
	return h.Sum64()
}

// sortedByKey gives a map's values in the order of their keys.
func sortedByKey[K cmp.Ordered, V any](m map[K]V) []V {
	keys := slices.Sorted(maps.Keys(m))
	out := make([]V, len(keys))
	for i, k := range keys {
		out[i] = m[k]
	}
	return out
}
