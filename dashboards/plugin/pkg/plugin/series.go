package plugin

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// maxSeries is how many lines one query may draw: more, nobody reads and few browsers draw.
const maxSeries = 1000

// line is one series while it is collected.
type line struct {
	labels data.Labels
	value  *data.Field
	times  []time.Time
	rows   []int
}

// series makes one frame for each column of values and set of labels. No point is added where there is none.
func (t *answered) series(q *Query, params map[string]any) (data.Frames, error) {
	at, err := t.axis(params)
	if err != nil {
		return nil, err
	}
	labels, err := t.labels(q)
	if err != nil {
		return nil, err
	}
	values, err := t.values(q, labels)
	if err != nil {
		return nil, err
	}
	lines, err := collect(t.info.Name, at, labels, values)
	if err != nil {
		return nil, err
	}
	meta := func() *data.FrameMeta {
		return &data.FrameMeta{Type: data.FrameTypeTimeSeriesMulti, TypeVersion: data.FrameTypeVersion{0, 1}}
	}
	if len(lines) == 0 {
		return data.Frames{data.NewFrame("").SetMeta(meta())}, nil // how a series says that there is no data
	}
	var frames data.Frames
	for _, l := range lines[:min(len(lines), maxSeries)] {
		frames = append(frames, t.frame(l, len(values) > 1, params).SetMeta(meta()))
	}
	if len(lines) > maxSeries {
		frames[0].AppendNotices(data.Notice{
			Severity: data.NoticeSeverityWarning,
			Text:     fmt.Sprintf("Only the first %d of %d series are shown: choose fewer labels, or one queue or agent.", maxSeries, len(lines)),
		})
	}
	return frames, nil
}

// axis is the time of each row. An answer about one moment, which has no column for it, is a series of one point at that moment.
func (t *answered) axis(params map[string]any) (func(row int) (time.Time, bool), error) {
	for _, name := range axes {
		if f := t.field(name); f != nil && t.times[name] {
			return func(row int) (time.Time, bool) {
				v, ok := f.ConcreteAt(row)
				at, isTime := v.(time.Time)
				return at, ok && isTime
			}, nil
		}
	}
	if ms, ok := params["at_ms"].(int64); ok {
		moment := time.UnixMilli(ms).UTC()
		return func(int) (time.Time, bool) { return moment, true }, nil
	}
	return nil, wrong("query %s has no time to draw a series by (one of %s): show it as a table", t.info.Name, strings.Join(axes, ", "))
}

func (t *answered) labels(q *Query) ([]*data.Field, error) {
	if len(q.Label) > 0 {
		fields, err := t.pick(q.Label)
		for _, f := range fields {
			if f.Type().NonNullableType() != data.FieldTypeString {
				return nil, wrong("column %s of query %s holds no texts: it cannot tell series apart", f.Name, t.info.Name)
			}
		}
		return fields, err
	}
	var out []*data.Field
	for _, f := range t.fields {
		if f.Type().NonNullableType() == data.FieldTypeString && !slices.Contains(q.Value, f.Name) && !slices.Contains(t.beside, f) {
			out = append(out, f)
		}
	}
	return out, nil
}

func (t *answered) values(q *Query, labels []*data.Field) ([]*data.Field, error) {
	if chosen := q.chosen(); len(chosen) > 0 {
		fields, err := t.pick(chosen)
		for _, f := range fields {
			if !f.Type().Numeric() || slices.Contains(labels, f) {
				return nil, wrong("column %s of query %s holds no numbers: it cannot be drawn", f.Name, t.info.Name)
			}
		}
		return fields, err
	}
	var out []*data.Field
	for _, f := range t.fields {
		if f.Type().Numeric() {
			out = append(out, f)
		}
	}
	if len(out) == 0 {
		return nil, wrong("query %s has no numbers to draw: show it as a table", t.info.Name)
	}
	return out, nil
}

// collect sorts the rows into lines, in the order in which their labels first appear.
func collect(query string, at func(int) (time.Time, bool), labels, values []*data.Field) ([]*line, error) {
	var lines []*line
	first := make(map[string]int) // key of the labels → the first of its lines
	for row := range values[0].Len() {
		moment, ok := at(row)
		if !ok {
			return nil, wrong("query %s: row %d has no time to draw it by", query, row+1)
		}
		key := keyOf(labels, row)
		begin, there := first[key]
		if !there {
			begin = len(lines)
			first[key] = begin
			for _, v := range values {
				lines = append(lines, &line{labels: labelsAt(labels, row), value: v})
			}
		}
		for _, l := range lines[begin : begin+len(values)] {
			l.times, l.rows = append(l.times, moment), append(l.rows, row)
		}
	}
	for _, l := range lines {
		if err := l.sort(query); err != nil {
			return nil, err
		}
	}
	return lines, nil
}

func keyOf(labels []*data.Field, row int) string {
	var key strings.Builder
	for _, f := range labels {
		key.WriteString(strconv.Quote(textAt(f, row)))
	}
	return key.String()
}

func labelsAt(labels []*data.Field, row int) data.Labels {
	if len(labels) == 0 {
		return nil
	}
	out := make(data.Labels, len(labels))
	for _, f := range labels {
		out[f.Name] = textAt(f, row)
	}
	return out
}

func textAt(f *data.Field, row int) string {
	v, _ := f.ConcreteAt(row)
	s, _ := v.(string)
	return s
}

// sort puts a line into the order of time. Two values at one time would be a line that means nothing.
func (l *line) sort(query string) error {
	order := make([]int, len(l.rows))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return l.times[a].Compare(l.times[b]) })
	times, rows := make([]time.Time, len(order)), make([]int, len(order))
	for i, o := range order {
		times[i], rows[i] = l.times[o], l.rows[o]
		if i > 0 && times[i].Equal(times[i-1]) {
			return wrong("query %s has several rows for one time and these labels: name more columns as labels, so that each line has one value at a time", query)
		}
	}
	l.times, l.rows = times, rows
	return nil
}

func (t *answered) frame(l *line, several bool, params map[string]any) *data.Frame {
	at := data.NewField(data.TimeSeriesTimeFieldName, nil, l.times)
	if ms, ok := params["interval_ms"].(int64); ok && t.times["interval_ms"] {
		at.Config = &data.FieldConfig{Interval: float64(ms)}
	}
	value := data.NewFieldFromFieldType(l.value.Type(), len(l.rows))
	for i, row := range l.rows {
		value.Set(i, l.value.CopyAt(row))
	}
	value.Name, value.Labels = l.value.Name, l.labels
	describe(value, t.info.column(l.value.Name))
	if name := t.displayName(l, several); name != "" {
		if value.Config == nil {
			value.Config = &data.FieldConfig{}
		}
		value.Config.DisplayNameFromDS = name
	}
	return data.NewFrame(t.info.Name, at, value)
}

// displayName is a line's name in a legend: its labels' values, of queues and agents their names, and the column where there are several.
func (t *answered) displayName(l *line, several bool) string {
	if len(l.labels) == 0 {
		return ""
	}
	var parts []string
	for _, name := range sortedKeys(l.labels) {
		if v := l.labels[name]; v != "" {
			parts = append(parts, t.nameOf(name, v))
		}
	}
	if several || len(parts) == 0 {
		parts = append(parts, l.value.Name)
	}
	return strings.Join(parts, " · ")
}
