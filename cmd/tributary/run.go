package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tributary-cc/tributary/cmd/tributary/process"
)

func runCommand(g *globals) *cobra.Command {
	var http, https string
	var roles []string
	var demo, sync bool
	var floor int
	var speed float64
	cmd := &cobra.Command{
		Annotations: map[string]string{windsUp: "yes"},
		Use:         "run", Short: "Run a process; without more, a whole installation on this machine", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := g.read()
			if err != nil {
				return err
			}
			f := cmd.Flags()
			if f.Changed("http") {
				c.HTTP = http
			}
			if f.Changed("https") {
				c.HTTPS = https
			}
			if f.Changed("roles") {
				c.Roles = roles
			}
			if f.Changed("floor") {
				c.Floor = floor
			}
			if f.Changed("speed") {
				c.Speed = speed
			}
			c.Demo, c.Sync = c.Demo || demo, c.Sync || sync
			return run(cmd.Context(), c, cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&http, "http", "", "address for HTTP (default 127.0.0.1:8080; empty for none)")
	cmd.Flags().StringVar(&https, "https", "", "address for HTTPS")
	cmd.Flags().StringSliceVar(&roles, "roles", nil, "what the process does: broker, clickhouse, folds, sink, api, webchat, models (default all)")
	cmd.Flags().BoolVar(&demo, "demo", false, "run a demo centre in a tenant of its own and print its accounts")
	cmd.Flags().IntVar(&floor, "floor", 0, "simulated agents of the demo, with customers for them; 0 for a quiet one (default 4)")
	cmd.Flags().Float64Var(&speed, "speed", 0, "how many times faster the simulated people are (default 1)")
	cmd.Flags().BoolVar(&sync, "sync", false, "have every write on the disk before it is acknowledged: for power cuts")
	return cmd
}

func run(ctx context.Context, c process.Config, w io.Writer) error {
	log := logger(c)
	started := time.Now()
	p, err := process.Start(ctx, c, log)
	if err != nil {
		return err
	}
	failed := greet(ctx, p, w, started)
	if failed == nil {
		select {
		case <-ctx.Done():
			log.InfoContext(ctx, "stopping: no new work is taken, what is held is acknowledged first")
		case failed = <-p.Failed():
		}
	}
	if err := p.Stop(ctx); failed == nil {
		failed = err
	}
	return failed
}

// greet waits until the process is ready and tells people where to go.
func greet(ctx context.Context, p *process.Process, w io.Writer, started time.Time) error {
	t := time.NewTicker(20 * time.Millisecond)
	defer t.Stop()
	for told := started; ; {
		err := p.Ready()
		if err == nil {
			break
		}
		if time.Since(told) > 5*time.Second {
			told = time.Now()
			fmt.Fprintf(w, "getting ready: %v\n", err)
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return nil
		case err := <-p.Failed():
			return err
		}
	}
	fmt.Fprintf(w, "Tributary is ready after %s", time.Since(started).Round(time.Millisecond))
	if p.URL() == "" {
		fmt.Fprintln(w)
		return nil
	}
	fmt.Fprintf(w, " at %s\n", p.URL())
	if p.Config.Demo {
		return p.StartDemo(ctx, w)
	}
	if err := p.RetireDemo(ctx); err != nil {
		return err
	}
	return p.InviteAdmin(ctx, w)
}
