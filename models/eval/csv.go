package eval

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/tributary-cc/tributary/models"
)

// Limits of a file of examples.
const (
	MaxExamples = 1 << 20
	maxText     = 1 << 16
)

// ErrData is in every error about what a file of examples holds.
var ErrData = errors.New("eval: not a file of examples")

// ReadCSV reads examples from CSV with a first line that names the columns text and label; other columns are left out, but for the one
// that group names (if any): examples with the same value there never stand on both sides of a split.
func ReadCSV(r io.Reader, group string) ([]models.Example, error) {
	c := csv.NewReader(r)
	c.ReuseRecord = true
	head, err := c.Read()
	if err != nil {
		return nil, fmt.Errorf("%w: first line: %w", ErrData, err)
	}
	text, label, by := slices.Index(head, "text"), slices.Index(head, "label"), slices.Index(head, group)
	if text < 0 || label < 0 || group != "" && by < 0 {
		return nil, fmt.Errorf("%w: the first line must name the columns text, label and %q; it names %d columns", ErrData, group, len(head))
	}
	var out []models.Example
	for {
		row, err := c.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
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
		if by >= 0 {
			e.Group = row[by]
		}
		out = append(out, e)
	}
}
