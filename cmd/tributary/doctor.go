package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/tributary-cc/tributary/cmd/tributary/process"
	"github.com/tributary-cc/tributary/stream/embedded"
	"github.com/tributary-cc/tributary/stream/event"
)

// finding is one line of the doctor's.
type finding struct {
	What string `json:"what"`
	OK   bool   `json:"ok"`
	Text string `json:"text"`
	// Advice was not looked at: it is said for people.
	Advice bool `json:"advice,omitempty"`
}

func (f finding) mark() string {
	switch {
	case f.Advice:
		return "    "
	case f.OK:
		return "ok  "
	default:
		return "!!  "
	}
}

func doctorCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "Say which ports are used, where data and the master key are, how to back them up, and what is wrong", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := g.read()
			if err != nil {
				return err
			}
			c.Data, c.Objects, c.MasterKey = absolute(c.Data), absolute(c.ObjectsDir()), absolute(c.MasterKeyFile())
			d := &doctor{Config: c}
			d.examine(cmd.Context())
			if err := g.print(cmd.OutOrStdout(), d.found, func(w io.Writer) {
				for _, f := range d.found {
					fmt.Fprintf(w, "%s%-14s %s\n", f.mark(), f.What, f.Text)
				}
			}); err != nil {
				return err
			}
			if slices.ContainsFunc(d.found, func(f finding) bool { return !f.OK }) {
				return errFound
			}
			return nil
		},
	}
}

// absolute is for people: they may read it elsewhere.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// doctor looks at an installation.
type doctor struct {
	process.Config
	found []finding
}

func (d *doctor) add(what string, err error, format string, args ...any) {
	f := finding{What: what, OK: err == nil, Text: fmt.Sprintf(format, args...)}
	if err != nil {
		f.Text += ": " + err.Error()
	}
	d.found = append(d.found, f)
}

func (d *doctor) examine(ctx context.Context) {
	d.add("data", opensFolder(d.Data), "%s holds everything of this machine", d.Data)
	d.add("configuration", d.Validate(), "roles %v, %d partitions", d.Roles, d.Partitions)
	d.sealed(ctx)
	d.found = append(d.found, finding{What: "back-up", OK: true, Advice: true, Text: fmt.Sprintf("copy the master key to a safe place once; copy %s while the process is stopped, "+
		"or from a snapshot of the file system: log, objects and master key together are everything, ClickHouse can be rebuilt from them", d.Data)})
	d.found = append(d.found, disk(d.Data))
	if d.ClickHouse.DSNFile == "" {
		lib, err := embedded.FindLibrary(d.ClickHouse.Library)
		d.add("ClickHouse", err, "the embedded engine %s", lib)
	}
	if len(d.Kafka.Brokers) == 0 {
		run, away := process.Running(ctx, d.Data)
		if away != nil {
			d.add("process", nil, "%v; it would listen on HTTP %q and HTTPS %q", away, d.HTTP, d.HTTPS)
			d.found = append(d.found, ports(ctx, d.Config)...)
			return
		}
		d.add("process", nil, "%d runs since %s", run.PID, run.Started.Format(time.RFC3339))
		for _, a := range run.Addresses() {
			d.add("port", knock(ctx, a.Addr), "%s at %s", a.What, a.Addr)
		}
	}
	d.connected(ctx)
}

// opensFolder opens the folder as a process does.
func opensFolder(folder string) error {
	f, err := os.Open(folder) //nolint:gosec // the operator names the folder
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // only read
	if _, err = f.Readdirnames(1); errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func knock(ctx context.Context, addr string) error {
	dialer := net.Dialer{Timeout: 2 * time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	return conn.Close()
}

// sealed has the master key open what it is for.
func (d *doctor) sealed(ctx context.Context) {
	_, err := os.Stat(d.MasterKey)
	const text = "%s; without it nobody can read what was said; `tributary key rotate` makes a new one when it may have been seen"
	s, failed := process.OpenStores(ctx, d.Config, slog.New(slog.DiscardHandler))
	if failed != nil {
		d.add("master key", failed, text, d.MasterKey)
		return
	}
	defer s.Close() //nolint:errcheck // only read
	d.add("master key", err, text, d.MasterKey)
	keys, err := s.Keys.Sample(ctx)
	d.add("keys", err, "the master key %s %s", s.Master.ID(), opens(keys, "keys of what was said", err))
	accounts, err := s.SampleAccount(ctx)
	d.add("accounts", err, "the master key %s %s", s.Master.ID(), opens(accounts, "accounts", err))
}

func opens(n int, what string, err error) string {
	switch {
	case err != nil:
		return fmt.Sprintf("was tried on one of %d %s", n, what)
	case n == 0:
		return "has nothing to open yet: there are no " + what
	default:
		return fmt.Sprintf("opens one of %d %s", n, what)
	}
}

// connected looks at what a running process answers.
func (d *doctor) connected(ctx context.Context) {
	s, err := process.Connect(ctx, d.Config, slog.New(slog.DiscardHandler))
	if err != nil {
		d.add("log", err, "cannot be reached")
		return
	}
	defer s.Close() //nolint:errcheck // only read
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	d.add("log", s.Log.EnsureTopics(ctx), "%d topics with the right partitions and settings", len(event.Topics()))
	dead := 0
	err = s.EachDead(ctx, func(event.Record, *event.Dead) error { dead++; return nil })
	d.add("dead", err, "%d dead letters", dead)
	w, err := s.OpenWarehouse()
	if err != nil {
		d.add("warehouse", err, "cannot be reached")
		return
	}
	d.add("warehouse", w.Ping(ctx), "answers")
	_ = w.Close() // only read
}

func disk(dir string) finding {
	var st unix.Statfs_t
	for unix.Statfs(dir, &st) != nil && dir != "/" {
		dir = filepath.Dir(dir)
	}
	free := st.Bavail * uint64(st.Bsize) >> 20 //nolint:gosec // a block size
	return finding{What: "disk", OK: free > 1024, Text: fmt.Sprintf("%d MiB are free for the data folder", free)}
}

func ports(ctx context.Context, c process.Config) []finding {
	var out []finding
	for _, a := range []string{c.HTTP, c.HTTPS} {
		if a == "" {
			continue
		}
		var lc net.ListenConfig
		l, err := lc.Listen(ctx, "tcp", a)
		f := finding{What: "port", OK: err == nil, Text: a + " is free"}
		if err != nil {
			f.Text = a + ": " + err.Error()
		} else {
			_ = l.Close() // it was only tried
		}
		out = append(out, f)
	}
	return out
}
