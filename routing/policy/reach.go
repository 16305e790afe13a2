package policy

import (
	"strings"

	"github.com/tributary-cc/tributary/stream/event"
)

// reach finds rules that no contact can come to, and rules that none matches.
func (c *compiler) reach(rules []*event.PolicyRule) {
	always := -1
	for i, r := range c.out.rules {
		c.current = i
		path, given := rulePath(i), strings.TrimSpace(rules[i].GetWhen()) != ""
		if always >= 0 {
			c.fail(path+".name", "no contact comes here: rule %d (%s) before it matches all; move it to the end", always+1, c.out.rules[always].name)
			continue
		}
		switch {
		case !given:
			always = i
		case r.when == nil: // its fault is told
		case r.when.kind != kindBool: // told by the check of types
		case r.when.constant() && !r.when.truth(&Facts{}):
			c.fail(path+".when", "this is never true")
		case r.when.constant():
			always = i
		default:
			text := r.when.write(nil)
			if j, twice := c.whens[text]; twice {
				c.fail(path+".when", "no contact comes here: rule %d (%s) asks the same", j+1, c.out.rules[j].name)
				continue
			}
			c.whens[text] = i
		}
	}
}
