package setup

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/tributary-cc/tributary/cmd/tributary/policyfile"
	"github.com/tributary-cc/tributary/models"
	"github.com/tributary-cc/tributary/stream/event"
)

// details tell field by field what becomes of an object. What is sealed is said to change, never to what.
func details(old, wanted *event.ConfigObject) []string {
	if p := wanted.GetPolicy(); p != nil && old.GetPolicy() != nil {
		return policyDetails(old.GetPolicy(), p)
	}
	a, b := held(old), held(wanted)
	if a == nil || b == nil || a.Descriptor() != b.Descriptor() {
		return nil
	}
	return fields("", a, b)
}

// held is what an object is: the queue, the agent.
func held(o *event.ConfigObject) protoreflect.Message {
	m := o.ProtoReflect()
	one := m.WhichOneof(m.Descriptor().Oneofs().ByName("object"))
	if one == nil {
		return nil
	}
	return m.Get(one).Message()
}

// fields are what differs between two messages of a kind, but for fields that are left out.
func fields(before string, a, b protoreflect.Message, without ...protoreflect.Name) (out []string) {
	all := a.Descriptor().Fields()
	for i := range all.Len() {
		f := all.Get(i)
		if slices.Contains(without, f.Name()) || a.Get(f).Equal(b.Get(f)) && a.Has(f) == b.Has(f) {
			continue
		}
		name := before + strings.TrimSuffix(string(f.Name()), "_ms")
		if f.Name() == "shifts" { // moments; they follow from the zone
			out = append(out, "shifts: written anew from the zone")
			continue
		}
		if sealed(f) {
			out = append(out, name+": "+sealedChange(a.Has(f), b.Has(f)))
			continue
		}
		out = append(out, fmt.Sprintf("%s: %s -> %s", name, written(f, a.Get(f)), written(f, b.Get(f))))
	}
	return out
}

func sealed(f protoreflect.FieldDescriptor) bool {
	return f.Kind() == protoreflect.MessageKind && f.Message().FullName() == (*event.Sealed)(nil).ProtoReflect().Descriptor().FullName()
}

func sealedChange(had, has bool) string {
	switch {
	case !had:
		return "set (sealed)"
	case !has:
		return "taken away (sealed)"
	}
	return "changed (sealed)"
}

// longest bounds a value in a line, in letters.
const longest = 200

// written is a field's value as a person reads it.
func written(f protoreflect.FieldDescriptor, v protoreflect.Value) string {
	if !f.IsList() {
		return single(f, v)
	}
	all := make([]string, v.List().Len())
	for i := range all {
		all[i] = single(f, v.List().Get(i))
	}
	return short("[" + strings.Join(all, ", ") + "]")
}

func single(f protoreflect.FieldDescriptor, v protoreflect.Value) string {
	switch {
	case sealed(f):
		return "(sealed)"
	case f.Kind() == protoreflect.MessageKind:
		var in []string
		for i := range f.Message().Fields().Len() {
			if part := f.Message().Fields().Get(i); v.Message().Has(part) {
				in = append(in, written(part, v.Message().Get(part)))
			}
		}
		return "{" + strings.Join(in, " ") + "}"
	case f.Kind() == protoreflect.EnumKind:
		return channelName(event.Channel(v.Enum()))
	case strings.HasSuffix(string(f.Name()), "_ms"):
		return (time.Duration(v.Int()) * time.Millisecond).String()
	case f.Kind() == protoreflect.StringKind && v.String() == "":
		return "none"
	case f.Kind() == protoreflect.StringKind:
		return short(v.String())
	}
	return v.String()
}

// short is a text on one line, and not a long one.
func short(s string) string {
	if strings.Contains(s, "\n") {
		s = strings.Join(strings.Fields(s), " ")
	}
	if head := models.Head(s, longest); head != s {
		return head + "…"
	}
	return s
}

// policyDetails tell what becomes of each rule and test; names tell them apart.
func policyDetails(old, wanted *event.Policy) []string {
	out := fields("", old.ProtoReflect(), wanted.ProtoReflect(), "rules", "tests")
	had, has := make(map[string]int), make(map[string]int)
	for i, r := range old.GetRules() {
		had[r.GetName()] = i
	}
	var stay []int // where the rules that stay were, in the new order
	for i, r := range wanted.GetRules() {
		has[r.GetName()] = i
		if at, ok := had[r.GetName()]; ok {
			stay = append(stay, at)
		}
	}
	for i, r := range old.GetRules() {
		if _, ok := has[r.GetName()]; !ok {
			out = append(out, fmt.Sprintf("remove rule %d %q", i+1, r.GetName()))
		}
	}
	unmoved := ascending(stay)
	for i, r := range wanted.GetRules() {
		at, ok := had[r.GetName()]
		if !ok {
			out = append(out, fmt.Sprintf("add rule %d %q", i+1, r.GetName()))
			out = append(out, ruleFields(&event.PolicyRule{Name: r.GetName()}, r)...)
			continue
		}
		if !unmoved[at] {
			out = append(out, fmt.Sprintf("move rule %q from %d to %d", r.GetName(), at+1, i+1))
		}
		if changed := ruleFields(old.GetRules()[at], r); len(changed) > 0 {
			out = append(append(out, fmt.Sprintf("change rule %d %q", i+1, r.GetName())), changed...)
		}
	}
	return append(out, testDetails(old, wanted)...)
}

// ruleFields are what differs in a rule, step by step.
func ruleFields(old, wanted *event.PolicyRule) []string {
	out := fields("  ", old.ProtoReflect(), wanted.ProtoReflect(), "steps")
	a, b := old.GetSteps(), wanted.GetSteps()
	for i := range max(len(a), len(b)) {
		step := "  step " + strconv.Itoa(i+1)
		switch {
		case i >= len(a):
			out = append(append(out, step+": added"), fields("    ", (&event.PolicyStep{}).ProtoReflect(), b[i].ProtoReflect())...)
		case i >= len(b):
			out = append(append(out, step+": removed"), fields("    ", a[i].ProtoReflect(), (&event.PolicyStep{}).ProtoReflect())...)
		case !proto.Equal(a[i], b[i]):
			out = append(append(out, step), fields("    ", a[i].ProtoReflect(), b[i].ProtoReflect())...)
		}
	}
	return out
}

// testDetails name the tests that are added, changed and removed.
func testDetails(old, wanted *event.Policy) (out []string) {
	if old.GetTests() == wanted.GetTests() {
		return nil
	}
	a, wrong := policyfile.Of(old)
	b, wrongToo := policyfile.Of(wanted)
	if wrong != nil || wrongToo != nil {
		return []string{"tests changed"}
	}
	had := make(map[string]string, len(a.Tests))
	for _, t := range a.Tests {
		had[t.Name] = t.String()
	}
	for _, t := range b.Tests {
		before, ok := had[t.Name]
		delete(had, t.Name)
		switch {
		case !ok:
			out = append(out, fmt.Sprintf("add test %q", t.Name))
		case before != t.String():
			out = append(out, fmt.Sprintf("change test %q: %s -> %s", t.Name, short(before), short(t.String())))
		}
	}
	for _, t := range a.Tests {
		if _, gone := had[t.Name]; gone {
			out = append(out, fmt.Sprintf("remove test %q", t.Name))
		}
	}
	if out == nil {
		out = []string{"tests in another order"}
	}
	return out
}

// ascending picks the most of a list that already ascend: what is not in it has moved.
func ascending(list []int) map[int]bool {
	best, from := make([]int, len(list)), make([]int, len(list))
	last := -1
	for i, x := range list {
		best[i], from[i] = 1, -1
		for j := range i {
			if list[j] < x && best[j]+1 > best[i] {
				best[i], from[i] = best[j]+1, j
			}
		}
		if last < 0 || best[i] > best[last] {
			last = i
		}
	}
	out := make(map[int]bool, len(list))
	for ; last >= 0; last = from[last] {
		out[list[last]] = true
	}
	return out
}
