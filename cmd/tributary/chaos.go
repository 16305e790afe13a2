package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/tributary-cc/tributary/cmd/tributary/bench/naive"
	"github.com/tributary-cc/tributary/cmd/tributary/chaos"
)

func chaosCommand(g *globals) *cobra.Command {
	o := chaos.Default()
	cmd := &cobra.Command{
		Annotations: map[string]string{windsUp: "yes"},
		Use:         "chaos", Short: "Kill and freeze it under load, then check a ledger kept outside of it", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if o.Binary, err = os.Executable(); err != nil {
				return err
			}
			o.Folder, o.Log = g.data, cmd.ErrOrStderr()
			r, err := chaos.Run(cmd.Context(), o)
			return tellChaos(cmd, g, r, err)
		},
	}
	cmd.Flags().IntVar(&o.Kills, "kills", o.Kills, "how many kills and freezes")
	chaosFlags(cmd, &o)
	f := cmd.Flags()
	f.BoolVar(&o.Naive, "naive", o.Naive, "have a naive consumer get the same blows, to see what they do to it")
	cmd.AddCommand(chaosNaiveCommand(), chaosFailoverCommand(g))
	return cmd
}

func chaosFlags(cmd *cobra.Command, o *chaos.Options) {
	f := cmd.Flags()
	f.Uint64Var(&o.Seed, "seed", o.Seed, "decides the schedule, the texts and what people do")
	f.IntVar(&o.Customers, "customers", o.Customers, "how many customers chat at the same time")
	f.IntVar(&o.Agents, "agents", o.Agents, "how many agents answer")
	f.IntVar(&o.Plant, "plant", o.Plant, "how many pieces of personal data customers say")
}

// tellChaos prints a report; faults found end the command with 3.
func tellChaos(cmd *cobra.Command, g *globals, r *chaos.Report, err error) error {
	if err != nil {
		return err
	}
	if err := g.print(cmd.OutOrStdout(), r, r.Print); err != nil {
		return err
	}
	if !r.OK() {
		fmt.Fprintf(cmd.ErrOrStderr(), "chaos found faults; try again with --seed %d\n", r.Seed)
		return errFound
	}
	return nil
}

func chaosFailoverCommand(g *globals) *cobra.Command {
	o := chaos.DefaultFailover()
	cmd := &cobra.Command{
		Use: "failover", Short: "Kill and freeze either of two processes behind a balancer, and measure until screens go on (needs haproxy)", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if o.Binary, err = os.Executable(); err != nil {
				return err
			}
			o.Folder, o.Log = g.data, cmd.ErrOrStderr()
			r, err := chaos.RunFailover(cmd.Context(), o)
			return tellChaos(cmd, g, r, err)
		},
	}
	cmd.Flags().IntVar(&o.Kills, "times", o.Kills, "how many kills and freezes")
	chaosFlags(cmd, &o)
	return cmd
}

// chaosNaiveCommand is the naive consumer, which chaos starts beside the product.
func chaosNaiveCommand() *cobra.Command {
	var broker string
	cmd := &cobra.Command{
		Use: "naive", Short: "The naive consumer", Args: cobra.NoArgs, Hidden: true,
		RunE: func(cmd *cobra.Command, _ []string) error { return naive.Consume(cmd.Context(), broker) },
	}
	cmd.Flags().StringVar(&broker, "broker", "", "the broker")
	return cmd
}
