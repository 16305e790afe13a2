package live

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
)

// ClientIP is whom a request comes from: what find says, or without it the socket's address.
func ClientIP(r *http.Request, find func(*http.Request) string) string {
	if find != nil {
		return find(r)
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// sitePrefix is what one customer of a provider gets at least: all of its addresses are one client's.
const sitePrefix = 64

// Site is what limits per client count by: an IPv4 address as it is, of an IPv6 address the network of 64 bits. What is no
// address is its own site.
func Site(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return ip
	}
	if a = a.Unmap().WithZone(""); a.Is4() {
		return a.String()
	}
	p, err := a.Prefix(sitePrefix)
	if err != nil {
		return ip
	}
	return p.String()
}

// Secure sets the headers that every answer of a door has. Over TLS the browser shall not come without it again.
func Secure(h http.Header, tls bool) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	if tls {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// overrun is how much of a body that is too large is read for nothing.
const overrun = 256 << 10

// bounded is a body with a limit.
type bounded struct {
	io.ReadCloser
	whole io.Reader
}

// Bounded gives at most so many bytes of a body; what comes then is an [http.MaxBytesError]. Some of what is too much is read for nothing,
// as a connection that is closed with bytes unread is reset, and the answer lost with it (RFC 9112, 9.6).
func Bounded(body io.ReadCloser, most int64) io.ReadCloser {
	return &bounded{http.MaxBytesReader(nil, body, most), body}
}

// Read reads on.
func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	var size *http.MaxBytesError
	if errors.As(err, &size) {
		_, _ = io.CopyN(io.Discard, b.whole, overrun)
		b.whole = http.NoBody
	}
	return n, err //nolint:wrapcheck // it is the body's
}

// WriteJSON answers with a JSON object that nobody keeps.
func WriteJSON(w http.ResponseWriter, status int, body any) {
	b, err := json.Marshal(body)
	if err != nil {
		http.Error(w, `{"code":"internal","text":"the answer could not be encoded"}`, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n')) // the client is gone: nothing to do
}
