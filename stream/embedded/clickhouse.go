package embedded

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path/filepath"
	"sync"
	"time"
)

// clickhouseUser is the one user of the engine.
const clickhouseUser = "tributary"

// ClickHouseConfig says where the engine keeps its data and how it is reached. Zero values mean the defaults.
type ClickHouseConfig struct {
	// Dir holds the data; it belongs to this process alone. Required.
	Dir string
	// LibPath is the path of libchdb; empty means that [FindLibrary] looks for it.
	LibPath string
	// Addr is where it listens, on loopback only. Default 127.0.0.1:0, a free port.
	Addr string
	// Password is what clients must know. Default: a random one, told only in the DSN.
	Password string
	// Connections is how many statements run at once; more wait. Default 8.
	Connections int
	// QueryTimeout ends a statement that runs longer. Default one minute.
	QueryTimeout time.Duration
	// QueryMemory is how many bytes a statement may use, unless it asks for another limit. Default 2 GiB.
	QueryMemory int64
	// MaxBody is the largest request body in bytes, and so the largest insert. Default 256 MiB.
	MaxBody int64
}

func (c ClickHouseConfig) withDefaults() (ClickHouseConfig, error) {
	if c.Dir == "" {
		return c, errors.New("embedded: ClickHouseConfig.Dir is empty; name the directory that holds the data")
	}
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return c, fmt.Errorf("embedded: the data directory: %w", err)
	}
	c.Dir = dir
	if c.Addr == "" {
		c.Addr = "127.0.0.1:0"
	}
	if c.Password == "" {
		secret := make([]byte, 24)
		if _, err := rand.Read(secret); err != nil {
			return c, fmt.Errorf("embedded: make a password: %w", err)
		}
		c.Password = hex.EncodeToString(secret)
	}
	if c.Connections <= 0 {
		c.Connections = 8
	}
	if c.QueryTimeout <= 0 {
		c.QueryTimeout = time.Minute
	}
	if c.QueryMemory <= 0 {
		c.QueryMemory = 2 << 30
	}
	if c.MaxBody <= 0 {
		c.MaxBody = 256 << 20
	}
	return c, requireLoopback(c.Addr)
}

// requireLoopback refuses an address that other machines could reach.
func requireLoopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("embedded: the address %q: %w", addr, err)
	}
	if host == "localhost" {
		return nil
	}
	if ip, err := netip.ParseAddr(host); err != nil || !ip.IsLoopback() {
		return fmt.Errorf("embedded: %q is not a loopback address; listen on 127.0.0.1 or [::1]", addr)
	}
	return nil
}

// engine is libchdb as this process has it: it can be loaded once, and has one data directory at a time. That is a fact of
// the library, so it is kept per process and not per ClickHouse.
var engine struct {
	mu   sync.Mutex
	lib  *chdb
	path string
	busy bool
}

// ClickHouse is the running engine with its HTTP front. Make it with [StartClickHouse]; it is safe for concurrent use.
type ClickHouse struct {
	config ClickHouseConfig
	lock   *dirLock
	pool   *connPool
	addr   string
	server *http.Server
	served chan error
	once   sync.Once
	failed error
}

// StartClickHouse opens the data directory and serves ClickHouse's HTTP protocol. A process can have one engine at a time; a
// directory in use gives [ErrInUse], a missing library [ErrNoLibrary]. ctx bounds the start, not the life.
func StartClickHouse(ctx context.Context, config ClickHouseConfig) (*ClickHouse, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	lib, err := takeEngine(config.LibPath)
	if err != nil {
		return nil, err
	}
	c := &ClickHouse{config: config, served: make(chan error, 1)}
	if err := c.start(ctx, lib); err != nil {
		return nil, errors.Join(err, c.stop()) //nolint:contextcheck // tidying up must not end with the start
	}
	return c, nil
}

// takeEngine loads the library, or hands out the one that is loaded, if nobody else uses it.
func takeEngine(path string) (*chdb, error) {
	path, err := FindLibrary(path)
	if err != nil {
		return nil, err
	}
	engine.mu.Lock()
	defer engine.mu.Unlock()
	if engine.busy {
		return nil, errors.New("embedded: this process already runs a ClickHouse engine, and can run only one; close that first")
	}
	if engine.lib == nil {
		if engine.lib, err = openLibrary(path); err != nil {
			return nil, err
		}
		engine.path = path
	}
	if engine.path != path {
		return nil, fmt.Errorf("embedded: this process has loaded the engine from %s and cannot load another", engine.path)
	}
	engine.busy = true
	return engine.lib, nil
}

func (c *ClickHouse) start(ctx context.Context, lib *chdb) (err error) {
	if c.lock, err = lockDir(c.config.Dir); err != nil {
		return err
	}
	if c.pool, err = openPool(lib, c.config); err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.config.Addr)
	if err != nil {
		return fmt.Errorf("embedded: listen for ClickHouse clients: %w", err)
	}
	c.addr = listener.Addr().String()
	c.server = &http.Server{
		ErrorLog:          log.New(io.Discard, "", 0), // hung-up clients; nobody could do anything about them
		Handler:           newClickHouseHandler(c.config, c.pool),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       c.config.QueryTimeout + time.Minute,
		WriteTimeout:      2*c.config.QueryTimeout + time.Minute,
		IdleTimeout:       10 * time.Minute,
		MaxHeaderBytes:    1 << 20, // an INSERT's statement and a query's parameters travel in the URL
	}
	go func() { c.served <- c.server.Serve(listener) }()
	return nil
}

// Addr is the host and port where it listens.
func (c *ClickHouse) Addr() string { return c.addr }

// DSN is the address for clickhouse-go, with user and password: keep it out of logs.
func (c *ClickHouse) DSN() string { return c.DSNFor("default") }

// DSNFor is the DSN with another database than "default".
func (c *ClickHouse) DSNFor(database string) string {
	u := url.URL{Scheme: "http", User: url.UserPassword(clickhouseUser, c.config.Password), Host: c.addr, Path: "/" + database}
	return u.String()
}

// Close stops taking requests, gives those that run ten seconds to end, cancels the others and shuts the engine down.
// Calling it again gives the first answer.
func (c *ClickHouse) Close() error {
	c.once.Do(func() { c.failed = c.stop() })
	return c.failed
}

func (c *ClickHouse) stop() error {
	var errs []error
	if c.server != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := c.server.Shutdown(ctx); err != nil {
			errs = append(errs, c.server.Close()) // cancels the context of each request, which kills its statement
		}
		if err := <-c.served; !errors.Is(err, http.ErrServerClosed) {
			errs = append(errs, err)
		}
	}
	if c.pool != nil {
		c.pool.close()
	}
	if c.lock != nil {
		errs = append(errs, c.lock.release())
	}
	engine.mu.Lock()
	engine.busy = false
	engine.mu.Unlock()
	return errors.Join(errs...)
}
