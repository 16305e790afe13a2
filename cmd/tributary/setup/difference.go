package setup

import (
	"cmp"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/tributary-cc/tributary/stream/event"
)

// mainDomain is the routing domain of what names none.
const mainDomain = "main"

// Change is one object of the difference.
type Change struct {
	// Verb is add, change or remove.
	Verb string `json:"verb"`
	// What is kind and id.
	What string `json:"what"`
	// Details are what of it changes, from what to what, a line each; only of what changes.
	Details []string `json:"details,omitempty"`
	object  *event.ConfigObject
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
			out = append(out, Change{Verb: "add", What: What(o), object: o})
		case !proto.Equal(old, o):
			out = append(out, Change{"change", What(o), details(old, o), o})
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
		out = append(out, Change{Verb: "remove", What: what, object: o})
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
	case *event.ConfigObject_Hours:
		return "hours " + x.Hours.GetId()
	case *event.ConfigObject_Policy:
		return "policy " + cmp.Or(x.Policy.GetDomain(), mainDomain)
	case *event.ConfigObject_WrapUpCode:
		return "wrap-up code " + x.WrapUpCode.GetId()
	case *event.ConfigObject_StatusReason:
		return "status reason " + x.StatusReason.GetId()
	case *event.ConfigObject_QuickReply:
		return "quick reply " + x.QuickReply.GetId()
	default:
		return "settings"
	}
}
