package embedded

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// Codes of ClickHouse for what this front refuses itself.
const (
	codeBadArguments    = 36
	codeNotImplemented  = 48
	codeTimeoutExceeded = 159
	codeWrongPassword   = 516
	codeTooLarge        = 307 // TOO_MANY_BYTES
	codeCancelled       = 394
)

// clickhouseHandler speaks the part of ClickHouse's HTTP protocol that clickhouse-go uses.
type clickhouseHandler struct {
	config ClickHouseConfig
	pool   *connPool
	user   [sha256.Size]byte
	key    [sha256.Size]byte
}

func newClickHouseHandler(config ClickHouseConfig, pool *connPool) *clickhouseHandler {
	return &clickhouseHandler{
		config: config, pool: pool,
		user: sha256.Sum256([]byte(clickhouseUser)), key: sha256.Sum256([]byte(config.Password)),
	}
}

// ServeHTTP answers /ping to everybody, and statements to those who know the password.
func (h *clickhouseHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/ping" {
		_, _ = io.WriteString(w, "Ok.\n") // the client is gone if this fails
		return
	}
	if !h.allowed(r) {
		refuse(w, http.StatusUnauthorized, &EngineError{codeWrongPassword, "Code: 516. DB::Exception: authentication failed"})
		return
	}
	ctx, cancel := context.WithTimeoutCause(r.Context(), h.config.QueryTimeout, errQueryTimeout)
	defer cancel()
	req, err := readRequest(h.config, w, r)
	if err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	out := &answer{w: w, native: req.format == "Native", writer: nativeWriter{out: w, revision: req.revision}}
	// An INSERT whose rows are here is let end: a killed one stays in the engine's list of processes now and then, and keeps
	// its database from being dropped.
	mayKill := req.data == nil
	err = h.pool.with(ctx, req.database, req.settings, mayKill, func(c *pooledConn, tag string) error {
		c.dirty = changesConnection(req.statement)
		return req.run(c, tag, out)
	})
	if err != nil {
		out.fail(err)
	}
}

// allowed compares in constant time, over hashes so that the lengths tell nothing either.
func (h *clickhouseHandler) allowed(r *http.Request) bool {
	user, key, ok := r.BasicAuth()
	if !ok {
		user, key = r.Header.Get("X-Clickhouse-User"), r.Header.Get("X-Clickhouse-Key")
	}
	u, k := sha256.Sum256([]byte(user)), sha256.Sum256([]byte(key))
	return subtle.ConstantTimeCompare(u[:], h.user[:])&subtle.ConstantTimeCompare(k[:], h.key[:]) == 1
}

// run executes the statement on c. It may be tried as a stream first: the engine refuses to stream what is no query before
// it does anything.
func (q *request) run(c *pooledConn, tag string, out *answer) error {
	if q.data != nil {
		return c.insert(tag+q.statement, q.format, q.params, q.data)
	}
	if !mayStream(q.statement) {
		return c.query(tag+q.statement, q.format, q.params, out.piece)
	}
	err := c.stream(tag+q.statement, q.format, q.params, out.piece)
	if refused := (*EngineError)(nil); errors.As(err, &refused) && refused.Code == codeBadArguments && !out.began &&
		strings.Contains(refused.Message, "Streaming query is not supported") {
		return c.query(tag+q.statement, q.format, q.params, out.piece)
	}
	if err == nil && out.native && !out.began {
		return q.describe(c, tag, out)
	}
	return err
}

// describe tells the client the columns of an answer without rows.
func (q *request) describe(c *pooledConn, tag string, out *answer) error {
	var names, types []string
	err := c.query(tag+"DESCRIBE TABLE ("+strings.TrimRight(q.statement, "; \t\r\n")+"\n)", "TSVRaw", q.params, func(b []byte) error {
		for line := range strings.Lines(string(b)) {
			if fields := strings.SplitN(strings.TrimSuffix(line, "\n"), "\t", 3); len(fields) > 1 {
				names, types = append(names, fields[0]), append(types, fields[1])
			}
		}
		return nil
	})
	if err != nil || len(names) == 0 {
		// The answer is right without: it has no rows. Only its columns stay unknown.
		return nil //nolint:nilerr // see above
	}
	return out.writer.header(names, types)
}

// mayStream says whether the statement looks like a query whose answer comes in pieces.
func mayStream(statement string) bool {
	s := skipComments(statement)
	return strings.HasPrefix(s, "(") || hasKeyword(s, "SELECT") || hasKeyword(s, "WITH")
}

// changesConnection says whether the statement leaves something behind on its connection. Over HTTP nothing may: the next
// request is another's.
func changesConnection(statement string) bool {
	s := skipComments(statement)
	return hasKeyword(s, "SET") || hasKeyword(s, "USE") ||
		hasKeyword(s, "CREATE") && strings.Contains(strings.ToUpper(s), "TEMPORARY")
}

// answer is what goes back to the client. Its status is 200 from the first piece on; an error after that travels in the body, in
// ClickHouse's frame for it.
type answer struct {
	w      http.ResponseWriter
	native bool
	writer nativeWriter
	began  bool
	tag    string
}

// piece sends some output of the engine.
func (a *answer) piece(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if !a.began {
		a.began = true
		tag := make([]byte, 8)
		if _, err := rand.Read(tag); err != nil {
			return fmt.Errorf("embedded: make a tag: %w", err)
		}
		a.tag = hex.EncodeToString(tag)
		a.w.Header().Set("X-ClickHouse-Exception-Tag", a.tag)
		a.w.Header().Set("Content-Type", "application/octet-stream")
	}
	if a.native {
		return a.writer.write(b)
	}
	_, err := a.w.Write(b) //nolint:gosec // never shown by a browser: its type is octet-stream
	return err
}

// fail tells the client that the statement ended in an error.
func (a *answer) fail(err error) {
	told := toldError(err)
	if !a.began {
		refuse(a.w, http.StatusInternalServerError, told)
		return
	}
	const frame = "__exception__"
	message := told.Message
	// The client is gone if this cannot be written.
	_, _ = fmt.Fprintf(a.w, "\r\n%s\r\n%s\r\n%s\n%d %s\r\n%s\r\n", frame, a.tag, message, len(message), a.tag, frame)
}

var errQueryTimeout = errors.New("embedded: the statement took longer than the engine's query time-out")

// toldError chooses what the client reads: the engine's own refusal, or what stopped the statement.
func toldError(err error) *EngineError {
	var refused *EngineError
	switch {
	case errors.Is(err, errQueryTimeout):
		return &EngineError{codeTimeoutExceeded, "Code: 159. DB::Exception: Timeout exceeded: " + errQueryTimeout.Error() + ". (TIMEOUT_EXCEEDED)"}
	case errors.Is(err, context.Canceled):
		return &EngineError{codeCancelled, "Code: 394. DB::Exception: the client went away. (QUERY_WAS_CANCELLED)"}
	case errors.As(err, &refused):
		return refused
	default:
		return &EngineError{1002, "Code: 1002. DB::Exception: " + err.Error() + ". (UNKNOWN_EXCEPTION)"}
	}
}

func refuse(w http.ResponseWriter, status int, err error) {
	told := toldError(err)
	w.Header().Set("X-ClickHouse-Exception-Code", strconv.Itoa(told.Code))
	w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, told.Message+"\n") // the client is gone if this fails
}
