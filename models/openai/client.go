// Package openai asks any server that speaks OpenAI's protocol what a customer wants. It is the only package that knows go-openai.
//
// It promises that an answer is one of the closed set it was made for, or an error of one of the kinds in models; that a question ends by
// its context's deadline, is tried a second time at most, and is not asked at all where the server failed again and again or too many
// are under way; and that nothing a customer wrote, and nothing a server answered, stands in an error, a log line or a metric. It does not promise
// that a server keeps what it is sent to itself: that is its operator's word.
package openai

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	api "github.com/sashabaranov/go-openai"

	"github.com/tributary-cc/tributary/models"
	"github.com/tributary-cc/tributary/models/prompts"
)

const (
	// MaxText is how many runes of a text are read.
	MaxText = 2000
	// maxBefore is how many runes are read of each turn before it.
	maxBefore = 500
	// maxResponse bounds an answer in bytes, and maxTokens what may be written for it.
	maxResponse = 64 << 10
	maxTokens   = 256
	// minTime is the least time in which asking makes sense.
	minTime = 20 * time.Millisecond
	// retryPause is the mean of the pause before the second try; it varies by half.
	retryPause = 100 * time.Millisecond
)

// ErrConfig says that a configuration is not valid.
var ErrConfig = errors.New("openai: not a valid configuration")

// Client asks one server. It is safe for concurrent use.
type Client struct {
	cfg     Config
	api     *api.Client
	web     *http.Client
	breaker *breaker
	places  chan struct{}
	metrics *metrics
	// pause gives the wait before the second try.
	pause func() time.Duration
}

// New makes a client; it does not connect yet.
func New(cfg Config) (*Client, error) {
	var faults []error
	cfg.Check(func(field, format string, args ...any) {
		faults = append(faults, fmt.Errorf("%w: %s: "+format, append([]any{ErrConfig, field}, args...)...))
	})
	if cfg.Now == nil {
		faults = append(faults, fmt.Errorf("%w: it needs a clock", ErrConfig))
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	c := &Client{
		cfg: cfg, breaker: newBreaker(cfg.Now), places: make(chan struct{}, cfg.MaxConcurrent),
		pause: func() time.Duration { return retryPause/2 + rand.N(retryPause) }, //nolint:gosec // spreads tries, hides nothing
	}
	if cfg.Dial == nil {
		cfg.Dial = (&net.Dialer{Timeout: cfg.Timeout, KeepAlive: 30 * time.Second}).DialContext
	}
	var err error
	if c.metrics, err = newMetrics(cfg.Registry, c.breaker); err != nil {
		return nil, err
	}
	c.web = &http.Client{
		Transport: &http.Transport{
			Proxy:       http.ProxyFromEnvironment,
			DialContext: cfg.Dial,
			TLSClientConfig: &tls.Config{
				MinVersion: tls.VersionTLS12, RootCAs: cfg.RootCAs,
			},
			TLSHandshakeTimeout: cfg.Timeout, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: cfg.MaxConcurrent, IdleConnTimeout: 90 * time.Second,
			MaxResponseHeaderBytes: maxResponse,
		},
		// A redirect would carry what a customer wrote to somebody who was not named.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       cfg.Timeout,
	}
	conf := api.DefaultConfig(string(cfg.Key))
	conf.BaseURL, conf.HTTPClient = cfg.URL, doer{c.web}
	c.api = api.NewClientWithConfig(conf)
	return c, nil
}

// Close lets go of idle connections.
func (c *Client) Close() { c.web.CloseIdleConnections() }

// State is the breaker's.
func (c *Client) State() State { return c.breaker.State() }

// Intents makes a classifier for a closed set of intents.
func (c *Client) Intents(set []string) (*Intents, error) {
	p, err := prompts.NewIntent(set)
	if err != nil {
		return nil, fmt.Errorf("openai: %w", err)
	}
	return &Intents{c, p}, nil
}

// Intents asks the server for one of a closed set of intents.
type Intents struct {
	client *Client
	prompt prompts.Intent
}

var _ models.Classifier = (*Intents)(nil)

// Classify asks the server. With an error the answer carries only what it cost.
func (i *Intents) Classify(ctx context.Context, q models.Question) (models.Answer, error) {
	c := i.client
	begin := c.cfg.Now()
	a, err := i.classify(ctx, q)
	c.metrics.count(err, c.cfg.Now().Sub(begin), a.Cost)
	if err != nil {
		return models.Answer{Unsure: true, Cost: a.Cost}, err
	}
	return a, nil
}

func (i *Intents) classify(ctx context.Context, q models.Question) (models.Answer, error) {
	c := i.client
	request, err := i.request(q)
	if err != nil {
		return models.Answer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	if !enough(ctx, minTime) {
		return models.Answer{}, fmt.Errorf("openai: %w: it was over before the server could be asked", models.ErrDeadline)
	}
	select {
	case c.places <- struct{}{}:
		defer func() { <-c.places }()
	default:
		return models.Answer{}, fmt.Errorf("openai: %w", models.ErrBusy)
	}
	done, ok := c.breaker.allow()
	if !ok {
		return models.Answer{}, fmt.Errorf("openai: %w", models.ErrOpen)
	}
	e := i.try(ctx, request)
	if wait := max(e.after, c.pause()); e.again && ctx.Err() == nil && enough(ctx, wait+minTime) && sleep(ctx, wait) {
		c.metrics.retries.Inc()
		first := e.answer.Cost
		e = i.try(ctx, request)
		e.answer.TokensIn += first.TokensIn
		e.answer.TokensOut += first.TokensOut
		e.answer.Micros += first.Micros
	}
	done(e.verdict)
	return e.answer, e.err
}

// enough tells whether the context leaves that much time. Its deadline is of the runtime's clock, whatever ours says.
func enough(ctx context.Context, d time.Duration) bool {
	end, ok := ctx.Deadline()
	return ctx.Err() == nil && (!ok || time.Until(end) >= d)
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// request puts the instruction and what the customer wrote into turns of their own.
func (i *Intents) request(q models.Question) (api.ChatCompletionRequest, error) {
	var before []string
	for _, b := range q.Recent() {
		before = append(before, models.Head(b, maxBefore))
	}
	data, err := prompts.Data(models.Head(q.Text, MaxText), before...)
	if err != nil {
		return api.ChatCompletionRequest{}, fmt.Errorf("openai: %w: the text cannot be encoded", models.ErrInvalid)
	}
	r := api.ChatCompletionRequest{
		Model: i.client.cfg.Model,
		Messages: []api.ChatCompletionMessage{
			{Role: api.ChatMessageRoleSystem, Content: i.prompt.System},
			{Role: api.ChatMessageRoleUser, Content: data},
		},
		MaxCompletionTokens: maxTokens,
		ResponseFormat: &api.ChatCompletionResponseFormat{
			Type:       api.ChatCompletionResponseFormatTypeJSONSchema,
			JSONSchema: &api.ChatCompletionResponseFormatJSONSchema{Name: "intent", Schema: i.prompt.Schema, Strict: true},
		},
	}
	// A plain 0 is left out of the request, and the server would take its default of 1. Models that reason take no temperature at all.
	r.Temperature = math.SmallestNonzeroFloat32
	if api.NewReasoningValidator().Validate(r) != nil {
		r.Temperature = 0
	}
	return r, nil
}
