package objects

import (
	"context"
	"errors"
	"os"
	"sync"
)

// manyTargets is from how many files and folders on one sync of the whole file system is taken in place of one each.
// Few: the file system's other dirty pages are not ours to wait for. Many: two syncs serve thousands of objects.
const manyTargets = 8

// syncGroup makes files and folders durable, many callers at a time: while one sync runs the next callers gather, and
// one of them then syncs for all. No goroutine and no timer, so a lone caller waits for nothing but its own sync.
type syncGroup struct {
	whole func() error // syncs the whole file system; nil where there is no such call
	token chan struct{}
	mu    sync.Mutex
	next  *cohort
}

// cohort is the callers that one sync serves.
type cohort struct {
	done    chan struct{}
	err     error
	files   []*os.File
	folders map[string]struct{}
}

func newSyncGroup(whole func() error) *syncGroup {
	return &syncGroup{whole: whole, token: make(chan struct{}, 1)}
}

// wait returns when a sync that began after the call has made the file (may be nil; stays open) and the folders durable.
func (g *syncGroup) wait(ctx context.Context, file *os.File, folders ...string) error {
	c := g.join(file, folders)
	select {
	case <-c.done:
		return c.err
	case g.token <- struct{}{}:
	}
	defer func() { <-g.token }()
	g.mu.Lock()
	lead := g.next == c
	if lead {
		g.next = nil
	}
	g.mu.Unlock()
	if lead {
		c.err = g.sync(c)
		close(c.done)
	}
	// Whoever holds the token and does not lead was served by the one who held it before.
	<-c.done
	return errors.Join(c.err, ctx.Err())
}

func (g *syncGroup) join(file *os.File, folders []string) *cohort {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.next == nil {
		g.next = &cohort{done: make(chan struct{}), folders: map[string]struct{}{}}
	}
	if file != nil {
		g.next.files = append(g.next.files, file)
	}
	for _, f := range folders {
		g.next.folders[f] = struct{}{}
	}
	return g.next
}

func (g *syncGroup) sync(c *cohort) error {
	if g.whole != nil && len(c.files)+len(c.folders) >= manyTargets {
		return g.whole()
	}
	var errs []error
	for _, f := range c.files {
		errs = append(errs, f.Sync())
	}
	for folder := range c.folders {
		errs = append(errs, syncFolder(folder))
	}
	return errors.Join(errs...)
}

func syncFolder(path string) error {
	f, err := os.Open(path) //nolint:gosec // the path is made of a checked name
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
