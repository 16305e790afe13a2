package warehouse

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

//go:embed queries/*.sql queries/parts/*.sql
var queryFiles embed.FS

// included is a line that stands for a file of queries/parts: what several queries must say alike, so that their numbers agree. The
// words behind its name, between bars, take the places <1>, <2> … of the part.
var included = regexp.MustCompile(`(?m)^\{\{([a-z_]+)( .*)?\}\}$`)

func include(text string) (string, error) {
	var errs error
	whole := included.ReplaceAllStringFunc(text, func(line string) string {
		m := included.FindStringSubmatch(line)
		part, err := fs.ReadFile(queryFiles, "queries/parts/"+m[1]+".sql")
		errs = errors.Join(errs, err)
		out := strings.TrimRight(string(part), "\n")
		for i, arg := range strings.Split(m[2], "|") {
			out = strings.ReplaceAll(out, fmt.Sprintf("<%d>", i+1), strings.TrimSpace(arg))
		}
		return out
	})
	return whole, errs
}

// namedQuery is one file of queries/. Its header says what it is for, its parameters and what each column means.
type namedQuery struct {
	name   string
	help   string
	sql    string
	params map[string]string // name → type
}

var placeholder = regexp.MustCompile(`\{([a-z_]+):([A-Za-z0-9()]+)\}`)

// loadQueries reads the files and checks that each header names exactly the parameters its statement uses.
func loadQueries() (map[string]*namedQuery, error) {
	names, err := fs.Glob(queryFiles, "queries/*.sql")
	if err != nil {
		return nil, fmt.Errorf("warehouse: list the queries: %w", err)
	}
	out := make(map[string]*namedQuery, len(names))
	for _, path := range names {
		text, err := fs.ReadFile(queryFiles, path)
		if err != nil {
			return nil, fmt.Errorf("warehouse: read the query %s: %w", path, err)
		}
		whole, err := include(string(text))
		if err != nil {
			return nil, fmt.Errorf("warehouse: read what the query %s includes: %w", path, err)
		}
		q, err := parseQuery(strings.TrimSuffix(strings.TrimPrefix(path, "queries/"), ".sql"), whole)
		if err != nil {
			return nil, err
		}
		out[q.name] = q
	}
	return out, nil
}

func parseQuery(name, text string) (*namedQuery, error) {
	q := &namedQuery{name: name, params: make(map[string]string)}
	var head, body strings.Builder
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "--") && body.Len() == 0 {
			head.WriteString(line)
		} else {
			body.WriteString(line)
		}
	}
	q.help, q.sql = head.String(), strings.TrimSuffix(strings.TrimSpace(body.String()), ";")
	if !strings.HasPrefix(q.help, "-- "+name+": ") {
		return nil, fmt.Errorf("warehouse: query %s must begin with the comment %q", name, "-- "+name+": …")
	}
	for _, m := range placeholder.FindAllStringSubmatch(q.sql, -1) {
		q.params[m[1]] = m[2]
	}
	said := make(map[string]string)
	for _, m := range placeholder.FindAllStringSubmatch(q.help, -1) {
		said[m[1]] = m[2]
	}
	if !reflect.DeepEqual(said, q.params) {
		return nil, fmt.Errorf("warehouse: the header of query %s names the parameters %v, the statement uses %v", name, said, q.params)
	}
	return q, nil
}

// Column is a column of a result.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// Result is what a named query answers, ready for JSON: times are Unix milliseconds.
type Result struct {
	Columns []Column `json:"columns"`
	Rows    [][]any  `json:"rows"`
	// Truncated says that there were more rows than Config.MaxRows.
	Truncated bool `json:"truncated,omitempty"`
}

// ParamError says what is wrong with the name or the parameters of a query: the caller's fault.
type ParamError struct{ Query, Reason string }

func (e *ParamError) Error() string { return "warehouse: query " + e.Query + ": " + e.Reason }

// Queries lists the names of the queries with their headers.
func (w *Warehouse) Queries() map[string]string {
	out := make(map[string]string, len(w.queries))
	for name, q := range w.queries {
		out[name] = q.help
	}
	return out
}

// Query runs a named query. Parameters travel beside the statement, never in it; each one the header names must be there
// and no other: a string, an integer, a bool or a time (as Unix milliseconds).
func (w *Warehouse) Query(ctx context.Context, name string, params map[string]any) (*Result, error) {
	q := w.queries[name]
	if q == nil {
		return nil, &ParamError{strconv.Quote(name), "there is no query of that name"}
	}
	values, err := q.bind(params)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, w.config.QueryTimeout)
	defer cancel()
	ctx = clickhouse.Context(ctx, clickhouse.WithParameters(values), clickhouse.WithSettings(clickhouse.Settings{
		"max_execution_time": int(w.config.QueryTimeout.Seconds()) + 1,
		"limit":              w.config.MaxRows + 1,
		"max_memory_usage":   2 << 30,
		"max_bytes_to_read":  int64(20 << 30),
		"session_timezone":   "UTC",
		"join_use_nulls":     0,
		// No row of a table moves to another month, so FINAL need not look for it there.
		"do_not_merge_across_partitions_select_final": 1,
		"output_format_decimal_trailing_zeros":        0,
	}))
	rows, err := w.conn.Query(ctx, q.sql)
	if err != nil {
		return nil, fmt.Errorf("warehouse: query %s: %w", name, withoutText(err))
	}
	defer rows.Close() //nolint:errcheck // rows.Err says what went wrong
	result := &Result{Rows: [][]any{}}
	types := rows.ColumnTypes()
	targets := make([]any, len(types))
	for i, t := range types {
		result.Columns = append(result.Columns, Column{t.Name(), t.DatabaseTypeName()})
		targets[i] = reflect.New(t.ScanType()).Interface()
	}
	for rows.Next() {
		if len(result.Rows) == w.config.MaxRows {
			result.Truncated = true
			break
		}
		if err := rows.Scan(targets...); err != nil {
			return nil, fmt.Errorf("warehouse: query %s: %w", name, err)
		}
		row := make([]any, len(targets))
		for i, t := range targets {
			row[i] = plain(reflect.ValueOf(t).Elem().Interface())
		}
		result.Rows = append(result.Rows, row)
	}
	if err := rows.Err(); err != nil && !result.Truncated {
		return nil, fmt.Errorf("warehouse: query %s: %w", name, withoutText(err))
	}
	return result, nil
}

// plain makes of a value what JSON can say; a slice that Scan fills again is copied.
func plain(v any) any {
	if p := reflect.ValueOf(v); p.Kind() == reflect.Pointer { // a Nullable, as a scalar subquery answers
		if p.IsNil() {
			return nil
		}
		v = p.Elem().Interface()
	}
	switch v := v.(type) {
	case time.Time:
		return v.UnixMilli()
	case []string:
		return slices.Clone(v)
	case []int64:
		return slices.Clone(v)
	case []uint8:
		out := make([]int, len(v)) // not the base64 that JSON makes of bytes
		for i := range v {
			out[i] = int(v[i])
		}
		return out
	}
	return v
}

// ParamPractice is the parameter of the queues that no number counts, as [PracticeQueues] writes them. It may be left out, and
// be given to any query: what does not count by queue does not heed it.
const ParamPractice = "practice"

// PracticeQueues writes the queues to practise in as the parameter of that name.
func PracticeQueues(ids []string) string { return strings.Join(ids, ",") }

// maxParam bounds a parameter's bytes; the configuration bounds how many queues there are.
const maxParam, maxPractice = 1000, 1 << 18

// bind checks the parameters and writes their text as ClickHouse reads it.
func (q *namedQuery) bind(params map[string]any) (clickhouse.Parameters, error) {
	out := make(clickhouse.Parameters, len(params))
	for name, v := range params {
		kind, known := q.params[name]
		if !known && name == ParamPractice {
			continue
		}
		if !known {
			return nil, &ParamError{q.name, fmt.Sprintf("there is no parameter %.50q", name)}
		}
		most := maxParam
		if name == ParamPractice {
			most = maxPractice
		}
		text, err := paramText(kind, v, most)
		if err != nil {
			return nil, &ParamError{q.name, fmt.Sprintf("parameter %s: %s", name, err)}
		}
		out[name] = text
	}
	if _, there := out[ParamPractice]; !there && q.params[ParamPractice] != "" {
		out[ParamPractice] = ""
	}
	for name, kind := range q.params {
		if _, there := out[name]; !there {
			return nil, &ParamError{q.name, fmt.Sprintf("parameter %s (%s) is missing", name, kind)}
		}
	}
	return out, nil
}

// tsv escapes a text the way ClickHouse reads the value of a parameter, whatever the protocol.
var tsv = strings.NewReplacer("\\", "\\\\", "\t", "\\t", "\n", "\\n", "\r", "\\r", "\x00", "\\0", "\b", "\\b", "\f", "\\f", "'", "\\'")

func paramText(kind string, v any, most int) (string, error) {
	if t, ok := v.(time.Time); ok {
		v = t.UnixMilli()
	}
	rv := reflect.ValueOf(v)
	switch {
	case kind == "String" && rv.Kind() == reflect.String:
		if len(rv.String()) > most {
			return "", fmt.Errorf("it is longer than %d bytes", most)
		}
		return tsv.Replace(rv.String()), nil
	case kind == "Int64" && rv.CanInt():
		return strconv.FormatInt(rv.Int(), 10), nil
	case strings.HasPrefix(kind, "UInt") && rv.CanInt() && rv.Int() >= 0:
		return strconv.FormatInt(rv.Int(), 10), nil
	case (kind == "Int64" || strings.HasPrefix(kind, "UInt")) && rv.CanUint():
		return strconv.FormatUint(rv.Uint(), 10), nil
	case kind != "String" && rv.Kind() == reflect.String: // from a URL
		if n, err := strconv.ParseInt(rv.String(), 10, 64); err == nil && (n >= 0 || kind == "Int64") {
			return strconv.FormatInt(n, 10), nil
		}
	}
	return "", fmt.Errorf("it must be a %s", kind)
}
