// Package models is what Tributary asks of AI, as small interfaces: packages below it satisfy them (`local` in the process, `openai` over
// HTTP), `enrich` asks them, `eval` measures them.
//
// It promises that an answer is one of a model's own labels with a calibrated confidence, and that a text is data: no text, however
// written, changes what a classifier does besides its answer. It does not promise that the answer is right; that is what Confidence,
// Unsure and OutOfScope say, and `tributary eval` measures.
package models

import (
	"context"
	"errors"
)

// Classifier says what a customer wants. It is safe for concurrent use.
//
// What is asked is as the customer wrote it: any length, any bytes. An implementation reads at most as much as it states and never keeps,
// logs or puts into an error any of it. An error means that there is no answer (the context ended, a server failed); a text that means
// nothing to the model is an Answer with Unsure set, not an error.
type Classifier interface {
	Classify(ctx context.Context, q Question) (Answer, error)
}

// Question is a text that a customer wrote, with what the same customer wrote before it in the same conversation. All of it is data.
type Question struct {
	Text string
	// Before is what was written before, the latest last; Recent is what of it is read. An answer must not need it.
	Before []string
}

// MaxBefore is how many turns before a text anybody reads: more of them made no model better.
const MaxBefore = 2

// Recent is the last of what was written before, the latest last.
func (q Question) Recent() []string { return q.Before[max(0, len(q.Before)-MaxBefore):] }

// Answer is what a classifier says of one text.
type Answer struct {
	// Intent is the best of the model's labels; empty where OutOfScope.
	Intent string
	// Confidence is the calibrated probability, in thousandths (0–1000), that what the answer says is right: the intent, or that the text is out of scope.
	Confidence int
	// Guesses are the best labels, the best first, at most MaxGuesses; also where the model is unsure or the text out of scope. The caller owns them.
	Guesses []Guess
	// Unsure says that the answer alone should decide nothing: another model or a person should. Always set on a text without meaning to the model.
	// A model in the process then says no confidence that would make it sure, of its guesses neither.
	Unsure bool
	// OutOfScope says that the text is about nothing the model knows; only models that were taught what is out of scope set it.
	OutOfScope bool
	// Language the model was made for: "en", "zh".
	Language string
	// Model and Version name what answered; the same version gives the same answer to the same question, where the model is in the process.
	Model, Version string
	// Prompt is the version of the prompt, where there was one.
	Prompt string
	Cost
}

// Cost is what an answer took, also one that failed.
type Cost struct {
	TokensIn, TokensOut int
	// Micros are millionths of the configured currency.
	Micros int64
}

// The kinds of failure of a classifier that asks a server. None of their texts carries anything of what was asked or answered.
var (
	// ErrDeadline says that there was not enough time.
	ErrDeadline = errors.New("no answer in time")
	// ErrOpen says that the server failed again and again and is left alone for a while.
	ErrOpen = errors.New("the server is left alone after failures")
	// ErrInvalid says that what the model answered is nothing it may answer.
	ErrInvalid = errors.New("the answer is not a valid one")
	// ErrBusy says that as many questions are under way as are allowed.
	ErrBusy = errors.New("too many questions under way")
	// ErrFailed says that the server failed or refused.
	ErrFailed = errors.New("the server failed")
)

// MaxGuesses bounds Answer.Guesses.
const MaxGuesses = 3

// Guess is one label and its calibrated probability in thousandths.
type Guess struct {
	Intent     string
	Confidence int
}

// Cascade asks one classifier after the other, the cheapest first, until one is sure. Where a later one fails or the context ends, the
// answer before it stands; only when none answered is there an error. An empty Cascade knows nothing and is unsure.
type Cascade []Classifier

var _ Classifier = Cascade(nil)

// Classify gives the first answer that is sure, else the last one there is.
func (c Cascade) Classify(ctx context.Context, q Question) (Answer, error) {
	last, answered := Answer{Unsure: true}, len(c) == 0
	var errs []error
	for _, next := range c {
		a, err := next.Classify(ctx, q)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if last, answered = a, true; !a.Unsure {
			break
		}
	}
	if !answered {
		return Answer{Unsure: true}, errors.Join(errs...)
	}
	return last, nil
}

// Example is a text with the label that is right for it, to train or to measure with.
type Example struct {
	Text, Label string
	// Group keeps what belongs together on one side of a split: the turns of one dialogue. Empty: the text alone.
	Group string
	// Before is what the same customer wrote before the text, the latest last, at most MaxBefore turns; nil where nothing is known of it.
	Before []string
}

// Question is the example's, as a classifier is asked.
func (e Example) Question() Question { return Question{Text: e.Text, Before: e.Before} }

// Head is the first runes of a text, at most n.
func Head(text string, n int) string {
	for i := range text {
		if n == 0 {
			return text[:i]
		}
		n--
	}
	return text
}
