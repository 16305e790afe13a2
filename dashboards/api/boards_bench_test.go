package api

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/event"
)

// How old what a board shows is, at 1,000 events a second and with 50 readers, from the log to the reader's socket: the pace is
// at most 250 ms of it. Wall-clock time, on a machine that does other things: the bound is loose.
func TestTheLagAtAThousandEventsASecond(t *testing.T) {
	if testing.Short() {
		t.Skip("measures time")
	}
	const events, readers = 3000, 50
	w, token := newBoard(t)
	p := w.process()
	var mu sync.Mutex
	told := make([]time.Time, 0, events)
	var lags []time.Duration
	var read sync.WaitGroup
	for i := range readers {
		x := p.watch("", as(token, []string{"", "lara"}[i%2])...)
		_, open := x.next()
		require.True(t, open)
		read.Go(func() {
			for seen := 0; seen < events; {
				e, open := x.next()
				if !open {
					return
				}
				at := time.Now() //nolint:forbidigo // it measures
				mu.Lock()
				for n := int(e.board.Total.Enqueued); seen < n; seen++ {
					lags = append(lags, at.Sub(told[seen]))
				}
				mu.Unlock()
			}
		})
	}
	now, beat := w.ms.Load(), time.NewTicker(10*time.Millisecond)
	defer beat.Stop()
	for i := range events {
		if i%10 == 0 {
			<-beat.C
		}
		mu.Lock()
		told = append(told, time.Now()) //nolint:forbidigo // it measures
		mu.Unlock()
		w.put(event.TopicRoutingFacts, entryOf(fmt.Sprint("k", i), "sales", "waiting", now, now))
	}
	read.Wait()
	require.Len(t, lags, events*readers)
	slices.Sort(lags)
	p50, p99 := lags[len(lags)/2], lags[len(lags)*99/100]
	t.Logf("%d readers, %d events: lag p50 %s, p99 %s, most %s", readers, events, p50.Round(time.Millisecond), p99.Round(time.Millisecond), lags[len(lags)-1].Round(time.Millisecond))
	require.Less(t, p99, time.Second)
}
