package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// strict has every wrong call end as one, by errUsage: an unknown word after a command that only holds others, arguments
// that are missing or too many, flags that are missing.
func strict(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage(err) })
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		return usage(errors.Join(cmd.ValidateRequiredFlags(), cmd.ValidateFlagGroups()))
	}
	strictArgs(root)
}

func usage(err error) error {
	if err == nil || errors.Is(err, errUsage) {
		return err
	}
	return fmt.Errorf("%w; %w", err, errUsage)
}

func strictArgs(cmd *cobra.Command) {
	is := cmd.Args
	switch {
	case cmd.Name() == "help":
		is = helpTopic
	case !cmd.Runnable():
		is = unknown
		cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	case is == nil:
		is = cobra.ArbitraryArgs
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		err := is(cmd, args)
		if err != nil && cmd.Runnable() && !cmd.HasSubCommands() {
			err = fmt.Errorf("%w: %s", err, cmd.UseLine())
		}
		return usage(err)
	}
	for _, sub := range cmd.Commands() {
		strictArgs(sub)
	}
}

// unknown refuses words after a command that only holds others.
func unknown(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		names = near
	}
	return fmt.Errorf("%s has no command %q; it has %s", cmd.CommandPath(), args[0], strings.Join(names, ", "))
}

func helpTopic(cmd *cobra.Command, args []string) error {
	topic, rest, err := cmd.Root().Find(args)
	if err != nil || len(rest) == 0 || !topic.HasSubCommands() {
		return err
	}
	return unknown(topic, rest)
}
