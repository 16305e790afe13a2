package local

import (
	"math"
	"slices"
)

// vocabulary is what a model knows of texts before it is taught labels: which features there are and how rare each is.
type vocabulary struct {
	keys []uint32
	idf  []float32
}

// hashed are the features of many texts, each text's in the order of their hashes, with how often each occurs.
type hashed struct {
	hashes [][]uint32
	counts [][]uint16
}

func hashAll(texts []string) hashed {
	var f features
	h := hashed{make([][]uint32, len(texts)), make([][]uint16, len(texts))}
	for i, t := range texts {
		all := f.of(t)
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
	return h
}

// learn takes the features that occur in at least `least` of the texts chosen.
func (h hashed) learn(chosen []int, least int) vocabulary {
	in := make(map[uint32]int)
	for _, i := range chosen {
		for _, k := range h.hashes[i] {
			in[k]++
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
		v.idf = append(v.idf, float32(math.Sqrt(1+math.Log(float64(1+len(chosen))/float64(1+in[k])))))
	}
	return v
}

// rows gives the chosen texts as vectors of length 1, and of each the share of features, in thousandths, that the vocabulary lacks.
func (h hashed) rows(v vocabulary, chosen []int) (*rows, []int) {
	find := newLookup(v.keys)
	out := &rows{first: make([]int, 1, len(chosen)+1)}
	unknown := make([]int, len(chosen))
	for n, i := range chosen {
		begin, all, missing := len(out.at), 0, 0
		var square float32
		for j, k := range h.hashes[i] {
			all += int(h.counts[i][j])
			at, ok := find.find(k)
			if !ok {
				missing += int(h.counts[i][j])
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
