package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// ran runs the command and gives what it printed, its exit code and its error.
func ran(t *testing.T, args ...string) (string, int, error) {
	t.Helper()
	cmd := root()
	var b bytes.Buffer
	cmd.SetOut(&b)
	cmd.SetErr(&b)
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(t.Context())
	return b.String(), exitCode(err), err
}

// emptyGrafana is a double of a Grafana that has the plugin and nothing else, and lets nothing be changed.
func emptyGrafana(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method != http.MethodGet || r.Header.Get("Authorization") != "Bearer t-grafana":
		w.WriteHeader(http.StatusUnauthorized)
	case r.URL.Path == "/api/health":
		_, _ = w.Write([]byte(`{"database":"ok","version":"12.4.2"}`))
	case strings.HasPrefix(r.URL.Path, "/api/plugins/"):
		_, _ = w.Write([]byte(`{"enabled":true}`))
	default:
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"message":"not found"}`))
	}
}

func TestGrafanaProvisionTellsByItsExitCode(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(emptyGrafana))
	defer server.Close()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	token, ours, empty := file("grafana", "t-grafana\n"), file("ours", "t-ours\n"), file("empty", "\n")
	good := []string{
		"grafana", "provision", "--url", server.URL, "--token-file", token, "--tributary-url", "https://tributary.example.com", "--tributary-token-file", ours,
	}

	out, code, err := ran(t, append(good, "--check")...)
	require.ErrorIs(t, err, errFound)
	require.Equal(t, exitFound, code)
	require.Contains(t, out, "8 of 9 would change")
	require.Contains(t, out, "tributary-wallboard-zh")

	out, code, _ = ran(t, append(good, "--check", "--json", "--language", "en")...)
	require.Equal(t, exitFound, code)
	var report struct{ Steps []struct{ Kind, Done string } }
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	require.Len(t, report.Steps, 6)

	_, code, err = ran(t, good...)
	require.ErrorContains(t, err, "401")
	require.Equal(t, exitFailed, code)

	for _, args := range [][]string{
		{"grafana", "provision"},
		append(good, "--language", "fr"),
		append(good, "--page-url", "nowhere"),
		append(good, "--token-file", filepath.Join(dir, "absent")),
		append(good, "--token-file", empty),
	} {
		_, code, err = ran(t, args...)
		require.Error(t, err)
		if len(args) > 2 { // a flag that is missing is cobra's own error
			require.Equal(t, exitUsage, code, "%v", err)
		}
	}
}

func TestGrafanaBoardsWritesTheFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "boards")
	out, _, err := ran(t, "grafana", "boards", dir)
	require.NoError(t, err)
	require.Equal(t, 6, strings.Count(out, ".json\n"))
	text, err := os.ReadFile(filepath.Join(dir, "queues.zh-CN.json"))
	require.NoError(t, err)
	require.Contains(t, string(text), `"uid": "tributary-queues-zh"`)

	// Grafana, as another user, reads them, as far as the umask of who calls lets it.
	probe := filepath.Join(t.TempDir(), "probe")
	require.NoError(t, os.Mkdir(probe, 0o777))
	mode := func(path string) os.FileMode {
		info, err := os.Stat(path)
		require.NoError(t, err)
		return info.Mode().Perm()
	}
	lets := mode(probe)
	require.Equal(t, 0o755&lets, mode(dir))
	for path := range strings.Lines(out) {
		require.Equal(t, 0o644&lets, mode(strings.TrimSpace(path)))
	}
}
