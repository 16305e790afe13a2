package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tributary-cc/tributary/dashboards/boards"
)

// alignment is what the ends of a time range are rounded to where the panel has no interval of its own, as the data source does.
const alignment = 5 * time.Second

// wallRange is what the wallboard shows.
const wallRange = 30 * time.Minute

// ranges are the times that boards are looked at.
var ranges = []struct {
	name string
	from func(now time.Time) time.Time
}{
	{"today", func(now time.Time) time.Time { return now.UTC().Truncate(24 * time.Hour) }},
	{"last 24 hours", func(now time.Time) time.Time { return now.Add(-24 * time.Hour) }},
}

// panel is a query of a board with the board's first choices in it.
type panel struct {
	query  string
	params map[string]any
	align  bool
	wall   bool
}

// panels are those of the wallboard and of the queues that ask the warehouse.
func panels() []panel {
	var out []panel
	for i, b := range []boards.Board{boards.English.Wallboard(), boards.English.Queues()} {
		first := map[string]string{}
		for _, v := range b.Templating.List {
			if v.Current != nil && v.Current.Value != "$__all" {
				first["$"+v.Name] = v.Current.Value
			} else {
				first["$"+v.Name] = ""
			}
		}
		for _, p := range b.Panels {
			for _, q := range p.Targets {
				if q.Kind != "named" {
					continue
				}
				one := panel{q.Query, map[string]any{}, q.Align, i == 0}
				for name, text := range q.Params {
					if chosen, is := first[text]; is {
						text = chosen
					}
					if n, err := strconv.ParseInt(text, 10, 64); err == nil {
						one.params[name] = n
					} else {
						one.params[name] = text
					}
				}
				out = append(out, one)
			}
		}
	}
	return out
}

// over gives the parameters for a range as the data source does.
func (p panel) over(from, to time.Time) map[string]any {
	if p.wall {
		from = to.Add(-wallRange)
	}
	step := alignment.Milliseconds()
	if n, ok := p.params["interval_ms"].(int64); ok && p.align && n < to.Sub(from).Milliseconds() {
		step = n
	}
	now := alignment.Milliseconds()
	out := map[string]any{"from_ms": from.UnixMilli() / step * step, "to_ms": to.UnixMilli() / now * now} // to is the present
	for k, v := range p.params {
		out[k] = v
	}
	return out
}

// look has the viewers look at both boards, each range in turn; and asks ClickHouse the same without anybody to share with.
func (r *boardsRun) look(ctx context.Context) error {
	all := panels()
	w, err := r.spine.OpenWarehouse()
	if err != nil {
		return err
	}
	defer w.Close() //nolint:errcheck // only read
	for _, span := range ranges {
		var took []time.Duration
		for _, p := range all {
			now := time.Now()
			params := p.over(span.from(now), now)
			params["tenant"] = tenant
			if _, err := w.Query(ctx, p.query, params); err != nil {
				return fmt.Errorf("asking ClickHouse for %s over %s: %w", p.query, span.name, err)
			}
			took = append(took, time.Since(now))
		}
		r.report.Alone = append(r.report.Alone, looked(span.name, took, 0, 0))
		shared, err := r.viewers(ctx, span.name, all, span.from)
		if err != nil {
			return err
		}
		r.report.Shared = append(r.report.Shared, shared)
		r.say("%s: %d viewers p50 %.0f p95 %.0f ms, %d failed; alone p50 %.0f p95 %.0f ms", span.name, r.Viewers, shared.P50, shared.P95, shared.Failed,
			r.report.Alone[len(r.report.Alone)-1].P50, r.report.Alone[len(r.report.Alone)-1].P95)
	}
	return nil
}

func looked(name string, took []time.Duration, failed int, cores float64) Looks {
	slices.Sort(took)
	at := func(q int) float64 {
		if len(took) == 0 {
			return 0
		}
		return float64(took[min(len(took)-1, len(took)*q/100)].Microseconds()) / 1000
	}
	return Looks{Range: name, Requests: len(took) + failed, Failed: failed, P50: at(50), P95: at(95), P99: at(99), Cores: cores}
}

// viewers look for a while: each has all panels asked, one request a panel, and again after a time; they begin evenly spread.
func (r *boardsRun) viewers(ctx context.Context, name string, all []panel, from func(time.Time) time.Time) (Looks, error) {
	ctx, cancel := context.WithTimeout(ctx, r.Time)
	defer cancel()
	url, err := r.child.url()
	if err != nil {
		return Looks{}, err
	}
	web := &http.Client{Transport: &http.Transport{MaxIdleConns: 500, MaxIdleConnsPerHost: 500}}
	defer web.CloseIdleConnections()
	var (
		mu     sync.Mutex
		took   []time.Duration
		failed = map[string]int{}
		people sync.WaitGroup
	)
	began, used := time.Now(), cpuOf(r.child.cmd.Process.Pid)
	for i, login := range r.logins {
		people.Go(func() {
			next := time.NewTimer(r.Every * time.Duration(i) / time.Duration(r.Viewers))
			defer next.Stop()
			for {
				select {
				case <-ctx.Done():
					return
				case <-next.C:
				}
				next.Reset(r.Every)
				now := time.Now()
				var page sync.WaitGroup
				for _, p := range all {
					page.Go(func() {
						asked := time.Now()
						err := r.ask(ctx, web, url, login, p.query, p.over(from(now), now))
						if ctx.Err() != nil {
							return
						}
						mu.Lock()
						defer mu.Unlock()
						if err != nil {
							failed[err.Error()]++
						} else {
							took = append(took, time.Since(asked))
						}
					})
				}
				page.Wait()
			}
		})
	}
	people.Wait()
	n := 0
	for why, times := range failed {
		r.say("%s: %d times %s", name, times, why)
		n += times
	}
	return looked(name, took, n, (cpuOf(r.child.cmd.Process.Pid)-used).Seconds()/time.Since(began).Seconds()), nil
}

// ask asks one query in somebody's name.
func (r *boardsRun) ask(ctx context.Context, web *http.Client, url, login, query string, params map[string]any) error {
	body, err := json.Marshal(map[string]any{"queries": []any{map[string]any{"ref": "A", "name": query, "params": params}}})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/api/query", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+r.token)
	req.Header.Set("X-Tributary-User", login)
	resp, err := web.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	var told struct {
		Results []struct {
			Rows  []json.RawMessage `json:"rows"`
			Error *struct{ Code, Message string }
		}
	}
	switch err := json.Unmarshal(answer, &told); {
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("%s: %s", resp.Status, strings.TrimSpace(string(answer[:min(len(answer), 200)])))
	case err != nil:
		return err
	case len(told.Results) != 1:
		return errors.New("not one result")
	case told.Results[0].Error != nil:
		return fmt.Errorf("%s: %s", told.Results[0].Error.Code, told.Results[0].Error.Message)
	}
	return nil
}
