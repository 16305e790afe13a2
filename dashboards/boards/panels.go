package boards

import "strings"

// Colours after Okabe and Ito, which people with any of the common kinds of colour blindness tell apart, made darker or lighter where
// Grafana's text on them could not be read: it is white, and black from a brightness of 180 on. They stand behind text, never for it.
const (
	blue       = "#0072B2"
	green      = "#00805D"
	amber      = "#F2B731"
	vermillion = "#C44E00"
	purple     = "#A8568A"
	grey       = "#6E6E6E"
	clear      = "transparent"
	plain      = "text"
)

// Units of Grafana.
const (
	percent  = "percent"
	millis   = "ms"
	micros   = "µs"
	clock    = "time:YYYY-MM-DD HH:mm"
	moment   = "time:YYYY-MM-DD HH:mm:ss"
	duration = "dthms" // seconds as hh:mm:ss
)

func of[T any](v T) *T { return &v }

// steps makes thresholds: a colour, and then each value from which another begins.
func steps(base string, more ...threshold) *thresholds {
	return &thresholds{Mode: "absolute", Steps: append([]threshold{{Color: base}}, more...)}
}

func from(value float64, color string) threshold { return threshold{Value: of(value), Color: color} }

// levels are the colours of a service level: 80 percent is the usual goal, under 60 most who call wait too long.
func levels() *thresholds { return steps(vermillion, from(60, amber), from(80, green)) }

// by is an override for a column by its name.
func by(name string, properties ...property) override {
	return override{Matcher: matcher{ID: "byName", Options: name}, Properties: properties}
}

func set(id string, value any) property { return property{ID: id, Value: value} }

// nothing shows an empty cell without the colour of the lowest threshold.
func nothing(text string) mapping {
	match := "null+nan"
	if text == "" {
		match, text = "empty", " "
	}
	return mapping{Type: "special", Options: map[string]any{"match": match, "result": mapped{Text: text, Color: clear}}}
}

// shown is the background of a cell by its thresholds or mapping.
func shown() property {
	return set("custom.cellOptions", cellOptions{Type: "color-background", Mode: "basic"})
}

// column names a column as words.go has it, after which come more properties. People's and queues' names are longer than numbers.
func (l Language) column(name string, properties ...property) override {
	own := []property{set("displayName", l.w(columns[name]))}
	if strings.HasSuffix(name, "_name") {
		own = append(own, set("custom.minWidth", 130))
	}
	return by(name, append(own, properties...)...)
}

// mappedTo makes a mapping of the warehouse's words to those of people, with a colour for some.
func (l Language) mappedTo(colors map[string]string, names ...string) mapping {
	options := make(map[string]mapped, len(names))
	for i, n := range names {
		options[n] = mapped{Text: l.w(values[n]), Color: colors[n], Index: i}
	}
	return mapping{Type: "value", Options: options}
}

// grid lays panels out in rows of 24 columns, from the top.
type grid struct {
	panels      []Panel
	x, y, lineH int
}

// put sets a panel beside the last one, or on the next line where it has no room, and numbers it.
func (g *grid) put(w, h int, p Panel) {
	if g.x+w > 24 {
		g.x, g.y, g.lineH = 0, g.y+g.lineH, 0
	}
	p.ID = len(g.panels) + 1
	p.GridPos = gridPos{H: h, W: w, X: g.x, Y: g.y}
	g.x, g.lineH = g.x+w, max(g.lineH, h)
	g.panels = append(g.panels, p)
}

// row begins a new line with a heading.
func (g *grid) row(title string) {
	g.x, g.y, g.lineH = 0, g.y+g.lineH, 0
	g.put(24, 1, Panel{Type: "row", Title: title, Collapsed: of(false), Panels: &[]Panel{}})
}

// panel has what all of them have in common.
func panel(kind, title, description string, queries ...Query) Panel {
	for i := range queries {
		queries[i].RefID = string(rune('A' + i))
	}
	return Panel{
		Type: kind, Title: title, Description: description, PluginVersion: grafana, Datasource: of(tributary()), Targets: queries,
		FieldConfig: &fieldConfig{Overrides: []override{}},
	}
}

// stat is one number, large.
func (l Language) stat(title, description, column string, f field, q Query) Panel {
	p := panel("stat", title, description, q)
	f.NoValue = "–"
	// Where nothing is known, nothing is well: without this a number that is missing has the colour of the lowest threshold.
	f.Mappings = append(f.Mappings, mapping{Type: "special", Options: map[string]any{"match": "null+nan", "result": mapped{Text: f.NoValue, Color: grey}}})
	p.FieldConfig.Defaults = f
	p.Options = statOptions{
		ReduceOptions: reduceOptions{Calcs: []string{"lastNotNull"}, Fields: "/^" + column + "$/"}, Orientation: "auto", TextMode: "value", WideLayout: true,
		ColorMode: "background_solid", GraphMode: "none", JustifyMode: "center", PercentChange: "standard",
	}
	return p
}

// absent shows a value that is not there: the panel's own words are for no rows at all.
var absent = []mapping{
	{Type: "special", Options: map[string]any{"match": "null+nan", "result": mapped{Text: "–"}}},
	{Type: "special", Options: map[string]any{"match": "empty", "result": mapped{Text: "–"}}},
}

// table is rows and columns.
func (l Language) table(title, description string, q Query, overrides ...override) Panel {
	p := panel("table", title, description, q)
	p.FieldConfig.Defaults = field{
		NoValue: l.t("nothing in this time", "所选时间内没有数据"), Color: &color{Mode: "thresholds"}, Thresholds: steps(plain), Mappings: absent, Custom: tableCustom{Align: "auto", CellOptions: cellOptions{Type: "auto"}, MinWidth: 84, WrapHeader: true},
	}
	p.FieldConfig.Overrides = overrides
	p.Options = tableOptions{ShowHeader: true, CellHeight: "sm"}
	return p
}

// lines is a value over time, a line for each label.
func (l Language) lines(title, description string, f field, q Query) Panel {
	p := panel("timeseries", title, description, q)
	f.NoValue = l.t("no data", "无数据")
	f.Color = &color{Mode: "palette-classic"}
	f.Custom = seriesCustom{
		DrawStyle: "line", LineInterpolation: "linear", LineWidth: 2, GradientMode: "none", ShowPoints: "always", PointSize: 6, SpanNulls: false,
		Stacking: stacking{Mode: "none", Group: "A"}, AxisPlacement: "auto", AxisSoftMin: of(0.0), ThresholdsStyle: modeOnly{"off"},
	}
	p.FieldConfig.Defaults = f
	p.Options = seriesOptions{
		Legend:  legend{DisplayMode: "list", Placement: "bottom", ShowLegend: true, Calcs: []string{}},
		Tooltip: tooltip{Mode: "multi", Sort: "desc"},
	}
	return p
}

// bars stacks columns over time, each with its colour.
func (l Language) bars(title, description string, q Query, overrides ...override) Panel {
	p := l.lines(title, description, field{}, q)
	p.FieldConfig.Defaults.Custom = seriesCustom{
		DrawStyle: "bars", LineWidth: 0, FillOpacity: 85, GradientMode: "none", ShowPoints: "never", SpanNulls: false,
		Stacking: stacking{Mode: "normal", Group: "A"}, BarWidthFactor: 0.8, BarAlignment: 1, AxisPlacement: "auto", AxisSoftMin: of(0.0), ThresholdsStyle: modeOnly{"off"},
	}
	p.FieldConfig.Defaults.Decimals = of(0)
	p.FieldConfig.Overrides = append([]override{}, overrides...)
	p.Options = seriesOptions{
		Legend:  legend{DisplayMode: "list", Placement: "bottom", ShowLegend: true, Calcs: []string{"sum"}},
		Tooltip: tooltip{Mode: "multi", Sort: "none"},
	}
	return p
}

func (l Language) board(name, title, description string, g *grid) Board {
	tags := []string{"tributary", string(l)}
	return Board{
		UID: l.uid(name), Title: title, Description: description, Tags: tags, SchemaVersion: schemaVersion, Editable: true,
		GraphTooltip: 1, Timezone: "browser",
		TimePicker: timePicker{RefreshIntervals: []string{"5s", "10s", "30s", "1m", "5m", "15m", "30m", "1h"}},
		Links: []boardLink{{
			Title: l.t("Boards", "看板"), Type: "dashboards", Icon: "external link", Tags: tags, IncludeVars: true, KeepTime: false,
		}},
		Annotations: annotations{List: []annotation{}},
		Templating:  templating{List: []Variable{}},
		Panels:      g.panels,
	}
}
