package routing

import (
	"math/bits"

	"github.com/tributary-cc/tributary/routing/policy"
	"github.com/tributary-cc/tributary/stream/event"
)

// group is the members of a queue who meet one need. An agent knows the groups they are in, so that an event touches those
// alone.
type group struct {
	index int
	queue *queue
	need  *policy.Need
	// version is the policy that the need is of; nil for the need that everybody meets.
	version *version
	// fit are the slots of the members who meet it.
	fit set
	// lanes are the waiting lines of contacts that need just this, one for each channel.
	lanes []*lane
}

// lane is a waiting line: contacts of one queue, one need and one channel.
type lane struct {
	group   *group
	kind    *kind
	waiting order[spot]
}

// maxGroups is how many groups there may be before those that nobody waits for are let go.
const maxGroups = 4096

// group finds the group of a need, or makes it.
func (d *Domain) group(q *queue, need *policy.Need, v *version) *group {
	if need == policy.Anyone() {
		return q.base
	}
	if g := q.recent[need]; g != nil {
		return g
	}
	g := q.groups[need.Key()]
	if g == nil {
		g = d.makeGroup(q, need, v)
	}
	if len(q.recent) >= maxGroups {
		clear(q.recent)
	}
	q.recent[need] = g
	return g
}

func (d *Domain) makeGroup(q *queue, need *policy.Need, v *version) *group {
	if d.grouped >= d.groupLimit {
		d.sweepGroups()
		d.groupLimit = max(maxGroups, 2*d.grouped)
	}
	g := d.newGroup(q, need, v)
	for a := range q.members.all() {
		d.tryGroup(a, g)
	}
	return g
}

func (d *Domain) newGroup(q *queue, need *policy.Need, v *version) *group {
	g := &group{queue: q, need: need, version: v, fit: make(set, d.words())}
	if n := len(d.unused) - 1; n >= 0 {
		g.index, d.unused = d.unused[n], d.unused[:n]
		d.groups[g.index] = g
	} else {
		g.index = len(d.groups)
		d.groups = append(d.groups, g)
		d.busy = d.busy.grow(g.index)
	}
	d.grouped++
	q.groups[need.Key()] = g
	q.list = append(q.list, g)
	return g
}

// tryGroup puts a member into a group if they meet its need.
func (d *Domain) tryGroup(a *agent, g *group) {
	if g.version != nil && !g.need.Fits(a.levelsUnder(g.version)) {
		return
	}
	g.fit.add(a.slot)
	a.groups = a.groups.grow(g.index)
	a.groups.add(g.index)
}

// sweepGroups lets go of the groups that nobody waits for.
func (d *Domain) sweepGroups() {
	for i, g := range d.groups {
		if g == nil || g == g.queue.base || d.busy.has(i) {
			continue
		}
		for a := range g.queue.members.all() {
			if a.groups.has(i) {
				a.groups.remove(i)
			}
		}
		delete(g.queue.groups, g.need.Key())
		clear(g.queue.recent)
		for j, x := range g.queue.list {
			if x == g {
				g.queue.list = append(g.queue.list[:j], g.queue.list[j+1:]...)
				break
			}
		}
		d.groups[i] = nil
		d.grouped--
		d.unused = append(d.unused, i)
	}
}

// ungroup takes an agent out of all groups.
func (d *Domain) ungroup(a *agent) {
	a.eachGroup(d, func(g *group) { g.fit.remove(a.slot) })
	clear(a.groups)
}

func (a *agent) eachGroup(d *Domain, do func(*group)) {
	for w, left := range a.groups {
		for ; left != 0; left &= left - 1 {
			do(d.groups[w<<6+bits.TrailingZeros64(left)])
		}
	}
}

// levelsUnder are the agent's levels in the order of a policy's skills.
func (a *agent) levelsUnder(v *version) []uint8 {
	if a.levelsOf != v {
		a.levels, a.levelsOf = v.compiled.Levels(a.row.Skills), v
	}
	return a.levels
}

// lane finds the waiting line of a channel, or makes it.
func (d *Domain) lane(g *group, channel event.Channel) *lane {
	for _, l := range g.lanes {
		if l.kind.channel == int32(channel) {
			return l
		}
	}
	l := &lane{group: g, kind: d.kind(channel), waiting: newOrder(byWait)}
	g.lanes = append(g.lanes, l)
	return l
}

// kind finds a channel, or makes it.
func (d *Domain) kind(channel event.Channel) *kind {
	for _, k := range d.kinds {
		if k.channel == int32(channel) {
			return k
		}
	}
	k := &kind{channel: int32(channel)}
	d.kinds = append(d.kinds, k)
	for _, a := range d.slots {
		if a != nil && a.free {
			d.indexKind(a, k)
		}
	}
	return k
}

// index puts an agent into the sets of the free and the staffed, as their flags say.
func (d *Domain) index(a *agent) {
	if a.present {
		d.present.add(a.slot)
	}
	if a.staffed {
		d.staffed.add(a.slot)
	}
	if a.free {
		for _, k := range d.kinds {
			d.indexKind(a, k)
		}
	}
}

func (d *Domain) indexKind(a *agent, k *kind) {
	if a.room(event.Channel(k.channel)) {
		k.add(len(a.held), a.slot, d.words())
	}
}

// unindex takes an agent out of them. What they hold must not have changed since.
func (d *Domain) unindex(a *agent) {
	if a.present {
		d.present.remove(a.slot)
	}
	if a.staffed {
		d.staffed.remove(a.slot)
	}
	if a.free {
		for _, k := range d.kinds {
			k.remove(len(a.held), a.slot)
		}
	}
	a.free, a.staffed, a.present = false, false, false
}

// insert puts a contact into the line.
func (d *Domain) insert(l *lane, c *contact) {
	c.lane = l
	l.waiting.insert(c.spot())
	d.busy.add(l.group.index)
}

func (d *Domain) remove(c *contact) {
	l := c.lane
	c.lane = nil
	l.waiting.remove(c.spot())
	for _, l := range l.group.lanes {
		if l.waiting.len() > 0 {
			return
		}
	}
	d.busy.remove(l.group.index)
}
