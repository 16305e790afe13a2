package policy

// settler settles the contact's part of a need.
type settler struct {
	facts *Facts
	names []string
}

// settle gives what remains of an expression of kind bool; not gives it of its opposite.
func (s settler) settle(n *node, not bool) *Need {
	if !n.skills {
		return certain(n.truth(s.facts) != not)
	}
	switch n.op {
	case opNot:
		return s.settle(n.kids[0], !not)
	case opAnd, opOr:
		kids := make([]*Need, len(n.kids))
		for i, k := range n.kids {
			kids[i] = s.settle(k, not)
		}
		return s.join((n.op == opAnd) != not, kids...)
	case opIf:
		return s.either(n.kids[0], func(k *node) *Need { return s.settle(k, not) }, n.kids[1], n.kids[2])
	case opEq, opNe:
		if n.kids[0].kind == kindBool {
			return s.same(n.kids[0], n.kids[1], (n.op == opEq) == not)
		}
		return s.relation(opposite(n.op, not), n.kids[0], n.kids[1])
	case opLt, opLe, opGt, opGe:
		return s.relation(opposite(n.op, not), n.kids[0], n.kids[1])
	case opIn:
		kids := make([]*Need, len(n.kids[1].kids))
		for i, k := range n.kids[1].kids {
			kids[i] = s.relation(opposite(opEq, not), n.kids[0], k)
		}
		return s.join(not, kids...)
	case opConst, opFact, opSkill, opList, opStarts, opEnds, opContains, opSize: // depend on no skill, or are no bools
	}
	return nobody
}

func certain(v bool) *Need {
	if v {
		return anyone
	}
	return nobody
}

func (s settler) join(all bool, kids ...*Need) *Need {
	if all {
		return needOf(needAll, kids, s.names)
	}
	return needOf(needAny, kids, s.names)
}

// either is (if and a) or (not if and b).
func (s settler) either(condition *node, of func(*node) *Need, a, b *node) *Need {
	if !condition.skills {
		if condition.truth(s.facts) {
			return of(a)
		}
		return of(b)
	}
	return s.join(false,
		s.join(true, s.settle(condition, false), of(a)),
		s.join(true, s.settle(condition, true), of(b)))
}

// same is whether two bools are equal; not gives whether they differ.
func (s settler) same(a, b *node, not bool) *Need {
	return s.join(false,
		s.join(true, s.settle(a, false), s.settle(b, not)),
		s.join(true, s.settle(a, true), s.settle(b, !not)))
}

// relation compares two ints of which either may be a skill, a constant for this contact, or a choice between such.
func (s settler) relation(o op, a, b *node) *Need {
	switch {
	case a.op == opIf:
		return s.either(a.kids[0], func(k *node) *Need { return s.relation(o, k, b) }, a.kids[1], a.kids[2])
	case b.op == opIf:
		return s.either(b.kids[0], func(k *node) *Need { return s.relation(o, a, k) }, b.kids[1], b.kids[2])
	case a.op == opSkill && b.op == opSkill:
		return s.skills(o, a.skill, b.skill)
	case a.op == opSkill:
		return s.skill(a.skill, func(level int64) bool { return compare(o, level, b.count(s.facts)) })
	case b.op == opSkill:
		return s.skill(b.skill, func(level int64) bool { return compare(o, a.count(s.facts), level) })
	default:
		return certain(compare(o, a.count(s.facts), b.count(s.facts)))
	}
}

func (s settler) skill(skill int, fits func(level int64) bool) *Need {
	var levels uint8
	for v := range MaxLevel + 1 {
		if fits(int64(v)) {
			levels |= 1 << v
		}
	}
	return needSkillLevels(skill, levels, s.names[skill])
}

// skills compares two skills: for each level of the one, those of the other that will do.
func (s settler) skills(o op, a, b int) *Need {
	if a == b {
		return certain(compare(o, 0, 0))
	}
	kids := make([]*Need, 0, MaxLevel+1)
	for v := range MaxLevel + 1 {
		kids = append(kids, s.join(true,
			s.skill(b, func(level int64) bool { return level == int64(v) }),
			s.skill(a, func(level int64) bool { return compare(o, level, int64(v)) })))
	}
	return s.join(false, kids...)
}

func opposite(o op, not bool) op {
	if !not {
		return o
	}
	switch o { //nolint:exhaustive // the others compare nothing
	case opEq:
		return opNe
	case opNe:
		return opEq
	case opLt:
		return opGe
	case opLe:
		return opGt
	case opGt:
		return opLe
	default:
		return opLt
	}
}

// purse bounds how many nodes a need has once it is settled, whatever the contact: it goes the way of a settler that takes
// every branch, and stops when it is empty.
type purse int64

func (p *purse) pay() bool {
	*p--
	return *p >= 0
}

// need pays for a bool.
func (p *purse) need(n *node) {
	if !p.pay() || !n.skills {
		return
	}
	switch n.op {
	case opAnd, opOr, opNot:
		for _, k := range n.kids {
			p.need(k)
		}
	case opIf:
		p.twice(n.kids[0])
		p.need(n.kids[1])
		p.need(n.kids[2])
	case opEq, opNe, opLt, opLe, opGt, opGe:
		if n.kids[0].kind == kindBool {
			p.twice(n.kids[0])
			p.twice(n.kids[1])
			return
		}
		p.relation(n.kids[0], n.kids[1])
	case opIn:
		for _, k := range n.kids[1].kids {
			p.relation(n.kids[0], k)
		}
	case opConst, opFact, opSkill, opList, opStarts, opEnds, opContains, opSize:
	}
}

func (p *purse) twice(n *node) {
	p.need(n)
	p.need(n)
}

func (p *purse) relation(a, b *node) {
	switch {
	case !p.pay():
	case a.op == opIf:
		p.twice(a.kids[0])
		p.relation(a.kids[1], b)
		p.relation(a.kids[2], b)
	case b.op == opIf:
		p.twice(b.kids[0])
		p.relation(a, b.kids[1])
		p.relation(a, b.kids[2])
	case a.op == opSkill && b.op == opSkill:
		*p -= 3 * (MaxLevel + 1)
	}
}
