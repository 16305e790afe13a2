package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// MaxLevel is the highest level of a skill; 0 is for who has not got it.
const MaxLevel = 5

// everyLevel has a bit for each level.
const everyLevel = 1<<(MaxLevel+1) - 1

// Need is what an agent must be able to do for one contact: what the policy asks with the contact's part settled, so that
// it depends on levels of skills alone. It is immutable.
type Need struct {
	op    needOp
	skill uint16
	// levels has a bit for each level that will do.
	levels uint8
	kids   []*Need
	key    string
}

type needOp uint8

const (
	needAll needOp = iota // of the kids; without kids it is true
	needAny               // of the kids; without kids it is false
	needSkill
)

var (
	anyone = &Need{op: needAll, key: "true"}
	nobody = &Need{op: needAny, key: "false"}
)

// Key is the need as canonical CEL: needs with one key fit the same agents, under one policy or another. It is short enough
// to be shown and recorded.
func (n *Need) Key() string { return n.key }

// Anyone is the need that every agent fits: of a contact without steps.
func Anyone() *Need { return anyone }

// Certain tells whether the need depends on no level: then everybody fits, or nobody.
func (n *Need) Certain() bool { return n == anyone || n == nobody }

// Fits tells whether an agent with these levels will do. The levels are in the order of [Compiled.Skills], as
// [Compiled.Levels] makes them; what lies beyond them is 0. It allocates nothing.
func (n *Need) Fits(levels []uint8) bool {
	switch n.op {
	case needSkill:
		level := uint8(0)
		if int(n.skill) < len(levels) {
			level = min(levels[n.skill], MaxLevel)
		}
		return n.levels>>level&1 != 0
	case needAll:
		for _, k := range n.kids {
			if !k.Fits(levels) {
				return false
			}
		}
		return true
	case needAny:
		for _, k := range n.kids {
			if k.Fits(levels) {
				return true
			}
		}
	}
	return false
}

// Lacks tells what an agent with these levels is short of, for people: "cards >= 4 (has 2)". It is empty for who fits.
func (n *Need) Lacks(levels []uint8) []string {
	if n.Fits(levels) {
		return nil
	}
	switch n.op {
	case needSkill:
		level := uint8(0)
		if int(n.skill) < len(levels) {
			level = levels[n.skill]
		}
		return []string{fmt.Sprintf("%s (has %d)", n.key, level)}
	case needAll, needAny:
	}
	if len(n.kids) == 0 {
		return []string{"nobody can"}
	}
	if n.op == needAll {
		var out []string
		for _, k := range n.kids {
			out = append(out, k.Lacks(levels)...)
		}
		return out
	}
	var parts []string
	for _, k := range n.kids {
		parts = append(parts, strings.Join(k.Lacks(levels), " and "))
	}
	return []string{strings.Join(parts, ", or ")}
}

// needSkillLevels is the need of one skill at one of some levels.
func needSkillLevels(skill int, levels uint8, name string) *Need {
	switch levels &= everyLevel; levels {
	case 0:
		return nobody
	case everyLevel:
		return anyone
	}
	return &Need{op: needSkill, skill: uint16(skill), levels: levels, key: levelsText(name, levels)} //nolint:gosec // at most maxSkills
}

// levelsText writes a set of levels, neither empty nor full.
func levelsText(name string, levels uint8) string {
	name = skillText(name)
	var list []string
	for v := range MaxLevel + 1 {
		if levels>>v&1 != 0 {
			list = append(list, strconv.Itoa(v))
		}
	}
	first, last, n := list[0], list[len(list)-1], len(list)
	switch {
	case n == 1:
		return name + " == " + first
	case last == strconv.Itoa(MaxLevel) && n == MaxLevel+1-int(first[0]-'0'):
		return name + " >= " + first
	case first == "0" && n == int(last[0]-'0')+1:
		return name + " <= " + last
	default:
		return name + " in [" + strings.Join(list, ", ") + "]"
	}
}

// needOf joins needs with all or any: flat, without what is certain, one kid for each skill, in the order of their keys.
func needOf(o needOp, kids []*Need, names []string) *Need {
	neutral, final := anyone, nobody
	if o == needAny {
		neutral, final = nobody, anyone
	}
	var flat []*Need
	for _, k := range kids {
		switch {
		case k == final:
			return final
		case k == neutral:
		case k.op == o:
			flat = append(flat, k.kids...)
		default:
			flat = append(flat, k)
		}
	}
	flat, certain := mergeSkills(o, flat, names)
	switch {
	case certain:
		return final
	case len(flat) == 0:
		return neutral
	case len(flat) == 1:
		return flat[0]
	}
	slices.SortFunc(flat, func(a, b *Need) int { return strings.Compare(a.key, b.key) })
	flat = slices.CompactFunc(flat, func(a, b *Need) bool { return a.key == b.key })
	if len(flat) == 1 {
		return flat[0]
	}
	return &Need{op: o, kids: flat, key: keyOf(o, flat)}
}

// mergeSkills makes one need of all that ask for one skill. Certain is true where they settle the whole: no level is both.
func mergeSkills(o needOp, flat []*Need, names []string) (merged []*Need, certain bool) {
	at := make(map[uint16]int)
	for _, k := range flat {
		i, twice := at[k.skill]
		switch {
		case k.op != needSkill:
			merged = append(merged, k)
			continue
		case !twice:
			at[k.skill] = len(merged)
			merged = append(merged, k)
			continue
		}
		levels := merged[i].levels & k.levels
		if o == needAny {
			levels = merged[i].levels | k.levels
		}
		joined := needSkillLevels(int(k.skill), levels, names[k.skill])
		if joined == anyone || joined == nobody {
			return nil, true
		}
		merged[i] = joined
	}
	return merged, false
}

func keyOf(o needOp, kids []*Need) string {
	parts := make([]string, len(kids))
	for i, k := range kids {
		parts[i] = k.key
		if o == needAll && k.op == needAny {
			parts[i] = "(" + k.key + ")"
		}
	}
	if o == needAny {
		return strings.Join(parts, " || ")
	}
	return strings.Join(parts, " && ")
}
