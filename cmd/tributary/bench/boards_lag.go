package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tributary-cc/tributary/routing"
	"github.com/tributary-cc/tributary/stream/event"
)

// liveTime is how long the live board is watched.
const liveTime = 20 * time.Second

// lag enqueues contacts that nobody can take, at the rate, and looks when the live board has counted each.
func (r *boardsRun) lag(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, liveTime+30*time.Second)
	defer cancel()
	n := r.Rate * int(liveTime/time.Second)
	seen := make([]time.Time, n)
	watched, ready := make(chan error, 1), make(chan struct{})
	go func() { watched <- r.watch(ctx, seen, sync.OnceFunc(func() { close(ready) })) }()
	select {
	case err := <-watched:
		return fmt.Errorf("watching the live board: %w", errors.Join(err, ctx.Err()))
	case <-ready:
	}
	sent, began := make([]time.Time, n), time.Now()
	var failed error
	var mu sync.Mutex
	var appends sync.WaitGroup
	for i := range n {
		if wait := time.Until(began.Add(time.Duration(i) * time.Second / time.Duration(r.Rate))); wait > 0 {
			time.Sleep(wait)
		}
		id := "live-" + strconv.Itoa(i)
		sent[i] = time.Now()
		e := stamp(&event.Event{Body: &event.Event_RouteRequest{RouteRequest: &event.RouteRequest{
			Contact: id, Conversation: id, Customer: id, Channel: event.Channel_CHANNEL_WEBCHAT, Queue: boardQueue(i % boardQueues), EnqueuedMs: sent[i].UnixMilli(), Chosen: true,
		}}}, routing.Main, "live", id)
		appends.Go(func() {
			if err := r.spine.Guard.Append(ctx, event.TopicRoutingIn, e, nil); err != nil {
				mu.Lock()
				failed = err
				mu.Unlock()
			}
		})
	}
	appends.Wait()
	if failed != nil {
		return fmt.Errorf("enqueueing: %w", failed)
	}
	if err := <-watched; err != nil && ctx.Err() == nil {
		return fmt.Errorf("watching the live board: %w", err)
	}
	var took []time.Duration
	for i := range seen {
		if !seen[i].IsZero() {
			took = append(took, seen[i].Sub(sent[i]))
		}
	}
	slices.Sort(took)
	l := Lag{Rate: r.Rate, Events: n, Unseen: n - len(took)}
	if len(took) > 0 {
		ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
		l.P50, l.P99, l.Max = ms(took[len(took)/2]), ms(took[len(took)*99/100]), ms(took[len(took)-1])
	}
	r.report.Live = l
	r.say("live board at %d events/s: p50 %.0f p99 %.0f max %.0f ms, %d unseen", l.Rate, l.P50, l.P99, l.Max, l.Unseen)
	return nil
}

// watch reads the live board until it has counted len(seen) enqueueings, and notes when it counted each.
func (r *boardsRun) watch(ctx context.Context, seen []time.Time, first func()) error {
	url, err := r.child.url()
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/api/boards/live?scope=all", nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+r.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	for have := 0; have < len(seen) && lines.Scan(); {
		data, is := strings.CutPrefix(lines.Text(), "data:")
		if !is {
			continue
		}
		var frame struct {
			Total struct{ Enqueued int } `json:"total"`
		}
		if err := json.Unmarshal([]byte(data), &frame); err != nil {
			return err
		}
		for now := time.Now(); have < min(frame.Total.Enqueued, len(seen)); have++ {
			seen[have] = now
		}
		first()
	}
	return lines.Err()
}
