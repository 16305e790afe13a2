package floor

import (
	"context"
	"crypto/rand"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tributary-cc/tributary/cmd/tributary/client"
)

// Config is what a floor is made of.
type Config struct {
	// Base is where the doors are, e.g. http://127.0.0.1:8080.
	Base, Tenant string
	Agents       []Agent
	// Entries are the entry points customers come to; Secrets, what their sites sign with.
	Entries []string
	Secrets map[string]string
	// Families are queues that agents pass contacts between; Codes and Reasons, what they choose from.
	Families       [][]string
	Codes, Reasons []string
	// PerMinute is how many customers come at speed 1.
	PerMinute float64
	// Speed divides all pauses.
	Speed float64
	Seed  uint64
	// Most is how many customers are here at once; 0 means 500.
	Most int
}

// Agent is one to be simulated.
type Agent struct{ ID, Login, Password, Language string }

// Stats count what the simulated people did.
type Stats struct {
	Visits, Returns, Said, GaveUp, Left, Surveys                        int64
	Answered, Transfers, WrappedUp, Breaks, Missed, Refused, TurnedAway int64
}

// Floor runs the simulated people.
type Floor struct {
	config Config
	run    string // names this run's messages among those of others
	stats  Stats
	people sync.WaitGroup
}

// Limits of a floor.
const (
	mostPeople = 500
	maxSpeed   = 1000
)

// New checks the parts.
func New(c Config) (*Floor, error) {
	if c.Speed <= 0 || c.Speed > maxSpeed {
		return nil, fmt.Errorf("speed %g; it is above 0 and at most %d", c.Speed, maxSpeed)
	}
	if c.PerMinute < 0 || len(c.Entries) == 0 || len(c.Codes) == 0 || len(c.Reasons) == 0 {
		return nil, fmt.Errorf("a floor needs entry points, wrap-up codes and reasons for breaks")
	}
	if c.Most == 0 {
		c.Most = mostPeople
	}
	if _, err := lines(); err != nil {
		return nil, fmt.Errorf("the lines of the floor: %w", err)
	}
	return &Floor{config: c, run: strings.ToLower(rand.Text()[:12])}, nil
}

// Run has people come and work until ctx is done, and waits until all are gone.
func (f *Floor) Run(ctx context.Context) {
	b, err := lines()
	if err != nil {
		return // New found it
	}
	defer f.people.Wait()
	for _, one := range f.config.Agents {
		f.people.Go(func() { f.newAgent(one, b).work(ctx) })
	}
	if f.config.PerMinute == 0 {
		<-ctx.Done()
		return
	}
	entries := make(map[string]bool, len(f.config.Entries))
	for _, e := range f.config.Entries {
		entries[e] = true
	}
	plan := newPlanner(f.config.Seed, b, f.config.PerMinute, entries)
	places := make(chan struct{}, f.config.Most)
	for n := 0; ; n++ {
		v := plan.next()
		if !f.wait(ctx, v.After) {
			return
		}
		select {
		case places <- struct{}{}:
		default:
			f.count(&f.stats.TurnedAway)
			continue
		}
		f.people.Go(func() {
			defer func() { <-places }()
			f.visit(ctx, n, v)
		})
	}
}

// Practise has customers come to one entry point until ctx is done: of those who come to another, one after the other, and
// without haste. It waits until they are gone.
func (f *Floor) Practise(ctx context.Context, entry, as string) {
	b, err := lines()
	if err != nil {
		return // New found it
	}
	plan := newPlanner(f.config.Seed, b, practicePerMinute, map[string]bool{as: true})
	places := make(chan struct{}, practiceMost)
	var people sync.WaitGroup
	defer people.Wait()
	for n := 0; ctx.Err() == nil; n++ {
		v := plan.next()
		v.Entry, v.Gold, v.Returns, v.Leaves, v.Patience = entry, false, nil, false, practicePatience
		v.After = min(v.After, practiceLatest)
		if n == 0 {
			v.After = 0 // whoever asks for practice does not like to wait
		}
		if !f.wait(ctx, v.After) {
			return
		}
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
			return
		}
		people.Go(func() {
			defer func() { <-places }()
			f.visit(ctx, practiceFirst+n, v)
		})
	}
}

// The pace of practice.
const (
	practicePerMinute = 1.5
	practiceMost      = 2
	practiceFirst     = 1_000_000 // numbers of visits that are not the plan's
	practicePatience  = 10 * time.Minute
	practiceLatest    = time.Minute
)

// Stats are the numbers so far.
func (f *Floor) Stats() Stats {
	var out Stats
	s := &f.stats
	for to, from := range map[*int64]*int64{
		&out.Visits: &s.Visits, &out.Returns: &s.Returns, &out.Said: &s.Said, &out.GaveUp: &s.GaveUp, &out.Left: &s.Left, &out.Surveys: &s.Surveys,
		&out.Answered: &s.Answered, &out.Transfers: &s.Transfers, &out.WrappedUp: &s.WrappedUp, &out.Breaks: &s.Breaks, &out.Missed: &s.Missed,
		&out.Refused: &s.Refused, &out.TurnedAway: &s.TurnedAway,
	} {
		*to = atomic.LoadInt64(from)
	}
	return out
}

func (f *Floor) count(n *int64) { atomic.AddInt64(n, 1) }

func (f *Floor) scale(d time.Duration) time.Duration {
	return time.Duration(float64(d) / f.config.Speed)
}

func (f *Floor) wait(ctx context.Context, d time.Duration) bool { return client.Pause(ctx, f.scale(d)) }

// localIP is where a customer connects from: the doors limit each address, and one machine has many only for itself.
func (f *Floor) localIP(n int) string {
	if runtime.GOOS != "linux" || !strings.Contains(f.config.Base, "//127.") {
		return ""
	}
	return fmt.Sprintf("127.1.%d.%d", n/250%250, n%250+2)
}
