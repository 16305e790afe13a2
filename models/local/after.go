package local

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/tributary-cc/tributary/models"
)

// A model that was taught turns before a text is two: one for a text alone, whose file is to the byte that of a model taught without such
// turns, and one for a text with something before it. So a first message is answered as well as ever, and the confidence of either is
// measured on texts of its kind. The file is this magic, the length of the first file, both files, and the SHA-256 of all before.
const magicAfter = "tributary intents 2\n"

// Encode writes the model as one file; the same model gives the same bytes.
func (m *Model) Encode() ([]byte, error) {
	alone, err := m.encode()
	if err != nil || m.after == nil {
		return alone, err
	}
	after, err := m.after.encode()
	if err != nil {
		return nil, err
	}
	b := binary.LittleEndian.AppendUint32([]byte(magicAfter), uint32(len(alone))) //nolint:gosec // features and labels are limited
	return seal(slices.Concat(b, alone, after)), nil
}

// Decode reads what Encode wrote and refuses everything else.
func Decode(file []byte) (*Model, error) {
	m, err := decodeBoth(file)
	if err != nil {
		return nil, fmt.Errorf("local: %w: %w", ErrInvalid, err)
	}
	return m, nil
}

func decodeBoth(file []byte) (*Model, error) {
	if !bytes.HasPrefix(file, []byte(magicAfter)) {
		m, err := decode(file)
		if err == nil && m.info.Before != 0 {
			return nil, errors.New("it reads turns before a text, and lacks the model for a text alone")
		}
		return m, err
	}
	inside, sum, err := unseal(file)
	if err != nil {
		return nil, err
	}
	if len(inside) < len(magicAfter)+4 {
		return nil, errors.New("the file ends before its models")
	}
	inside = inside[len(magicAfter):]
	length := binary.LittleEndian.Uint32(inside)
	if inside = inside[4:]; uint64(length) > uint64(len(inside)) {
		return nil, errors.New("the model for a text alone is longer than the file")
	}
	m, err := decode(inside[:length])
	if err != nil {
		return nil, fmt.Errorf("the model for a text alone: %w", err)
	}
	after, err := decode(inside[length:])
	if err != nil {
		return nil, fmt.Errorf("the model for a text with something before it: %w", err)
	}
	a, b := m.info, after.info
	if a.Before != 0 || b.Before == 0 || a.Name != b.Name || a.Language != b.Language || a.OutOfScope != b.OutOfScope || !slices.Equal(a.Labels, b.Labels) {
		return nil, errors.New("the models for a text alone and with something before it do not belong together")
	}
	m.after = after
	m.size, m.version = len(file), hex.EncodeToString(sum[:6])
	after.size, after.version = m.size, m.version
	return m, nil
}

// Train makes a model from examples. The same examples in the same order with the same options give the same model. Where examples have
// something before them, the model learns to answer both with and without it.
func Train(ctx context.Context, examples []models.Example, o Options) (*Model, error) {
	o.Before = 0
	m, err := trainOne(ctx, examples, o)
	if err != nil || !slices.ContainsFunc(examples, hasBefore) {
		return m, err
	}
	o.Before = models.MaxBefore
	if m.after, err = trainOne(ctx, examples, o); err != nil {
		return nil, err
	}
	file, err := m.Encode()
	if err != nil {
		return nil, err
	}
	return Decode(file)
}

func hasBefore(e models.Example) bool { return len(e.Before) > 0 }

// measured are the examples that calibration and numbers are of, with their scores: where the model reads turns before, those that have some,
// unless these are too few or none of them is out of scope where others are.
func (t *training) measured(scores []scored) (*training, []scored) {
	if t.Before == 0 {
		return t, scores
	}
	some := *t
	some.class = nil
	var chosen []scored
	outside := 0
	for i, s := range scores {
		if !t.follows[i] {
			continue
		}
		some.class, chosen = append(some.class, t.class[i]), append(chosen, s)
		if t.class[i] == len(t.Labels) {
			outside++
		}
	}
	if len(chosen)-outside < minExamples || t.OutOfScope != "" && outside == 0 {
		return t, scores
	}
	return &some, chosen
}
