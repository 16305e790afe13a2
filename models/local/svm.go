package local

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
)

// rows are sparse vectors: features and their values, row after row.
type rows struct {
	first  []int // where each row begins; one more than there are rows
	at     []int32
	values []float32
}

func (r *rows) len() int { return len(r.first) - 1 }

func (r *rows) row(i int) ([]int32, []float32) {
	a, b := r.first[i], r.first[i+1]
	return r.at[a:b], r.values[a:b]
}

// machine is a linear support vector machine: a weight by feature, the bias last.
type machine []float32

func (m machine) score(at []int32, values []float32) float32 {
	d := m[len(m)-1]
	for j, f := range at {
		d += m[f] * values[j]
	}
	return d
}

// trainMachines trains one machine per class against all others: squared hinge loss with L2 regularisation, in the dual by coordinate descent
// with shrinking (Hsieh et al., ICML 2008, the algorithm of LIBLINEAR). Classes are trained side by side, each with random numbers of its own,
// so that the result does not depend on how many processors there are.
func trainMachines(ctx context.Context, x *rows, class []int, classes, features int, cost float64, seed uint64) ([]machine, error) {
	square := make([]float64, x.len())
	for i := range square {
		_, values := x.row(i)
		square[i] = 1
		for _, v := range values {
			square[i] += float64(v) * float64(v)
		}
	}
	count := make([]int, classes)
	for _, c := range class {
		count[c]++
	}
	out := make([]machine, classes)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(classes, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for c := int(next.Add(1)) - 1; c < classes && ctx.Err() == nil; c = int(next.Add(1)) - 1 {
				d := descent{x: x, square: square, w: make(machine, features+1), alpha: make([]float64, x.len()), sign: make([]float32, x.len())}
				// A label with fewer examples than others has each count for more, or it would never be said.
				weight := max(1, float64(x.len())/float64(classes*max(1, count[c])))
				d.diagonal = [2]float64{0.5 / cost, 0.5 / (cost * weight)}
				for i, k := range class {
					d.sign[i] = -1
					if k == c {
						d.sign[i] = 1
					}
				}
				d.run(rand.New(rand.NewPCG(seed, uint64(c)))) //nolint:gosec // a repeatable order, not a secret
				out[c] = d.w
			}
		})
	}
	wg.Wait()
	return out, ctx.Err()
}

// descent is one machine in training.
type descent struct {
	x        *rows
	sign     []float32
	square   []float64  // of each row, its bias of 1 included
	diagonal [2]float64 // of the dual, for the examples of the others and for its own
	alpha    []float64
	w        machine
	active   []int
}

// The stopping rule is LIBLINEAR's.
const (
	tolerance = 0.1
	maxPasses = 60
)

func (d *descent) run(r *rand.Rand) {
	d.active = r.Perm(d.x.len())
	limit := math.Inf(1) // rows whose gradient is beyond it will not come back soon: they are left out until the rest is done
	for range maxPasses {
		r.Shuffle(len(d.active), func(i, j int) { d.active[i], d.active[j] = d.active[j], d.active[i] })
		high, low := d.pass(limit)
		limit = high
		if high <= 0 {
			limit = math.Inf(1)
		}
		if high-low < tolerance {
			if len(d.active) == d.x.len() {
				return
			}
			d.active, limit = d.active[:d.x.len()], math.Inf(1)
		}
	}
}

// pass goes over the active rows once and gives the extremes of the projected gradient.
func (d *descent) pass(limit float64) (high, low float64) {
	high, low = math.Inf(-1), math.Inf(1)
	for s := 0; s < len(d.active); s++ {
		i := d.active[s]
		at, values := d.x.row(i)
		y := d.sign[i]
		diagonal := d.diagonal[0]
		if y > 0 {
			diagonal = d.diagonal[1]
		}
		g := float64(d.w.score(at, values)*y) - 1 + d.alpha[i]*diagonal
		projected := g
		if d.alpha[i] == 0 {
			if g > limit {
				last := len(d.active) - 1
				d.active[s], d.active[last] = d.active[last], i
				d.active = d.active[:last]
				s--
				continue
			}
			projected = min(g, 0)
		}
		high, low = max(high, projected), min(low, projected)
		if math.Abs(projected) < 1e-9 {
			continue
		}
		before := d.alpha[i]
		d.alpha[i] = max(before-g/(d.square[i]+diagonal), 0)
		delta := float32(d.alpha[i]-before) * y
		for j, f := range at {
			d.w[f] += delta * values[j]
		}
		d.w[len(d.w)-1] += delta
	}
	return high, low
}
