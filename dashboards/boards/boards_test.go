package boards

import (
	"encoding/json"
	"math"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func all(t *testing.T) []File {
	t.Helper()
	files, err := Written()
	require.NoError(t, err)
	require.Len(t, files, 6)
	return files
}

// variable is one used in a text: $name, ${name} or ${name:format}; what begins with __ is Grafana's own.
var variable = regexp.MustCompile(`\$(?:\{([A-Za-z0-9_]+)(?:[:.\[][^}]*)?\}|([A-Za-z0-9_]+))`)

// own are the variables of Grafana that the boards use: of the board, of a link, of a value.
var own = map[string]bool{"__all": true, "__from": true, "__to": true, "__value": true, "__data": true, "__field": true}

func TestVariablesUsedAreDefined(t *testing.T) {
	for _, f := range all(t) {
		defined, used := map[string]bool{}, map[string]bool{}
		for _, v := range f.Board.Templating.List {
			require.False(t, defined[v.Name], "%s defines %s twice", f.Name, v.Name)
			defined[v.Name] = true
		}
		for _, m := range variable.FindAllStringSubmatch(string(f.JSON), -1) {
			name := m[1] + m[2]
			if name == "" || own[name] {
				continue
			}
			require.True(t, defined[name], "%s uses $%s, which it does not define", f.Name, name)
			used[name] = true
		}
		for name := range defined {
			// The wallboard's queue goes on to the other boards by their links.
			require.True(t, used[name], "%s defines $%s and uses it nowhere", f.Name, name)
		}
	}
}

// TestChoicesAreReadByGrafanaAsTheyAreMeant takes the text of a custom variable apart as Grafana does: at commas, then at " : ".
func TestChoicesAreReadByGrafanaAsTheyAreMeant(t *testing.T) {
	n := 0
	for _, f := range all(t) {
		for _, v := range f.Board.Templating.List {
			if v.Type != "custom" {
				continue
			}
			n++
			var options []option
			for _, one := range v.Options {
				if one.Value != "$__all" {
					options = append(options, one)
				}
			}
			text, is := v.Query.(string)
			require.True(t, is)
			parts := strings.Split(text, ",")
			require.Len(t, parts, len(options), "%s: %s", f.Name, v.Name)
			for i, part := range parts {
				m := regexp.MustCompile(`^\s*(.+)\s:\s(.+)$`).FindStringSubmatch(part)
				require.NotNil(t, m, part)
				require.Equal(t, []string{options[i].Text, options[i].Value}, m[1:], v.Name)
			}
			require.NotNil(t, v.Current, v.Name)
			require.True(t, v.Current.Selected)
		}
	}
	require.Equal(t, 2*(6+4), n)
}

// walk gives every link of a board with the panel it stands in.
func (b Board) walk(each func(p Panel, l dataLink)) {
	for _, p := range b.Panels {
		if p.FieldConfig == nil {
			continue
		}
		for _, l := range p.FieldConfig.Defaults.Links {
			each(p, l)
		}
		for _, o := range p.FieldConfig.Overrides {
			for _, one := range o.Properties {
				if links, is := one.Value.([]dataLink); is {
					for _, l := range links {
						each(p, l)
					}
				}
			}
		}
	}
}

func TestLinksLeadToBoardsPanelsAndVariablesThatAreThere(t *testing.T) {
	byUID := map[string]Board{}
	for _, f := range all(t) {
		byUID[f.Board.UID] = f.Board
	}
	for _, f := range all(t) {
		n := 0
		f.Board.walk(func(p Panel, l dataLink) {
			n++
			if strings.HasPrefix(l.URL, "${page_url:raw}/") {
				require.Equal(t, `${page_url:raw}/conversations/${__data.fields["conversation"]}`, l.URL)
				return
			}
			require.NotEmpty(t, l.Title)
			// What stands for a variable and its value is no part of a name here.
			u, err := url.Parse(variable.ReplaceAllString(l.URL, "x"))
			require.NoError(t, err, l.URL)
			uid, is := strings.CutPrefix(u.Path, "/d/")
			require.True(t, is, l.URL)
			board, there := byUID[uid]
			require.True(t, there, "%s, %s: no board %s", f.Name, p.Title, uid)
			require.Equal(t, strings.HasSuffix(f.Board.UID, "-zh"), strings.HasSuffix(uid, "-zh"), "a link stays in its language")
			variables := map[string]bool{}
			for _, v := range board.Templating.List {
				variables[v.Name] = true
			}
			for key, v := range u.Query() {
				switch name, is := strings.CutPrefix(key, "var-"); {
				case is:
					require.True(t, variables[name], "%s, %s: %s has no variable %s", f.Name, p.Title, uid, name)
				case key == "viewPanel":
					require.Contains(t, []string{"panel-1", "panel-2", "panel-3", "panel-4"}, v[0])
				case key == "x": // a choice: its variable has the same name on both boards
				default:
					require.Contains(t, []string{"from", "to"}, key, l.URL)
				}
			}
			for _, m := range regexp.MustCompile(`&\$\{([a-z_]+):queryparam\}`).FindAllStringSubmatch(l.URL, -1) {
				require.True(t, variables[m[1]], "%s, %s: %s has no variable %s", f.Name, p.Title, uid, m[1])
			}
		})
		require.Positive(t, n, f.Name)
	}
}

// TestEachNumberOfContactsLeadsToThem names the columns that count contacts: wherever one is shown, it has a link.
func TestEachNumberOfContactsLeadsToThem(t *testing.T) {
	counts := map[string]bool{}
	for _, name := range []string{
		"enqueued", "answered", "abandoned", "flowed_out", "waiting", "handled", "wrapping", "transferred_out", "found", "service_level",
		"sl_connect", "sl_genesys", "sl_copc", "sl_late_abandons", "asa_ms", "abandon_rate", "abandon_ms", "aht_ms",
	} {
		counts[name] = true
	}
	for _, f := range all(t) {
		for _, p := range f.Board.Panels {
			if p.FieldConfig == nil {
				continue
			}
			linked := len(p.FieldConfig.Defaults.Links) > 0
			for _, q := range p.Targets {
				for _, v := range q.Value {
					require.True(t, linked || !counts[v], "%s: %s: %s leads nowhere", f.Name, p.Title, v)
				}
			}
			for _, o := range p.FieldConfig.Overrides {
				found := linked
				for _, one := range o.Properties {
					found = found || one.ID == "links"
				}
				name, _, _ := strings.Cut(o.Matcher.Options, " ")
				require.True(t, found || !counts[name], "%s: %s: %s leads nowhere", f.Name, p.Title, name)
			}
		}
	}
}

func TestPanelsLieBesideOneAnother(t *testing.T) {
	for _, f := range all(t) {
		ids, taken := map[int]bool{}, map[[2]int]string{}
		for _, p := range f.Board.Panels {
			require.False(t, ids[p.ID], "%s: the id %d is there twice", f.Name, p.ID)
			ids[p.ID] = true
			at := p.GridPos
			require.True(t, p.ID > 0 && at.W > 0 && at.H > 0 && at.X >= 0 && at.X+at.W <= 24, "%s: %s", f.Name, p.Title)
			for x := at.X; x < at.X+at.W; x++ {
				for y := at.Y; y < at.Y+at.H; y++ {
					require.Empty(t, taken[[2]int{x, y}], "%s: %s lies over it", f.Name, p.Title)
					taken[[2]int{x, y}] = p.Title
				}
			}
		}
	}
}

// TestTitlesNameTheVariant: of numbers that the field counts in several ways, the panel's or the column's name says which one it is.
func TestTitlesNameTheVariant(t *testing.T) {
	variants := map[string][2]string{ // a number, and what names its variant in each language
		"sl_connect": {"Connect", "Connect"}, "sl_genesys": {"Genesys", "Genesys"}, "sl_copc": {"COPC", "COPC"}, "sl_late_abandons": {"late abandons", "仅计迟放弃"},
		"service_level": {"late abandons", "仅计迟放弃"}, "abandon_rate": {"of enqueued", "进入队列"}, "asa_ms": {"ASA", "平均接起速度"}, "aht_ms": {"AHT", "处理时长"},
		"transfer_rate": {"of handled", "占已处理"},
	}
	of := func(l string, number string) string {
		if l == "zh-CN" {
			return variants[number][1]
		}
		return variants[number][0]
	}
	for _, f := range all(t) {
		language := f.Board.Tags[1]
		for _, p := range f.Board.Panels {
			for _, q := range p.Targets {
				for _, v := range q.Value {
					if want := of(language, v); want != "" {
						require.True(t, strings.Contains(p.Title, want) || v == "asa_ms" && strings.Contains(p.Title, "ASA") || v == "aht_ms" && strings.Contains(p.Title, "AHT"),
							"%s: %q does not say %q", f.Name, p.Title, want)
						require.NotEmpty(t, p.Description, "%s: %s has no formula", f.Name, p.Title)
					}
				}
			}
			if p.FieldConfig == nil {
				continue
			}
			for _, o := range p.FieldConfig.Overrides {
				want := of(language, o.Matcher.Options)
				for _, one := range o.Properties {
					if one.ID == "displayName" && want != "" {
						require.Contains(t, one.Value, want, "%s: %s", f.Name, p.Title)
					}
				}
			}
			if o, is := p.Options.(statOptions); is && strings.Contains(o.ReduceOptions.Fields, "service_level") {
				require.Contains(t, p.Title, of(language, "service_level"))
			}
		}
	}
}

func TestBothLanguagesHaveTheSamePanels(t *testing.T) {
	files := all(t)
	for i := range 3 {
		en, zh := files[i].Board, files[i+3].Board
		require.Equal(t, en.UID+"-zh", zh.UID)
		require.Len(t, zh.Panels, len(en.Panels))
		for n, p := range en.Panels {
			q := zh.Panels[n]
			require.Equal(t, p.Targets, q.Targets, p.Title)
			require.Equal(t, p.GridPos, q.GridPos, p.Title)
			require.Equal(t, p.Type, q.Type, p.Title)
			require.NotEqual(t, p.Title, q.Title, "it was not translated")
			require.Len(t, q.Transformations, len(p.Transformations), p.Title)
			if p.FieldConfig != nil {
				require.Len(t, q.FieldConfig.Overrides, len(p.FieldConfig.Overrides), p.Title)
			}
		}
		require.Len(t, zh.Templating.List, len(en.Templating.List))
		for n, v := range en.Templating.List {
			require.Equal(t, v.Name, zh.Templating.List[n].Name)
			require.Len(t, zh.Templating.List[n].Options, len(v.Options), v.Name)
		}
	}
}

// latin finds words of English in what a Chinese board shows; names of formulas and abbreviations of the trade stay as they are.
var latin = regexp.MustCompile(`[A-Za-z]{2,}`)

func TestChineseBoardsAreInChinese(t *testing.T) {
	stays := map[string]bool{
		"Connect": true, "Genesys": true, "COPC": true, "ASA": true, "AHT": true, "Tributary": true, "min": true, "null": true, "dt": true, "p99": true,
	}
	for _, f := range all(t)[3:] {
		for _, p := range f.Board.Panels {
			for _, w := range latin.FindAllString(p.Title+" "+p.Description, -1) {
				require.True(t, stays[w], "%s: %s: %s", f.Name, p.Title, w)
			}
		}
		for _, v := range f.Board.Templating.List {
			for _, w := range latin.FindAllString(v.Label+" "+v.Description, -1) {
				require.True(t, stays[w], "%s: %s: %s", f.Name, v.Name, w)
			}
		}
	}
}

// TestAProvisionedBoardNamesNothingOfOneGrafana: no ids of a database, no inputs to be asked for, and the data source by its uid.
func TestAProvisionedBoardNamesNothingOfOneGrafana(t *testing.T) {
	kinds := map[string]bool{"row": true, "stat": true, "table": true, "timeseries": true}
	for _, f := range all(t) {
		var raw map[string]any
		require.NoError(t, json.Unmarshal(f.JSON, &raw))
		for _, key := range []string{"id", "__inputs", "__requires", "__elements", "version"} {
			require.NotContains(t, raw, key, f.Name)
		}
		require.GreaterOrEqual(t, len(f.Board.UID), 8)
		require.LessOrEqual(t, len(f.Board.UID), 40)
		for _, p := range f.Board.Panels {
			require.True(t, kinds[p.Type], "%s comes not with Grafana", p.Type)
			if p.Type == "row" {
				continue
			}
			require.Equal(t, tributary(), *p.Datasource, p.Title)
			require.NotEmpty(t, p.Description, p.Title)
			require.NotEmpty(t, p.FieldConfig.Defaults.NoValue, p.Title)
			for _, q := range p.Targets {
				require.Equal(t, tributary(), q.Datasource, p.Title)
			}
			for _, o := range p.FieldConfig.Overrides {
				require.NotEmpty(t, o.Properties, p.Title)
			}
		}
	}
}

func TestThresholdsRise(t *testing.T) {
	check := func(t *testing.T, s *thresholds) {
		t.Helper()
		for i, step := range s.Steps {
			require.Equal(t, i == 0, step.Value == nil, "the first step begins at minus infinity, and no other")
			require.True(t, i < 2 || *step.Value > *s.Steps[i-1].Value)
		}
	}
	for _, f := range all(t) {
		for _, p := range f.Board.Panels {
			if p.FieldConfig == nil {
				continue
			}
			if s := p.FieldConfig.Defaults.Thresholds; s != nil {
				check(t, s)
			}
			for _, o := range p.FieldConfig.Overrides {
				for _, one := range o.Properties {
					if s, is := one.Value.(*thresholds); is {
						check(t, s)
					}
				}
			}
		}
	}
}

// TestWhatIsNotKnownIsNotGreen: a number that is missing, as when the stream is away, says so, and not in the colour of a good one.
func TestWhatIsNotKnownIsNotGreen(t *testing.T) {
	for _, f := range all(t) {
		for _, p := range f.Board.Panels {
			if p.Type != "stat" {
				continue
			}
			m := p.FieldConfig.Defaults.Mappings
			require.NotEmpty(t, m, p.Title)
			last, is := m[len(m)-1].Options.(map[string]any)
			require.True(t, is)
			require.Equal(t, "null+nan", last["match"], p.Title)
			require.Equal(t, mapped{Text: p.FieldConfig.Defaults.NoValue, Color: grey}, last["result"], p.Title)
		}
	}
}

// TestWhatStandsOnAColourCanBeRead: on each colour of a cell or a number, the text that Grafana chooses by its brightness has the
// contrast that WCAG AA asks of small text.
func TestWhatStandsOnAColourCanBeRead(t *testing.T) {
	channel := func(hex string) float64 {
		n, err := strconv.ParseUint(hex, 16, 8)
		require.NoError(t, err)
		return float64(n)
	}
	linear := func(v float64) float64 {
		if v /= 255; v <= 0.03928 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	seen := map[string]bool{}
	for _, f := range all(t) {
		for _, c := range regexp.MustCompile(`"#([0-9A-Fa-f]{2})([0-9A-Fa-f]{2})([0-9A-Fa-f]{2})"`).FindAllStringSubmatch(string(f.JSON), -1) {
			r, g, b := channel(c[1]), channel(c[2]), channel(c[3])
			luminance := 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
			contrast := 1.05 / (luminance + 0.05)
			if (299*r+587*g+114*b)/1000 > 180 {
				contrast = (luminance + 0.05) / 0.05
			}
			require.GreaterOrEqual(t, contrast, 4.5, c[0])
			seen[c[0]] = true
		}
	}
	require.GreaterOrEqual(t, len(seen), 6)
}

// TestAStatOfRowsShowsThemAll: of rows Grafana shows 25 unless a limit says otherwise.
func TestAStatOfRowsShowsThemAll(t *testing.T) {
	n := 0
	for _, f := range all(t) {
		for _, p := range f.Board.Panels {
			o, is := p.Options.(statOptions)
			if !is {
				continue
			}
			text, err := json.Marshal(o.ReduceOptions)
			require.NoError(t, err)
			if !o.ReduceOptions.Values {
				require.NotContains(t, string(text), "limit", p.Title)
				continue
			}
			n++
			require.JSONEq(t, `{"values":true,"calcs":[],"fields":"","limit":1000}`, string(text), p.Title)
		}
	}
	require.Equal(t, 2, n)
}

// TestTablesShowNames: where rows are of queues and agents, people read names; the ids that links ask for are there, out of sight.
func TestTablesShowNames(t *testing.T) {
	ids, shown := map[string]bool{"queue": true, "next_queue": true, "agent": true}, 0
	link := regexp.MustCompile(`__data\.fields\["(queue|next_queue|agent)"\]`)
	for _, f := range all(t) {
		linked := map[string]map[string]bool{}
		f.Board.walk(func(p Panel, l dataLink) {
			for _, m := range link.FindAllStringSubmatch(l.URL, -1) {
				if linked[p.Title] == nil {
					linked[p.Title] = map[string]bool{}
				}
				linked[p.Title][m[1]] = true
			}
		})
		for _, p := range f.Board.Panels {
			if p.Type != "table" {
				continue
			}
			there := map[string]bool{}
			for _, name := range shownColumns(p) {
				there[name] = true
			}
			for name := range linked[p.Title] {
				require.True(t, there[name], "%s: %s: a link asks for %s", f.Name, p.Title, name)
			}
			for _, o := range p.FieldConfig.Overrides {
				name := o.Matcher.Options
				if title, is := strings.CutSuffix(name, "_name"); is && ids[title] {
					shown++
					require.True(t, there[name], "%s: %s: %s", f.Name, p.Title, name)
				}
				if ids[name] {
					require.Equal(t, hidden(name)[0], o, "%s: %s", f.Name, p.Title)
					delete(there, name)
				}
			}
			for name := range ids {
				require.False(t, there[name], "%s: %s shows ids of a %s", f.Name, p.Title, name)
			}
		}
	}
	require.Equal(t, 2*(1+1+2+2+3+2+2), shown)
}

// TestNumbersOfPeopleLeadToNoContacts: see docs/decisions/0081.
func TestNumbersOfPeopleLeadToNoContacts(t *testing.T) {
	people := map[string]bool{"Staffed": true, "Free": true, "What the agents do now": true}
	b := English.Wallboard()
	for _, p := range b.Panels {
		if p.Type == "stat" {
			require.Equal(t, people[p.Title], len(p.FieldConfig.Defaults.Links) == 0, p.Title)
			delete(people, p.Title)
		}
	}
	require.Empty(t, people)
}

// TestALinkThatLeadsElsewhereSaysWhere: of the wallboard, the bars of a minute lead to the half hour, the alerts of queues to contacts.
func TestALinkThatLeadsElsewhereSaysWhere(t *testing.T) {
	for l, want := range map[Language][2]string{
		English: {"Enqueued in these 30 minutes", "The contacts that wait"}, Chinese: {"这 30 分钟内入队的联络", "等待中的联络"},
	} {
		titles := map[string]string{}
		b := l.Wallboard()
		b.walk(func(p Panel, link dataLink) { titles[p.Title] = link.Title })
		require.Equal(t, timeRange{"now-30m", "now"}, b.Time)
		require.Equal(t, want[0], titles[l.t("Waiting at the end of each minute, by queue", "每分钟末等待人数，按队列")])
		require.Equal(t, want[1], titles[l.t("Alerts", "告警数")])
	}
}
