package main

import (
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/tributary-cc/tributary/cmd/tributary/bench/match"
)

func benchRoutingCommand(g *globals) *cobra.Command {
	o := match.Defaults()
	cmd := &cobra.Command{
		Use: "routing", Short: "Decisions a second of routing, beside a linear scan and Redis sorted sets", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			report, err := match.Run(cmd.Context(), o)
			if err != nil {
				return err
			}
			if g.json {
				e := json.NewEncoder(cmd.OutOrStdout())
				e.SetIndent("", "  ")
				return e.Encode(report)
			}
			report.Print(cmd.OutOrStdout())
			return nil
		},
	}
	f := cmd.Flags()
	f.IntVar(&o.Agents, "agents", o.Agents, "agents, each with a level in each skill")
	f.IntVar(&o.Skills, "skills", o.Skills, "skills")
	f.IntVar(&o.Waiting, "waiting", o.Waiting, "contacts that wait all the time")
	f.IntVar(&o.Queues, "queues", o.Queues, "queues, of which each agent serves two")
	f.IntVar(&o.Needs, "needs", o.Needs, "intents, each with a need of one to three skills")
	f.IntVar(&o.Decisions, "decisions", o.Decisions, "decisions to measure")
	return cmd
}
