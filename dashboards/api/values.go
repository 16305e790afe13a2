package api

import (
	"fmt"
	"reflect"
)

// Values of named queries come as the warehouse's driver decodes them; these read what a column is documented to hold,
// whatever its width.

func str(v any) string {
	if v == nil {
		return ""
	}
	if s, ok := v.(string); ok {
		return s
	}
	return fmt.Sprint(v)
}

func num(v any) int64 {
	r := reflect.ValueOf(v)
	switch {
	case !r.IsValid():
		return 0
	case r.CanInt():
		return r.Int()
	case r.CanUint():
		return int64(r.Uint()) //nolint:gosec // counts and milliseconds
	case r.CanFloat():
		return int64(r.Float())
	case r.Kind() == reflect.Bool && r.Bool():
		return 1
	}
	return 0
}

func list(v any) []any {
	r := reflect.ValueOf(v)
	if r.Kind() != reflect.Slice {
		return nil
	}
	out := make([]any, r.Len())
	for i := range out {
		out[i] = r.Index(i).Interface()
	}
	return out
}

func strs(v any) []string {
	out := []string{}
	for _, x := range list(v) {
		out = append(out, str(x))
	}
	return out
}
