package local

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"slices"

	"github.com/tributary-cc/tributary/models"
)

// Options of Train. Default gives those that were measured.
type Options struct {
	Info // Name, Language, Source, Licence, Citation and OutOfScope; the rest is filled in
	// Cost of an example on the wrong side, and Least, how many examples a feature must occur in.
	Cost  float64
	Least int
	// Folds of the cross-validation that chooses the calibration and thresholds.
	Folds int
	// Recall is the share, in thousandths, of out-of-scope examples to find in cross-validation, giving up at most the share Loss of the others.
	Recall, Loss int
	// Right is the share, in thousandths, of answers that are not unsure that must be right in cross-validation.
	Right int
	Seed  uint64
	// Progress hears what is done; nil for silence.
	Progress func(format string, args ...any)
}

// Default are the options for a model of this name.
func Default(name, language string) Options {
	return Options{Info: Info{Name: name, Language: language}, Cost: 2, Least: 2, Folds: 5, Recall: 950, Loss: 15, Right: 950, Seed: 1}
}

// Limits of training.
const (
	MaxExamples = 1 << 20
	minExamples = 20
)

// training is the state of one Train.
type training struct {
	Options
	texts hashed
	class []int // by example: its label, or len(labels) for out of scope
	fold  []int
	// follows says which examples have something before them.
	follows []bool
}

// trainOne makes a model for texts alone, or where Before is set one for those with something before them.
func trainOne(ctx context.Context, examples []models.Example, o Options) (*Model, error) {
	t, err := newTraining(examples, o)
	if err != nil {
		return nil, fmt.Errorf("local: train %s: %w", o.Name, err)
	}
	scores, err := t.crossValidate(ctx)
	if err != nil {
		return nil, fmt.Errorf("local: train %s: %w", o.Name, err)
	}
	m := &Model{info: t.Info, columns: t.columns()}
	of, scores := t.measured(scores)
	m.cal = of.calibrate(scores)
	m.info.Accuracy, m.info.Sure, m.info.SureAccuracy = of.summary(m, scores)
	t.Progress("cross-validated: %.1f %% right; %.1f %% of answers are sure, of them %.1f %% right",
		float64(m.info.Accuracy)/10, float64(m.info.Sure)/10, float64(m.info.SureAccuracy)/10)
	all := make([]int, len(examples))
	for i := range all {
		all[i] = i
	}
	v, machines, err := t.fit(ctx, all)
	if err != nil {
		return nil, fmt.Errorf("local: train %s: %w", o.Name, err)
	}
	m.keys, m.idf = v.keys, v.idf
	if t.Before == 0 { // the other model of the same file need not say it again
		m.seen = seenOf(examples)
	}
	m.quantise(machines)
	file, err := m.encode()
	if err != nil {
		return nil, err
	}
	t.Progress("trained on all: %d features, %d labels, %.1f MB", len(m.keys), len(m.info.Labels), float64(len(file))/1e6)
	return decode(file)
}

func newTraining(examples []models.Example, o Options) (*training, error) {
	if len(examples) < minExamples || len(examples) > MaxExamples {
		return nil, fmt.Errorf("%d examples: give %d to %d", len(examples), minExamples, MaxExamples)
	}
	if o.Folds < 2 || o.Folds > 20 || !(o.Cost > 0 && o.Cost <= 1000) || o.Least < 1 || o.Recall < 0 || o.Recall > 1000 || o.Loss < 0 || o.Loss > 1000 || o.Right < 0 || o.Right > 1000 {
		return nil, errors.New("an option is outside its range: 2–20 folds, cost above 0 to 1000, shares of 0–1000")
	}
	t := &training{Options: o}
	if t.Progress == nil {
		t.Progress = func(string, ...any) {}
	}
	t.Examples, t.Labels = len(examples), nil
	questions, outside := make([]models.Question, len(examples)), 0
	for i, e := range examples {
		questions[i].Text = e.Text
		if o.Before > 0 {
			questions[i].Before = e.Before
		}
		if o.OutOfScope != "" && e.Label == o.OutOfScope {
			outside++
			continue
		}
		t.Labels = append(t.Labels, e.Label)
	}
	slices.Sort(t.Labels)
	t.Labels = slices.Compact(t.Labels)
	if err := checkLabels(t.Labels, o.OutOfScope); err != nil {
		return nil, err
	}
	if o.OutOfScope != "" && outside == 0 {
		return nil, fmt.Errorf("no example has the label %q of out of scope", o.OutOfScope)
	}
	for _, e := range examples {
		at, ok := slices.BinarySearch(t.Labels, e.Label)
		if !ok {
			at = len(t.Labels)
		}
		t.class = append(t.class, at)
		t.fold = append(t.fold, foldOf(e, o.Folds, o.Seed))
		t.follows = append(t.follows, hasBefore(e))
	}
	t.Progress("%d examples, %d labels, %d out of scope", len(examples), len(t.Labels), outside)
	t.texts = hashAll(questions)
	return t, nil
}

// Fold says which of n folds an example is in: by its group, or by its text so that repeats stay together.
func Fold(e models.Example, n int) int { return foldOf(e, n, 0) }

// foldOf splits otherwise for each seed, so that folds within a fold are not empty.
func foldOf(e models.Example, n int, seed uint64) int {
	key := e.Group
	if key == "" {
		key = e.Text
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(key))
	return int(uint64(fold(step(h.Sum64(), seed))) % uint64(n)) //nolint:gosec // n is small and positive
}

func (t *training) columns() int { return header{Info: t.Info}.columns() }

// fit learns a vocabulary and the machines from the chosen examples.
func (t *training) fit(ctx context.Context, chosen []int) (vocabulary, []machine, error) {
	v := t.texts.learn(chosen, t.Least)
	if len(v.keys) > maxFeatures || len(v.keys)*t.columns() > MaxFile {
		return v, nil, fmt.Errorf("%d features of %d labels are too many: ask for features in more examples (least)", len(v.keys), t.columns())
	}
	x, _ := t.texts.rows(v, chosen)
	class := make([]int, len(chosen))
	for n, i := range chosen {
		class[n] = t.class[i]
	}
	m, err := trainMachines(ctx, x, class, t.columns(), len(v.keys), t.Cost, t.Seed)
	return v, m, err
}

// scored is an example by a model that has not seen it.
type scored struct {
	scores  []float64
	unknown int
}

func (t *training) crossValidate(ctx context.Context) ([]scored, error) {
	out := make([]scored, len(t.class))
	for f := range t.Folds {
		var in, held []int
		for i, at := range t.fold {
			if at == f {
				held = append(held, i)
			} else {
				in = append(in, i)
			}
		}
		v, machines, err := t.fit(ctx, in)
		if err != nil {
			return nil, err
		}
		x, unknown := t.texts.rows(v, held)
		for n, i := range held {
			at, values := x.row(n)
			out[i] = scored{make([]float64, t.columns()), unknown[n]}
			for c, m := range machines {
				out[i].scores[c] = float64(m.score(at, values))
			}
		}
		t.Progress("fold %d of %d: %d features", f+1, t.Folds, len(v.keys))
	}
	return out, nil
}

// quantise makes of the machines whole numbers of eight bits, a scale for each.
func (m *Model) quantise(machines []machine) {
	count := len(m.keys)
	m.weights = make([]int8, count*m.columns)
	m.scales, m.biases = make([]float32, m.columns), make([]float32, m.columns)
	for c, w := range machines {
		high := float32(0)
		for _, x := range w[:count] {
			high = max(high, float32(math.Abs(float64(x))))
		}
		m.biases[c] = w[count]
		if high == 0 {
			continue
		}
		m.scales[c] = high / 127 / fixed
		for f, x := range w[:count] {
			m.weights[f*m.columns+c] = int8(math.Round(float64(x / high * 127)))
		}
	}
}
