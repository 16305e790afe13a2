package plugin

import (
	"slices"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// What a column means beyond its type in the database. This is the one place that knows; where it says nothing of a column …_ms, the words
// of the query's header decide: a moment is counted in "Unix milliseconds".

// moments are columns …_ms that are points in time; 0 stands for none.
var moments = []string{
	"interval_ms", "minute_ms", "at_ms", "from_ms", "to_ms", "enqueued_ms", "left_ms", "since_ms", "oldest_ms", "started_ms", "ended_ms",
	"closed_ms", "sent_ms", "changed_ms", "assigned_ms", "wrapped_ms",
}

// lengths are columns …_ms that are lengths of time though a header speaks of moments on the same line.
var lengths = []string{"lasts_ms", "wait_ms", "talk_ms", "acw_ms", "aht_ms", "handle_ms", "target_ms"}

// axes are the columns that are the time of a series, the first one that there is.
var axes = []string{"interval_ms", "minute_ms", "at_ms"}

var percents = []string{"occupancy", "csat", "service_level"}

// isMoment tells whether a column is a point in time.
func isMoment(name, help string) bool {
	if !strings.HasSuffix(name, "_ms") || slices.Contains(lengths, name) {
		return false
	}
	return slices.Contains(moments, name) || strings.Contains(help, "Unix milliseconds")
}

// unitOf is the unit in which Grafana shows a number; empty for a plain one.
func unitOf(name string) string {
	switch {
	case name == "ms", strings.HasSuffix(name, "_ms"):
		return "ms"
	case strings.HasSuffix(name, "_us"):
		return "µs"
	case strings.HasPrefix(name, "sl_"), strings.HasSuffix(name, "_rate"), slices.Contains(percents, name):
		return "percent"
	}
	return ""
}

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
func describe(f *data.Field, name, help, page string) {
	c := &data.FieldConfig{Description: help}
	if f.Type() != data.FieldTypeTime && f.Type() != data.FieldTypeNullableTime && f.Type().Numeric() {
		c.Unit = unitOf(name)
	}
	if name == "conversation" && page != "" {
		c.Links = []data.DataLink{{Title: "Tributary", URL: page + "/conversations/${__value.raw}", TargetBlank: true}}
	}
	if c.Description != "" || c.Unit != "" || c.Links != nil {
		f.Config = c
	}
}
