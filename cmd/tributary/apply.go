package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tributary-cc/tributary/cmd/tributary/process"
	"github.com/tributary-cc/tributary/cmd/tributary/setup"
	"github.com/tributary-cc/tributary/cmd/tributary/yamlfile"
	"github.com/tributary-cc/tributary/stream/access"
)

func checkCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "check FILE…", Short: "Check tenant files, or the configuration given by --config; prints all faults at once",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 && g.config == "" {
				return fmt.Errorf("name a tenant's file, or the configuration of processes by --config; %w", errUsage)
			}
			faults := []yamlfile.Fault{}
			c, wrong := g.read()
			folder := c.ModelsFolder()
			for _, name := range args {
				data, err := os.ReadFile(name) //nolint:gosec // the operator names the file
				if err != nil {
					return err
				}
				_, f := setup.ReadIn(name, data, setup.OnDisk(name, folder))
				faults = append(faults, f.Faults()...)
			}
			if wrong != nil {
				found := yamlfile.FaultsOf(wrong)
				if len(found) == 0 {
					return wrong
				}
				faults = append(faults, found...)
			}
			if err := g.print(cmd.OutOrStdout(), faults, func(w io.Writer) { printFaults(w, faults, files(args, g)) }); err != nil {
				return err
			}
			if len(faults) > 0 {
				return errFound
			}
			return nil
		},
	}
}

// files are those that were checked.
func files(args []string, g *globals) int {
	if g.config != "" {
		return len(args) + 1
	}
	return len(args)
}

func printFaults(w io.Writer, faults []yamlfile.Fault, files int) {
	for _, f := range faults {
		fmt.Fprintln(w, f.Error())
	}
	if len(faults) == 0 {
		fmt.Fprintf(w, "%s, no fault\n", counted(files, "file"))
	}
}

// counted is a number of things, one or many.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func applyCommand(g *globals) *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use: "apply FILE", Short: "Apply a tenant's file: agents, queues, skills, hours, policy, codes, entry points; prints the difference first", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			data, err := os.ReadFile(args[0])
			if err != nil {
				return err
			}
			c, err := g.read()
			if err != nil {
				return err
			}
			t, f := setup.ReadIn(args[0], data, setup.OnDisk(args[0], c.ModelsFolder()))
			if f.Err() != nil {
				if err = g.print(cmd.ErrOrStderr(), f.Faults(), func(w io.Writer) { printFaults(w, f.Faults(), 1) }); err != nil {
					return err
				}
				fmt.Fprintf(cmd.ErrOrStderr(), "%s has %s; nothing was applied\n", args[0], counted(len(f.Faults()), "fault"))
				return errFound
			}
			s, err := g.connect(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close() //nolint:errcheck // only read from here on
			return apply(cmd.Context(), g, cmd.OutOrStdout(), s, t, dry)
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "print the difference and change nothing")
	return cmd
}

func apply(ctx context.Context, g *globals, w io.Writer, s *process.Spine, t *setup.Tenant, dry bool) error {
	current, err := s.ConfigInForce(ctx, t.Tenant)
	if err != nil {
		return err
	}
	wanted, err := t.Wanted(ctx, s.Keys, current.Objects, time.Now())
	if err != nil {
		return err
	}
	changes := append([]setup.Change{}, setup.Difference(current.Objects, wanted)...)
	version := current.Version
	if len(changes) > 0 && !dry {
		// What is refused is in the audit too: who tried.
		if err = s.Audit(ctx, t.Tenant, access.ActionConfigWrite, fmt.Sprintf("config/%d", current.Version+1)); err != nil {
			return err
		}
		if version, err = s.ChangeConfig(ctx, t.Tenant, current.Version, setup.Objects(changes), 30*time.Second); err != nil {
			return err
		}
	}
	return g.print(w, map[string]any{"version": version, "changes": changes, "applied": !dry}, func(w io.Writer) {
		for _, c := range changes {
			fmt.Fprintf(w, "%-6s %s\n", c.Verb, oneLine(c.What))
			for _, d := range c.Details {
				fmt.Fprintf(w, "         %s\n", oneLine(d))
			}
		}
		switch {
		case len(changes) == 0:
			fmt.Fprintf(w, "nothing to change; version %d is in force\n", version)
		case dry:
			fmt.Fprintf(w, "%s, not applied\n", counted(len(changes), "change"))
		default:
			fmt.Fprintf(w, "%s applied; version %d is in force\n", counted(len(changes), "change"), version)
		}
	})
}

func exportCommand(g *globals) *cobra.Command {
	var tenant string
	cmd := &cobra.Command{
		Use: "export", Short: "Print what is in force as a tenant's file", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if tenant == "" || strings.Contains(tenant, "/") {
				return fmt.Errorf("--tenant names the tenant; %w", errUsage)
			}
			s, err := g.connect(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close() //nolint:errcheck // only read
			current, err := s.ConfigInForce(cmd.Context(), tenant)
			if err != nil {
				return err
			}
			if len(current.Objects) == 0 {
				return noConfiguration(tenant, current.Tenants)
			}
			out, err := setup.Export(cmd.Context(), tenant, s.Keys, current.Objects)
			if err != nil {
				return err
			}
			if g.json {
				if out, err = setup.ToJSON(out); err != nil {
					return err
				}
				return g.print(cmd.OutOrStdout(), map[string]any{"tenant": tenant, "version": current.Version, "objects": json.RawMessage(out)}, nil)
			}
			_, err = cmd.OutOrStdout().Write(out)
			return err
		},
	}
	cmd.Flags().StringVar(&tenant, "tenant", "main", "the tenant")
	return cmd
}

func noConfiguration(tenant string, others []string) error {
	if len(others) == 0 {
		return fmt.Errorf("the tenant %s is not configured, and no other is; `tributary apply FILE` does it", tenant)
	}
	return fmt.Errorf("the tenant %s is not configured; say --tenant for one that is: %s", tenant, oneLine(strings.Join(others, ", ")))
}
