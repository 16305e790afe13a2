package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tributary-cc/tributary/cmd/tributary/numbers"
	"github.com/tributary-cc/tributary/cmd/tributary/process"
	"github.com/tributary-cc/tributary/stream/warehouse"
)

// numbersCheck is what is to be checked.
type numbersCheck struct {
	tenant, from, to, login, passwordFile string
	wait                                  time.Duration
}

func numbersCommand(g *globals) *cobra.Command {
	var n numbersCheck
	cmd := &cobra.Command{Use: "numbers", Short: "What the pages show as numbers"}
	check := &cobra.Command{
		Use: "check", Short: "Count every number anew from the facts in the log, and tell which differ", Args: cobra.NoArgs,
		Long: "It reads the facts of a tenant from the log, counts from them without the warehouse what its queries and the supervisors' floor say,\n" +
			"waits until the warehouse has those facts, asks, and tells each difference; then it ends with 3. It needs a moment without new facts.",
		RunE: func(cmd *cobra.Command, _ []string) error { return n.run(cmd, g) },
	}
	f := check.Flags()
	f.StringVar(&n.tenant, "tenant", "demo", "the tenant")
	f.StringVar(&n.from, "from", "", "the first moment that is counted, as 2026-11-02T15:04:05Z (default the first fact's)")
	f.StringVar(&n.to, "to", "", "the one behind the last (default that behind the last fact's)")
	f.StringVar(&n.login, "login", "", "who looks at the floor: a supervisor (default the demo's, or none)")
	f.StringVar(&n.passwordFile, "password-file", "", "a file with that login's password")
	f.DurationVar(&n.wait, "wait", 3*time.Minute, "how long to wait for the warehouse and for a quiet moment")
	cmd.AddCommand(check)
	return cmd
}

func (n *numbersCheck) run(cmd *cobra.Command, g *globals) error {
	o := numbers.Options{Tenant: n.tenant, Wait: n.wait}
	for text, into := range map[string]*time.Time{n.from: &o.From, n.to: &o.To} {
		if text == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return fmt.Errorf("%q is no time such as 2026-11-02T15:04:05Z; %w", text, errUsage)
		}
		*into = at
	}
	if !o.From.IsZero() && !o.To.IsZero() && !o.From.Before(o.To) {
		return fmt.Errorf("--from is not before --to; %w", errUsage)
	}
	return withWarehouse(cmd, g, func(s *process.Spine, w *warehouse.Warehouse) (err error) {
		o.Log, o.Warehouse = s.Log, w
		if o.Floor, err = n.floor(s); err != nil {
			return err
		}
		r, err := numbers.Check(cmd.Context(), o)
		if err != nil {
			return err
		}
		if err := g.print(cmd.OutOrStdout(), r, func(w io.Writer) { tellNumbers(w, r) }); err != nil || len(r.Differences) == 0 {
			return err
		}
		return errFound
	})
}

func tellNumbers(w io.Writer, r *numbers.Report) {
	for _, d := range r.Differences {
		fmt.Fprintln(w, oneLine(fmt.Sprint(d)))
	}
	floor := "the floor was not looked at: no --login"
	if r.Floor {
		floor = "the floor was looked at"
	}
	fmt.Fprintf(w, "%s, %s to %s: %d facts of %d contacts, %d enqueueings, %d offers, %d agents, %d surveys\n%d queries gave %d rows with %d values; %s\n%d differences\n",
		r.Tenant, r.From.UTC().Format(time.RFC3339), r.To.UTC().Format(time.RFC3339), r.Facts, r.Contacts, r.Entries, r.Offers, r.Agents, r.Surveys,
		r.Queries, r.Rows, r.Values, floor, len(r.Differences))
}

// floor finds who looks, and how; nil where nobody is named.
func (n *numbersCheck) floor(s *process.Spine) (func(context.Context) ([]byte, error), error) {
	login, password := n.login, ""
	switch {
	case n.passwordFile != "":
		b, err := os.ReadFile(n.passwordFile)
		if err != nil {
			return nil, fmt.Errorf("reading the password: %w", err)
		}
		password = strings.TrimSpace(string(b))
	case n.tenant == "demo" && login == "":
		login = "sam"
		password = s.DemoPassword(login)
	}
	run, err := process.ReadRunFile(s.Config.Data)
	if login == "" || err != nil || run.URL == "" {
		return nil, nil //nolint:nilerr // without a door here the floor is left out, and the report says so
	}
	return numbers.FloorOf(run.URL, n.tenant, login, password, &http.Client{Timeout: 15 * time.Second}), nil
}
