package local

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/models"
)

// dialogues are lessons whose second half, "and how long does it take", means what stands before it.
func dialogues() []models.Example {
	out := lessons()
	for _, e := range lessons() {
		after := models.Example{Text: "and how long does it take", Label: e.Label, Group: e.Group, Before: []string{e.Text}}
		later := models.Example{Text: "how much is it", Label: e.Label, Group: e.Group, Before: []string{e.Text, "and how long does it take"}}
		out = append(out, after, later)
	}
	return out
}

func teachDialogues(t testing.TB, outOfScope string) *Model {
	t.Helper()
	o := Default("lessons", "en")
	o.OutOfScope = outOfScope
	m, err := Train(t.Context(), dialogues(), o)
	require.NoError(t, err)
	return m
}

func askAfter(t testing.TB, m *Model, text string, before ...string) models.Answer {
	t.Helper()
	a, err := m.Classify(t.Context(), models.Question{Text: text, Before: before})
	require.NoError(t, err)
	return a
}

func TestWhatStandsBeforeIsRead(t *testing.T) {
	for _, m := range []*Model{teachDialogues(t, ""), teachDialogues(t, "oos")} {
		for before, want := range map[string]string{"my card is lost": "card", "what is the weather today": "weather", "我要退款": "refund"} {
			require.Equal(t, want, askAfter(t, m, "and how long does it take", before).Intent)
			require.Equal(t, want, askAfter(t, m, "how much is it", before, "and how long does it take").Intent)
			require.Equal(t, askAfter(t, m, "how much is it", before, "x"), askAfter(t, m, "how much is it", "older", before, "x"), "no more than the last turns are read")
		}
		require.Equal(t, "card", askAfter(t, m, "my card is lost", "what is the weather").Intent, "the text itself says more")
		require.True(t, askAfter(t, m, "xqzvk wjfpq", "my card is lost").Unsure, "a text without meaning stays one")
		require.True(t, askAfter(t, m, "", "my card is lost").Unsure)
		for _, text := range hostile {
			checkAnswer(t, m, askAfter(t, m, text, text, text))
			checkAnswer(t, m, askAfter(t, m, "my card is lost", text))
		}
	}
}

// A text with nothing before it is answered as by a model that was never taught such turns: its part of the file is the same to the byte.
func TestATextAloneIsAnsweredAsEver(t *testing.T) {
	both := teachDialogues(t, "oos")
	bare := dialogues()
	for i := range bare {
		bare[i].Before = nil
	}
	o := Default("lessons", "en")
	o.OutOfScope, o.Before = "oos", 2
	alone, err := Train(t.Context(), bare, o)
	require.NoError(t, err)
	file, err := both.Encode()
	require.NoError(t, err)
	part, err := alone.Encode()
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(file[len(magicAfter)+4:], part))
	for _, e := range bare {
		a, b := ask(t, both, e.Text), ask(t, alone, e.Text)
		require.NotEqual(t, a.Version, b.Version)
		a.Version = b.Version
		require.Equal(t, b, a)
		require.Equal(t, b, askAfter(t, alone, e.Text, "my card is lost"), "who was not taught it does not read it")
	}
	_, ok := alone.After()
	require.False(t, ok)
	require.Zero(t, alone.Info().Before)
}

func TestBothInOneFile(t *testing.T) {
	m := teachDialogues(t, "oos")
	file, err := m.Encode()
	require.NoError(t, err)
	again, err := Decode(file)
	require.NoError(t, err)
	twice, err := again.Encode()
	require.NoError(t, err)
	require.True(t, bytes.Equal(file, twice))
	other, err := teachDialogues(t, "oos").Encode()
	require.NoError(t, err)
	require.True(t, bytes.Equal(file, other), "the same examples, the same bytes")
	require.Equal(t, []any{len(file), m.Version(), m.Info()}, []any{again.Size(), again.Version(), again.Info()})
	after, ok := again.After()
	require.True(t, ok)
	require.Equal(t, models.MaxBefore, after.Before)
	require.Equal(t, models.MaxBefore, again.Info().Before)
	require.Greater(t, after.Accuracy, again.Info().Accuracy)
	require.Greater(t, again.Memory(), teach(t, "oos").Memory())
	for _, e := range dialogues() {
		a := askAfter(t, m, e.Text, e.Before...)
		require.Equal(t, a, askAfter(t, again, e.Text, e.Before...))
		require.Equal(t, m.Version(), a.Version)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = m.Classify(ctx, models.Question{Text: "x", Before: []string{"y"}})
	require.ErrorIs(t, err, context.Canceled)
}

// pair makes a file of two as Encode would.
func pair(alone, after []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte(magicAfter), uint32(len(alone)))
	return seal(slices.Concat(b, alone, after))
}

func TestDecodeRefusesWhatIsNoPair(t *testing.T) {
	m := teachDialogues(t, "oos")
	alone, err := m.encode()
	require.NoError(t, err)
	after, err := m.after.encode()
	require.NoError(t, err)
	stranger, err := teachDialogues(t, "").after.encode()
	require.NoError(t, err)
	file := pair(alone, after)
	_, err = Decode(file)
	require.NoError(t, err)
	long := bytes.Clone(file[:len(file)-32])
	binary.LittleEndian.PutUint32(long[len(magicAfter):], 1<<31)
	for name, bad := range map[string][]byte{
		"without the first": after, "twice the first": pair(alone, alone), "twice the second": pair(after, after), "changed about": pair(after, alone),
		"of another model": pair(alone, stranger), "a pair in a pair": pair(file, after), "nothing": pair(nil, nil), "the first only": pair(alone, nil),
		"no length": seal([]byte(magicAfter)), "a length beyond the file": seal(long), "more behind": seal(append(bytes.Clone(file[:len(file)-32]), 0)), "no checksum": file[:len(file)-32],
	} {
		_, err = Decode(bad)
		require.ErrorIs(t, err, ErrInvalid, name)
	}
	for i := range 40 {
		b := bytes.Clone(file)
		b[i*len(b)/40] ^= 1
		_, err = Decode(b)
		require.ErrorIs(t, err, ErrInvalid)
	}
}

// Where too few examples have something before them, calibration is of all.
func TestFewDialogues(t *testing.T) {
	few := dialogues()[:len(lessons())+3]
	o := Default("lessons", "en")
	o.OutOfScope = "oos"
	m, err := Train(t.Context(), few, o)
	require.NoError(t, err)
	require.Equal(t, "card", askAfter(t, m, "my card is lost", "hello").Intent)
}

func FuzzClassifyAfter(f *testing.F) {
	m := teachDialogues(f, "oos")
	for _, text := range hostile {
		f.Add("how much is it", text[:min(len(text), 300)])
	}
	f.Fuzz(func(t *testing.T, text, before string) {
		a := askAfter(t, m, text, before)
		checkAnswer(t, m, a)
		require.Equal(t, a, askAfter(t, m, text, before))
	})
}
