package main

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tributary-cc/tributary/cmd/tributary/grafana"
	"github.com/tributary-cc/tributary/dashboards/boards"
)

func grafanaCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "grafana", Short: "Supervisors' boards in Grafana"}
	cmd.AddCommand(grafanaProvision(g), grafanaBoards(g))
	return cmd
}

// grafanaFlags are those of provision.
type grafanaFlags struct {
	url, tokenFile, tributary, tributaryTokenFile, page, caFile, folder string
	languages                                                           []string
	check                                                               bool
}

func grafanaProvision(g *globals) *cobra.Command {
	var p grafanaFlags
	cmd := &cobra.Command{
		Use: "provision --url URL --token-file FILE --tributary-url URL", Short: "Set a Grafana up: the app, the folder, the data source, the boards", Args: cobra.NoArgs,
		Long: "It speaks to Grafana 12 or newer by its HTTP API, with the token of a service account with the role Admin. It changes only what is not\n" +
			"as it should be, and tells what. With --check it changes nothing and ends with 3 if something would change. The plugin must be\n" +
			"installed, and as it is not signed, allowed: see deploy/grafana/README.md. A token of Tributary for the data source is made by\n" +
			"`tributary user add grafana --role dashboards` and `tributary user token grafana`.",
		RunE: func(cmd *cobra.Command, _ []string) error { return p.run(cmd, g) },
	}
	f := cmd.Flags()
	f.StringVar(&p.url, "url", "", "the address of Grafana")
	f.StringVar(&p.tokenFile, "token-file", "", "a file with the token of Grafana's service account")
	f.StringVar(&p.tributary, "tributary-url", "", "the address at which Grafana reaches Tributary")
	f.StringVar(&p.tributaryTokenFile, "tributary-token-file", "", "a file with the token of Tributary for the data source (default: the one it has)")
	f.StringVar(&p.page, "page-url", "", "the address at which people open Tributary (default that of --tributary-url)")
	f.StringVar(&p.caFile, "ca-file", "", "the certificate, as PEM, of the authority that signed Tributary's, where Grafana does not know it")
	f.StringVar(&p.folder, "folder", "Tributary", "the title of the boards' folder")
	f.StringSliceVar(&p.languages, "language", nil, "en, zh-CN (default both)")
	f.BoolVar(&p.check, "check", false, "change nothing, tell what would change")
	for _, name := range []string{"url", "token-file", "tributary-url"} {
		_ = cmd.MarkFlagRequired(name)
	}
	return cmd
}

func (p *grafanaFlags) run(cmd *cobra.Command, g *globals) error {
	o, err := p.options()
	if err != nil {
		return fmt.Errorf("%w; %w", err, errUsage)
	}
	r, err := grafana.Provision(cmd.Context(), o)
	if printErr := g.print(cmd.OutOrStdout(), r, func(w io.Writer) { tellGrafana(w, r, err == nil) }); printErr != nil || err != nil {
		return errors.Join(err, printErr)
	}
	if p.check && r.Changes() > 0 {
		return errFound
	}
	return nil
}

func (p *grafanaFlags) options() (grafana.Options, error) {
	o := grafana.Options{Folder: p.folder, Check: p.check}
	var faults []error
	address := func(flag, text string) *url.URL {
		u, err := grafana.Address(text)
		if err != nil {
			faults = append(faults, fmt.Errorf("--%s: %w", flag, err))
		}
		return u
	}
	o.URL, o.Tributary = address("url", p.url), address("tributary-url", p.tributary)
	if p.page != "" {
		o.Page = address("page-url", p.page)
	}
	for file, into := range map[string]*string{p.tokenFile: &o.Token, p.tributaryTokenFile: &o.TributaryToken, p.caFile: &o.CACert} {
		if file == "" {
			continue
		}
		text, err := os.ReadFile(file) //nolint:gosec // who calls names it
		if *into = strings.TrimSpace(string(text)); err != nil {
			faults = append(faults, err)
		} else if *into == "" {
			faults = append(faults, fmt.Errorf("%s is empty", file))
		}
	}
	for _, l := range p.languages {
		if !slices.Contains(boards.Languages(), boards.Language(l)) {
			faults = append(faults, fmt.Errorf("--language %q: it is one of %v", l, boards.Languages()))
		}
		o.Languages = append(o.Languages, boards.Language(l))
	}
	return o, errors.Join(faults...)
}

func tellGrafana(w io.Writer, r *grafana.Report, well bool) {
	for _, s := range r.Steps {
		fmt.Fprintf(w, "%-12s %-28s %s\n", s.Kind, s.UID, s.Done)
		for _, d := range s.Differences {
			fmt.Fprintln(w, "             ", d)
		}
	}
	if r.Health != "" && well {
		fmt.Fprintln(w, "the data source says:", r.Health)
	}
	if !well {
		return
	}
	verb := "changed"
	if r.Checked {
		verb = "would change"
	}
	fmt.Fprintf(w, "Grafana %s at %s: %d of %d %s\n", r.Version, r.Grafana, r.Changes(), len(r.Steps), verb)
}

func grafanaBoards(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "boards FOLDER", Short: "Write the boards as files, for a Grafana that is provisioned by files", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			files, err := boards.Committed()
			if err != nil {
				return err
			}
			if err := os.MkdirAll(args[0], 0o755); err != nil { //nolint:gosec // Grafana runs as another user
				return err
			}
			written := make([]string, len(files))
			for i, f := range files {
				written[i] = filepath.Join(args[0], f.Name)
				if err := os.WriteFile(written[i], f.JSON, 0o644); err != nil { //nolint:gosec // Grafana runs as another user
					return err
				}
			}
			return g.print(cmd.OutOrStdout(), written, func(w io.Writer) { fmt.Fprintln(w, strings.Join(written, "\n")) })
		},
	}
}
