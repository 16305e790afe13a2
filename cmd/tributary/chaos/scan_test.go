package chaos

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/privacy"
)

func utf16Bytes(s string, big bool) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		if big {
			out = append(out, byte(u>>8), byte(u))
		} else {
			out = append(out, byte(u), byte(u>>8))
		}
	}
	return out
}

// A scanner that finds nothing proves nothing: each secret in each disguise must be found, and nothing where there is nothing.
func TestTheScannerFindsWhatIsPlanted(t *testing.T) {
	p := MakePlants(7, 200, 3)
	s, err := NewScanner(p.Secrets)
	require.NoError(t, err)
	noise := strings.Repeat("order 4711 of 2026-11-23, 13 pieces; 谢谢您的来信。", 50)
	packed, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	disguises := map[string]func(string) []byte{
		"plain":    func(x string) []byte { return []byte(x) },
		"utf16le":  func(x string) []byte { return utf16Bytes(x, false) },
		"utf16be":  func(x string) []byte { return utf16Bytes(x, true) },
		"base64-0": func(x string) []byte { return []byte(base64.StdEncoding.EncodeToString([]byte(x))) },
		"base64-1": func(x string) []byte { return []byte(base64.StdEncoding.EncodeToString([]byte("a" + x + "b"))) },
		"base64-2": func(x string) []byte { return []byte(base64.RawURLEncoding.EncodeToString([]byte("ab" + x + "zz"))) },
		"hex":      func(x string) []byte { return fmt.Appendf(nil, "%x", x) },
	}
	for name, disguise := range disguises {
		for i, secret := range p.Secrets {
			for _, form := range secret.Forms {
				var found []int
				s.Bytes(append([]byte(noise), disguise(form)...), "", 0, func(f Find) { found = append(found, f.Secret) })
				require.Equal(t, []int{i}, slices.Compact(found), "%s %q as %s", secret.Kind, form, name)
			}
		}
	}
	dir := t.TempDir()
	files := map[string]func(string) []byte{
		"plain":         func(x string) []byte { return []byte(noise + x + noise) },
		"zstd":          func(x string) []byte { return append([]byte("head"), packed.EncodeAll([]byte(noise+x+noise), nil)...) },
		"over the edge": func(x string) []byte { return append(make([]byte, chunk+s.longest-3), x...) },
	}
	for name, file := range files {
		for i, secret := range p.Secrets[:10] {
			require.NoError(t, os.WriteFile(filepath.Join(dir, "f"), file(secret.Forms[0]), 0o600))
			finds, n, _, failed := s.Folder(dir)
			require.NoError(t, failed)
			require.Equal(t, 1, n)
			require.NotEmpty(t, finds, "%s as %s", secret.Kind, name)
			for _, f := range finds {
				require.Equal(t, i, f.Secret)
			}
			unpacked := func(f Find) bool { return strings.Contains(f.Where, "unpacked") }
			require.Equal(t, name == "zstd", slices.ContainsFunc(finds, unpacked), "a frame of zstd is unpacked")
		}
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "f"), []byte(noise), 0o600))
	finds, _, _, err := s.Folder(dir)
	require.NoError(t, err)
	require.Empty(t, finds)
	require.NoError(t, os.Mkdir(filepath.Join(dir, p.Secrets[0].Forms[0]), 0o700))
	finds, _, _, err = s.Folder(dir)
	require.NoError(t, err)
	require.Len(t, finds, 1, "a name of a file tells as much as its content")
}

// What is planted must be what the rules are to find: else the run would show nothing, or blame the wrong part.
func TestPlantedNumbersAreMasked(t *testing.T) {
	p := MakePlants(1, 200, 0)
	s, err := NewScanner(p.Secrets)
	require.NoError(t, err)
	names := 0
	for i, secret := range p.Secrets {
		found := map[int]bool{}
		s.Bytes([]byte(secret.said), "", 0, func(f Find) { found[f.Secret] = true })
		require.True(t, found[i], "%q does not hold its secret", secret.said)
		clear(found)
		s.Bytes([]byte(privacy.Mask(secret.said)), "", 0, func(f Find) { found[f.Secret] = true })
		require.Equal(t, secret.Named, found[i], "%s: %q becomes %q", secret.Kind, secret.said, privacy.Mask(secret.said))
		if secret.Named {
			names++
		}
	}
	require.Equal(t, 60, names)
}
