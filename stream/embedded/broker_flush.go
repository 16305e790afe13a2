package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// flusher brings to the disk what changed below a directory since it last did so.
type flusher struct {
	mu     sync.Mutex
	synced map[string]fileState
	failed error
}

type fileState struct {
	size     int64
	modified time.Time
}

// Flush returns when everything that was acknowledged before the call is on the disk, so that a power cut cannot take it. It
// costs a sync per file that changed since the last Flush. Once it has failed it fails for good: after a failed sync nobody
// knows what is on the disk, so the process should end and the log be read anew.
func (b *Broker) Flush() error {
	if b.config.Dir == "" {
		return nil
	}
	return b.flusher.flush(filepath.Join(b.config.Dir, "log"))
}

func (f *flusher) flush(root string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failed != nil {
		return f.failed
	}
	seen := make(map[string]fileState, len(f.synced))
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil {
			err = f.visit(path, entry, seen)
		}
		if errors.Is(err, fs.ErrNotExist) { // dropped or renamed meanwhile
			return nil
		}
		return err
	})
	if err != nil {
		f.failed = fmt.Errorf("embedded: bring the log to the disk: %w", err)
		return f.failed
	}
	f.synced = seen
	return nil
}

// visit syncs a file or a directory if it changed. Its state is taken before the sync, so that what is written meanwhile is
// synced by the next flush.
func (f *flusher) visit(path string, entry fs.DirEntry, seen map[string]fileState) error {
	if !entry.IsDir() && !entry.Type().IsRegular() {
		return nil
	}
	info, err := entry.Info()
	if err != nil {
		return err
	}
	state := fileState{info.Size(), info.ModTime()}
	if f.synced[path] != state {
		if err := syncFile(path); err != nil {
			return err
		}
	}
	seen[path] = state
	return nil
}

// syncFile brings a file, or a directory's names, to the disk, whoever wrote them.
func syncFile(path string) error {
	f, err := os.Open(path) //nolint:gosec // below the directory that the operator names
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
