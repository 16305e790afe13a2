package api

import (
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
)

// tenantEntry is what the view knows of one tenant.
type tenantEntry struct {
	id     string
	number uint32
	agents map[string]*agentEntry
	queues map[string]*queueEntry
	subs   map[subscriber]struct{}
	dirty  []*queueEntry
	// lists are what the configuration names besides agents and queues.
	lists lists
	// channels are those that contacts come by.
	channels map[event.Channel]struct{}
	// colleagues are the agents whose status the choosers are to be told: the pages that choose among them.
	colleagues []*agentEntry
	choosers   map[subscriber]struct{}
	// floor is what the pages that watch the floor are to be told.
	floor floorEntry
	// recent is what boards count, feeds are the boards that are shown, and versions what came into force when.
	recent   recentEntry
	feeds    map[*feed]struct{}
	versions []versionEntry
	// scopes are what teams see, by the teams, until an agent changes.
	scopes map[string]*scope
}

// agentEntry is an agent's presence, offers and contacts, and the pages that show them.
type agentEntry struct {
	id     string
	team   string
	number uint32
	// doing is the word of status and activity; staffs is whether the agent is connected and available, and known, whether the
	// configuration names the agent.
	doing  uint16
	staffs bool
	known  bool
	// idle is whether the agent has nothing to do meanwhile, and board, what boards count the agent as.
	idle  bool
	board boardState
	// dirty: the colleagues are about to be told.
	dirty bool
	// changed and config are encoded, as few agents have a page here; empty is nothing known.
	changed, config string
	// queues are the numbers of those that the agent serves.
	queues []uint32
	offers []*event.OfferChanged
	held   []live.Ref
	subs   []subscriber
}

// queueEntry is a queue's line.
type queueEntry struct {
	id, name, domain, hours string
	number                  uint32
	wrapUpMs                int64
	// staffed counts the agents who are connected and available for it.
	// idle counts those of them who have nothing to do.
	staffed, idle int
	// targetMs and targetPercent are the service level aimed at, and minutes count for boards who was enqueued when.
	targetMs      int64
	targetPercent uint32
	minutes       map[int64]minuteCount
	// line holds who waits in it, or is being offered.
	line    map[live.Key]waiting
	dirty   bool
	open    bool
	removed bool
	// dropped: pages list it no more, and are about to be told.
	dropped bool
	// practice: no number counts it, and no floor shows it.
	practice bool
	// known is whether the configuration names it, and silent, whether nothing told of it but contacts that came out of it.
	known, silent bool
}

// waiting is a contact's place in a queue: it waits since then, in this queue since it entered.
type waiting struct {
	since   int64
	entered int64
	cohort  uint32
	// to is the number of the agent to whom it is being offered.
	to      uint32
	reason  uint16
	offered bool
}

func (v *view) tenant(id string) *tenantEntry {
	t := v.tenants[id]
	if t == nil {
		t = &tenantEntry{
			id: id, number: uint32(len(v.byTenant)), //nolint:gosec // tenants are few
			agents: make(map[string]*agentEntry), queues: make(map[string]*queueEntry), subs: make(map[subscriber]struct{}),
			choosers: make(map[subscriber]struct{}), channels: make(map[event.Channel]struct{}),
		}
		v.tenants[id] = t
		v.byTenant = append(v.byTenant, t)
	}
	return t
}

func (v *view) agent(t *tenantEntry, id string) *agentEntry {
	a := t.agents[id]
	if a == nil {
		a = &agentEntry{id: id, number: uint32(len(v.byAgent))} //nolint:gosec // agents are fewer than 2^32
		t.agents[id] = a
		v.byAgent = append(v.byAgent, a)
	}
	return a
}

func (v *view) queue(t *tenantEntry, id string) *queueEntry {
	q := t.queues[id]
	if q == nil {
		q = &queueEntry{id: id, number: uint32(len(v.byQueue)), line: make(map[live.Key]waiting), open: true} //nolint:gosec // queues are few
		t.queues[id] = q
		v.byQueue = append(v.byQueue, q)
	}
	q.silent = false
	return q
}

// cameFrom is one more than the number of a contact's queue; 0 is none.
func (v *view) cameFrom(t *tenantEntry, queue string) uint32 {
	if queue == "" {
		return 0
	}
	q := t.queues[queue]
	if q == nil {
		q = v.queue(t, queue)
		q.silent = true
	}
	return q.number + 1
}

// shown tells whether pages list it.
func (q *queueEntry) shown() bool { return !q.removed && !q.silent && !q.practice }

// practises tells whether a queue is one to practise in.
func (t *tenantEntry) practises(queue string) bool {
	q := t.queues[queue]
	return q != nil && q.practice
}

// isPractice tells whether a queue is one to practise in.
func (v *view) isPractice(tenant, queue string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	t := v.tenants[tenant]
	return t != nil && t.practises(queue)
}

// practiceQueues are the ids of a tenant's queues to practise in, those included that are no more.
func (v *view) practiceQueues(tenant string) []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	t := v.tenants[tenant]
	if t == nil {
		return nil
	}
	var out []string
	for _, q := range t.queues {
		if q.practice {
			out = append(out, q.id)
		}
	}
	slices.Sort(out)
	return out
}

// changed notes that a queue's line is to be told; [view.flushQueues] does so a few times a second, as each contact
// changes it several times and every page shows it.
func (t *tenantEntry) changed(q *queueEntry) {
	t.boardChanged()
	if !q.dirty {
		q.dirty = true
		t.dirty = append(t.dirty, q)
	}
}

func (v *view) queueChanged(t *tenantEntry, entry *event.QueueEntry) {
	q := v.queue(t, entry.GetQueue())
	t.channels[entry.GetChannel()] = struct{}{}
	key := v.keys.Of(entry.GetContact())
	entered, cohort := v.came(t, q, key, entry), max(entry.GetCohort(), 1)
	switch entry.GetState() {
	case "waiting", "offered":
		if w, waits := q.line[key]; waits && w.cohort == cohort {
			entered = max(entered, w.entered) // when it was given on may be forgotten by now
		}
		w := waiting{since: entry.GetEnqueuedMs(), entered: entered, cohort: cohort, reason: v.words.number(entry.GetReason())}
		if w.offered = entry.GetState() == "offered"; w.offered && entry.GetAgent() != "" {
			w.to = v.agent(t, entry.GetAgent()).number
		}
		q.line[key] = w
	case "flowed_out":
		v.flowed(entry)
		fallthrough
	default:
		delete(q.line, key)
	}
	t.changed(q)
	v.ranked(key, entry.GetPriority())
	v.touched(t, entry.GetContact())
}

// ranked notes the priority of a contact, which stays with it when it waits no more.
func (v *view) ranked(contact live.Key, priority int32) {
	if r, known := v.byID[contact]; known {
		v.contacts.Get(r).priority = priority
		return
	}
	if priority == 0 {
		delete(v.ranks, contact)
		return
	}
	if len(v.ranks) >= maxEarly {
		clear(v.ranks)
	}
	v.ranks[contact] = priority
}

// words keeps each code once; 0 is the empty one.
type words struct {
	of  map[string]uint16
	all []string
}

// maxWords bounds the codes that are kept: they are few.
const maxWords = 4096

func (w *words) number(code string) uint16 {
	if n, ok := w.of[code]; ok || code == "" || len(w.all) >= maxWords {
		return n
	}
	n := uint16(len(w.all)) //nolint:gosec // bounded above
	w.of[code], w.all = n, append(w.all, code)
	return n
}

func (v *view) agentChanged(t *tenantEntry, c *event.AgentChanged) {
	a := v.agent(t, c.GetAgent())
	a.changed, a.board = encoded(c), boardStateOf(c)
	if !c.GetConnected() {
		v.gone(t.id, a.id)
	}
	v.staff(t, a, c.GetConnected() && c.GetStatus() == "available", a.board == boardIdle)
	if doing := v.words.number(c.GetStatus() + "/" + c.GetActivity()); doing != a.doing {
		a.doing = doing
		if !a.dirty {
			a.dirty = true
			t.colleagues = append(t.colleagues, a)
		}
	}
	t.floor.agent(a)
	t.boardChanged()
	a.tellState()
}

// staff counts an agent in the queues served, or no more, and as one who has nothing to do.
func (v *view) staff(t *tenantEntry, a *agentEntry, staffs, idle bool) {
	idle = idle && staffs
	if a.staffs == staffs && a.idle == idle {
		return
	}
	step := func(before, after bool) int {
		switch {
		case before == after:
			return 0
		case after:
			return 1
		}
		return -1
	}
	staffed, idled := step(a.staffs, staffs), step(a.idle, idle)
	a.staffs, a.idle = staffs, idle
	for _, n := range a.queues {
		q := v.byQueue[n]
		q.staffed += staffed
		q.idle += idled
		if staffed != 0 {
			t.floor.queue(q)
		}
		if staffed != 0 && (q.staffed == 0 || q.staffed == staffed) {
			v.retellLine(t, q) // the first came, or the last went
		}
	}
}

// agentState is an agent as the view knows it at one moment; of what is not known both parts are nil. Of the configuration
// it has what pages show.
type agentState struct {
	id      string
	changed *event.AgentChanged
	config  *event.Agent
}

func (a *agentEntry) state() *agentState {
	s := &agentState{id: a.id}
	if changed := new(event.AgentChanged); a.changed != "" && proto.Unmarshal([]byte(a.changed), changed) == nil {
		s.changed = changed
	}
	if config := new(event.Agent); a.known && proto.Unmarshal([]byte(a.config), config) == nil {
		s.config = config
	}
	return s
}

func (a *agentEntry) tell(n note) {
	for _, s := range a.subs {
		s.push(n)
	}
}

func (a *agentEntry) tellState() {
	if len(a.subs) > 0 {
		a.tell(note{kind: noteAgent, agent: a.state()})
	}
}

// tellWith tells with the conversation's latest messages, which the page has not got yet.
func (v *view) tellWith(a *agentEntry, n note, c *conv) {
	if len(a.subs) == 0 {
		return
	}
	n.lines = v.lines.Copy(c.lines)
	a.tell(n)
}

// wishRefused tells who asked, and nobody else: an agent's pages, or those of a supervisor's account.
func (v *view) wishRefused(e *event.Event, r *event.WishRefused) {
	t := v.tenants[e.GetTenant()]
	if t == nil {
		return
	}
	n := note{kind: noteRefused, event: e, account: r.GetBy()}
	if n.account != "" {
		for s := range t.subs {
			s.push(n)
		}
	} else if a := t.agents[r.GetAgent()]; a != nil {
		a.tell(n)
	}
}

// waits is how many wait, and since when the one waits in it that has waited longest, as queue_now counts it: who is being
// offered to an agent still waits.
func (q *queueEntry) waits() (waiting int, oldest int64) {
	for _, w := range q.line {
		if oldest == 0 || w.entered < oldest {
			oldest = w.entered
		}
	}
	return len(q.line), oldest
}

// queueState is a queue's line at one moment.
type queueState struct {
	id, name string
	number   uint32
	waiting  uint32
	oldest   int64
	staffed  int
	open     bool
	// removed: it is to be dropped from the page.
	removed bool
}

func (q *queueEntry) state() queueState {
	waits, oldest := q.waits()
	return queueState{
		id: q.id, name: q.name, number: q.number, waiting: uint32(waits), oldest: oldest, staffed: q.staffed, open: q.open, //nolint:gosec // far below 2^32
	}
}

// flushQueues tells every page of the queues that changed since.
func (v *view) flushQueues() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, t := range v.tenants {
		for _, q := range t.dirty {
			q.dirty = false
			t.floor.queue(q)
			n := note{kind: noteQueue, queue: q.state()}
			n.queue.removed, q.dropped = q.dropped && !q.shown(), false
			if len(t.subs) == 0 || !q.shown() && !n.queue.removed {
				continue
			}
			for s := range t.subs {
				s.push(n)
			}
		}
		t.dirty = t.dirty[:0]
	}
}
