package routing

import "math/bits"

// set is a set of small numbers.
type set []uint64

func (s set) has(i int) bool { return i>>6 < len(s) && s[i>>6]>>(i&63)&1 != 0 }

func (s set) add(i int)    { s[i>>6] |= 1 << (i & 63) }
func (s set) remove(i int) { s[i>>6] &^= 1 << (i & 63) }

// grow makes room for the number i.
func (s set) grow(i int) set {
	for i>>6 >= len(s) {
		s = append(s, 0)
	}
	return s
}

// meets tells whether two sets share a number.
func (s set) meets(t set) bool {
	t = t[:min(len(t), len(s))]
	for i, w := range t {
		if w&s[i] != 0 {
			return true
		}
	}
	return false
}

// Agents stand in slots in the order of their turns, so that the first slot of a set is whoever has idled longest. Who gets
// a new turn moves to the end; when the end is reached, all move together.

// minSlots is how many slots a domain has at least; fewer in tests, where they are to end often.
var minSlots = 128

// words is how long a set of slots is.
func (d *Domain) words() int { return (len(d.slots) + 63) / 64 }

// toEnd moves an agent, who must be out of the indexes, to the slot after all others.
func (d *Domain) toEnd(a *agent) {
	if d.nextSlot == len(d.slots) {
		d.compact()
	}
	old, slot := a.slot, d.nextSlot
	d.nextSlot++
	a.slot, d.slots[slot] = slot, a
	if old < 0 {
		return
	}
	d.slots[old] = nil
	a.eachGroup(d, func(g *group) {
		g.fit.remove(old)
		g.fit.add(slot)
	})
}

// compact moves all agents together, in their order, with three times as many slots behind them.
func (d *Domain) compact() {
	n := 0
	for _, a := range d.slots {
		if a != nil {
			n++
		}
	}
	size := max(minSlots, 4*n+2)
	before := d.slots
	d.slots, d.nextSlot = make([]*agent, size), 0
	for _, g := range d.groups {
		if g != nil {
			g.fit = make(set, d.words())
		}
	}
	d.staffed, d.present = make(set, d.words()), make(set, d.words())
	for _, k := range d.kinds {
		for i := range k.free {
			k.free[i] = newLevel(d.words())
		}
	}
	for _, a := range before {
		if a == nil {
			continue
		}
		a.slot = d.nextSlot
		d.slots[a.slot] = a
		d.nextSlot++
		a.eachGroup(d, func(g *group) { g.fit.add(a.slot) })
		d.index(a)
	}
}

// kind is a channel with the agents who have room for one more contact of it.
type kind struct {
	channel int32
	// free are the slots of those, by how many contacts they hold.
	free []level
}

// level are free agents; filled are the words of the set that are not zero, as few of many agents are free on a busy floor.
type level struct {
	agents, filled set
	n              int
}

func newLevel(words int) level {
	return level{agents: make(set, words), filled: make(set, (words+63)/64)}
}

func (k *kind) add(held, slot, words int) {
	for len(k.free) <= held {
		k.free = append(k.free, newLevel(words))
	}
	l := &k.free[held]
	l.agents.add(slot)
	l.filled.add(slot >> 6)
	l.n++
}

func (k *kind) remove(held, slot int) {
	if held < len(k.free) && k.free[held].agents.has(slot) {
		l := &k.free[held]
		l.agents.remove(slot)
		if l.agents[slot>>6] == 0 {
			l.filled.remove(slot >> 6)
		}
		l.n--
	}
}

// anyone tells whether somebody of the set is free.
func (k *kind) anyone(fit set) bool {
	w := walk{free: k.free, fit: fit}
	return w.forward()
}

// walk goes through the free agents who are in fit and not in without, best first.
type walk struct {
	d            *Domain
	free         []level
	fit, without set
	// part is the word of filled that is looked at, words what is left of it, word the word of agents and left what is left of it.
	part, word  int
	words, left uint64
}

func (d *Domain) walk(k *kind, fit, without set) walk {
	return walk{d: d, free: k.free, fit: fit, without: without}
}

// next is the next agent, or nil.
func (w *walk) next() *agent {
	if w.left == 0 && !w.forward() {
		return nil
	}
	slot := w.word<<6 + bits.TrailingZeros64(w.left)
	w.left &= w.left - 1
	return w.d.slots[slot]
}

// forward goes to the next word with an agent.
func (w *walk) forward() bool {
	for len(w.free) > 0 {
		l := &w.free[0]
		for w.words == 0 && w.part < len(l.filled) {
			w.words = l.filled[w.part]
			w.part++
		}
		if w.words == 0 || l.n == 0 {
			w.free, w.part, w.words = w.free[1:], 0, 0
			continue
		}
		w.word = (w.part-1)<<6 + bits.TrailingZeros64(w.words)
		w.words &= w.words - 1
		w.left = l.agents[w.word] & w.fit[w.word]
		if w.without != nil {
			w.left &^= w.without[w.word]
		}
		if w.left != 0 {
			return true
		}
	}
	return false
}
