package embedded

import (
	"bytes"
	"io"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPipeCarriesAllBothWays(t *testing.T) {
	a, b := pipe()
	sent := bytes.Repeat([]byte("0123456789"), 50_000) // many times what it holds
	var wg sync.WaitGroup
	wg.Go(func() {
		_, _ = a.Write(sent)
		_, _ = io.Copy(a, io.LimitReader(a, int64(len(sent)))) // and what comes back goes back
		_ = a.Close()
	})
	got := make([]byte, len(sent))
	_, err := io.ReadFull(b, got)
	require.NoError(t, err)
	require.True(t, bytes.Equal(sent, got))
	wg.Go(func() { _, _ = b.Write(sent) })
	got, err = io.ReadAll(b)
	require.NoError(t, err)
	require.True(t, bytes.Equal(sent, got), "what was written before the end is read")
	wg.Wait()
	_, err = b.Write(sent)
	require.ErrorIs(t, err, io.ErrClosedPipe)
}

func TestPipeDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pipe()
		in := func(d time.Duration) time.Time { return time.Now().Add(d) } //nolint:forbidigo // the bubble's clock
		require.NoError(t, a.SetDeadline(in(time.Second)))
		_, err := a.Read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		synctest.Wait() // the timers of both directions are due, in any order
		n, err := a.Write(make([]byte, 2*pipeBytes))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Zero(t, n)
		require.NoError(t, a.SetDeadline(in(time.Second)))
		n, err = a.Write(make([]byte, 2*pipeBytes))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, pipeBytes, n)
		require.NoError(t, a.SetDeadline(in(time.Hour)))
		require.NoError(t, a.SetDeadline(time.Time{}))
		go func() { _, _ = b.Write([]byte("x")) }()
		_, err = a.Read(make([]byte, 1))
		require.NoError(t, err)
		require.NoError(t, a.SetReadDeadline(in(-time.Second)))
		_, err = a.Read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.NoError(t, b.Close())
		require.NoError(t, a.Close())
	})
}
