package enrich

import (
	"context"
	"errors"
	"math"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/tributary-cc/tributary/models"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/privacy"
)

const (
	// maxText is how many runes of a contact's first messages are read.
	maxText    = 2000
	maxGuesses = 5
	// The stages of the cascade, and how it ends, as IntentFound names them.
	stageLocal     = "local"
	stageServer    = "openai"
	reasonSure     = "sure"
	reasonUnsure   = "unsure"
	reasonAnswered = "answered"
	reasonDeadline = "deadline"
	reasonOpen     = "breaker_open"
	reasonInvalid  = "invalid"
	reasonFailed   = "failed"
)

// question is a job with its texts, on its way through the cascade. They stay in this package's hands and the models'.
type question struct {
	job
	point *event.EntryPoint
	model Model
	asked models.Question
	begin time.Time
	first models.Answer
}

func (s *Server) work(ctx context.Context, all *sync.WaitGroup) {
	for {
		select {
		case j := <-s.queue:
			s.answer(ctx, j, all)
		case <-ctx.Done():
			return
		}
	}
}

// answer asks the first model, and has the second one asked where that is unsure.
func (s *Server) answer(ctx context.Context, j job, all *sync.WaitGroup) {
	if !j.waits() {
		s.metrics.skipped.WithLabelValues("routed").Inc()
		return
	}
	q := question{job: j, point: s.points.get(j.messages[0].GetTenant(), j.entryPoint)}
	if q.point == nil {
		s.metrics.skipped.WithLabelValues("no_model").Inc()
		return
	}
	var err error
	if q.model, err = s.cfg.Models(q.point.GetIntentModel()); err != nil {
		s.metrics.skipped.WithLabelValues("no_model").Inc()
		if _, said := s.unknown.LoadOrStore(q.point.GetIntentModel(), true); !said {
			s.cfg.Logger.ErrorContext(ctx, "an entry point's intent model cannot be used: its contacts are routed without an intent when their deadline has passed",
				"tenant", j.messages[0].GetTenant(), "entry_point", j.entryPoint, "error", err)
		}
		return
	}
	if q.asked.Text = s.open(ctx, j); strings.TrimSpace(q.asked.Text) == "" {
		j.unasked()
		return
	}
	q.asked.Before = s.before(ctx, j)
	q.begin = s.cfg.Now()
	q.first, err = q.model.First.Classify(ctx, q.asked)
	switch {
	case ctx.Err() != nil:
	case err != nil && q.model.Then == nil:
		s.found(ctx, q, models.Answer{Unsure: true}, stageLocal, reasonFailed)
	case err == nil && !q.first.Unsure:
		s.found(ctx, q, q.first, stageLocal, reasonSure)
	case q.model.Then == nil:
		s.found(ctx, q, q.first, stageLocal, reasonUnsure)
	default:
		s.ask(ctx, q, all)
	}
}

// open gives the beginning of what a contact's messages say together; what cannot be opened is left out.
func (s *Server) open(ctx context.Context, j job) string {
	var all []string
	for _, e := range j.messages {
		if text := s.read(ctx, message{e.GetTenant(), e.GetAtMs(), e.GetSealed()}); text != "" {
			all = append(all, text)
		}
	}
	return models.Head(strings.Join(all, "\n"), maxText)
}

// before gives what the customer wrote not long before a contact in the same conversation. It may be less than there was, after a
// start or where much is kept: an answer does not need it, and whose answer stands is decided by the log.
func (s *Server) before(ctx context.Context, j job) []string {
	var all []string
	for _, m := range j.earlier {
		if j.messages[0].GetAtMs()-m.atMs > maxSince.Milliseconds() {
			continue
		}
		if text := models.Head(s.read(ctx, m), maxEarlier); strings.TrimSpace(text) != "" {
			all = append(all, text)
		}
	}
	return all
}

// read opens a message; empty where it cannot be opened.
func (s *Server) read(ctx context.Context, m message) string {
	c, err := s.cfg.Opener.OpenContent(ctx, m.tenant, m.sealed)
	switch {
	case errors.Is(err, privacy.ErrErased):
		s.metrics.skipped.WithLabelValues("erased").Inc()
	case err != nil:
		s.metrics.skipped.WithLabelValues("unreadable").Inc()
	}
	return c.GetText()
}

// ask asks the second model beside the work that goes on. It has the time that routing still waits, without the margin.
func (s *Server) ask(ctx context.Context, q question, all *sync.WaitGroup) {
	left := s.left(q)
	if left < minAsk {
		s.found(ctx, q, q.first, stageLocal, reasonDeadline)
		return
	}
	select {
	case s.asking <- struct{}{}:
	default: // overloaded: the model in the process alone
		s.metrics.skipped.WithLabelValues("busy").Inc()
		s.found(ctx, q, q.first, stageLocal, reasonFailed)
		return
	}
	all.Go(func() {
		defer func() { <-s.asking }()
		asking, cancel := context.WithTimeout(ctx, left)
		defer cancel()
		a, err := q.model.Then.Classify(asking, q.asked)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			reason := reasonAnswered
			if a.Unsure {
				reason = reasonUnsure
			}
			s.found(ctx, q, a, stageServer, reason)
			return
		}
		first := q.first
		first.Cost = a.Cost // what failed may have cost something
		s.found(ctx, q, first, stageLocal, reasonOf(err))
	})
}

func reasonOf(err error) string {
	switch {
	case errors.Is(err, models.ErrDeadline), errors.Is(err, context.DeadlineExceeded):
		return reasonDeadline
	case errors.Is(err, models.ErrOpen):
		return reasonOpen
	case errors.Is(err, models.ErrInvalid):
		return reasonInvalid
	default:
		return reasonFailed
	}
}

// left is how long a server may take: until routing stops waiting, without the margin. The fold's deadline is in served time, which
// never runs faster than the clock.
func (s *Server) left(q question) time.Duration {
	whole := time.Duration(q.point.GetIntentDeadlineMs()) * time.Millisecond
	if whole <= 0 {
		whole = DefaultDeadline
	}
	age := max(0, s.cfg.Now().Sub(time.UnixMilli(q.messages[0].GetAtMs())))
	return whole - min(margin, whole/4) - age
}

// found appends what the cascade came to.
func (s *Server) found(ctx context.Context, q question, a models.Answer, stage, reason string) {
	now := s.cfg.Now()
	took := max(0, now.Sub(q.begin))
	first, last := q.messages[0], q.messages[len(q.messages)-1]
	f := &event.IntentFound{
		Contact: q.id, Conversation: q.conversation, Message: last.GetMessageAdded().GetMessage(), Language: languageOf(q.asked.Text),
		Model: a.Model, ModelVersion: a.Version, Prompt: a.Prompt, Stage: stage, Reason: reason,
		LatencyUs: uint32(min(took.Microseconds(), math.MaxUint32)),                                             //nolint:gosec // bounded
		TokensIn:  uint32(min(a.TokensIn, math.MaxUint32)), TokensOut: uint32(min(a.TokensOut, math.MaxUint32)), //nolint:gosec // bounded, and not negative
		CostMicros: uint64(max(0, a.Micros)),
		Guesses:    guesses(a.Guesses, q.first.Guesses),
	}
	if !a.Unsure && !a.OutOfScope {
		f.Intent, f.Confidence = a.Intent, thousandths(a.Confidence)
	}
	// The model's version is the first one's, and the name says whether a server may answer: so the id is the same in
	// every process, also where the server answered only one of them.
	id := event.CauseID("intent", event.IDText(first.GetId()), q.first.Version, q.point.GetIntentModel())
	e := &event.Event{
		Id: id[:], Tenant: first.GetTenant(), Key: first.GetKey(), Customer: first.GetCustomer(), Address: first.GetAddress(), Cause: first.GetId(),
		AtMs: now.UnixMilli(), Body: &event.Event_IntentFound{IntentFound: f},
	}
	within, cancel := context.WithTimeout(ctx, appendWithin)
	defer cancel()
	if err := s.cfg.Guard.Append(within, event.TopicConversationIn, e, nil); err != nil {
		s.metrics.skipped.WithLabelValues("not_appended").Inc()
		if ctx.Err() == nil {
			s.cfg.Logger.WarnContext(ctx, "an intent was not appended: its contact is routed without it", "tenant", e.GetTenant(), "error", err)
		}
		return
	}
	s.metrics.found.WithLabelValues(stage, reason).Inc()
	s.metrics.seconds.WithLabelValues(stage).Observe(took.Seconds())
	s.metrics.age.Observe(max(0, s.cfg.Now().Sub(time.UnixMilli(first.GetAtMs()))).Seconds())
}

func thousandths(n int) uint32 { return uint32(min(max(n, 0), 1000)) }

// guesses are those of the answer and then, of others, the first model's.
func guesses(lists ...[]models.Guess) []*event.IntentGuess {
	var out []*event.IntentGuess
	seen := make(map[string]bool, maxGuesses)
	for _, list := range lists {
		for _, g := range list {
			if len(out) < maxGuesses && !seen[g.Intent] {
				seen[g.Intent] = true
				out = append(out, &event.IntentGuess{Intent: g.Intent, Confidence: thousandths(g.Confidence)})
			}
		}
	}
	return out
}

// languageOf goes by the share of Han among the letters: a Chinese text with a foreign name in it is Chinese. Empty where there are no letters.
func languageOf(text string) string {
	han, letters := 0, 0
	for _, r := range text {
		if unicode.IsLetter(r) {
			letters++
			if unicode.Is(unicode.Han, r) {
				han++
			}
		}
	}
	switch {
	case letters == 0:
		return ""
	case han*5 >= letters:
		return "zh"
	default:
		return "en"
	}
}

// asksServer behind a model's name has a server asked where the model is unsure.
const asksServer = "+openai"

// Split takes an entry point's intent_model apart: the model in the process, and whether a server is asked where that is unsure.
func Split(name string) (first string, asks bool) {
	return strings.CutSuffix(name, asksServer)
}
