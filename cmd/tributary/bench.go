package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/tributary-cc/tributary/cmd/tributary/bench"
)

func benchCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Annotations: map[string]string{windsUp: "yes"},
		Use:         "bench", Short: "Measure this build on this machine beside a bare pipe; without more, list the benches", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list := map[string]string{}
			for _, c := range cmd.Commands() {
				if !c.Hidden {
					list[c.Name()] = c.Short
				}
			}
			return g.print(cmd.OutOrStdout(), list, func(w io.Writer) {
				for _, c := range cmd.Commands() {
					if !c.Hidden {
						fmt.Fprintf(w, "%-8s %s\n", c.Name(), c.Short)
					}
				}
			})
		},
	}
	cmd.AddCommand(benchChatCommand(g), benchRoutingCommand(g), benchBoardsCommand(g), benchPipeCommand())
	return cmd
}

func benchChatCommand(g *globals) *cobra.Command {
	o := bench.Defaults()
	cmd := &cobra.Command{
		Use: "chat", Short: "Memory, restart, latency and warehouse of many open conversations", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			report, err := bench.Chat(cmd.Context(), o, cmd.ErrOrStderr())
			if report == nil {
				return fmt.Errorf("%w; %w", err, errUsage)
			}
			if g.json {
				e := json.NewEncoder(cmd.OutOrStdout())
				e.SetIndent("", "  ")
				if perr := e.Encode(report); perr != nil {
					return perr
				}
				return err
			}
			report.Print(cmd.OutOrStdout())
			return err
		},
	}
	f := cmd.Flags()
	f.IntVar(&o.Conversations, "conversations", o.Conversations, "open conversations")
	f.IntVar(&o.Live, "live", o.Live, "of them with a WebSocket")
	f.Float64Var(&o.Waiting, "waiting", o.Waiting, "of them waiting, per cent")
	f.IntVar(&o.Agents, "agents", o.Agents, "agents who share the others")
	f.IntSliceVar(&o.Rates, "rates", o.Rates, "messages a second")
	f.DurationVar(&o.Time, "time", o.Time, "how long each rate is sent")
	f.IntVar(&o.Rounds, "rounds", o.Rounds, "how often each rate is sent, in turns with the bare pipe")
	f.IntVar(&o.Restarts, "restarts", o.Restarts, "restarts of each kind")
	f.DurationVar(&o.Settle, "settle", o.Settle, "how long the process rests before its memory is read")
	f.BoolVar(&o.KeepEchoes, "keep-echoes", false, "do not acknowledge what the customer wrote, as the widget does")
	f.StringVar(&o.Dir, "dir", "", "folder for the data (default a temporary one)")
	f.BoolVar(&o.Keep, "keep", false, "leave the data there")
	f.BoolVar(&o.Reuse, "reuse", false, "use what an earlier run of the same size kept in --dir")
	f.BoolVar(&o.Profiles, "profiles", false, "write profiles of the process under load into --dir")
	return cmd
}

// benchPipeCommand is the bare pipe, which the bench starts beside the installation.
func benchPipeCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use: "pipe", Short: "The bare pipe", Args: cobra.NoArgs, Hidden: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runPipe(cmd.Context(), dir, cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "folder for its log")
	return cmd
}

func runPipe(ctx context.Context, dir string, w io.Writer) error { return bench.RunPipe(ctx, dir, w) }
