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
	_, err = measure("--model", data)
	require.ErrorContains(t, err, "not a model")
	_, err = measure()
	require.ErrorIs(t, err, errUsage)
}
