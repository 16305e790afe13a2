package api

import (
	"regexp"
	"slices"
	"time"

	"github.com/tributary-cc/tributary/stream/event"
)

// lists are what the configuration of a tenant names besides agents and queues, each by its id. What a list holds is never
// changed: a page may read it outside the lock.
type lists struct {
	codes   []*event.WrapUpCode
	reasons []*event.StatusReason
	replies []*event.QuickReply
	teams   []*event.Team
	hours   []*event.Hours
	skills  []*event.Skill
}

// set puts an object in its place in a list, in a copy of it.
func set[T interface{ GetId() string }](list []T, object T, removed bool) []T {
	i := slices.IndexFunc(list, func(x T) bool { return x.GetId() == object.GetId() })
	list = slices.Clone(list)
	switch {
	case removed && i >= 0:
		return slices.Delete(list, i, i+1)
	case removed:
		return list
	case i >= 0:
		list[i] = object
		return list
	}
	return append(list, object)
}

// idInNeed is what may be a skill's id in a step of a policy: a name of CEL's, or a text.
var idInNeed = regexp.MustCompile(`[A-Za-z0-9_./-]+`)

// skillNames are the names of the skills that a need asks for, as far as the configuration has them.
func (v *view) skillNames(tenant, need string) map[string]string {
	v.mu.Lock()
	defer v.mu.Unlock()
	t := v.tenants[tenant]
	if t == nil || need == "" {
		return nil
	}
	out := make(map[string]string)
	for _, id := range idInNeed.FindAllString(need, -1) {
		i := slices.IndexFunc(t.lists.skills, func(s *event.Skill) bool { return s.GetId() == id })
		if i >= 0 && t.lists.skills[i].GetName() != "" {
			out[id] = t.lists.skills[i].GetName()
		}
	}
	return out
}

func (v *view) configure(t *tenantEntry, c *event.ConfigApplied) {
	told := false
	retargeted := make(map[*queueEntry]bool)
	for _, o := range c.GetObjects() {
		gone := o.GetRemoved()
		if gone {
			t.floor.retell()
		}
		switch object := o.GetObject().(type) {
		case *event.ConfigObject_Agent:
			v.configureAgent(t, object.Agent, gone)
		case *event.ConfigObject_Queue:
			before := t.queues[object.Queue.GetId()]
			listed := before != nil && before.shown()
			q := v.queue(t, object.Queue.GetId())
			q.name, q.domain, q.hours = object.Queue.GetName(), object.Queue.GetDomain(), object.Queue.GetHours()
			q.wrapUpMs, q.removed, q.known = object.Queue.GetWrapUpMs(), gone, !gone
			if q.targetMs != object.Queue.GetTargetMs() {
				q.targetMs, retargeted[q] = object.Queue.GetTargetMs(), true
			}
			if practice := object.Queue.GetPractice(); !gone && practice != q.practice { // what a queue counted stays what it was when it is gone
				q.practice = practice
				t.floor.retell()
			}
			q.targetPercent = object.Queue.GetTargetPercent()
			if gone {
				q.name = ""
			}
			if listed && !q.shown() {
				q.dropped = true
			}
			t.changed(q)
		case *event.ConfigObject_WrapUpCode:
			t.lists.codes, told = set(t.lists.codes, object.WrapUpCode, gone), true
		case *event.ConfigObject_StatusReason:
			t.lists.reasons, told = set(t.lists.reasons, object.StatusReason, gone), true
		case *event.ConfigObject_QuickReply:
			t.lists.replies, told = set(t.lists.replies, object.QuickReply, gone), true
		case *event.ConfigObject_EntryPoint:
			if !gone {
				t.channels[object.EntryPoint.GetChannel()] = struct{}{}
			}
		case *event.ConfigObject_Team:
			t.lists.teams = set(t.lists.teams, object.Team, gone)
		case *event.ConfigObject_Hours:
			t.lists.hours = set(t.lists.hours, object.Hours, gone)
		case *event.ConfigObject_Skill:
			t.lists.skills = set(t.lists.skills, object.Skill, gone)
		}
	}
	v.retarget(t, retargeted)
	v.openQueues(t, v.now())
	t.boardChanged()
	if told {
		for s := range t.subs {
			s.push(note{kind: noteSettings, lists: t.lists})
		}
	}
}

func (v *view) configureAgent(t *tenantEntry, c *event.Agent, gone bool) {
	a := v.agent(t, c.GetId())
	staffs, idle := a.staffs, a.idle
	v.staff(t, a, false, false)
	a.config, a.queues, a.team, a.known = "", nil, "", !gone
	if !gone {
		a.config = encoded(&event.Agent{
			Name: c.GetName(), Domain: c.GetDomain(), ChatCapacity: c.GetChatCapacity(), Team: c.GetTeam(), Queues: c.GetQueues(),
		})
		a.team = c.GetTeam()
		for _, id := range c.GetQueues() {
			a.queues = append(a.queues, v.queue(t, id).number)
		}
	}
	v.staff(t, a, staffs, idle)
	t.scopes, t.floor.rescoped = nil, true
	t.floor.agent(a)
	a.tellState()
}

// openQueues looks again which queues serve now.
func (v *view) openQueues(t *tenantEntry, now int64) {
	for _, q := range t.queues {
		open := true
		for _, h := range t.lists.hours {
			if q.hours == h.GetId() {
				open = openAt(h, now)
			}
		}
		if open != q.open {
			q.open = open
			t.changed(q)
			v.retellLine(t, q)
		}
	}
}

// tickHours looks again which queues of all tenants serve now.
func (v *view) tickHours() {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.now()
	for _, t := range v.tenants {
		v.openQueues(t, now)
	}
}

// openAt reports whether hours are open at a moment. Without openings they are always.
func openAt(h *event.Hours, now int64) bool {
	if len(h.GetOpenings()) == 0 {
		return true
	}
	var offset int32
	for _, s := range h.GetShifts() {
		if s.GetFromMs() > now {
			break
		}
		offset = s.GetOffsetS()
	}
	local := time.UnixMilli(now).UTC().Add(time.Duration(offset) * time.Second)
	day := int32(local.Unix() / 86400)                 //nolint:gosec // days since 1970
	minute := uint32(local.Hour()*60 + local.Minute()) //nolint:gosec // of a day
	within := func(from, to uint32) bool { return from <= minute && minute < to }
	holiday := false
	for _, x := range h.GetHolidays() {
		if x.GetDay() == day {
			holiday = true
			if within(x.GetFromMinute(), x.GetToMinute()) {
				return true
			}
		}
	}
	if holiday {
		return false
	}
	weekday := (uint32(local.Weekday())+6)%7 + 1 //nolint:gosec // Monday is 1
	return slices.ContainsFunc(h.GetOpenings(), func(o *event.Opening) bool {
		return o.GetDay() == weekday && within(o.GetFromMinute(), o.GetToMinute())
	})
}
