package chaos

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Victim is a child process of the product. Its methods are called by one goroutine.
type Victim struct {
	// Binary and Args start it; Log is the file that its output is added to; Addr where it serves HTTP.
	Binary, Log, Addr string
	Args              []string
	Name              string

	cmd    *exec.Cmd
	exited chan struct{}
	mu     sync.Mutex
	state  error
}

// FreePort is a port of the loopback that nothing listens on just now.
func FreePort(ctx context.Context) (string, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close() //nolint:errcheck // it listened for nothing
	return l.Addr().String(), nil
}

// Start starts it and does not wait until it is ready.
func (v *Victim) Start() error {
	if err := os.MkdirAll(filepath.Dir(v.Log), 0o700); err != nil {
		return err
	}
	out, err := os.OpenFile(v.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()                         //nolint:errcheck // the child has its own
	v.cmd = exec.Command(v.Binary, v.Args...) //nolint:gosec,noctx // our own binary; it is killed on purpose only
	v.cmd.Stdout, v.cmd.Stderr = out, out
	// It dies with us, and a Ctrl-C in the terminal reaches us alone.
	v.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := v.cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", v.Name, err)
	}
	v.exited = make(chan struct{})
	go func(cmd *exec.Cmd, exited chan struct{}) {
		err := cmd.Wait()
		v.mu.Lock()
		v.state = err
		v.mu.Unlock()
		close(exited)
	}(v.cmd, v.exited)
	return nil
}

// Kill kills it with no chance to say anything, and waits until it is gone.
func (v *Victim) Kill() error {
	err := v.cmd.Process.Signal(syscall.SIGKILL) // it may be gone
	<-v.exited
	return err
}

// Freeze stops it in its tracks.
func (v *Victim) Freeze() error { return v.cmd.Process.Signal(syscall.SIGSTOP) }

// Thaw lets it go on.
func (v *Victim) Thaw() error { return v.cmd.Process.Signal(syscall.SIGCONT) }

// Stop asks it to end and kills it where it does not.
func (v *Victim) Stop() error {
	if v.cmd == nil {
		return nil
	}
	select {
	case <-v.exited: // it was stopped before
		return nil
	default:
	}
	_ = v.cmd.Process.Signal(syscall.SIGCONT)
	_ = v.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-v.exited:
	case <-time.After(20 * time.Second):
		return errors.Join(v.Kill(), fmt.Errorf("%s did not end within 20 s of SIGTERM", v.Name))
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.state != nil && !v.rude() {
		return fmt.Errorf("%s did not end cleanly: %w", v.Name, v.state)
	}
	return nil
}

// rude tells whether the program ends by SIGTERM itself, as haproxy does.
func (v *Victim) rude() bool { return v.Name == "haproxy" }

// errGone says that the process ended by itself.
var errGone = errors.New("the process ended by itself")

// WaitReady waits until /readyz answers 200.
func (v *Victim) WaitReady(ctx context.Context, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	last := errors.New("no answer yet")
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+v.Addr+"/readyz", nil)
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
			err = fmt.Errorf("/readyz answers %s", resp.Status)
		}
		if ctx.Err() == nil {
			last = err
		}
		select {
		case <-v.exited:
			v.mu.Lock()
			defer v.mu.Unlock()
			return fmt.Errorf("%s: %w: %v; its output is in %s", v.Name, errGone, v.state, v.Log) //nolint:errorlint // one cause is enough
		case <-ctx.Done():
			return fmt.Errorf("%s was not ready within %s: %w; its output is in %s", v.Name, patience, last, v.Log)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
