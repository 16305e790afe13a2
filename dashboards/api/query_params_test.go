package api

import (
	"encoding/json"
	"testing"
)

// Whatever comes as a query is either refused, or every parameter of the query is there as its type is, within its bounds.
func FuzzBindParams(f *testing.F) {
	all, err := catalogue()
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{
		queueNumbers("A", "sales"), `{"ref":"A","name":"queue_now","params":{"at_ms":"9223372036854775807"}}`, `{"name":"queue_now","params":{"at_ms":1e3}}`,
		`{"name":"surveys_of","params":{"queue":"\u0000'","agent":"","from_ms":0,"to_ms":1,"min_score":-1,"max_score":256,"skip":4294967296,"count":0}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var ask queryAsk
		if json.Unmarshal(raw, &ask) != nil || all[ask.Name] == nil {
			return
		}
		d := all[ask.Name]
		params, fault := bindParams(d, ask.Params)
		if fault != nil {
			if fault.Code != codeBadQuery || fault.Message == "" || fault.Field == "" || params != nil {
				t.Fatalf("%+v, %v", fault, params)
			}
			return
		}
		if len(params) != len(d.Params) || len(params) != len(ask.Params) {
			t.Fatalf("%v are not the parameters of %s", params, d.Name)
		}
		for _, p := range d.Params {
			switch v := params[p.Name].(type) {
			case string:
				if p.Type != "String" || len(v) > maxParamText {
					t.Fatalf("%s: %q as %s", p.Name, v, p.Type)
				}
			case int64:
				if limits, known := wholeNumbers[p.Type]; !known || v < limits[0] || v > limits[1] {
					t.Fatalf("%s: %d as %s", p.Name, v, p.Type)
				}
			default:
				t.Fatalf("%s: %T", p.Name, v)
			}
		}
		from, ranged := params["from_ms"].(int64)
		to, _ := params["to_ms"].(int64)
		if step, stepped := params["interval_ms"].(int64); ranged && (to < from || stepped && (step <= 0 || (to-from)/step > maxIntervals)) {
			t.Fatalf("from %d to %d by %d", from, to, step)
		}
	})
}
