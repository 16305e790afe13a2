package boards

import "cmp"

// The live stream is one frame, whole each time: a row for each queue, and one for all of them together, in which an agent of several
// queues counts once. Its column row says which is which; see wallboardInfo in dashboards/plugin/pkg/plugin.
const (
	totalRow = "^total$"
	queueRow = "^queue$"
)

func live() Query {
	return Query{RefID: "A", Datasource: tributary(), Kind: "wallboard"}
}

// Wallboard is the board for a screen on the wall, and for a phone: what waits now, and where somebody must act.
func (l Language) Wallboard() Board {
	g := &grid{}
	l.now(g)
	g.put(24, 5, l.waitingByQueue())
	g.put(24, 10, l.queuesNow())
	g.put(16, 7, l.lastHalfHour())
	g.put(8, 7, l.agentsNow())
	b := l.board("wallboard", l.t("Wallboard", "大屏"), l.t(
		"The queues now, live; service level over the last 30 minutes.", "队列实时状态；服务水平为最近 30 分钟。"), g)
	b.Time, b.Refresh = timeRange{"now-30m", "now"}, "30s"
	return b
}

// waitingNow links to who waits; queue_now sees those enqueued in the last 7 days.
func (l Language) waitingNow(queue string) dataLink {
	return l.behind(listEnqueueings, span{"now-7d", "now"}, queue, is("outcome", "waiting"))
}

// halfHour is what the service level of the stream counts: the minute that goes on, and the 29 before it.
var halfHour = span{"now-29m/m", "now/m"}

// goals are colours by how long the oldest waits, in seconds. Whether that is over a queue's own target its alert says.
func goals(calm string) *thresholds { return steps(calm, from(60, amber), from(180, vermillion)) }

func (l Language) now(g *grid) {
	all := is("queue", "$__all")
	one := func(w int, title, description, column string, f field, more ...transformation) {
		p := l.stat(title, description, column, f, live())
		if f.Unit == duration { // h:mm:ss is wide, and must fit a phone
			o := p.Options.(statOptions) //nolint:errcheck,forcetypeassert // stat makes nothing else
			o.Text = &textSizes{ValueSize: 72}
			p.Options = o
		}
		p.Transformations = append([]transformation{onlyWhere("row", totalRow)}, more...)
		g.put(w, 5, p)
	}
	one(4, l.t("Waiting", "等待中"), l.t("Contacts that wait in all queues, those being offered included.", "所有队列中等待的联络，包括正在派单的。"), "waiting", field{
		Decimals: of(0), Color: &color{Mode: "thresholds"}, Thresholds: steps(green, from(1, blue), from(10, amber), from(20, vermillion)), Links: []dataLink{l.waitingNow(all)},
	})
	one(6, l.t("Oldest waits", "最久等待"), l.t("How long the one waits that has waited longest, h:mm:ss.", "等待最久者已等待的时间。"), "oldest", field{
		Unit: duration, Decimals: of(0), Color: &color{Mode: "thresholds"}, Thresholds: goals(green), Mappings: l.nobodyWaits(green), Links: []dataLink{l.waitingNow(all)},
	}, seconds())
	one(3, l.t("Staffed", "在岗"), l.t("Agents at work who serve a queue, whatever they do now.", "在岗且服务于某个队列的坐席。"), "staffed", field{
		Decimals: of(0), Color: &color{Mode: "thresholds"}, Thresholds: steps(vermillion, from(1, blue)),
	})
	one(3, l.t("Free", "空闲"), l.t("Agents who could take a contact now.", "现在可以接联络的坐席。"), "free", field{
		Decimals: of(0), Color: &color{Mode: "thresholds"}, Thresholds: steps(amber, from(1, green)),
	})
	one(4, l.t("SL, late abandons only, 30 min", "服务水平（仅计迟放弃），30 分钟"), l.t(
		"Answered within T / (answered + abandoned with a wait over T), of those enqueued in the last 30 minutes, each by its queue's T; – without any.",
		"T 内接起 /（已接起 + 等待超过 T 后放弃），最近 30 分钟的入队，按各队列的 T；没有则显示 –。"), "service_level", field{
		Unit: percent, Decimals: of(0), Color: &color{Mode: "thresholds"}, Thresholds: levels(), Links: []dataLink{l.enqueueings(halfHour, all)},
	})
	waiting := l.waitingNow(all)
	waiting.Title = l.t("The contacts that wait", "等待中的联络") // alerts are of queues
	p := l.stat(l.t("Alerts", "告警数"), l.t("How many alerts the queues have; the table says which.", "各队列告警的总数；详见下表。"), "", field{
		Decimals: of(0), Color: &color{Mode: "thresholds"}, Thresholds: steps(green, from(1, vermillion)),
		Mappings: []mapping{{Type: "value", Options: map[string]mapped{"0": {Text: l.t("none", "无"), Color: green}}}}, Links: []dataLink{waiting},
	}, live())
	p.Transformations = []transformation{onlyWhere("row", queueRow), {ID: "groupBy", Options: map[string]any{"fields": map[string]any{
		"row": map[string]any{"aggregations": []string{}, "operation": "groupby"}, "alert_count": map[string]any{"aggregations": []string{"sum"}, "operation": "aggregate"},
	}}}}
	o := p.Options.(statOptions) //nolint:errcheck,forcetypeassert // stat makes nothing else
	o.ReduceOptions.Fields = ""
	p.Options = o
	g.put(4, 5, p)
}

// seconds makes of how long the oldest waits, in milliseconds and null for nobody, what the unit h:mm:ss takes; nobody becomes 0.
func seconds() transformation {
	return transformation{ID: "calculateField", Options: map[string]any{
		"mode": "binary", "alias": "oldest", "replaceFields": false,
		"binary": map[string]any{
			"left": map[string]any{"matcher": matcher{ID: "byName", Options: "oldest_wait_ms"}}, "operator": "/", "right": map[string]any{"fixed": "1000"},
		},
	}}
}

// nobodyWaits says so in words.
func (l Language) nobodyWaits(calm string) []mapping {
	return []mapping{{Type: "value", Options: map[string]mapped{"0": {Text: l.t("nobody", "无人"), Color: calm}}}}
}

// waitingByQueue is a large number for each queue: what of the table is read from across the room.
func (l Language) waitingByQueue() Panel {
	p := l.stat(l.t("Waiting, by queue", "各队列等待人数"), l.t("Contacts that wait, those being offered included.", "等待的联络，包括正在派单的。"), "waiting", field{
		Decimals: of(0), Color: &color{Mode: "thresholds"}, Thresholds: waits(grey), Links: []dataLink{l.waitingNow(is("queue", rowValue("queue")))},
	}, live())
	p.Transformations = []transformation{onlyWhere("row", queueRow), only(nil, "name", "waiting", "queue")}
	p.FieldConfig.Overrides = []override{by("waiting", set("displayName", "${__data.fields.name}"))}
	o := p.Options.(statOptions) //nolint:errcheck,forcetypeassert // stat makes nothing else
	o.ReduceOptions.Values, o.ReduceOptions.Calcs, o.ReduceOptions.Fields, o.TextMode = true, []string{}, "", "value_and_name"
	o.ReduceOptions.Limit = maxQueues
	p.Options = o
	return p
}

// maxQueues is more than a tenant has: without it Grafana shows 25 and does not say that there are more.
const maxQueues = 1000

// waits are colours by how many wait.
func waits(none string) *thresholds {
	return steps(none, from(1, blue), from(5, amber), from(10, vermillion))
}

// alertWords are all sets of alerts, in the order in which the stream says them.
func (l Language) alertWords() mapping {
	names := []string{"nobody_staffed", "over_target", "service_level_low", "closed_with_waiting"}
	colors := []string{vermillion, vermillion, amber, purple}
	options := map[string]mapped{}
	for set := 1; set < 1<<len(names); set++ {
		var key, text, c string
		for i, name := range names {
			if set&(1<<i) == 0 {
				continue
			}
			if key != "" {
				key, text = key+",", text+" · "
			}
			key, text, c = key+name, text+l.w(values[name]), cmp.Or(c, colors[i])
		}
		options[key] = mapped{Text: text, Color: c, Index: set}
	}
	return mapping{Type: "value", Options: options}
}

func (l Language) queuesNow() Panel {
	queue := is("queue", rowValue("queue"))
	right := set("custom.align", "right")
	counted := span{`${__data.fields["from_ms"].numeric}`, `${__data.fields["to_ms"].numeric}`}
	count := func(column string, more ...string) override {
		return l.column(column, right, links(l.enqueueings(counted, queue, more...)))
	}
	p := l.table(l.t("Queues now; service level by late abandons only, 30 min", "各队列现状；服务水平（仅计迟放弃），30 分钟"), l.t(
		"Live. Alerts: nobody staffed; the oldest waits over the queue's target; service level low; closed while somebody waits.",
		"实时。告警：无人在岗；最久等待超过队列目标；服务水平低；已关闭但有人等待。"), live(),
		l.column("name", set("custom.minWidth", 150), links(dataLink{Title: l.t("The queue's board", "该队列的看板"), URL: "/d/" + l.uid("queues") + "?" + queue})),
		l.column("alerts", shown(), set("custom.width", 330), set("thresholds", steps(clear)), set("mappings", []mapping{l.alertWords(), nothing("")})),
		l.column("waiting", right, shown(), set("thresholds", waits(clear)), links(l.waitingNow(queue))),
		l.column("oldest", right, set("unit", duration), shown(), set("mappings", l.nobodyWaits(clear)), set("thresholds", goals(clear)), links(l.waitingNow(queue))),
		l.column("staffed", right), l.column("free", right, shown(), set("thresholds", steps(amber, from(1, clear)))),
		l.column("service_level", set("custom.minWidth", 120), set("unit", percent), set("decimals", 0), shown(), set("thresholds", levels()), set("mappings", []mapping{nothing("–")}), links(l.enqueueings(counted, queue))),
		l.column("offered", right), l.column("target_ms", set("unit", millis)),
		count("enqueued"), count("answered", is("outcome", "answered")), count("abandoned", is("outcome", "abandoned")), count("flowed_out", is("outcome", "flowed_out")),
		l.column("open", set("mappings", l.yesNo())),
	)
	p.FieldConfig.Overrides = append(p.FieldConfig.Overrides, hidden("queue", "from_ms", "to_ms")...)
	p.Transformations = append(append([]transformation{onlyWhere("row", queueRow)}, seconds()), only([]string{"queue", "from_ms", "to_ms"},
		"name", "waiting", "oldest", "alerts", "free", "staffed", "service_level", "offered", "target_ms", "enqueued", "answered", "abandoned", "flowed_out", "open"))
	p.Options = tableOptions{ShowHeader: true, CellHeight: "lg", SortBy: []sortBy{{DisplayName: l.w(columns["oldest"]), Desc: true}}}
	return p
}

func (l Language) yesNo() []mapping {
	return []mapping{
		{Type: "special", Options: map[string]any{"match": "true", "result": mapped{Text: l.t("open", "营业"), Index: 0}}},
		{Type: "special", Options: map[string]any{"match": "false", "result": mapped{Text: l.t("closed", "关闭"), Index: 1}}},
	}
}

// agentsNow is what the agents do.
func (l Language) agentsNow() Panel {
	p := l.stat(l.t("What the agents do now", "坐席现状"), l.t(
		"Available: no contact, though perhaps an offer. Away: at work and not available. Each agent counts once.",
		"可接：没有联络，可能正在派单。离开：在岗但不可接。每位坐席只计一次。"), "", field{
		Decimals: of(0), Color: &color{Mode: "fixed", FixedColor: plain},
	}, live())
	p.Transformations = []transformation{onlyWhere("row", totalRow)}
	var shown []string
	named := map[string]string{}
	for _, one := range []struct{ column, color string }{
		{"agents_available", green}, {"agents_busy", blue}, {"agents_wrapping", purple}, {"agents_away", amber}, {"agents_offline", grey},
	} {
		shown, named[one.column] = append(shown, one.column), l.w(columns[one.column])
		p.FieldConfig.Overrides = append(p.FieldConfig.Overrides, by(named[one.column], set("color", color{Mode: "fixed", FixedColor: one.color})))
	}
	p.Transformations = append(p.Transformations, only(nil, shown...).renamed(named))
	o := p.Options.(statOptions) //nolint:errcheck,forcetypeassert // stat makes nothing else
	o.ReduceOptions.Fields, o.TextMode, o.ColorMode, o.Orientation = "", "value_and_name", "background_solid", "auto"
	p.Options = o
	return p
}

func (l Language) lastHalfHour() Panel {
	q := named("queue_by_minute", map[string]string{"queue": ""}).series("waiting", "queue")
	p := l.bars(l.t("Waiting at the end of each minute, by queue", "每分钟末等待人数，按队列"), l.t(
		"Those being offered included. A minute in which nobody waited has no bar.", "包括正在派单的。无人等待的分钟没有柱。"), q)
	link := l.enqueueings(theRange, is("queue", "${__field.labels.queue}"))
	link.Title = l.t("Enqueued in these 30 minutes", "这 30 分钟内入队的联络") // not only those who waited at the end of that minute
	p.FieldConfig.Defaults.Links = []dataLink{link}
	o := p.Options.(seriesOptions) //nolint:errcheck,forcetypeassert // lines makes nothing else
	o.Legend.Calcs = []string{"max"}
	p.Options = o
	return p
}
