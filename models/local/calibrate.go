package local

import (
	"math"
	"slices"
)

// calibrate chooses the temperature, the probability of being out of scope and the thresholds on scores of examples not seen in training.
func (t *training) calibrate(all []scored) calibration {
	c := calibration{Unknown: t.mostUnknown(all)}
	labels := len(t.Labels)
	if t.OutOfScope != "" {
		var leads []float64
		var outside []bool
		for i, s := range all {
			leads = append(leads, leadOf(s.scores, s.unknown))
			outside = append(outside, t.class[i] == labels)
		}
		c.Reject = t.reject(leads, outside)
		c.Slope, c.Shift = logistic(leads, outside)
	}
	c.Temperature = t.temperature(all)
	c.Unsure = t.unsure(all, c)
	return c
}

// mostUnknown is above the share of unknown features of 199 in 200 examples.
func (t *training) mostUnknown(all []scored) int {
	var shares []int
	for i, s := range all {
		if t.class[i] < len(t.Labels) && s.unknown < 1000 {
			shares = append(shares, s.unknown)
		}
	}
	if len(shares) == 0 {
		return 999
	}
	slices.Sort(shares)
	return min(999, shares[len(shares)*199/200])
}

// reject is the lead below which the wanted share of those outside are, unless that gives up more of those inside than allowed: of the few
// outside the last are hard to find, and each costs many inside. Where out of scope itself leads, a text is out of scope in any case.
func (t *training) reject(leads []float64, outside []bool) float64 {
	var in, out []float64
	for i, o := range outside {
		if o {
			out = append(out, leads[i])
		} else {
			in = append(in, leads[i])
		}
	}
	at := func(of []float64, share int) float64 {
		slices.Sort(of)
		return of[min(len(of)-1, (len(of)*share+999)/1000)]
	}
	return max(0, min(at(out, t.Recall), at(in, t.Loss)))
}

// temperature has the least log loss on examples in scope; the loss has one minimum, which golden sections find.
func (t *training) temperature(all []scored) float64 {
	loss := func(x float64) float64 {
		temperature, sum := math.Exp(x), 0.0
		for i, s := range all {
			if t.class[i] == len(t.Labels) {
				continue
			}
			scores := s.scores[:len(t.Labels)]
			high, z := best(scores), 0.0
			for _, v := range scores {
				z += math.Exp((v - high) * temperature)
			}
			sum += math.Log(z) - (scores[t.class[i]]-high)*temperature
		}
		return sum
	}
	low, high := math.Log(0.1), math.Log(100)
	ratio := (math.Sqrt(5) - 1) / 2
	a, b := high-ratio*(high-low), low+ratio*(high-low)
	fa, fb := loss(a), loss(b)
	for high-low > 0.01 {
		if fa < fb {
			high, b, fb = b, a, fa
			a = high - ratio*(high-low)
			fa = loss(a)
		} else {
			low, a, fa = a, b, fb
			b = low + ratio*(high-low)
			fb = loss(b)
		}
	}
	return math.Exp((low + high) / 2)
}

// logistic fits the probability of y given x by Newton's method (Platt's scaling), with a little regularisation so that it ends where x parts y wholly.
func logistic(x []float64, y []bool) (slope, shift float64) {
	const ridge = 1e-3
	for range 50 {
		g0, g1, h00, h01, h11 := ridge*shift, ridge*slope, ridge, 0.0, ridge
		for i, v := range x {
			p := sigmoid(slope*v + shift)
			d, w := p, p*(1-p)
			if y[i] {
				d--
			}
			g0 += d
			g1 += d * v
			h00 += w
			h01 += w * v
			h11 += w * v * v
		}
		det := h00*h11 - h01*h01
		if !(det > 1e-12) {
			break
		}
		d0, d1 := (h11*g0-h01*g1)/det, (h00*g1-h01*g0)/det
		if size := math.Hypot(d0, d1); size > 5 { // far from the minimum a whole step may overshoot
			d0, d1 = d0*5/size, d1*5/size
		}
		shift, slope = shift-d0, slope-d1
		if math.Abs(d0)+math.Abs(d1) < 1e-9 {
			break
		}
	}
	return slope, shift
}

// verdict is an answer to an example and whether it is right.
type verdict struct {
	confidence int
	right      bool
}

func (t *training) verdicts(m *Model, all []scored) []verdict {
	out := make([]verdict, len(all))
	for i, s := range all {
		a := m.answer(s.scores, s.unknown)
		right := a.OutOfScope && t.class[i] == len(t.Labels) || t.class[i] < len(t.Labels) && a.Intent == t.Labels[t.class[i]]
		out[i] = verdict{a.Confidence, right}
		if a.Unsure {
			out[i].confidence = -1
		}
	}
	return out
}

// lowestUnsure is the least threshold of being unsure: who is more likely wrong than right is unsure.
const lowestUnsure = 400

// unsure is the lowest confidence from which on as many answers are right as wanted.
func (t *training) unsure(all []scored, c calibration) int {
	v := t.verdicts(&Model{info: t.Info, cal: c}, all)
	slices.SortFunc(v, func(a, b verdict) int { return b.confidence - a.confidence })
	right, threshold := 0, 1000
	for i, x := range v {
		if x.confidence < lowestUnsure {
			break
		}
		if x.right {
			right++
		}
		last := i+1 == len(v) || v[i+1].confidence != x.confidence
		if last && right*1000 >= (i+1)*t.Right {
			threshold = x.confidence
		}
	}
	if threshold == 1000 && len(v) > 0 { // never as good as wanted: sure only of the best
		return 950
	}
	return threshold
}

// summary is what Info says of the cross-validation, in thousandths.
func (t *training) summary(m *Model, all []scored) (accuracy, sure, sureRight int) {
	right, count, rightOfSure := 0, 0, 0
	for _, v := range t.verdicts(m, all) {
		if v.right {
			right++
		}
		if v.confidence >= 0 {
			count++
			if v.right {
				rightOfSure++
			}
		}
	}
	return right * 1000 / len(all), count * 1000 / len(all), rightOfSure * 1000 / max(1, count)
}
