package plugin

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// answered is a result with its values read: a field for each column.
type answered struct {
	info   *queryInfo
	fields []*data.Field // by the columns' names
	// times tells which fields are points in time.
	times map[string]bool
	// called are the names of queues and agents, and beside the fields of them that stand beside ids.
	called map[string]map[string]string
	beside []*data.Field
	// idsAlone leaves the names out of a table that chooses no columns: an alert rule's labels stay the same when somebody is renamed, and no
	// names of people get into what Grafana keeps and sends of alerts.
	idsAlone bool
}

// readTable reads the values by the types that the API says, and finds what does not fit them.
func readTable(r *result, info *queryInfo) (*answered, error) {
	t := &answered{info: info, times: make(map[string]bool)}
	for i, c := range r.Columns {
		if c.Name == "" || slices.ContainsFunc(r.Columns[:i], func(o column) bool { return o.Name == c.Name }) {
			return nil, fmt.Errorf("column %d has no name of its own", i+1)
		}
		read, nullable := typeOf(c.Type)
		if read == asInteger && c.Unit == unitMoment {
			read = asTime
			t.times[c.Name] = true
		}
		t.fields = append(t.fields, newField(c.Name, read, nullable, len(r.Rows)))
	}
	for n, row := range r.Rows {
		if len(row) != len(r.Columns) {
			return nil, fmt.Errorf("row %d has %d values for %d columns", n+1, len(row), len(r.Columns))
		}
		for i, raw := range row {
			if err := setValue(t.fields[i], n, raw); err != nil {
				return nil, fmt.Errorf("row %d, column %s (%s): %w", n+1, r.Columns[i].Name, r.Columns[i].Type, err)
			}
		}
	}
	t.nameIDs(r.Names)
	return t, nil
}

func newField(name string, read typing, nullable bool, rows int) *data.Field {
	kind := data.FieldTypeString
	switch read {
	case asTime:
		kind = data.FieldTypeNullableTime
	case asInteger:
		kind = data.FieldTypeInt64
	case asFloat:
		kind, nullable = data.FieldTypeFloat64, true // what is no number, JSON says as null
	case asFlag:
		kind = data.FieldTypeBool
	case asText:
	}
	if nullable {
		kind = kind.NullableType()
	}
	f := data.NewFieldFromFieldType(kind, rows)
	f.Name = name
	return f
}

var (
	errNull = errors.New("a value is missing")
	errKind = errors.New("the value is of another type")
)

// setValue reads one value into its place; a nullable place is null before.
func setValue(f *data.Field, n int, raw json.RawMessage) error {
	if string(raw) == "null" || len(raw) == 0 {
		if f.Nullable() {
			return nil
		}
		return errNull
	}
	switch f.Type().NonNullableType() { //nolint:exhaustive // those that newField makes
	case data.FieldTypeTime:
		ms, err := strconv.ParseInt(string(raw), 10, 64)
		if err != nil {
			return errKind
		}
		if ms != 0 {
			f.SetConcrete(n, time.UnixMilli(ms).UTC())
		}
	case data.FieldTypeInt64:
		v, err := strconv.ParseInt(string(raw), 10, 64)
		if err != nil {
			return errKind
		}
		f.SetConcrete(n, v)
	case data.FieldTypeFloat64:
		v, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64) // a decimal may be said as text
		if err != nil {
			return errKind
		}
		f.SetConcrete(n, v)
	case data.FieldTypeBool:
		v, err := strconv.ParseBool(string(raw))
		if err != nil {
			return errKind
		}
		f.SetConcrete(n, v)
	default:
		v, err := textOf(raw)
		if err != nil {
			return err
		}
		f.SetConcrete(n, v)
	}
	return nil
}

// textOf shows a value as text; a list as its elements with commas between.
func textOf(raw json.RawMessage) (string, error) {
	switch raw[0] {
	case '"':
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return "", errKind
		}
		return s, nil
	case '[':
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) != nil {
			return "", errKind
		}
		texts := make([]string, len(list))
		for i, one := range list {
			s, err := textOf(one)
			if err != nil {
				return "", err
			}
			texts[i] = s
		}
		return strings.Join(texts, ", "), nil
	case '{':
		return "", errKind
	}
	return string(raw), nil
}

func (t *answered) names() []string {
	out := make([]string, len(t.fields))
	for i, f := range t.fields {
		out[i] = f.Name
	}
	return out
}

func (t *answered) field(name string) *data.Field {
	for _, f := range t.fields {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// keepFormula leaves out the service levels of other formulas.
func (t *answered) keepFormula(formula string) error {
	if formula == "" {
		return nil
	}
	if t.field(formula) == nil {
		return wrong("query %s has no service level %.60q; its columns: %s", t.info.Name, formula, strings.Join(t.names(), ", "))
	}
	t.fields = slices.DeleteFunc(t.fields, func(f *data.Field) bool { return strings.HasPrefix(f.Name, "sl_") && f.Name != formula })
	return nil
}

// pick finds columns by name.
func (t *answered) pick(names []string) ([]*data.Field, error) {
	var out []*data.Field
	for _, name := range names {
		f := t.field(name)
		if f == nil {
			return nil, t.unknown(name)
		}
		if !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	return out, nil
}

func (t *answered) unknown(name string) error {
	return wrong("query %s has no column %.60q; its columns: %s", t.info.Name, name, strings.Join(t.names(), ", "))
}

// knows refuses columns that the query does not have before it is asked.
func (q *Query) knows(info *queryInfo) error {
	if len(info.Columns) == 0 {
		return nil // the answer will tell
	}
	for _, name := range append(append([]string{}, q.Label...), q.Value...) {
		if !info.hasColumn(name) {
			var names []string
			for _, c := range info.Columns {
				names = append(names, c.Name)
			}
			return wrong("query %s has no column %.60q; its columns: %s", info.Name, name, strings.Join(names, ", "))
		}
	}
	return nil
}

// table is the answer as it is, or only the columns that the query names, in their order.
func (t *answered) table(q *Query) (data.Frames, error) {
	fields := t.fields
	if t.idsAlone {
		fields = slices.DeleteFunc(slices.Clone(fields), func(f *data.Field) bool { return slices.Contains(t.beside, f) })
	}
	if len(q.Label)+len(q.Value) > 0 {
		var err error
		if fields, err = t.pick(append(append([]string{}, q.Label...), q.chosen()...)); err != nil {
			return nil, err
		}
	}
	for _, f := range fields {
		describe(f, t.info.column(f.Name))
	}
	frame := data.NewFrame(t.info.Name, fields...)
	frame.SetMeta(&data.FrameMeta{Type: data.FrameTypeTable})
	return data.Frames{frame}, nil
}

// chosen are the columns of values, that of the formula among them.
func (q *Query) chosen() []string {
	if q.Formula == "" || slices.Contains(q.Value, q.Formula) || len(q.Value) > 0 && q.Format == formatTable {
		return q.Value
	}
	return append(append([]string{}, q.Value...), q.Formula)
}
