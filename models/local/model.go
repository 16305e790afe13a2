package local

import (
	"context"
	"math"
	"sync"

	"github.com/tributary-cc/tributary/models"
)

// Info is what a model says of itself.
type Info struct {
	Name     string `json:"name"`
	Language string `json:"language"`
	// Source, Licence and Citation are those of the examples.
	Source   string `json:"source"`
	Licence  string `json:"licence"`
	Citation string `json:"citation"`
	// OutOfScope is the label, outside Labels, of texts about nothing the model knows; empty where it was not taught any.
	OutOfScope string `json:"out_of_scope"`
	// Labels are in the order of the alphabet.
	Labels []string `json:"labels"`
	// Examples it was trained on.
	Examples int `json:"examples"`
	// Accuracy in thousandths, cross-validated on the examples; Sure is the share of answers that are not Unsure, SureAccuracy theirs.
	Accuracy     int `json:"accuracy"`
	Sure         int `json:"sure"`
	SureAccuracy int `json:"sure_accuracy"`
	// Before is how many turns before a text the model was taught to read; 0 for texts alone.
	Before int `json:"before,omitempty"`
}

// calibration turns scores into what an answer says; all of it is chosen on examples that the scoring model had not seen.
type calibration struct {
	// Temperature multiplies scores before the softmax.
	Temperature float64 `json:"temperature"`
	// Unsure is the confidence in thousandths below which an answer is unsure.
	Unsure int `json:"unsure"`
	// Unknown is the share of a text's features, in thousandths, above which it says nothing to the model.
	Unknown int `json:"unknown"`
	// Reject is the lead of the best label over out of scope (leadOf) below which a text is out of scope; Slope and Shift make of the lead the
	// probability that it is.
	Reject float64 `json:"reject"`
	Slope  float64 `json:"slope"`
	Shift  float64 `json:"shift"`
}

// Model is a trained classifier. It is safe for concurrent use and never changes.
type Model struct {
	info    Info
	cal     calibration
	version string
	size    int // of the file, in bytes
	seen    seen

	// columns is how many scores there are: the labels, and out of scope last where the model has it.
	columns int
	keys    []uint32  // hashes of the features, ascending
	idf     []float32 // by feature
	weights []int8    // by feature, then column
	scales  []float32 // by column: what a whole number of its scores is worth
	biases  []float32 // by column

	lookup  lookup
	scratch sync.Pool

	after *Model // answers where something was written before; nil where that was not taught
}

var _ models.Classifier = (*Model)(nil)

// Info says what the model is; where it was taught turns before too, its numbers are of texts alone. The labels are the model's own: read
// them only.
func (m *Model) Info() Info {
	info := m.info
	if m.after != nil {
		info.Before = m.after.info.Before
	}
	return info
}

// After says what the model is where something was written before a text; its numbers are of such texts. False where it was not taught that.
func (m *Model) After() (Info, bool) {
	if m.after == nil {
		return Info{}, false
	}
	return m.after.info, true
}

// Version names the model's contents: the beginning of its file's checksum.
func (m *Model) Version() string { return m.version }

// Size is the bytes of the model's file, and Memory about those it takes when loaded.
func (m *Model) Size() int { return m.size }

// Memory is about how many bytes the loaded model takes, without the buffers of each running Classify.
func (m *Model) Memory() int {
	n := len(m.keys)*8 + len(m.lookup.slots)*8 + len(m.weights) + m.columns*8
	if m.after != nil {
		n += m.after.Memory()
	}
	return n
}

// fixed is how many whole numbers a feature's value of 1 has.
const fixed = 1 << 12

// scratch is what one running Classify needs.
type scratch struct {
	features features
	counts   []uint16
	touched  []uint32
	sums     []int32
	scores   []float64
}

func (m *Model) prepare() {
	m.lookup = newLookup(m.keys)
	m.scratch.New = func() any {
		return &scratch{counts: make([]uint16, len(m.keys)), sums: make([]int32, m.columns), scores: make([]float64, m.columns)}
	}
}

// Classify says what the text wants, in some tens of microseconds; it fails only when the context has ended. Where nothing was written
// before, and where the model was not taught such turns, the text alone decides.
func (m *Model) Classify(ctx context.Context, q models.Question) (models.Answer, error) {
	if m.after != nil && len(q.Before) > 0 {
		return m.after.Classify(ctx, q)
	}
	if err := ctx.Err(); err != nil {
		return models.Answer{Unsure: true}, err
	}
	s, ok := m.scratch.Get().(*scratch)
	if !ok {
		return models.Answer{Unsure: true}, errNotLoaded
	}
	unknown := m.score(s, q)
	a := m.answer(s.scores, unknown)
	m.scratch.Put(s)
	return a, nil
}

// score fills s.scores and gives the share of the text's features, in thousandths, that the model does not know.
func (m *Model) score(s *scratch, q models.Question) int {
	s.touched = s.touched[:0]
	own := s.features.of(q.Text)
	all, missing := len(own), m.count(s, own)
	if m.info.Before > 0 {
		recent := q.Recent()
		for back := range recent {
			m.count(s, s.features.before(recent[len(recent)-1-back], back+1))
		}
	}
	var square float32
	for _, at := range s.touched {
		x := frequency(s.counts[at]) * m.idf[at]
		square += x * x
	}
	unit := float32(0)
	if square > 0 {
		unit = fixed / float32(math.Sqrt(float64(square)))
	}
	clear(s.sums)
	for _, at := range s.touched {
		x := int32(frequency(s.counts[at])*m.idf[at]*unit + 0.5)
		s.counts[at] = 0
		first := int(at) * m.columns
		add(s.sums, m.weights[first:first+m.columns], x)
	}
	for c, sum := range s.sums {
		s.scores[c] = float64(m.biases[c]) + float64(sum)*float64(m.scales[c])
	}
	if all == 0 {
		return 1000
	}
	return missing * 1000 / all
}

// count counts the features that the model knows, and gives how many it does not.
func (m *Model) count(s *scratch, hashes []uint32) (missing int) {
	for _, h := range hashes {
		at, ok := m.lookup.find(h)
		if !ok {
			missing++
			continue
		}
		if s.counts[at] == 0 {
			s.touched = append(s.touched, at)
		}
		s.counts[at]++
	}
	return missing
}

// add adds x times the row to the sums; where the processor's time goes.
func add(sums []int32, row []int8, x int32) {
	row = row[:len(sums)]
	i := 0
	for ; i+8 <= len(row) && i+8 <= len(sums); i += 8 {
		r, t := row[i:i+8:i+8], sums[i:i+8:i+8]
		t[0] += x * int32(r[0])
		t[1] += x * int32(r[1])
		t[2] += x * int32(r[2])
		t[3] += x * int32(r[3])
		t[4] += x * int32(r[4])
		t[5] += x * int32(r[5])
		t[6] += x * int32(r[6])
		t[7] += x * int32(r[7])
	}
	for ; i < len(row) && i < len(sums); i++ {
		sums[i] += x * int32(row[i])
	}
}

// logs are 1 + ln n: a word said often counts for more, but not as often.
var logs = func() (l [64]float32) {
	for n := 1; n < len(l); n++ {
		l[n] = float32(1 + math.Log(float64(n)))
	}
	return l
}()

func frequency(n uint16) float32 { return logs[min(n, uint16(len(logs)-1))] }

// lookup finds a feature by its hash: open addressing, at most half full.
type lookup struct {
	slots []slot
	shift uint
}

type slot struct{ hash, at uint32 } // at counts from 1; 0 is an empty slot

func newLookup(keys []uint32) lookup {
	bits := uint(4)
	for 1<<bits < 2*len(keys) {
		bits++
	}
	l := lookup{slots: make([]slot, 1<<bits), shift: 32 - bits}
	for i, h := range keys {
		at := l.home(h)
		for l.slots[at].at != 0 {
			at = (at + 1) & (len(l.slots) - 1)
		}
		l.slots[at] = slot{h, uint32(i + 1)}
	}
	return l
}

func (l *lookup) home(h uint32) int { return int(h * 2654435769 >> l.shift) }

func (l *lookup) find(h uint32) (uint32, bool) {
	mask := len(l.slots) - 1
	for at := l.home(h); ; at++ {
		s := l.slots[at&mask]
		if s.at == 0 {
			return 0, false
		}
		if s.hash == h {
			return s.at - 1, true
		}
	}
}
