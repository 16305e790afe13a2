package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/tributary-cc/tributary/cmd/tributary/process"
	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/engine/checkpoint"
	"github.com/tributary-cc/tributary/stream/engine/replay"
	"github.com/tributary-cc/tributary/stream/event"
)

// replaying is which partitions a command folds once more.
type replaying struct {
	processor  string
	partition  int
	checkpoint bool
}

func (r *replaying) flags(cmd *cobra.Command, processor string) {
	cmd.Flags().StringVar(&r.processor, "processor", processor, "the fold; empty for all")
	cmd.Flags().IntVar(&r.partition, "partition", -1, "the inbox partition; -1 for all")
}

// each calls do for every partition asked for.
func (r *replaying) each(cmd *cobra.Command, g *globals, do func(s *process.Spine, p replay.Config) error) error {
	s, err := g.connect(cmd.Context())
	if err != nil {
		return err
	}
	defer s.Close() //nolint:errcheck // appends were answered
	build, err := process.Build()
	if err != nil {
		return err
	}
	var names []string
	found := false
	for _, proc := range process.Processors() {
		names = append(names, proc.Name)
		if r.processor != "" && r.processor != proc.Name {
			continue
		}
		n := 1
		if !proc.Inbox.Single() {
			n = s.Log.Partitions(proc.Inbox)
		}
		for partition := range n {
			if r.partition >= 0 && r.partition != partition {
				continue
			}
			found = true
			p := replay.Config{Log: s.Log, Store: s.Objects, Processor: proc, Partition: partition, Build: build}
			if r.checkpoint {
				all, err := checkpoint.Open(s.Objects, proc.Name, partition).Names(cmd.Context())
				if err != nil {
					return err
				}
				if len(all) > 0 {
					p.Checkpoint = all[0]
				}
			}
			if err := do(s, p); err != nil {
				return err
			}
		}
	}
	if !found {
		return fmt.Errorf("there is no such fold or partition; the folds are %s; %w", strings.Join(names, ", "), errUsage)
	}
	return nil
}

// progress says at most once in two seconds how far a long piece of work is.
func progress(w io.Writer, what string) func(next, end int64) {
	var mu sync.Mutex
	last := time.Now()
	return func(next, end int64) {
		mu.Lock()
		defer mu.Unlock()
		if time.Since(last) > 2*time.Second && end > 0 {
			last = time.Now()
			fmt.Fprintf(w, "%s: %d of %d records\n", what, next, end)
		}
	}
}

func replayCommand(g *globals) *cobra.Command {
	var r replaying
	cmd := &cobra.Command{
		Use: "replay", Short: "Fold the log once more and compare every output, byte for byte", Args: cobra.NoArgs,
		Long: "Fold inboxes once more, from their first record or from the oldest checkpoint kept, and compare every output with what stands in the log.\nSpans that another build folded come out as differences of that build: what trying a new build is.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			reports := []*replay.Report{}
			err := r.each(cmd, g, func(_ *process.Spine, p replay.Config) error {
				p.Progress = progress(cmd.ErrOrStderr(), fmt.Sprintf("%s/%d", p.Processor.Name, p.Partition))
				report, err := replay.Compare(cmd.Context(), p)
				if err != nil {
					return err
				}
				reports = append(reports, report)
				return nil
			})
			if err != nil {
				return err
			}
			bad := int64(0)
			for _, x := range reports {
				bad += x.Differences
			}
			if err := g.print(cmd.OutOrStdout(), reports, func(w io.Writer) { printReplay(w, reports) }); err != nil {
				return err
			}
			if bad > 0 {
				return errFound
			}
			return nil
		},
	}
	r.flags(cmd, "")
	cmd.Flags().BoolVar(&r.checkpoint, "checkpoint", false, "begin at the oldest checkpoint kept instead of the first record")
	return cmd
}

func printReplay(w io.Writer, reports []*replay.Report) {
	var records, equal int64
	for _, x := range reports {
		records, equal = records+x.Records, equal+x.Equal
		fmt.Fprintf(w, "%-12s %d  %9d records  %9d outputs equal", x.Processor, x.Partition, x.Records, x.Equal)
		if x.Pending > 0 {
			fmt.Fprintf(w, ", %d not yet in the log", x.Pending)
		}
		if x.Foreign > 0 {
			fmt.Fprintf(w, ", %d decided otherwise by another build, first %s", x.Foreign, x.FirstOther)
		}
		if x.Differences > 0 {
			fmt.Fprintf(w, ", %d DIFFERENT, first %s", x.Differences, x.First)
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "%d records folded once more, %d outputs byte for byte\n", records, equal)
}

func engineCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "engine", Short: "Look into the engine and repair it"}
	cmd.AddCommand(epochsCommand(g), resendCommand(g), skipCommand(g))
	return cmd
}

func epochsCommand(g *globals) *cobra.Command {
	var r replaying
	cmd := &cobra.Command{
		Use: "epochs", Short: "List the epochs of inboxes: where each begins, whose build folds it, and why", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := []inboxEpochs{}
			if err := r.each(cmd, g, func(s *process.Spine, p replay.Config) error {
				all, err := engine.Epochs(cmd.Context(), s.Log, p.Processor.Inbox, p.Partition)
				in := inboxEpochs{p.Processor.Name, p.Partition, []inboxEpoch{}}
				for _, e := range all {
					in.Epochs = append(in.Epochs, epochOf(e))
				}
				out = append(out, in)
				return err
			}); err != nil {
				return err
			}
			return g.print(cmd.OutOrStdout(), out, func(w io.Writer) {
				for _, in := range out {
					for _, e := range in.Epochs {
						fmt.Fprintf(w, "%-12s %d  epoch %d from offset %d, build %s, %s\n", in.Processor, in.Partition, e.Number, e.Offset, e.Build, e.Reason)
					}
				}
			})
		},
	}
	r.flags(cmd, "")
	return cmd
}

type inboxEpochs struct {
	Processor string       `json:"processor"`
	Partition int          `json:"partition"`
	Epochs    []inboxEpoch `json:"epochs"`
}

// inboxEpoch is an epoch as it is printed.
type inboxEpoch struct {
	Number uint64 `json:"number"`
	Offset int64  `json:"offset"`
	Build  string `json:"build"`
	Reason string `json:"reason"`
}

func epochOf(e engine.EpochAt) inboxEpoch {
	return inboxEpoch{e.Epoch.GetNumber(), e.Offset, e.Epoch.GetBuild(), e.Epoch.GetReason()}
}

// resent is what was sent again of one inbox.
type resent struct {
	Processor string `json:"processor"`
	Partition int    `json:"partition"`
	*replay.Resent
}

func resendCommand(g *globals) *cobra.Command {
	r := replaying{checkpoint: true}
	cmd := &cobra.Command{
		Use: "resend", Short: "Emit outputs again from the oldest checkpoint kept; readers drop what they have and take what they miss", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := []resent{}
			failed := r.each(cmd, g, func(s *process.Spine, p replay.Config) error {
				place := fmt.Sprintf("%s/%d", p.Processor.Name, p.Partition)
				p.Progress = progress(cmd.ErrOrStderr(), place)
				if err := s.Audit(cmd.Context(), process.InstallationTenant, access.ActionEngineResend, place); err != nil {
					return err
				}
				report, err := replay.Resend(cmd.Context(), p, func(event.Topic, int) bool { return true })
				if report != nil {
					out = append(out, resent{p.Processor.Name, p.Partition, report})
				}
				return err
			})
			err := g.print(cmd.OutOrStdout(), out, func(w io.Writer) {
				for _, r := range out {
					fmt.Fprintf(w, "%-12s %d  offsets %d to %d folded once more, %d outputs sent again", r.Processor, r.Partition, r.From, r.To, r.Outputs)
					if r.Foreign > 0 {
						fmt.Fprintf(w, ", %d not, as another build decided them", r.Foreign)
					}
					fmt.Fprintln(w)
				}
			})
			return errors.Join(failed, err) // what was sent again before is told too
		},
	}
	r.flags(cmd, "conversation")
	return cmd
}

func skipCommand(g *globals) *cobra.Command {
	var r replaying
	var offset int64
	var yes bool
	cmd := &cobra.Command{
		Use: "skip", Short: "Begin an epoch that leaves out one record for good, for one that kills the process", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if r.partition < 0 || r.processor == "" {
				return fmt.Errorf("--processor, --partition and --offset name the record; %w", errUsage)
			}
			in := bufio.NewReader(io.LimitReader(cmd.InOrStdin(), 4096))
			return r.each(cmd, g, func(s *process.Spine, p replay.Config) error {
				place := fmt.Sprintf("%s/%d@%d", p.Processor.Name, p.Partition, offset)
				if !yes {
					if err := confirm(cmd, in, fmt.Sprintf("The record %s is left out for good: what it says never happened.", place)); err != nil {
						return err
					}
				}
				if err := s.Audit(cmd.Context(), process.InstallationTenant, access.ActionEngineSkip, place); err != nil {
					return err
				}
				e, err := replay.Skip(cmd.Context(), p, offset)
				if err != nil {
					return err
				}
				return g.print(cmd.OutOrStdout(), epochOf(e), func(w io.Writer) {
					fmt.Fprintf(w, "epoch %d at offset %d leaves out offset %d\n", e.Epoch.GetNumber(), e.Offset, offset)
				})
			})
		},
	}
	r.flags(cmd, "")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cmd.Flags().Int64Var(&offset, "offset", -1, "the record's offset in the inbox")
	_ = cmd.MarkFlagRequired("offset")
	return cmd
}
