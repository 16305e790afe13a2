package hostile

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// smallDisk mounts a disk of its own for the data folder.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=640m,mode=0700"); err != nil {
		t.Skipf("a small disk cannot be mounted here (it needs root or CAP_SYS_ADMIN): %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// fill takes all the space there is, and gives a way to free it.
func fill(t *testing.T, dir string) (free func()) {
	t.Helper()
	name := filepath.Join(dir, "ballast")
	f, err := os.Create(name)
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	for size := 1 << 20; size >= 4<<10; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			require.ErrorIs(t, err, syscall.ENOSPC)
			size /= 2
		}
	}
	return func() { require.NoError(t, os.Remove(name)) }
}

func (c *child) unready(why string) {
	c.t.Helper()
	eventually(c.t, 20*time.Second, func() error {
		status, body := c.get("/readyz")
		if status != http.StatusServiceUnavailable || !strings.Contains(body, why) {
			return fmt.Errorf("/readyz answers %d %s", status, body)
		}
		return nil
	})
}

// TestFullDisk: new work is refused with a reason and nothing that was taken is lost; with space it goes on by itself.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t)
	c := demo(t, filepath.Join(disk, "data"))
	k := newTalk(t, c, "amy")
	for range 5 {
		k.round()
	}
	stranger := guest(t, c)
	agent, status := dial(t, c, "/api/ws", http.Header{"Origin": {c.base()}, "Cookie": {login(t, c, "bo").cookie}})
	require.Equal(t, http.StatusSwitchingProtocols, status)
	agent.next(kind("snapshot"))

	leaver := guest(t, c)
	require.NoError(t, leaver.send(`{"type":"send","id":"leave-1","text":"I may have to go"}`))
	leaver.next(kind("accepted"))
	k.locked(func() { k.others++ })
	left := func() int {
		_, out, _ := tributary(t, "tail", "--data", c.data, "--topic", "identity.in", "--from", "-500")
		return strings.Count(out, "customer_disconnected")
	}
	require.Zero(t, left())

	free := fill(t, disk)
	c.unready("MiB free")
	require.NoError(t, leaver.conn.NetConn().Close())
	require.NoError(t, stranger.send(`{"type":"send","id":"full-1","text":"is there room?"}`))
	refused := stranger.next(kind("error"))
	require.Equal(t, "full-1", refused["id"])
	require.Equal(t, "unavailable", refused["code"])
	require.Contains(t, refused["text"], "disk")
	require.NoError(t, agent.send(`{"type":"status","request":"full-2","status":"available"}`))
	refused = agent.next(func(f map[string]any) bool { return f["request"] == "full-2" })
	require.Equal(t, "error", refused["type"])
	require.Equal(t, "unavailable", refused["code"])
	require.Contains(t, refused["text"], "disk")
	text := k.say()
	for full := time.Now(); time.Since(full) < 8*time.Second; {
		status, body := c.get("/healthz")
		require.Equal(t, http.StatusOK, status, body)
		require.Error(t, k.shown(text))
	}
	require.Positive(t, k.customer.Unaccepted())

	free()
	k.answer(text)
	eventually(t, 30*time.Second, func() error { return k.answered(text) })
	eventually(t, 30*time.Second, func() error {
		if status, body := c.get("/readyz"); status != http.StatusOK {
			return fmt.Errorf("/readyz answers %d %s", status, body)
		}
		return nil
	})
	eventually(t, 10*time.Second, func() error {
		if left() != 1 {
			return fmt.Errorf("nobody hears that a customer left while the disk was full")
		}
		return nil
	})
	k.round()
	k.once()
	k.inWarehouse()
	killedWhileFull(t, c, k, disk)
}

// killedWhileFull: a process that dies on the full disk says why it cannot begin, or begins unready; with space all is there.
func killedWhileFull(t *testing.T, c *child, k *talk, disk string) {
	t.Helper()
	free := fill(t, disk)
	c.unready("MiB free")
	text := k.say()
	c.kill()
	c.start()
	ended := false
	eventually(t, readyWithin, func() error {
		select {
		case <-c.exited:
			ended = true
			return nil
		default:
		}
		if status, body := c.get("/readyz"); status != http.StatusServiceUnavailable {
			return fmt.Errorf("/readyz answers %d %s", status, body)
		}
		return nil
	})
	if ended {
		require.Equal(t, 1, c.cmd.ProcessState.ExitCode())
		require.Contains(t, c.said(), "no space left on device")
	}
	t.Logf("started on a full disk, it ended: %v", ended)
	free()
	if ended {
		c.start()
	}
	k.answer(text)
	eventually(t, readyWithin, func() error { return k.answered(text) })
	k.round()
	k.once()
	k.inWarehouse()
}
