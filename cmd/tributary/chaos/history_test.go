package chaos

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A history that one contact can have passes; one in which two agents have it does not.
func TestHistoryFindsTwoHolders(t *testing.T) {
	const never = -1
	type d struct {
		kind     deedKind
		agent    string
		from, to int
	}
	for name, c := range map[string]struct {
		deeds []d
		fault bool
	}{
		"one after the other":                        {[]d{{takes, "a", 1, 2}, {speaks, "a", 2, 3}, {leaves, "a", 2, 5}, {takes, "b", 4, 6}, {speaks, "b", 6, 7}}, false},
		"a leaves unseen":                            {[]d{{takes, "a", 1, 2}, {leaves, "a", 2, never}, {takes, "b", 4, 6}}, false},
		"the first message is not seen":              {[]d{{takes, "a", 1, 2}, {speaks, "a", 2, never}, {leaves, "a", 2, 5}}, false},
		"an offer accepted in vain":                  {[]d{{takes, "a", 1, 2}, {takes, "b", 1, never}, {speaks, "a", 4, 5}}, false},
		"again the same":                             {[]d{{takes, "a", 1, 2}, {leaves, "a", 2, 5}, {takes, "a", 5, 6}, {speaks, "a", 6, 7}}, false},
		"two take it and none leaves":                {[]d{{takes, "a", 1, 2}, {takes, "b", 1, 3}}, true},
		"a speaks though b has it":                   {[]d{{takes, "a", 1, 2}, {leaves, "a", 2, never}, {takes, "b", 3, 4}, {speaks, "a", 5, 6}, {leaves, "b", 4, 7}}, true},
		"a speaks before it is a's":                  {[]d{{speaks, "a", 1, 2}, {takes, "a", 3, 4}}, true},
		"b takes it before a could have it released": {[]d{{takes, "a", 1, 2}, {speaks, "a", 8, 9}, {leaves, "a", 2, 10}, {takes, "b", 3, 4}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			h := &History{began: time.Now()}
			for _, d := range c.deeds {
				h.deeds = append(h.deeds, &deed{kind: d.kind, agent: d.agent, contact: "k", from: time.Duration(d.from), to: time.Duration(d.to), done: d.to != never})
			}
			faults, contacts, _ := h.check(func(string) bool { return true })
			require.Equal(t, 1, contacts)
			require.Equal(t, c.fault, len(faults) > 0, faults)
		})
	}
}
