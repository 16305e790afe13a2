package boards

// The structs below are what of Grafana's dashboard model the boards use, named as there (kinds/dashboard of Grafana 12), in the order
// in which it is written. A field that Grafana would fill in by itself is left out.

// Schema and plugin version that the boards are written for: a newer Grafana migrates from there.
const (
	schemaVersion = 41
	grafana       = "12.0.0"
)

// Board is a dashboard.
type Board struct {
	UID           string      `json:"uid"`
	Title         string      `json:"title"`
	Description   string      `json:"description"`
	Tags          []string    `json:"tags"`
	SchemaVersion int         `json:"schemaVersion"`
	Revision      int         `json:"revision"`
	Editable      bool        `json:"editable"`
	GraphTooltip  int         `json:"graphTooltip"`
	Timezone      string      `json:"timezone"`
	LiveNow       bool        `json:"liveNow"`
	Refresh       string      `json:"refresh"`
	Time          timeRange   `json:"time"`
	TimePicker    timePicker  `json:"timepicker"`
	Links         []boardLink `json:"links"`
	Annotations   annotations `json:"annotations"`
	Templating    templating  `json:"templating"`
	Panels        []Panel     `json:"panels"`
}

type timeRange struct {
	From string `json:"from"`
	To   string `json:"to"`
}

type timePicker struct {
	Hidden           bool     `json:"hidden"`
	RefreshIntervals []string `json:"refresh_intervals,omitempty"`
}

// boardLink is a link in a board's head.
type boardLink struct {
	Title       string   `json:"title"`
	Type        string   `json:"type"`
	Icon        string   `json:"icon"`
	Tooltip     string   `json:"tooltip"`
	URL         string   `json:"url"`
	Tags        []string `json:"tags"`
	AsDropdown  bool     `json:"asDropdown"`
	TargetBlank bool     `json:"targetBlank"`
	IncludeVars bool     `json:"includeVars"`
	KeepTime    bool     `json:"keepTime"`
}

type annotations struct {
	List []annotation `json:"list"`
}

type annotation struct {
	Name       string     `json:"name"`
	Datasource Datasource `json:"datasource"`
	Enable     bool       `json:"enable"`
	Hide       bool       `json:"hide"`
	IconColor  string     `json:"iconColor"`
	BuiltIn    int        `json:"builtIn,omitempty"`
	Type       string     `json:"type,omitempty"`
	Target     *Query     `json:"target,omitempty"`
}

type templating struct {
	List []Variable `json:"list"`
}

// How a variable is shown, and when its choices are asked for.
const (
	hideVariable  = 2
	onBoardLoad   = 1
	onRangeChange = 2
)

// Variable is one of a board's choices: of type query, custom or textbox.
type Variable struct {
	Type        string      `json:"type"`
	Name        string      `json:"name"`
	Label       string      `json:"label,omitempty"`
	Description string      `json:"description,omitempty"`
	Hide        int         `json:"hide"`
	SkipURLSync bool        `json:"skipUrlSync"`
	Datasource  *Datasource `json:"datasource,omitempty"`
	// Query is a string, or the data source's own model where the type is query.
	Query      any      `json:"query"`
	Definition string   `json:"definition,omitempty"`
	Current    *option  `json:"current,omitempty"`
	Options    []option `json:"options"`
	Refresh    int      `json:"refresh,omitempty"`
	Sort       int      `json:"sort,omitempty"`
	Regex      string   `json:"regex"`
	Multi      bool     `json:"multi"`
	IncludeAll bool     `json:"includeAll"`
	AllValue   string   `json:"allValue,omitempty"`
}

type option struct {
	Selected bool   `json:"selected"`
	Text     string `json:"text"`
	Value    string `json:"value"`
}

// Datasource names a data source by its plugin and uid.
type Datasource struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

// Panel is one picture of a board; of type row it is a heading.
type Panel struct {
	ID              int              `json:"id"`
	Type            string           `json:"type"`
	Title           string           `json:"title"`
	Description     string           `json:"description,omitempty"`
	PluginVersion   string           `json:"pluginVersion,omitempty"`
	Transparent     bool             `json:"transparent,omitempty"`
	Datasource      *Datasource      `json:"datasource,omitempty"`
	GridPos         gridPos          `json:"gridPos"`
	Collapsed       *bool            `json:"collapsed,omitempty"` // rows only
	Panels          *[]Panel         `json:"panels,omitempty"`    // rows only
	Interval        string           `json:"interval,omitempty"`
	MaxDataPoints   int              `json:"maxDataPoints,omitempty"`
	Targets         []Query          `json:"targets,omitempty"`
	Transformations []transformation `json:"transformations,omitempty"`
	FieldConfig     *fieldConfig     `json:"fieldConfig,omitempty"`
	Options         any              `json:"options,omitempty"`
}

type gridPos struct {
	H int `json:"h"`
	W int `json:"w"`
	X int `json:"x"`
	Y int `json:"y"`
}

type transformation struct {
	ID      string `json:"id"`
	Options any    `json:"options"`
}

type fieldConfig struct {
	Defaults  field      `json:"defaults"`
	Overrides []override `json:"overrides"`
}

// field is how a column is shown.
type field struct {
	Unit       string      `json:"unit,omitempty"`
	Decimals   *int        `json:"decimals,omitempty"`
	Min        *float64    `json:"min,omitempty"`
	Max        *float64    `json:"max,omitempty"`
	NoValue    string      `json:"noValue,omitempty"`
	Color      *color      `json:"color,omitempty"`
	Mappings   []mapping   `json:"mappings,omitempty"`
	Thresholds *thresholds `json:"thresholds,omitempty"`
	Links      []dataLink  `json:"links,omitempty"`
	Custom     any         `json:"custom,omitempty"`
}

type color struct {
	Mode       string `json:"mode"`
	FixedColor string `json:"fixedColor,omitempty"`
}

type mapping struct {
	Type    string `json:"type"`
	Options any    `json:"options"`
}

type mapped struct {
	Text  string `json:"text,omitempty"`
	Color string `json:"color,omitempty"`
	Index int    `json:"index"`
}

type thresholds struct {
	Mode  string      `json:"mode"`
	Steps []threshold `json:"steps"`
}

// threshold is where a colour begins; the first has no value, for it begins at minus infinity.
type threshold struct {
	Value *float64 `json:"value"`
	Color string   `json:"color"`
}

type dataLink struct {
	Title       string `json:"title"`
	URL         string `json:"url"`
	TargetBlank bool   `json:"targetBlank"`
	OneClick    bool   `json:"oneClick,omitempty"`
}

type override struct {
	Matcher    matcher    `json:"matcher"`
	Properties []property `json:"properties"`
}

type matcher struct {
	ID      string `json:"id"`
	Options string `json:"options"`
}

type property struct {
	ID    string `json:"id"`
	Value any    `json:"value"`
}

// What the three kinds of panels take.
type (
	statOptions struct {
		ReduceOptions     reduceOptions `json:"reduceOptions"`
		Orientation       string        `json:"orientation"`
		TextMode          string        `json:"textMode"`
		WideLayout        bool          `json:"wideLayout"`
		ColorMode         string        `json:"colorMode"`
		GraphMode         string        `json:"graphMode"`
		JustifyMode       string        `json:"justifyMode"`
		ShowPercentChange bool          `json:"showPercentChange"`
		PercentChange     string        `json:"percentChangeColorMode"`
		Text              *textSizes    `json:"text,omitempty"`
	}
	textSizes struct {
		TitleSize int `json:"titleSize,omitempty"`
		ValueSize int `json:"valueSize,omitempty"`
	}
	reduceOptions struct {
		Values bool     `json:"values"`
		Calcs  []string `json:"calcs"`
		Fields string   `json:"fields"`
		Limit  int      `json:"limit,omitempty"` // of rows, where values are shown; Grafana's own is 25
	}
	tableOptions struct {
		ShowHeader bool     `json:"showHeader"`
		CellHeight string   `json:"cellHeight"`
		FrameIndex int      `json:"frameIndex"`
		SortBy     []sortBy `json:"sortBy,omitempty"`
	}
	sortBy struct {
		DisplayName string `json:"displayName"`
		Desc        bool   `json:"desc"`
	}
	seriesOptions struct {
		Legend  legend  `json:"legend"`
		Tooltip tooltip `json:"tooltip"`
	}
	legend struct {
		DisplayMode string   `json:"displayMode"`
		Placement   string   `json:"placement"`
		ShowLegend  bool     `json:"showLegend"`
		Calcs       []string `json:"calcs"`
	}
	tooltip struct {
		Mode      string `json:"mode"`
		Sort      string `json:"sort"`
		HideZeros bool   `json:"hideZeros"`
	}
	tableCustom struct {
		Align       string      `json:"align"`
		CellOptions cellOptions `json:"cellOptions"`
		Inspect     bool        `json:"inspect"`
		Filterable  bool        `json:"filterable,omitempty"`
		MinWidth    int         `json:"minWidth,omitempty"`
		WrapHeader  bool        `json:"wrapHeaderText,omitempty"`
	}
	cellOptions struct {
		Type     string `json:"type"`
		Mode     string `json:"mode,omitempty"`
		WrapText bool   `json:"wrapText,omitempty"`
	}
	seriesCustom struct {
		DrawStyle         string   `json:"drawStyle"`
		LineInterpolation string   `json:"lineInterpolation,omitempty"`
		LineWidth         int      `json:"lineWidth"`
		FillOpacity       int      `json:"fillOpacity"`
		GradientMode      string   `json:"gradientMode"`
		ShowPoints        string   `json:"showPoints"`
		PointSize         int      `json:"pointSize,omitempty"`
		SpanNulls         any      `json:"spanNulls"`
		Stacking          stacking `json:"stacking"`
		BarAlignment      int      `json:"barAlignment"`
		BarWidthFactor    float64  `json:"barWidthFactor,omitempty"`
		AxisPlacement     string   `json:"axisPlacement"`
		AxisLabel         string   `json:"axisLabel,omitempty"`
		AxisSoftMin       *float64 `json:"axisSoftMin,omitempty"`
		AxisSoftMax       *float64 `json:"axisSoftMax,omitempty"`
		ThresholdsStyle   modeOnly `json:"thresholdsStyle"`
	}
	stacking struct {
		Mode  string `json:"mode"`
		Group string `json:"group"`
	}
	modeOnly struct {
		Mode string `json:"mode"`
	}
)
