package plugin

import (
	"encoding/json"
	"slices"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// Links and labels need the ids of queues and agents, and people read names. So beside each column of ids stands one of names, and a line is
// called by names while its labels keep ids.

// idColumns are the columns of ids, and whose they are in what the API says of names.
var idColumns = map[string]string{"queue": "queue", "next_queue": "queue", "agent": "agent"}

// besideID is the column of names beside one of ids; empty where there is none.
func besideID(column string) string {
	if idColumns[column] == "" {
		return ""
	}
	return column + "_name"
}

// withNames are the columns of a query with those of names among them.
func withNames(columns []columnInfo) []columnInfo {
	out := make([]columnInfo, 0, len(columns)+2)
	for _, c := range columns {
		out = append(out, c)
		name := besideID(c.Name)
		if name != "" && !slices.ContainsFunc(columns, func(o columnInfo) bool { return o.Name == name }) {
			out = append(out, columnInfo{Name: name, Help: "the name of that " + idColumns[c.Name] + ", or its id where no name is known"})
		}
	}
	return out
}

// addNames adds them to the API's list of queries, for the editor.
func addNames(list map[string]json.RawMessage) {
	var queries []*queryInfo
	if json.Unmarshal(list["queries"], &queries) != nil {
		return // the editor says what is wrong with it
	}
	for _, q := range queries {
		if q != nil {
			q.Columns = withNames(q.Columns)
		}
	}
	list["queries"], _ = json.Marshal(queries)
}

// called makes the names of an answer tell its ids apart: a name that several have is followed by the id.
func called(names map[string]map[string]string) map[string]map[string]string {
	out := make(map[string]map[string]string, len(names))
	for kind, of := range names {
		times := make(map[string]int, len(of))
		for _, name := range of {
			times[name]++
		}
		out[kind] = make(map[string]string, len(of))
		for id, name := range of {
			if times[name] > 1 {
				name += " (" + id + ")"
			}
			out[kind][id] = name
		}
	}
	return out
}

// nameOf is what the id in a column is called: its name, or the id.
func (t *answered) nameOf(column, id string) string {
	if name := t.called[idColumns[column]][id]; name != "" {
		return name
	}
	return id
}

// nameIDs puts a field of names behind each of ids.
func (t *answered) nameIDs(names map[string]map[string]string) {
	t.called = called(names)
	fields := make([]*data.Field, 0, len(t.fields)+2)
	for _, f := range t.fields {
		fields = append(fields, f)
		name := besideID(f.Name)
		if name == "" || f.Type().NonNullableType() != data.FieldTypeString || t.field(name) != nil {
			continue
		}
		beside := data.NewFieldFromFieldType(data.FieldTypeString, f.Len())
		beside.Name = name
		for row := range f.Len() {
			beside.Set(row, t.nameOf(f.Name, textAt(f, row)))
		}
		fields, t.beside = append(fields, beside), append(t.beside, beside)
	}
	t.fields = fields
}
