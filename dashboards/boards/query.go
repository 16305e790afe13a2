package boards

import "maps"

// The data source that every panel asks, as provisioned.
const (
	DatasourceUID  = "tributary"
	DatasourceType = "tributarycc-tributary-datasource"
	AppID          = "tributarycc-tributary-app"
)

func tributary() Datasource { return Datasource{Type: DatasourceType, UID: DatasourceUID} }

// Query is what the data source is asked, in its own model: see the query model of dashboards/plugin.
type Query struct {
	RefID      string     `json:"refId"`
	Datasource Datasource `json:"datasource"`
	// Kind is named (a query of the warehouse), wallboard (the live stream) or annotations; of a variable, what it lists: queue, team,
	// agent, channel, intent.
	Kind   string            `json:"kind"`
	Query  string            `json:"query,omitempty"`
	Params map[string]string `json:"params,omitempty"`
	// Align rounds the time range to the interval, so that viewers share answers.
	Align bool `json:"align,omitempty"`
	// Format is table or series; of a series, Value are its columns and Label those that tell series apart.
	Format string   `json:"format,omitempty"`
	Value  []string `json:"value,omitempty"`
	Label  []string `json:"label,omitempty"`
	// Team is whose agents a variable lists; empty for all.
	Team string `json:"team,omitempty"`
}

func named(query string, params map[string]string) Query {
	return Query{RefID: "A", Datasource: tributary(), Kind: "named", Query: query, Params: params, Align: true, Format: "table"}
}

// series makes one line of each label's value.
func (q Query) series(value string, label ...string) Query {
	q.Format, q.Value, q.Label = "series", []string{value}, label
	return q
}

// whole makes one row of the time range: an interval longer than any range, counted from its beginning.
func (q Query) whole() Query {
	q.Params = maps.Clone(q.Params)
	q.Params["interval_ms"] = longest
	return q
}

// longest is about 300 years, in milliseconds.
const longest = "9000000000000"
