package chaos

import "fmt"

// Plants is personal data to be planted.
type Plants struct {
	Agents []string
}

// MakePlants makes it.
func MakePlants(_ uint64, _, agents int) *Plants {
	p := &Plants{}
	for i := range agents {
		p.Agents = append(p.Agents, fmt.Sprintf("Agent %d", i))
	}
	return p
}

// Next is the next thing to say.
func (p *Plants) Next() string { return "" }
