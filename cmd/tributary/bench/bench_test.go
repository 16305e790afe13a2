package bench_test

import (
	"bytes"
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/cmd/tributary/bench"
	"github.com/tributary-cc/tributary/stream/embedded"
)

// small runs in seconds and still fills, loads, stops, kills and compares.
func small() bench.Options {
	o := bench.Defaults()
	o.Conversations, o.Agents, o.Live, o.Waiting = 200, 20, 40, 5
	o.Rates, o.Time, o.Rounds, o.Restarts, o.Settle = []int{40}, time.Second, 1, 1, 100*time.Millisecond
	return o
}

func TestChat(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a whole installation several times")
	}
	if _, err := embedded.FindLibrary(""); err != nil {
		t.Skipf("this test needs the ClickHouse engine: %v", err)
	}
	binary := filepath.Join(t.TempDir(), "tributary")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "github.com/tributary-cc/tributary/cmd/tributary").CombinedOutput()
	require.NoError(t, err, "%s", out)

	o := small()
	o.Binary, o.Dir = binary, filepath.Join(t.TempDir(), "bench")
	var progress bytes.Buffer
	r, err := bench.Chat(t.Context(), o, &progress)
	require.NoError(t, err, "%s", &progress)

	require.Empty(t, r.Faults)
	require.EqualValues(t, 190, r.Filled.Assigned)
	require.EqualValues(t, 10, r.Filled.Waiting)
	require.EqualValues(t, 1000, r.Filled.Messages, "each message once")
	require.Len(t, r.Latency, 1)
	require.Len(t, r.Pipe, 1)
	for _, l := range []bench.Latency{r.Latency[0], r.Pipe[0]} {
		require.Equal(t, 40, l.Sent)
		require.Zero(t, l.Missing)
		require.Zero(t, l.Doubled, "a page shows each message once")
		require.Positive(t, l.P50)
		require.GreaterOrEqual(t, l.P99, l.P50)
	}
	require.Len(t, r.Restart, 2)
	require.NotNil(t, r.Warehouse)
	require.Positive(t, r.Warehouse.Rows)
	require.Positive(t, r.Warehouse.Bare)
	require.NotEmpty(t, r.Memory.Live)

	var table bytes.Buffer
	r.Print(&table)
	for _, want := range []string{"resident bytes a conversation", "restart to ready, kill -9", "customer to agent's page, 40/s, p99", "rows a second into ClickHouse"} {
		require.Contains(t, table.String(), want)
	}
}

func TestOptionsAreRefused(t *testing.T) {
	for what, change := range map[string]func(*bench.Options){
		"more live than assigned":       func(o *bench.Options) { o.Live = 191 },
		"no agents":                     func(o *bench.Options) { o.Agents = 0 },
		"too few agents":                func(o *bench.Options) { o.Agents = 3 },
		"faster than customers may":     func(o *bench.Options) { o.Rates = []int{400} },
		"reuse of nobody knows what":    func(o *bench.Options) { o.Reuse = true },
		"more pages than files to open": func(o *bench.Options) { o.Conversations, o.Agents, o.Live = 100_000, 10_000, 16_000 },
	} {
		t.Run(strings.ReplaceAll(what, " ", "_"), func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel() // nothing may start
			o := small()
			o.Binary = "/nonexistent"
			change(&o)
			r, err := bench.Chat(ctx, o, new(bytes.Buffer))
			require.Error(t, err)
			require.Nil(t, r)
		})
	}
}
