package setup

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/tributary-cc/tributary/cmd/tributary/yamlfile"
	"github.com/tributary-cc/tributary/stream/event"
)

func ms(d yamlfile.Duration) int64 { return time.Duration(d).Milliseconds() }

func duration(ms int64) yamlfile.Duration {
	return yamlfile.Duration(time.Duration(ms) * time.Millisecond)
}

// Wanted makes the objects of a file. A name that is already sealed in force with the same text keeps its seal, so that an
// unchanged file is no change.
func (t *Tenant) Wanted(ctx context.Context, s Sealer, inForce []*event.ConfigObject) ([]*event.ConfigObject, error) {
	var out []*event.ConfigObject
	for _, n := range t.Skills {
		out = append(out, &event.ConfigObject{Object: &event.ConfigObject_Skill{Skill: &event.Skill{Id: n.ID, Name: n.Name}}})
	}
	for _, n := range t.Teams {
		out = append(out, &event.ConfigObject{Object: &event.ConfigObject_Team{Team: &event.Team{Id: n.ID, Name: n.Name}}})
	}
	for _, q := range t.Queues {
		out = append(out, &event.ConfigObject{Object: &event.ConfigObject_Queue{Queue: &event.Queue{
			Id: q.ID, Name: q.Name, Domain: q.Domain, TargetMs: ms(q.Target), TargetPercent: q.TargetPercent,
			OfferTimeoutMs: ms(q.OfferTimeout), WrapUpMs: ms(q.WrapUp), GraceMs: ms(q.Grace), Priority: q.Priority,
		}}})
	}
	for _, a := range t.Agents {
		o, err := a.object(ctx, t.Tenant, s, inForce)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	for _, e := range t.EntryPoints {
		out = append(out, &event.ConfigObject{Object: &event.ConfigObject_EntryPoint{EntryPoint: &event.EntryPoint{
			Id: e.ID, Channel: channelOf(e.Channel), Queue: e.Queue, Origins: e.Origins, Greeting: e.Greeting, Language: e.Language,
		}}})
	}
	if t.Settings != nil {
		out = append(out, &event.ConfigObject{Object: &event.ConfigObject_Settings{Settings: &event.TenantSettings{
			SilenceMs: ms(t.Settings.Silence), ReopenMs: ms(t.Settings.Reopen),
		}}})
	}
	return out, nil
}

func (a *Agent) object(ctx context.Context, tenant string, s Sealer, inForce []*event.ConfigObject) (*event.ConfigObject, error) {
	e := &event.Agent{Id: a.ID, Queues: a.Queues, Team: a.Team, ChatCapacity: a.ChatCapacity, Domain: a.Domain}
	for _, k := range a.Skills {
		e.Skills = append(e.Skills, &event.AgentSkill{Skill: k.Skill, Level: k.Level})
	}
	for _, o := range inForce {
		if o.GetAgent().GetId() != a.ID || o.GetAgent().GetName() == nil {
			continue
		}
		if c, err := s.OpenContent(ctx, tenant, o.GetAgent().GetName()); err == nil && c.GetName() == a.Name {
			e.Name = o.GetAgent().GetName()
		}
	}
	if e.Name == nil && a.Name != "" {
		sealed, err := s.SealContent(ctx, tenant, "agent/"+a.ID, "name", &event.Content{Name: a.Name})
		if err != nil {
			return nil, fmt.Errorf("sealing the name of agent %s: %w", a.ID, err)
		}
		e.Name = sealed
	}
	return &event.ConfigObject{Object: &event.ConfigObject_Agent{Agent: e}}, nil
}

// Export writes what is in force as a file that Read takes.
func Export(ctx context.Context, tenant string, s Sealer, inForce []*event.ConfigObject) ([]byte, error) {
	t := &Tenant{Tenant: tenant}
	for _, o := range inForce {
		switch x := o.GetObject().(type) {
		case *event.ConfigObject_Skill:
			t.Skills = append(t.Skills, Named{x.Skill.GetId(), x.Skill.GetName()})
		case *event.ConfigObject_Team:
			t.Teams = append(t.Teams, Named{x.Team.GetId(), x.Team.GetName()})
		case *event.ConfigObject_Queue:
			q := x.Queue
			t.Queues = append(t.Queues, Queue{
				q.GetId(), q.GetName(), q.GetDomain(), duration(q.GetTargetMs()), q.GetTargetPercent(), duration(q.GetOfferTimeoutMs()),
				duration(q.GetWrapUpMs()), duration(q.GetGraceMs()), q.GetPriority(),
			})
		case *event.ConfigObject_Agent:
			a, err := exportAgent(ctx, tenant, s, x.Agent)
			if err != nil {
				return nil, err
			}
			t.Agents = append(t.Agents, a)
		case *event.ConfigObject_EntryPoint:
			e := x.EntryPoint
			t.EntryPoints = append(t.EntryPoints, EntryPoint{
				e.GetId(), strings.ToLower(strings.TrimPrefix(e.GetChannel().String(), "CHANNEL_")), e.GetQueue(), e.GetOrigins(), e.GetGreeting(), e.GetLanguage(),
			})
		case *event.ConfigObject_Settings:
			t.Settings = &Settings{duration(x.Settings.GetSilenceMs()), duration(x.Settings.GetReopenMs())}
		}
	}
	return yaml.Marshal(t)
}

func exportAgent(ctx context.Context, tenant string, s Sealer, e *event.Agent) (Agent, error) {
	a := Agent{ID: e.GetId(), Queues: e.GetQueues(), Team: e.GetTeam(), ChatCapacity: e.GetChatCapacity(), Domain: e.GetDomain()}
	for _, k := range e.GetSkills() {
		a.Skills = append(a.Skills, AgentSkill{k.GetSkill(), k.GetLevel()})
	}
	if e.GetName() != nil {
		c, err := s.OpenContent(ctx, tenant, e.GetName())
		if err != nil {
			return a, fmt.Errorf("opening the name of agent %s: %w", e.GetId(), err)
		}
		a.Name = c.GetName()
	}
	return a, nil
}
