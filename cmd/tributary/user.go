package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/tributary-cc/tributary/cmd/tributary/process"
	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/event"
)

// users are the commands for accounts of one tenant.
type users struct {
	g      *globals
	tenant string
}

func userCommand(g *globals) *cobra.Command {
	u := &users{g: g}
	cmd := &cobra.Command{Use: "user", Short: "Accounts of people and programs; every change is audited; sessions it ends are refused within a second, and their open pages close"}
	cmd.PersistentFlags().StringVar(&u.tenant, "tenant", "main", "the tenant")
	cmd.AddCommand(
		u.add(), u.list(), u.roles(), u.token(),
		u.change("passwd", "Set a password", true, func(ctx context.Context, a *access.Accounts, login, password string) error {
			return a.SetPassword(ctx, u.tenant, login, password)
		}),
		u.change("disable", "Close an account; it stays in the audit and can be opened again", false, func(ctx context.Context, a *access.Accounts, login, _ string) error {
			return a.Disable(ctx, u.tenant, login, true)
		}),
		u.change("enable", "Open an account again", false, func(ctx context.Context, a *access.Accounts, login, _ string) error {
			return a.Disable(ctx, u.tenant, login, false)
		}),
		u.change("logout", "End all sessions and service tokens of an account", false, func(ctx context.Context, a *access.Accounts, login, _ string) error {
			return a.EndSessions(ctx, u.tenant, login)
		}),
	)
	return cmd
}

func roleFlag(cmd *cobra.Command, roles *[]string, by []string) {
	cmd.Flags().StringSliceVar(roles, "role", by, "agent, qa, supervisor, admin; or for a program dashboards (Grafana)")
}

func teamFlag(cmd *cobra.Command, teams *[]string) {
	cmd.Flags().StringSliceVar(teams, "team", nil, "whose work the account's boards show: these teams' agents, and the queues they serve (default the whole tenant)")
}

// teamsOf refuses what a variable that is not set makes of the flag: it would show the whole tenant.
func teamsOf(cmd *cobra.Command, teams []string) ([]string, error) {
	if cmd.Flags().Changed("team") && len(teams) == 0 {
		return nil, fmt.Errorf("--team names no team; leave it out for the whole tenant, or give --every-team to `user roles`; %w", errUsage)
	}
	return teams, nil
}

func rolesOf(texts []string) []access.Role {
	roles := make([]access.Role, len(texts))
	for i, t := range texts {
		roles[i] = access.Role(t)
	}
	return roles
}

func (u *users) add() *cobra.Command {
	var agent string
	var roles, teams []string
	cmd := &cobra.Command{
		Use: "add LOGIN", Short: "Add an account; the password is read from the terminal or from standard input, a program has none", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			bounds, err := teamsOf(cmd, teams)
			if err != nil {
				return err
			}
			return u.with(cmd, !access.Program(rolesOf(roles)), func(ctx context.Context, s *process.Spine, password string) error {
				info, err := s.Accounts.Add(ctx, u.tenant, access.NewAccount{Login: args[0], Password: password, AgentID: agent, Roles: rolesOf(roles), Teams: bounds})
				if err != nil {
					return u.who(args[0], err)
				}
				if err := u.unknown(ctx, s, agent, cmd.ErrOrStderr()); err != nil {
					return err
				}
				return u.g.print(cmd.OutOrStdout(), map[string]any{"account": info.Account, "roles": info.Roles}, func(w io.Writer) {
					fmt.Fprintf(w, "account %s with %s\n", info.Account, strings.Join(roles, ", "))
				})
			})
		},
	}
	roleFlag(cmd, &roles, []string{"agent"})
	teamFlag(cmd, &teams)
	cmd.Flags().StringVar(&agent, "agent", "", "the agent of the configuration that the person works as")
	return cmd
}

// line is an account as it is printed.
type line struct {
	Login    string        `json:"login"`
	Account  string        `json:"account"`
	Agent    string        `json:"agent,omitempty"`
	Roles    []access.Role `json:"roles"`
	Teams    []string      `json:"teams,omitempty"`
	Disabled bool          `json:"disabled"`
	Password bool          `json:"password"`
}

func (u *users) list() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the accounts of a tenant", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := u.g.read()
			if err != nil {
				return err
			}
			s, err := process.OpenStores(cmd.Context(), c, slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil)))
			if err != nil {
				return err
			}
			defer s.Close() //nolint:errcheck // only read
			all, err := s.Accounts.List(cmd.Context(), u.tenant)
			if err != nil {
				return err
			}
			lines := make([]line, len(all))
			for i, x := range all {
				lines[i] = line{x.Login, x.Account, x.AgentID, x.Roles, x.Teams, x.Disabled, x.HasPassword}
			}
			return u.g.print(cmd.OutOrStdout(), lines, func(w io.Writer) {
				for _, l := range lines {
					fmt.Fprintf(w, "%-20s %s  %v%s\n", oneLine(l.Login), l.Account, l.Roles, l.remarks())
				}
			})
		},
	}
}

func (l line) remarks() string {
	out := ""
	if l.Agent != "" {
		out += "  works as " + oneLine(l.Agent)
	}
	if len(l.Teams) > 0 {
		out += "  sees " + strings.Join(l.Teams, ", ")
	}
	if l.Disabled {
		out += "  disabled"
	}
	if !l.Password && !access.Program(l.Roles) {
		out += "  has no password yet"
	}
	return out
}

func (u *users) roles() *cobra.Command {
	var roles, teams []string
	var every bool
	cmd := &cobra.Command{
		Use: "roles LOGIN [--role ROLE…] [--team TEAM… | --every-team]", Short: "Set what an account may do, and whose work its boards show; its sessions end", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			bounds, err := teamsOf(cmd, teams)
			if err != nil {
				return err
			}
			return u.with(cmd, false, func(ctx context.Context, s *process.Spine, _ string) error {
				var change access.Change
				if wished := rolesOf(roles); len(wished) > 0 {
					change.Roles = &wished
				}
				if len(bounds) > 0 || every {
					change.Teams = &bounds
				}
				_, err := s.Accounts.Change(ctx, u.tenant, args[0], change)
				return u.who(args[0], err)
			})
		},
	}
	roleFlag(cmd, &roles, nil)
	teamFlag(cmd, &teams)
	cmd.Flags().BoolVar(&every, "every-team", false, "the boards show the whole tenant again")
	cmd.MarkFlagsOneRequired("role", "team", "every-team")
	cmd.MarkFlagsMutuallyExclusive("team", "every-team")
	return cmd
}

func (u *users) token() *cobra.Command {
	var life time.Duration
	cmd := &cobra.Command{
		Use: "token LOGIN", Short: "Make and print a token for a program whose account has the role dashboards", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return u.with(cmd, false, func(ctx context.Context, s *process.Spine, _ string) error {
				token, err := s.Accounts.ServiceToken(ctx, u.tenant, args[0], life)
				if err != nil {
					return u.who(args[0], err)
				}
				return u.g.print(cmd.OutOrStdout(), map[string]string{"token": token}, func(w io.Writer) { fmt.Fprintln(w, token) })
			})
		},
	}
	cmd.Flags().DurationVar(&life, "life", 365*24*time.Hour, "how long it is good; `tributary user logout` ends it before")
	return cmd
}

func (u *users) change(verb, short string, password bool, do func(ctx context.Context, a *access.Accounts, login, password string) error) *cobra.Command {
	return &cobra.Command{
		Use: verb + " LOGIN", Short: short + "; its sessions end", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return u.with(cmd, password, func(ctx context.Context, s *process.Spine, password string) error {
				return u.who(args[0], do(ctx, s.Accounts, args[0], password))
			})
		},
	}
}

// with opens the accounts for the operator, and reads a password first where one is needed.
func (u *users) with(cmd *cobra.Command, password bool, do func(context.Context, *process.Spine, string) error) error {
	secret := ""
	if password {
		var err error
		if secret, err = readPassword(cmd); err != nil {
			return err
		}
	}
	s, err := u.g.connectOrStores(cmd.Context(), cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	defer s.Close() //nolint:errcheck // puts were answered
	return do(access.By(cmd.Context(), access.ActorOperator), s, secret)
}

// who names the account that an error is about.
func (u *users) who(login string, err error) error {
	if errors.Is(err, access.ErrNotFound) {
		return fmt.Errorf("there is no account %s in the tenant %s; `tributary user list --tenant %s` shows them: %w", oneLine(login), u.tenant, u.tenant, err)
	}
	if errors.Is(err, access.ErrExists) {
		return fmt.Errorf("there is an account %s in the tenant %s already: %w", oneLine(login), u.tenant, err)
	}
	return err
}

// unknown warns of an account that is good for nothing yet: it may be meant for what is configured later, or be misspelt.
func (u *users) unknown(ctx context.Context, s *process.Spine, agent string, w io.Writer) error {
	if s.Log == nil {
		return nil
	}
	current, err := s.ConfigInForce(ctx, u.tenant)
	if err != nil {
		return fmt.Errorf("the account is made, but its tenant's configuration cannot be read: %w", err)
	}
	switch {
	case len(current.Objects) == 0:
		fmt.Fprintf(w, "note: %v\n", noConfiguration(u.tenant, current.Tenants))
	case agent != "" && !slices.ContainsFunc(current.Objects, func(o *event.ConfigObject) bool { return o.GetAgent().GetId() == agent }):
		fmt.Fprintf(w, "note: the configuration of the tenant %s has no agent %s; until it has, nothing is offered to this account\n", u.tenant, oneLine(agent))
	}
	return nil
}

// readPassword asks at a terminal, without echo, or reads one line.
func readPassword(cmd *cobra.Command) (string, error) {
	if fd := int(os.Stdin.Fd()); cmd.InOrStdin() == os.Stdin && term.IsTerminal(fd) {
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
