package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/tributary-cc/tributary/cmd/tributary/process"
	"github.com/tributary-cc/tributary/stream/access"
)

func userCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "user", Short: "Accounts of people"}
	var tenant, agent string
	var roles []string
	add := &cobra.Command{
		Use: "add LOGIN", Short: "Add an account; the password is read from the terminal or from standard input", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withAccounts(cmd, g, func(ctx context.Context, a *access.Accounts, password string) error {
				rs := make([]access.Role, len(roles))
				for i, r := range roles {
					rs[i] = access.Role(r)
				}
				info, err := a.Create(ctx, tenant, args[0], password, agent, rs...)
				if err != nil {
					return err
				}
				return g.print(cmd.OutOrStdout(), map[string]any{"account": info.Account, "roles": info.Roles}, func(w io.Writer) {
					fmt.Fprintf(w, "account %s with %s\n", info.Account, strings.Join(roles, ", "))
				})
			})
		},
	}
	add.Flags().StringSliceVar(&roles, "role", []string{"agent"}, "agent, qa, supervisor, admin")
	add.Flags().StringVar(&agent, "agent", "", "the agent of the configuration that the person works as")
	passwd := &cobra.Command{
		Use: "passwd LOGIN", Short: "Set a password; all sessions of the account end", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withAccounts(cmd, g, func(ctx context.Context, a *access.Accounts, password string) error {
				return a.SetPassword(ctx, tenant, args[0], password)
			})
		},
	}
	for _, c := range []*cobra.Command{add, passwd} {
		c.Flags().StringVar(&tenant, "tenant", "main", "the tenant")
	}
	cmd.AddCommand(add, passwd)
	return cmd
}

func withAccounts(cmd *cobra.Command, g *globals, do func(context.Context, *access.Accounts, string) error) error {
	password, err := readPassword(cmd)
	if err != nil {
		return err
	}
	c, err := g.read()
	if err != nil {
		return err
	}
	s, err := process.OpenStores(c, slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil)))
	if err != nil {
		return err
	}
	defer s.Close() //nolint:errcheck // puts were answered
	return do(cmd.Context(), s.Accounts, password)
}

// readPassword asks at a terminal, without echo, or reads one line.
func readPassword(cmd *cobra.Command) (string, error) {
	if fd := int(os.Stdin.Fd()); term.IsTerminal(fd) {
		fmt.Fprint(cmd.ErrOrStderr(), "password: ")
		b, err := term.ReadPassword(fd)
		fmt.Fprintln(cmd.ErrOrStderr())
		return string(b), err
	}
	b, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), 1024))
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(string(b), "\n")
	if line == "" {
		return "", errors.New("no password on standard input")
	}
	return line, nil
}
