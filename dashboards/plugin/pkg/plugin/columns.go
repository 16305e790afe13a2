package plugin

import (
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// The units in which the API counts a column; what is not here is a plain number or a text.
const (
	unitMoment  = "moment" // Unix milliseconds, 0 for none
	unitMs      = "ms"
	unitUs      = "us"
	unitPercent = "percent"
)

// shownAs are Grafana's words for them.
var shownAs = map[string]string{unitMs: "ms", unitUs: "µs", unitPercent: "percent"}

// axes are the columns that are the time of a series, the first one that there is.
var axes = []string{"interval_ms", "minute_ms", "at_ms"}

// typing is how the values of a column become those of a field.
type typing uint8

const (
	asText typing = iota
	asTime
	asInteger
	asFloat
	asFlag
)

// typeOf reads the type that the API says (ClickHouse's words) and whether a value may be missing. A type it does not know is shown as text.
func typeOf(kind string) (typing, bool) {
	var nullable bool
	for {
		inner, ok := within(kind, "LowCardinality(")
		if !ok {
			if inner, ok = within(kind, "Nullable("); !ok {
				break
			}
			nullable = true
		}
		kind = inner
	}
	switch {
	case kind == "Bool":
		return asFlag, nullable
	case strings.HasPrefix(kind, "Int"), strings.HasPrefix(kind, "UInt"):
		return asInteger, nullable
	case strings.HasPrefix(kind, "Float"), strings.HasPrefix(kind, "Decimal"):
		return asFloat, nullable
	}
	return asText, nullable
}

func within(kind, prefix string) (string, bool) {
	inner, ok := strings.CutPrefix(kind, prefix)
	if !ok || !strings.HasSuffix(inner, ")") {
		return kind, false
	}
	return strings.TrimSuffix(inner, ")"), true
}

// describe gives a field what Grafana shows of it.
func describe(f *data.Field, c columnInfo) {
	config := &data.FieldConfig{Description: c.Help}
	if f.Type().Numeric() {
		config.Unit = shownAs[c.Unit]
	}
	if config.Description != "" || config.Unit != "" {
		f.Config = config
	}
}
