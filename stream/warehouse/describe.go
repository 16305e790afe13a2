package warehouse

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Description is what the header of a named query says, for those who choose among them.
type Description struct {
	Name string `json:"name"`
	// Help is what the query counts.
	Help string `json:"help"`
	// Params are what a caller gives, in the header's order; the tenant and the queues to practise
	// in are not among them, as they are not the caller's to give.
	Params  []Param      `json:"params"`
	Columns []ColumnHelp `json:"columns"`
}

// Param is a parameter of a named query.
type Param struct {
	Name string `json:"name"`
	// Type is ClickHouse's: String, Int64, UInt8, UInt32, UInt64.
	Type string `json:"type"`
	Help string `json:"help"`
}

// ColumnHelp is a column of a named query.
type ColumnHelp struct {
	Name string `json:"name"`
	// Unit says how to read its values.
	Unit Unit   `json:"unit"`
	Help string `json:"help"`
}

// Unit says how to read the values of a column.
type Unit string

// The units.
const (
	// UnitText is an id, a code or a word.
	UnitText Unit = ""
	// UnitMoment is Unix milliseconds; 0 stands for not yet.
	UnitMoment Unit = "moment"
	// UnitMs and UnitUs are lengths in milliseconds and microseconds.
	UnitMs Unit = "ms"
	UnitUs Unit = "us"
	// UnitPercent is 0 to 100, UnitThousandths 0 to 1000.
	UnitPercent     Unit = "percent"
	UnitThousandths Unit = "thousandths"
	// UnitMicros is millionths of the currency.
	UnitMicros Unit = "micros"
	// UnitCount is a number of things, UnitScore a score or a mean of scores.
	UnitCount Unit = "count"
	UnitScore Unit = "score"
)

// moments are the columns that are Unix milliseconds, except in the queries where the name means a length.
var moments = map[string][]string{
	"interval_ms": nil, "minute_ms": nil, "at_ms": nil, "since_ms": nil, "enqueued_ms": nil, "left_ms": nil, "closed_ms": nil, "started_ms": nil,
	"assigned_ms": nil, "ended_ms": nil, "wrapped_ms": nil, "oldest_ms": nil, "offered_ms": {"agent_by_interval"},
	"changed_ms": nil, "sent_ms": nil,
}

// texts are the columns that are ids, codes and words.
var texts = map[string]bool{
	"agent": true, "queue": true, "contact": true, "conversation": true, "offer": true, "channel": true, "outcome": true, "reason": true, "next_queue": true,
	"status": true, "next_status": true, "by": true, "activity": true, "doing": true, "state": true, "initiation": true, "end_reason": true, "code": true,
	"intent": true, "stage": true, "model": true, "model_version": true, "language": true, "prompt": true, "message": true, "guesses": true,
	"connected": true,
}

func unitOf(query, column string) Unit {
	lengthIn, moment := moments[column]
	switch {
	case moment && !slices.Contains(lengthIn, query):
		return UnitMoment
	case column == "ms", strings.HasSuffix(column, "_ms"):
		return UnitMs
	case strings.HasSuffix(column, "_us"):
		return UnitUs
	case column == "cost_micros":
		return UnitMicros
	case column == "contacts" && query == "floor_now": // the ids
		return UnitText
	case texts[column]:
		return UnitText
	case strings.HasPrefix(column, "sl_"), strings.HasSuffix(column, "_rate"), column == "occupancy", column == "csat":
		return UnitPercent
	case column == "confidence", column == "guess_confidences":
		return UnitThousandths
	case column == "mean", column == "score", column == "survey":
		return UnitScore
	}
	return UnitCount
}

// boardQueries are those that count or list what people work at; the others check the warehouse, or need a right of their own.
var boardQueries = []string{
	"agent_by_interval", "agent_time_by_interval", "contacts_handled", "contacts_of", "floor_now", "flow_outs_by_interval", "handled_of",
	"intents_by_interval", "intents_of", "offers_by_interval", "offers_of", "queue_by_interval", "queue_by_minute", "queue_now",
	"surveys_by_interval", "surveys_of", "wrap_up_by_interval",
}

// BoardQueries describes the named queries that boards may ask, by name. Callers must not change what it answers.
var BoardQueries = sync.OnceValues(func() ([]Description, error) {
	all, err := loadQueries()
	if err != nil {
		return nil, err
	}
	out := make([]Description, 0, len(boardQueries))
	for _, name := range boardQueries {
		out = append(out, describe(all[name]))
	}
	return out, nil
})

// entry is what the header says of some names at once.
type entry struct{ words, text string }

// describe reads a header, whose form parseQuery and the tests check.
func describe(q *namedQuery) Description {
	var parts [3][]string // what it is, parameters, columns
	part := 0
	for line := range strings.Lines(q.help) {
		switch line = strings.TrimRight(strings.TrimPrefix(line, "--"), "\n"); strings.TrimSpace(line) {
		case "Parameters:":
			part = 1
		case "Columns:":
			part = 2
		default:
			parts[part] = append(parts[part], line)
		}
	}
	d := Description{Name: q.name, Params: []Param{}, Columns: []ColumnHelp{}}
	_, d.Help, _ = strings.Cut(flow(parts[0]), ": ")
	for _, e := range entries(parts[1]) {
		for _, m := range placeholder.FindAllStringSubmatch(e.words+"  "+e.text, -1) {
			if m[1] != "tenant" && m[1] != ParamPractice {
				d.Params = append(d.Params, Param{m[1], m[2], paramHelp(e, m[0])})
			}
		}
	}
	columns := entries(parts[2])
	for _, name := range selected(q.sql) {
		d.Columns = append(d.Columns, ColumnHelp{name, unitOf(q.name, name), columnHelp(columns, name)})
	}
	return d
}

// flow joins lines.
func flow(lines []string) string { return strings.Join(strings.Fields(strings.Join(lines, " ")), " ") }

// entries splits a part of a header: an entry begins with two spaces more than the comment's sign, what is deeper goes on.
func entries(lines []string) []entry {
	var out []entry
	for _, line := range lines {
		body, fresh := strings.CutPrefix(line, "   ")
		if fresh && body != "" && body[0] != ' ' {
			words, text, _ := cutWide(body)
			out = append(out, entry{words, flow([]string{text})})
		} else if len(out) > 0 {
			last := &out[len(out)-1]
			last.text = flow([]string{last.text, line})
		}
	}
	return out
}

var wide = regexp.MustCompile(` {2,}`)

// cutWide cuts the names of an entry from what is said of them.
func cutWide(body string) (words, text string, found bool) {
	at := wide.FindStringIndex(body)
	if at == nil {
		words, text, found = strings.Cut(body, " ")
		return words, text, found
	}
	return strings.TrimSpace(body[:at[0]]), body[at[0]:], true
}

// paramHelp is what an entry says of a parameter, named by its placeholder: from there to the next one.
func paramHelp(e entry, named string) string {
	text := e.text
	if _, after, inside := strings.Cut(text, named); inside {
		text = after
	}
	if at := placeholder.FindStringIndex(text); at != nil {
		text = text[:at[0]]
	}
	return strings.Trim(text, " ,;")
}

// columnHelp is what the header says of a column: a clause of its own, or all that is said of the names it stands with.
func columnHelp(list []entry, name string) string {
	for _, e := range list {
		for word := range strings.SplitSeq(e.words, ",") {
			if strings.TrimSpace(word) == name {
				return e.text
			}
		}
	}
	for _, begins := range []string{`^`, `[^a-z_]`} {
		own := regexp.MustCompile(begins + regexp.QuoteMeta(name) + `([^a-z_]|$)`)
		for _, e := range list {
			for clause := range strings.SplitSeq(e.text, "; ") {
				if own.MatchString(clause) {
					return strings.Trim(strings.TrimPrefix(clause, name+", "), " ;")
				}
			}
		}
	}
	return ""
}

// selected are the names of the columns of a statement: those of the first SELECT's list.
func selected(sql string) []string {
	list := strings.TrimPrefix(sql, "SELECT ")
	var out []string
	depth, from := 0, 0
	take := func(to int) {
		fields := strings.Fields(list[from:to])
		if len(fields) > 0 {
			name := fields[len(fields)-1]
			out = append(out, name[strings.LastIndex(name, ".")+1:])
		}
		from = to + 1
	}
	for i := range len(list) {
		switch list[i] {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth == 0 {
				take(i)
			}
		case '\n':
			if depth == 0 && strings.HasPrefix(list[i:], "\nFROM") {
				take(i)
				return out
			}
		}
	}
	return out
}
