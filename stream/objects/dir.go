package objects

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// tempFolder holds half-written objects; no object's segment begins with a dot. It has many folders because file
	// systems make files of one folder in one place, and finding room there is most of the work: with one folder ext4
	// made 1,300 objects a second, with 256 it makes 7,000.
	tempFolder  = ".temp"
	tempFolders = 256
	lockFolder  = ".lock"
	locks       = 64
	// staleTemp is the age at which a half-written object belongs to a process that is gone.
	staleTemp = time.Hour
)

// Durability says what a put of a Dir waits for.
type Durability int

const (
	// PowerCut makes a put wait until the disk has it. Puts that run at the same time share their syncs.
	PowerCut Durability = iota
	// ProcessDeath makes a put wait for the operating system only: nothing is lost when the process is killed, the last
	// seconds may be when the machine is. For tests and demonstrations.
	ProcessDeath
)

// Dir is a Store in a folder of a local file system, one file an object, for any number of processes of one machine.
// Objects and folders are readable by their owner only.
type Dir struct {
	root    string
	handle  *os.File
	group   *syncGroup // nil: durable against the death of the process only
	mu      [locks]sync.Mutex
	folders sync.Map // folders known to exist and to be durable; a folder is never removed
}

var _ Store = (*Dir)(nil)

// OpenDir opens or makes a store in the folder at root. Close releases it.
func OpenDir(root string, durability Durability) (*Dir, error) {
	if err := os.MkdirAll(filepath.Join(root, lockFolder), 0o700); err != nil {
		return nil, fmt.Errorf("open the object folder %q: %w", root, err)
	}
	handle, err := os.Open(root) //nolint:gosec // the folder is the operator's choice
	if err != nil {
		return nil, fmt.Errorf("open the object folder %q: %w", root, err)
	}
	d := &Dir{root: root, handle: handle}
	if durability == PowerCut {
		d.group = newSyncGroup(wholeSync(handle))
		err = errors.Join(syncFolder(filepath.Dir(filepath.Clean(root))), handle.Sync())
	}
	if err = errors.Join(err, d.sweep()); err != nil {
		return nil, fmt.Errorf("open the object folder %q: %w", root, errors.Join(err, handle.Close()))
	}
	return d, nil
}

// Close releases the store; calls under way must have returned.
func (d *Dir) Close() error { return d.handle.Close() }

// sweep makes the temporary folders and removes what killed processes left half-written in them. The file system's clock
// decides, so that of this process is not asked.
func (d *Dir) sweep() error {
	probe, err := os.CreateTemp(filepath.Join(d.root, lockFolder), "probe-*")
	if err != nil {
		return err
	}
	now, err := probe.Stat()
	if err = errors.Join(err, probe.Close(), os.Remove(probe.Name())); err != nil {
		return err
	}
	for n := range tempFolders {
		folder := d.tempFolder(uint32(n))
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return err
		}
		if err := sweepFolder(folder, now.ModTime()); err != nil {
			return err
		}
	}
	return nil
}

func sweepFolder(folder string, now time.Time) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || now.Sub(info.ModTime()) < staleTemp {
			continue // gone meanwhile, or still being written
		}
		if err := os.Remove(filepath.Join(folder, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (d *Dir) tempFolder(hash uint32) string {
	return filepath.Join(d.root, tempFolder, fmt.Sprintf("%02x", hash%tempFolders))
}

func hashName(name string) uint32 {
	h := fnv.New32a()
	_, _ = io.WriteString(h, name) // a hash takes everything
	return h.Sum32()
}

func (d *Dir) path(name string) string { return filepath.Join(d.root, filepath.FromSlash(name)) }

// Get implements Store.
func (d *Dir) Get(ctx context.Context, name string) ([]byte, error) {
	if err := checkPut(ctx, name, nil); err != nil {
		return nil, err
	}
	data, err := readFile(d.path(name))
	if err != nil {
		return nil, fmt.Errorf("get %q: %w", name, err)
	}
	return data, nil
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // the path is made of a checked name
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if info.IsDir() {
		return nil, errors.Join(ErrNotFound, f.Close())
	}
	if info.Size() > MaxSize {
		return nil, errors.Join(ErrTooLarge, f.Close())
	}
	// An object is never written in place, so its size holds while it is open.
	data := make([]byte, info.Size())
	_, err = io.ReadFull(f, data)
	return data, errors.Join(err, f.Close())
}

// Put implements Store.
func (d *Dir) Put(ctx context.Context, name string, data []byte) error {
	_, err := d.put(ctx, name, data, func(temp, path string) (bool, error) {
		unlock, err := d.lock(name)
		if err != nil {
			return false, err
		}
		defer unlock()
		return true, os.Rename(temp, path)
	})
	return err
}

// PutIfAbsent implements Store.
func (d *Dir) PutIfAbsent(ctx context.Context, name string, data []byte) (bool, error) {
	if err := checkPut(ctx, name, data); err != nil {
		return false, err
	}
	// Most calls that lose have lost already: see it before writing anything.
	if info, err := os.Lstat(d.path(name)); err == nil && !info.IsDir() {
		return false, d.syncParent(ctx, name)
	}
	return d.put(ctx, name, data, func(temp, path string) (bool, error) {
		err := os.Link(temp, path)
		if errors.Is(err, fs.ErrExist) {
			if info, look := os.Lstat(path); look == nil && info.IsDir() {
				return false, ErrConflict
			}
			return false, nil
		}
		return err == nil, err
	})
}

// PutIfMatch implements Store.
func (d *Dir) PutIfMatch(ctx context.Context, name string, data, old []byte) (bool, error) {
	return d.put(ctx, name, data, func(temp, path string) (bool, error) {
		unlock, err := d.lock(name)
		if err != nil {
			return false, err
		}
		defer unlock()
		is, err := readFile(path)
		if errors.Is(err, ErrNotFound) || err == nil && !bytes.Equal(is, old) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		return true, os.Rename(temp, path)
	})
}

// put writes a temporary file, makes it durable, lets publish give it its name, and makes the name durable. The content
// goes first: a name that outlives a power cut must not lead to an empty file.
func (d *Dir) put(ctx context.Context, name string, data []byte, publish func(temp, path string) (bool, error)) (bool, error) {
	if err := checkPut(ctx, name, data); err != nil {
		return false, err
	}
	path := d.path(name)
	if err := d.makeFolder(ctx, filepath.Dir(path)); err != nil {
		return false, fmt.Errorf("put %q: %w", name, conflict(err))
	}
	temp, err := d.writeTemp(ctx, path, data)
	if err != nil {
		return false, fmt.Errorf("put %q: %w", name, err)
	}
	done, err := publish(temp, path)
	// After a rename there is nothing to remove, after a link there is.
	if rm := os.Remove(temp); rm != nil && !errors.Is(rm, fs.ErrNotExist) {
		err = errors.Join(err, rm)
	}
	if err != nil {
		return false, fmt.Errorf("put %q: %w", name, conflict(err))
	}
	return done, d.syncParent(ctx, name)
}

// conflict names the errors of a file system where a folder stands in place of a file, or a file in place of a folder.
func conflict(err error) error {
	if errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.EISDIR) || errors.Is(err, fs.ErrExist) {
		return errors.Join(ErrConflict, err)
	}
	return err
}

func (d *Dir) writeTemp(ctx context.Context, path string, data []byte) (string, error) {
	f, err := os.CreateTemp(d.tempFolder(hashName(path)), "put-*")
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err == nil && d.group != nil {
		err = d.group.wait(ctx, f)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

func (d *Dir) syncParent(ctx context.Context, name string) error {
	if d.group == nil {
		return nil
	}
	if err := d.group.wait(ctx, nil, filepath.Dir(d.path(name))); err != nil {
		return fmt.Errorf("make %q durable: %w", name, err)
	}
	return nil
}

// makeFolder makes a folder and those above it, durable.
func (d *Dir) makeFolder(ctx context.Context, folder string) error {
	if _, known := d.folders.Load(folder); known {
		return nil
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	if d.group != nil {
		above := []string{}
		for f := folder; f != filepath.Clean(d.root) && len(f) > 1; {
			f = filepath.Dir(f)
			above = append(above, f)
		}
		if err := d.group.wait(ctx, nil, above...); err != nil {
			return err
		}
	}
	d.folders.Store(folder, struct{}{})
	return nil
}

// List implements Store.
func (d *Dir) List(ctx context.Context, prefix string) ([]string, error) {
	if err := checkPrefix(prefix); err != nil {
		return nil, err
	}
	start := d.path(prefix[:strings.LastIndexByte(prefix, '/')+1])
	names := []string{}
	err := filepath.WalkDir(start, func(path string, e fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
			return nil // removed meanwhile, or no object has this prefix
		}
		if err != nil || path == filepath.Clean(d.root) {
			return err
		}
		rel, err := filepath.Rel(d.root, path)
		name := filepath.ToSlash(rel)
		switch {
		case err != nil:
			return err
		case e.IsDir() && (e.Name()[0] == '.' || !strings.HasPrefix(name+"/", prefix) && !strings.HasPrefix(prefix, name+"/")):
			return fs.SkipDir
		case !e.IsDir() && strings.HasPrefix(name, prefix) && CheckName(name) == nil:
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list %q: %w", prefix, err)
	}
	slices.Sort(names)
	return names, nil
}

// Delete implements Store.
func (d *Dir) Delete(ctx context.Context, name string) error {
	if err := checkPut(ctx, name, nil); err != nil {
		return err
	}
	path := d.path(name)
	unlock, err := d.lock(name)
	if err != nil {
		return fmt.Errorf("delete %q: %w", name, err)
	}
	info, err := os.Lstat(path)
	if err == nil && !info.IsDir() {
		err = os.Remove(path)
	}
	unlock()
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
		return fmt.Errorf("delete %q: %w", name, err)
	}
	// Also where nothing was there: an earlier delete may have removed it and failed to make that durable.
	if parent, err := os.Lstat(filepath.Dir(path)); err != nil || !parent.IsDir() {
		return nil //nolint:nilerr // no folder, no object
	}
	return d.syncParent(ctx, name)
}

// lock excludes other replacing puts and deletes of the name, in this process and in others, and answers the unlock. It
// is held for the look and the rename only, never for a sync.
func (d *Dir) lock(name string) (unlock func(), err error) {
	n := hashName(name) % locks
	d.mu[n].Lock()
	f, err := os.OpenFile(filepath.Join(d.root, lockFolder, fmt.Sprintf("%02d", n)), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		d.mu[n].Unlock()
		return nil, err
	}
	for err = syscall.EINTR; errors.Is(err, syscall.EINTR); {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
	}
	unlock = func() {
		_ = f.Close() // closing unlocks, and nothing was written
		d.mu[n].Unlock()
	}
	if err != nil {
		unlock()
		return nil, err
	}
	return unlock, nil
}
