package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/models/openai/openaitest"
)

// TestEvalAsksTheServer measures a model server alone, and behind the model in the process.
func TestEvalAsksTheServer(t *testing.T) {
	s := openaitest.Start(t, func(r openaitest.Request) (string, int) {
		if strings.Contains(r.Messages[1].Content, "stolen") {
			return "lost_or_stolen_card", 900
		}
		return "card_arrival", 900
	})
	dir := t.TempDir()
	data, config := filepath.Join(dir, "data.csv"), filepath.Join(dir, "tributary.yaml")
	require.NoError(t, os.WriteFile(data, []byte("text,label\nmy card was stolen yesterday please block it,lost_or_stolen_card\nhi there something is odd,card_arrival\n"), 0o600))
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, "models: {openai: {url: %q, model: small-1}}\n", s.URL+"/v1"), 0o600))
	measure := func(config, model string) (map[string]any, error) {
		cmd := evalCommand(&globals{json: true, config: config})
		var out bytes.Buffer
		cmd.SetOut(&out)
		cmd.SetErr(&bytes.Buffer{})
		cmd.SilenceUsage = true
		cmd.SetArgs([]string{"intents", "--data", data, "--model", model})
		if err := cmd.ExecuteContext(t.Context()); err != nil {
			return nil, err
		}
		var r map[string]any
		require.NoError(t, json.Unmarshal(out.Bytes(), &r))
		return r, nil
	}
	r, err := measure(config, "openai")
	require.NoError(t, err)
	require.InDelta(t, 1, r["accuracy"], 1e-9)
	require.Equal(t, "small-1", r["model"])
	require.Len(t, s.Requests(), 2, "each example is asked once")
	r, err = measure(config, "bank-en+openai")
	require.NoError(t, err)
	require.InDelta(t, 1, r["accuracy"], 1e-9)
	require.Equal(t, "bank-en+openai", r["model"])
	require.Len(t, s.Requests(), 3, "only what the model is unsure of")
	_, err = measure("", "openai")
	require.ErrorIs(t, err, errNoServer)
}

// TestEvalSaysWhyNumbersMislead: examples the model was trained on, and labels it does not have.
func TestEvalSaysWhyNumbersMislead(t *testing.T) {
	dir := t.TempDir()
	data, other, model := filepath.Join(dir, "data.csv"), filepath.Join(dir, "other.csv"), filepath.Join(dir, "own.model")
	rows, others := "text,label\n", "text,label\n"
	for i := range 40 {
		rows += fmt.Sprintf("my card %d is lost,card\nwhere is the refund %d,refund\n", i, i)
		others += fmt.Sprintf("the card of mine %d is gone,card\nthe weather of day %d,label %d\n", i, i, i%12)
	}
	require.NoError(t, os.WriteFile(data, []byte(rows), 0o600))
	require.NoError(t, os.WriteFile(other, []byte(others), 0o600))
	run := func(args ...string) (intentsReport, string) {
		cmd := root()
		var out, said bytes.Buffer
		cmd.SetOut(&out)
		cmd.SetErr(&said)
		cmd.SetArgs(append(args, "--json"))
		require.NoError(t, cmd.ExecuteContext(t.Context()))
		var r intentsReport
		require.NoError(t, json.Unmarshal(out.Bytes(), &r), out.String())
		return r, said.String()
	}
	train := root()
	train.SetOut(&bytes.Buffer{})
	train.SetErr(&bytes.Buffer{})
	train.SetArgs([]string{"train", "--data", data, "--out", model})
	require.NoError(t, train.ExecuteContext(t.Context()))
	r, said := run("eval", "intents", "--data", data, "--model", model)
	require.Equal(t, &trainedOn{1, 80}, r.TrainedOn)
	require.Nil(t, r.UnknownLabels)
	require.Len(t, r.Warnings, 1)
	require.Contains(t, said, "warning: the model was trained on about 100 % of these examples (80 were compared)")

	r, said = run("eval", "intents", "--data", other, "--model", model)
	require.Equal(t, &trainedOn{0, 80}, r.TrainedOn)
	require.Equal(t, 12, r.UnknownLabels.Count)
	require.Equal(t, 40, r.UnknownLabels.Examples)
	require.Len(t, r.UnknownLabels.First, 10)
	require.Contains(t, said, `warning: the model does not know 12 labels of the data, "label 0", "label 1", "label 10", "label 11", "label 2", `)
	require.Contains(t, said, `"label 7" and 2 more: their 40 examples count as wrong`)

	r, said = run("eval", "intents", "--data", data, "--cv", "2")
	require.Empty(t, r.Warnings)
	require.NotContains(t, said, "warning")
	// The models of the binary know theirs; a few words are no sample.
	r, _ = run("eval", "intents", "--data", other, "--model", "bank-en")
	require.Equal(t, 13, r.UnknownLabels.Count)
}
