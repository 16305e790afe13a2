package setup

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tributary-cc/tributary/cmd/tributary/yamlfile"
	"github.com/tributary-cc/tributary/stream/event"
)

var idPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

// Limits of texts, in letters, and of lists.
const (
	maxName     = 200
	maxReply    = 4000
	maxForm     = 20
	maxChoices  = 100
	maxCapacity = 50
	minSecret   = 16
	maxSecret   = 512
	week        = 7 * 24 * time.Hour
)

// names are what the objects of a file may refer to.
type names struct {
	queues, skills, teams, hours map[string]bool
	domains                      map[string]string // of the queues
	practice                     map[string]bool   // queues to practise in
}

func (t *Tenant) check(f *yamlfile.File, around Around) {
	if t.Tenant == "" {
		t.Tenant = around.Tenant
	}
	switch {
	case !idPattern.MatchString(t.Tenant):
		f.Wrong("tenant", "tenant is %q; an id has 1 to 64 of a–z, 0–9, - and _", t.Tenant)
	case around.Tenant != "" && t.Tenant != around.Tenant:
		f.Wrong("tenant", "this is the setup of tenant %s, not of %s", around.Tenant, t.Tenant)
	}
	n := t.names(f)
	for i, h := range t.Hours {
		h.check(f, fmt.Sprintf("hours[%d]", i))
	}
	for i, q := range t.Queues {
		q.check(f, fmt.Sprintf("queues[%d]", i), n)
	}
	t.checkOverflow(f)
	for i, a := range t.Agents {
		a.check(f, fmt.Sprintf("agents[%d]", i), n)
	}
	for i, e := range t.EntryPoints {
		e.check(f, fmt.Sprintf("entry_points[%d]", i), n, around)
	}
	if s := t.Settings; s != nil && (s.Silence < 0 || s.Reopen < 0) {
		f.Wrong("settings", "silence and reopen are not negative")
	}
	for i, c := range t.WrapUpCodes {
		for j, q := range c.Queues {
			n.needs(f, fmt.Sprintf("wrap_up_codes[%d].queues[%d]", i, j), "wrap-up code "+c.ID, "queue", q, n.queues)
		}
	}
	for i, r := range t.QuickReplies {
		r.check(f, fmt.Sprintf("quick_replies[%d]", i), n)
	}
	t.checkPolicy(f, around)
}

// names collects the ids, and finds what is wrong with them.
func (t *Tenant) names(f *yamlfile.File) names {
	n := names{
		skills: ids(f, "skills", t.Skills, func(n Named) string { return n.ID }),
		teams:  ids(f, "teams", t.Teams, func(n Named) string { return n.ID }),
		hours:  ids(f, "hours", t.Hours, func(h Hours) string { return h.ID }),
		queues: ids(f, "queues", t.Queues, func(q Queue) string { return q.ID }),
	}
	ids(f, "agents", t.Agents, func(a Agent) string { return a.ID })
	ids(f, "entry_points", t.EntryPoints, func(e EntryPoint) string { return e.ID })
	ids(f, "wrap_up_codes", t.WrapUpCodes, func(c WrapUpCode) string { return c.ID })
	ids(f, "status_reasons", t.StatusReasons, func(r StatusReason) string { return r.ID })
	ids(f, "quick_replies", t.QuickReplies, func(r QuickReply) string { return r.ID })
	n.queues[defaultQueue] = true
	n.domains, n.practice = make(map[string]string, len(t.Queues)), make(map[string]bool)
	for _, q := range t.Queues {
		n.practice[q.ID] = q.Practice
		n.domains[q.ID] = cmp.Or(q.Domain, mainDomain)
	}
	return n
}

// defaultQueue is there in every tenant.
const defaultQueue = "default"

// needs reports a reference to what is not in the file.
func (names) needs(f *yamlfile.File, path, who, what, id string, known map[string]bool) {
	if !known[id] {
		f.WrongIn(path, 0, "", fmt.Sprintf("%s: there is no %s %q in this file", who, what, id))
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

func (q *Queue) check(f *yamlfile.File, at string, n names) {
	if q.TargetPercent > 100 {
		f.WrongIn(at+".target_percent", 0, "", fmt.Sprintf("queue %s: target_percent is %d; it is 0 to 100", q.ID, q.TargetPercent))
	}
	for _, d := range []struct {
		key   string
		value yamlfile.Duration
		most  time.Duration
	}{
		{"target", q.Target, week},
		{"offer_timeout", q.OfferTimeout, 10 * time.Minute},
		{"wrap_up", q.WrapUp, 24 * time.Hour},
		{"grace", q.Grace, 24 * time.Hour},
		{"max_wait", q.MaxWait, week},
		{"short_abandon", q.ShortAbandon, time.Hour},
	} {
		if d.value < 0 || time.Duration(d.value) > d.most {
			f.WrongIn(at+"."+d.key, 0, "", fmt.Sprintf("queue %s: %s is %s; it is 0 to %s", q.ID, d.key, time.Duration(d.value), d.most))
		}
	}
	if q.Hours != "" {
		n.needs(f, at+".hours", "queue "+q.ID, "hours", q.Hours, n.hours)
	}
	switch {
	case q.Overflow == "":
	case q.Overflow == q.ID:
		f.WrongIn(at+".overflow", 0, "", fmt.Sprintf("queue %s flows over into itself", q.ID))
	case !n.queues[q.Overflow]:
		n.needs(f, at+".overflow", "queue "+q.ID, "queue", q.Overflow, n.queues)
	case cmp.Or(n.domains[q.Overflow], mainDomain) != cmp.Or(q.Domain, mainDomain):
		f.WrongIn(at+".overflow", 0, "", fmt.Sprintf("queue %s: %s is of another routing domain, whose agents it cannot reach", q.ID, q.Overflow))
	case n.practice[q.Overflow] != q.Practice:
		f.WrongIn(at+".overflow", 0, "", fmt.Sprintf("queue %s: of it and %s one is to practise in, which no number counts, and the other is not", q.ID, q.Overflow))
	}
}

// checkOverflow reports queues that flow round in a ring.
func (t *Tenant) checkOverflow(f *yamlfile.File) {
	next := make(map[string]string, len(t.Queues))
	for _, q := range t.Queues {
		next[q.ID] = q.Overflow
	}
	for i, q := range t.Queues {
		way := []string{q.ID}
		for at := next[q.ID]; at != "" && at != way[len(way)-1] && len(way) <= len(t.Queues); at = next[at] {
			way = append(way, at)
			if at == q.ID {
				f.WrongIn(fmt.Sprintf("queues[%d].overflow", i), 0, "", "overflow goes round: "+strings.Join(way, ", "))
				break
			}
		}
	}
}

func (a *Agent) check(f *yamlfile.File, at string, n names) {
	who := "agent " + a.ID
	for i, q := range a.Queues {
		n.needs(f, fmt.Sprintf("%s.queues[%d]", at, i), who, "queue", q, n.queues)
	}
	for i, s := range a.Skills {
		path := fmt.Sprintf("%s.skills[%d]", at, i)
		if !n.skills[s.Skill] {
			f.Wrong(path+".skill", "agent %s: there is no skill %q in this file", a.ID, s.Skill)
		}
		if s.Level < 1 || s.Level > 5 {
			f.Wrong(path+".level", "agent %s: level %d of skill %s; levels are 1 to 5", a.ID, s.Level, s.Skill)
		}
	}
	if a.Team != "" {
		n.needs(f, at+".team", who, "team", a.Team, n.teams)
	}
	if a.ChatCapacity > maxCapacity {
		f.Wrong(at+".chat_capacity", "agent %s: chat_capacity is %d; it is 0 to %d", a.ID, a.ChatCapacity, maxCapacity)
	}
	for _, channel := range sorted(a.Capacities) {
		switch c := a.Capacities[channel]; {
		case channelOf(channel) == event.Channel_CHANNEL_UNSPECIFIED:
			f.WrongIn(at+".capacities", 0, "", fmt.Sprintf("agent %s: channel %q; there are %s", a.ID, channel, strings.Join(channels(), ", ")))
		case c > maxCapacity:
			f.WrongIn(at+".capacities", 0, "", fmt.Sprintf("agent %s: %d contacts of %s; it is 0 to %d", a.ID, c, channel, maxCapacity))
		}
	}
}

func (e *EntryPoint) check(f *yamlfile.File, at string, n names, around Around) {
	if channelOf(e.Channel) == event.Channel_CHANNEL_UNSPECIFIED {
		f.Wrong(at+".channel", "entry point %s: channel %q; there are %s", e.ID, e.Channel, strings.Join(channels(), ", "))
	}
	n.needs(f, at+".queue", "entry point "+e.ID, "queue", e.Queue, n.queues)
	for i, o := range e.Origins {
		if !strings.HasPrefix(o, "https://") && !strings.HasPrefix(o, "http://") || strings.Count(o, "/") != 2 {
			f.Wrong(fmt.Sprintf("%s.origins[%d]", at, i), "entry point %s: origin %q; an origin is https://host, without a path", e.ID, o)
		}
	}
	if e.IntentModel != "" && around.Intents != nil {
		if _, err := around.Intents(e.IntentModel); err != nil {
			f.WrongIn(at+".intent_model", 0, "", fmt.Sprintf("entry point %s: %v", e.ID, err))
		}
	}
	if d := time.Duration(e.IntentDeadline); d < 0 || d > time.Minute {
		f.WrongIn(at+".intent_deadline", 0, "", fmt.Sprintf("entry point %s: intent_deadline is %s; it is 0 to 1m", e.ID, d))
	}
	if l := len(e.Secret); e.newSecret() && (l < minSecret || l > maxSecret) {
		f.WrongIn(at+".secret", 0, "", fmt.Sprintf("entry point %s: a secret has %d to %d bytes; %s and %s keep the one in force", e.ID, minSecret, maxSecret, secretKeep, SecretSet))
	}
	e.checkForm(f, at+".form")
}

// formKinds are the kinds of questions before a chat.
var formKinds = []string{"choice", "email", "phone", "text"}

func (e *EntryPoint) checkForm(f *yamlfile.File, at string) {
	if len(e.Form) > maxForm {
		f.WrongIn(at, 0, "", fmt.Sprintf("entry point %s: %d questions are more than %d", e.ID, len(e.Form), maxForm))
		return
	}
	seen := map[string]bool{}
	for i, q := range e.Form {
		path := fmt.Sprintf("%s[%d]", at, i)
		wrong := func(key, format string, args ...any) {
			f.WrongIn(path+"."+key, 0, "", fmt.Sprintf("entry point %s: ", e.ID)+fmt.Sprintf(format, args...))
		}
		switch {
		case !idPattern.MatchString(q.Name):
			wrong("name", "%q is no name of a question; it has 1 to 64 of a–z, 0–9, - and _", q.Name)
		case seen[q.Name]:
			wrong("name", "question %s is there twice", q.Name)
		}
		seen[q.Name] = true
		if !slices.Contains(formKinds, q.Kind) {
			wrong("kind", "question %s is of kind %q; there are %s", q.Name, q.Kind, strings.Join(formKinds, ", "))
		}
		switch {
		case q.Kind == "choice" && len(q.Choices) == 0:
			wrong("choices", "question %s has nothing to choose from", q.Name)
		case q.Kind != "choice" && len(q.Choices) > 0:
			wrong("choices", "question %s is of kind %s, which has no choices", q.Name, q.Kind)
		case len(q.Choices) > maxChoices:
			wrong("choices", "question %s has %d choices, more than %d", q.Name, len(q.Choices), maxChoices)
		}
	}
}

// variables are what the workspace fills into a quick reply.
var variables = []string{"agent.name", "customer.name"}

var variable = regexp.MustCompile(`\{([a-z]+(?:\.[a-z0-9_]+)+)\}`)

func (r *QuickReply) check(f *yamlfile.File, at string, n names) {
	if r.Text == "" || utf8.RuneCountInString(r.Text) > maxReply {
		f.WrongIn(at+".text", 0, "", fmt.Sprintf("quick reply %s: a text has 1 to %d letters", r.ID, maxReply))
	}
	for _, found := range variable.FindAllStringSubmatchIndex(r.Text, -1) {
		name := r.Text[found[2]:found[3]]
		if !slices.Contains(variables, name) {
			f.WrongIn(at+".text", utf8.RuneCountInString(r.Text[:found[0]]), r.Text,
				fmt.Sprintf("quick reply %s: there is no {%s}; there are {%s}", r.ID, name, strings.Join(variables, "}, {")))
		}
	}
	if utf8.RuneCountInString(r.Title) > maxName {
		f.WrongIn(at+".title", 0, "", fmt.Sprintf("quick reply %s: a title has at most %d letters", r.ID, maxName))
	}
	if r.Language != "" && !languagePattern.MatchString(r.Language) {
		f.WrongIn(at+".language", 0, "", fmt.Sprintf("quick reply %s: %q is no language; a language is written zh or en", r.ID, r.Language))
	}
	if r.Team != "" {
		n.needs(f, at+".team", "quick reply "+r.ID, "team", r.Team, n.teams)
	}
}

var languagePattern = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$`)

func channelOf(name string) event.Channel {
	return event.Channel(event.Channel_value["CHANNEL_"+strings.ToUpper(name)])
}

func channelName(c event.Channel) string {
	return strings.ToLower(strings.TrimPrefix(c.String(), "CHANNEL_"))
}

func channels() []string {
	var out []string
	for _, v := range event.Channel_value {
		if v != 0 {
			out = append(out, channelName(event.Channel(v)))
		}
	}
	slices.Sort(out)
	return out
}

func sorted[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
