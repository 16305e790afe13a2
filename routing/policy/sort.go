package policy

import "slices"

// sort puts the rules under the intents that they ask for, so that a policy with a rule for each intent does not try them all.
func (c *Compiled) sort() {
	asked := make([][]string, len(c.rules))
	var intents []string
	for i, r := range c.rules {
		if asked[i] = r.when.intents(); asked[i] == nil {
			c.others = append(c.others, i)
		}
		intents = append(intents, asked[i]...)
	}
	slices.Sort(intents)
	c.by = make(map[string][]int)
	for _, intent := range slices.Compact(intents) {
		var list []int
		for i := range c.rules {
			if asked[i] == nil || slices.Contains(asked[i], intent) {
				list = append(list, i)
			}
		}
		c.by[intent] = list
	}
}

func (c *Compiled) candidates(intent string) []int {
	if list, ok := c.by[intent]; ok {
		return list
	}
	return c.others
}

// intents are those outside of which a condition is false; nil where there are no such.
func (n *node) intents() []string {
	switch {
	case n == nil:
	case n.op == opAnd:
		for _, k := range n.kids {
			if list := k.intents(); list != nil {
				return list
			}
		}
	case n.op == opOr:
		list := []string{}
		for _, k := range n.kids {
			one := k.intents()
			if one == nil {
				return nil
			}
			list = append(list, one...)
		}
		return list
	case n.op == opEq && n.kids[0].isIntent() && n.kids[1].op == opConst:
		return []string{n.kids[1].text}
	case n.op == opEq && n.kids[1].isIntent() && n.kids[0].op == opConst:
		return []string{n.kids[0].text}
	case n.op == opIn && n.kids[0].isIntent() && n.kids[1].op == opList:
		list := []string{}
		for _, k := range n.kids[1].kids {
			if k.op != opConst {
				return nil
			}
			list = append(list, k.text)
		}
		return list
	}
	return nil
}

func (n *node) isIntent() bool { return n.op == opFact && n.fact == factIntent }
