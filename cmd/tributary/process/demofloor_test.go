package process

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/cmd/tributary/client"
	"github.com/tributary-cc/tributary/dashboards/api"
	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/event"
)

func startDemoProcess(t *testing.T, simulated int) *Process {
	t.Helper()
	c := Default()
	c.Data, c.HTTP, c.Roles, c.Demo, c.Floor, c.Speed = t.TempDir(), "127.0.0.1:0", []string{RoleBroker, RoleFolds, RoleAPI, RoleWebchat, RoleModels}, true, simulated, 40
	p, err := Start(context.Background(), c, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Stop(context.Background())) })
	require.Eventually(t, func() bool { return p.Ready() == nil }, 30*time.Second, 20*time.Millisecond)
	return p
}

// TestTheDemoFloorIsLively starts a whole installation but the warehouse and waits until the simulated people have done all
// that they are there for.
func TestTheDemoFloorIsLively(t *testing.T) {
	if testing.Short() {
		t.Skip("starts an installation")
	}
	p := startDemoProcess(t, 10)
	ctx := context.Background()
	var said bytes.Buffer
	require.NoError(t, p.StartDemo(ctx, &said))
	require.Contains(t, said.String(), "10 more agents are simulated")
	require.Contains(t, said.String(), "login amy")
	require.NotContains(t, said.String(), "carla")
	t.Cleanup(func() { t.Logf("%+v", p.demo.floor.Stats()) })
	require.Eventually(t, func() bool {
		s := p.demo.floor.Stats()
		return s.Answered >= 30 && s.WrappedUp >= 20 && s.Surveys >= 3 && s.Transfers >= 1 && s.Missed+s.Breaks >= 1
	}, time.Minute, 50*time.Millisecond)
	read, all := 0, 0
	for what, n := range intents(t, p) {
		if all += n; !strings.HasSuffix(what, " ") {
			read += n
		}
	}
	require.Greater(t, read*3, all, "most customers say what they want")
	facts := map[string]int{}
	each(t, p, event.TopicConversationFacts, func(e *event.Event) { facts[fmt.Sprintf("%T", e.GetBody())]++ })
	require.NotZero(t, facts["*event.Event_SurveyTaken"])
	require.NotZero(t, facts["*event.Event_IntentFound"])
}

// intents counts the requests to route by the intent that they carry.
func intents(t *testing.T, p *Process) map[string]int {
	t.Helper()
	out := map[string]int{}
	each(t, p, event.TopicRoutingIn, func(e *event.Event) {
		if r := e.GetRouteRequest(); r != nil && r.GetEntryPoint() != "" {
			out[r.GetEntryPoint()+" "+r.GetIntent()]++
		}
	})
	return out
}

// each reads all that a topic has.
func each(t *testing.T, p *Process, topic event.Topic, see func(*event.Event)) {
	t.Helper()
	for partition := range p.Log.Partitions(topic) {
		first, end, err := p.Log.Bounds(context.Background(), topic, partition)
		require.NoError(t, err)
		if first >= end {
			continue
		}
		err = p.Log.Read(context.Background(), topic, partition, first, func(batch []event.Record, _ int64) error {
			for i := range batch {
				if e, undecodable := event.Unmarshal(batch[i].Value); undecodable == nil {
					see(e)
				}
			}
			if batch[len(batch)-1].Offset+1 >= end {
				return errEnough
			}
			return nil
		})
		require.ErrorIs(t, err, errEnough)
	}
}

func TestPracticeBringsCustomersToOneAgent(t *testing.T) {
	if testing.Short() {
		t.Skip("starts an installation")
	}
	p := startDemoProcess(t, 0)
	require.NoError(t, p.StartDemo(context.Background(), io.Discard))
	ctx, cancel := context.WithCancel(context.Background())
	offers := make(chan string, 64)
	var pages sync.WaitGroup
	for _, login := range []string{"amy", "bo"} {
		a := client.NewAgent(p.URL(), demoTenant, login, p.DemoPassword(login))
		a.OnOffer = func(client.Offer) { offers <- login }
		a.OnSnapshot = func() { go a.Do("ready-"+login, "status", map[string]any{"status": "available"}) }
		pages.Go(func() { _ = a.Run(ctx) })
	}
	defer pages.Wait()
	defer cancel()
	require.ErrorIs(t, p.demo.Set(ctx, demoTenant, "carla", true), access.ErrNotFound)
	require.ErrorIs(t, p.demo.Set(ctx, "main", "amy", true), access.ErrNotFound)
	require.False(t, p.demo.On(demoTenant, "amy"))
	require.NoError(t, p.demo.Set(ctx, demoTenant, "amy", true))
	require.True(t, p.demo.On(demoTenant, "amy"))
	select {
	case login := <-offers:
		require.Equal(t, "amy", login)
	case <-time.After(30 * time.Second):
		t.Fatal("no customer came")
	}
	require.NoError(t, p.demo.Set(ctx, demoTenant, "amy", false))
	require.False(t, p.demo.On(demoTenant, "amy"))
}

// TestAnAdministratorChangesTheConfiguration goes the whole way of the pages: read, check, apply, and who comes too late.
func TestAnAdministratorChangesTheConfiguration(t *testing.T) {
	if testing.Short() {
		t.Skip("starts an installation")
	}
	p := startDemoProcess(t, 0)
	ctx := context.Background()
	require.NoError(t, p.StartDemo(ctx, io.Discard))
	a := administration{p.Spine}
	first, err := a.Export(ctx, demoTenant)
	require.NoError(t, err)
	require.NotZero(t, first.Version)
	require.NotContains(t, first.YAML, p.demoSecret())
	require.Contains(t, string(first.Objects), `"policy"`)

	text, faults, err := a.Check(ctx, demoTenant, api.SetupWish{Objects: first.Objects})
	require.NoError(t, err)
	require.Empty(t, faults, text)
	require.Equal(t, first.YAML, text, "a review of no change shows none")
	version, _, err := a.Apply(ctx, demoTenant, api.SetupWish{Objects: first.Objects}, first.Version)
	require.NoError(t, err)
	require.Equal(t, first.Version, version, "nothing changed")

	calmer := strings.Replace(first.YAML, "target: 20s", "target: 25s", 1)
	version, faults, err = a.Apply(ctx, demoTenant, api.SetupWish{YAML: calmer}, first.Version)
	require.NoError(t, err)
	require.Empty(t, faults)
	require.Greater(t, version, first.Version)

	require.NoError(t, p.StartDemo(ctx, io.Discard), "the next start of the demo")
	now, err := a.Export(ctx, demoTenant)
	require.NoError(t, err)
	require.Equal(t, version, now.Version, "what was changed stays")
	_, _, err = a.Apply(ctx, demoTenant, api.SetupWish{YAML: first.YAML}, first.Version)
	var changed *api.SetupChanged
	require.ErrorAs(t, err, &changed)
	require.Equal(t, version, changed.Version)
	require.Len(t, changed.Changes, 1)

	// Another tenant's change counts the version up, and is nobody else's business.
	_, faults, err = a.Apply(ctx, "other", api.SetupWish{YAML: "queues: [{id: sales}]\n"}, 0)
	require.NoError(t, err)
	require.Empty(t, faults)
	_, faults, err = a.Apply(ctx, demoTenant, api.SetupWish{YAML: first.YAML}, version)
	require.NoError(t, err)
	require.Empty(t, faults)

	_, faults, err = a.Apply(ctx, demoTenant, api.SetupWish{Objects: []byte(`{"queues":[{"id":"a","overflow":"b"},{"id":"c","target":"soon"}]}`)}, 0)
	require.NoError(t, err)
	require.Len(t, faults, 2)
	require.Equal(t, "queues[0].overflow", faults[0].Path)
	require.Equal(t, "queues[1].target", faults[1].Path)
}
