// Package setup reads and writes a tenant's file: the agents, queues, skills and the rest, as a person keeps them under
// version control. It finds all faults of a file with their lines, seals names, and tells the difference to what is in force.
package setup

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/tributary-cc/tributary/cmd/tributary/yamlfile"
	"github.com/tributary-cc/tributary/stream/event"
)

// Tenant is the file.
type Tenant struct {
	Tenant      string       `yaml:"tenant"`
	Settings    *Settings    `yaml:"settings,omitempty"`
	Skills      []Named      `yaml:"skills,omitempty"`
	Teams       []Named      `yaml:"teams,omitempty"`
	Queues      []Queue      `yaml:"queues,omitempty"`
	Agents      []Agent      `yaml:"agents,omitempty"`
	EntryPoints []EntryPoint `yaml:"entry_points,omitempty"`
}

// Settings are a tenant's rules of conversations.
type Settings struct {
	Silence yamlfile.Duration `yaml:"silence,omitempty"`
	Reopen  yamlfile.Duration `yaml:"reopen,omitempty"`
}

// Named is a skill or a team.
type Named struct {
	ID   string `yaml:"id"`
	Name string `yaml:"name,omitempty"`
}

// Queue is a waiting line.
type Queue struct {
	ID            string            `yaml:"id"`
	Name          string            `yaml:"name,omitempty"`
	Domain        string            `yaml:"domain,omitempty"`
	Target        yamlfile.Duration `yaml:"target,omitempty"`
	TargetPercent uint32            `yaml:"target_percent,omitempty"`
	OfferTimeout  yamlfile.Duration `yaml:"offer_timeout,omitempty"`
	WrapUp        yamlfile.Duration `yaml:"wrap_up,omitempty"`
	Grace         yamlfile.Duration `yaml:"grace,omitempty"`
	Priority      int32             `yaml:"priority,omitempty"`
}

// Agent is a person who works.
type Agent struct {
	ID           string       `yaml:"id"`
	Name         string       `yaml:"name,omitempty"`
	Queues       []string     `yaml:"queues,omitempty"`
	Skills       []AgentSkill `yaml:"skills,omitempty"`
	Team         string       `yaml:"team,omitempty"`
	ChatCapacity uint32       `yaml:"chat_capacity,omitempty"`
	Domain       string       `yaml:"domain,omitempty"`
}

// AgentSkill is a skill with its level.
type AgentSkill struct {
	Skill string `yaml:"skill"`
	Level uint32 `yaml:"level"`
}

// EntryPoint is where customers arrive.
type EntryPoint struct {
	ID       string   `yaml:"id"`
	Channel  string   `yaml:"channel"`
	Queue    string   `yaml:"queue"`
	Origins  []string `yaml:"origins,omitempty"`
	Greeting string   `yaml:"greeting,omitempty"`
	Language string   `yaml:"language,omitempty"`
}

// Sealer seals names and opens them.
type Sealer interface {
	SealContent(ctx context.Context, tenant, ref, contentID string, content *event.Content) (*event.Sealed, error)
	OpenContent(ctx context.Context, tenant string, sealed *event.Sealed) (*event.Content, error)
}

var idPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

// Read reads and checks a file. The error holds every fault with its line.
func Read(name string, data []byte) (*Tenant, *yamlfile.File) {
	t := new(Tenant)
	f := yamlfile.Read(name, data, t)
	t.check(f)
	return t, f
}

func (t *Tenant) check(f *yamlfile.File) {
	if !idPattern.MatchString(t.Tenant) {
		f.Wrong("tenant", "tenant is %q; an id has 1 to 64 of a–z, 0–9, - and _", t.Tenant)
	}
	skills := ids(f, "skills", t.Skills, func(n Named) string { return n.ID })
	teams := ids(f, "teams", t.Teams, func(n Named) string { return n.ID })
	queues := ids(f, "queues", t.Queues, func(q Queue) string { return q.ID })
	ids(f, "agents", t.Agents, func(a Agent) string { return a.ID })
	ids(f, "entry_points", t.EntryPoints, func(e EntryPoint) string { return e.ID })
	queues["default"] = true // every tenant has it
	for i, q := range t.Queues {
		q.check(f, fmt.Sprintf("queues[%d]", i))
	}
	for i, a := range t.Agents {
		a.check(f, fmt.Sprintf("agents[%d]", i), queues, skills, teams)
	}
	for i, e := range t.EntryPoints {
		e.check(f, fmt.Sprintf("entry_points[%d]", i), queues)
	}
	if s := t.Settings; s != nil && (s.Silence < 0 || s.Reopen < 0) {
		f.Wrong("settings", "silence and reopen are not negative")
	}
}

// ids collects the ids of a list and reports bad and repeated ones.
func ids[T any](f *yamlfile.File, list string, all []T, id func(T) string) map[string]bool {
	known := make(map[string]bool, len(all))
	for i, one := range all {
		path := fmt.Sprintf("%s[%d].id", list, i)
		switch v := id(one); {
		case !idPattern.MatchString(v):
			f.Wrong(path, "%s: %q is no id; an id has 1 to 64 of a–z, 0–9, - and _", list, v)
		case known[v]:
			f.Wrong(path, "%s: %q is there twice", list, v)
		default:
			known[v] = true
		}
	}
	return known
}

func (q *Queue) check(f *yamlfile.File, at string) {
	if q.TargetPercent > 100 {
		f.Wrong(at+".target_percent", "queue %s: target_percent is %d; it is 0 to 100", q.ID, q.TargetPercent)
	}
	for _, d := range []struct {
		key   string
		value yamlfile.Duration
		most  time.Duration
	}{{"target", q.Target, 7 * 24 * time.Hour}, {"offer_timeout", q.OfferTimeout, 10 * time.Minute}, {"wrap_up", q.WrapUp, 24 * time.Hour}, {"grace", q.Grace, 24 * time.Hour}} {
		if d.value < 0 || time.Duration(d.value) > d.most {
			f.Wrong(at+"."+d.key, "queue %s: %s is %s; it is 0 to %s", q.ID, d.key, time.Duration(d.value), d.most)
		}
	}
}

func (a *Agent) check(f *yamlfile.File, at string, queues, skills, teams map[string]bool) {
	for i, q := range a.Queues {
		if !queues[q] {
			f.Wrong(fmt.Sprintf("%s.queues[%d]", at, i), "agent %s: there is no queue %q in this file", a.ID, q)
		}
	}
	for i, s := range a.Skills {
		if !skills[s.Skill] {
			f.Wrong(fmt.Sprintf("%s.skills[%d].skill", at, i), "agent %s: there is no skill %q in this file", a.ID, s.Skill)
		}
		if s.Level < 1 || s.Level > 5 {
			f.Wrong(fmt.Sprintf("%s.skills[%d].level", at, i), "agent %s: level %d of skill %s; levels are 1 to 5", a.ID, s.Level, s.Skill)
		}
	}
	if a.Team != "" && !teams[a.Team] {
		f.Wrong(at+".team", "agent %s: there is no team %q in this file", a.ID, a.Team)
	}
	if a.ChatCapacity > 50 {
		f.Wrong(at+".chat_capacity", "agent %s: chat_capacity is %d; it is 0 to 50", a.ID, a.ChatCapacity)
	}
}

func (e *EntryPoint) check(f *yamlfile.File, at string, queues map[string]bool) {
	if channelOf(e.Channel) == event.Channel_CHANNEL_UNSPECIFIED {
		f.Wrong(at+".channel", "entry point %s: channel %q; there are %s", e.ID, e.Channel, strings.Join(channels(), ", "))
	}
	if !queues[e.Queue] {
		f.Wrong(at+".queue", "entry point %s: there is no queue %q in this file", e.ID, e.Queue)
	}
	for i, o := range e.Origins {
		if !strings.HasPrefix(o, "https://") && !strings.HasPrefix(o, "http://") || strings.Count(o, "/") != 2 {
			f.Wrong(fmt.Sprintf("%s.origins[%d]", at, i), "entry point %s: origin %q; an origin is https://host, without a path", e.ID, o)
		}
	}
}

func channelOf(name string) event.Channel {
	return event.Channel(event.Channel_value["CHANNEL_"+strings.ToUpper(name)])
}

func channels() []string {
	var names []string
	for n, v := range event.Channel_value {
		if v != 0 {
			names = append(names, strings.ToLower(strings.TrimPrefix(n, "CHANNEL_")))
		}
	}
	slices.Sort(names)
	return names
}

// Change is one line of the difference.
type Change struct {
	// Verb is add, change or remove.
	Verb string `json:"verb"`
	// What is kind and id.
	What   string `json:"what"`
	object *event.ConfigObject
}

// Difference compares the file with what is in force. Objects that are in force and not in the file are removed.
func Difference(inForce, wanted []*event.ConfigObject) []Change {
	have := make(map[string]*event.ConfigObject, len(inForce))
	for _, o := range inForce {
		have[What(o)] = o
	}
	var out []Change
	for _, o := range wanted {
		old, ok := have[What(o)]
		delete(have, What(o))
		switch {
		case !ok:
			out = append(out, Change{"add", What(o), o})
		case !proto.Equal(old, o):
			out = append(out, Change{"change", What(o), o})
		}
	}
	gone := make([]string, 0, len(have))
	for what := range have {
		gone = append(gone, what)
	}
	slices.Sort(gone)
	for _, what := range gone {
		o := proto.CloneOf(have[what])
		o.Removed = true
		out = append(out, Change{"remove", what, o})
	}
	return out
}

// Objects are what the changes ask of the configuration's fold.
func Objects(changes []Change) []*event.ConfigObject {
	out := make([]*event.ConfigObject, len(changes))
	for i, c := range changes {
		out[i] = c.object
	}
	return out
}

// What names an object: its kind and id.
func What(o *event.ConfigObject) string {
	switch x := o.GetObject().(type) {
	case *event.ConfigObject_Queue:
		return "queue " + x.Queue.GetId()
	case *event.ConfigObject_Agent:
		return "agent " + x.Agent.GetId()
	case *event.ConfigObject_Skill:
		return "skill " + x.Skill.GetId()
	case *event.ConfigObject_Team:
		return "team " + x.Team.GetId()
	case *event.ConfigObject_EntryPoint:
		return "entry point " + x.EntryPoint.GetId()
	default:
		return "settings"
	}
}
