package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// The kinds of objects, as faults name them.
const (
	kindQueue      = "queue"
	kindAgent      = "agent"
	kindSkill      = "skill"
	kindTeam       = "team"
	kindEntryPoint = "entry point"
	kindSettings   = "settings"
	kindHours      = "hours"
	kindPolicy     = "policy"
	kindCode       = "wrap-up code"
	kindReason     = "status reason"
	kindReply      = "quick reply"
)

// mainDomain is the domain of queues, agents and policies that name none.
const mainDomain = "main"

const (
	// maxID bounds the ids that people choose.
	maxID = 64
	// maxFault bounds one sentence: a reference may hold anything.
	maxFault = 300
)

// name tells the kind and the id of an object; the kind is empty where the object is none. Settings are one a tenant, and a
// policy is one a domain.
func name(o *event.ConfigObject) (kind, id string) {
	switch b := o.GetObject().(type) {
	case *event.ConfigObject_Queue:
		return kindQueue, b.Queue.GetId()
	case *event.ConfigObject_Agent:
		return kindAgent, b.Agent.GetId()
	case *event.ConfigObject_Skill:
		return kindSkill, b.Skill.GetId()
	case *event.ConfigObject_Team:
		return kindTeam, b.Team.GetId()
	case *event.ConfigObject_EntryPoint:
		return kindEntryPoint, b.EntryPoint.GetId()
	case *event.ConfigObject_Settings:
		return kindSettings, ""
	case *event.ConfigObject_Hours:
		return kindHours, b.Hours.GetId()
	case *event.ConfigObject_Policy:
		return kindPolicy, cmp.Or(b.Policy.GetDomain(), mainDomain)
	case *event.ConfigObject_WrapUpCode:
		return kindCode, b.WrapUpCode.GetId()
	case *event.ConfigObject_StatusReason:
		return kindReason, b.StatusReason.GetId()
	case *event.ConfigObject_QuickReply:
		return kindReply, b.QuickReply.GetId()
	default:
		return "", ""
	}
}

// proposal is the configuration as it would be: a tenant's rows with a change laid over them.
type proposal struct {
	tx     *engine.Tx
	tenant string
	change map[string]*event.ConfigObject
	faults []string
}

// validate lists all faults that can be seen from the state.
func validate(tx *engine.Tx, tenant string, version uint64, change *event.ConfigChange) []string {
	p := &proposal{tx: tx, tenant: tenant, change: make(map[string]*event.ConfigObject, len(change.GetObjects()))}
	if base := change.GetBaseVersion(); base != 0 && base != version {
		p.fault("the change was made from version %d, but version %d is in force: look at what changed and apply again", base, version)
	}
	if len(change.GetObjects()) == 0 {
		p.fault("the change has no objects")
	}
	if size := proto.Size(change); size > maxSize {
		p.fault("the change has %d bytes, more than %d: apply it in parts", size, maxSize)
	}
	disturbs := false
	for i, o := range change.GetObjects() {
		disturbs = p.lay(i, o) || disturbs
	}
	for _, o := range change.GetObjects() {
		if !o.GetRemoved() {
			p.sizes(o)
			p.references(o)
		}
	}
	p.cycles(change.GetObjects())
	if disturbs {
		p.standing()
	}
	return p.faults
}

// lay puts one object over what is in force, and tells whether objects that stay as they are could suffer by it: it is
// removed, or a queue that moves to another domain.
func (p *proposal) lay(i int, o *event.ConfigObject) (disturbs bool) {
	kind, id := name(o)
	switch {
	case kind == "":
		p.fault("object %d is of no kind that this version knows", i+1)
		return o.GetRemoved()
	case kind != kindSettings && !validID(id):
		p.fault("object %d, a %s, needs an id of 1 to %d letters, digits, dots, dashes or underscores", i+1, kind, maxID)
		return o.GetRemoved()
	}
	key := rowKey(p.tenant, kind, id)
	if _, twice := p.change[key]; twice {
		p.fault("%s %q is in the change twice", kind, id)
	}
	p.change[key] = o
	if o.GetRemoved() && !objects.Has(p.tx, key) {
		p.fault("%s %q cannot be removed, as there is none", kind, id)
	}
	if was := objects.Get(p.tx, key).GetObject().GetQueue(); was != nil {
		disturbs = domain(was) != domain(o.GetQueue())
	}
	return disturbs || o.GetRemoved()
}

// references checks that all that an object refers to will exist, and the few numbers that decisions depend on.
func (p *proposal) references(o *event.ConfigObject) {
	switch b := o.GetObject().(type) {
	case *event.ConfigObject_Agent:
		p.agent(b.Agent)
	case *event.ConfigObject_EntryPoint:
		p.needs(kindEntryPoint, b.EntryPoint.GetId(), kindQueue, b.EntryPoint.GetQueue())
		if b.EntryPoint.GetIntentDeadlineMs() < 0 {
			p.fault("entry point %q has a negative deadline", b.EntryPoint.GetId())
		}
	case *event.ConfigObject_Queue:
		p.queue(b.Queue)
	case *event.ConfigObject_Policy:
		p.policy(b.Policy)
	case *event.ConfigObject_WrapUpCode:
		for _, q := range b.WrapUpCode.GetQueues() {
			p.needs(kindCode, b.WrapUpCode.GetId(), kindQueue, q)
		}
	case *event.ConfigObject_QuickReply:
		if team := b.QuickReply.GetTeam(); team != "" {
			p.needs(kindReply, b.QuickReply.GetId(), kindTeam, team)
		}
	case *event.ConfigObject_Settings:
		if b.Settings.GetSilenceMs() < 0 || b.Settings.GetReopenMs() < 0 {
			p.fault("the settings have a negative time")
		}
	}
}

func (p *proposal) queue(q *event.Queue) {
	if min(q.GetTargetMs(), q.GetOfferTimeoutMs(), q.GetWrapUpMs(), q.GetGraceMs(), q.GetMaxWaitMs(), q.GetShortAbandonMs()) < 0 {
		p.fault("queue %q has a negative time", q.GetId())
	}
	if q.GetHours() != "" {
		p.needs(kindQueue, q.GetId(), kindHours, q.GetHours())
	}
	if q.GetOverflow() != "" && p.needs(kindQueue, q.GetId(), kindQueue, q.GetOverflow()) {
		p.within(kindQueue, q.GetId(), domain(q), q.GetOverflow())
		if to := p.queueOf(q.GetOverflow()); to != nil && to.GetPractice() != q.GetPractice() {
			p.fault("queue %q refers to queue %q; of these one is to practise in, which no number counts, and the other is not", q.GetId(), q.GetOverflow())
		}
	}
}

// policy checks the queues that its rules name: a domain's policy can only choose among the domain's queues.
func (p *proposal) policy(b *event.Policy) {
	id := cmp.Or(b.GetDomain(), mainDomain)
	names := []string{b.GetFallback()}
	for _, r := range b.GetRules() {
		names = append(names, r.GetQueue())
	}
	slices.Sort(names)
	for _, q := range slices.Compact(names) {
		if q != "" && p.needs(kindPolicy, id, kindQueue, q) {
			p.within(kindPolicy, id, id, q)
		}
	}
	for _, r := range b.GetRules() {
		negative := min(r.GetHeadStartMs(), r.GetLastAgentMs()) < 0
		for _, step := range r.GetSteps() {
			negative = negative || step.GetForMs() < 0
		}
		if negative {
			p.fault("policy %q has a negative time in the rule %q", id, r.GetName())
		}
	}
}

// within faults a queue of another domain: its agents cannot take what waits here.
func (p *proposal) within(kind, id, in, queue string) {
	if q := p.queueOf(queue); q != nil && domain(q) != in {
		p.fault("%s %q refers to queue %q of the domain %q; work does not leave its domain, which is %q", kind, id, queue, domain(q), in)
	}
}

// cycles faults queues whose overflow comes back to themselves. One that is new leads through a queue of the change.
func (p *proposal) cycles(changed []*event.ConfigObject) {
	for _, o := range changed {
		q := o.GetQueue()
		if q == nil || o.GetRemoved() {
			continue
		}
		met := []string{q.GetId()}
		for next := p.queueOf(q.GetOverflow()); next != nil; next = p.queueOf(next.GetOverflow()) {
			if slices.Contains(met, next.GetId()) {
				if next.GetId() == q.GetId() {
					p.fault("queue %q overflows into itself, by way of %q", q.GetId(), met)
				}
				break
			}
			met = append(met, next.GetId())
		}
	}
}

// queueOf gives a queue as it would be, nil where there is none.
func (p *proposal) queueOf(id string) *event.Queue {
	key := rowKey(p.tenant, kindQueue, id)
	o, changed := p.change[key]
	switch {
	case id == "" || o.GetRemoved():
		return nil
	case changed:
		return o.GetQueue()
	}
	return objects.Get(p.tx, key).GetObject().GetQueue()
}

func domain(q *event.Queue) string { return cmp.Or(q.GetDomain(), mainDomain) }

func (p *proposal) agent(a *event.Agent) {
	for _, q := range a.GetQueues() {
		p.needs(kindAgent, a.GetId(), kindQueue, q)
	}
	for _, s := range a.GetSkills() {
		p.needs(kindAgent, a.GetId(), kindSkill, s.GetSkill())
		if s.GetLevel() < 1 || s.GetLevel() > 5 {
			p.fault("agent %q has skill %q at level %d; levels are 1 to 5", a.GetId(), s.GetSkill(), s.GetLevel())
		}
	}
	if a.GetTeam() != "" {
		p.needs(kindAgent, a.GetId(), kindTeam, a.GetTeam())
	}
}

// standing checks the objects that stay as they are against removals.
func (p *proposal) standing() {
	objects.Ascend(p.tx, p.tenant+"/", func(key string, row *event.ConfigRow) bool {
		if _, changed := p.change[key]; !changed {
			p.references(row.GetObject())
		}
		return len(p.faults) <= maxFaults
	})
}

// needs faults a reference to what will not exist, and tells whether it will.
func (p *proposal) needs(kind, id, wantKind, want string) bool {
	if wantKind == kindQueue && want == DefaultQueue {
		return true
	}
	key := rowKey(p.tenant, wantKind, want)
	if o, changed := p.change[key]; changed {
		if o.GetRemoved() {
			p.fault("%s %q refers to %s %q, which would be removed", kind, id, wantKind, want)
		}
		return !o.GetRemoved()
	}
	if !objects.Has(p.tx, key) {
		p.fault("%s %q refers to %s %q, which does not exist", kind, id, wantKind, want)
		return false
	}
	return true
}

func (p *proposal) fault(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	p.faults = append(p.faults, strings.ToValidUTF8(text[:min(len(text), maxFault)], ""))
}

// validID tells whether an id can be part of a key and be shown in a fault: ids are chosen by people and are no secrets.
func validID(id string) bool {
	return id != "" && len(id) <= maxID && !slices.ContainsFunc([]rune(id), func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", r)
	})
}
