package plugin

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

// The kinds of queries.
const (
	kindNamed       = "named"
	kindWallboard   = "wallboard"
	kindAnnotations = "annotations"
)

// The formats of an answer.
const (
	formatTable  = "table"
	formatSeries = "series"
)

// Query is the stored model of a query, which the query editor writes.
type Query struct {
	// Kind is named, wallboard or annotations; empty for named.
	Kind string `json:"kind"`
	// Query names one of Tributary's queries.
	Query string `json:"query"`
	// Params are its parameters, numbers or texts, with variables already replaced. from_ms, to_ms, interval_ms and at_ms are filled from
	// the time range where they are not given.
	Params map[string]json.RawMessage `json:"params"`
	// Align rounds what is filled in, so that viewers ask the same and share answers.
	Align bool `json:"align"`
	// OffsetMs is how far the clock of the viewers is ahead of UTC, so that aligned days begin at their midnight.
	OffsetMs int64 `json:"offset_ms"`
	// Formula keeps one of the service levels of an answer (sl_connect, sl_genesys, sl_copc, sl_late_abandons) and leaves out the others.
	Formula string `json:"formula"`
	// Format is table or series; empty for table.
	Format string `json:"format"`
	// Value are the columns to show: of a series those to draw, none for all numbers; of a table, all where Label is empty too.
	Value []string `json:"value"`
	// Label are the columns that tell series apart, none for all texts; of a table those that stand before the values.
	Label []string `json:"label"`
}

// readQuery reads a query and refuses what nothing could make an answer of.
func readQuery(from backend.DataQuery) (*Query, error) {
	q := new(Query)
	if err := json.Unmarshal(from.JSON, q); err != nil {
		return nil, wrong("the query cannot be read: %s", typeFault(err))
	}
	if q.Kind == "" {
		q.Kind = kindNamed
	}
	if q.Format == "" {
		q.Format = formatTable
	}
	switch {
	case q.Kind != kindNamed && q.Kind != kindWallboard && q.Kind != kindAnnotations:
		return nil, wrong("there is no kind of query %.50q: it is named, wallboard or annotations", q.Kind)
	case q.Format != formatTable && q.Format != formatSeries:
		return nil, wrong("there is no format %.50q: it is table or series", q.Format)
	case q.Kind == kindNamed && q.Query == "":
		return nil, wrong("no query is chosen: name one of those that the query editor lists")
	case q.Formula != "" && !strings.HasPrefix(q.Formula, "sl_"):
		return nil, wrong("there is no formula %.50q: it is sl_connect, sl_genesys, sl_copc or sl_late_abandons", q.Formula)
	}
	for _, text := range append([]string{q.Query, q.Formula}, append(q.Value, q.Label...)...) {
		if name := unresolved(text); name != "" {
			return nil, wrong("the variable %s was not replaced: only a dashboard that has it can answer this; an alert rule needs the value itself", name)
		}
	}
	return q, nil
}

func typeFault(err error) string {
	return strings.TrimPrefix(err.Error(), "json: ")
}

// unresolved finds a variable of a dashboard that nobody replaced, in any of Grafana's three spellings.
func unresolved(text string) string {
	for i := 0; i < len(text); i++ {
		rest := text[i:]
		switch {
		case strings.HasPrefix(rest, "${"):
			if end := strings.IndexByte(rest, '}'); end > 2 {
				return rest[:min(end+1, maxName)]
			}
		case strings.HasPrefix(rest, "[["):
			if end := strings.Index(rest, "]]"); end > 2 {
				return rest[:min(end+2, maxName)]
			}
		case rest[0] == '$':
			end := 1
			for end < len(rest) && end < maxName && isWord(rest[end]) {
				end++
			}
			if end > 1 && (rest[1] < '0' || rest[1] > '9') {
				return rest[:end]
			}
		}
	}
	return ""
}

// maxName bounds what an error repeats of a name.
const maxName = 60

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// param is a parameter's value as text; number tells whether it was one in the model.
func param(raw json.RawMessage) (text string, number bool, err error) {
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return "", false, nil
	case raw[0] == '"':
		if err := json.Unmarshal(raw, &text); err != nil {
			return "", false, err
		}
		return text, false, nil
	case raw[0] == '[':
		return "", false, errList
	case raw[0] == '{':
		return "", false, errObject
	case string(raw) == "true":
		return "1", true, nil
	case string(raw) == "false":
		return "0", true, nil
	}
	return string(raw), true, nil
}
