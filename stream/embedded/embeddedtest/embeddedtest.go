// Package embeddedtest gives tests a broker and a ClickHouse of their own: a broker per test, in memory; and a database per
// test in the one engine that a process can have. It promises isolation between tests of one process; it does not clean up
// after a killed process at once, but the next process does.
package embeddedtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/tributary-cc/tributary/stream/embedded"
)

// Broker starts a broker that keeps its log in memory and ends with the test.
func Broker(t testing.TB) *embedded.Broker {
	t.Helper()
	b, err := embedded.StartBroker(context.Background(), embedded.BrokerConfig{})
	if err != nil {
		t.Fatalf("start a broker: %v", err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Errorf("close the broker: %v", err)
		}
	})
	return b
}

// shared is the engine of this process: there can be only one, and stopping and starting it is slow, so the tests share it.
var shared struct {
	sync.Mutex
	engine *embedded.ClickHouse
	failed error
	number atomic.Uint64
}

// ClickHouse returns the DSN of an empty database that goes away with the test. Without the library the test is skipped, but in
// CI (the environment variable CI is set) it fails.
func ClickHouse(t testing.TB) string {
	t.Helper()
	engine, err := theEngine()
	if errors.Is(err, embedded.ErrNoLibrary) && os.Getenv("CI") == "" {
		t.Skipf("this test needs the ClickHouse engine: %v", err)
	}
	if err != nil {
		t.Fatalf("start the ClickHouse engine: %v", err)
	}
	database := fmt.Sprintf("test_%d", shared.number.Add(1))
	if err := statement(engine.DSN(), "CREATE DATABASE "+database+" ENGINE = Atomic"); err != nil {
		t.Fatalf("create the test's database: %v", err)
	}
	t.Cleanup(func() {
		if err := statement(engine.DSN(), "DROP DATABASE IF EXISTS "+database+" SYNC"); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
	})
	return engine.DSNFor(database)
}

func theEngine() (*embedded.ClickHouse, error) {
	shared.Lock()
	defer shared.Unlock()
	if shared.engine == nil && shared.failed == nil {
		var dir string
		if dir, shared.failed = ownDir(); shared.failed == nil {
			shared.engine, shared.failed = embedded.StartClickHouse(context.Background(), embedded.ClickHouseConfig{Dir: dir})
		}
	}
	return shared.engine, shared.failed
}

// ownDir makes the directory of this process and removes those of processes that are gone: the engine lives as long as its
// process, so nobody could remove its own.
func ownDir() (string, error) {
	parent := filepath.Join(os.TempDir(), "tributary-test-"+strconv.Itoa(os.Getuid()))
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return "", err
	}
	entries, err := os.ReadDir(parent)
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err == nil && (pid == os.Getpid() || errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)) {
			if err := os.RemoveAll(filepath.Join(parent, e.Name())); err != nil {
				return "", err
			}
		}
	}
	return filepath.Join(parent, strconv.Itoa(os.Getpid())), nil
}

// statement runs SQL over HTTP; the DSN carries user and password.
func statement(dsn, sql string) error {
	u, err := url.Parse(dsn)
	if err != nil {
		return err
	}
	u.Path = "/"
	resp, err := http.Post(u.String(), "text/plain", strings.NewReader(sql)) //nolint:noctx // loopback, in tests only
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // read to the end below
	text, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, text)
	}
	return err
}
