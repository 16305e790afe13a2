// Command tributary is a contact centre as a data pipeline: one binary whose roles decide what a process does.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// version is set by the linker.
var version = "development"

// Exit codes: 0 well, 1 failed, 2 the call was wrong, 3 a check found something.
const (
	exitFailed = 1
	exitUsage  = 2
	exitFound  = 3
)

// errFound ends a command that did its work and found what it looks for: faults, differences.
var errFound = errors.New("found")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() {
		<-ctx.Done()
		stop() // a second signal kills
	}()
	err := root().ExecuteContext(ctx)
	switch {
	case err == nil:
	case errors.Is(err, errFound):
		os.Exit(exitFound)
	case errors.Is(err, errUsage):
		fmt.Fprintln(os.Stderr, "tributary:", err)
		os.Exit(exitUsage)
	default:
		fmt.Fprintln(os.Stderr, "tributary:", err)
		os.Exit(exitFailed)
	}
}

var errUsage = errors.New("see --help")

func root() *cobra.Command {
	var g globals
	cmd := &cobra.Command{
		Use: "tributary", Short: "A contact centre as a data pipeline", Version: version,
		SilenceErrors: true, SilenceUsage: true,
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return fmt.Errorf("%w; %w", err, errUsage) })
	f := cmd.PersistentFlags()
	f.StringVar(&g.config, "config", "", "configuration file; flags win over it")
	f.StringVar(&g.data, "data", "", "data folder (default data)")
	f.BoolVar(&g.json, "json", false, "print JSON for a program")
	cmd.AddCommand(
		runCommand(&g), checkCommand(&g), applyCommand(&g), exportCommand(&g), userCommand(&g), tailCommand(&g),
		deadCommand(&g), migrateCommand(&g), doctorCommand(&g), versionCommand(&g), verifyCommand(&g), chaosCommand(&g),
		benchCommand(&g), replayCommand(&g), engineCommand(&g),
	)
	return cmd
}
