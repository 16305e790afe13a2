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
