package privacy

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/objects"
)

const (
	// MaxFile is the largest file in bytes.
	MaxFile = 10 << 20
	// fileChunk is how much of a file is in memory at once, and in one object.
	fileChunk   = 1 << 20
	fileIDBytes = 16
)

// The kinds of failure of Files, beside those of the key store and its objects.
var (
	// ErrFileTooLarge says that a file has more than MaxFile bytes.
	ErrFileTooLarge = errors.New("the file is too large")
	// ErrMediaType says that a file is empty or none of those that are taken.
	ErrMediaType = errors.New("files of this kind are not taken")
	// ErrNoFile says that there is no such file, or that it was not finished.
	ErrNoFile = errors.New("there is no such file")
)

// FileInfo is what is known of a file without its bytes. Its name is no part of it: that is sealed with the message.
type FileInfo struct {
	// File names it within its tenant: letters only, so that no part can be taken for a number of somebody.
	File string
	// Ref is the key that it is sealed with, a pseudonym: who may see what was said over that address may see the file.
	Ref string
	// MediaType is what its bytes are, as Sniff says.
	MediaType string
	Size      int64
}

// Files keeps what customers and agents attach to messages, sealed with an address's key: erasing the key erases them.
//
// Objects: files/TENANT/FILE/NNNN hold the parts, each bound to its file and place, and files/TENANT/FILE/head, which is written
// last, says under seal what they are: a file without it does not exist. unsent/HOUR/TENANT/FILE marks a file that no message has
// named yet: see Sweep.
type Files struct{ keys *KeyStore }

// NewFiles keeps files beside the keys.
func NewFiles(keys *KeyStore) *Files { return &Files{keys} }

// sealedHead is what a head's seal protects.
type sealedHead struct {
	MediaType string `json:"media_type"`
	Size      int64  `json:"size"`
}

// Seal reads a file to its end and keeps it under the key of ref, which must exist. It holds one part of it in memory. When it
// returns without an error the file is durable; otherwise nothing of it is left, if the object store answers.
func (f *Files) Seal(ctx context.Context, tenant, ref string, r io.Reader) (FileInfo, error) {
	info := FileInfo{File: newFileID(f.keys.now()), Ref: ref}
	if err := errors.Join(checkTenant(tenant), CheckRef(ref)); err != nil {
		return info, fmt.Errorf("seal a file: %w", err)
	}
	// Marked before anything of it is there, so that what a crash leaves is swept too.
	parts, err := 0, f.keys.objects.Put(ctx, markName(tenant, info.File), markGiven)
	if err == nil {
		parts, err = f.sealParts(ctx, tenant, &info, r)
	}
	if err == nil {
		err = f.sealHead(ctx, tenant, &info)
	}
	if err != nil {
		clean := context.WithoutCancel(ctx)
		for i := range parts {
			_ = f.keys.objects.Delete(clean, partName(tenant, info.File, i)) // unreadable without its head
		}
		_ = f.keys.objects.Delete(clean, markName(tenant, info.File)) // then it is swept
		return FileInfo{}, fmt.Errorf("seal a file: %w", err)
	}
	return info, nil
}

// sealParts says how many parts it has perhaps written.
func (f *Files) sealParts(ctx context.Context, tenant string, info *FileInfo, r io.Reader) (parts int, err error) {
	key, err := f.keys.key(ctx, tenant, info.Ref)
	if err != nil {
		return 0, err
	}
	aead, err := newAEAD(key[:])
	if err != nil {
		return 0, err
	}
	// Nonce, part and tag in one buffer: a part is sealed in its place.
	buffer := make([]byte, nonceBytes+fileChunk, nonceBytes+fileChunk+tagBytes)
	for last := false; !last; parts++ {
		n, readErr := io.ReadFull(r, buffer[nonceBytes:])
		last = errors.Is(readErr, io.EOF) || errors.Is(readErr, io.ErrUnexpectedEOF)
		if readErr != nil && !last {
			return parts, readErr
		}
		if n == 0 && parts > 0 {
			break
		}
		part := buffer[nonceBytes : nonceBytes+n]
		if parts == 0 {
			info.MediaType = Sniff(part[:min(n, 4096)])
		}
		info.Size += int64(n)
		switch {
		case info.MediaType == "" || info.MediaType == MediaText && !isText(part):
			return parts, ErrMediaType
		case info.Size > MaxFile:
			return parts, ErrFileTooLarge
		}
		_, _ = rand.Read(buffer[:nonceBytes]) // never fails
		sealed := aead.Seal(buffer[:nonceBytes], buffer[:nonceBytes], part, bindPart(tenant, info, parts))
		if err = f.keys.objects.Put(ctx, partName(tenant, info.File, parts), sealed); err != nil {
			return parts + 1, err
		}
	}
	return parts, nil
}

func (f *Files) sealHead(ctx context.Context, tenant string, info *FileInfo) error {
	plain, err := json.Marshal(sealedHead{info.MediaType, info.Size})
	if err != nil {
		return err
	}
	sealed, err := f.keys.Seal(ctx, tenant, info.Ref, headID(info.File), plain)
	if err != nil {
		return err
	}
	encoded, err := event.Marshal(sealed)
	if err != nil {
		return err
	}
	return f.keys.objects.Put(ctx, headName(tenant, info.File), encoded)
}

// Stat says what is known of a file, or answers ErrNoFile or ErrErased.
func (f *Files) Stat(ctx context.Context, tenant, file string) (FileInfo, error) {
	if checkTenant(tenant) != nil || !isFileID(file) {
		return FileInfo{}, ErrNoFile
	}
	encoded, err := f.keys.objects.Get(ctx, headName(tenant, file))
	if errors.Is(err, objects.ErrNotFound) {
		return FileInfo{}, ErrNoFile
	}
	if err != nil {
		return FileInfo{}, fmt.Errorf("look at a file: %w", err)
	}
	sealed := new(event.Sealed)
	if err = proto.Unmarshal(encoded, sealed); err != nil || sealed.GetContentId() != headID(file) {
		return FileInfo{}, fmt.Errorf("look at a file: %w", errors.Join(ErrForged, err))
	}
	plain, err := f.keys.Open(ctx, tenant, sealed)
	if err != nil {
		return FileInfo{}, fmt.Errorf("look at a file: %w", err)
	}
	var head sealedHead
	if err = json.Unmarshal(plain, &head); err != nil {
		return FileInfo{}, fmt.Errorf("look at a file: %w", errors.Join(ErrForged, err))
	}
	return FileInfo{File: file, Ref: sealed.GetKeyRef(), MediaType: head.MediaType, Size: head.Size}, nil
}

// Copy opens the file that Stat told of, part by part. Whether the reader may see it is the caller's to ask, by its Ref.
func (f *Files) Copy(ctx context.Context, tenant string, info FileInfo, w io.Writer) error {
	key, err := f.keys.existingKey(ctx, tenant, info.Ref)
	if err != nil {
		return fmt.Errorf("open a file: %w", err)
	}
	aead, err := newAEAD(key[:])
	if err != nil {
		return fmt.Errorf("open a file: %w", err)
	}
	left := info.Size
	for i := 0; left > 0; i++ {
		sealed, err := f.keys.objects.Get(ctx, partName(tenant, info.File, i))
		if err != nil {
			return fmt.Errorf("open part %d of a file: %w", i, err)
		}
		if len(sealed) < nonceBytes+tagBytes {
			return fmt.Errorf("open part %d of a file: %w", i, ErrForged)
		}
		part, err := aead.Open(sealed[nonceBytes:nonceBytes], sealed[:nonceBytes], sealed[nonceBytes:], bindPart(tenant, &info, i))
		if err != nil || int64(len(part)) != min(left, fileChunk) {
			return fmt.Errorf("open part %d of a file: %w", i, ErrForged)
		}
		if _, err = w.Write(part); err != nil {
			return err
		}
		left -= int64(len(part))
	}
	return nil
}

// newFileID begins with the hour; the rest is random, and enough not to be guessed.
func newFileID(now time.Time) string {
	var raw [fileIDBytes]byte
	_, _ = rand.Read(raw[:])                                    // never fails
	binary.BigEndian.PutUint32(raw[:], uint32(now.Unix()/3600)) //nolint:gosec // hours fit for a while
	var b strings.Builder
	for _, c := range raw {
		b.WriteByte('a' + c>>4)
		b.WriteByte('a' + c&15)
	}
	return b.String()
}

func isFileID(file string) bool {
	return len(file) == 2*fileIDBytes && !strings.ContainsFunc(file, func(r rune) bool { return r < 'a' || r > 'p' })
}

func bindPart(tenant string, info *FileInfo, part int) []byte {
	return bind("file", tenant, info.Ref, info.File, fmt.Sprint(part))
}

func headID(file string) string { return "file/" + file }

func headName(tenant, file string) string {
	return "files/" + objects.Segment(tenant) + "/" + file + "/head"
}

func partName(tenant, file string, part int) string {
	return fmt.Sprintf("files/%s/%s/%04d", objects.Segment(tenant), file, part)
}
