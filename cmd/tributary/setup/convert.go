package setup

import (
	"context"
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/tributary-cc/tributary/cmd/tributary/yamlfile"
	"github.com/tributary-cc/tributary/stream/event"
)

func ms(d yamlfile.Duration) int64 { return time.Duration(d).Milliseconds() }

func duration(ms int64) yamlfile.Duration {
	return yamlfile.Duration(time.Duration(ms) * time.Millisecond)
}

// Wanted makes the objects of a file that has no faults. A name or secret that is already sealed in force with the same text
// keeps its seal, so that an unchanged file is no change. The zones of hours are drawn from now on.
func (t *Tenant) Wanted(ctx context.Context, s Sealer, inForce []*event.ConfigObject, now time.Time) ([]*event.ConfigObject, error) {
	var out []*event.ConfigObject
	for _, n := range t.Skills {
		out = append(out, &event.ConfigObject{Object: &event.ConfigObject_Skill{Skill: &event.Skill{Id: n.ID, Name: n.Name}}})
	}
	for _, n := range t.Teams {
		out = append(out, &event.ConfigObject{Object: &event.ConfigObject_Team{Team: &event.Team{Id: n.ID, Name: n.Name}}})
	}
	for i := range t.Hours {
		out = append(out, t.Hours[i].object(now, inForce))
	}
	for i := range t.Queues {
		out = append(out, t.Queues[i].object())
	}
	for i := range t.Agents {
		o, err := t.Agents[i].object(ctx, t.Tenant, s, inForce)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	for i := range t.EntryPoints {
		o, err := t.EntryPoints[i].object(ctx, t.Tenant, s, inForce)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	if t.Settings != nil {
		out = append(out, &event.ConfigObject{Object: &event.ConfigObject_Settings{Settings: &event.TenantSettings{
			SilenceMs: ms(t.Settings.Silence), ReopenMs: ms(t.Settings.Reopen),
		}}})
	}
	return append(out, t.words()...), nil
}

// words are the policy and what agents choose from.
func (t *Tenant) words() (out []*event.ConfigObject) {
	for _, c := range t.WrapUpCodes {
		out = append(out, &event.ConfigObject{Object: &event.ConfigObject_WrapUpCode{WrapUpCode: &event.WrapUpCode{Id: c.ID, Name: c.Name, Queues: c.Queues}}})
	}
	for _, r := range t.StatusReasons {
		out = append(out, &event.ConfigObject{Object: &event.ConfigObject_StatusReason{StatusReason: &event.StatusReason{Id: r.ID, Name: r.Name, Productive: r.Productive}}})
	}
	for _, r := range t.QuickReplies {
		out = append(out, &event.ConfigObject{Object: &event.ConfigObject_QuickReply{QuickReply: &event.QuickReply{
			Id: r.ID, Title: r.Title, Text: r.Text, Language: r.Language, Team: r.Team,
		}}})
	}
	if t.Policy != nil {
		out = append(out, &event.ConfigObject{Object: &event.ConfigObject_Policy{Policy: t.Policy.Event()}})
	}
	return out
}

func (q *Queue) object() *event.ConfigObject {
	return &event.ConfigObject{Object: &event.ConfigObject_Queue{Queue: &event.Queue{
		Id: q.ID, Name: q.Name, Domain: q.Domain, TargetMs: ms(q.Target), TargetPercent: q.TargetPercent,
		OfferTimeoutMs: ms(q.OfferTimeout), WrapUpMs: ms(q.WrapUp), GraceMs: ms(q.Grace), Priority: q.Priority, Hours: q.Hours,
		MaxWaiting: q.MaxWaiting, MaxWaitMs: ms(q.MaxWait), Overflow: q.Overflow, ShortAbandonMs: ms(q.ShortAbandon), Practice: q.Practice,
	}}}
}

func (a *Agent) object(ctx context.Context, tenant string, s Sealer, inForce []*event.ConfigObject) (*event.ConfigObject, error) {
	e := &event.Agent{Id: a.ID, Queues: a.Queues, Team: a.Team, ChatCapacity: a.ChatCapacity, Domain: a.Domain}
	for _, k := range a.Skills {
		e.Skills = append(e.Skills, &event.AgentSkill{Skill: k.Skill, Level: k.Level})
	}
	for _, c := range sorted(a.Capacities) {
		e.Capacities = append(e.Capacities, &event.ChannelCapacity{Channel: channelOf(c), Contacts: a.Capacities[c]})
	}
	slices.SortFunc(e.Capacities, func(a, b *event.ChannelCapacity) int { return int(a.GetChannel() - b.GetChannel()) })
	var old *event.Sealed
	for _, o := range inForce {
		if o.GetAgent().GetId() == a.ID {
			old = o.GetAgent().GetName()
		}
	}
	if a.Name == "" {
		return &event.ConfigObject{Object: &event.ConfigObject_Agent{Agent: e}}, nil
	}
	var err error
	if e.Name, err = seal(ctx, s, tenant, "agent/"+a.ID, "name", &event.Content{Name: a.Name}, old); err != nil {
		return nil, fmt.Errorf("sealing the name of agent %s: %w", a.ID, err)
	}
	return &event.ConfigObject{Object: &event.ConfigObject_Agent{Agent: e}}, nil
}

// newSecret tells whether the file brings a secret of its own.
func (e *EntryPoint) newSecret() bool {
	switch e.Secret {
	case "", SecretSet, secretKeep, secretNone:
		return false
	}
	return true
}

func (e *EntryPoint) object(ctx context.Context, tenant string, s Sealer, inForce []*event.ConfigObject) (*event.ConfigObject, error) {
	out := &event.EntryPoint{
		Id: e.ID, Channel: channelOf(e.Channel), Queue: e.Queue, Origins: e.Origins, Greeting: e.Greeting, Language: e.Language,
		IntentModel: e.IntentModel, IntentDeadlineMs: ms(e.IntentDeadline), Survey: e.Survey,
	}
	for _, q := range e.Form {
		out.Form = append(out.Form, &event.FormField{Name: q.Name, Label: q.Label, Kind: q.Kind, Required: q.Required, Choices: q.Choices})
	}
	for _, o := range inForce {
		if o.GetEntryPoint().GetId() == e.ID && e.Secret != secretNone {
			out.Secret = o.GetEntryPoint().GetSecret()
		}
	}
	if e.newSecret() {
		var err error
		if out.Secret, err = seal(ctx, s, tenant, "entry_point/"+e.ID, "secret", &event.Content{Text: e.Secret}, out.GetSecret()); err != nil {
			return nil, fmt.Errorf("sealing the secret of entry point %s: %w", e.ID, err)
		}
	}
	return &event.ConfigObject{Object: &event.ConfigObject_EntryPoint{EntryPoint: out}}, nil
}

// seal seals a content, or keeps what is sealed already.
func seal(ctx context.Context, s Sealer, tenant, ref, id string, content *event.Content, old *event.Sealed) (*event.Sealed, error) {
	if old != nil {
		if c, err := s.OpenContent(ctx, tenant, old); err == nil && proto.Equal(c, content) {
			return old, nil
		}
	}
	return s.SealContent(ctx, tenant, ref, id, content)
}
