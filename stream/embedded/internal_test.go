package embedded

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"
)

// bytesConn is a connection from which a fixed text is read.
type bytesConn struct {
	net.Conn
}

func (bytesConn) Close() error { return nil }

func FuzzKafkaFrames(f *testing.F) {
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	f.Add([]byte("\x00\x00\x00\x0a\x00\x12\x00\x00\x00\x00\x00\x01\xff\xff\x00\x00\x00\x0a\x00\x12\x00\x00"))
	f.Fuzz(func(t *testing.T, sent []byte) {
		const limit = 100
		c := &kafkaConn{in: bufio.NewReader(bytes.NewReader(sent)), Conn: bytesConn{}, max: limit, release: func() {}, idle: time.NewTimer(maxIdle)}
		got, err := io.ReadAll(c)
		require.NoError(t, c.Close())
		require.True(t, bytes.HasPrefix(sent, got), "what passes is what was sent")
		for rest := got; len(rest) > 0; { // and made of frames that the broker can bear
			size := int(binary.BigEndian.Uint32(rest))
			require.LessOrEqual(t, size, limit)
			require.NotNil(t, kmsg.RequestForKey(int16(binary.BigEndian.Uint16(rest[4:]))))
			rest = rest[min(len(rest), size+4):]
		}
		if err != nil {
			require.True(t, errors.Is(err, errBadFrame) || errors.Is(err, io.ErrUnexpectedEOF), err)
		}
	})
}

func FuzzSkipComments(f *testing.F) {
	f.Add(" -- x\n /* y */ SELECT 1")
	f.Fuzz(func(t *testing.T, s string) {
		rest := skipComments(s)
		require.True(t, strings.HasSuffix(s, rest))
		require.Equal(t, rest, skipComments(rest))
	})
}

func TestStatementsAreToldApart(t *testing.T) {
	for statement, want := range map[string]bool{
		"SELECT 1": true, "select(1)": true, "/* a */ -- b\n with x AS (SELECT 1) SELECT x": true, "(SELECT 1)": true,
		"SELECTED": false, "INSERT INTO t SELECT 1": false, "": false, "/* SELECT": false, "-- SELECT": false, "SHOW TABLES": false,
	} {
		require.Equal(t, want, mayStream(statement), statement)
	}
	for statement, want := range map[string]bool{
		"SET a = 1": true, "use x": true, "CREATE TEMPORARY TABLE t (a Int8)": true, "CREATE TABLE t": false, "SETTINGS": false,
	} {
		require.Equal(t, want, changesConnection(statement), statement)
	}
}

func TestQuote(t *testing.T) {
	require.Equal(t, `'it\'s \\ \x00\x0a客'`, quote("it's \\ \x00\n客"))
	require.Equal(t, "`a\\`b`", quoteName("a`b"))
}

func TestEngineErrorsHaveACode(t *testing.T) {
	require.Equal(t, 60, newEngineError("Code: 60. DB::Exception: no such table").Code)
	require.Equal(t, 1002, newEngineError("what").Code)
	require.Equal(t, 1002, newEngineError("Code: 0. what").Code)
	require.Equal(t, 1002, newEngineError("Code: 99999999999999999999. what").Code)
}

func TestFindLibrary(t *testing.T) {
	t.Setenv(LibraryEnv, "/nonexistent/libchdb.so")
	_, err := FindLibrary("")
	require.ErrorIs(t, err, ErrNoLibrary)
	require.ErrorContains(t, err, LibraryEnv)
	t.Setenv(LibraryEnv, "")
	t.Chdir(t.TempDir())
	_, err = FindLibrary("")
	require.ErrorIs(t, err, ErrNoLibrary)
	require.ErrorContains(t, err, "make engines")
}

func TestReserve(t *testing.T) {
	require.EqualValues(t, 5, reserve(5, 1<<40))
	require.EqualValues(t, 256<<20, reserve(0, 1<<40))
	require.EqualValues(t, 50, reserve(0, 1000))
}

func TestBrokerLeavesNothingRunning(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	b, err := StartBroker(t.Context(), BrokerConfig{Dir: t.TempDir()})
	require.NoError(t, err)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", b.Addr())
	require.NoError(t, err)
	require.NoError(t, b.Close())
	_, err = conn.Read(make([]byte, 1))
	require.Error(t, err)
	require.NoError(t, conn.Close())
}

func TestBrokerTakesOnlySoManyConnections(t *testing.T) {
	b, err := StartBroker(t.Context(), BrokerConfig{MaxConnections: 1})
	require.NoError(t, err)
	defer b.Close() //nolint:errcheck // in memory
	ask := func() (net.Conn, error) {
		conn, refused := (&net.Dialer{}).DialContext(t.Context(), "tcp", b.Addr())
		require.NoError(t, refused)
		if _, refused = conn.Write([]byte("\x00\x00\x00\x0a\x00\x12\x00\x00\x00\x00\x00\x01\xff\xff")); refused == nil { // ApiVersions 0
			_, refused = conn.Read(make([]byte, 1))
		}
		return conn, refused
	}
	first, err := ask()
	require.NoError(t, err)
	second, err := ask()
	require.Error(t, err, "one too many")
	require.NoError(t, second.Close())
	require.NoError(t, first.Close())
	require.Eventually(t, func() bool {
		third, refused := ask()
		require.NoError(t, third.Close())
		return refused == nil
	}, 5*time.Second, 5*time.Millisecond, "there is room again")
}

func TestFlushSyncsWhatChanged(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a")
	require.NoError(t, os.WriteFile(file, []byte("1"), 0o600))
	var f flusher
	require.NoError(t, f.flush(dir))
	require.Len(t, f.synced, 2, "the directory and the file")
	before := f.synced[file]
	require.NoError(t, os.WriteFile(file, []byte("12"), 0o600))
	require.NoError(t, f.flush(dir))
	require.NotEqual(t, before, f.synced[file])
	require.NoError(t, os.Remove(file))
	require.NoError(t, f.flush(dir))
	require.Len(t, f.synced, 1)
}
