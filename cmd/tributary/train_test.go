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
)

// TestTrainThenEval trains from a file, measures the model and the training, and refuses what is not a model.
func TestTrainThenEval(t *testing.T) {
	dir := t.TempDir()
	var rows strings.Builder
	rows.WriteString("text,label\n")
	for i := range 20 {
		fmt.Fprintf(&rows, "my card is lost %d,card\nwhat is the weather %d,weather\ntell a joke %d,oos\n", i, i*7, i*3)
	}
	data, model := filepath.Join(dir, "data.csv"), filepath.Join(dir, "small.model")
	require.NoError(t, os.WriteFile(data, []byte(rows.String()), 0o600))

	train := trainCommand(&globals{})
	train.SetArgs([]string{"--data", data, "--out", model, "--oos-label", "oos"})
	var progress bytes.Buffer
	train.SetErr(&progress)
	train.SetOut(&bytes.Buffer{})
	require.NoError(t, train.ExecuteContext(t.Context()))
	require.Contains(t, progress.String(), "cross-validated")

	measure := func(args ...string) (map[string]any, error) {
		cmd := evalCommand(&globals{json: true})
		var out bytes.Buffer
		cmd.SetOut(&out)
		cmd.SetErr(&bytes.Buffer{})
		cmd.SilenceUsage = true
		cmd.SetArgs(append([]string{"intents", "--data", data}, args...))
		if err := cmd.ExecuteContext(t.Context()); err != nil {
			return nil, err
		}
		var r map[string]any
		require.NoError(t, json.Unmarshal(out.Bytes(), &r))
		return r, nil
	}
	r, err := measure("--model", model)
	require.NoError(t, err)
	require.InDelta(t, 1, r["accuracy"], 1e-9)
	require.NotNil(t, r["out_of_scope"])
	r, err = measure("--cv", "4", "--oos-label", "oos")
	require.NoError(t, err)
	require.Len(t, r["folds"], 4)
	dialogues := filepath.Join(dir, "dialogues.csv")
	rows.Reset()
	rows.WriteString("turn,dialog,text,label\n")
	for i := range 20 {
		fmt.Fprintf(&rows, "2,c%d,and what does it cost,card\n0,c%d,my card is lost,card\n0,w%d,what is the weather,weather\n2,w%d,and what does it cost,weather\n", i, i, i, i)
	}
	require.NoError(t, os.WriteFile(dialogues, []byte(rows.String()), 0o600))
	by := []string{"--data", dialogues, "--group", "dialog"}
	r, err = measure(append([]string{"--cv", "4"}, by...)...)
	require.NoError(t, err)
	require.Less(t, r["accuracy"], 0.8, "who reads one turn cannot know what it is")
	r, err = measure(append([]string{"--cv", "4", "--turn", "turn"}, by...)...)
	require.NoError(t, err)
	require.InDelta(t, 1, r["accuracy"], 1e-9)
	_, err = measure("--cv", "4", "--data", dialogues, "--turn", "turn")
	require.ErrorContains(t, err, "group")
	_, err = measure("--model", data)
	require.ErrorContains(t, err, "not a model")
	_, err = measure()
	require.ErrorIs(t, err, errUsage)
}
