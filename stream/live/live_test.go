package live

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/event"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPlacesHoldPartitionAndOffset(t *testing.T) {
	for _, r := range []event.Record{{}, {Partition: 1<<16 - 1, Offset: 1<<48 - 1}, {Partition: 7, Offset: 1 << 40}} {
		p := PlaceOf(&r)
		require.Equal(t, r.Partition, p.Partition())
		require.Equal(t, r.Offset, p.Offset())
	}
}

// Lines are the latest of each list, in order, with their states, however the lists share the slab.
func TestLinesAgainstAModel(t *testing.T) {
	keys := NewKeys()
	rapid.Check(t, func(t *rapid.T) {
		type entry struct {
			id    string
			state uint8
		}
		const limit = 10
		var slab LineSlab
		var lists [3]LineList
		var models [3][]entry
		for i := range rapid.IntRange(1, 90).Draw(t, "steps") {
			n := rapid.IntRange(0, 2).Draw(t, "list")
			list, model := &lists[n], models[n]
			switch what := rapid.IntRange(0, 9).Draw(t, "what"); {
			case what == 0:
				slab.Drop(list)
				models[n] = nil
			case what < 4 && len(model) > 0:
				m := rapid.IntRange(0, len(model)-1).Draw(t, "which")
				model[m].state = rapid.Uint8Range(0, 15).Draw(t, "state")
				slab.Find(*list, keys.Short(model[m].id)).SetState(model[m].state)
			default:
				model = append(model, entry{id: fmt.Sprint(i)})
				slab.Add(list, NewLine(Place(i), keys.Short(fmt.Sprint(i)), uint64(i)<<14, 0), limit)
				if len(model) > limit {
					require.Nil(t, slab.Find(*list, keys.Short(model[0].id)))
					model = model[1:]
				}
				models[n] = model
			}
		}
		for n, model := range models {
			lines := slab.Copy(lists[n])
			require.Len(t, lines, len(model))
			require.Equal(t, len(model), lists[n].Len())
			for i, m := range model {
				require.Equal(t, lines[i], *slab.Find(lists[n], keys.Short(m.id)))
				require.Equal(t, m.state, lines[i].State())
				require.Equal(t, min(uint64(lines[i].At)<<14, MaxSequence), lines[i].Sequence())
				require.Equal(t, m.id, fmt.Sprint(lines[i].At))
			}
			slab.Drop(&lists[n])
		}
		require.Len(t, slab.blocks.free, slab.blocks.Held(), "what is dropped is free")
	})
}

// A key is an id: of the usual form without being kept, of another as long as it is.
func TestKeysAgainstIDs(t *testing.T) {
	keys := NewKeys()
	rapid.Check(t, func(t *rapid.T) {
		raw := event.ID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		require.Equal(t, Key(raw), keys.Of(raw.String()))
		require.Equal(t, raw.String(), keys.Text(Key(raw)))
		odd := rapid.StringMatching(`[0-9a-zA-Z\n]{0,30}`).Draw(t, "odd")
		key := keys.Keep(odd)
		require.Equal(t, odd, keys.Text(key))
		require.NotEqual(t, key, keys.Of(odd+"x"))
		keys.Forget(key)
		require.Empty(t, keys.odd)
	})
	for _, almost := range []string{"0000000000000000000000000z", "000000000000000000000000001", "0000000000000000000000000O", "0000000000000000000000000\n"} {
		require.Equal(t, almost, keys.Text(keys.Keep(almost)), "%q is no other id's key", almost)
	}
}

func TestSlabReusesWhatWasFreed(t *testing.T) {
	var s Slab[int]
	refs := make([]Ref, 3000)
	for i := range refs {
		r, v := s.Add()
		refs[i], *v = r, i
	}
	for i, r := range refs {
		require.NotZero(t, r)
		require.Equal(t, i, *s.Get(r))
	}
	s.Remove(refs[1500])
	r, v := s.Add()
	require.Equal(t, refs[1500], r)
	require.Zero(t, *v)
	require.Equal(t, 3000, s.Held())
}

// Whatever is pushed is drained in order, by one drain at a time, and an overflow ends it once.
func TestOutbox(t *testing.T) {
	var o Outbox[int]
	var drains sync.WaitGroup
	var mu sync.Mutex
	var got []int
	o.Init(1_000_000, func() {
		drains.Go(func() {
			for {
				batch, more := o.Take()
				if !more {
					return
				}
				mu.Lock()
				got = append(got, batch...)
				mu.Unlock()
			}
		})
	}, func() { t.Error("nothing overflows here") })
	for i := range 10_000 {
		o.Push(i)
	}
	drains.Wait()
	require.Len(t, got, 10_000)
	for i, v := range got {
		require.Equal(t, i, v)
	}

	var slow Outbox[int]
	overflows := 0
	slow.Init(3, func() {}, func() { overflows++ })
	for i := range 10 {
		slow.Push(i)
	}
	require.Equal(t, 1, overflows)
	require.True(t, slow.Closed())
	_, more := slow.Take()
	require.False(t, more)
}

func TestLimiterIsBounded(t *testing.T) {
	now := time.UnixMilli(enginetest.Start)
	l := NewLimiter(1, 2, 100)
	require.True(t, l.Take("a", now))
	require.True(t, l.Take("a", now))
	require.False(t, l.Take("a", now))
	require.True(t, l.Take("a", now.Add(time.Second)))
	require.False(t, l.Take("a", now), "a clock that goes back gives nothing")
	for i := range 1000 {
		require.True(t, l.Take(fmt.Sprint(i), now))
		require.False(t, l.Take("a", now), "who keeps trying is not forgotten")
	}
	require.Len(t, l.buckets, 100)
	require.Equal(t, 100, l.all.Held())
	require.Contains(t, l.buckets, l.keys.Of("999"))
	require.NotContains(t, l.buckets, l.keys.Of("0"), "the oldest goes first")
}

func TestSites(t *testing.T) {
	for ip, site := range map[string]string{
		"192.0.2.7": "192.0.2.7", "::ffff:192.0.2.7": "192.0.2.7", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
		"2001:db8:1:2::": "2001:db8:1:2::/64", "2001:db8:1:3::1": "2001:db8:1:3::/64", "fe80::1%eth0": "fe80::/64", "pipe": "pipe", "": "",
	} {
		require.Equal(t, site, Site(ip), ip)
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = "[2001:db8::1]:443"
	require.Equal(t, "2001:db8::1", ClientIP(r, nil))
	require.Equal(t, "9.9.9.9", ClientIP(r, func(*http.Request) string { return "9.9.9.9" }))
	r.RemoteAddr = "pipe"
	require.Equal(t, "pipe", ClientIP(r, nil))
}

func TestNobodyBeginsAfterTheEnd(t *testing.T) {
	c := NewCrew()
	release := make(chan struct{})
	require.True(t, c.Start(func() { <-release }))
	done := c.End()
	require.True(t, c.Start(func() {}), "who ends may still start helpers")
	select {
	case <-done:
		t.Fatal("somebody is still at work")
	default:
	}
	close(release)
	<-done
	require.False(t, c.Start(func() {}))
}

func TestFollowerIsReadyOnceItCaughtUp(t *testing.T) {
	log := enginetest.NewLog(2)
	for i := range 5 {
		value, err := event.Marshal(&event.Event{Body: &event.Event_Audit{Audit: &event.Audit{Subject: fmt.Sprint(i)}}})
		require.NoError(t, err)
		done := make(chan error, 1)
		log.Append(t.Context(), event.TopicAudit, i%2, []event.Record{{Value: value}}, func(err error) { done <- err })
		require.NoError(t, <-done)
	}
	var f Follower
	require.Error(t, f.Ready())
	stop := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	var mu sync.Mutex
	seen := 0
	var run sync.WaitGroup
	run.Go(func() {
		err := f.Run(ctx, log, []event.Topic{event.TopicAudit}, func(_ event.Topic, batch []engine.Delivered) {
			mu.Lock()
			defer mu.Unlock()
			seen += len(batch)
		})
		require.ErrorIs(t, err, stop)
	})
	require.Eventually(t, func() bool { return f.Ready() == nil }, 5*time.Second, time.Millisecond)
	mu.Lock()
	require.Equal(t, 5, seen)
	mu.Unlock()
	cancel(stop)
	run.Wait()
	found, err := Fetch(t.Context(), log, event.TopicAudit, []Place{PlaceOf(&event.Record{Partition: 1, Offset: 1}), PlaceOf(&event.Record{Offset: 99})})
	require.NoError(t, err)
	require.Len(t, found, 1)
}

// A body that is too large is read on for a while, so that its sender reads the answer.
func TestBoundedReadsOn(t *testing.T) {
	body := strings.NewReader(strings.Repeat("x", 100+overrun+7))
	got, err := io.ReadAll(Bounded(io.NopCloser(body), 99))
	var size *http.MaxBytesError
	require.ErrorAs(t, err, &size)
	require.Len(t, got, 99)
	require.Equal(t, 7, body.Len())
}
