package process

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"time"
)

// A process holds what its conversations are: some hundred megabytes of small objects that live long. A collection walks all of
// them, so under load they are made rare, and at rest what they leave is given back. Who sets GOGC, GOMEMLIMIT or GOMAXPROCS decides
// that alone.
const (
	// HeapGrowth is Go's GOGC. At 100, 100,000 conversations and 5,000 messages a second, collections took a fifth of the
	// processor time.
	HeapGrowth = 300
	// heapShare is the part of the memory beyond which the heap grows no further: the rest is for ClickHouse's engine in this
	// process and for the kernel's cache of the log.
	heapShare = 0.5
	// leastProcs is for small machines: while it collects, Go lets a quarter of its processors work at that alone. Of two, one does
	// for up to 10 ms at a time, and half of what is to be done waits for it; the kernel shares four among two cores.
	leastProcs = 4

	memoryTick = time.Second
	// quietTicks is how long little must have happened before memory is given back, againTicks how soon that is done again at rest.
	quietTicks, againTicks = 3, 60
)

// tuneMemory sets the Go runtime for this process, and gives memory back whenever it comes to rest, until ctx ends.
func tuneMemory(ctx context.Context) {
	if os.Getenv("GOMAXPROCS") == "" && runtime.GOMAXPROCS(0) < leastProcs {
		runtime.GOMAXPROCS(leastProcs)
	}
	if total := machineMemory(); total > 0 {
		if os.Getenv("GOMEMLIMIT") == "" {
			debug.SetMemoryLimit(int64(float64(total) * heapShare))
		}
		if os.Getenv("GOGC") == "" { // only below a limit
			debug.SetGCPercent(HeapGrowth)
		}
	}
	go tendMemory(ctx)
}

func tendMemory(ctx context.Context) {
	tick := time.NewTicker(memoryTick)
	defer tick.Stop()
	var k keeper
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if k.giveBack(heapNow()) {
				debug.FreeOSMemory()
			}
		}
	}
}

// heap is what the runtime says of its heap, in bytes.
type heap struct {
	allocated uint64 // since the start
	live      uint64 // what the last collection left
	objects   uint64 // with what came after it
	free      uint64 // neither used nor given back
}

func heapNow() heap {
	s := []metrics.Sample{
		{Name: "/gc/heap/allocs:bytes"},
		{Name: "/gc/heap/live:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
	}
	metrics.Read(s)
	return heap{s[0].Value.Uint64(), s[1].Value.Uint64(), s[2].Value.Uint64(), s[3].Value.Uint64()}
}

// keeper decides when memory is given back: once each time that the process comes to rest, and seldom while it rests, where that is
// worth a collection.
type keeper struct {
	last         uint64 // allocated at the last tick
	quiet, since int    // ticks of rest, and since memory was given back
	busy         bool   // something happened since then
}

func (k *keeper) giveBack(h heap) bool {
	const little = 8 << 20
	came := h.allocated - k.last
	k.last = h.allocated
	k.since++
	if came > little+h.live/32 {
		k.quiet, k.busy = 0, true
		return false
	}
	k.quiet++
	garbage := h.objects - min(h.objects, h.live)
	if k.quiet < quietTicks || !k.busy && k.since < againTicks || h.free+garbage < little+h.live/16 {
		return false
	}
	k.busy, k.since = false, 0
	return true
}

// machineMemory is how much memory this process may use: the machine's, or its group's if that is less. 0 where nobody says.
func machineMemory() uint64 {
	b, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(b, []byte("MemTotal:"))
	fields := bytes.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kb, err := strconv.ParseUint(string(fields[0]), 10, 64)
	if err != nil {
		return 0
	}
	total := kb << 10
	files := []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}
	if own, err := os.ReadFile("/proc/self/cgroup"); err == nil {
		for line := range strings.Lines(string(own)) {
			if path, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok {
				for ; path != "/" && path != "." && path != ""; path = filepath.Dir(path) { // a group is bound by those above it
					files = append(files, filepath.Join("/sys/fs/cgroup", path, "memory.max"))
				}
			}
		}
	}
	for _, f := range files {
		if b, err := os.ReadFile(f); err == nil { //nolint:gosec // the kernel's
			if n, err := strconv.ParseUint(strings.TrimSpace(string(b)), 10, 64); err == nil && n > 0 { // "max" is no number
				total = min(total, n)
			}
		}
	}
	return total
}
