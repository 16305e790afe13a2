package openai

import (
	"context"
	"crypto/x509"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Key is a server's secret. It prints as ***.
type Key string

// String hides it.
func (Key) String() string { return "***" }

// GoString hides it.
func (Key) GoString() string { return "***" }

// MarshalText hides it.
func (Key) MarshalText() ([]byte, error) { return []byte("***"), nil }

// LogValue hides it.
func (Key) LogValue() slog.Value { return slog.StringValue("***") }

// Config says which server is asked and how.
type Config struct {
	// URL is the server's base, such as https://api.openai.com/v1; without TLS only on this machine, or where PlainHTTP allows it.
	URL       string
	PlainHTTP bool
	// Model is its name there.
	Model string
	// Key is sent as a bearer token; empty for servers that ask for none.
	Key Key
	// RootCAs verify the server; nil for the system's.
	RootCAs *x509.CertPool
	// Dial connects; nil for the network.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Timeout bounds a question with its second try; the context's deadline does too.
	Timeout time.Duration
	// MaxConcurrent bounds the questions under way; what is more is not asked.
	MaxConcurrent int
	// PriceIn and PriceOut are of a million tokens, in any currency.
	PriceIn, PriceOut float64
	// Sure is the confidence in thousandths from which an answer is not unsure. What a language model says of itself is not calibrated.
	Sure int
	// Now is the clock; time.Now outside tests.
	Now func() time.Time
	// Registry takes the metrics; nil for none.
	Registry prometheus.Registerer
}

// Default is a configuration that lacks only the URL and the model.
func Default() Config {
	return Config{Timeout: 5 * time.Second, MaxConcurrent: 8, Sure: 500}
}

const maxModel = 64

// Check names each fault with its field, as configuration files name them.
func (c Config) Check(wrong func(field, format string, args ...any)) {
	c.checkURL(wrong)
	if c.Model == "" || len(c.Model) > maxModel || strings.ContainsFunc(c.Model, func(r rune) bool { return r <= ' ' || r > '~' }) {
		wrong("model", "%q is no model's name: 1 to %d letters, digits and signs", c.Model, maxModel)
	}
	if strings.ContainsFunc(string(c.Key), func(r rune) bool { return r <= ' ' || r > '~' }) {
		wrong("key_file", "a key is one word of letters, digits and signs")
	}
	if c.Timeout < 50*time.Millisecond || c.Timeout > time.Minute {
		wrong("timeout", "%s; it is 50ms to 1m", c.Timeout)
	}
	if c.MaxConcurrent < 1 || c.MaxConcurrent > 1000 {
		wrong("max_concurrent", "%d; it is 1 to 1000", c.MaxConcurrent)
	}
	for _, p := range []struct {
		field string
		price float64
	}{{"price_in", c.PriceIn}, {"price_out", c.PriceOut}} {
		if !(p.price >= 0 && p.price <= 1e6) {
			wrong(p.field, "%v; a price of a million tokens is 0 to 1000000", p.price)
		}
	}
	if c.Sure < 0 || c.Sure > 1000 {
		wrong("sure", "%d; it is 0 to 1000", c.Sure)
	}
}

func (c Config) checkURL(wrong func(field, format string, args ...any)) {
	u, err := url.Parse(c.URL)
	// What does not parse is not repeated: it may hold a password.
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		wrong("url", "it is not https://host/path")
	case u.User != nil:
		wrong("url", "it names a user or a password: give the key by key_file")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		wrong("url", "%s://%s: nothing may stand behind its path", u.Scheme, u.Host)
	case u.Scheme == "http" && !c.PlainHTTP && !loopback(u.Hostname()):
		wrong("url", "http://%s would show what customers write to the network: take https, or say plain_http where the network is trusted", u.Host)
	}
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
