package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/tributary-cc/tributary/cmd/tributary/process"
	"github.com/tributary-cc/tributary/stream/embedded"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/privacy"
)

// finding is one line of the doctor's.
type finding struct {
	What string `json:"what"`
	OK   bool   `json:"ok"`
	Text string `json:"text"`
}

func doctorCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "Say which ports are used, where data and the master key are, how to back them up, and what is wrong", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := g.read()
			if err != nil {
				return err
			}
			found := examine(cmd.Context(), c)
			if err := g.print(cmd.OutOrStdout(), found, func(w io.Writer) {
				for _, f := range found {
					mark := "ok  "
					if !f.OK {
						mark = "!!  "
					}
					fmt.Fprintf(w, "%s%-14s %s\n", mark, f.What, f.Text)
				}
			}); err != nil {
				return err
			}
			for _, f := range found {
				if !f.OK {
					return errFound
				}
			}
			return nil
		},
	}
}

func examine(ctx context.Context, c process.Config) []finding {
	var out []finding
	add := func(what string, err error, format string, args ...any) {
		f := finding{what, err == nil, fmt.Sprintf(format, args...)}
		if err != nil {
			f.Text += ": " + err.Error()
		}
		out = append(out, f)
	}
	abs, err := filepath.Abs(c.Data)
	add("data", err, "%s holds everything of this machine", abs)
	add("configuration", c.Validate(), "roles %v, %d partitions", c.Roles, c.Partitions)
	info, err := os.Stat(c.MasterKeyFile())
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		err = fmt.Errorf("its mode is %o; make it 600", info.Mode().Perm())
	}
	add("master key", err, "%s; without it nobody can read what was said; `tributary key rotate` makes a new one when it may have been seen", c.MasterKeyFile())
	if _, begun := os.Stat(c.MasterKeyFile() + ".next"); begun == nil {
		add("rotation", privacy.ErrRotating, "no process starts until `tributary key rotate` is called again")
	}
	add("back-up", nil, "copy the master key to a safe place once; copy %s while the process is stopped, or from a snapshot of the file system: log, objects and master key together are everything, ClickHouse can be rebuilt from them", abs)
	out = append(out, disk(abs))
	lib, err := embedded.FindLibrary(c.ClickHouse.Library)
	if c.ClickHouse.DSNFile == "" {
		add("ClickHouse", err, "the embedded engine is %s", lib)
	}
	if len(c.Kafka.Brokers) == 0 {
		run, away := process.Running(ctx, c.Data)
		if away != nil {
			add("process", nil, "%v; it would listen on HTTP %q and HTTPS %q", away, c.HTTP, c.HTTPS)
			return append(out, ports(ctx, c)...)
		}
		add("process", nil, "%d runs at %s, its broker at %s", run.PID, run.URL, run.Broker)
	}
	s, err := process.Connect(ctx, c, slog.New(slog.DiscardHandler))
	if err != nil {
		add("log", err, "cannot be reached")
		return out
	}
	defer s.Close() //nolint:errcheck // only read
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	add("log", s.Log.EnsureTopics(ctx), "%d topics with the right partitions and settings", len(event.Topics()))
	dead := 0
	err = s.EachDead(ctx, func(event.Record, *event.Dead) error { dead++; return nil })
	add("dead", err, "%d dead letters", dead)
	if w, err := s.OpenWarehouse(); err != nil {
		add("warehouse", err, "cannot be reached")
	} else {
		add("warehouse", w.Ping(ctx), "answers")
		_ = w.Close() // only read
	}
	return out
}

func disk(dir string) finding {
	var st unix.Statfs_t
	for unix.Statfs(dir, &st) != nil && dir != "/" {
		dir = filepath.Dir(dir)
	}
	free := st.Bavail * uint64(st.Bsize) >> 20 //nolint:gosec // a block size
	return finding{"disk", free > 1024, fmt.Sprintf("%d MiB are free for the data folder", free)}
}

func ports(ctx context.Context, c process.Config) []finding {
	var out []finding
	for _, a := range []string{c.HTTP, c.HTTPS} {
		if a == "" {
			continue
		}
		var lc net.ListenConfig
		l, err := lc.Listen(ctx, "tcp", a)
		f := finding{"port", err == nil, a + " is free"}
		if err != nil {
			f.Text = a + ": " + err.Error()
		} else {
			_ = l.Close() // it was only tried
		}
		out = append(out, f)
	}
	return out
}
