package boards

import (
	"fmt"
	"net/url"
	"strings"
)

// The lists of the board of contacts: the panels that links open there.
const (
	listEnqueueings = 1
	listHandled     = 2
	listOffers      = 3
	listIntents     = 4
)

// span is the time range of a link.
type span struct{ from, to string }

var (
	// theRange is what the board shows.
	theRange = span{"${__from}", "${__to}"}
	// theInterval is that of a row; its end is made by intervalEnd.
	theInterval = span{`${__data.fields["interval_ms"].numeric}`, `${__data.fields["` + endColumn + `"].numeric}`}
	// thePoint is that of a point of a line or of a bar.
	thePoint = span{"${__value.time}", `${__data.fields["` + endColumn + `"].numeric}`}
)

// endColumn is the end of an interval: Grafana adds nothing up in a link.
const endColumn = "to_ms"

// pointEnds makes of a series' frames, one a line, a single one, and adds the end of each of its points: of several frames a chart would
// look for the end in the first, which need not have a point there.
func pointEnds() []transformation {
	return []transformation{
		{ID: "joinByField", Options: map[string]string{"byField": seriesTime, "mode": "outer"}},
		intervalEnd(seriesTime),
	}
}

// seriesTime is what the data source calls the time of a series.
const seriesTime = "Time"

func intervalEnd(begin string) transformation {
	type value struct {
		Matcher *matcher `json:"matcher,omitempty"`
		Fixed   *string  `json:"fixed,omitempty"`
	}
	return transformation{ID: "calculateField", Options: map[string]any{
		"mode": "binary", "alias": endColumn, "replaceFields": false,
		"binary": map[string]any{
			"left": value{Matcher: &matcher{ID: "byName", Options: begin}}, "operator": "+", "right": value{Fixed: of("$interval")},
		},
	}}
}

// row and choice are values of a link: a column of the row clicked on, and a variable of the board.
func rowValue(column string) string { return `${__data.fields["` + column + `"]}` }
func choice(variable string) string { return "${" + variable + ":queryparam}" }

// behind links to the contacts behind a number.
func (l Language) behind(list int, s span, v ...string) dataLink {
	u := fmt.Sprintf("/d/%s?viewPanel=panel-%d&from=%s&to=%s", l.uid("contacts"), list, s.from, s.to)
	for _, one := range v {
		u += "&" + one
	}
	return dataLink{Title: l.t("The contacts behind it", "查看对应的联络"), URL: u}
}

// is gives a variable of the board of contacts a value: a constant, or what rowValue says.
func is(variable, value string) string {
	if !strings.Contains(value, "${") {
		value = url.QueryEscape(value)
	}
	return "var-" + variable + "=" + value
}

// links is a property that makes a cell a link, opened by one click.
func links(link dataLink) property {
	link.OneClick = true
	return set("links", []dataLink{link})
}
