package plugin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend/httpclient"
)

const (
	// callTimeout is how long one call may take, its answer read; Tributary gives a query up before that.
	callTimeout = 30 * time.Second
	// maxAnswer bounds an answer after decompression: 20 queries of 10,000 rows have less.
	maxAnswer = 64 << 20
	// maxProblem bounds what is read of an answer that says what is wrong.
	maxProblem = 16 << 10

	// noLimit leaves room for the SDK, which adds one to it.
	noLimit = 1 << 62

	userHeader = "X-Tributary-User"
)

// caller is for whom the API is asked: a user of Grafana by login, or the service itself where the login is empty.
type caller struct{ login string }

var theService = caller{}

// client calls the API. It is made for one instance and never shared.
type client struct {
	settings  *settings
	http      *http.Client
	transport *http.Transport
	timeout   time.Duration
	silence   time.Duration // how long a stream may say nothing
}

// get reads what the API says at a path.
func (c *client) get(ctx context.Context, who caller, path string, query url.Values, into any) error {
	return c.call(ctx, who, http.MethodGet, path, query, nil, into)
}

// post sends a body and reads the answer.
func (c *client) post(ctx context.Context, who caller, path string, body []byte, into any) error {
	return c.call(ctx, who, http.MethodPost, path, nil, body, into)
}

func (c *client) call(ctx context.Context, who caller, method, path string, query url.Values, body []byte, into any) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	resp, err := c.send(ctx, who, method, path, query, body)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case errors.Is(err, httpclient.ErrResponseBodyTooLarge), len(text) > maxAnswer:
		return downstream(http.StatusBadGateway, fmt.Errorf("the answer of %s is larger than this data source takes: ask for less, a shorter time or fewer rows",
			path))
	case err != nil:
		return networkFault(path, err)
	}
	if raw, ok := into.(*json.RawMessage); ok && json.Valid(text) {
		*raw = text
		return nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return strange(path, err)
	}
	return nil
}

// open begins a stream of events; the caller closes its body.
func (c *client) open(ctx context.Context, who caller, path string, query url.Values) (*http.Response, error) {
	// A stream is as long as people look at it: Grafana's limit for answers would end it after so many bytes.
	resp, err := c.send(httpclient.WithResponseLimit(ctx, noLimit), who, http.MethodGet, path, query, nil)
	if err != nil {
		return nil, err
	}
	if kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type")); err != nil || kind != "text/event-stream" {
		_ = resp.Body.Close() // nothing of it is wanted
		return nil, strange(path, errors.New("it is no stream of events"))
	}
	return resp, nil
}

// send sends a request and answers with the response to be read, which is a good one.
func (c *client) send(ctx context.Context, who caller, method, path string, query url.Values, body []byte) (*http.Response, error) {
	at := c.settings.api.JoinPath(path)
	at.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, method, at.String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+c.settings.token())
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if who != theService {
		req.Header.Set(userHeader, who.login)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, networkFault(path, err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer resp.Body.Close() //nolint:errcheck // the status says enough
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxProblem))
	if err != nil {
		text = nil // the status says enough
	}
	return nil, refusal(path, resp, text)
}

func (c *client) close() { c.transport.CloseIdleConnections() }
