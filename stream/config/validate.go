package config

import (
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
)

const (
	// maxID bounds the ids that people choose.
	maxID = 64
	// maxFault bounds one sentence: a reference may hold anything.
	maxFault = 300
)

// name tells the kind and the id of an object; the kind is empty where the object is none. Settings are one a tenant.
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
	removes := false
	for i, o := range change.GetObjects() {
		p.lay(i, o)
		removes = removes || o.GetRemoved()
	}
	for _, o := range change.GetObjects() {
		if !o.GetRemoved() {
			p.references(o)
		}
	}
	if removes {
		p.standing()
	}
	return p.faults
}

// lay puts one object over what is in force.
func (p *proposal) lay(i int, o *event.ConfigObject) {
	kind, id := name(o)
	switch {
	case kind == "":
		p.fault("object %d is of no kind that this version knows", i+1)
		return
	case kind != kindSettings && !validID(id):
		p.fault("object %d, a %s, needs an id of 1 to %d letters, digits, dots, dashes or underscores", i+1, kind, maxID)
		return
	}
	key := rowKey(p.tenant, kind, id)
	if _, twice := p.change[key]; twice {
		p.fault("%s %q is in the change twice", kind, id)
	}
	p.change[key] = o
	if o.GetRemoved() && !objects.Has(p.tx, key) {
		p.fault("%s %q cannot be removed, as there is none", kind, id)
	}
}

// references checks that all that an object refers to will exist, and the few numbers that decisions depend on.
func (p *proposal) references(o *event.ConfigObject) {
	switch b := o.GetObject().(type) {
	case *event.ConfigObject_Agent:
		p.agent(b.Agent)
	case *event.ConfigObject_EntryPoint:
		p.needs(kindEntryPoint, b.EntryPoint.GetId(), kindQueue, b.EntryPoint.GetQueue())
	case *event.ConfigObject_Queue:
		q := b.Queue
		if q.GetTargetMs() < 0 || q.GetOfferTimeoutMs() < 0 || q.GetWrapUpMs() < 0 || q.GetGraceMs() < 0 {
			p.fault("queue %q has a negative time", q.GetId())
		}
	case *event.ConfigObject_Settings:
		if b.Settings.GetSilenceMs() < 0 || b.Settings.GetReopenMs() < 0 {
			p.fault("the settings have a negative time")
		}
	}
}

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

// needs faults a reference to what will not exist.
func (p *proposal) needs(kind, id, wantKind, want string) {
	if wantKind == kindQueue && want == DefaultQueue {
		return
	}
	key := rowKey(p.tenant, wantKind, want)
	if o, changed := p.change[key]; changed {
		if o.GetRemoved() {
			p.fault("%s %q refers to %s %q, which would be removed", kind, id, wantKind, want)
		}
		return
	}
	if !objects.Has(p.tx, key) {
		p.fault("%s %q refers to %s %q, which does not exist", kind, id, wantKind, want)
	}
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
