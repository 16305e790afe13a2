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
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/httpclient"
)

// settings are what an administrator of Grafana filled in, checked.
type settings struct {
	api    *url.URL
	page   string // where people open Tributary; empty for what Tributary says itself
	caCert string
	token  secret
}

// secret is a text that nothing prints: of a function, whatever prints it shows an address.
type secret func() string

func keep(text string) secret { return func() string { return text } }

// readSettings says everything that is wrong with them at once.
func readSettings(from backend.DataSourceInstanceSettings) (*settings, error) {
	var given struct {
		URL     string `json:"url"`
		CACert  string `json:"caCert"`
		PageURL string `json:"pageUrl"`
	}
	if len(from.JSONData) > 0 {
		if err := json.Unmarshal(from.JSONData, &given); err != nil {
			return nil, errors.New("the settings of the data source cannot be read: url, caCert and pageUrl must be texts")
		}
	}
	token := strings.TrimSpace(from.DecryptedSecureJSONData["token"])
	s := &settings{caCert: strings.TrimSpace(given.CACert), token: keep(token)}
	var faults []error
	var err error
	if given.URL == "" {
		faults = append(faults, errors.New("the URL of Tributary is missing"))
	} else if s.api, err = webURL(given.URL); err != nil {
		faults = append(faults, fmt.Errorf("the URL of Tributary %w", err))
	}
	if given.PageURL != "" {
		page, err := webURL(given.PageURL)
		if err != nil {
			faults = append(faults, fmt.Errorf("the URL under which people open Tributary %w", err))
		} else {
			s.page = page.String()
		}
	}
	if s.caCert != "" && !x509.NewCertPool().AppendCertsFromPEM([]byte(s.caCert)) {
		faults = append(faults, errors.New("the certificate of the authority holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)"))
	}
	switch {
	case token == "":
		faults = append(faults, errors.New("the service token is missing: make one in Tributary for an account with the role dashboards"))
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		faults = append(faults, errors.New("the service token holds characters that no token has: copy it anew"))
	}
	if len(faults) > 0 {
		return nil, fmt.Errorf("the settings of the data source are not complete: %w", together(faults))
	}
	return s, nil
}

// together is errors.Join on one line.
func together(faults []error) error {
	err := faults[0]
	for _, f := range faults[1:] {
		err = fmt.Errorf("%w; %w", err, f)
	}
	return err
}

func webURL(text string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(strings.TrimSpace(text), "/"))
	switch {
	case err != nil, u.Host == "", u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("must begin with https:// or http:// and name a host")
	case u.User != nil:
		return nil, errors.New("must hold no user and no password: the service token has its own field")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("must end with the host, or a path where a proxy adds one: nothing behind ? or #")
	}
	return u, nil
}

// inTheClear tells whether the token would leave this machine without encryption.
func (s *settings) inTheClear() bool {
	ip := net.ParseIP(s.api.Hostname())
	return s.api.Scheme == "http" && s.api.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback())
}

const (
	dialTimeout  = 5 * time.Second
	idleTimeout  = 90 * time.Second
	idleConns    = 64
	headerLength = 64 << 10
)

// httpClient makes the one client of an instance. It follows no redirect, so the token goes nowhere else, and has no deadline of its own:
// each call brings one.
func (s *settings) httpClient(ctx context.Context, from backend.DataSourceInstanceSettings) (*http.Client, *http.Transport, error) {
	// The SDK reads more of these settings than this data source has, and trusts their types: it is given only what is known.
	var extra struct {
		Proxy bool `json:"enableSecureSocksProxy"`
	}
	_ = json.Unmarshal(from.JSONData, &extra) // what is no switch is off
	from.JSONData, _ = json.Marshal(map[string]any{"url": s.api.String(), "enableSecureSocksProxy": extra.Proxy})
	from.BasicAuthEnabled, from.User = false, ""
	options, err := from.HTTPClientOptions(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("the settings of the connection: %w", err)
	}
	options.Timeouts = &httpclient.TimeoutOptions{
		Timeout: callTimeout, DialTimeout: dialTimeout, KeepAlive: idleTimeout, TLSHandshakeTimeout: dialTimeout,
		ExpectContinueTimeout: time.Second, MaxIdleConns: idleConns, MaxIdleConnsPerHost: idleConns, IdleConnTimeout: idleTimeout,
	}
	if options.TLS == nil {
		options.TLS = &httpclient.TLSOptions{}
	}
	options.TLS.CACertificate = s.caCert
	options.TLS.MinVersion = max(options.TLS.MinVersion, tls.VersionTLS12)
	var transport *http.Transport
	options.ConfigureTransport = func(_ httpclient.Options, t *http.Transport) {
		t.MaxResponseHeaderBytes = headerLength
		transport = t
	}
	client, err := httpclient.NewProvider().New(options)
	if err != nil {
		return nil, nil, fmt.Errorf("the connection to Tributary: %w", err)
	}
	client.Timeout = 0
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return client, transport, nil
}
