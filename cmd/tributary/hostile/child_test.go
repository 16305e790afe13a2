package hostile

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/cmd/tributary/process"
)

// binary is the product, built once.
var binary string

// readyWithin is how long a process may take until it does all it promises, on a busy machine.
const readyWithin = 60 * time.Second

func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		fmt.Println("hostile: left out with -short")
		return
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "hostile-")
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary = filepath.Join(dir, "tributary")
	// The engines are looked for below the working directory.
	if err := os.Chdir("../../.."); err != nil {
		fmt.Println(err)
		return 1
	}
	if out, err := exec.Command("go", "build", "-o", binary, "./cmd/tributary").CombinedOutput(); err != nil {
		fmt.Printf("building: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// child is a process of the product. Only its test's goroutine uses it.
type child struct {
	t          *testing.T
	name, data string
	addr       string
	args       []string
	cmd        *exec.Cmd
	exited     chan struct{}
	log        string
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// newChild names a process; addr is where it serves HTTP, empty where it does not.
func newChild(t *testing.T, name, data, addr string, args ...string) *child {
	t.Helper()
	c := &child{t: t, name: name, data: data, addr: addr, log: filepath.Join(t.TempDir(), name+".log")}
	c.args = append([]string{"run", "--data", data, "--http", addr}, args...)
	t.Cleanup(func() {
		if c.cmd != nil {
			c.kill()
		}
		if t.Failed() {
			logs, _ := os.ReadFile(c.log)
			t.Logf("%s said:\n%s", name, logs[max(0, len(logs)-6000):])
		}
	})
	return c
}

// demo starts a whole installation with the demo centre.
func demo(t *testing.T, data string, more ...string) *child {
	t.Helper()
	c := newChild(t, "all", data, freeAddr(t), append([]string{"--demo", "--floor", "0"}, more...)...)
	c.start()
	c.waitReady()
	return c
}

func (c *child) start() {
	c.t.Helper()
	out, err := os.OpenFile(c.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(c.t, err)
	defer func() { _ = out.Close() }()
	c.cmd = exec.Command(binary, c.args...)
	c.cmd.Stdout, c.cmd.Stderr = out, out
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(c.t, c.cmd.Start())
	c.exited = make(chan struct{})
	go func(cmd *exec.Cmd, exited chan struct{}) {
		_ = cmd.Wait()
		close(exited)
	}(c.cmd, c.exited)
}

func (c *child) signal(s syscall.Signal) { _ = c.cmd.Process.Signal(s) }

func (c *child) kill() {
	c.signal(syscall.SIGKILL)
	<-c.exited
}

// wait waits for the end and gives the exit code; −1 is a signal.
func (c *child) wait(within time.Duration) int {
	c.t.Helper()
	select {
	case <-c.exited:
	case <-time.After(within):
		c.t.Fatalf("%s did not end within %s", c.name, within)
	}
	return c.cmd.ProcessState.ExitCode()
}

func (c *child) said() string {
	b, _ := os.ReadFile(c.log)
	return string(b)
}

// waitSaid waits for a line of its output.
func (c *child) waitSaid(text string) {
	c.t.Helper()
	eventually(c.t, readyWithin, func() error {
		select {
		case <-c.exited:
			return errors.New(c.name + " ended")
		default:
		}
		if !strings.Contains(c.said(), text) {
			return fmt.Errorf("%s does not say %q", c.name, text)
		}
		return nil
	})
}

func (c *child) waitReady() {
	c.t.Helper()
	eventually(c.t, readyWithin, func() error {
		status, body := c.get("/readyz")
		if status != http.StatusOK {
			return fmt.Errorf("%s is not ready: %d %s", c.name, status, body)
		}
		return nil
	})
	c.waitSaid("Tributary is ready")
	if strings.Contains(strings.Join(c.args, " "), "--demo") {
		c.waitSaid("login ada")
	}
}

func (c *child) base() string { return "http://" + c.addr }

var plain = &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

func (c *child) get(path string) (int, string) {
	resp, err := plain.Get(c.base() + path)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = resp.Body.Close() }()
	b, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b)
}

// tributary runs a command beside it, with a time limit, and gives its exit code.
func tributary(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	var out, faults bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &faults
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	require.NoError(t, ctx.Err(), "tributary %v did not end", args)
	return cmd.ProcessState.ExitCode(), out.String(), faults.String()
}

// eventually waits for a condition and says at the end what it lacked.
func eventually(t *testing.T, within time.Duration, check func() error) {
	t.Helper()
	end := time.Now().Add(within)
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("after %s: %v", within, err)
		}
		time.Sleep(25 * time.Millisecond)
	}
}

// spine opens the installation as commands do.
func spine(t *testing.T, data string) *process.Spine {
	t.Helper()
	c := process.Default()
	c.Data = data
	s, err := process.Connect(context.Background(), c, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// stores opens keys and accounts alone.
func stores(t *testing.T, data string) *process.Spine {
	t.Helper()
	c := process.Default()
	c.Data = data
	s, err := process.OpenStores(context.Background(), c, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}
