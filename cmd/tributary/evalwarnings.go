package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tributary-cc/tributary/models"
	"github.com/tributary-cc/tributary/models/local"
)

// trainedOn is about what share of the different texts measured the model was trained on, of so many that could be compared.
type trainedOn struct {
	Share    float64 `json:"share"`
	Compared int     `json:"compared"`
}

// unknownLabels are labels of examples that the model never says: First the first of them, in the order of the alphabet.
type unknownLabels struct {
	Count    int      `json:"count"`
	Examples int      `json:"examples"`
	First    []string `json:"first"`
}

const (
	// mostTrainedOn is the share of examples trained on from which on numbers mislead; a few repeats stand in every data set.
	mostTrainedOn = 0.05
	shownLabels   = 10
)

// doubt says what makes numbers of a model on these examples mean less than they seem to.
func (r *intentsReport) doubt(m *local.Model, examples []models.Example, outOfScope string) {
	share, compared := m.Overlap(examples)
	switch {
	case compared > 0:
		r.TrainedOn = &trainedOn{share, compared}
		if share >= mostTrainedOn {
			r.warn("the model was trained on about %.0f %% of these examples (%d were compared): the numbers say what it remembers, not how good it is on texts it "+
				"has not seen; measure with --cv 5, or with examples that were held back", 100*share, compared)
		}
	case !m.SaysSeen():
		r.warn("the model's file does not say what it was trained on, as files made before did not: if it was trained on these examples, the numbers are too good")
	}
	known := append(slices.Clone(m.Info().Labels), outOfScope)
	count := make(map[string]int)
	u := unknownLabels{}
	for _, e := range examples {
		if !slices.Contains(known, e.Label) {
			count[e.Label]++
			u.Examples++
		}
	}
	if u.Examples == 0 {
		return
	}
	for l := range count {
		u.First = append(u.First, l)
	}
	slices.Sort(u.First)
	u.Count = len(u.First)
	u.First = u.First[:min(u.Count, shownLabels)]
	r.UnknownLabels = &u
	more := ""
	if u.Count > shownLabels {
		more = fmt.Sprintf(" and %d more", u.Count-shownLabels)
	}
	quoted := make([]string, len(u.First))
	for i, l := range u.First {
		quoted[i] = fmt.Sprintf("%q", l)
	}
	r.warn("the model does not know %s of the data, %s%s: their %s count as wrong; --oos-label names the one of texts that are about nothing it knows",
		counted(u.Count, "label"), strings.Join(quoted, ", "), more, counted(u.Examples, "example"))
}

func (r *intentsReport) warn(format string, args ...any) {
	r.Warnings = append(r.Warnings, fmt.Sprintf(format, args...))
}
