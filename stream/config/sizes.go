package config

import (
	"cmp"

	"google.golang.org/protobuf/proto"

	"github.com/tributary-cc/tributary/stream/event"
)

// Bounds of what one object may hold. Every partition keeps the objects, every screen is told of them, and routing looks at
// them for each contact; they are far above what people write.
const (
	maxName        = 256
	maxText        = 8 << 10
	maxExpression  = 4 << 10
	maxRules       = 500
	maxSteps       = 20
	maxShifts      = 200
	maxOpenings    = 100
	maxHolidays    = 500
	maxReferences  = 500
	maxFormFields  = 20
	maxChoices     = 50
	maxObject      = 64 << 10
	maxPolicy      = maxSize
	minutesOfDay   = 24 * 60
	maxIntentDelay = 60_000
)

// sizes faults what an object has too much of, and the few values without which a decision would make no sense.
func (p *proposal) sizes(o *event.ConfigObject) {
	kind, id := name(o)
	most := maxObject
	if kind == kindPolicy {
		most = maxPolicy
	}
	if size := proto.Size(o); size > most {
		p.fault("%s %q has %d bytes, more than %d", kind, id, size, most)
		return
	}
	switch b := o.GetObject().(type) {
	case *event.ConfigObject_Queue:
		p.text(kind, id, "name", b.Queue.GetName(), maxName)
	case *event.ConfigObject_Agent:
		p.number(kind, id, "queues", len(b.Agent.GetQueues()), maxReferences)
		p.number(kind, id, "skills", len(b.Agent.GetSkills()), maxReferences)
		p.number(kind, id, "capacities", len(b.Agent.GetCapacities()), len(event.Channel_name))
	case *event.ConfigObject_EntryPoint:
		p.entryPoint(b.EntryPoint)
	case *event.ConfigObject_Hours:
		p.hours(b.Hours)
	case *event.ConfigObject_Policy:
		p.rules(id, b.Policy)
	case *event.ConfigObject_WrapUpCode:
		p.text(kind, id, "name", b.WrapUpCode.GetName(), maxName)
		p.number(kind, id, "queues", len(b.WrapUpCode.GetQueues()), maxReferences)
	case *event.ConfigObject_StatusReason:
		p.text(kind, id, "name", b.StatusReason.GetName(), maxName)
	case *event.ConfigObject_QuickReply:
		p.text(kind, id, "title", b.QuickReply.GetTitle(), maxName)
		p.text(kind, id, "text", b.QuickReply.GetText(), maxText)
		p.text(kind, id, "language", b.QuickReply.GetLanguage(), maxID)
	}
}

func (p *proposal) entryPoint(e *event.EntryPoint) {
	id := e.GetId()
	p.text(kindEntryPoint, id, "greeting", e.GetGreeting(), maxText)
	p.text(kindEntryPoint, id, "language", e.GetLanguage(), maxID)
	p.text(kindEntryPoint, id, "intent model", e.GetIntentModel(), maxName)
	p.number(kindEntryPoint, id, "origins", len(e.GetOrigins()), maxReferences)
	p.number(kindEntryPoint, id, "form fields", len(e.GetForm()), maxFormFields)
	for _, f := range e.GetForm() {
		p.number(kindEntryPoint, id, "choices", len(f.GetChoices()), maxChoices)
		p.text(kindEntryPoint, id, "form field", f.GetName(), maxID)
	}
	if e.GetIntentDeadlineMs() > maxIntentDelay {
		p.fault("entry point %q lets customers wait %d ms for an intent, more than %d", id, e.GetIntentDeadlineMs(), maxIntentDelay)
	}
}

// hours faults minutes that no day has, and shifts out of order: who looks up an offset takes the last that has begun.
func (p *proposal) hours(h *event.Hours) {
	id := h.GetId()
	p.text(kindHours, id, "name", h.GetName(), maxName)
	p.text(kindHours, id, "zone", h.GetZone(), maxName)
	p.number(kindHours, id, "shifts", len(h.GetShifts()), maxShifts)
	p.number(kindHours, id, "openings", len(h.GetOpenings()), maxOpenings)
	p.number(kindHours, id, "holidays", len(h.GetHolidays()), maxHolidays)
	for i, s := range h.GetShifts() {
		if i > 0 && s.GetFromMs() <= h.GetShifts()[i-1].GetFromMs() {
			p.fault("hours %q have shifts that are not in order of time", id)
			break
		}
	}
	for _, o := range h.GetOpenings() {
		if o.GetDay() < 1 || o.GetDay() > 7 || o.GetFromMinute() >= o.GetToMinute() || o.GetToMinute() > minutesOfDay {
			p.fault("hours %q open on day %d from minute %d to %d, which no week has", id, o.GetDay(), o.GetFromMinute(), o.GetToMinute())
		}
	}
	for _, d := range h.GetHolidays() {
		closed := d.GetFromMinute() == 0 && d.GetToMinute() == 0
		if !closed && (d.GetFromMinute() >= d.GetToMinute() || d.GetToMinute() > minutesOfDay) {
			p.fault("hours %q have a holiday from minute %d to %d, which no day has", id, d.GetFromMinute(), d.GetToMinute())
		}
	}
}

func (p *proposal) rules(id string, b *event.Policy) {
	p.number(kindPolicy, id, "rules", len(b.GetRules()), maxRules)
	for _, r := range b.GetRules() {
		p.text(kindPolicy, id, "name of a rule", r.GetName(), maxName)
		p.text(kindPolicy, id, "condition of a rule", r.GetWhen(), maxExpression)
		p.number(kindPolicy, id, "steps in a rule", len(r.GetSteps()), maxSteps)
		for _, step := range r.GetSteps() {
			p.text(kindPolicy, id, "need of a step", step.GetNeed(), maxExpression)
		}
	}
}

func (p *proposal) text(kind, id, what, value string, most int) {
	if len(value) > most {
		p.fault("%s %q: the %s has %d bytes, more than %d", kind, cmp.Or(id, "-"), what, len(value), most)
	}
}

func (p *proposal) number(kind, id, what string, n, most int) {
	if n > most {
		p.fault("%s %q has %d %s, more than %d", kind, cmp.Or(id, "-"), n, what, most)
	}
}
