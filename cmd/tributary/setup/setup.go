// Package setup reads and writes a tenant's file: the agents, queues, skills and the rest, as a person keeps them under
// version control. It finds all faults of a file with their lines, seals names, and tells the difference to what is in force.
package setup

import (
	"context"

	"github.com/tributary-cc/tributary/cmd/tributary/policyfile"
	"github.com/tributary-cc/tributary/cmd/tributary/yamlfile"
	"github.com/tributary-cc/tributary/stream/event"
)

// Tenant is the file.
type Tenant struct {
	Tenant        string             `yaml:"tenant"`
	Settings      *Settings          `yaml:"settings,omitempty"`
	Skills        []Named            `yaml:"skills,omitempty"`
	Teams         []Named            `yaml:"teams,omitempty"`
	Hours         []Hours            `yaml:"hours,omitempty"`
	Queues        []Queue            `yaml:"queues,omitempty"`
	Agents        []Agent            `yaml:"agents,omitempty"`
	EntryPoints   []EntryPoint       `yaml:"entry_points,omitempty"`
	Policy        *policyfile.Policy `yaml:"policy,omitempty"`
	PolicyFile    string             `yaml:"policy_file,omitempty"`
	WrapUpCodes   []WrapUpCode       `yaml:"wrap_up_codes,omitempty"`
	StatusReasons []StatusReason     `yaml:"status_reasons,omitempty"`
	QuickReplies  []QuickReply       `yaml:"quick_replies,omitempty"`
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

// Hours are a week's opening times in a zone.
type Hours struct {
	ID       string    `yaml:"id"`
	Name     string    `yaml:"name,omitempty"`
	Zone     string    `yaml:"zone"`
	Open     []Opening `yaml:"open,omitempty"`
	Holidays []Holiday `yaml:"holidays,omitempty"`
}

// Opening is one stretch on some days of the week, 1 for Monday. To may be 24:00.
type Opening struct {
	Days []uint32 `yaml:"days,flow"`
	From string   `yaml:"from"`
	To   string   `yaml:"to"`
}

// Holiday is a day with other hours than its weekday's; without from and to it is closed.
type Holiday struct {
	Day  string `yaml:"day"`
	From string `yaml:"from,omitempty"`
	To   string `yaml:"to,omitempty"`
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
	Hours         string            `yaml:"hours,omitempty"`
	MaxWaiting    uint32            `yaml:"max_waiting,omitempty"`
	MaxWait       yamlfile.Duration `yaml:"max_wait,omitempty"`
	Overflow      string            `yaml:"overflow,omitempty"`
	ShortAbandon  yamlfile.Duration `yaml:"short_abandon,omitempty"`
	// Practice is a queue of simulated customers, whom no number counts.
	Practice bool `yaml:"practice,omitempty"`
}

// Agent is a person who works.
type Agent struct {
	ID           string            `yaml:"id"`
	Name         string            `yaml:"name,omitempty"`
	Queues       []string          `yaml:"queues,omitempty"`
	Skills       []AgentSkill      `yaml:"skills,omitempty"`
	Team         string            `yaml:"team,omitempty"`
	ChatCapacity uint32            `yaml:"chat_capacity,omitempty"`
	Capacities   map[string]uint32 `yaml:"capacities,omitempty"`
	Domain       string            `yaml:"domain,omitempty"`
}

// AgentSkill is a skill with its level.
type AgentSkill struct {
	Skill string `yaml:"skill"`
	Level uint32 `yaml:"level"`
}

// EntryPoint is where customers arrive.
type EntryPoint struct {
	ID             string            `yaml:"id"`
	Channel        string            `yaml:"channel"`
	Queue          string            `yaml:"queue"`
	Origins        []string          `yaml:"origins,omitempty"`
	Greeting       string            `yaml:"greeting,omitempty"`
	Language       string            `yaml:"language,omitempty"`
	IntentModel    string            `yaml:"intent_model,omitempty"`
	IntentDeadline yamlfile.Duration `yaml:"intent_deadline,omitempty"`
	Survey         bool              `yaml:"survey,omitempty"`
	Form           []FormField       `yaml:"form,omitempty"`
	// Secret signs visitors' tokens. Nobody is shown it again: SecretSet stands for the one in force, as nothing does.
	Secret string `yaml:"secret,omitempty"`
}

// FormField is one question before the chat.
type FormField struct {
	Name     string   `yaml:"name"`
	Label    string   `yaml:"label,omitempty"`
	Kind     string   `yaml:"kind"`
	Required bool     `yaml:"required,omitempty"`
	Choices  []string `yaml:"choices,omitempty"`
}

// WrapUpCode is an outcome that an agent can choose after a contact.
type WrapUpCode struct {
	ID     string   `yaml:"id"`
	Name   string   `yaml:"name,omitempty"`
	Queues []string `yaml:"queues,omitempty"`
}

// StatusReason is a reason for a break.
type StatusReason struct {
	ID         string `yaml:"id"`
	Name       string `yaml:"name,omitempty"`
	Productive bool   `yaml:"productive,omitempty"`
}

// QuickReply is a text that agents can insert.
type QuickReply struct {
	ID       string `yaml:"id"`
	Title    string `yaml:"title,omitempty"`
	Text     string `yaml:"text"`
	Language string `yaml:"language,omitempty"`
	Team     string `yaml:"team,omitempty"`
}

// What may stand for an entry point's secret.
const (
	SecretSet  = "(set)" // the one in force, if there is one; so does the word keep, and nothing
	secretKeep = "keep"
	secretNone = "(none)" // takes it away
)

// Sealer seals names and secrets, and opens them.
type Sealer interface {
	SealContent(ctx context.Context, tenant, ref, contentID string, content *event.Content) (*event.Sealed, error)
	OpenContent(ctx context.Context, tenant string, sealed *event.Sealed) (*event.Content, error)
}
