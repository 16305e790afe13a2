package embedded

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// Limits on what a client may say.
const (
	maxSettings  = 100
	maxParams    = 1000
	maxDatabase  = 200
	maxStatement = 4 << 20
)

// request is one statement as the client wants it run.
type request struct {
	statement string
	database  string
	format    string // of the answer, or of data
	revision  uint64
	params    []parameter
	settings  map[string]string
	data      []byte // rows of an INSERT; nil if there are none
}

// notSettings are the URL parameters of ClickHouse's HTTP protocol that are no settings of the engine.
var notSettings = map[string]bool{
	"query": true, "database": true, "default_format": true, "client_protocol_version": true, "query_id": true, "quota_key": true,
	"user": true, "password": true, "session_id": true, "session_timeout": true, "session_check": true, "wait_end_of_query": true,
	"buffer_size": true, "compress": true, "decompress": true, "role": true, "stacktrace": true,
}

var (
	settingName  = regexp.MustCompile(`^[a-z][a-z0-9_]{0,99}$`)
	formatClause = regexp.MustCompile(`(?is)\s+FORMAT\s+([A-Za-z0-9]+)\s*;?\s*$`)
)

// readRequest reads the statement, its rows, parameters and settings; what it refuses is an [EngineError].
func readRequest(config ClickHouseConfig, w http.ResponseWriter, r *http.Request) (*request, error) {
	if r.Header.Get("Content-Encoding") != "" || strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		return nil, refusal(codeNotImplemented, "the embedded engine takes neither compressed nor multipart bodies; connect without compression")
	}
	url := r.URL.Query()
	req := &request{database: "default", format: "TabSeparated", settings: map[string]string{}}
	if err := req.readURL(url); err != nil {
		return nil, err
	}
	req.limit("max_execution_time", config.QueryTimeout.Seconds())
	req.limit("max_memory_usage", float64(config.QueryMemory))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, config.MaxBody))
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return nil, refusal(codeTooLarge, fmt.Sprintf("the body is larger than %d bytes; send fewer rows at once", large.Limit))
		}
		return nil, fmt.Errorf("embedded: read the body: %w", err)
	}
	req.statement = url.Get("query")
	switch {
	case req.statement != "" && hasKeyword(skipComments(req.statement), "INSERT") && len(body) > 0:
		req.data = body
		if m := formatClause.FindStringSubmatchIndex(req.statement); m != nil {
			req.format = req.statement[m[2]:m[3]]
			req.statement = req.statement[:m[0]]
		}
	case len(body) > 0:
		req.statement += string(body)
	}
	if strings.TrimSpace(req.statement) == "" {
		return nil, refusal(codeBadArguments, "there is no statement; send it as the body or as the parameter query")
	}
	if len(req.statement) > maxStatement {
		return nil, refusal(codeTooLarge, fmt.Sprintf("the statement is longer than %d bytes", maxStatement))
	}
	return req, nil
}

func (q *request) readURL(values url.Values) error {
	for name, all := range values {
		value := all[len(all)-1]
		param, isParam := strings.CutPrefix(name, "param_")
		switch {
		case (name == "compress" || name == "decompress") && value != "0":
			return refusal(codeNotImplemented, "the embedded engine does not compress; connect without compression")
		case name == "database" && len(value) > maxDatabase:
			return refusal(codeBadArguments, "the database's name is too long")
		case name == "database" && value != "":
			q.database = value
		case name == "default_format" && value != "":
			q.format = value
		case name == "client_protocol_version":
			revision, err := strconv.ParseUint(value, 10, 32)
			if err != nil {
				return refusal(codeBadArguments, "client_protocol_version is not a number")
			}
			q.revision = revision
		case notSettings[name]:
		case isParam:
			q.params = append(q.params, parameter{param, value})
		case !settingName.MatchString(name):
			return refusal(codeBadArguments, fmt.Sprintf("%.100q is not the name of a setting", name))
		default:
			q.settings[name] = value
		}
	}
	if len(q.settings) > maxSettings || len(q.params) > maxParams {
		return refusal(codeBadArguments, "too many settings or parameters")
	}
	return nil
}

// limit lowers a setting to what the engine's owner allows; a client may ask for less. The time is limited here as well as by
// cancelling, for the engine itself must end the statement, should nobody else be left to do so.
func (q *request) limit(name string, most float64) {
	if asked, err := strconv.ParseFloat(q.settings[name], 64); err == nil && asked > 0 && asked < most {
		return
	}
	q.settings[name] = strconv.FormatFloat(most, 'f', -1, 64)
}

func refusal(code int, text string) *EngineError {
	return &EngineError{code, fmt.Sprintf("Code: %d. DB::Exception: %s", code, text)}
}

// skipComments cuts white space and comments off the beginning.
func skipComments(s string) string {
	for {
		s = strings.TrimLeft(s, " \t\r\n")
		var end string
		switch {
		case strings.HasPrefix(s, "--"):
			end = "\n"
		case strings.HasPrefix(s, "/*"):
			end = "*/"
		default:
			return s
		}
		_, rest, found := strings.Cut(s, end)
		if !found {
			return ""
		}
		s = rest
	}
}

// hasKeyword says whether s begins with the word, in any case, and not with a longer word.
func hasKeyword(s, word string) bool {
	if len(s) < len(word) || !strings.EqualFold(s[:len(word)], word) {
		return false
	}
	if len(s) == len(word) {
		return true
	}
	c := s[len(word)]
	return c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
}
