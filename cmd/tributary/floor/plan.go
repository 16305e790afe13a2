package floor

import (
	"math/rand/v2"
	"time"
)

// visit is what one customer is going to do.
type visit struct {
	// After is the pause since the visit before.
	After time.Duration
	Entry string
	Lines []string
	// Patience is how long they wait for an agent; Think, how long between reading and writing.
	Patience, Think time.Duration
	// Leaves closes the page instead of ending the chat, Drops loses the connection in the middle, Returns comes back with
	// another wish after a while.
	Leaves, Drops bool
	Returns       *visit
	// Gold are customers for whom the site vouches, with the tier.
	Gold bool
	// Score answers the survey; 0 does not.
	Score   int
	Comment string
	Thanks  string
}

// planner draws visits. The same seed gives the same ones.
type planner struct {
	rand *rand.Rand
	book *book
	// every is the mean pause between two visits.
	every time.Duration
	// entries are the entry points that there are.
	entries map[string]bool
}

func newPlanner(seed uint64, b *book, perMinute float64, entries map[string]bool) *planner {
	return &planner{rand.New(rand.NewPCG(seed, 0x7269766572)), b, time.Duration(float64(time.Minute) / perMinute), entries} //nolint:gosec // a plan that can be drawn again is wanted
}

func (p *planner) chance(percent int) bool { return p.rand.IntN(100) < percent }

// about draws a length of time around a mean: never below a quarter of it, seldom above four times.
func about(r *rand.Rand, mean time.Duration) time.Duration {
	return mean/4 + min(time.Duration(r.ExpFloat64()*float64(mean)*3/4), 4*mean)
}

func pick[T any](r *rand.Rand, all []T) T { return all[r.IntN(len(all))] }

// crowd chooses who comes: two of three to the bank, a tenth in the other language.
func (p *planner) crowd() *crowd {
	entry, other := "travel", p.chance(10)
	if p.chance(60) {
		entry = "bank"
	}
	var found []*crowd
	for i := range p.book.Customers {
		c := &p.book.Customers[i]
		if c.Entry == entry && p.entries[entry] {
			found = append(found, c)
		}
	}
	switch {
	case len(found) == 0:
		for i := range p.book.Customers {
			if p.entries[p.book.Customers[i].Entry] {
				found = append(found, &p.book.Customers[i])
			}
		}
		return pick(p.rand, found)
	case other && len(found) > 1:
		return found[1]
	}
	return found[0]
}

func (p *planner) next() visit {
	v := p.visit(p.crowd())
	v.After = about(p.rand, p.every)
	return v
}

func (p *planner) visit(c *crowd) visit {
	r := p.rand
	s := pick(r, c.Scripts)
	v := visit{
		Entry: c.Entry, Lines: append([]string{}, s.Lines...), Patience: about(r, 4*time.Minute), Think: about(r, 9*time.Second),
		Leaves: p.chance(12), Drops: p.chance(10), Gold: c.Entry == "bank" && p.chance(8), Thanks: pick(r, c.Thanks),
	}
	switch n := r.IntN(100); {
	case n < 10: // says at first what no model can read
		v.Lines = append([]string{pick(r, c.Vague)}, v.Lines...)
	case n < 15:
		v.Lines = append([]string{pick(r, c.Insist)}, v.Lines...)
	case n < 20: // wants something else than it seemed
		other := pick(r, c.Scripts)
		v.Lines = append(v.Lines, other.Lines...)
	case n < 30:
		v.Patience = about(r, 20*time.Second)
	}
	if p.chance(55) {
		v.Score = []int{1, 2, 3, 4, 4, 4, 5, 5, 5, 5}[r.IntN(10)]
		v.Comment = pick(r, c.Comments)
	}
	if p.chance(15) {
		again := p.visit(c)
		again.Returns, again.Gold, again.After = nil, v.Gold, about(r, 3*time.Minute)
		v.Returns = &again
	}
	return v
}
