package reckon

import (
	"fmt"
	"math"
	"reflect"
)

// tolerance is more than a hundredth, to which percentages are rounded.
const tolerance = 0.0101

// Differences says where an answer differs from what was counted, a line for each: the numbers of the rows, or values of a row.
func Differences(want, got [][]any) []string {
	var out []string
	if len(want) != len(got) {
		out = append(out, fmt.Sprintf("%d rows, the facts give %d", len(got), len(want)))
	}
	for i := range min(len(want), len(got)) {
		if len(want[i]) != len(got[i]) {
			return append(out, fmt.Sprintf("row %d has %d columns, the facts give %d", i, len(got[i]), len(want[i])))
		}
		for j := range want[i] {
			if !same(want[i][j], got[i][j]) {
				out = append(out, fmt.Sprintf("row %d, column %d: %v, the facts give %v; the row is %v, the facts give %v",
					i, j, got[i][j], want[i][j], got[i], want[i]))
				break
			}
		}
	}
	return out
}

func same(a, b any) bool {
	x, number := float(a)
	y, too := float(b)
	if number && too {
		return math.Abs(x-y) < tolerance
	}
	u, v := reflect.ValueOf(a), reflect.ValueOf(b)
	if u.Kind() == reflect.Slice && v.Kind() == reflect.Slice && u.Len() == 0 && v.Len() == 0 {
		return true
	}
	return reflect.DeepEqual(a, b)
}

// float reads a number of any kind, and a bool as ClickHouse may give it.
func float(v any) (float64, bool) {
	switch rv := reflect.ValueOf(v); {
	case !rv.IsValid():
		return 0, false
	case rv.CanInt():
		return float64(rv.Int()), true
	case rv.CanUint():
		return float64(rv.Uint()), true
	case rv.CanFloat():
		return rv.Float(), true
	case rv.Kind() == reflect.Bool && rv.Bool():
		return 1, true
	case rv.Kind() == reflect.Bool:
		return 0, true
	}
	return 0, false
}
