package process

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/tributary-cc/tributary/stream/embedded"
	"github.com/tributary-cc/tributary/stream/warehouse"
)

// What processes of one data folder leave for each other, and for the commands. Both hold secrets.
const (
	runFile        = "run.json"       // by the process with the role broker
	clickhouseFile = "clickhouse.dsn" // by the process with the role clickhouse
)

// errNoClickHouse says that no process told where ClickHouse is.
var errNoClickHouse = errors.New("no ClickHouse is known: name its DSN by clickhouse.dsn_file, or run a process with the role clickhouse in this data folder")

func (p *Process) startClickHouse(ctx context.Context) error {
	password, err := ownSecret(filepath.Join(p.Config.Data, "clickhouse.secret"))
	if err != nil {
		return err
	}
	p.clickhouse, err = embedded.StartClickHouse(ctx, embedded.ClickHouseConfig{
		Dir: filepath.Join(p.Config.Data, "clickhouse"), LibPath: p.Config.ClickHouse.Library, Password: password,
		Addr: p.sameAddr(ctx, "clickhouse", p.Config.ClickHouse.Listen),
	})
	if err != nil {
		return err
	}
	p.run.ClickHouse = p.clickhouse.DSN()
	if err := p.keepAddr("clickhouse", p.clickhouse.Addr()); err != nil {
		return err
	}
	return replaceFile(filepath.Join(p.Config.Data, clickhouseFile), []byte(p.run.ClickHouse+"\n"))
}

// dsn finds ClickHouse: as configured, as started here, or as a process of the same data folder left it.
func (s *Spine) dsn() (string, error) {
	if f := s.Config.ClickHouse.DSNFile; f != "" {
		return readSecret(f)
	}
	if s.run.ClickHouse != "" {
		return s.run.ClickHouse, nil
	}
	b, err := os.ReadFile(filepath.Join(s.Config.Data, clickhouseFile))
	if err != nil {
		return "", errNoClickHouse
	}
	return strings.TrimSpace(string(b)), nil
}

// OpenWarehouse connects to the installation's ClickHouse.
func (s *Spine) OpenWarehouse() (*warehouse.Warehouse, error) {
	dsn, err := s.dsn()
	if err != nil {
		return nil, err
	}
	return warehouse.Open(warehouse.Config{DSN: dsn})
}

// warehouse opens it once. A warehouse that is away keeps nobody from answering customers.
func (p *Process) warehouse() (*warehouse.Warehouse, error) {
	p.opening.Lock()
	defer p.opening.Unlock()
	if p.Warehouse != nil {
		return p.Warehouse, nil
	}
	w, err := p.OpenWarehouse()
	if err != nil {
		return nil, err
	}
	p.Warehouse = w
	return w, nil
}

// sameAddr gives an engine without a port of its own the one it had, if it is free: the processes beside it find it again.
func (s *Spine) sameAddr(ctx context.Context, engine, listen string) string {
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	if !strings.HasSuffix(listen, ":0") {
		return listen
	}
	b, err := os.ReadFile(filepath.Join(s.Config.Data, engine+".addr")) //nolint:gosec // in the data folder
	if err != nil {
		return listen
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", string(b))
	if err != nil {
		return listen
	}
	_ = l.Close() // it was only tried
	return string(b)
}

func (s *Spine) keepAddr(engine, addr string) error {
	return replaceFile(filepath.Join(s.Config.Data, engine+".addr"), []byte(addr))
}

// replaceFile leaves the whole of the old file or of the new one.
func replaceFile(name string, b []byte) error {
	if err := os.WriteFile(name+".new", b, 0o600); err != nil { //nolint:gosec // in the data folder
		return fmt.Errorf("writing %s: %w", filepath.Base(name), err)
	}
	return os.Rename(name+".new", name)
}

// forget removes a file that may be gone.
func forget(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
