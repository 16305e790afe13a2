package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/cmd/tributary/process"
	"github.com/tributary-cc/tributary/stream/privacy"
)

// refused tries to start a process without doors, and answers why it does not.
func (d *desk) refused() error {
	c := process.Default()
	c.Data, c.HTTP, c.Roles = d.data, "", []string{process.RoleBroker, process.RoleFolds}
	p, err := process.Start(context.Background(), c, slog.New(slog.DiscardHandler))
	if err == nil {
		return errors.Join(errors.New("it starts"), p.Stop(context.Background()))
	}
	return err
}

// TestALostMasterKey: data whose master key is away, or another one's, is neither opened nor given a new one.
func TestALostMasterKey(t *testing.T) {
	d := newDesk(t)
	d.must("user", "add", "ann")
	run, err := process.ReadRunFile(d.data)
	require.NoError(t, err)
	run.HTTP, run.HTTPS, run.ClickHouse = "127.0.0.1:1", "127.0.0.1:2", "clickhouse://tributary:secret@127.0.0.1:3/x"
	text, err := json.Marshal(run)
	require.NoError(t, errors.Join(err, os.WriteFile(filepath.Join(d.data, "run.json"), text, 0o600)))
	out, _, _ := d.run("", "doctor")
	for _, port := range []string{"HTTP at 127.0.0.1:1", "HTTPS at 127.0.0.1:2", "ClickHouse at 127.0.0.1:3", "the broker at " + run.Broker} {
		require.Contains(t, out, port)
	}
	require.NotContains(t, out, "secret")
	d.stop()
	out, _, _ = d.run("", "doctor")
	require.Contains(t, out, "opens one of 1 accounts")
	require.Contains(t, out, "there are no keys of what was said")

	file := filepath.Join(d.data, "master.key")
	require.NoError(t, os.Rename(file, file+".misplaced"))
	require.ErrorIs(t, d.refused(), privacy.ErrMasterKeyLost)
	for _, args := range [][]string{{"user", "list"}, {"user", "add", "bo"}, {"erase", "tel:+8613800138000", "--yes"}} {
		_, _, err = d.run(good+"\n", args...)
		require.ErrorIs(t, err, privacy.ErrMasterKeyLost)
		require.ErrorContains(t, err, file+"; put master.key back from its back-up")
	}
	require.NoFileExists(t, file)
	out, _, err = d.run("", "doctor")
	require.ErrorIs(t, err, errFound)
	require.Contains(t, out, "the master key is not there")

	_, _, err = privacy.LoadOrCreateMasterKey(file)
	require.NoError(t, err)
	require.ErrorIs(t, d.refused(), privacy.ErrMasterKey)
	out, _, err = d.run("", "doctor")
	require.ErrorIs(t, err, errFound)
	require.Contains(t, out, "wrapped by another master key")

	// So it is with data that does not say whose it is, as it was before.
	require.NoError(t, os.Remove(filepath.Join(d.data, "objects", privacy.MasterObject)))
	require.ErrorContains(t, d.refused(), "is "+file+" the master key of this data?")

	require.NoError(t, os.Rename(file+".misplaced", file))
	d.start()
	require.Contains(t, d.must("user", "list"), "ann")
}

// TestNoInstallation: commands make no installation.
func TestNoInstallation(t *testing.T) {
	d := &desk{t: t, data: filepath.Join(t.TempDir(), "typo")}
	for _, args := range [][]string{
		{"user", "list"}, {"user", "add", "ann"}, {"user", "disable", "ann"}, {"erase", "tel:+8613800138000", "--yes"}, {"key", "rotate", "--yes"},
	} {
		_, _, err := d.run(good+"\n", args...)
		require.ErrorContains(t, err, "there is no installation in "+d.data, args)
		require.Equal(t, exitNotRunning, exitCode(err))
		require.NoDirExists(t, d.data)
	}
	require.NoError(t, os.MkdirAll(filepath.Join(d.data, "objects"), 0o700))
	_, _, err := d.run("", "user", "list")
	require.Equal(t, exitNotRunning, exitCode(err), err)
	require.Equal(t, exitFailed, exitCode(io.EOF))
}
