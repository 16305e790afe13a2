package setup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"

	"github.com/tributary-cc/tributary/cmd/tributary/policyfile"
	"github.com/tributary-cc/tributary/stream/event"
)

// Export writes what is in force as a file that Read takes. Secrets are not in it, but that they are set is.
func Export(ctx context.Context, tenant string, s Sealer, inForce []*event.ConfigObject) ([]byte, error) {
	t := &Tenant{Tenant: tenant}
	for _, o := range inForce {
		if err := t.take(ctx, s, o); err != nil {
			return nil, err
		}
	}
	return t.Text()
}

// Text writes a file as Export does, so that what is wished and what is in force differ in what is different alone.
func (t *Tenant) Text() ([]byte, error) {
	return yaml.MarshalWithOptions(t, yaml.UseLiteralStyleIfMultiline(true))
}

// take lays one object into the file.
func (t *Tenant) take(ctx context.Context, s Sealer, o *event.ConfigObject) error {
	switch x := o.GetObject().(type) {
	case *event.ConfigObject_Skill:
		t.Skills = append(t.Skills, Named{x.Skill.GetId(), x.Skill.GetName()})
	case *event.ConfigObject_Team:
		t.Teams = append(t.Teams, Named{x.Team.GetId(), x.Team.GetName()})
	case *event.ConfigObject_Hours:
		t.Hours = append(t.Hours, exportHours(x.Hours))
	case *event.ConfigObject_Queue:
		t.Queues = append(t.Queues, exportQueue(x.Queue))
	case *event.ConfigObject_Agent:
		a, err := exportAgent(ctx, t.Tenant, s, x.Agent)
		if err != nil {
			return err
		}
		t.Agents = append(t.Agents, a)
	case *event.ConfigObject_EntryPoint:
		t.EntryPoints = append(t.EntryPoints, exportEntryPoint(x.EntryPoint))
	case *event.ConfigObject_Settings:
		t.Settings = &Settings{duration(x.Settings.GetSilenceMs()), duration(x.Settings.GetReopenMs())}
	case *event.ConfigObject_Policy:
		if t.Policy != nil {
			return fmt.Errorf("policies of two routing domains are in force, %q and %q; a file holds one", t.Policy.Domain, x.Policy.GetDomain())
		}
		var err error
		if t.Policy, err = policyfile.Of(x.Policy); err != nil {
			return err
		}
	case *event.ConfigObject_WrapUpCode:
		t.WrapUpCodes = append(t.WrapUpCodes, WrapUpCode{x.WrapUpCode.GetId(), x.WrapUpCode.GetName(), x.WrapUpCode.GetQueues()})
	case *event.ConfigObject_StatusReason:
		t.StatusReasons = append(t.StatusReasons, StatusReason{x.StatusReason.GetId(), x.StatusReason.GetName(), x.StatusReason.GetProductive()})
	case *event.ConfigObject_QuickReply:
		r := x.QuickReply
		t.QuickReplies = append(t.QuickReplies, QuickReply{r.GetId(), r.GetTitle(), r.GetText(), r.GetLanguage(), r.GetTeam()})
	}
	return nil
}

func exportQueue(q *event.Queue) Queue {
	return Queue{
		ID: q.GetId(), Name: q.GetName(), Domain: q.GetDomain(), Target: duration(q.GetTargetMs()), TargetPercent: q.GetTargetPercent(),
		OfferTimeout: duration(q.GetOfferTimeoutMs()), WrapUp: duration(q.GetWrapUpMs()), Grace: duration(q.GetGraceMs()), Priority: q.GetPriority(),
		Hours: q.GetHours(), MaxWaiting: q.GetMaxWaiting(), MaxWait: duration(q.GetMaxWaitMs()), Overflow: q.GetOverflow(),
		ShortAbandon: duration(q.GetShortAbandonMs()), Practice: q.GetPractice(),
	}
}

func exportAgent(ctx context.Context, tenant string, s Sealer, e *event.Agent) (Agent, error) {
	a := Agent{ID: e.GetId(), Queues: e.GetQueues(), Team: e.GetTeam(), ChatCapacity: e.GetChatCapacity(), Domain: e.GetDomain()}
	for _, k := range e.GetSkills() {
		a.Skills = append(a.Skills, AgentSkill{k.GetSkill(), k.GetLevel()})
	}
	for _, c := range e.GetCapacities() {
		if a.Capacities == nil {
			a.Capacities = make(map[string]uint32)
		}
		a.Capacities[channelName(c.GetChannel())] = c.GetContacts()
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

func exportEntryPoint(e *event.EntryPoint) EntryPoint {
	out := EntryPoint{
		ID: e.GetId(), Channel: channelName(e.GetChannel()), Queue: e.GetQueue(), Origins: e.GetOrigins(), Greeting: e.GetGreeting(),
		Language: e.GetLanguage(), IntentModel: e.GetIntentModel(), IntentDeadline: duration(e.GetIntentDeadlineMs()), Survey: e.GetSurvey(),
	}
	for _, q := range e.GetForm() {
		out.Form = append(out.Form, FormField{q.GetName(), q.GetLabel(), q.GetKind(), q.GetRequired(), q.GetChoices()})
	}
	if e.GetSecret() != nil {
		out.Secret = SecretSet
	}
	return out
}

// ToJSON writes a file as the objects that pages edit: the same keys in the same order.
func ToJSON(file []byte) ([]byte, error) { return yaml.YAMLToJSON(file) }

// FromJSON writes objects as the file they stand for.
func FromJSON(objects []byte) ([]byte, error) {
	if !json.Valid(objects) {
		return nil, errors.New("that is no JSON")
	}
	return yaml.JSONToYAML(objects)
}
