package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tributary-cc/tributary/stream/warehouse"
)

// Bounds of what a board asks at once.
const (
	maxParamText  = 200
	latestMoment  = 4_102_444_800_000 // the year 2100
	maxRange      = 400 * 24 * time.Hour
	maxMinutes    = 8 * 24 * time.Hour // queries by minute have a row for each
	maxIntervals  = 20_000
	maxListed     = 10_000
	maxSkipped    = 1_000_000
	minuteColumns = "minute_ms"
)

// paramFaults are all that is wrong with the parameters of a query.
type paramFaults struct {
	texts []string
	field string
}

func (f *paramFaults) add(field, format string, args ...any) {
	if f.field == "" {
		f.field = field
	}
	f.texts = append(f.texts, field+": "+fmt.Sprintf(format, args...))
}

// bindParams reads the parameters as their types are, and tells all that is wrong with them at once.
func bindParams(d *warehouse.Description, raw map[string]json.RawMessage) (map[string]any, *queryFault) {
	var faults paramFaults
	params := make(map[string]any, len(d.Params)+1)
	for _, p := range d.Params {
		value, there := raw[p.Name]
		if !there {
			faults.add(p.Name, "it is missing; a %s: %s", p.Type, p.Help)
			continue
		}
		v, err := paramValue(p.Type, value)
		if err != nil {
			faults.add(p.Name, "%s; a %s: %s", err, p.Type, p.Help)
			continue
		}
		params[p.Name] = v
	}
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		switch {
		case name == "tenant":
			faults.add(name, "it is set by the token, leave it out")
		case !slices.ContainsFunc(d.Params, func(p warehouse.Param) bool { return p.Name == name }):
			faults.add(fmt.Sprintf("%.40q", name), "%s has no such parameter", d.Name)
		}
	}
	checkRange(d, params, &faults)
	if len(faults.texts) > 0 {
		return nil, &queryFault{Code: codeBadQuery, Message: d.Name + ": " + strings.Join(faults.texts, "; "), Field: faults.field}
	}
	return params, nil
}

// limits of the whole numbers of ClickHouse's types.
var wholeNumbers = map[string][2]int64{
	"Int64": {math.MinInt64, math.MaxInt64}, "UInt8": {0, math.MaxUint8}, "UInt16": {0, math.MaxUint16}, "UInt32": {0, math.MaxUint32}, "UInt64": {0, math.MaxInt64},
}

func paramValue(kind string, raw json.RawMessage) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("it is no JSON value")
	}
	if kind == "String" {
		text, ok := v.(string)
		switch {
		case !ok:
			return nil, fmt.Errorf("it must be a text")
		case len(text) > maxParamText:
			return nil, fmt.Errorf("it is longer than %d bytes", maxParamText)
		}
		return text, nil
	}
	limits, known := wholeNumbers[kind]
	if !known {
		return nil, fmt.Errorf("parameters of type %s cannot be given here", kind)
	}
	var text string
	switch v := v.(type) {
	case json.Number:
		text = v.String()
	case string: // as variables of boards come
		text = v
	case bool:
		text = map[bool]string{true: "1", false: "0"}[v]
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < limits[0] || n > limits[1] {
		return nil, fmt.Errorf("it must be a whole number from %d to %d", limits[0], limits[1])
	}
	return n, nil
}

// checkRange keeps a board from asking for more than a board can show.
func checkRange(d *warehouse.Description, params map[string]any, faults *paramFaults) {
	number := func(name string) (int64, bool) {
		n, ok := params[name].(int64)
		return n, ok
	}
	for _, name := range []string{"from_ms", "to_ms", "at_ms"} {
		if n, there := number(name); there && (n < 0 || n > latestMoment) {
			faults.add(name, "it must be Unix milliseconds, up to the year 2100")
			return
		}
	}
	for name, most := range map[string]int64{"count": maxListed, "skip": maxSkipped} {
		if n, there := number(name); there && n > most {
			faults.add(name, "it must be %d at most", most)
		}
	}
	from, hasFrom := number("from_ms")
	to, hasTo := number("to_ms")
	if !hasFrom || !hasTo {
		return
	}
	most := maxRange
	if slices.ContainsFunc(d.Columns, func(c warehouse.ColumnHelp) bool { return c.Name == minuteColumns }) {
		most = maxMinutes
	}
	if to < from || to-from > most.Milliseconds() {
		faults.add("to_ms", "it must be from_ms or later, by %d days at most", int(most.Hours()/24))
		return
	}
	if step, there := number("interval_ms"); there && (step <= 0 || (to-from)/step > maxIntervals) {
		faults.add("interval_ms", "it must be over 0, and make %d intervals at most", maxIntervals)
	}
}

// paramKey is the parameters as one text: equal ones give the same.
func paramKey(params map[string]any) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(params)) {
		fmt.Fprintf(&b, "%s=%q;", name, fmt.Sprint(params[name]))
	}
	return b.String()
}
