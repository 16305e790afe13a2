package eval

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tributary-cc/tributary/models"
)

const bins = 10

// Measure asks the classifier about every example. outOfScope is the label of examples that are about nothing it knows, or empty.
// Examples are asked about again, for the times only, until there are at least timed answers.
func Measure(ctx context.Context, c models.Classifier, examples []models.Example, outOfScope string, now func() time.Time, timed int) (Report, error) {
	t := newTally(outOfScope)
	if err := t.ask(ctx, c, examples, now); err != nil {
		return Report{}, err
	}
	for len(t.times) < timed {
		for _, e := range examples[:min(len(examples), timed-len(t.times))] {
			if _, err := t.timed(ctx, c, e.Question(), now); err != nil {
				return Report{}, err
			}
		}
	}
	return t.report(), nil
}

// Train makes a classifier from examples.
type Train func(ctx context.Context, examples []models.Example) (models.Classifier, error)

// CrossValidate trains on all folds but one and measures on that one, for each fold; the numbers are of all answers together. fold says
// which of n folds an example is in.
func CrossValidate(ctx context.Context, examples []models.Example, n int, fold func(models.Example, int) int, train Train, outOfScope string, now func() time.Time) (Report, error) {
	whole := newTally(outOfScope)
	var accuracies []float64
	for f := range n {
		var in, held []models.Example
		for _, e := range examples {
			if fold(e, n) == f {
				held = append(held, e)
			} else {
				in = append(in, e)
			}
		}
		c, err := train(ctx, in)
		if err != nil {
			return Report{}, fmt.Errorf("eval: fold %d of %d: %w", f+1, n, err)
		}
		one := newTally(outOfScope)
		if err := errors.Join(one.ask(ctx, c, held, now), ctx.Err()); err != nil {
			return Report{}, err
		}
		accuracies = append(accuracies, one.report().Accuracy)
		whole.join(one)
	}
	r := whole.report()
	r.Folds = accuracies
	return r, nil
}

// outcome is one answer beside what was right.
type outcome struct {
	label  string
	answer models.Answer
}

type tally struct {
	outOfScope string
	outcomes   []outcome
	times      []time.Duration
}

func newTally(outOfScope string) *tally { return &tally{outOfScope: outOfScope} }

func (t *tally) join(o *tally) {
	t.outcomes = append(t.outcomes, o.outcomes...)
	t.times = append(t.times, o.times...)
}

func (t *tally) ask(ctx context.Context, c models.Classifier, examples []models.Example, now func() time.Time) error {
	if len(examples) == 0 {
		return fmt.Errorf("%w: there are no examples to measure with", ErrData)
	}
	for i, e := range examples {
		a, err := t.timed(ctx, c, e.Question(), now)
		if err != nil {
			return fmt.Errorf("eval: example %d: %w", i+1, err)
		}
		t.outcomes = append(t.outcomes, outcome{e.Label, a})
	}
	return nil
}

func (t *tally) timed(ctx context.Context, c models.Classifier, q models.Question, now func() time.Time) (models.Answer, error) {
	begin := now()
	a, err := c.Classify(ctx, q)
	t.times = append(t.times, now().Sub(begin))
	return a, err
}

// said is the label that the answer comes to.
func (t *tally) said(a models.Answer) string {
	if a.OutOfScope {
		return t.outOfScope
	}
	return a.Intent
}

func (t *tally) report() Report {
	last := t.outcomes[len(t.outcomes)-1].answer
	r := Report{Model: last.Model, Version: last.Version, Language: last.Language, Examples: len(t.outcomes), Reliability: make([]Bin, bins)}
	byLabel := make(map[string]*count)
	at := func(label string) *count {
		if byLabel[label] == nil {
			byLabel[label] = &count{}
		}
		return byLabel[label]
	}
	var inScope, named, guessed, covered, coveredRight int
	for _, o := range t.outcomes {
		said := t.said(o.answer)
		right := said == o.label
		at(o.label).examples++
		at(said).said++
		if right {
			at(said).right++
		}
		if o.label != t.outOfScope || t.outOfScope == "" {
			inScope++
			named += one(right)
			guessed += one(len(o.answer.Guesses) > 0 && o.answer.Guesses[0].Intent == o.label)
		}
		if !o.answer.Unsure {
			covered++
			coveredRight += one(right)
		}
		confidence := float64(o.answer.Confidence) / 1000
		r.Brier += (confidence - float64(one(right))) * (confidence - float64(one(right)))
		b := &r.Reliability[min(bins-1, o.answer.Confidence*bins/1000)]
		b.Count++
		b.Confidence += confidence
		b.Right += float64(one(right))
	}
	all := float64(len(t.outcomes))
	r.Accuracy, r.GuessAccuracy = share(named, inScope), share(guessed, inScope)
	r.Coverage, r.CoveredAccuracy = share(covered, len(t.outcomes)), share(coveredRight, covered)
	r.Brier /= all
	for i := range r.Reliability {
		b := &r.Reliability[i]
		b.From, b.To = float64(i)/bins, float64(i+1)/bins
		if b.Count > 0 {
			b.Confidence, b.Right = b.Confidence/float64(b.Count), b.Right/float64(b.Count)
			r.ECE += abs(b.Confidence-b.Right) * float64(b.Count) / all
		}
	}
	t.labels(&r, byLabel)
	r.Speed = speed(t.times)
	return r
}

// count is what is counted of one label: its examples, how often it was said, how often rightly.
type count struct{ examples, said, right int }

func (t *tally) labels(r *Report, byLabel map[string]*count) {
	inScope := 0
	for _, l := range slices.Sorted(maps.Keys(byLabel)) {
		c := byLabel[l]
		if c.examples == 0 {
			continue // said, but no example has it
		}
		p, q := share(c.right, c.said), share(c.right, c.examples)
		if t.outOfScope != "" && l == t.outOfScope {
			r.OutOfScope = &OutOfScope{Examples: c.examples, Recall: q, Precision: p}
			continue
		}
		f1 := 0.0
		if p+q > 0 {
			f1 = 2 * p * q / (p + q)
		}
		r.Labels = append(r.Labels, Label{l, c.examples, p, q, f1})
		r.MacroF1 += f1
		inScope++
	}
	if inScope > 0 {
		r.MacroF1 /= float64(inScope)
	}
}

func speed(times []time.Duration) Speed {
	slices.Sort(times)
	var sum time.Duration
	for _, d := range times {
		sum += d
	}
	micros := func(share int) float64 { return float64(times[(len(times)-1)*share/100].Nanoseconds()) / 1000 }
	s := Speed{Answers: len(times), P50Micros: micros(50), P99Micros: micros(99)}
	if sum > 0 {
		s.TurnsPerSecond = float64(len(times)) / sum.Seconds()
	}
	return s
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

func share(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

func abs(x float64) float64 { return max(x, -x) }
