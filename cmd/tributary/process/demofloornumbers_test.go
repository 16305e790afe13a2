package process

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/cmd/tributary/numbers"
	"github.com/tributary-cc/tributary/stream/embedded/embeddedtest"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/warehouse"
)

// TestTheNumbersOfTheDemoFloorAreRight has the demo floor work for a while, sends its people home, and counts every number of the pages anew
// from the facts.
func TestTheNumbersOfTheDemoFloorAreRight(t *testing.T) {
	if testing.Short() {
		t.Skip("starts an installation")
	}
	c := Default()
	c.Data, c.HTTP, c.Demo, c.Floor, c.Speed = t.TempDir(), "127.0.0.1:0", true, 10, 60
	c.Roles = []string{RoleBroker, RoleFolds, RoleSink, RoleAPI, RoleWebchat, RoleModels}
	c.ClickHouse.DSNFile = filepath.Join(c.Data, "dsn")
	require.NoError(t, os.WriteFile(c.ClickHouse.DSNFile, []byte(embeddedtest.ClickHouse(t)), 0o600))
	p, err := Start(context.Background(), c, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Stop(context.Background())) })
	require.Eventually(t, func() bool { return p.Ready() == nil }, time.Minute, 20*time.Millisecond)
	require.NoError(t, p.StartDemo(context.Background(), io.Discard))
	require.NoError(t, p.demo.Set(context.Background(), demoTenant, "amy", true)) // nothing of it counts
	require.Eventually(t, func() bool {
		s := p.demo.floor.Stats()
		return s.Answered >= 150 && s.Surveys >= 20 && s.Transfers >= 3 && s.Left >= 3
	}, 6*time.Minute, 50*time.Millisecond) // patience for a busy machine with the race detector
	p.demo.close()
	practised := 0
	each(t, p, event.TopicRoutingFacts, func(e *event.Event) {
		if e.GetQueueEntry().GetQueue() == "practice-amy" {
			practised++
		}
	})
	require.NotZero(t, practised)

	w, err := p.OpenWarehouse()
	require.NoError(t, err)
	defer w.Close() //nolint:errcheck // only read
	h := &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := numbers.Check(context.Background(), numbers.Options{
		Log: p.Log, Warehouse: w, Tenant: demoTenant, Wait: 3 * time.Minute, Floor: numbers.FloorOf(p.URL(), demoTenant, "sam", p.DemoPassword("sam"), h),
	})
	require.NoError(t, err)
	require.Empty(t, r.Differences)
	now, err := w.Query(context.Background(), "queue_now", map[string]any{"tenant": demoTenant, "at_ms": time.Now().UnixMilli(), warehouse.ParamPractice: "practice-amy,practice-bo"})
	require.NoError(t, err)
	for _, row := range now.Rows {
		require.NotContains(t, row[0], "practice")
	}
	require.True(t, r.Floor)
	require.Greater(t, r.Entries, 100)
	require.Greater(t, r.Queries, 50)
	t.Logf("%d facts of %d contacts, %d enqueueings, %d offers; %d queries, %d rows, %d values", r.Facts, r.Contacts, r.Entries, r.Offers, r.Queries, r.Rows, r.Values)
}
