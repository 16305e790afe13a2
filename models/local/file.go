package local

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/tributary-cc/tributary/models"
)

// A model's file: magic, the header as JSON with its length before it, then by feature the hashes (each as the distance from the one
// before, in variable length) and the inverse document frequencies, by column the scales and biases, by feature and column the weights; last
// the SHA-256 of all before. Numbers are little-endian. A reader of version 1 takes nothing else: change the magic when the format changes,
// and also when what features.go makes of a text changes, since the hashes would mean something else.
const magic = "tributary intents 1\n"

// Limits of a file; the decoder allocates nothing before it has checked them.
const (
	MaxFile     = 64 << 20
	maxHeader   = 1 << 20
	maxLabels   = 1000
	maxFeatures = 1 << 20
	maxLabel    = 200
)

var (
	errNotLoaded = errors.New("local: the model was neither trained nor decoded")
	// ErrInvalid is in every error of Decode.
	ErrInvalid = errors.New("not a model of this version, or damaged")
)

type header struct {
	Info
	Calibration calibration `json:"calibration"`
	Features    int         `json:"features"`
	// Seen is of what the model was trained on; files made before it have none.
	Seen []byte `json:"seen,omitempty"`
}

// encode writes one model, without the one for what has something before it.
func (m *Model) encode() ([]byte, error) {
	head, err := json.Marshal(header{m.info, m.cal, len(m.keys), m.seen.encode()})
	if err != nil {
		return nil, fmt.Errorf("local: header of model %s: %w", m.info.Name, err)
	}
	b := append([]byte(magic), 0, 0, 0, 0)
	binary.LittleEndian.PutUint32(b[len(magic):], uint32(len(head))) //nolint:gosec // labels are limited, so the header is
	b = append(b, head...)
	before := uint32(0)
	for _, k := range m.keys {
		b = binary.AppendUvarint(b, uint64(k-before))
		before = k
	}
	for _, list := range [][]float32{m.idf, m.scales, m.biases} {
		for _, x := range list {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
		}
	}
	for _, w := range m.weights {
		b = append(b, byte(w)) //nolint:gosec // the same eight bits
	}
	return seal(b), nil
}

func seal(b []byte) []byte {
	sum := sha256.Sum256(b)
	return append(b, sum[:]...)
}

// unseal gives what seal was given, and its checksum.
func unseal(file []byte) ([]byte, [sha256.Size]byte, error) {
	if len(file) > MaxFile {
		return nil, [sha256.Size]byte{}, fmt.Errorf("the file has %d bytes, more than %d", len(file), MaxFile)
	}
	if len(file) < sha256.Size {
		return nil, [sha256.Size]byte{}, errors.New("the file is too short")
	}
	body := file[:len(file)-sha256.Size]
	sum := sha256.Sum256(body)
	if !bytes.Equal(sum[:], file[len(body):]) {
		return nil, sum, errors.New("the checksum does not match")
	}
	return body, sum, nil
}

// decode reads what encode wrote.
func decode(file []byte) (*Model, error) {
	body, sum, err := unseal(file)
	if err != nil {
		return nil, err
	}
	rest, ok := bytes.CutPrefix(body, []byte(magic))
	if !ok || len(rest) < 4 {
		return nil, errors.New("the file does not begin as one")
	}
	length := int(binary.LittleEndian.Uint32(rest))
	if length > maxHeader || length > len(rest)-4 {
		return nil, errors.New("the header is longer than the file")
	}
	h, err := decodeHeader(rest[4 : 4+length])
	if err != nil {
		return nil, err
	}
	m := &Model{info: h.Info, cal: h.Calibration, size: len(file), version: hex.EncodeToString(sum[:6]), columns: h.columns()}
	if m.seen, err = decodeSeen(h.Seen); err != nil {
		return nil, err
	}
	if err := m.decodeBody(rest[4+length:], h.Features); err != nil {
		return nil, err
	}
	m.prepare()
	return m, nil
}

func (h header) columns() int {
	if h.OutOfScope != "" {
		return len(h.Labels) + 1
	}
	return len(h.Labels)
}

func decodeHeader(b []byte) (header, error) {
	var h header
	if err := json.Unmarshal(b, &h); err != nil {
		return h, fmt.Errorf("header: %w", err)
	}
	again, err := json.Marshal(h)
	if err != nil || !bytes.Equal(again, b) {
		return h, errors.New("the header is not as it would be written")
	}
	return h, h.check()
}

func (h header) check() error {
	if err := checkLabels(h.Labels, h.OutOfScope); err != nil {
		return err
	}
	if h.Name == "" || len(h.Name) > maxLabel || len(h.Language) > maxLabel {
		return errors.New("the model has no name, or a long one")
	}
	if h.Features < 0 || h.Features > maxFeatures || h.Features*h.columns() > MaxFile {
		return fmt.Errorf("%d features of %d labels are too many", h.Features, len(h.Labels))
	}
	if h.Before < 0 || h.Before > models.MaxBefore {
		return fmt.Errorf("the model was taught %d turns before a text: this version reads up to %d", h.Before, models.MaxBefore)
	}
	c := h.Calibration
	if !(c.Temperature > 0 && c.Temperature <= 1000) || math.Abs(c.Slope) > 1e6 || math.Abs(c.Shift) > 1e6 || math.Abs(c.Reject) > 1e6 {
		return errors.New("the calibration has a number outside its range")
	}
	for _, x := range []int{c.Unsure, c.Unknown, h.Accuracy, h.Sure, h.SureAccuracy} {
		if x < 0 || x > 1000 {
			return fmt.Errorf("%d is no number of thousandths", x)
		}
	}
	return nil
}

func checkLabels(labels []string, outOfScope string) error {
	if len(labels) < 2 || len(labels) > maxLabels {
		return fmt.Errorf("%d labels: a model has 2 to %d", len(labels), maxLabels)
	}
	if len(outOfScope) > maxLabel || slices.Contains(labels, outOfScope) {
		return errors.New("out of scope is no label of its own")
	}
	for i, l := range labels {
		if l == "" || len(l) > maxLabel || !utf8.ValidString(l) || i > 0 && labels[i-1] >= l {
			return fmt.Errorf("label %d is empty, longer than %d bytes, not UTF-8 or out of order", i+1, maxLabel)
		}
	}
	return nil
}

func (m *Model) decodeBody(b []byte, count int) error {
	after := count*4 + m.columns*8 + count*m.columns // what stands behind the hashes
	if len(b) < after+count || len(b) > after+count*binary.MaxVarintLen32 {
		return errors.New("the file's length is not that of its features")
	}
	m.keys = make([]uint32, count)
	hashes, at := b[:len(b)-after], uint64(0)
	for i := range m.keys {
		d, n := binary.Uvarint(hashes)
		if n <= 0 || n > 1 && hashes[n-1] == 0 || d > math.MaxUint32 || at+d > math.MaxUint32 || i > 0 && d == 0 {
			return fmt.Errorf("hash %d is not one", i+1)
		}
		at += d
		m.keys[i], hashes = uint32(at), hashes[n:] //nolint:gosec // checked above
	}
	if len(hashes) > 0 {
		return errors.New("there is more behind the hashes")
	}
	b = b[len(b)-after:]
	var err error
	for _, list := range []struct {
		to    *[]float32
		count int
		low   float32
	}{{&m.idf, count, 0}, {&m.scales, m.columns, 0}, {&m.biases, m.columns, -1e6}} {
		if *list.to, b, err = floats(b, list.count, list.low); err != nil {
			return err
		}
	}
	m.weights = make([]int8, len(b))
	for i, w := range b {
		m.weights[i] = int8(w) //nolint:gosec // the same eight bits
	}
	return nil
}

func floats(b []byte, count int, low float32) ([]float32, []byte, error) {
	out := make([]float32, count)
	for i := range out {
		x := math.Float32frombits(binary.LittleEndian.Uint32(b[i*4:]))
		if !(x >= low && x <= 1e6) {
			return nil, nil, fmt.Errorf("number %d is outside its range", i+1)
		}
		out[i] = x
	}
	return out, b[count*4:], nil
}
