package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/tributary-cc/tributary/cmd/tributary/process"
	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/warehouse"
)

var errEnough = errors.New("read to the end")

func tailCommand(g *globals) *cobra.Command {
	var topic string
	var from int64
	var follow bool
	cmd := &cobra.Command{
		Use: "tail", Short: "Print events as people read them; what is sealed stays sealed", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := g.connect(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close() //nolint:errcheck // only read
			return tail(cmd.Context(), g, cmd.OutOrStdout(), s, event.Topic(topic), from, follow)
		},
	}
	cmd.Flags().StringVar(&topic, "topic", string(event.TopicConversationFacts), "the topic")
	cmd.Flags().Int64Var(&from, "from", -20, "offset to begin at in each partition; negative counts back from the end")
	cmd.Flags().BoolVar(&follow, "follow", false, "go on with what comes")
	return cmd
}

func tail(ctx context.Context, g *globals, w io.Writer, s *process.Spine, topic event.Topic, from int64, follow bool) error {
	lines := make(chan string)
	n := s.Log.Partitions(topic)
	done := make(chan error, n)
	for p := range n {
		go func() { done <- tailPartition(ctx, g, s, topic, p, from, follow, lines) }()
	}
	for n > 0 {
		select {
		case l := <-lines:
			fmt.Fprintln(w, l)
		case err := <-done:
			n--
			if err != nil && !errors.Is(err, errEnough) && ctx.Err() == nil {
				return err
			}
		}
	}
	return nil
}

func tailPartition(ctx context.Context, g *globals, s *process.Spine, topic event.Topic, p int, from int64, follow bool, lines chan<- string) error {
	first, end, err := s.Log.Bounds(ctx, topic, p)
	if err != nil {
		return err
	}
	if from < 0 {
		from = end + from
	}
	from = max(from, first)
	if from >= end && !follow {
		return nil
	}
	return s.Log.Read(ctx, topic, p, from, func(batch []event.Record, _ int64) error {
		for i := range batch {
			select {
			case lines <- describe(&batch[i], g.json):
			case <-ctx.Done():
				return ctx.Err()
			}
			if batch[i].Offset+1 >= end && !follow {
				return errEnough
			}
		}
		return nil
	})
}

// describe prints one record on one line.
func describe(r *event.Record, asJSON bool) string {
	e, err := event.Unmarshal(r.Value)
	if err != nil {
		return fmt.Sprintf("%s/%d@%d undecodable: %v", r.Topic, r.Partition, r.Offset, err)
	}
	e.Sealed = nil
	body, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(e)
	if err != nil {
		return err.Error()
	}
	if asJSON {
		b, err := json.Marshal(map[string]any{"topic": r.Topic, "partition": r.Partition, "offset": r.Offset, "event": json.RawMessage(body)})
		if err != nil {
			return err.Error()
		}
		return string(b)
	}
	kind, text := bodyOf(e)
	at := time.UnixMilli(e.GetAtMs()).Format("15:04:05.000")
	return fmt.Sprintf("%s %s/%d@%d %-20s %s %s", at, r.Topic, r.Partition, r.Offset, kind, e.GetKey(), text)
}

func bodyOf(e *event.Event) (kind, text string) {
	m := e.ProtoReflect()
	f := m.WhichOneof(m.Descriptor().Oneofs().ByName("body"))
	if f == nil {
		return "none", ""
	}
	b, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(m.Get(f).Message().Interface())
	if err != nil {
		return string(f.Name()), err.Error()
	}
	return string(f.Name()), string(b)
}

func deadCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "dead", Short: "What could not be processed, and why"}
	cmd.AddCommand(
		&cobra.Command{Use: "list", Short: "List dead letters", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
			return eachDead(cmd, g, func(w io.Writer, at string, d *event.Dead) error {
				return g.print(w, map[string]any{"at": at, "topic": d.GetTopic(), "partition": d.GetPartition(), "offset": d.GetOffset(), "kind": d.GetKind(), "reason": d.GetReason()}, func(w io.Writer) {
					fmt.Fprintf(w, "%-8s %s/%d@%d %s: %s\n", at, d.GetTopic(), d.GetPartition(), d.GetOffset(), d.GetKind(), d.GetReason())
				})
			})
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

func showDead(cmd *cobra.Command, g *globals, which string) error {
	found := false
	err := eachDead(cmd, g, func(w io.Writer, at string, d *event.Dead) error {
		if at != which {
			return nil
		}
		found = true
		record := describe(&event.Record{Topic: event.Topic(d.GetTopic()), Partition: int(d.GetPartition()), Offset: d.GetOffset(), Value: d.GetRecord()}, g.json)
		if !g.json {
			fmt.Fprintf(w, "%s: %s\n", d.GetKind(), d.GetReason())
		}
		fmt.Fprintln(w, record)
		return nil
	})
	if err == nil && !found {
		return noLetter(which)
	}
	return err
}

func noLetter(at string) error {
	return fmt.Errorf("there is no dead letter %s; 'tributary dead list' shows them", at)
}

func eachDead(cmd *cobra.Command, g *globals, visit func(w io.Writer, at string, d *event.Dead) error) error {
	s, err := g.connect(cmd.Context())
	if err != nil {
		return err
	}
	defer s.Close() //nolint:errcheck // only read
	return s.EachDead(cmd.Context(), func(r event.Record, d *event.Dead) error {
		return visit(cmd.OutOrStdout(), fmt.Sprintf("%d/%d", r.Partition, r.Offset), d)
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
	if err == nil {
		fmt.Fprintln(cmd.OutOrStdout(), "put back")
	}
	return err
}

func migrateCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "migrate", Short: "Bring the warehouse's tables up to date", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withWarehouse(cmd, g, func(w *warehouse.Warehouse) error {
				a, err := w.Migrate(cmd.Context())
				if err != nil {
					return err
				}
				return g.print(cmd.OutOrStdout(), a, func(w io.Writer) { fmt.Fprintf(w, "%+v\n", a) })
			})
		},
	}
}

func verifyCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "verify", Short: "Count every cut of the warehouse against what was announced", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withWarehouse(cmd, g, func(w *warehouse.Warehouse) error {
				bad, err := w.Check(cmd.Context(), 1, 1<<62)
				if err != nil {
					return err
				}
				if err := g.print(cmd.OutOrStdout(), bad, func(w io.Writer) {
					fmt.Fprintln(w, strconv.Itoa(len(bad))+" cuts differ from what was announced")
				}); err != nil || len(bad) == 0 {
					return err
				}
				return errFound
			})
		},
	}
}

func withWarehouse(cmd *cobra.Command, g *globals, do func(*warehouse.Warehouse) error) error {
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
	return do(w)
}
