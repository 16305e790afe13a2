package plugin

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

var (
	errList   = errors.New("it takes one value, not several")
	errObject = errors.New("it takes a number or a text")
	errText   = errors.New("it is not a whole number in its range")
)

const (
	// shared is the grid of times that viewers share where an interval gives none.
	shared = 5 * time.Second
	minute = time.Minute
	// maxGrid is the longest interval that times are rounded to: a longer one means the whole range as one.
	maxGrid = 31 * 24 * time.Hour
	// maxIntervals is how many an answer may have: Tributary gives no more rows.
	maxIntervals = 10_000
	// allValue is what a dashboard's "All" is called where a variable has no value of its own for it.
	allValue = "$__all"
)

// resolve makes the parameters of a named query: those of the model, and the times that it does not give. It says all that is wrong.
func resolve(q *Query, info *queryInfo, from backend.DataQuery, now time.Time) (map[string]any, error) {
	out := make(map[string]any, len(info.Params))
	var faults []string
	for _, name := range sortedKeys(q.Params) {
		value, given, err := info.value(name, q.Params[name])
		switch {
		case err != nil:
			faults = append(faults, fmt.Sprintf("%.60s: %s", name, err))
		case given:
			out[name] = value
		}
	}
	if len(faults) == 0 {
		faults = append(faults, fillTimes(out, q, info, from, now)...)
	}
	for _, p := range info.Params {
		if _, there := out[p.Name]; !there && len(faults) == 0 {
			faults = append(faults, info.missing(out)...)
		}
	}
	if len(faults) > 0 {
		return nil, wrong("query %s: %s", info.Name, strings.Join(faults, "; "))
	}
	return out, nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// value reads a parameter of the model by the type that the API says.
func (info *queryInfo) value(name string, raw json.RawMessage) (value any, given bool, err error) {
	i := slices.IndexFunc(info.Params, func(p paramInfo) bool { return p.Name == name })
	if i < 0 {
		return nil, false, errors.New("there is no such parameter")
	}
	text, _, err := param(raw)
	if err != nil {
		return nil, false, err
	}
	if text == allValue {
		text = ""
	}
	if variable := unresolved(text); variable != "" {
		return nil, false, fmt.Errorf("the variable %s was not replaced: an alert rule, like a dashboard without it, needs the value itself", variable)
	}
	kind := info.Params[i].Type
	if !strings.HasPrefix(kind, "Int") && !strings.HasPrefix(kind, "UInt") {
		return text, true, nil
	}
	if text = strings.TrimSpace(text); text == "" {
		return nil, false, nil
	}
	n, err := whole(kind, text)
	if err != nil && strings.HasSuffix(name, "_ms") {
		if ms, ok := length(text); ok {
			return ms, true, nil
		}
	}
	return n, err == nil, err
}

// units are those in which Grafana writes intervals.
var units = []struct {
	suffix string
	ms     int64
}{{"ms", 1}, {"s", 1000}, {"m", 60_000}, {"h", 3_600_000}, {"d", 86_400_000}, {"w", 7 * 86_400_000}}

// length reads an interval as a dashboard's variable says it: 15m.
func length(text string) (ms int64, ok bool) {
	for _, u := range units {
		if number, has := strings.CutSuffix(text, u.suffix); has {
			if n, err := strconv.ParseUint(number, 10, 31); err == nil {
				return int64(n) * u.ms, true
			}
		}
	}
	return 0, false
}

func whole(kind, text string) (any, error) {
	bits, err := strconv.Atoi(strings.TrimLeft(kind, "UInt"))
	if err != nil {
		bits = 64
	}
	if strings.HasPrefix(kind, "U") {
		if n, err := strconv.ParseUint(text, 10, bits); err == nil {
			return n, nil
		}
	} else if n, err := strconv.ParseInt(text, 10, bits); err == nil {
		return n, nil
	}
	// 2e4 and 20000.0 are whole numbers too, as programs write them.
	if f, err := strconv.ParseFloat(text, 64); err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53 && strings.ContainsAny(text, ".eE") {
		return whole(kind, strconv.FormatInt(int64(f), 10))
	}
	return nil, errText
}

func (info *queryInfo) has(param string) bool {
	return slices.ContainsFunc(info.Params, func(p paramInfo) bool { return p.Name == param })
}

func (info *queryInfo) missing(have map[string]any) []string {
	var out []string
	for _, p := range info.Params {
		if _, there := have[p.Name]; !there {
			out = append(out, p.Name+" ("+p.Type+") is missing")
		}
	}
	return out
}

// fillTimes fills in the times that the query has and the model does not give. Rounded, they are the same for everybody who asks within
// the grid: from goes down and to goes up to it, but not past what is now, as some numbers count until there.
func fillTimes(out map[string]any, q *Query, info *queryInfo, from backend.DataQuery, now time.Time) []string {
	begin, end := from.TimeRange.From.UnixMilli(), from.TimeRange.To.UnixMilli()
	step, _ := out["interval_ms"].(int64)
	if info.has("interval_ms") && step == 0 {
		if _, given := out["interval_ms"]; !given {
			step = max(from.Interval.Milliseconds(), time.Second.Milliseconds())
			out["interval_ms"] = step
		}
	}
	if _, given := out["interval_ms"]; given && step <= 0 {
		return []string{"interval_ms: it must be more than 0"}
	}
	latest := floor(now.UnixMilli(), shared.Milliseconds(), 0)
	if q.Align {
		grid, offset := shared.Milliseconds(), int64(0)
		switch {
		case step > 0 && step <= maxGrid.Milliseconds():
			grid, offset = step, q.OffsetMs
		case info.hasColumn("minute_ms"):
			grid = minute.Milliseconds()
		}
		begin, end = floor(begin, grid, offset), floor(end+grid-1, grid, offset)
		end = min(end, max(begin, latest))
	}
	at := end
	if q.Align {
		at = floor(min(from.TimeRange.To.UnixMilli(), now.UnixMilli()), shared.Milliseconds(), 0)
	}
	for name, ms := range map[string]int64{"from_ms": begin, "to_ms": end, "at_ms": at} {
		if _, given := out[name]; !given && info.has(name) {
			out[name] = ms
		}
	}
	if lo, ok := out["from_ms"].(int64); ok && step > 0 {
		if hi, ok := out["to_ms"].(int64); ok && (hi-lo)/step > maxIntervals {
			return []string{fmt.Sprintf("interval_ms: %d makes more than %d intervals of the time asked for: take a longer one", step, maxIntervals)}
		}
	}
	return nil
}

// floor is the latest point of the grid that is not after ms; the grid's points lie offset before the multiples of step.
func floor(ms, step, offset int64) int64 {
	r := (ms + offset) % step
	if r < 0 {
		r += step
	}
	return ms - r
}
