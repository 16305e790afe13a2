package grafana

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	maxAnswer   = 16 << 20
	callTimeout = 30 * time.Second
)

// refused is an answer of Grafana other than a good one.
type refused struct {
	method, path string
	status       int
	// said is Grafana's message, and code its status word, where it has them.
	said, code string
}

func (e *refused) Error() string {
	out := fmt.Sprintf("Grafana answered %d to %s %s", e.status, e.method, e.path)
	if e.said != "" {
		out += ": " + e.said
	}
	switch e.status {
	case http.StatusUnauthorized:
		out += "; the token is not valid here: make one under Administration, Users and access, Service accounts, with the role Admin"
	case http.StatusForbidden:
		out += "; the token may not do this: give its service account the role Admin, or the permissions to write plugins, folders, data sources and dashboards"
	case http.StatusNotFound:
		out += "; is this the address of Grafana, with the path that a proxy adds?"
	}
	return out
}

func isStatus(err error, status int) bool {
	var r *refused
	return errors.As(err, &r) && r.status == status
}

// client speaks to one Grafana.
type client struct {
	base  *url.URL
	token string
	http  *http.Client
}

// Address checks an address of a server as people type it.
func Address(text string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(strings.TrimSpace(text), "/"))
	switch {
	case err != nil, u.Host == "", u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("%q is no address such as https://grafana.example.com", text)
	case u.User != nil, u.RawQuery != "", u.Fragment != "":
		return nil, errors.New("an address holds no user, no password and nothing behind ? or #: tokens have files of their own")
	}
	return u, nil
}

func newClient(base *url.URL, token string, transport http.RoundTripper) *client {
	return &client{base: base, token: token, http: &http.Client{
		Transport: transport, Timeout: callTimeout,
		CheckRedirect: func(r *http.Request, _ []*http.Request) error {
			return fmt.Errorf("it is at %s now: give that address", (&url.URL{Scheme: r.URL.Scheme, Host: r.URL.Host}).String())
		},
	}}
}

// call sends a body, unless it is nil, and reads the answer, unless into is nil.
func (c *client) call(ctx context.Context, method, path string, body, into any) error {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return fmt.Errorf("write the body of %s %s: %w", method, path, err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base.String()+path, bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("ask Grafana: %w", err)
	}
	defer resp.Body.Close() //nolint:errcheck // it was read
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return fmt.Errorf("read the answer to %s %s: %w", method, path, err)
	}
	if len(answer) > maxAnswer {
		return fmt.Errorf("the answer to %s %s is larger than %d bytes: that is no Grafana", method, path, maxAnswer)
	}
	if resp.StatusCode != http.StatusOK {
		r := &refused{method: method, path: path, status: resp.StatusCode}
		var said struct{ Message, Status string }
		if json.Unmarshal(answer, &said) == nil { // a proxy in front may answer with a page
			r.said, r.code = said.Message, said.Status
		}
		return r
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("the answer to %s %s is not Grafana's; is a proxy or a log-in page in front of it? (%w)", method, path, err)
	}
	return nil
}
