package embedded

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// connPool is the set of the engine's connections. A statement has a connection to itself; who finds none free waits. One more
// connection is kept for killing statements, so that a full pool cannot keep itself full.
type connPool struct {
	lib        *chdb
	path       string
	size       int
	free       chan *pooledConn
	control    chan *chdbConn
	statements atomic.Uint64
}

// pooledConn is a connection with what was last set on it, so that a run of like requests sets nothing.
type pooledConn struct {
	*chdbConn
	database string
	settings map[string]string
	dirty    bool // a statement changed the connection itself
}

func openPool(lib *chdb, config ClickHouseConfig) (*connPool, error) {
	size := config.Connections
	p := &connPool{lib: lib, size: size, free: make(chan *pooledConn, size), control: make(chan *chdbConn, 1)}
	p.path = filepath.Join(config.Dir, "store")
	control, err := p.dial()
	if err != nil {
		return nil, err
	}
	p.control <- control
	for range size {
		conn, err := p.dial()
		if err != nil {
			p.size = len(p.free)
			p.close()
			return nil, err
		}
		p.free <- &pooledConn{chdbConn: conn, database: "default"}
	}
	return p, nil
}

func (p *connPool) dial() (*chdbConn, error) {
	return p.lib.open("clickhouse", "--path="+p.path)
}

// close waits until every connection has come back and closes them all, the last of which stops the engine.
func (p *connPool) close() {
	for range p.size {
		(<-p.free).close()
	}
	(<-p.control).close()
}

// with runs work on a connection of its own, set to the database and the settings. When ctx ends the statement is killed, if
// it may be; work must begin its statement with the tag. It returns when the engine has let go, never before.
func (p *connPool) with(
	ctx context.Context, database string, settings map[string]string, mayKill bool, work func(c *pooledConn, tag string) error,
) error {
	var conn *pooledConn
	select {
	case conn = <-p.free:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { p.free <- conn }()
	if err := p.ready(conn, database, settings); err != nil {
		return err
	}
	if !mayKill {
		ctx = context.WithoutCancel(ctx)
	}
	tag := fmt.Sprintf("/* %d. */ ", p.statements.Add(1))
	done, killed := make(chan struct{}), make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(killed)
		p.kill(tag, done)
	})
	err := work(conn, tag)
	close(done)
	if conn.dirty {
		err = errors.Join(err, p.renew(conn))
	}
	if !stop() {
		<-killed // the connection must not be handed on while a kill is on its way
		if err != nil {
			return errors.Join(context.Cause(ctx), err)
		}
	}
	return err
}

// kill asks the engine to end the statement with the tag, again and again until done is closed: the statement may not have
// begun when the first request comes. A statement that has just ended is no error.
func (p *connPool) kill(tag string, done <-chan struct{}) {
	again := time.NewTicker(200 * time.Millisecond)
	defer again.Stop()
	for {
		control := <-p.control
		// Best effort: max_execution_time ends the statement where this does not.
		_ = control.query("KILL QUERY WHERE startsWith(query, "+quote(tag)+") ASYNC", "Null", nil, nil)
		p.control <- control
		select {
		case <-done:
			return
		case <-again.C:
		}
	}
}

// renew replaces the connection beneath conn, and with it whatever was set on it.
func (p *connPool) renew(conn *pooledConn) error {
	fresh, err := p.dial()
	if err != nil {
		return err
	}
	conn.close()
	*conn = pooledConn{chdbConn: fresh, database: "default"}
	return nil
}

// ready brings database and settings of the connection to what the request wants. A setting can forbid to change settings
// (readonly), and a refused SET may have set half: then a new connection takes the place of the old.
func (p *connPool) ready(conn *pooledConn, database string, settings map[string]string) error {
	if conn.prepare(database, settings) == nil {
		return nil
	}
	if err := p.renew(conn); err != nil {
		return err
	}
	err := conn.prepare(database, settings)
	if err != nil {
		return errors.Join(err, p.renew(conn))
	}
	return nil
}

// prepare sets what differs from what is set.
func (c *pooledConn) prepare(database string, settings map[string]string) error {
	if database != c.database {
		if err := c.query("USE "+quoteName(database), "Null", nil, nil); err != nil {
			return err
		}
		c.database = database
	}
	if maps.Equal(settings, c.settings) {
		return nil
	}
	var set []string
	for _, name := range slices.Sorted(maps.Keys(c.settings)) {
		if _, ok := settings[name]; !ok {
			set = append(set, name+" = DEFAULT")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		if have, ok := c.settings[name]; !ok || have != settings[name] {
			set = append(set, name+" = "+quote(settings[name]))
		}
	}
	if err := c.query("SET "+strings.Join(set, ", "), "Null", nil, nil); err != nil {
		return err
	}
	c.settings = maps.Clone(settings)
	return nil
}

// quote writes a string literal.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\'' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ':
			b.WriteString(`\x` + strconv.FormatUint(uint64(c)+0x100, 16)[1:])
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('\'')
	return b.String()
}

// quoteName writes an identifier.
func quoteName(s string) string {
	return "`" + strings.NewReplacer("\\", "\\\\", "`", "\\`").Replace(s) + "`"
}
