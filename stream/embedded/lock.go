package embedded

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// ErrInUse means that another process works with the data directory.
var ErrInUse = errors.New("the data directory is in use by another process")

// dirLock holds a data directory for this process. The kernel lets go of it when the process dies, however it dies.
type dirLock struct{ file *os.File }

// lockDir makes dir if needed and takes it for this process.
func lockDir(dir string) (*dirLock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("embedded: make the data directory: %w", err)
	}
	path := filepath.Join(dir, "lock")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the operator names the directory
	if err != nil {
		return nil, fmt.Errorf("embedded: open the lock of the data directory: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close() // nothing was written
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("embedded: %w: %s; stop that process, or choose another directory", ErrInUse, dir)
		}
		return nil, fmt.Errorf("embedded: lock %s: %w", path, err)
	}
	return &dirLock{file: f}, nil
}

// release gives the directory back. The file stays: removing it would let two processes lock two files of one name.
func (l *dirLock) release() error { return l.file.Close() }
