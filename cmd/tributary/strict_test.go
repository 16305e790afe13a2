package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/cmd/tributary/chaos"
)

func TestWrongCallsEndAsSuch(t *testing.T) {
	d := &desk{t: t, data: filepath.Join(t.TempDir(), "data")}
	for call, said := range map[string]string{
		"bogus":                    `tributary has no command "bogus"`,
		"user bogus":               "it has add, disable",
		"dead retri 1/2":           "it has retry",
		"completion bogus":         "it has bash",
		"help usr":                 `no command "usr"`,
		"help user lst":            `tributary user has no command "lst"`,
		"chaos bogus":              `unknown command "bogus"`,
		"check":                    "name a tenant's file",
		"apply":                    "tributary apply FILE",
		"apply a b":                "accepts 1 arg(s)",
		"engine skip":              `"offset" not set`,
		"user roles ann":           "at least one of the flags",
		"user add ann --team=":     "names no team",
		"tail --bogus":             "unknown flag",
		"tail --topic nosuch":      "conversation.facts",
		"engine epochs --from 1 x": "unknown flag",
	} {
		_, _, err := d.run("", strings.Fields(call)...)
		require.Equal(t, exitUsage, exitCode(err), "%s: %v", call, err)
		require.ErrorContains(t, err, said, call)
	}
	for _, call := range []string{"user", "help user list", "help", "engine skip --help"} {
		out, _, err := d.run("", strings.Fields(call)...)
		require.NoError(t, err)
		require.Contains(t, out, "Usage:", call)
	}
}

func TestFaultsFoundEndWithThree(t *testing.T) {
	d := &desk{t: t, data: filepath.Join(t.TempDir(), "data")}
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	require.NoError(t, os.WriteFile(bad, []byte("tenant: main\nqueues: [{id: cards, overflow: nosuch}]\n"), 0o600))
	for _, args := range [][]string{{"check", bad}, {"apply", bad}} {
		_, _, err := d.run("", args...)
		require.Equal(t, exitFound, exitCode(err), "%v: %v", args, err)
	}
	_, said, _ := d.run("", "apply", bad)
	require.Contains(t, said, "1 fault; nothing was applied")
	out, _, err := d.run("", "check", bad, "--json")
	require.ErrorIs(t, err, errFound)
	var faults []map[string]any
	require.NoError(t, json.Unmarshal([]byte(out), &faults))
	require.Len(t, faults, 1)
	require.ErrorIs(t, tellChaos(quietly(), &globals{json: true}, &chaos.Report{}, nil), errFound)
}

// document runs a command with --json, which prints one document without null.
func (d *desk) document(call string) {
	d.t.Helper()
	out := d.must(append(strings.Fields(call), "--json")...)
	var v any
	require.NoError(d.t, json.Unmarshal([]byte(out), &v), "%s: %s", call, out)
	require.NotContains(d.t, out, "null", call)
	require.Equal(d.t, out, printable(out, "\n"), call)
}

func (d *desk) write(text string) string {
	d.t.Helper()
	file := filepath.Join(d.t.TempDir(), "tenant.yaml")
	require.NoError(d.t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

func quietly() *cobra.Command {
	cmd := new(cobra.Command)
	cmd.SetOut(io.Discard)
	cmd.SetErr(io.Discard)
	return cmd
}
