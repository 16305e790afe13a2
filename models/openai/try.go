package openai

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"strconv"
	"time"

	api "github.com/sashabaranov/go-openai"

	"github.com/tributary-cc/tributary/models"
	"github.com/tributary-cc/tributary/models/prompts"
)

// end is how one try ended.
type end struct {
	answer  models.Answer
	err     error
	verdict verdict
	// again says that a second try may do better, not before after.
	again bool
	after time.Duration
}

// exchange is what the library does not tell of a request.
type exchange struct {
	status  int
	after   time.Duration
	tooLong bool
	cut     bool
}

type exchangeKey struct{}

// doer notes what comes back, and bounds it.
type doer struct{ web *http.Client }

var _ api.HTTPDoer = doer{}

// Do sends a request.
func (d doer) Do(r *http.Request) (*http.Response, error) {
	resp, err := d.web.Do(r) //nolint:gosec // the operator names the server, and redirects are not followed
	if err != nil {
		return nil, err
	}
	x, ok := r.Context().Value(exchangeKey{}).(*exchange)
	if !ok {
		x = new(exchange)
	}
	x.status = resp.StatusCode
	if s, notSeconds := strconv.Atoi(resp.Header.Get("Retry-After")); notSeconds == nil && s > 0 {
		x.after = time.Duration(min(s, 3600)) * time.Second
	}
	resp.Body = &bounded{resp.Body, maxResponse, x}
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		// To the library a redirect that is not followed is an answer.
		resp.StatusCode = http.StatusBadGateway
	}
	return resp, nil
}

var errTooLong = errors.New("the answer is too long")

// bounded ends a body with an error after left bytes, and notes how it ended.
type bounded struct {
	io.ReadCloser
	left int
	x    *exchange
}

// Read reads at most what is left.
func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		b.x.tooLong = true
		return 0, errTooLong
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
	b.left -= n
	if err != nil && !errors.Is(err, io.EOF) {
		b.x.cut = true
	}
	return n, err
}

// try asks once.
func (i *Intents) try(ctx context.Context, request api.ChatCompletionRequest) end {
	x := new(exchange)
	resp, err := i.client.api.CreateChatCompletion(context.WithValue(ctx, exchangeKey{}, x), request)
	if err != nil {
		return x.fault(ctx, err)
	}
	a := models.Answer{Model: i.client.cfg.Model, Version: i.client.cfg.Model, Prompt: i.prompt.Version, Cost: i.client.cost(resp.Usage)}
	if err := i.read(&resp, &a); err != nil {
		return end{answer: models.Answer{Cost: a.Cost}, err: err, verdict: alive}
	}
	return end{answer: a, verdict: alive}
}

// fault says what a failure means. The library's errors hold what the server wrote, which may repeat the customer: none of it goes on.
func (x *exchange) fault(ctx context.Context, err error) end {
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return end{err: fmt.Errorf("openai: %w: %w", models.ErrFailed, context.Canceled), verdict: unknown}
	case ctx.Err() != nil || errors.As(err, &timeout) && timeout.Timeout():
		return end{err: fmt.Errorf("openai: %w", models.ErrDeadline), verdict: failed}
	case x.tooLong:
		return end{err: fmt.Errorf("openai: %w: more than %d bytes", models.ErrInvalid, maxResponse), verdict: failed}
	case x.status == 0:
		return end{err: fmt.Errorf("openai: %w: %s", models.ErrFailed, unreachable(err)), verdict: failed, again: true}
	case x.status == http.StatusTooManyRequests || x.status >= 500:
		return end{err: fmt.Errorf("openai: %w: status %d", models.ErrFailed, x.status), verdict: failed, again: true, after: x.after}
	case x.status == http.StatusBadRequest || x.status == http.StatusRequestEntityTooLarge || x.status == http.StatusUnprocessableEntity:
		// A filter of contents answers so too, and what a customer writes must not open the breaker.
		return end{err: fmt.Errorf("openai: %w: status %d", models.ErrFailed, x.status), verdict: alive}
	case x.status >= 300:
		return end{err: fmt.Errorf("openai: %w: status %d; check url, model and key", models.ErrFailed, x.status), verdict: failed}
	case x.cut:
		return end{err: fmt.Errorf("openai: %w: it closed the connection inside its answer", models.ErrFailed), verdict: failed, again: true}
	default:
		return end{err: fmt.Errorf("openai: %w: it does not speak the protocol", models.ErrInvalid), verdict: failed}
	}
}

// unreachable says why there was no answer, in words that cannot hold any of it.
func unreachable(err error) string {
	var certificate *tls.CertificateVerificationError
	var name *net.DNSError
	var op *net.OpError
	switch {
	case errors.As(err, &certificate):
		return "its certificate does not stand: " + certificate.Err.Error()
	case errors.As(err, &name):
		return "its name does not resolve"
	case errors.As(err, &op):
		return op.Op + ": " + op.Err.Error()
	default:
		return "it closed the connection, or does not speak HTTP"
	}
}

// read takes what the model said, or answers models.ErrInvalid with what is wrong.
func (i *Intents) read(resp *api.ChatCompletionResponse, a *models.Answer) error {
	if len(resp.Choices) != 1 {
		return fmt.Errorf("openai: %w: %d choices", models.ErrInvalid, len(resp.Choices))
	}
	m := resp.Choices[0].Message
	switch {
	case m.Refusal != "":
		return fmt.Errorf("openai: %w: it refused", models.ErrInvalid)
	case len(m.ToolCalls) > 0 || m.FunctionCall != nil:
		return fmt.Errorf("openai: %w: it called a tool, and there is none", models.ErrInvalid)
	case resp.Choices[0].FinishReason != api.FinishReasonStop:
		return fmt.Errorf("openai: %w: it did not finish", models.ErrInvalid)
	case m.Role != "" && m.Role != api.ChatMessageRoleAssistant:
		return fmt.Errorf("openai: %w: not the assistant's turn", models.ErrInvalid)
	}
	intent, confidence, err := parse([]byte(m.Content))
	if err != nil {
		return err
	}
	a.Confidence = confidence
	a.Unsure = confidence < i.client.cfg.Sure
	switch {
	case intent == prompts.None:
		a.OutOfScope = true
	case i.prompt.Has(intent):
		a.Intent, a.Guesses = intent, []models.Guess{{Intent: intent, Confidence: confidence}}
	default:
		return fmt.Errorf("openai: %w: an intent outside the set", models.ErrInvalid)
	}
	return nil
}

const maxContent = 1024

// parse reads {"intent": string, "confidence": whole number} and nothing else: each field once, by its exact name, nothing before or behind.
func parse(content []byte) (intent string, confidence int, err error) {
	invalid := func(what string) (string, int, error) {
		return "", 0, fmt.Errorf("openai: %w: %s", models.ErrInvalid, what)
	}
	if len(content) > maxContent {
		return invalid("too long")
	}
	d := json.NewDecoder(bytes.NewReader(content))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return invalid("not an object")
	}
	var said, rated bool
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return invalid("not JSON")
		}
		value, err := d.Token()
		if err != nil {
			return invalid("not JSON")
		}
		switch name {
		case "intent":
			text, ok := value.(string)
			if !ok || said {
				return invalid("the intent is no text, or stands twice")
			}
			intent, said = text, true
		case "confidence":
			number, ok := value.(json.Number)
			n, bad := strconv.Atoi(number.String())
			if !ok || bad != nil || rated || n < 0 || n > 1000 {
				return invalid("the confidence is no whole number from 0 to 1000, or stands twice")
			}
			confidence, rated = n, true
		default:
			return invalid("a field that was not asked for")
		}
	}
	if t, err := d.Token(); err != nil || t != json.Delim('}') || !said || !rated {
		return invalid("an object without its fields")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return invalid("something behind the object")
	}
	return intent, confidence, nil
}

// maxUsage is more tokens than any question takes: what a server says of them is not believed beyond.
const maxUsage = 1_000_000

func (c *Client) cost(u api.Usage) models.Cost {
	in, out := min(max(u.PromptTokens, 0), maxUsage), min(max(u.CompletionTokens, 0), maxUsage)
	// A price is of a million tokens, and a cost in millionths.
	return models.Cost{TokensIn: in, TokensOut: out, Micros: int64(math.Round(float64(in)*c.cfg.PriceIn + float64(out)*c.cfg.PriceOut))}
}
