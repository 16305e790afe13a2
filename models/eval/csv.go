package eval

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/tributary-cc/tributary/models"
)

// Limits of a file of examples.
const (
	MaxExamples = 1 << 20
	maxText     = 1 << 16
)

// ErrData is in every error about what a file of examples holds.
var ErrData = errors.New("eval: not a file of examples")

// Columns name columns of a file besides text and label; empty for none.
type Columns struct {
	// Group has equal values where examples must not stand on both sides of a split: a dialogue's id.
	Group string
	// Turn has whole numbers that order what one customer wrote within a group: each text's Before is what stands before it there.
	Turn string
}

// wanted are the columns that a file must have.
func (by Columns) wanted() string {
	names := []string{"text", "label"}
	for _, own := range []string{by.Group, by.Turn} {
		if own != "" {
			names = append(names, strconv.Quote(own))
		}
	}
	last := len(names) - 1
	return "the columns " + strings.Join(names[:last], ", ") + " and " + names[last]
}

// ReadCSV reads examples from CSV with a first line that names the columns text and label; other columns are left out, but for those
// of by. The examples are in the order of the file.
func ReadCSV(r io.Reader, by Columns) ([]models.Example, error) {
	c := csv.NewReader(r)
	c.ReuseRecord = true
	head, err := c.Read()
	if err != nil {
		return nil, fmt.Errorf("%w: first line: %w", ErrData, err)
	}
	text, label, group, turn := slices.Index(head, "text"), slices.Index(head, "label"), slices.Index(head, by.Group), slices.Index(head, by.Turn)
	if text < 0 || label < 0 || by.Group != "" && group < 0 || by.Turn != "" && turn < 0 {
		return nil, fmt.Errorf("%w: the first line must name %s; it names %d columns", ErrData, by.wanted(), len(head))
	}
	if by.Turn != "" && by.Group == "" {
		return nil, fmt.Errorf("%w: turns are ordered within a group: name its column too", ErrData)
	}
	var out []models.Example
	var turns []int
	for {
		row, err := c.Read()
		if errors.Is(err, io.EOF) {
			return out, follow(out, turns)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrData, err)
		}
		line, _ := c.FieldPos(0)
		if len(out) == MaxExamples {
			return nil, fmt.Errorf("%w: line %d: more than %d examples", ErrData, line, MaxExamples)
		}
		if len(row[text]) > maxText || row[label] == "" {
			return nil, fmt.Errorf("%w: line %d: the text has more than %d bytes or the label is empty", ErrData, line, maxText)
		}
		e := models.Example{Text: row[text], Label: row[label]}
		if by.Group != "" {
			e.Group = row[group]
		}
		if by.Turn != "" {
			n, err := strconv.Atoi(row[turn])
			if err != nil || e.Group == "" {
				return nil, fmt.Errorf("%w: line %d: the turn is no whole number, or its group is empty", ErrData, line)
			}
			turns = append(turns, n)
		}
		out = append(out, e)
	}
}

// follow gives each example what stands before it in its group, where there are turns.
func follow(examples []models.Example, turns []int) error {
	groups := make(map[string][]int)
	for i := range turns {
		groups[examples[i].Group] = append(groups[examples[i].Group], i)
	}
	for i := range turns {
		in := groups[examples[i].Group]
		if in == nil {
			continue // done with the group's first
		}
		delete(groups, examples[i].Group)
		slices.SortFunc(in, func(a, b int) int { return cmp.Compare(turns[a], turns[b]) })
		for n, at := range in {
			if n > 0 && turns[at] == turns[in[n-1]] {
				return fmt.Errorf("%w: two rows of one group have turn %d", ErrData, turns[at])
			}
			for _, b := range in[max(0, n-models.MaxBefore):n] {
				if strings.TrimSpace(examples[b].Text) != "" {
					examples[at].Before = append(examples[at].Before, examples[b].Text)
				}
			}
		}
	}
	return nil
}
