package embedded

import (
	"regexp"
	"strconv"
)

// EngineError is a refusal by the ClickHouse engine, with ClickHouse's own code (60 is "no such table", 159 "too slow").
type EngineError struct {
	Code    int
	Message string
}

// Error returns the engine's own text, which begins with "Code: N. DB::Exception:".
func (e *EngineError) Error() string { return e.Message }

var engineCode = regexp.MustCompile(`Code: (\d{1,5})\.`)

// newEngineError reads the code from the engine's text; a text without one has code 1002, ClickHouse's "unknown exception".
func newEngineError(text string) *EngineError {
	code := 1002
	if m := engineCode.FindStringSubmatch(text); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil && n > 0 {
			code = n
		}
	}
	return &EngineError{Code: code, Message: text}
}
