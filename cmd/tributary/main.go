// Command tributary is a contact centre as a data pipeline: one binary whose roles decide what a process does.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/tributary-cc/tributary/cmd/tributary/process"
)

// version is set by the linker.
var version = "development"

// Exit codes: 0 well, 1 failed, 2 the call was wrong, 3 a check found something, 4 no process runs with the data folder, or
// there is no installation in it.
const (
	exitFailed     = 1
	exitUsage      = 2
	exitFound      = 3
	exitNotRunning = 4
)

// windsUp marks commands that take, with those below them, the time they need to end well when they get a signal: they started processes, or are one.
// Others have the grace, as they may wait for what no signal reaches, such as a file on standard input.
const (
	windsUp = "winds up"
	grace   = 2 * time.Second
)

// errFound ends a command that did its work and found what it looks for: faults, differences.
var errFound = errors.New("found")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cmd := root()
	go func() {
		<-ctx.Done()
		stop() // a second signal kills
		c, _, err := cmd.Find(os.Args[1:])
		for ; err == nil && c != nil; c = c.Parent() {
			if c.Annotations[windsUp] != "" {
				return
			}
		}
		time.Sleep(grace)
		fmt.Fprintln(os.Stderr, "tributary: stopped by a signal")
		os.Exit(exitFailed)
	}()
	err := cmd.ExecuteContext(ctx)
	if err != nil && !errors.Is(err, errFound) {
		fmt.Fprintln(os.Stderr, "tributary:", printable(err.Error(), "\n\t"))
	}
	if code := exitCode(err); code != 0 {
		os.Exit(code)
	}
}

func exitCode(err error) int {
	var notRunning *process.NotRunningError
	var nothing *process.NoInstallationError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errFound):
		return exitFound
	case errors.Is(err, errUsage):
		return exitUsage
	case errors.As(err, &notRunning), errors.As(err, &nothing):
		return exitNotRunning
	default:
		return exitFailed
	}
}

var errUsage = errors.New("see --help")

func root() *cobra.Command {
	var g globals
	cmd := &cobra.Command{
		Use: "tributary", Short: "A contact centre as a data pipeline", Version: version,
		SilenceErrors: true, SilenceUsage: true,
	}
	f := cmd.PersistentFlags()
	f.StringVar(&g.config, "config", "", "configuration file; flags win over it")
	f.StringVar(&g.data, "data", "", "data folder (default data)")
	f.BoolVar(&g.json, "json", false, "print JSON for a program")
	cmd.AddCommand(
		runCommand(&g), checkCommand(&g), applyCommand(&g), exportCommand(&g), userCommand(&g), eraseCommand(&g), keyCommand(&g), tailCommand(&g),
		deadCommand(&g), migrateCommand(&g), doctorCommand(&g), versionCommand(&g), verifyCommand(&g), chaosCommand(&g),
		policyCommand(&g), benchCommand(&g), replayCommand(&g), engineCommand(&g), trainCommand(&g), evalCommand(&g), numbersCommand(&g),
		grafanaCommand(&g),
	)
	strict(cmd)
	return cmd
}
