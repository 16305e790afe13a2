package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/live"
	"github.com/tributary-cc/tributary/stream/warehouse"
)

// Fifty people who look at the same board are one question to the warehouse, whatever each of them may see of its answer.
func TestEqualQueriesAreOne(t *testing.T) {
	w, token := newBoard(t)
	n := &numbers{hold: make(chan struct{}), answer: rows("queue enqueued", []any{"sales", 1}, []any{"cards", 2})}
	p := w.process(func(c *Config) { c.Boards = n })
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			login := []string{"", "lara", "carl", "sue"}[i%4]
			a := p.query(as(token, login), queueNumbers("A", ""), queueNumbers("B", ""))
			want := 2
			if login == "lara" || login == "carl" {
				want = 1
			}
			require.Len(t, dig(a.body, "results", 0, "rows"), want, a.raw)
			require.Len(t, dig(a.body, "results", 1, "rows"), want)
		})
	}
	require.Eventually(t, func() bool { return n.runs.Load() == 1 }, patience, waitStep)
	close(n.hold)
	all.Wait()
	require.Equal(t, int64(1), n.runs.Load())
	asOf := dig(p.query(as(token, ""), queueNumbers("A", "")).body, "results", 0, "as_of_ms")
	require.Equal(t, w.ms.Load(), num(asOf))
	require.Equal(t, int64(1), n.runs.Load(), "it stands for a moment")
	p.query(as(token, ""), queueNumbers("A", "sales"))
	require.Equal(t, int64(2), n.runs.Load(), "other parameters are another question")
	w.ms.Add(settledFor.Milliseconds())
	p.query(as(token, ""), queueNumbers("A", ""))
	require.Equal(t, int64(3), n.runs.Load(), "and is asked again")
}

// sharing is a server for one tenant, in a bubble of time.
func sharing(n *numbers) *Server {
	s := testServer(enginetest.NewLog(1))
	s.work, s.config.Boards, s.now = live.NewCrew(), n, time.Now //nolint:forbidigo // the bubble's clock
	s.logger = slog.New(slog.DiscardHandler)
	return s
}

func nowQuery(at int64) (*warehouse.Description, map[string]any) {
	return &warehouse.Description{Name: "queue_now"}, map[string]any{"at_ms": at}
}

// Slow queries of one tenant hold back neither another tenant nor, beyond their own share, anybody.
func TestSlowQueriesHoldNobodyElseBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &numbers{hold: make(chan struct{}), answer: rows("queue")}
		s := sharing(n)
		faults := make(chan *queryFault, 1000)
		ask := func(tenant string, at int64) {
			go func() {
				d, params := nowQuery(at)
				_, fault := s.shared(t.Context(), tenant, d, params)
				faults <- fault
			}()
		}
		for i := range int64(maxFlights + 10) {
			ask("slow", i)
		}
		synctest.Wait()
		require.Equal(t, int64(tenantQueries), n.runs.Load())
		for range 10 {
			require.Equal(t, codeUnavailable, (<-faults).Code, "who would wait behind too many is told at once")
		}
		ask("other", 1)
		synctest.Wait()
		require.Equal(t, int64(tenantQueries+1), n.runs.Load(), "another tenant is asked for all the same")
		time.Sleep(turnPatience) //nolint:forbidigo // the bubble's clock
		synctest.Wait()
		for range maxFlights - tenantQueries {
			require.Equal(t, codeTooSlow, (<-faults).Code)
		}
		close(n.hold)
		for range tenantQueries + 1 {
			require.Nil(t, <-faults)
		}
		synctest.Wait()
		require.Empty(t, s.answers.tenants)
	})
}

// A query that hangs ends, and is told apart from a warehouse that is away; what waits for it may leave before.
func TestHangingQueries(t *testing.T) {
	for _, away := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			n := &numbers{hold: make(chan struct{}), away: away, answer: rows("queue")}
			s := sharing(n)
			d, params := nowQuery(1)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, fault := s.shared(ctx, "acme", d, params)
			require.Equal(t, codeTooSlow, fault.Code)
			_, fault = s.shared(t.Context(), "acme", d, params)
			require.Equal(t, map[bool]string{false: codeTooSlow, true: codeUnavailable}[away], fault.Code)
			require.Equal(t, int64(1), n.runs.Load(), "the second waited for the first's")

			// The end of the process ends it too.
			go func() { _, _ = s.shared(t.Context(), "acme", d, map[string]any{"at_ms": int64(2)}) }()
			synctest.Wait()
			began := time.Now() //nolint:forbidigo // the bubble's clock
			<-s.work.End()
			require.Zero(t, time.Since(began))
		})
	}
}

func TestFaultsOfTheWarehouse(t *testing.T) {
	for code, err := range map[string]error{
		codeUnavailable: errors.New("dial tcp 10.0.0.1:8123: connection refused; password=x"),
		codeTooSlow:     fmt.Errorf("query: %w", &warehouse.ServerError{Code: 241}),
		codeBadQuery:    &warehouse.ParamError{Query: "q", Reason: "parameter x is missing"},
	} {
		n := &numbers{err: err}
		s := sharing(n)
		d, params := nowQuery(1)
		for range 3 {
			_, fault := s.shared(t.Context(), "acme", d, params)
			require.Equal(t, code, fault.Code)
			require.NotContains(t, fault.Message, "10.0.0.1")
			require.NotEmpty(t, fault.Message)
		}
		if code == codeUnavailable {
			require.Equal(t, int64(1), n.runs.Load(), "who is away is not asked by everybody")
		}
		<-s.work.End()
	}
}

// What is kept is bounded, whatever is asked.
func TestKeptAnswersAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		text := strings.Repeat("x", 100_000)
		n := &numbers{answer: func(_ string, params map[string]any) *warehouse.Result {
			count := 10
			if params["at_ms"] == int64(0) {
				count = 100 // too large to keep
			}
			r := &warehouse.Result{}
			for range count {
				r.Rows = append(r.Rows, []any{text})
			}
			return r
		}}
		s := sharing(n)
		for i := range int64(200) {
			d, params := nowQuery(i)
			_, fault := s.shared(t.Context(), "acme", d, params)
			require.Nil(t, fault)
			s.answers.mu.Lock()
			size := 0
			for _, a := range s.answers.flights {
				size += a.size
			}
			require.LessOrEqual(t, size, maxAnswers)
			require.Equal(t, size, s.answers.size)
			require.LessOrEqual(t, len(s.answers.kept), len(s.answers.flights))
			s.answers.mu.Unlock()
		}
		synctest.Wait()
		require.Greater(t, len(s.answers.flights), 30)
		time.Sleep(time.Minute) //nolint:forbidigo // the bubble's clock
		d, params := nowQuery(999)
		_, _ = s.shared(t.Context(), "acme", d, params)
		<-s.work.End()
		require.Len(t, s.answers.flights, 1, "what stands no more is forgotten")
	})
}
