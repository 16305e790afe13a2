package eval

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/models"
)

// answers is a classifier that answers by the text.
type answers map[string]models.Answer

func (a answers) Classify(_ context.Context, q models.Question) (models.Answer, error) {
	if q.Text == "fail" {
		return models.Answer{}, errors.New("away")
	}
	return a[q.Text], nil
}

// clock gives each reading a microsecond after the one before.
func clock() func() time.Time {
	t := time.Unix(0, 0)
	return func() time.Time { t = t.Add(time.Microsecond); return t }
}

func TestMeasure(t *testing.T) {
	guess := func(intent string) []models.Guess { return []models.Guess{{Intent: intent, Confidence: 500}} }
	c := answers{
		"a1": {Intent: "a", Confidence: 900, Guesses: guess("a")},
		"a2": {Intent: "b", Confidence: 500, Guesses: guess("b"), Unsure: true},
		"b1": {Intent: "b", Confidence: 1000, Guesses: guess("b")},
		"b2": {OutOfScope: true, Confidence: 600, Guesses: guess("b")},
		"o1": {OutOfScope: true, Confidence: 800, Guesses: guess("a")},
		"o2": {Unsure: true},
	}
	examples := []models.Example{{Text: "a1", Label: "a"}, {Text: "a2", Label: "a"}, {Text: "b1", Label: "b"}, {Text: "b2", Label: "b"}, {Text: "o1", Label: "oos"}, {Text: "o2", Label: "oos"}}
	r, err := Measure(t.Context(), c, examples, "oos", clock(), 20)
	require.NoError(t, err)
	require.Equal(t, 6, r.Examples)
	require.InDelta(t, 0.5, r.Accuracy, 1e-9)
	require.InDelta(t, 0.75, r.GuessAccuracy, 1e-9)
	require.Equal(t, &OutOfScope{Examples: 2, Recall: 0.5, Precision: 0.5}, r.OutOfScope)
	require.InDelta(t, 4.0/6, r.Coverage, 1e-9)
	require.InDelta(t, 3.0/4, r.CoveredAccuracy, 1e-9)
	require.InDelta(t, (0.01+0.25+0+0.36+0.04+0)/6, r.Brier, 1e-9)
	require.InDelta(t, (2*0.05+0.5+0.6+0.2)/6, r.ECE, 1e-9) // 900 and 1000 share the last bin
	require.Equal(t, []Label{{"a", 2, 1, 0.5, 2.0 / 3}, {"b", 2, 0.5, 0.5, 0.5}}, r.Labels)
	require.InDelta(t, (2.0/3+0.5)/2, r.MacroF1, 1e-9)
	require.InDelta(t, 1e6, r.Speed.TurnsPerSecond, 1)
	r.Speed.TurnsPerSecond = 0
	require.Equal(t, Speed{Answers: 20, P50Micros: 1, P99Micros: 1}, r.Speed)
}

func TestMeasureFails(t *testing.T) {
	_, err := Measure(t.Context(), answers{}, nil, "", clock(), 0)
	require.ErrorIs(t, err, ErrData)
	_, err = Measure(t.Context(), answers{}, []models.Example{{Text: "fail", Label: "a"}}, "", clock(), 0)
	require.ErrorContains(t, err, "away")
}

func TestCrossValidateHoldsOut(t *testing.T) {
	var examples []models.Example
	for _, text := range []string{"0", "1", "2", "0", "1", "2"} {
		examples = append(examples, models.Example{Text: text, Label: "x" + text})
	}
	fold := func(e models.Example, _ int) int { return int(e.Text[0] - '0') }
	memory := func(_ context.Context, in []models.Example) (models.Classifier, error) {
		c := answers{}
		for _, e := range in {
			c[e.Text] = models.Answer{Intent: e.Label}
		}
		return c, nil
	}
	r, err := CrossValidate(t.Context(), examples, 3, fold, memory, "", clock())
	require.NoError(t, err)
	require.Zero(t, r.Accuracy) // who only remembers knows nothing that was held out
	require.Equal(t, []float64{0, 0, 0}, r.Folds)
	_, err = CrossValidate(t.Context(), examples, 3, fold, func(context.Context, []models.Example) (models.Classifier, error) { return nil, errors.New("no") }, "", clock())
	require.ErrorContains(t, err, "fold 1 of 3")
}

func TestReadCSV(t *testing.T) {
	got, err := ReadCSV(strings.NewReader("text,label,other,dialog\n\"hello, you\",greet,x,1\n你好,greet,y,2\n"), Columns{Group: "dialog"})
	require.NoError(t, err)
	require.Equal(t, []models.Example{{Text: "hello, you", Label: "greet", Group: "1"}, {Text: "你好", Label: "greet", Group: "2"}}, got)
	for name, bad := range map[string]string{
		"empty": "", "no label": "text\nx\n", "no group": "text,label\nx,y\n", "uneven": "text,label,dialog\nx,y\n", "empty label": "text,label,dialog\nx,,1\n",
		"long": "text,label,dialog\n" + strings.Repeat("x", maxText+1) + ",y,1\n",
	} {
		_, err := ReadCSV(strings.NewReader(bad), Columns{Group: "dialog"})
		require.ErrorIs(t, err, ErrData, name)
	}
}

func TestReadCSVNamesTheColumnsThatWereAskedFor(t *testing.T) {
	for by, want := range map[Columns]string{
		{}:                         "must name the columns text and label; it names 2 columns",
		{Group: "dialog"}:          `must name the columns text, label and "dialog"; it names 2 columns`,
		{Group: "d", Turn: "turn"}: `must name the columns text, label, "d" and "turn"; it names 2 columns`,
	} {
		_, err := ReadCSV(strings.NewReader("words,label\na,b\n"), by)
		require.ErrorContains(t, err, want)
	}
}

func TestReadCSVWithTurns(t *testing.T) {
	by := Columns{Group: "dialog", Turn: "turn"}
	got, err := ReadCSV(strings.NewReader("turn,text,label,dialog\n6,d,x,1\n0,a,x,1\n4,c,x,1\n10,e,x,1\n2,b,x,1\n3,z,x,2\n1,,x,2\n"), by)
	require.NoError(t, err)
	before := map[string][]string{}
	var order string
	for _, e := range got {
		before[e.Text] = e.Before
		order += e.Text
	}
	require.Equal(t, "daceb"+"z", order, "as in the file")
	require.Equal(t, map[string][]string{"a": nil, "b": {"a"}, "c": {"a", "b"}, "d": {"b", "c"}, "e": {"c", "d"}, "z": nil, "": nil}, before)
	for name, bad := range map[string]string{
		"no column": "text,label,dialog\nx,y,1\n", "no number": "text,label,dialog,turn\nx,y,1,one\n", "twice": "text,label,dialog,turn\nx,y,1,1\nz,y,1,01\n",
		"no group": "text,label,dialog,turn\nx,y,,1\n",
	} {
		_, err = ReadCSV(strings.NewReader(bad), by)
		require.ErrorIs(t, err, ErrData, name)
	}
	_, err = ReadCSV(strings.NewReader("text,label,turn\nx,y,1\n"), Columns{Turn: "turn"})
	require.ErrorIs(t, err, ErrData)
}

func FuzzReadCSV(f *testing.F) {
	f.Add("text,label\na,b\n")
	f.Add("text,label,dialog,turn\na,b,1,0\n")
	f.Fuzz(func(t *testing.T, file string) {
		for _, by := range []Columns{{}, {Group: "dialog", Turn: "turn"}} {
			examples, err := ReadCSV(strings.NewReader(file), by)
			if err != nil {
				require.ErrorIs(t, err, ErrData)
				continue
			}
			for _, e := range examples {
				require.NotEmpty(t, e.Label)
				require.LessOrEqual(t, len(e.Before), models.MaxBefore)
			}
		}
	})
}
