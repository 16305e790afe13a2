package privacy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/objects"
)

func newFiles(t *testing.T) (*Files, *KeyStore, objects.Store, string) {
	store := objects.NewMemory()
	keys, err := NewKeyStore(store, NewMasterKey(), 100, func() time.Time { return time.UnixMilli(0) })
	require.NoError(t, err)
	ref, err := keys.Pseudonym(t.Context(), "acme", "webchat:v1")
	require.NoError(t, err)
	return NewFiles(keys), keys, store, string(ref)
}

func picture(size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(i * 7 >> 3)
	}
	copy(b, "\x89PNG\r\n\x1a\n")
	return b
}

func TestFilesComeBackAsTheyWere(t *testing.T) {
	f, keys, store, ref := newFiles(t)
	for _, size := range []int{8, 1000, fileChunk - 1, fileChunk, fileChunk + 1, 3*fileChunk + 17, MaxFile} {
		data := picture(size)
		info, err := f.Seal(t.Context(), "acme", ref, iotest.HalfReader(bytes.NewReader(data)))
		require.NoError(t, err)
		require.Equal(t, MediaPNG, info.MediaType)
		got, err := f.Stat(t.Context(), "acme", info.File)
		require.NoError(t, err)
		require.Equal(t, info, got)
		var out bytes.Buffer
		require.NoError(t, f.Copy(t.Context(), "acme", got, &out))
		require.True(t, bytes.Equal(data, out.Bytes()), "%d bytes", size)
	}
	names, err := store.List(t.Context(), "files/acme/")
	require.NoError(t, err)
	for _, name := range names {
		raw, getErr := store.Get(t.Context(), name)
		require.NoError(t, getErr)
		require.False(t, bytes.Contains(raw, []byte("\x89PNG\r\n\x1a\n")) || bytes.Contains(raw, []byte(MediaPNG)), "what is kept is sealed")
	}
	require.Empty(t, Find(names[0]), "a file's name is nobody's number")
	file := strings.Split(names[0], "/")[2]
	_, err = f.Stat(t.Context(), "other", file)
	require.ErrorIs(t, err, ErrNoFile)
	require.NoError(t, keys.Erase(t.Context(), "acme", ref))
	_, err = f.Stat(t.Context(), "acme", file)
	require.ErrorIs(t, err, ErrErased)
}

func TestFilesThatAreNotTakenLeaveNothing(t *testing.T) {
	f, _, store, ref := newFiles(t)
	broken := errors.New("the line is cut")
	for name, c := range map[string]struct {
		r    io.Reader
		want error
	}{
		"too large":           {bytes.NewReader(picture(MaxFile + 1)), ErrFileTooLarge},
		"endless":             {io.MultiReader(bytes.NewReader(picture(20)), endless{}), ErrFileTooLarge},
		"empty":               {strings.NewReader(""), ErrMediaType},
		"a program":           {strings.NewReader("\x7fELF\x02\x01\x01\x00"), ErrMediaType},
		"an archive":          {strings.NewReader("PK\x03\x04"), ErrMediaType},
		"text, then bytes":    {strings.NewReader(strings.Repeat("text ", fileChunk/4) + "\x00"), ErrMediaType},
		"broken in the midst": {io.MultiReader(bytes.NewReader(picture(2*fileChunk+5)), iotest.ErrReader(broken)), broken},
	} {
		_, err := f.Seal(t.Context(), "acme", ref, c.r)
		require.ErrorIs(t, err, c.want, name)
		names, err := store.List(t.Context(), "files/")
		require.NoError(t, err)
		require.Empty(t, names, name)
	}
	_, err := f.Seal(t.Context(), "acme", "00000000000000000000000000", bytes.NewReader(picture(20)))
	require.ErrorIs(t, err, ErrErased, "of an address without a key")
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestPartsAreBoundToTheirPlace(t *testing.T) {
	f, _, store, ref := newFiles(t)
	info, err := f.Seal(t.Context(), "acme", ref, bytes.NewReader(picture(2*fileChunk)))
	require.NoError(t, err)
	other, err := f.Seal(t.Context(), "acme", ref, bytes.NewReader(picture(2*fileChunk)))
	require.NoError(t, err)
	move := func(to, from string) {
		raw, getErr := store.Get(t.Context(), from)
		require.NoError(t, getErr)
		require.NoError(t, store.Put(t.Context(), to, raw))
	}
	move(partName("acme", info.File, 0), partName("acme", info.File, 1))
	require.ErrorIs(t, f.Copy(t.Context(), "acme", info, io.Discard), ErrForged)
	move(partName("acme", info.File, 0), partName("acme", other.File, 0))
	require.ErrorIs(t, f.Copy(t.Context(), "acme", info, io.Discard), ErrForged)
	move(headName("acme", info.File), headName("acme", other.File))
	_, err = f.Stat(t.Context(), "acme", info.File)
	require.ErrorIs(t, err, ErrForged)
	require.NoError(t, f.Copy(context.WithoutCancel(t.Context()), "acme", other, io.Discard))
}

func TestSniff(t *testing.T) {
	for text, want := range map[string]string{
		"\x89PNG\r\n\x1a\n....": MediaPNG, "\xff\xd8\xff\xe0": MediaJPEG, "GIF89a..": MediaGIF, "RIFF\x00\x00\x00\x00WEBPVP8 ": MediaWebP,
		"%PDF-1.7": MediaPDF, "你好\n": MediaText, "<svg onload=alert(1)>": MediaText, "RIFF\x00\x00\x00\x00WAVE": "", "\x89PNG": MediaText, "MZ\x90\x00": "",
	} {
		require.Equal(t, want, Sniff([]byte(text)), "%q", text)
	}
}

func FuzzFileNames(f *testing.F) {
	f.Add("abcdefghijklmnopabcdefghijklmnop")
	f.Add("../../keys")
	f.Fuzz(func(t *testing.T, file string) {
		files, _, _, _ := newFiles(t)
		if _, err := files.Stat(t.Context(), "acme", file); !errors.Is(err, ErrNoFile) {
			t.Fatalf("%q: %v", file, err)
		}
	})
}
