// Package objects keeps named byte strings: checkpoints, recordings, attachments, sealed keys, accounts.
//
// It promises, for every implementation: a put is atomic (a reader sees the old object, the new one or none, never a
// part); when a put or a delete has returned without an error it is durable, whatever is cut off afterwards; of many
// conditional puts of one name at most one wins, also between processes; names are listed in byte order.
//
// It does not promise: folders (a name is one string; "/" only shapes listings), streaming, versions, listings that are
// a snapshot while others write, or durability of an object that a reader sees while its put is still under way. After
// a put that failed other than with ErrInvalid, ErrTooLarge or ErrConflict, the object may be there or not: read it.
//
// A name must not be both an object and the folder of another ("a" and "a/b"): an object storage service may allow it, a
// folder cannot, so callers never do it.
package objects

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// MaxSize is the largest object, in bytes. An object is held in memory whole, so larger things are cut by their owner.
const MaxSize = 256 << 20

// maxName and maxSegment bound names: 1,024 bytes is the limit of the common services; a file name holds 255 bytes, of
// which the temporary form of a name needs none, but keep some room.
const (
	maxName    = 1000
	maxSegment = 240
)

// The kinds of failure that callers tell apart with errors.Is. Any other error is transient or the machine's.
var (
	// ErrNotFound says that no object has this name.
	ErrNotFound = errors.New("object not found")
	// ErrInvalid says that the name is not one; the caller's fault.
	ErrInvalid = errors.New("object name is not valid")
	// ErrTooLarge says that the object is larger than MaxSize.
	ErrTooLarge = errors.New("object is too large")
	// ErrConflict says that the name is the folder of other objects, or lies below an object.
	ErrConflict = errors.New("object name is a folder of other objects or lies below an object")
)

// Store is an object store. Data given to a put is not kept and not changed; data returned by Get belongs to the caller.
// All methods may be called from many goroutines.
type Store interface {
	// Get reads an object whole, or answers ErrNotFound.
	Get(ctx context.Context, name string) ([]byte, error)
	// Put writes an object and replaces what had the name.
	Put(ctx context.Context, name string, data []byte) error
	// PutIfAbsent writes an object if the name is free and says whether it did. Where it did not, the object that was
	// there is durable too when PutIfAbsent returns.
	PutIfAbsent(ctx context.Context, name string, data []byte) (created bool, err error)
	// PutIfMatch replaces an object whose content equals old and says whether it did. An absent object matches nothing.
	PutIfMatch(ctx context.Context, name string, data, old []byte) (replaced bool, err error)
	// List answers the names that begin with prefix, in byte order. The prefix may end inside a segment.
	List(ctx context.Context, prefix string) ([]string, error)
	// Delete removes an object. That there is none is no error.
	Delete(ctx context.Context, name string) error
}

// CheckName says what is wrong with a name, as ErrInvalid, or nil. A name is one or more segments of `a-z 0-9 . _ = -`
// separated by "/"; a segment does not begin with a dot.
func CheckName(name string) error {
	if name == "" || len(name) > maxName {
		return fmt.Errorf("%w: it has %d bytes, want 1 to %d", ErrInvalid, len(name), maxName)
	}
	for segment := range strings.SplitSeq(name, "/") {
		switch {
		case segment == "":
			return fmt.Errorf("%w: %q has an empty segment", ErrInvalid, name)
		case len(segment) > maxSegment:
			return fmt.Errorf("%w: a segment has %d bytes, want at most %d", ErrInvalid, len(segment), maxSegment)
		case segment[0] == '.':
			return fmt.Errorf("%w: a segment of %q begins with a dot", ErrInvalid, name)
		}
	}
	return checkBytes(name)
}

// checkPrefix is CheckName for the beginning of a name.
func checkPrefix(prefix string) error {
	if len(prefix) > maxName {
		return fmt.Errorf("%w: the prefix has %d bytes, want at most %d", ErrInvalid, len(prefix), maxName)
	}
	if strings.HasPrefix(prefix, "/") || strings.Contains(prefix, "//") || strings.HasPrefix(prefix, ".") || strings.Contains(prefix, "/.") {
		return fmt.Errorf("%w: no name can begin with %q", ErrInvalid, prefix)
	}
	return checkBytes(prefix)
}

func checkBytes(name string) error {
	for i := range len(name) {
		if c := name[i]; !plain(c) && c != '.' && c != '=' && c != '/' {
			return fmt.Errorf("%w: %q holds byte 0x%02x; allowed are a-z 0-9 . _ = - /", ErrInvalid, name, c)
		}
	}
	return nil
}

func plain(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '-'
}

// Segment turns any string into one segment of a name, and different strings into different segments: bytes other than
// a-z 0-9 _ - become "=" and two hexadecimal digits; the empty string becomes "=". Strings longer than 80 bytes may
// become too long for a segment.
func Segment(s string) string {
	if s == "" {
		return "="
	}
	const hex = "0123456789abcdef"
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; plain(c) {
			b.WriteByte(c)
		} else {
			b.WriteByte('=')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}

// Unsegment is the way back from Segment; ErrInvalid says that Segment did not make it.
func Unsegment(segment string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(segment); i++ {
		if segment[i] != '=' || segment == "=" {
			b.WriteByte(segment[i])
			continue
		}
		if i+2 >= len(segment) {
			break
		}
		c, err := strconv.ParseUint(segment[i+1:i+3], 16, 8)
		if err != nil {
			return "", fmt.Errorf("%w: %q is no segment", ErrInvalid, segment)
		}
		b.WriteByte(byte(c))
		i += 2
	}
	s := b.String()
	if segment == "=" {
		s = ""
	}
	if Segment(s) != segment {
		return "", fmt.Errorf("%w: %q is no segment", ErrInvalid, segment)
	}
	return s, nil
}

func checkPut(ctx context.Context, name string, data []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := CheckName(name); err != nil {
		return err
	}
	if len(data) > MaxSize {
		return fmt.Errorf("%w: %q has %d bytes, the most is %d", ErrTooLarge, name, len(data), MaxSize)
	}
	return nil
}
