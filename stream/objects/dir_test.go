package objects_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/objects"
)

// Environment of the processes that TestDirBetweenProcesses starts: where the store is, and who they are.
const (
	childRoot = "TRIBUTARY_TEST_OBJECTS"
	childName = "TRIBUTARY_TEST_CHILD"
)

func TestDirBetweenProcesses(t *testing.T) {
	const names, adds = 40, 25
	if root := os.Getenv(childRoot); root != "" {
		child(t, root, names, adds)
		return
	}
	root := t.TempDir()
	d := openDir(t, root, objects.ProcessDeath)
	require.NoError(t, d.Put(t.Context(), "counter", []byte{0}))
	var children []*exec.Cmd
	for i := range 3 {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestDirBetweenProcesses$")
		cmd.Env = append(os.Environ(), childRoot+"="+root, fmt.Sprintf("%s=%d", childName, i))
		require.NoError(t, cmd.Start())
		children = append(children, cmd)
	}
	for _, cmd := range children {
		require.NoError(t, cmd.Wait())
	}
	got, err := d.Get(t.Context(), "counter")
	require.NoError(t, err)
	require.Equal(t, []byte{3 * adds}, got, "compare and swap loses nothing between processes")
	claims, err := d.List(t.Context(), "claim")
	require.NoError(t, err)
	require.Len(t, claims, names, "each name has one winner")
}

func child(t *testing.T, root string, names, adds int) {
	d := openDir(t, root, objects.ProcessDeath)
	me := os.Getenv(childName)
	for i := range names {
		created, err := d.PutIfAbsent(t.Context(), fmt.Sprintf("name/%d", i), []byte(me))
		require.NoError(t, err)
		if created {
			require.NoError(t, d.Put(t.Context(), fmt.Sprintf("claim/%d-%s", i, me), nil))
		}
	}
	for done := 0; done < adds; {
		old, err := d.Get(t.Context(), "counter")
		require.NoError(t, err)
		ok, err := d.PutIfMatch(t.Context(), "counter", []byte{old[0] + 1}, old)
		require.NoError(t, err)
		if ok {
			done++
		}
	}
}

func TestDirLeavesNothingBehind(t *testing.T) {
	root := t.TempDir()
	d := openDir(t, root, objects.PowerCut)
	for range 3 {
		require.NoError(t, d.Put(t.Context(), "a/b", []byte("x")))
		_, err := d.PutIfAbsent(t.Context(), "a/c", []byte("x"))
		require.NoError(t, err)
		_, err = d.PutIfMatch(t.Context(), "a/c", []byte("x"), []byte("other"))
		require.NoError(t, err)
		require.Error(t, d.Put(t.Context(), "a", nil))
	}
	left, err := filepath.Glob(filepath.Join(root, ".temp", "*", "*"))
	require.NoError(t, err)
	require.Empty(t, left)
	info, err := os.Stat(filepath.Join(root, "a", "b"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestDirSweepsWhatKilledProcessesLeft(t *testing.T) {
	root := t.TempDir()
	openDir(t, root, objects.ProcessDeath)
	dead, young := filepath.Join(root, ".temp", "00", "put-1"), filepath.Join(root, ".temp", "00", "put-2")
	for _, f := range []string{dead, young} {
		require.NoError(t, os.WriteFile(f, []byte("half"), 0o600))
	}
	info, err := os.Stat(dead)
	require.NoError(t, err)
	old := info.ModTime().Add(-2 * time.Hour)
	require.NoError(t, os.Chtimes(dead, old, old))
	d := openDir(t, root, objects.ProcessDeath)
	require.NoFileExists(t, dead)
	require.FileExists(t, young, "another process may be writing it")
	names, err := d.List(t.Context(), "")
	require.NoError(t, err)
	require.Empty(t, names, "half-written objects are not listed")
}

func TestDirWhereNothingCanBeWritten(t *testing.T) {
	root := t.TempDir()
	d := openDir(t, root, objects.PowerCut)
	require.NoError(t, d.Put(t.Context(), "a", []byte("x")))
	// The temporary folders are gone, as if the disk could take nothing more: nothing is put, what was there stays.
	require.NoError(t, os.RemoveAll(filepath.Join(root, ".temp")))
	require.Error(t, d.Put(t.Context(), "a", []byte("y")))
	got, err := d.Get(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, "x", string(got))
}

func TestSegment(t *testing.T) {
	seen := map[string]string{}
	for _, s := range []string{"", "=", "a", "A", "a=41", "公司", "..", ".", "a/b", "a.b", "=3d", "\x00"} {
		segment := objects.Segment(s)
		require.NoError(t, objects.CheckName(segment), "%q", s)
		require.NotContains(t, segment, "/")
		require.NotContains(t, seen, segment, "%q", s)
		seen[segment] = s
	}
	require.Equal(t, "demo-tenant_1", objects.Segment("demo-tenant_1"))
}

func FuzzNames(f *testing.F) {
	for _, s := range []string{"a/b", "../etc/passwd", "a//b", ".lock/00", "a\x00b", "/abs"} {
		f.Add(s)
	}
	root := f.TempDir()
	d := openDir(f, filepath.Join(root, "store"), objects.ProcessDeath)
	f.Fuzz(func(t *testing.T, name string) {
		segment := objects.Segment(name)
		if len(segment) <= 200 {
			require.NoError(t, objects.CheckName(segment))
		}
		if objects.CheckName(name) != nil {
			_, err := d.Get(t.Context(), name)
			require.ErrorIs(t, err, objects.ErrInvalid)
			return
		}
		rel, err := filepath.Rel("/r", filepath.Join("/r", name))
		require.NoError(t, err)
		require.Equal(t, name, rel, "a valid name stays below the root as it is")
		require.False(t, strings.HasPrefix(rel, "."))
	})
}

// BenchmarkPutIfAbsent puts new objects of 200 bytes from many callers, as many new customers at once do.
func BenchmarkPutIfAbsent(b *testing.B) {
	for name, durability := range map[string]objects.Durability{"power cut": objects.PowerCut, "process death": objects.ProcessDeath} {
		for _, callers := range []int{1, 64, 1000} {
			b.Run(fmt.Sprintf("%s/%d callers", name, callers), func(b *testing.B) {
				d := openDir(b, b.TempDir(), durability)
				data := make([]byte, 200)
				var next atomic.Int64
				var failed atomic.Value
				b.ResetTimer()
				together(callers, func(int) {
					for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
						if _, err := d.PutIfAbsent(b.Context(), fmt.Sprintf("k/%02x/%d", i&255, i), data); err != nil {
							failed.Store(err)
						}
					}
				})
				require.Nil(b, failed.Load())
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "objects/s")
			})
		}
	}
}
