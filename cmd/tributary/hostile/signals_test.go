package hostile

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// metric adds up a metric over its labels.
func (c *child) metric(name string) float64 {
	c.t.Helper()
	secret, err := os.ReadFile(filepath.Join(c.data, "metrics.secret"))
	require.NoError(c.t, err)
	req, err := http.NewRequest(http.MethodGet, c.base()+"/metrics", nil)
	require.NoError(c.t, err)
	req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(secret)))
	resp, err := plain.Do(req)
	require.NoError(c.t, err)
	defer func() { _ = resp.Body.Close() }()
	require.Equal(c.t, http.StatusOK, resp.StatusCode)
	sum, found := 0.0, false
	for r := bufio.NewScanner(resp.Body); r.Scan(); {
		if rest, ok := strings.CutPrefix(r.Text(), name); ok && (rest[0] == '{' || rest[0] == ' ') {
			v, err := strconv.ParseFloat(rest[strings.LastIndexByte(rest, ' ')+1:], 64)
			require.NoError(c.t, err)
			sum, found = sum+v, true
		}
	}
	require.True(c.t, found, "there is no metric %s", name)
	return sum
}

// TestSigtermDrains: asked to end, the process answers what it took, ends with 0 and leaves nothing to fold again.
func TestSigtermDrains(t *testing.T) {
	t.Parallel()
	c := demo(t, filepath.Join(t.TempDir(), "data"))
	k := newTalk(t, c, "amy")
	for range 20 {
		k.round()
	}
	folded := c.metric("tributary_fold_records_total")
	require.Greater(t, folded, 100.0)
	// Somebody who dawdles in the middle of a request keeps nobody from stopping.
	slow, err := net.Dial("tcp", c.addr)
	require.NoError(t, err)
	defer func() { _ = slow.Close() }()
	_, err = slow.Write([]byte("POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"))
	require.NoError(t, err)

	text := k.say()
	c.signal(syscall.SIGTERM)
	require.Zero(t, c.wait(30*time.Second))
	require.Contains(t, c.said(), "stopping: no new work is taken, what is held is acknowledged first")
	for _, what := range []string{"requests under way", "connections of people", "the folds", "the engines"} {
		require.Contains(t, c.said(), what, "it does not say what it waits for")
	}
	require.NoFileExists(t, filepath.Join(c.data, "run.json"))

	c.start()
	c.waitReady()
	again := c.metric("tributary_fold_records_total")
	t.Logf("folded %v before, %v after the second start", folded, again)
	require.Less(t, again, folded/2, "the second start folds again what was folded")
	k.answer(text)
	k.round()
	k.once()
	k.inWarehouse()
}

// TestSigtermTwiceLeavesAtOnce: who asks twice does not want to wait.
func TestSigtermTwiceLeavesAtOnce(t *testing.T) {
	t.Parallel()
	c := demo(t, filepath.Join(t.TempDir(), "data"))
	slow, err := net.Dial("tcp", c.addr)
	require.NoError(t, err)
	defer func() { _ = slow.Close() }()
	_, err = slow.Write([]byte("POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"))
	require.NoError(t, err)
	began := time.Now()
	c.signal(syscall.SIGTERM)
	c.waitSaid("stopping:")
	c.signal(syscall.SIGTERM)
	c.wait(5 * time.Second)
	require.Less(t, time.Since(began), 3*time.Second)
	c.start()
	c.waitReady()
}

// TestACommandThatWaitsForAFileEndsBySignal: nothing else reaches it there.
func TestACommandThatWaitsForAFileEndsBySignal(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "tenant.yaml")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	for _, sig := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		cmd := exec.CommandContext(ctx, binary, "check", pipe)
		require.NoError(t, cmd.Start())
		time.Sleep(200 * time.Millisecond) // until it reads; before, it ends all the same
		require.NoError(t, cmd.Process.Signal(sig))
		require.Error(t, cmd.Wait())
		require.NoError(t, ctx.Err(), "%v is not heeded", sig)
	}
}
