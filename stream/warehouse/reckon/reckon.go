// Package reckon counts from the facts alone, in plain Go, what the named queries of the warehouse say of them. It shares nothing with
// the queries but the definitions: what both say alike is right, or wrong in the definition. It is for checks and tests: it holds all facts
// in memory and walks through all of them for every number.
package reckon

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/tributary-cc/tributary/stream/event"
)

// Reckoning counts what happened from one moment to another, in intervals of a length. All are Unix milliseconds.
type Reckoning struct {
	// Facts are those of one tenant, each once and each partition's in its order.
	Facts              []*event.Event
	From, To, Interval int64
	// Practice are the queues whose contacts nothing counts.
	Practice map[string]bool
}

const minute = int64(60_000)

// table collects rows by a key and gives them back in the order of their keys.
type table struct {
	rows map[string][]any
}

// row finds the row of a key: an interval and some words. Values of a new row are made.
func (t *table) row(fresh func() []any, interval int64, words ...string) []any {
	if t.rows == nil {
		t.rows = map[string][]any{}
	}
	key := fmt.Sprintf("%016d", interval) + strings.Join(words, "\x00")
	r := t.rows[key]
	if r == nil {
		r = []any{interval}
		for _, w := range words {
			r = append(r, w)
		}
		r = append(r, fresh()...)
		t.rows[key] = r
	}
	return r
}

func (t *table) sorted() [][]any {
	keys := make([]string, 0, len(t.rows))
	for k := range t.rows {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	out := make([][]any, 0, len(keys))
	for _, k := range keys {
		out = append(out, t.rows[k])
	}
	return out
}

func zeros(n int) func() []any {
	return func() []any {
		out := make([]any, n)
		for i := range out {
			out[i] = int64(0)
		}
		return out
	}
}

func bump(r []any, at int, by int64) { r[at] = num(r, at) + by }

// num and text are a value of a row: what was put there, so that another kind is a mistake of this package.
func num(r []any, at int) int64 {
	n, _ := r[at].(int64)
	return n
}

func text(r []any, at int) string {
	s, _ := r[at].(string)
	return s
}

// ratio is a percentage, or nothing where nothing is counted.
func ratio(part, of int64) any {
	if of == 0 {
		return nil
	}
	return math.RoundToEven(10000*float64(part)/float64(of)) / 100
}

func mean(sum, of int64) any {
	if of == 0 {
		return nil
	}
	return sum / of
}

func (k Reckoning) start(at int64) int64 { return k.From + (at-k.From)/k.Interval*k.Interval }

func (k Reckoning) inside(at int64) bool { return at >= k.From && at < k.To }
