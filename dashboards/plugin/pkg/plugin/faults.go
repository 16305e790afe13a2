package plugin

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

// fault is a failure with its verdict: whose it is, and which HTTP status tells Grafana. Its text says what to do and holds neither the
// token nor anything about a person.
type fault struct {
	status int
	source backend.ErrorSource
	code   string // of the API, where it gave one
	err    error
}

func (f *fault) Error() string { return f.err.Error() }
func (f *fault) Unwrap() error { return f.err }

func downstream(status int, err error) *fault {
	return &fault{status: status, source: backend.ErrorSourceDownstream, err: err}
}

// wrong is the fault of a query that can never be answered.
func wrong(format string, args ...any) *fault {
	return &fault{status: http.StatusBadRequest, source: backend.ErrorSourcePlugin, err: fmt.Errorf(format, args...)}
}

// asFault is where an error becomes what Grafana is told. What is unknown is the plugin's own.
func asFault(err error) *fault {
	var f *fault
	switch {
	case errors.As(err, &f):
		return f
	case errors.Is(err, context.Canceled):
		return downstream(499, errors.New("the question was taken back")) // what Grafana answers then
	case errors.Is(err, context.DeadlineExceeded):
		return downstream(http.StatusGatewayTimeout, errors.New("there was no time left to ask Tributary"))
	}
	return &fault{status: http.StatusInternalServerError, source: backend.ErrorSourcePlugin, err: err}
}

func (f *fault) response() backend.DataResponse {
	return backend.ErrDataResponseWithSource(backend.Status(f.status), f.source, f.Error())
}

// withSource is for the handlers that answer with an error.
func (f *fault) withSource() error { return backend.NewErrorWithSource(f, f.source) }

// networkFault is why no answer came, or not the whole of it. Its words are ours: those of the network can hold addresses of a proxy.
func networkFault(path string, err error) *fault {
	var (
		dns       *net.DNSError
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		verify    *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		netErr    net.Error
	)
	switch {
	case errors.Is(err, context.Canceled):
		return downstream(499, errors.New("the question was taken back"))
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout():
		return downstream(http.StatusGatewayTimeout, fmt.Errorf("no answer of Tributary to %s in time: try again, or ask for less", path))
	case errors.As(err, &dns):
		return downstream(http.StatusBadGateway, errors.New("the host in the URL of the data source is not known here: check the URL"))
	case errors.As(err, &authority):
		return downstream(http.StatusBadGateway, errors.New("the certificate of Tributary is signed by an authority that is not trusted: "+
			"put the authority's certificate into the settings of the data source"))
	case errors.As(err, &host):
		return downstream(http.StatusBadGateway, errors.New("the certificate of Tributary is for another host than the one in the URL of the data source"))
	case errors.As(err, &verify):
		return downstream(http.StatusBadGateway, errors.New("the certificate of Tributary does not hold: it may have expired"))
	case errors.As(err, &record), strings.Contains(err.Error(), "HTTP response to HTTPS client"):
		return downstream(http.StatusBadGateway, errors.New("the URL of the data source begins with https://, but there is no TLS: check the URL"))
	case strings.Contains(err.Error(), "unexpected EOF"), strings.Contains(err.Error(), "malformed"):
		return downstream(http.StatusBadGateway, fmt.Errorf("the answer of %s broke off, or is no HTTP: try again, and check the URL", path))
	}
	return downstream(http.StatusBadGateway, errors.New("no connection to Tributary: check the URL of the data source, and that Tributary runs"))
}

// strange is an answer that Tributary does not give.
func strange(path string, err error) *fault {
	return downstream(http.StatusBadGateway,
		fmt.Errorf("the answer of %s is not one of Tributary (%w): check the URL of the data source, and that Tributary is not older than this plugin", path, err))
}

// refusal reads an answer that is not 200.
func refusal(path string, resp *http.Response, text []byte) *fault {
	f := &fault{status: resp.StatusCode, source: backend.ErrorSourceFromHTTPStatus(resp.StatusCode)}
	said := problem(text)
	f.code = said.Code
	switch {
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		f.status = http.StatusBadGateway
		f.err = fmt.Errorf("%s is redirected%s, and this data source follows nowhere with its token: put the final address into its URL", path, elsewhere(resp))
	case resp.StatusCode == http.StatusUnauthorized:
		f.err = errors.New("the service token is not taken by Tributary: it may be revoked or mistyped; " +
			"make a new one for an account with the role dashboards and put it into the settings of the data source")
	case said.words() != "":
		f.err = errors.New(said.words())
	case resp.StatusCode == http.StatusNotFound:
		f.err = strange(path, errors.New("it is not there"))
	case resp.StatusCode == http.StatusForbidden:
		f.err = errors.New("not allowed by Tributary: the account of the service token needs the role dashboards")
	case resp.StatusCode == http.StatusTooManyRequests:
		f.err = errors.New("too many questions to Tributary: wait a moment")
	case resp.StatusCode >= 500:
		f.err = fmt.Errorf("no answer now (Tributary says status %d): try again later", resp.StatusCode)
	default:
		f.err = strange(path, fmt.Errorf("status %d", resp.StatusCode))
	}
	return f
}

func elsewhere(resp *http.Response) string {
	if to, err := resp.Location(); err == nil && to.Host != "" {
		return " to " + (&url.URL{Scheme: to.Scheme, Host: to.Host}).String()
	}
	return ""
}

// said is a failure in the API's words.
type said struct {
	Code    string `json:"code"`
	Text    string `json:"text"`
	Message string `json:"message"`
	Field   string `json:"field"`
}

const maxWords = 2000

// words are what the API said, without what could break a line of a log.
func (s said) words() string {
	words := s.Message
	if words == "" {
		words = s.Text
	}
	if s.Field != "" && !strings.Contains(words, s.Field) {
		words = s.Field + ": " + words
	}
	words = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, words)
	if len(words) > maxWords {
		words = strings.ToValidUTF8(words[:maxWords], "") + " …"
	}
	return words
}

func problem(text []byte) said {
	var whole struct {
		said
		Error json.RawMessage `json:"error"`
	}
	if json.Unmarshal(text, &whole) != nil {
		return said{}
	}
	var inner said
	if len(whole.Error) > 0 && json.Unmarshal(whole.Error, &inner) == nil {
		return inner
	}
	return whole.said
}
