package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/tributary-cc/tributary/cmd/tributary/process"
	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/warehouse"
)

func deadCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "dead", Short: "What could not be processed, and why"}
	cmd.AddCommand(
		&cobra.Command{Use: "list", Short: "List dead letters", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
			return listDead(cmd, g)
		}},
		&cobra.Command{Use: "show PARTITION/OFFSET", Short: "Show one, sealed parts sealed", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
			return showDead(cmd, g, args[0])
		}},
		&cobra.Command{Use: "retry PARTITION/OFFSET", Short: "Put one back into the inbox it came from", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
			return retryDead(cmd, g, args[0])
		}},
	)
	return cmd
}

// letter is a dead letter as it is printed.
type letter struct {
	At        string          `json:"at"`
	Topic     string          `json:"topic"`
	Partition int32           `json:"partition"`
	Offset    int64           `json:"offset"`
	Kind      string          `json:"kind"`
	Reason    string          `json:"reason"`
	Record    json.RawMessage `json:"record,omitempty"`
}

func letterOf(at string, d *event.Dead) letter {
	return letter{At: at, Topic: d.GetTopic(), Partition: d.GetPartition(), Offset: d.GetOffset(), Kind: d.GetKind(), Reason: d.GetReason()}
}

func listDead(cmd *cobra.Command, g *globals) error {
	all := []letter{}
	if err := eachDead(cmd, g, func(at string, d *event.Dead) { all = append(all, letterOf(at, d)) }); err != nil {
		return err
	}
	return g.print(cmd.OutOrStdout(), all, func(w io.Writer) {
		for _, l := range all {
			fmt.Fprintf(w, "%-8s %s/%d@%d %s: %s\n", l.At, oneLine(l.Topic), l.Partition, l.Offset, oneLine(l.Kind), oneLine(l.Reason))
		}
		if len(all) == 0 {
			fmt.Fprintln(cmd.ErrOrStderr(), "there is no dead letter")
		}
	})
}

func showDead(cmd *cobra.Command, g *globals, which string) error {
	var found *event.Dead
	if err := eachDead(cmd, g, func(at string, d *event.Dead) {
		if at == which {
			found = d
		}
	}); err != nil {
		return err
	}
	if found == nil {
		return noLetter(which)
	}
	r := &event.Record{Topic: event.Topic(found.GetTopic()), Partition: int(found.GetPartition()), Offset: found.GetOffset(), Value: found.GetRecord()}
	e, bad := event.Unmarshal(r.Value)
	l := letterOf(which, found)
	l.Record = document(r, e, bad)
	return g.print(cmd.OutOrStdout(), l, func(w io.Writer) {
		fmt.Fprintf(w, "%s: %s\n%s\n", oneLine(l.Kind), oneLine(l.Reason), describe(r, false))
	})
}

func noLetter(at string) error {
	return fmt.Errorf("there is no dead letter %s; 'tributary dead list' shows them", at)
}

func eachDead(cmd *cobra.Command, g *globals, visit func(at string, d *event.Dead)) error {
	s, err := g.connect(cmd.Context())
	if err != nil {
		return err
	}
	defer s.Close() //nolint:errcheck // only read
	return s.EachDead(cmd.Context(), func(r event.Record, d *event.Dead) error {
		visit(fmt.Sprintf("%d/%d", r.Partition, r.Offset), d)
		return nil
	})
}

func retryDead(cmd *cobra.Command, g *globals, at string) error {
	s, err := g.connect(cmd.Context())
	if err != nil {
		return err
	}
	defer s.Close() //nolint:errcheck // the append was answered
	found := false
	err = s.EachDead(cmd.Context(), func(r event.Record, d *event.Dead) error {
		if fmt.Sprintf("%d/%d", r.Partition, r.Offset) != at {
			return nil
		}
		found = true
		subject := fmt.Sprintf("%s/%d@%d", d.GetTopic(), d.GetPartition(), d.GetOffset())
		if failed := s.Audit(cmd.Context(), process.TenantOf(d), access.ActionDeadRetry, subject); failed != nil {
			return failed
		}
		return s.Retry(cmd.Context(), d)
	})
	if err == nil && !found {
		return noLetter(at)
	}
	if err != nil {
		return err
	}
	return g.print(cmd.OutOrStdout(), map[string]string{"put_back": at}, func(w io.Writer) { fmt.Fprintln(w, "put back") })
}

func migrateCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "migrate", Short: "Bring the warehouse's tables up to date", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withWarehouse(cmd, g, func(_ *process.Spine, w *warehouse.Warehouse) error {
				a, err := w.Migrate(cmd.Context())
				if err != nil {
					return err
				}
				out := map[string]any{"ran": append([]string{}, a.Ran...), "newer": a.Newer}
				return g.print(cmd.OutOrStdout(), out, func(w io.Writer) { tellMigrated(w, a) })
			})
		},
	}
}

func tellMigrated(w io.Writer, a warehouse.Applied) {
	for _, name := range a.Ran {
		fmt.Fprintln(w, "applied", name)
	}
	if len(a.Ran) == 0 {
		fmt.Fprintln(w, "the tables are up to date, nothing was to be done")
	}
	if a.Newer > 0 {
		fmt.Fprintf(w, "%d migrations of a newer build are there, which this one does not know\n", a.Newer)
	}
}

// verified is what `verify` tells.
type verified struct {
	Cuts   int         `json:"cuts"`
	Rows   int64       `json:"rows"`
	Differ []differing `json:"differ"`
}

// differing is a table whose rows of a cut are not as many as announced.
type differing struct {
	Cut       uint64 `json:"cut"`
	Table     string `json:"table"`
	Announced uint64 `json:"announced"`
	Counted   uint64 `json:"counted"`
}

func verifyCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "verify", Short: "Count every cut of the warehouse against what was announced", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withWarehouse(cmd, g, func(s *process.Spine, w *warehouse.Warehouse) error {
				v := verified{Differ: []differing{}}
				var err error
				if v.Cuts, v.Rows, err = s.InsertedCuts(cmd.Context()); err != nil {
					return err
				}
				bad, err := w.Check(cmd.Context(), 1, 1<<62)
				if err != nil {
					return err
				}
				for _, m := range bad {
					v.Differ = append(v.Differ, differing(m))
				}
				if err := g.print(cmd.OutOrStdout(), v, v.print); err != nil || len(bad) == 0 {
					return err
				}
				return errFound
			})
		},
	}
}

func (v verified) print(w io.Writer) {
	for _, d := range v.Differ {
		fmt.Fprintf(w, "cut %d: %s has %d rows, announced were %d\n", d.Cut, d.Table, d.Counted, d.Announced)
	}
	fmt.Fprintf(w, "%d cuts with %d rows were announced; %d differ\n", v.Cuts, v.Rows, len(v.Differ))
}

func withWarehouse(cmd *cobra.Command, g *globals, do func(*process.Spine, *warehouse.Warehouse) error) error {
	s, err := g.connect(cmd.Context())
	if err != nil {
		return err
	}
	defer s.Close() //nolint:errcheck // only read
	w, err := s.OpenWarehouse()
	if err != nil {
		return err
	}
	defer w.Close() //nolint:errcheck // only read
	return do(s, w)
}
