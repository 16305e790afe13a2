package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/tributary-cc/tributary/cmd/tributary/process"
)

// startTimeout bounds how long a process may take to be ready, stopTimeout how long to end.
const (
	startTimeout = 5 * time.Minute
	stopTimeout  = time.Minute
)

// child is a running process that is measured.
type child struct {
	cmd   *exec.Cmd
	data  string
	pprof string
	ready time.Duration // from its start to the first /readyz that answers 200
	used  time.Duration // processor time until then
	ended chan struct{}
	err   error
}

// start runs `tributary run` in a data folder until /readyz answers 200.
func start(ctx context.Context, binary, data string, roles ...string) (*child, error) {
	pprof, err := freeAddr(ctx)
	if err != nil {
		return nil, err
	}
	_ = os.Remove(filepath.Join(data, "run.json")) // of one that was killed
	args := []string{"run", "--data", data, "--http", "127.0.0.1:0"}
	if len(roles) > 0 {
		args = append(args, "--roles", strings.Join(roles, ","))
	}
	log, err := os.OpenFile(data+".log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600) //nolint:gosec // beside our own folder
	if err != nil {
		return nil, err
	}
	defer log.Close()                    //nolint:errcheck // the process has its own
	cmd := exec.Command(binary, args...) //nolint:gosec,noctx // this very binary; it outlives many contexts and is ended by hand
	cmd.Stdout, cmd.Stderr = log, log    // files, so that nothing waits for us
	cmd.Env = append(os.Environ(), process.ProfileEnv+"="+pprof)
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", binary, err)
	}
	c := &child{cmd: cmd, data: data, pprof: pprof, ended: make(chan struct{})}
	go func() {
		c.err = cmd.Wait()
		close(c.ended)
	}()
	if err := c.await(ctx); err != nil {
		c.kill()
		return nil, fmt.Errorf("%w; its log is %s.log", err, data)
	}
	c.ready, c.used = time.Since(began), cpuOf(cmd.Process.Pid)
	return c, nil
}

func freeAddr(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close() //nolint:errcheck // only its number was wanted
	return l.Addr().String(), nil
}

func (c *child) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, errors.New("the process does not become ready"))
	defer cancel()
	for {
		if run, err := process.ReadRunFile(c.data); err == nil && run.URL != "" {
			if status, err := get(ctx, run.URL+"/readyz", ""); err == nil && status == http.StatusOK {
				return nil
			}
		}
		select {
		case <-c.ended:
			return fmt.Errorf("the process ended before it was ready: %w", c.err)
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func get(ctx context.Context, url, bearer string, into ...io.Writer) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	w := io.Discard
	if len(into) > 0 {
		w = into[0]
	}
	_, err = io.Copy(w, resp.Body)
	return resp.StatusCode, err
}

// url is where the process serves.
func (c *child) url() (string, error) {
	run, err := process.ReadRunFile(c.data)
	return run.URL, err
}

// stop ends the process cleanly.
func (c *child) stop() error {
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-c.ended:
		return c.err
	case <-time.After(stopTimeout):
		c.kill()
		return errors.New("the process did not stop in time and was killed")
	}
}

// kill ends it as kill -9 does.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	<-c.ended
}

// memory is what /proc says of a process, in bytes.
type memory struct {
	Resident int64 `json:"resident"`
	// Anonymous is what the process has written itself; File is mapped from files and can be dropped: code, the engine's library.
	Anonymous int64 `json:"anonymous"`
	File      int64 `json:"file"`
	// Go is what the Go runtime holds of it: heap in use, heap idle and not given back, stacks and the rest.
	GoHeapInUse int64 `json:"go_heap_in_use"`
	GoIdle      int64 `json:"go_idle"`
	GoStacks    int64 `json:"go_stacks"`
	GoOther     int64 `json:"go_other"`
}

func (m memory) goTotal() int64 { return m.GoHeapInUse + m.GoIdle + m.GoStacks + m.GoOther }

// notGo is anonymous memory of no Go code: ClickHouse's.
func (m memory) notGo() int64 { return m.Anonymous - m.goTotal() }

// memory reads what the process has resident now.
func (c *child) memory(ctx context.Context) (memory, error) {
	var m memory
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	if err != nil {
		return m, err
	}
	m.Resident, m.Anonymous, m.File = kilobytes(b, "VmRSS:"), kilobytes(b, "RssAnon:"), kilobytes(b, "RssFile:")
	g, err := c.metrics(ctx)
	if err != nil {
		return m, err
	}
	m.GoHeapInUse = int64(g["go_memstats_heap_inuse_bytes"])
	m.GoIdle = int64(g["go_memstats_heap_idle_bytes"] - g["go_memstats_heap_released_bytes"])
	m.GoStacks = int64(g["go_memstats_stack_sys_bytes"])
	m.GoOther = int64(g["go_memstats_sys_bytes"] - g["go_memstats_heap_sys_bytes"] - g["go_memstats_stack_sys_bytes"])
	return m, nil
}

func kilobytes(status []byte, name string) int64 {
	_, rest, _ := bytes.Cut(status, []byte(name))
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	fields := bytes.Fields(line)
	if len(fields) == 0 {
		return 0
	}
	n, _ := strconv.ParseInt(string(fields[0]), 10, 64)
	return n << 10
}

// metrics reads /metrics, sums over labels.
func (c *child) metrics(ctx context.Context) (map[string]float64, error) {
	url, err := c.url()
	if err != nil {
		return nil, err
	}
	secret, err := os.ReadFile(filepath.Join(c.data, "metrics.secret"))
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if _, err := get(ctx, url+"/metrics", strings.TrimSpace(string(secret)), &b); err != nil {
		return nil, err
	}
	out := make(map[string]float64)
	for s := bufio.NewScanner(&b); s.Scan(); {
		at := strings.LastIndexByte(s.Text(), ' ')
		if at <= 0 || strings.HasPrefix(s.Text(), "#") {
			continue
		}
		if v, err := strconv.ParseFloat(s.Text()[at+1:], 64); err == nil {
			name, _, _ := strings.Cut(s.Text()[:at], "{")
			out[name] += v
		}
	}
	return out, nil
}

// collect has the process collect its garbage, so that what is read then is held.
func (c *child) collect(ctx context.Context) error {
	_, err := get(ctx, "http://"+c.pprof+"/debug/pprof/heap?gc=1&debug=1", "")
	return err
}

// profile writes a profile of the process into a file.
func (c *child) profile(ctx context.Context, path, file string) error {
	f, err := os.Create(file) //nolint:gosec // in our own folder
	if err != nil {
		return err
	}
	_, err = get(ctx, "http://"+c.pprof+"/debug/pprof/"+path, "", f)
	return errors.Join(err, f.Close())
}

// startBare starts another process of this binary and gives its standard output.
func startBare(binary string, args ...string) (*child, io.Reader, error) {
	cmd := exec.Command(binary, args...) //nolint:gosec,noctx // this very binary; ended by hand
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, fmt.Errorf("starting %s: %w", binary, err)
	}
	c := &child{cmd: cmd, ended: make(chan struct{})}
	go func() {
		c.err = cmd.Wait()
		close(c.ended)
	}()
	return c, out, nil
}

func firstLine(ctx context.Context, r io.Reader) (string, error) {
	line := make(chan string, 1)
	go func() {
		s := bufio.NewScanner(r)
		s.Scan()
		line <- s.Text()
		_, _ = io.Copy(io.Discard, r)
	}()
	select {
	case l := <-line:
		if l == "" {
			return "", errors.New("the process ended without a word")
		}
		return l, nil
	case <-time.After(time.Minute):
		return "", errors.New("no answer within a minute")
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
