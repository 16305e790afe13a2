package hostile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lxzan/gws"
	"github.com/stretchr/testify/require"
)

// raw is a WebSocket that sends whatever it is told to.
type raw struct {
	gws.BuiltinEventHandler
	t      *testing.T
	conn   *gws.Conn
	frames chan map[string]any
	closed chan uint16
}

// OnMessage keeps a frame; who does not look at them loses the newest.
func (r *raw) OnMessage(_ *gws.Conn, m *gws.Message) {
	defer func() { _ = m.Close() }()
	var f map[string]any
	if json.NewDecoder(bytes.NewReader(m.Bytes())).Decode(&f) == nil {
		select {
		case r.frames <- f:
		default:
		}
	}
}

// OnClose keeps the code; 0 is a connection that was cut.
func (r *raw) OnClose(_ *gws.Conn, err error) {
	var code uint16
	if e := (*gws.CloseError)(nil); errors.As(err, &e) {
		code = e.Code
	}
	r.closed <- code
}

func dialer(ip string) *net.Dialer {
	return &net.Dialer{Timeout: 5 * time.Second, LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}}
}

// from is a browser at another address of the loopback.
func from(ip string) *http.Client {
	return &http.Client{
		Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, DialContext: dialer(ip).DialContext},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// dial gives the socket, or the status with which it was refused.
func dial(t *testing.T, c *child, path string, header http.Header) (*raw, int) {
	t.Helper()
	return dialFrom(t, c, "127.0.0.1", path, header)
}

// dialFrom connects from another address of the loopback: limits are by address.
func dialFrom(t *testing.T, c *child, ip, path string, header http.Header) (*raw, int) {
	t.Helper()
	r := &raw{t: t, frames: make(chan map[string]any, 1000), closed: make(chan uint16, 1)}
	conn, resp, err := gws.NewClient(r, &gws.ClientOption{
		Addr: "ws://" + c.addr + path, RequestHeader: header, HandshakeTimeout: 5 * time.Second, WriteMaxPayloadSize: 8 << 20,
		NewDialer: func() (gws.Dialer, error) { return dialer(ip), nil },
	})
	if err != nil {
		if resp == nil {
			return nil, 0
		}
		return nil, resp.StatusCode
	}
	r.conn = conn
	go conn.ReadLoop()
	t.Cleanup(func() { _ = conn.NetConn().Close() })
	return r, http.StatusSwitchingProtocols
}

func (r *raw) send(text string) error { return r.conn.WriteMessage(gws.OpcodeText, []byte(text)) }

// next waits for a frame that fits.
func (r *raw) next(fits func(map[string]any) bool) map[string]any {
	r.t.Helper()
	end := time.After(30 * time.Second)
	for {
		select {
		case f := <-r.frames:
			if fits(f) {
				return f
			}
		case <-end:
			r.t.Fatal("the frame waited for does not come")
		}
	}
}

func kind(name string) func(map[string]any) bool {
	return func(f map[string]any) bool { return f["type"] == name }
}

// gone waits for the end of the connection.
func (r *raw) gone() uint16 {
	r.t.Helper()
	select {
	case code := <-r.closed:
		return code
	case <-time.After(30 * time.Second):
		r.t.Fatal("the connection stays open")
		return 0
	}
}

// floodUntil sends frames as fast as they are answered until one is refused for their rate, and then without listening: who
// is hung up on loses what was on its way.
func (r *raw) floodUntil(id, frame string) {
	r.t.Helper()
	for i, refused := 0, false; !refused; i++ {
		require.Less(r.t, i, 1000, "there is no limit")
		require.NoError(r.t, r.send(fmt.Sprintf(frame, i)))
		f := r.next(func(f map[string]any) bool { return f[id] == fmt.Sprintf("f%d", i) })
		refused = f["code"] == "rate"
	}
	for i := 1000; i < 3000 && r.send(fmt.Sprintf(frame, i)) == nil; i++ {
	}
}

// visitor asks for a visitor's token.
func visitor(t *testing.T, c *child, entry, origin string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, c.base()+"/webchat/session", strings.NewReader(fmt.Sprintf(`{"entry_point":%q}`, entry)))
	require.NoError(t, err)
	if origin != "" {
		req.Header.Set("Origin", origin)
	}
	resp, err := plain.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	var body struct{ Token, Code string }
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&body))
	if body.Code != "" {
		return resp.StatusCode, body.Code
	}
	return resp.StatusCode, body.Token
}

// shop opens a customer's socket that has not said hello.
func shop(t *testing.T, c *child) *raw {
	t.Helper()
	r, status := dial(t, c, "/webchat/ws?entry_point=demo/shop", http.Header{"Origin": {c.base()}})
	require.Equal(t, http.StatusSwitchingProtocols, status)
	return r
}

// guest is a customer who was let in.
func guest(t *testing.T, c *child) *raw {
	t.Helper()
	status, token := visitor(t, c, "demo/shop", c.base())
	require.Equal(t, http.StatusOK, status, token)
	r := shop(t, c)
	require.NoError(t, r.send(fmt.Sprintf(`{"type":"hello","token":%q}`, token)))
	r.next(kind("history"))
	return r
}

func asTimeout(err error, into *net.Error) bool { return errors.As(err, into) && (*into).Timeout() }
