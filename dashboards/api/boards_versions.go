package api

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
)

const (
	// maxVersions bounds the versions of the configuration that boards know of a tenant, maxNamed the things of one kind that
	// a version names, and maxAnnotations what is answered at once.
	maxVersions    = 1000
	maxNamed       = 12
	maxAnnotations = 500
)

// The kinds of things that a version changes, in the order in which they are told.
var versionKinds = [...]string{"policy", "queues", "agents", "teams", "hours", "entry points", "codes", "replies", "skills", "settings"}

const (
	kindPolicy = iota
	kindQueues
	kindAgents
	kindTeams
	kindHours
	kindEntries
	kindCodes
	kindReplies
	kindSkills
	kindSettings
)

// versionEntry is a version of the configuration that came into force.
type versionEntry struct {
	at      int64
	version uint64
	changed [len(versionKinds)][]string
}

// cameIntoForce notes a version for boards.
func (t *tenantEntry) cameIntoForce(atMs int64, c *event.ConfigApplied) {
	e := versionEntry{at: atMs, version: c.GetVersion()}
	for _, o := range c.GetObjects() {
		kind, id := changedIn(o)
		if kind < 0 {
			continue
		}
		if o.GetRemoved() {
			id += " (removed)"
		}
		e.changed[kind] = append(e.changed[kind], id)
	}
	if len(t.versions) >= maxVersions {
		t.versions = append(t.versions[:0], t.versions[len(t.versions)-maxVersions/2:]...)
	}
	t.versions = append(t.versions, e)
}

func changedIn(o *event.ConfigObject) (kind int, id string) {
	switch x := o.GetObject().(type) {
	case *event.ConfigObject_Policy:
		return kindPolicy, orMain(x.Policy.GetDomain())
	case *event.ConfigObject_Queue:
		return kindQueues, x.Queue.GetId()
	case *event.ConfigObject_Agent:
		return kindAgents, x.Agent.GetId()
	case *event.ConfigObject_Team:
		return kindTeams, x.Team.GetId()
	case *event.ConfigObject_Hours:
		return kindHours, x.Hours.GetId()
	case *event.ConfigObject_EntryPoint:
		return kindEntries, x.EntryPoint.GetId()
	case *event.ConfigObject_WrapUpCode:
		return kindCodes, x.WrapUpCode.GetId()
	case *event.ConfigObject_StatusReason:
		return kindCodes, x.StatusReason.GetId()
	case *event.ConfigObject_QuickReply:
		return kindReplies, x.QuickReply.GetId()
	case *event.ConfigObject_Skill:
		return kindSkills, x.Skill.GetId()
	case *event.ConfigObject_Settings:
		return kindSettings, "conversations"
	}
	return -1, ""
}

type annotationView struct {
	AtMs    int64    `json:"at_ms"`
	Kind    string   `json:"kind"`
	Version uint64   `json:"version"`
	Title   string   `json:"title"`
	Text    string   `json:"text"`
	Tags    []string `json:"tags"`
}

// annotations are the versions that came into force between two moments, the latest first, as far as some teams see them.
func (v *view) annotations(tenant string, teams []string, from, to int64) []annotationView {
	v.mu.Lock()
	defer v.mu.Unlock()
	t := v.tenant(tenant)
	in := v.inScope(t, teams)
	out := []annotationView{}
	for i := len(t.versions) - 1; i >= 0 && len(out) < maxAnnotations; i-- {
		if e := &t.versions[i]; from <= e.at && e.at < to {
			out = append(out, e.told(in, teams))
		}
	}
	return out
}

func (e *versionEntry) told(in *scope, teams []string) annotationView {
	a := annotationView{AtMs: e.at, Kind: "config", Version: e.version, Title: fmt.Sprintf("Configuration %d", e.version), Tags: []string{"config"}}
	var parts []string
	for kind, ids := range e.changed {
		ids = seen(kind, ids, in, teams)
		if len(ids) == 0 {
			continue
		}
		if kind == kindPolicy {
			a.Kind, a.Title, a.Tags = "policy", fmt.Sprintf("Policy of configuration %d", e.version), []string{"config", "policy"}
		}
		text := strings.Join(ids[:min(len(ids), maxNamed)], ", ")
		if more := len(ids) - maxNamed; more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
		parts = append(parts, versionKinds[kind]+": "+text)
	}
	a.Text = strings.Join(parts, "; ")
	return a
}

// seen leaves the queues, agents and teams that somebody sees; of what belongs to nobody everything. Who sees some teams is
// not told what was removed, as nobody knows any more whose it was.
func seen(kind int, ids []string, in *scope, teams []string) []string {
	if in.whole || kind != kindQueues && kind != kindAgents && kind != kindTeams && kind != kindEntries {
		return ids
	}
	var out []string
	for _, id := range ids {
		may := false
		switch kind {
		case kindQueues:
			may = in.queue(id)
		case kindAgents:
			may = in.agent(id)
		case kindTeams:
			for _, team := range teams {
				may = may || team == id
			}
		}
		if may {
			out = append(out, id)
		}
	}
	return out
}

// boardAnnotations answers when which configuration came into force.
func (s *Server) boardAnnotations(w http.ResponseWriter, r *http.Request, who person) error {
	from, err := strconv.ParseInt(r.URL.Query().Get("from_ms"), 10, 64)
	to, err2 := strconv.ParseInt(r.URL.Query().Get("to_ms"), 10, 64)
	if err != nil || err2 != nil || from < 0 || to < from || to > latestMoment {
		return &fault{kindInvalid, codeBadQuery, "from_ms and to_ms: Unix milliseconds, to_ms the later one"}
	}
	live.WriteJSON(w, http.StatusOK, map[string]any{"annotations": s.view.annotations(who.Tenant, who.who.Teams, from, to)})
	return nil
}
