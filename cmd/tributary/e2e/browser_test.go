//go:build e2e

package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/cmd/tributary/process"
)

// server is a child process that is killed and started again on the same data folder and port.
type server struct {
	t         *testing.T
	bin, data string
	addr      string
	cmd       *exec.Cmd
	passwords map[string]string
}

var accountLine = regexp.MustCompile(`login (\S+)\s+password (\S+)`)

func (s *server) start() {
	s.t.Helper()
	s.cmd = exec.Command(s.bin, "run", "--demo", "--floor", "0", "--data", s.data, "--http", s.addr)
	out, err := s.cmd.StdoutPipe()
	require.NoError(s.t, err)
	logs, err := os.OpenFile(filepath.Join(filepath.Dir(s.data), "server.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(s.t, err)
	s.cmd.Stderr = logs
	require.NoError(s.t, s.cmd.Start())
	r := bufio.NewScanner(out)
	for len(s.passwords) < 5 && r.Scan() {
		if m := accountLine.FindStringSubmatch(r.Text()); m != nil {
			s.passwords[m[1]] = m[2]
		}
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	require.Eventually(s.t, func() bool {
		resp, err := http.Get("http://" + s.addr + "/readyz")
		if err != nil {
			return false
		}
		defer resp.Body.Close() //nolint:errcheck // only the status is wanted
		return resp.StatusCode == http.StatusOK
	}, 30*time.Second, 50*time.Millisecond, "the server does not get ready")
}

func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("no Chromium on this machine")
	return ""
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close() //nolint:errcheck // only the number is wanted
	return l.Addr().String()
}

// begin starts a server of its own, which the end of the test ends; what it logged is shown where the test failed.
func begin(t *testing.T) *server {
	t.Helper()
	dir := t.TempDir()
	bin := filepath.Join(dir, "tributary")
	out, err := exec.Command("go", "build", "-o", bin, "..").CombinedOutput()
	require.NoError(t, err, string(out))
	s := &server{t: t, bin: bin, data: filepath.Join(dir, "data"), addr: freeAddr(t), passwords: map[string]string{}}
	s.start()
	t.Cleanup(func() {
		if t.Failed() {
			logs, _ := os.ReadFile(filepath.Join(dir, "server.log"))
			t.Logf("the server's log:\n%s", logs)
		}
		s.kill()
	})
	return s
}

// play runs a scenario in a browser, killing the server where it says so, and reads what the scenario told at its end.
func (s *server) play(script string, told any) {
	s.t.Helper()
	passwords, err := json.Marshal(s.passwords)
	require.NoError(s.t, err)
	node := exec.Command("node", script)
	node.Env = append(os.Environ(), "URL=http://"+s.addr, "PASSWORDS="+string(passwords), "CHROMIUM="+chromium(s.t), "SHOTS="+os.Getenv("SHOTS"))
	node.Stderr = os.Stderr
	in, err := node.StdinPipe()
	require.NoError(s.t, err)
	stdout, err := node.StdoutPipe()
	require.NoError(s.t, err)
	require.NoError(s.t, node.Start())
	var last string
	for r := bufio.NewScanner(stdout); r.Scan(); {
		if last = r.Text(); last == "kill" {
			s.kill()
			s.start()
			_, _ = fmt.Fprintln(in, "restarted")
		}
	}
	require.NoError(s.t, node.Wait())
	var seen struct{ Faults []string }
	require.NoError(s.t, json.Unmarshal([]byte(last), &seen), last)
	require.Empty(s.t, seen.Faults)
	require.NoError(s.t, json.Unmarshal([]byte(last), told), last)
}

// TestBrowserChatSurvivesAKill is the whole promise in a browser: a customer writes, an agent answers, the process dies in the
// middle, and everything is on both screens and in ClickHouse once.
func TestBrowserChatSurvivesAKill(t *testing.T) {
	s := begin(t)
	var seen struct{ Customer map[string]int }
	s.play("browser.mjs", &seen)
	require.Equal(t, map[string]int{"card": 1, "wednesday": 1, "still": 1, "never": 1}, seen.Customer)
	inWarehouseOnce(t, s.data)
}

// TestBrowserCentreAtWork has two customers, two agents, a supervisor and an administrator before screens of their own, in
// English and Chinese.
func TestBrowserCentreAtWork(t *testing.T) {
	s := begin(t)
	var told struct{ Shown string }
	s.play("together.mjs", &told)
}

// inWarehouseOnce waits for the four messages in ClickHouse and looks for doubles.
func inWarehouseOnce(t *testing.T, data string) {
	t.Helper()
	c := process.Default()
	c.Data = data
	spine, err := process.Connect(context.Background(), c, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer spine.Close() //nolint:errcheck // only read
	w, err := spine.OpenWarehouse()
	require.NoError(t, err)
	defer w.Close() //nolint:errcheck // only read
	var texts []string
	require.Eventually(t, func() bool {
		texts = nil
		res, err := w.Query(context.Background(), "contact_counts", map[string]any{"tenant": "demo"})
		if err != nil {
			return false
		}
		b, _ := json.Marshal(res.Rows)
		texts = append(texts, string(b))
		faults, err := w.Verify(context.Background(), "demo")
		return err == nil && faults.None() && strings.Contains(string(b), "4")
	}, 20*time.Second, 200*time.Millisecond, "ClickHouse does not hold the four messages once: %v", texts)
}
