package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/tributary-cc/tributary/cmd/tributary/bench"
)

func benchBoardsCommand(g *globals) *cobra.Command {
	o := bench.BoardsDefaults()
	cmd := &cobra.Command{
		Use: "boards", Short: "What supervisors wait for at their boards over many contacts, and how late the live one is", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			report, err := bench.Boards(cmd.Context(), o, cmd.ErrOrStderr())
			if report == nil {
				return fmt.Errorf("%w; %w", err, errUsage)
			}
			if perr := g.print(cmd.OutOrStdout(), report, func(w io.Writer) { report.Print(w) }); perr != nil {
				return perr
			}
			return err
		},
	}
	f := cmd.Flags()
	f.IntVar(&o.Contacts, "contacts", o.Contacts, "contacts in ClickHouse")
	f.IntVar(&o.Days, "days", o.Days, "days they are spread over")
	f.IntVar(&o.Viewers, "viewers", o.Viewers, "people who look at both boards")
	f.DurationVar(&o.Every, "every", o.Every, "how often each asks anew")
	f.DurationVar(&o.Time, "time", o.Time, "how long they look at each time range")
	f.IntVar(&o.Rate, "rate", o.Rate, "events a second that the live board tells of")
	f.StringVar(&o.Dir, "dir", "", "folder for the data (default a temporary one)")
	return cmd
}
