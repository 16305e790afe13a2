package main

import (
	"bufio"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/tributary-cc/tributary/cmd/tributary/process"
)

func keyCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "key", Short: "The master key"}
	cmd.AddCommand(rotateCommand(g))
	return cmd
}

func rotateCommand(g *globals) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "rotate", Short: "Make a new master key and wrap every key by it; every process must be stopped", Args: cobra.NoArgs,
		Long: "Make a new master key and wrap every key and account by it. Every process of the installation must be stopped, on every machine. What was\n" +
			"sealed stays as it is and is read by the new key. Cut off, it goes on where it was when called again; until it is done no process starts.\n" +
			"The old file is kept beside the new one. People and programs log in again; addresses and visitors of a chat stay who they are: the keyed\n" +
			"hashes by which they are found are taken over, as addresses are kept nowhere to be hashed anew.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := g.read()
			if err != nil {
				return err
			}
			if !yes {
				in := bufio.NewReader(io.LimitReader(cmd.InOrStdin(), 4096))
				if err = confirm(cmd, in, "Every process of this installation, on every machine, is stopped?"); err != nil {
					return err
				}
			}
			say := progress(cmd.ErrOrStderr(), "keys")
			r, err := process.RotateMasterKey(cmd.Context(), c, func(done, all int) { say(int64(done), int64(all)) })
			if err != nil {
				return err
			}
			return g.print(cmd.OutOrStdout(), r, func(w io.Writer) {
				fmt.Fprintf(w, "%d of %d keys and %d of %d accounts were moved, the rest before\n", r.Wrapped, r.Keys, r.Sealed, r.Accounts)
				fmt.Fprintf(w, "the new master key is %s: back it up, and copy it to every machine of the installation before a process starts\n", r.New)
				fmt.Fprintf(w, "the old one is %s: it opens back-ups made before today, and nothing else; move it away\n", r.Old)
			})
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask whether every process is stopped")
	return cmd
}
