package bench

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

const module = "github.com/tributary-cc/tributary/"

// heap tells what is reachable in the process's Go heap, by the first package of ours that asked for it.
func (c *child) heap(ctx context.Context) ([]Share, error) {
	var b bytes.Buffer
	if _, err := get(ctx, "http://"+c.pprof+"/debug/pprof/heap?gc=1&debug=1", "", &b); err != nil {
		return nil, err
	}
	return heapShares(&b)
}

// heapShares reads the text form of a heap profile: a line of counts, then the stack, innermost first.
func heapShares(r io.Reader) ([]Share, error) {
	held := make(map[string]float64)
	var rate, size_ float64
	owner := ""
	note := func() {
		if size_ > 0 {
			held[cmp.Or(owner, "(runtime)")] += size_
		}
		size_, owner = 0, ""
	}
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		line := s.Text()
		switch {
		case strings.HasPrefix(line, "heap profile:"):
			if _, after, ok := strings.Cut(line, "@ heap/"); ok {
				_, _ = fmt.Sscan(after, &rate)
			}
			rate /= 2 // the text form prints twice the rate
		case strings.HasPrefix(line, "#\t"):
			if f := strings.Fields(line); owner == "" && len(f) > 2 {
				owner = owned(f[2])
			}
		case strings.HasPrefix(line, "# "): // the runtime's statistics follow
			note()
			return sorted(held), s.Err()
		case strings.Contains(line, ": ") && strings.Contains(line, "@"):
			note()
			var n, size float64
			if _, err := fmt.Sscanf(line, "%g: %g", &n, &size); err == nil && n > 0 {
				// A sample stands for all that were not sampled (runtime/pprof's own rule).
				size_ = size
				if rate > 1 {
					size_ = size / (1 - math.Exp(-size/n/rate))
				}
			}
		}
	}
	note()
	return sorted(held), s.Err()
}

// owned is the package of a function of ours, or of the broker; empty for others'.
func owned(function string) string {
	name, _, _ := strings.Cut(function, "+0x")
	switch {
	case strings.HasPrefix(name, module):
		path := strings.TrimPrefix(name, module)
		dir, last, _ := cutLast(path)
		pkg, _, _ := strings.Cut(last, ".")
		return strings.TrimPrefix(dir+"/"+pkg, "/")
	case strings.Contains(name, "/kfake."):
		return "kfake (the embedded broker)"
	}
	return ""
}

func cutLast(path string) (dir, last string, ok bool) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path, false
	}
	return path[:i], path[i+1:], true
}

func sorted(held map[string]float64) []Share {
	out := make([]Share, 0, len(held))
	for name, n := range held {
		out = append(out, Share{name, int64(n)})
	}
	slices.SortFunc(out, func(a, b Share) int { return cmp.Or(-cmp.Compare(a.Bytes, b.Bytes), cmp.Compare(a.Package, b.Package)) })
	return out
}
