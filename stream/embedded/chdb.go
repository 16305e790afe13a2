package embedded

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"github.com/ebitengine/purego"
)

// chdb is the C interface of libchdb, the ClickHouse engine as a shared library. A connection runs one statement at a
// time; several connections to the one data directory of the process run side by side.
type chdb struct {
	setSignalHandlers func(int32)
	version           func() string
	connect           func(argc int32, argv unsafe.Pointer) unsafe.Pointer
	closeConn         func(unsafe.Pointer)
	queryParams       func(conn, query unsafe.Pointer, queryLen uintptr, format unsafe.Pointer, formatLen uintptr,
		names, nameLens, values, valueLens unsafe.Pointer, count uintptr) unsafe.Pointer
	streamParams func(conn, query unsafe.Pointer, queryLen uintptr, format unsafe.Pointer, formatLen uintptr,
		names, nameLens, values, valueLens unsafe.Pointer, count uintptr) unsafe.Pointer
	insertParams func(conn, query unsafe.Pointer, queryLen uintptr, format unsafe.Pointer, formatLen uintptr,
		names, nameLens, values, valueLens unsafe.Pointer, count uintptr) unsafe.Pointer
	insertAppend  func(stream, data unsafe.Pointer, n uintptr) int32
	insertDone    func(stream unsafe.Pointer) unsafe.Pointer
	insertFailure func(stream unsafe.Pointer) unsafe.Pointer
	insertDestroy func(stream unsafe.Pointer)
	streamFetch   func(conn, stream unsafe.Pointer) unsafe.Pointer
	streamCancel  func(conn, stream unsafe.Pointer)
	destroy       func(unsafe.Pointer)
	buffer        func(unsafe.Pointer) unsafe.Pointer
	length        func(unsafe.Pointer) uintptr
	failure       func(unsafe.Pointer) unsafe.Pointer
}

// openLibrary loads libchdb. A library can be loaded only once in a process and is never unloaded: its threads live on.
func openLibrary(path string) (*chdb, error) {
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return nil, fmt.Errorf("embedded: load the ClickHouse engine from %s: %w", path, err)
	}
	l := &chdb{}
	for _, f := range []struct {
		into any
		name string
	}{
		{&l.setSignalHandlers, "chdb_set_signal_handlers_enabled"},
		{&l.version, "chdb_version"},
		{&l.connect, "chdb_connect"},
		{&l.closeConn, "chdb_close_conn"},
		{&l.queryParams, "chdb_query_with_params_n"},
		{&l.streamParams, "chdb_stream_query_with_params_n"},
		{&l.insertParams, "chdb_stream_insert_with_params_n"},
		{&l.insertAppend, "chdb_stream_append"},
		{&l.insertDone, "chdb_stream_done"},
		{&l.insertFailure, "chdb_stream_insert_error"},
		{&l.insertDestroy, "chdb_destroy_insert_stream"},
		{&l.streamFetch, "chdb_stream_fetch_result"},
		{&l.streamCancel, "chdb_stream_cancel_query"},
		{&l.destroy, "chdb_destroy_query_result"},
		{&l.buffer, "chdb_result_buffer"},
		{&l.length, "chdb_result_length"},
		{&l.failure, "chdb_result_error"},
	} {
		sym, err := purego.Dlsym(handle, f.name)
		if err != nil {
			return nil, fmt.Errorf("embedded: %s lacks %s; it is not the version that `make engines` installs: %w", path, f.name, err)
		}
		purego.RegisterFunc(f.into, sym)
	}
	// The engine's own handlers for SIGSEGV and friends would take those of the Go runtime away.
	l.setSignalHandlers(0)
	return l, nil
}

// chdbConn is one connection. It is not safe for concurrent use.
type chdbConn struct {
	lib  *chdb
	slot unsafe.Pointer // *chdb_connection, owned by the library
}

// open connects with command line arguments such as --path=/data. The first connection of a process boots the engine.
func (l *chdb) open(args ...string) (*chdbConn, error) {
	var pin runtime.Pinner
	defer pin.Unpin()
	argv := make([]unsafe.Pointer, len(args)+1)
	for i, a := range args {
		argv[i] = cstring(&pin, a)
	}
	pin.Pin(&argv[0])
	slot := l.connect(int32(len(args)), unsafe.Pointer(&argv[0])) //nolint:gosec // a handful of arguments
	if slot == nil || *(*unsafe.Pointer)(slot) == nil {
		return nil, errors.New("embedded: the ClickHouse engine refused to start; is the data directory readable, and of this version?")
	}
	return &chdbConn{lib: l, slot: slot}, nil
}

func (c *chdbConn) handle() unsafe.Pointer { return *(*unsafe.Pointer)(c.slot) }

func (c *chdbConn) close() { c.lib.closeConn(c.slot) }

// parameter is a value for a {name:Type} placeholder, in the text form of ClickHouse's TSV.
type parameter struct{ name, value string }

type startFunc func(conn, query unsafe.Pointer, queryLen uintptr, format unsafe.Pointer, formatLen uintptr,
	names, nameLens, values, valueLens unsafe.Pointer, count uintptr) unsafe.Pointer

// call hands the statement to f; it is how queries and inserts begin.
func (c *chdbConn) call(f startFunc, query, format string, params []parameter) unsafe.Pointer {
	var pin runtime.Pinner
	defer pin.Unpin()
	n := len(params)
	names, values := make([]unsafe.Pointer, n+1), make([]unsafe.Pointer, n+1)
	nameLens, valueLens := make([]uintptr, n+1), make([]uintptr, n+1)
	for i, p := range params {
		names[i], nameLens[i] = cstring(&pin, p.name), uintptr(len(p.name))
		values[i], valueLens[i] = cstring(&pin, p.value), uintptr(len(p.value))
	}
	pin.Pin(&names[0])
	pin.Pin(&values[0])
	pin.Pin(&nameLens[0])
	pin.Pin(&valueLens[0])
	return f(c.handle(), cstring(&pin, query), uintptr(len(query)), cstring(&pin, format), uintptr(len(format)),
		unsafe.Pointer(&names[0]), unsafe.Pointer(&nameLens[0]), unsafe.Pointer(&values[0]), unsafe.Pointer(&valueLens[0]), uintptr(n)) //nolint:gosec // C reads the pinned arrays during the call only
}

// start begins a query and turns a refusal into an error.
func (c *chdbConn) start(f startFunc, query, format string, params []parameter) (unsafe.Pointer, error) {
	res := c.call(f, query, format, params)
	if res == nil {
		return nil, errors.New("embedded: the ClickHouse engine gave no answer")
	}
	if err := c.lib.resultError(res); err != nil {
		c.lib.destroy(res)
		return nil, err
	}
	return res, nil
}

// query runs a statement to its end and hands its whole output to use, which must not keep the bytes.
func (c *chdbConn) query(query, format string, params []parameter, use func([]byte) error) error {
	res, err := c.start(c.lib.queryParams, query, format, params)
	if err != nil {
		return err
	}
	defer c.lib.destroy(res)
	if use == nil {
		return nil
	}
	return use(c.lib.resultBytes(res))
}

// stream runs a query and hands its output over piece by piece, each made of whole blocks. It stops at the first error of
// use. The bytes are gone when use returns.
func (c *chdbConn) stream(query, format string, params []parameter, use func([]byte) error) error {
	stream, err := c.start(c.lib.streamParams, query, format, params)
	if err != nil {
		return err
	}
	defer c.lib.destroy(stream)
	for {
		more, err := c.fetch(stream, use)
		if err != nil {
			c.lib.streamCancel(c.handle(), stream)
			return err
		}
		if !more {
			return nil
		}
	}
}

func (c *chdbConn) fetch(stream unsafe.Pointer, use func([]byte) error) (more bool, err error) {
	piece := c.lib.streamFetch(c.handle(), stream)
	if piece == nil {
		return false, nil
	}
	defer c.lib.destroy(piece)
	if err := c.lib.resultError(piece); err != nil {
		return false, err
	}
	b := c.lib.resultBytes(piece)
	if len(b) == 0 {
		return false, nil
	}
	return true, use(b)
}

// insert runs an INSERT whose rows are data in the given format; query has no FORMAT of its own. All rows are in the hands of
// the engine before it begins to write, so a client that goes away in the middle leaves nothing behind.
func (c *chdbConn) insert(query, format string, params []parameter, data []byte) error {
	stream := c.call(c.lib.insertParams, query, format, params)
	if stream == nil {
		return errors.New("embedded: the ClickHouse engine gave no answer")
	}
	defer c.lib.insertDestroy(stream)
	if p := c.lib.insertFailure(stream); p != nil {
		return newEngineError(cText(p))
	}
	if len(data) > 0 {
		var pin runtime.Pinner
		pin.Pin(&data[0])
		c.lib.insertAppend(stream, unsafe.Pointer(&data[0]), uintptr(len(data))) //nolint:gosec // pinned; a failure is told again by done
		pin.Unpin()
	}
	res := c.lib.insertDone(stream)
	if res == nil {
		return errors.New("embedded: the ClickHouse engine gave no answer to an insert")
	}
	defer c.lib.destroy(res)
	return c.lib.resultError(res)
}

func (l *chdb) resultBytes(res unsafe.Pointer) []byte {
	p, n := l.buffer(res), l.length(res)
	if p == nil || n == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(p), n) //nolint:gosec // the library says that there are n bytes
}

func (l *chdb) resultError(res unsafe.Pointer) error {
	p := l.failure(res)
	if p == nil {
		return nil
	}
	return newEngineError(cText(p))
}

// cText copies a text that ends in a zero byte.
func cText(p unsafe.Pointer) string {
	n := 0
	for *(*byte)(unsafe.Add(p, n)) != 0 {
		n++
	}
	return string(unsafe.Slice((*byte)(p), n)) //nolint:gosec // counted above
}

// cstring copies s with a zero byte at its end to memory that stays where it is until pin is released.
func cstring(pin *runtime.Pinner, s string) unsafe.Pointer {
	b := make([]byte, len(s)+1)
	copy(b, s)
	pin.Pin(&b[0])
	return unsafe.Pointer(&b[0]) //nolint:gosec // pinned
}
