package local

import (
	"math"
	"slices"

	"github.com/tributary-cc/tributary/models"
)

// vocabulary is what a model knows of texts before it is taught labels: which features there are and how rare each is.
type vocabulary struct {
	keys []uint32
	idf  []float32
}

// hashed are the features of many questions, each text's in the order of their hashes, with how often each occurs, and behind them those of
// the turns before it; own is how many are the text's.
type hashed struct {
	hashes [][]uint32
	counts [][]uint16
	own    []int
}

// weightBefore is what a feature of a turn before counts for beside one of the text. More made no model of dialogues better, and worse where
// what came before was another matter.
const weightBefore = 0.3

func hashAll(questions []models.Question) hashed {
	var f features
	h := hashed{make([][]uint32, len(questions)), make([][]uint16, len(questions)), make([]int, len(questions))}
	for i, q := range questions {
		h.add(i, f.of(q.Text))
		h.own[i] = len(h.hashes[i])
		recent := q.Recent()
		for back := range recent {
			h.add(i, f.before(recent[len(recent)-1-back], back+1))
		}
	}
	return h
}

func (h *hashed) add(i int, all []uint32) {
	slices.Sort(all)
	for j, k := range all {
		if j > 0 && k == all[j-1] {
			h.counts[i][len(h.counts[i])-1]++
			continue
		}
		h.hashes[i] = append(h.hashes[i], k)
		h.counts[i] = append(h.counts[i], 1)
	}
}

// learn takes the features that occur in at least `least` of the texts chosen.
func (h hashed) learn(chosen []int, least int) vocabulary {
	in, before := make(map[uint32]int), make(map[uint32]bool)
	for _, i := range chosen {
		for j, k := range h.hashes[i] {
			in[k]++
			if j >= h.own[i] {
				before[k] = true
			}
		}
	}
	var v vocabulary
	for k, n := range in {
		if n >= least {
			v.keys = append(v.keys, k)
		}
	}
	slices.Sort(v.keys)
	for _, k := range v.keys {
		idf := math.Sqrt(1 + math.Log(float64(1+len(chosen))/float64(1+in[k])))
		if before[k] {
			idf *= weightBefore
		}
		v.idf = append(v.idf, float32(idf))
	}
	return v
}

// rows gives the chosen texts as vectors of length 1, and of each the share of the text's own features, in thousandths, that the
// vocabulary lacks.
func (h hashed) rows(v vocabulary, chosen []int) (*rows, []int) {
	find := newLookup(v.keys)
	out := &rows{first: make([]int, 1, len(chosen)+1)}
	unknown := make([]int, len(chosen))
	for n, i := range chosen {
		begin, all, missing := len(out.at), 0, 0
		var square float32
		for j, k := range h.hashes[i] {
			own := 0
			if j < h.own[i] {
				own = int(h.counts[i][j])
			}
			all += own
			at, ok := find.find(k)
			if !ok {
				missing += own
				continue
			}
			x := frequency(h.counts[i][j]) * v.idf[at]
			square += x * x
			out.at = append(out.at, int32(at)) //nolint:gosec // there are at most maxFeatures
			out.values = append(out.values, x)
		}
		unit := float32(1 / math.Sqrt(math.Max(float64(square), 1e-9)))
		for j := begin; j < len(out.values); j++ {
			out.values[j] *= unit
		}
		out.first = append(out.first, len(out.at))
		unknown[n] = 1000
		if all > 0 {
			unknown[n] = missing * 1000 / all
		}
	}
	return out, unknown
}
