package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/tributary-cc/tributary/cmd/tributary/process"
)

// globals are the flags that every command has.
type globals struct {
	config, data string
	json         bool
}

// read gives the configuration: defaults, then the file, then flags.
func (g *globals) read() (process.Config, error) {
	c := process.Default()
	if g.config != "" {
		var err error
		if c, err = process.ReadConfig(g.config); err != nil {
			return c, err
		}
	}
	if g.data != "" {
		c.Data = g.data
	}
	return c, nil
}

// connect opens an installation as a command does: without roles, beside the running process.
func (g *globals) connect(ctx context.Context) (*process.Spine, error) {
	c, err := g.read()
	if err != nil {
		return nil, err
	}
	return process.Connect(ctx, c, slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
}

// connectOrStores opens an installation for a change that must be possible while nothing runs; then it says that the change
// stands in no audit.
func (g *globals) connectOrStores(ctx context.Context, w io.Writer) (*process.Spine, error) {
	c, err := g.read()
	if err != nil {
		return nil, err
	}
	s, away, err := process.ConnectOrStores(ctx, c, slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if away != nil && err == nil {
		fmt.Fprintf(w, "the log cannot be reached, so this is NOT AUDITED: %v\n", away)
	}
	return s, err
}

// print writes a value as one JSON document, or by text; neither steers a terminal.
func (g *globals) print(w io.Writer, v any, text func(io.Writer)) error {
	var out bytes.Buffer
	if g.json {
		e := json.NewEncoder(&out)
		e.SetIndent("", "  ")
		if err := e.Encode(v); err != nil {
			return err
		}
	} else {
		text(&out)
	}
	_, err := io.WriteString(w, printable(out.String(), "\n\t"))
	return err
}

// logger makes the logger of a long-running command.
func logger(c process.Config) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.Log.Level)) // checked by Validate
	o := &slog.HandlerOptions{Level: level}
	if c.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, o))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, o))
}

func versionCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version and the build that folds are named after", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			build, err := process.Build()
			if err != nil {
				return err
			}
			return g.print(cmd.OutOrStdout(), map[string]string{"version": version, "build": build}, func(w io.Writer) {
				fmt.Fprintf(w, "tributary %s, build %s\n", version, build)
			})
		},
	}
}
