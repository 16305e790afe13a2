package local

import (
	"math"

	"github.com/tributary-cc/tributary/models"
)

// answer makes of scores what the model says.
func (m *Model) answer(scores []float64, unknown int) models.Answer {
	a := models.Answer{Model: m.info.Name, Version: m.version, Language: m.info.Language}
	if unknown >= 1000 {
		a.Unsure = true
		return a
	}
	labels := len(m.info.Labels)
	outside := 0.0 // the probability that the text is out of scope
	if m.info.OutOfScope != "" {
		lead := leadOf(scores, unknown)
		outside = sigmoid(m.cal.Slope*lead + m.cal.Shift)
		a.OutOfScope = lead < m.cal.Reject
	}
	believed := m.believed(unknown)
	a.Guesses = m.guesses(scores[:labels], (1-outside)*believed)
	if a.OutOfScope {
		a.Confidence = thousandths(outside * believed)
	} else {
		a.Intent, a.Confidence = a.Guesses[0].Intent, a.Guesses[0].Confidence
	}
	strange := unknown > m.cal.Unknown
	if strange {
		m.lower(&a)
	}
	a.Unsure = a.Confidence < m.cal.Unsure || strange
	return a
}

// believed is what a probability counts for in a text of which the model does not know more than of nearly all it was measured on: the
// few features that it knows lean to some label as if they were the whole text. The square was measured: texts about other things lose
// their confidence, and texts about the model's keep theirs.
func (m *Model) believed(unknown int) float64 {
	if unknown <= m.cal.Unknown {
		return 1
	}
	known := float64(1000-unknown) / float64(1000-m.cal.Unknown)
	return known * known
}

// lower lowers confidence and guesses of a strange text below what would be sure, so that nobody reads a high number beside "unsure".
func (m *Model) lower(a *models.Answer) {
	high := max(a.Confidence, a.Guesses[0].Confidence)
	if m.cal.Unsure == 0 || high < m.cal.Unsure { // 0 while it is being chosen
		return
	}
	a.Confidence = a.Confidence * (m.cal.Unsure - 1) / high
	for i, g := range a.Guesses {
		a.Guesses[i].Confidence = g.Confidence * (m.cal.Unsure - 1) / high
	}
}

// guesses are the best labels; their probabilities add up to at most all.
func (m *Model) guesses(scores []float64, all float64) []models.Guess {
	var top [models.MaxGuesses]int
	n := 0
	for i, s := range scores {
		at := n
		for at > 0 && s > scores[top[at-1]] {
			at--
		}
		if at == len(top) {
			continue
		}
		n = min(n+1, len(top))
		copy(top[at+1:n], top[at:n-1])
		top[at] = i
	}
	high := scores[top[0]]
	sum := 0.0
	for _, s := range scores {
		sum += math.Exp((s - high) * m.cal.Temperature)
	}
	out := make([]models.Guess, n)
	for i, at := range top[:n] {
		p := math.Exp((scores[at]-high)*m.cal.Temperature) / sum
		out[i] = models.Guess{Intent: m.info.Labels[at], Confidence: thousandths(p * all)}
	}
	return out
}

// leadOf is how far the best label is before out of scope, whose score is the last. Words that the model does not know speak against all labels.
func leadOf(scores []float64, unknown int) float64 {
	last := len(scores) - 1
	return best(scores[:last]) - scores[last] - float64(unknown)/1000
}

func best(scores []float64) float64 {
	b := scores[0]
	for _, s := range scores[1:] {
		b = max(b, s)
	}
	return b
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func thousandths(p float64) int { return min(1000, max(0, int(p*1000+0.5))) }
