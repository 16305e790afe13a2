package warehouse

import (
	"errors"
	"slices"
)

// tooMuch are ClickHouse's numbers of the limits that a query of a person can hit: rows or bytes, time, memory, queries at once.
var tooMuch = []int32{158, 159, 202, 241, 307, 396}

// TooMuch reports whether ClickHouse gave a query up because it asked for too much.
func TooMuch(err error) bool {
	var answered *ServerError
	return errors.As(err, &answered) && slices.Contains(tooMuch, answered.Code)
}
