package plugin

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"
)

const (
	// maxEvent bounds one event of the live stream; thousands of queues have less.
	maxEvent = 4 << 20
	// silence is how long the live stream may say nothing: Tributary speaks every 5 seconds.
	silence = 20 * time.Second
)

var (
	errEventTooLong = errors.New("an event of the stream is longer than this data source takes")
	errSilent       = errors.New("the stream says nothing any more")
	errEnd          = errors.New("the right to follow the wallboard has ended")
	errStreamEnded  = errors.New("the stream ended")
)

// events reads a stream of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), of which the names and the
// data are wanted: ids and the time to wait are for browsers.
type events struct {
	r    *bufio.Reader
	most int
	// alive is called whenever a line came, a comment too.
	alive func()
}

func newEvents(r io.Reader, most int, alive func()) *events {
	return &events{r: bufio.NewReaderSize(r, 64<<10), most: most, alive: alive}
}

// next is the name, empty for most, and the data of the next event.
func (e *events) next() (name string, data []byte, err error) {
	var has bool
	for {
		line, err := e.line(e.most - len(data))
		if err != nil {
			return "", nil, err // an event is whole only with the empty line behind it
		}
		e.alive()
		if len(line) == 0 {
			if has {
				return name, data, nil
			}
			name = ""
			continue
		}
		field, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(field) {
		case "event":
			name = string(value)
		case "data":
			if has {
				data = append(data, '\n')
			}
			has = true
			data = append(data, value...)
		}
	}
}

// line reads a line without its end, CR LF or LF.
func (e *events) line(most int) ([]byte, error) {
	var line []byte
	for {
		part, err := e.r.ReadSlice('\n')
		if len(line)+len(part) > most {
			return nil, errEventTooLong
		}
		line = append(line, part...)
		switch {
		case err == nil:
			return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r")), nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			return nil, errStreamEnded
		default:
			return nil, err
		}
	}
}

// follow reads the live wallboard of a scope until the context ends, the stream does, or take answers with an error. It always answers
// with an error, and does not try again.
func (c *client) follow(ctx context.Context, who caller, scope string, take func(*snapshot) error) error {
	const path = "/api/boards/live"
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watch := time.AfterFunc(c.silence, func() { cancel(errSilent) })
	defer watch.Stop()
	resp, err := c.open(ctx, who, path, scopeQuery(scope))
	if err == nil {
		defer resp.Body.Close() //nolint:errcheck // it was read
		err = c.read(newEvents(resp.Body, maxEvent, func() { watch.Reset(c.silence) }), take)
	}
	switch {
	case errors.Is(err, errEnough):
		return err
	case errors.Is(context.Cause(ctx), errSilent):
		return networkFault(path, context.DeadlineExceeded)
	}
	if f := (*fault)(nil); errors.As(err, &f) {
		return err
	}
	if errors.Is(err, errStreamEnded) || errors.Is(err, errEventTooLong) {
		return strange(path, err)
	}
	return networkFault(path, err)
}

func (c *client) read(from *events, take func(*snapshot) error) error {
	for {
		name, data, err := from.next()
		if err != nil {
			return err
		}
		if name == "end" { // the right has ended, for which the data say why
			f := downstream(http.StatusForbidden, errEnd)
			if s := problem(data); s.words() != "" {
				f.code, f.err = s.Code, errors.New(s.words())
			}
			return f
		}
		if name != "" {
			continue // of a later version
		}
		s := new(snapshot)
		if err := json.Unmarshal(data, s); err != nil {
			return strange("/api/boards/live", err)
		}
		if err := s.check(); err != nil {
			return strange("/api/boards/live", err)
		}
		if err := take(s); err != nil {
			return err
		}
	}
}
