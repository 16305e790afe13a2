package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/tributary-cc/tributary/stream/live"
	"github.com/tributary-cc/tributary/stream/warehouse"
)

const (
	// queryTimeout bounds a request for numbers: the wait for its turn and the warehouse's own limit, and some time to tell.
	queryTimeout = 25 * time.Second
	maxQueries   = 20
	maxRef       = 64
	// maxAnswerBytes bounds the answers of one request together, about.
	maxAnswerBytes = 32 << 20
)

// The words that a board's query fails with.
const (
	codeBadQuery    = "bad_query"
	codeForbidden   = "forbidden"
	codeUnavailable = "unavailable"
	codeTooSlow     = "too_slow"
)

// queryFault is why one query of a request has no answer.
type queryFault struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	// Field is the parameter that the first fault is about, if it is about one.
	Field string `json:"field,omitempty"`
}

type queryBody struct {
	Queries []queryAsk `json:"queries"`
}

type queryAsk struct {
	Ref    string                     `json:"ref"`
	Name   string                     `json:"name"`
	Params map[string]json.RawMessage `json:"params"`
}

type queryColumn struct {
	Name string         `json:"name"`
	Type string         `json:"type"`
	Unit warehouse.Unit `json:"unit"`
}

// queryAnswer is the answer to one query, or its fault.
type queryAnswer struct {
	ref string
	// body is a queryRows as JSON, which many may share.
	body  []byte
	fault *queryFault
}

func (a *queryAnswer) outcome() string {
	if a.fault != nil {
		return a.fault.Code
	}
	return "answered"
}

// appendTo writes the answer as JSON: the rows with the query's name for them.
func (a *queryAnswer) appendTo(out []byte) []byte {
	ref, _ := json.Marshal(a.ref) // a text
	out = append(append(out, `{"ref":`...), ref...)
	if a.fault != nil {
		fault, _ := json.Marshal(a.fault) // texts
		out = append(append(out, `,"error":`...), fault...)
		return append(out, '}')
	}
	return append(append(out, ','), a.body[1:]...)
}

type queryRows struct {
	Columns   []queryColumn `json:"columns"`
	Rows      [][]any       `json:"rows"`
	Truncated bool          `json:"truncated"`
	AsOfMs    int64         `json:"as_of_ms"`
	Names     queryNames    `json:"names"`
}

// catalogue are the queries that boards may ask, by name.
func catalogue() (map[string]*warehouse.Description, error) {
	all, err := warehouse.BoardQueries()
	if err != nil {
		return nil, fmt.Errorf("api: reading the named queries: %w", err)
	}
	out := make(map[string]*warehouse.Description, len(all))
	for i := range all {
		out[all[i].Name] = &all[i]
	}
	return out, nil
}

// listQueries answers what boards may ask.
func (s *Server) listQueries(w http.ResponseWriter, _ *http.Request, _ person) error {
	all, err := warehouse.BoardQueries()
	if err != nil {
		return err
	}
	live.WriteJSON(w, http.StatusOK, map[string]any{"queries": all})
	return nil
}

// runQueries answers several named queries, each by itself: one that fails does not keep the others back.
func (s *Server) runQueries(w http.ResponseWriter, r *http.Request, who person) error {
	var b queryBody
	if err := decode(r, &b); err != nil {
		return err
	}
	if err := b.check(); err != nil {
		return err
	}
	out := make([]queryAnswer, len(b.Queries))
	var all sync.WaitGroup
	for i := range b.Queries {
		all.Go(func() { out[i] = s.answerOne(r.Context(), who, &b.Queries[i]) })
	}
	all.Wait()
	bound(out)
	answer := []byte(`{"results":[`)
	for i := range out {
		if i > 0 {
			answer = append(answer, ',')
		}
		answer = out[i].appendTo(answer)
		s.metrics.queries.WithLabelValues(out[i].outcome()).Inc()
	}
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write(append(answer, "]}\n"...)) // the client is gone: nothing to do
	return nil
}

// bound keeps an answer to what a board can show: the queries that would make it larger fail.
func bound(out []queryAnswer) {
	left := maxAnswerBytes
	for i := range out {
		if left -= len(out[i].body); left < 0 {
			out[i].fault = &queryFault{Code: codeTooSlow, Message: "the answers of this request are too large together; take fewer queries, shorter ranges or longer intervals"}
		}
	}
}

func (b *queryBody) check() error {
	var faults []string
	if n := len(b.Queries); n == 0 || n > maxQueries {
		faults = append(faults, fmt.Sprintf("queries: 1 to %d, not %d", maxQueries, n))
	}
	for i := range b.Queries[:min(len(b.Queries), maxQueries)] {
		if n := len(b.Queries[i].Ref); n == 0 || n > maxRef {
			faults = append(faults, fmt.Sprintf("queries[%d].ref: 1 to %d bytes", i, maxRef))
		}
	}
	if len(faults) > 0 {
		return &fault{kindInvalid, codeBadQuery, strings.Join(faults, "; ")}
	}
	return nil
}

// answerOne answers a query as far as who asks may see it.
func (s *Server) answerOne(ctx context.Context, who person, ask *queryAsk) queryAnswer {
	body, fault := s.rowsFor(ctx, who, ask)
	return queryAnswer{ask.Ref, body, fault}
}

func (s *Server) rowsFor(ctx context.Context, who person, ask *queryAsk) ([]byte, *queryFault) {
	d := s.catalogue[ask.Name]
	if d == nil {
		return nil, &queryFault{Code: codeBadQuery, Message: fmt.Sprintf("there is no query %.64q for boards; GET /api/queries lists them", ask.Name)}
	}
	params, fault := bindParams(d, ask.Params)
	if fault != nil {
		return nil, fault
	}
	in := s.scope(who)
	if fault = mayAsk(d, params, in); fault != nil {
		return nil, fault
	}
	a, fault := s.shared(ctx, who.Tenant, d, params)
	if fault != nil || in.whole {
		return a.bodyOf(), fault
	}
	return encodeRows(a.seenBy(d, in))
}

// encodeRows writes rows as JSON. What cannot be written is a fault of ours.
func encodeRows(rows *queryRows) ([]byte, *queryFault) {
	body, err := json.Marshal(rows)
	if err != nil {
		return nil, &queryFault{Code: codeUnavailable, Message: "the answer cannot be written as JSON"}
	}
	return body, nil
}
