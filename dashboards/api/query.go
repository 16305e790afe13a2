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
	Ref string `json:"ref"`
	*queryRows
	Fault *queryFault `json:"error,omitempty"`
}

type queryRows struct {
	Columns   []queryColumn `json:"columns"`
	Rows      [][]any       `json:"rows"`
	Truncated bool          `json:"truncated"`
	AsOfMs    int64         `json:"as_of_ms"`
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
	live.WriteJSON(w, http.StatusOK, map[string]any{"results": out})
	return nil
}

// bound keeps an answer to what a board can show: the queries that would make it larger fail.
func bound(out []queryAnswer) {
	left := maxAnswerBytes
	for i := range out {
		if out[i].queryRows == nil {
			continue
		}
		if left -= sizeOf(out[i].Rows); left < 0 {
			out[i].queryRows = nil
			out[i].Fault = &queryFault{Code: codeTooSlow, Message: "the answers of this request are too large together; take fewer queries, shorter ranges or longer intervals"}
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
	out := queryAnswer{Ref: ask.Ref}
	d := s.catalogue[ask.Name]
	if d == nil {
		out.Fault = &queryFault{Code: codeBadQuery, Message: fmt.Sprintf("there is no query %.64q for boards; GET /api/queries lists them", ask.Name)}
		return out
	}
	params, bad := bindParams(d, ask.Params)
	if bad != nil {
		out.Fault = bad
		return out
	}
	in := s.view.scopeOf(who.Tenant, who.who.Teams)
	if out.Fault = mayAsk(d, params, in); out.Fault != nil {
		return out
	}
	answer, bad := s.shared(ctx, who.Tenant, d, params)
	if bad != nil {
		out.Fault = bad
		return out
	}
	out.queryRows = visible(d, answer, in)
	return out
}
