package privacy

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/tributary-cc/tributary/stream/objects"
)

const (
	// UnsentKept is how long a file waits for a message that names it.
	UnsentKept = 24 * time.Hour
	// maxSwept bounds what one sweep takes away.
	maxSwept = 500
	unsent   = "unsent/"
)

// What stands in the mark of a file that no message has named yet. Whoever changes it first decides what becomes of the file.
var (
	markGiven = []byte("given")
	markKept  = []byte("kept")
	markSwept = []byte("swept")
)

// fileHour is when a file was given, in hours since 1970: the first letters of its name, so that marks stand in the order of time.
func fileHour(file string) int64 {
	var raw [4]byte
	for i := range raw {
		raw[i] = (file[2*i]-'a')<<4 | (file[2*i+1] - 'a')
	}
	return int64(binary.BigEndian.Uint32(raw[:]))
}

// markName begins with the hour.
func markName(tenant, file string) string {
	return unsent + file[:8] + "/" + objects.Segment(tenant) + "/" + file
}

// Keep says that a message is about to name the file, which is not swept from then on. It answers ErrNoFile for one that was
// swept. It may be called again.
func (f *Files) Keep(ctx context.Context, tenant, file string) error {
	if checkTenant(tenant) != nil || !isFileID(file) {
		return ErrNoFile
	}
	name := markName(tenant, file)
	kept, err := f.keys.objects.PutIfMatch(ctx, name, markKept, markGiven)
	if err == nil && !kept {
		var mark []byte
		switch mark, err = f.keys.objects.Get(ctx, name); {
		case errors.Is(err, objects.ErrNotFound): // it was named before, or swept a moment ago
			if _, err = f.keys.objects.Get(ctx, headName(tenant, file)); errors.Is(err, objects.ErrNotFound) {
				return ErrNoFile
			}
		case err == nil && bytes.Equal(mark, markSwept):
			return ErrNoFile
		}
	}
	if err == nil {
		err = f.keys.objects.Delete(ctx, name)
	}
	if err != nil {
		return fmt.Errorf("keep a file: %w", err)
	}
	return nil
}

// Sweep takes away files that were given UnsentKept ago and that no message named, some hundreds at most, and says how many. Several
// processes may sweep at once.
func (f *Files) Sweep(ctx context.Context) (swept int, err error) {
	names, err := f.keys.objects.List(ctx, unsent)
	if err != nil {
		return 0, fmt.Errorf("sweep files: %w", err)
	}
	// The hour counts as over at its end: a file waits for up to an hour more, never for less.
	before := f.keys.now().Add(-UnsentKept).Unix()/3600 - 1
	for _, name := range names {
		file := path.Base(name)
		if !isFileID(file) {
			continue // none of ours
		}
		if swept >= maxSwept || fileHour(file) > before {
			break
		}
		if err = f.sweep(ctx, name, file); err != nil {
			return swept, fmt.Errorf("sweep a file: %w", err)
		}
		swept++
	}
	return swept, nil
}

// sweep takes one away. What stops half way is gone on with by the next.
func (f *Files) sweep(ctx context.Context, name, file string) error {
	store := f.keys.objects
	ours, err := store.PutIfMatch(ctx, name, markSwept, markGiven)
	if err != nil {
		return err
	}
	if !ours {
		switch mark, getErr := store.Get(ctx, name); {
		case errors.Is(getErr, objects.ErrNotFound):
			return nil // a message named it meanwhile
		case getErr != nil:
			return getErr
		case bytes.Equal(mark, markKept):
			return store.Delete(ctx, name)
		}
	}
	// The head goes first: without it the file does not exist.
	folder := "files/" + strings.Split(name, "/")[2] + "/" + file + "/"
	parts, err := store.List(ctx, folder)
	if err != nil {
		return err
	}
	for _, part := range append([]string{folder + "head"}, parts...) {
		if err = store.Delete(ctx, part); err != nil {
			return err
		}
	}
	return store.Delete(ctx, name)
}
