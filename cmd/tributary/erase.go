package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/tributary-cc/tributary/cmd/tributary/process"
	"github.com/tributary-cc/tributary/stream/privacy"
	"github.com/tributary-cc/tributary/stream/warehouse"
)

// erasure is what is to be erased.
type erasure struct {
	tenant, customer string
	yes              bool
}

func eraseCommand(g *globals) *cobra.Command {
	var e erasure
	cmd := &cobra.Command{
		Use: "erase [ADDRESS]", Short: "Make what a person said and who they are unreadable for ever, by deleting their keys", Args: cobra.MaximumNArgs(1),
		Long: "ADDRESS is such as tel:+8613800138000 or mailto:ann@example.com, or the pseudonym that stands in the log in its place; - reads it from\n" +
			"standard input, so that it stands in no history of a shell. --customer erases all addresses that the log knows of a customer.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if (len(args) == 1) == (e.customer != "") {
				return fmt.Errorf("name either an address or --customer; %w", errUsage)
			}
			s, err := e.open(cmd, g)
			if err != nil {
				return err
			}
			defer s.Close() //nolint:errcheck // deletes were answered
			in := bufio.NewReader(io.LimitReader(cmd.InOrStdin(), 4096))
			all, err := e.pseudonyms(cmd.Context(), s, in, args)
			if err != nil {
				return err
			}
			return e.run(cmd, g, s, in, all)
		},
	}
	cmd.Flags().StringVar(&e.tenant, "tenant", "main", "the tenant")
	cmd.Flags().StringVar(&e.customer, "customer", "", "the customer's id: all their addresses")
	cmd.Flags().BoolVar(&e.yes, "yes", false, "do not ask")
	return cmd
}

// open needs the log to know a customer's addresses; an address is erased without it, unaudited.
func (e *erasure) open(cmd *cobra.Command, g *globals) (*process.Spine, error) {
	if e.customer != "" {
		return g.connect(cmd.Context())
	}
	return g.connectOrStores(cmd.Context(), cmd.ErrOrStderr())
}

func (e *erasure) pseudonyms(ctx context.Context, s *process.Spine, in *bufio.Reader, args []string) ([]string, error) {
	if e.customer != "" {
		all, err := s.AddressesOf(ctx, e.tenant, e.customer)
		if err == nil && len(all) == 0 {
			err = fmt.Errorf("the log knows no address of a customer %s of the tenant %s", e.customer, e.tenant)
		}
		return all, err
	}
	address := args[0]
	if address == "-" {
		text, err := in.ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		address = strings.TrimSpace(text)
	}
	if !strings.Contains(address, ":") {
		if err := privacy.CheckRef(address); err != nil {
			return nil, fmt.Errorf("this is neither an address such as tel:+8613800138000 nor a pseudonym: %w", err)
		}
		return []string{address}, nil
	}
	p, err := s.Keys.Lookup(ctx, e.tenant, address)
	if errors.Is(err, privacy.ErrErased) {
		return nil, fmt.Errorf("nothing is kept under this address in the tenant %s: it was never seen, or is erased already", e.tenant)
	}
	return []string{string(p)}, err
}

func (e *erasure) run(cmd *cobra.Command, g *globals, s *process.Spine, in *bufio.Reader, all []string) error {
	if !e.yes {
		if err := confirm(cmd, in, fmt.Sprintf("%d addresses (%s) of the tenant %s: what was said under them can never be read again.", len(all), strings.Join(all, ", "), e.tenant)); err != nil {
			return err
		}
	}
	for _, p := range all {
		if err := s.Erase(cmd.Context(), e.tenant, p); err != nil {
			return err
		}
	}
	left := e.copies(cmd.Context(), s, all)
	err := g.print(cmd.OutOrStdout(), map[string]any{"erased": all, "copies_left": left != nil}, func(w io.Writer) {
		fmt.Fprintf(w, "%d addresses are erased: what was said under them is unreadable in the log and in all its copies.\n", len(all))
		if left == nil {
			fmt.Fprintln(w, "Masked texts and the profile are gone from ClickHouse too. What remains: ids, times and decisions, which tell no person,\nand what a page shows at this moment.")
		}
	})
	if err != nil || left == nil {
		return err
	}
	return fmt.Errorf("masked texts are in ClickHouse still: %w; say this again with the pseudonyms %s when it answers", left, strings.Join(all, ", "))
}

// forgotten is how long after a key is gone a process may still open what it sealed, and so bring it into the warehouse.
const forgotten = 2 * time.Second

// copies empties the masked copies, once nobody can make new ones.
func (e *erasure) copies(ctx context.Context, s *process.Spine, all []string) error {
	w, err := s.OpenWarehouse()
	if err != nil {
		return err
	}
	defer w.Close() //nolint:errcheck // the erasure was answered
	select {
	case <-time.After(forgotten):
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return w.Erase(ctx, e.tenant, warehouse.Person{Customer: e.customer, Addresses: all})
}

// confirm asks before what cannot be undone. A script says --yes.
func confirm(cmd *cobra.Command, in *bufio.Reader, what string) error {
	if cmd.InOrStdin() == os.Stdin && !term.IsTerminal(int(os.Stdin.Fd())) {
		return fmt.Errorf("this cannot be undone, and nobody is here to be asked: say --yes; %w", errUsage)
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%s\nType yes to go on: ", what)
	answer, err := in.ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if strings.TrimSpace(answer) != "yes" {
		return errors.New("nothing was done")
	}
	return nil
}
