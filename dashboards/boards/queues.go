package boards

import "maps"

// formulas are the four ways in which the field counts a service level, each with its words. "Within T" is a wait of T at most.
var formulas = []struct {
	column      string
	title, text word
}{
	{
		"sl_connect",
		word{"Service level, Connect", "服务水平（Connect）"},
		word{
			"(answered within T + abandoned within T) / enqueued. Who hangs up early raises it.",
			"（T 内接起 + T 内放弃）/ 进入队列。客户很快挂断反而会提高它。",
		},
	},
	{
		"sl_genesys",
		word{"Service level, Genesys", "服务水平（Genesys）"},
		word{
			"answered within T / (answered + abandoned + flowed out), each of the divisor's parts but the first by its switch above.",
			"T 内接起 /（已接起 + 放弃 + 转出）；分母中除已接起外，各项由上方开关决定是否计入。",
		},
	},
	{
		"sl_copc",
		word{"Service level, COPC style", "服务水平（COPC）"},
		word{"answered within T / enqueued.", "T 内接起 / 进入队列。"},
	},
	{
		"sl_late_abandons",
		word{"Service level, late abandons only", "服务水平（仅计迟放弃）"},
		word{
			"answered within T / (answered + abandoned with a wait over T). Who gave up within T counts neither way.",
			"T 内接起 /（已接起 + 等待超过 T 后放弃）。T 内放弃的不计入。",
		},
	},
}

// byInterval asks for the queues' numbers of each interval.
func byInterval() Query {
	return named("queue_by_interval", map[string]string{
		"queue": "$queue", "interval_ms": "$interval", "target_ms": "$target", "short_ms": "$short",
		"flow_outs": "$flow_outs", "short_abandons": "$short_abandons", "abandons": "$abandons",
	})
}

// Queues is the board of what became of contacts, by queue and interval.
func (l Language) Queues() Board {
	g := &grid{}
	l.overview(g)
	l.serviceLevels(g)
	l.volume(g)
	l.work(g)
	b := l.board("queues", l.t("Queues", "队列"), l.t(
		"What became of the contacts enqueued in the time range, each counted in the interval in which it was enqueued.",
		"所选时间内进入队列的联络的去向；每次入队都计入其入队的时段。"), g)
	b.Time, b.Refresh = timeRange{"now/d", "now"}, "30s"
	b.Annotations.List = l.versions()
	b.Templating.List = []Variable{
		l.queueVariable(), l.asked("team", l.t("Team", "班组"), ""), l.agentVariable("$team"), l.anyIntent(),
		l.interval(), l.target(), l.short(),
	}
	b.Templating.List = append(b.Templating.List, l.switches()...)
	return b
}

// anyIntent filters rows by their intent; all of them includes those of which no model was sure.
func (l Language) anyIntent() Variable {
	v := l.asked("intent", l.w(columns["intent"]), "")
	v.AllValue = ".*"
	return v
}

// versions marks when a policy or a configuration came into force.
func (l Language) versions() []annotation {
	return []annotation{{
		Name: l.t("Policy and configuration", "策略与配置"), Datasource: tributary(), Enable: true, IconColor: purple,
		Target: &Query{RefID: "Annotations", Datasource: tributary(), Kind: "annotations"},
	}}
}

// enqueueings are links to those a number of a queue counts.
func (l Language) enqueueings(s span, queue string, more ...string) dataLink {
	return l.behind(listEnqueueings, s, append([]string{queue}, more...)...)
}

// counts are the columns of what became of enqueueings, with links to them.
func (l Language) counts(s span) []override {
	queue := is("queue", rowValue("queue"))
	link := func(more ...string) property { return links(l.enqueueings(s, queue, more...)) }
	right := set("custom.align", "right")
	return []override{
		l.column("enqueued", right, link()),
		l.column("answered", right, link(is("outcome", "answered"))),
		l.column("abandoned", right, link(is("outcome", "abandoned"))),
		l.column("flowed_out", right, link(is("outcome", "flowed_out"))),
		l.column("waiting", right, link(is("outcome", "waiting"))),
		l.column("unexplained", right, shown(), set("mappings", []mapping{
			{Type: "value", Options: map[string]mapped{"0": {Text: "✓", Color: green}}},
		}), set("thresholds", steps(vermillion)), set("description", l.t("enqueued − answered − abandoned − flowed out − waiting: must be 0", "进入队列 − 已接起 − 已放弃 − 已转出 − 等待中：必须为 0"))),
	}
}

// rates are the columns of what is counted from them.
func (l Language) rates(s span) []override {
	queue := is("queue", rowValue("queue"))
	link := func(more ...string) property { return links(l.enqueueings(s, queue, more...)) }
	var out []override
	for _, f := range formulas {
		out = append(out, l.column(f.column, set("custom.minWidth", 125), set("unit", percent), set("decimals", 1), shown(), set("thresholds", levels()), set("mappings", []mapping{nothing("–")}), link()))
	}
	length := []property{set("unit", millis), set("decimals", 1)}
	return append(out,
		l.column("asa_ms", append(length, link(is("outcome", "answered")))...),
		l.column("abandon_rate", set("unit", percent), set("decimals", 1), link(is("outcome", "abandoned"))),
		l.column("abandon_ms", append(length, link(is("outcome", "abandoned")))...),
		l.column("max_wait_ms", append(length, link())...),
	)
}

// unexplained adds the column that shows whether a row's parts make its whole: a sum of counts.
func unexplained() []transformation {
	parts := []string{"answered", "abandoned", "flowed_out", "waiting"}
	return []transformation{
		{ID: "calculateField", Options: map[string]any{
			"mode": "reduceRow", "alias": "explained", "replaceFields": false, "reduce": map[string]any{"include": parts, "reducer": "sum"},
		}},
		{ID: "calculateField", Options: map[string]any{
			"mode": "binary", "alias": "unexplained", "replaceFields": false,
			"binary": map[string]any{
				"left": map[string]any{"matcher": matcher{ID: "byName", Options: "enqueued"}}, "operator": "-",
				"right": map[string]any{"matcher": matcher{ID: "byName", Options: "explained"}},
			},
		}},
	}
}

// only keeps some columns, in this order; the hidden ones stay for links.
func only(hidden []string, shown ...string) transformation {
	index, include := map[string]int{}, map[string]bool{}
	for i, name := range append(append([]string{}, shown...), hidden...) {
		index[name], include[name] = i, true
	}
	return transformation{ID: "organize", Options: map[string]any{
		"indexByName": index, "includeByName": include, "excludeByName": map[string]bool{}, "renameByName": map[string]string{},
	}}
}

// renamed does so with other names for some of them, by which overrides and reducers know them from there on.
func (t transformation) renamed(names map[string]string) transformation {
	o := maps.Clone(t.Options.(map[string]any)) //nolint:errcheck,forcetypeassert // only makes nothing else
	o["renameByName"] = names
	t.Options = o
	return t
}

// hidden keeps a column of a table out of sight: the first property is read by Grafana up to 12.1, the second from then on.
func hidden(names ...string) []override {
	var out []override
	for _, n := range names {
		out = append(out, by(n, set("custom.hidden", true), set("custom.hideFrom", map[string]bool{"viz": true})))
	}
	return out
}

func (l Language) overview(g *grid) {
	g.row(l.t("The whole time range", "整个时间范围"))
	p := l.table(l.t("By queue: service level by four formulas, ASA, abandonment (of enqueued)", "按队列：四种服务水平、平均接起速度、放弃率（占进入队列）"), l.t(
		"One row for each queue. Each enqueueing counts once, whenever it was answered. Formulas: see the panels below. A click on a number opens the contacts behind it.",
		"每个队列一行。每次入队只计一次。公式见下方各图。点击数字可查看对应的联络。"), byInterval().whole(),
		append(append(append([]override{l.column("queue_name")}, l.counts(theRange)...), l.rates(theRange)...), hidden("queue")...)...)
	p.Transformations = append(unexplained(), only([]string{"queue"}, "queue_name", "sl_connect", "sl_genesys", "sl_copc", "sl_late_abandons", "asa_ms",
		"abandon_rate", "abandon_ms", "max_wait_ms", "enqueued", "answered", "abandoned", "flowed_out", "waiting", "unexplained"))
	g.put(24, 8, p)
}

func (l Language) serviceLevels(g *grid) {
	g.row(l.t("Service level, speed and abandonment by interval", "按时段：服务水平、速度与放弃"))
	point := func(more ...string) []dataLink {
		return []dataLink{l.enqueueings(thePoint, is("queue", "${__field.labels.queue}"), more...)}
	}
	line := func(column, title, text string, f field) {
		p := l.lines(title, text, f, byInterval().series(column, "queue"))
		p.Transformations = pointEnds()
		p.FieldConfig.Overrides = []override{unseen(endColumn)}
		g.put(12, 8, p)
	}
	for _, f := range formulas {
		line(f.column, l.w(f.title), l.w(f.text), field{Unit: percent, Decimals: of(1), Min: of(0.0), Max: of(100.0), Links: point()})
	}
	line("asa_ms", l.t("Answer speed, ASA (mean wait of those answered)", "接起速度 ASA（已接起者的平均等待）"), l.t(
		"Sum of the waits of those answered / answered; the wait is the one in this queue.", "已接起者等待之和 / 已接起；仅计在本队列的等待。"),
		field{Unit: millis, Decimals: of(1), Links: point(is("outcome", "answered"))})
	line("abandon_rate", l.t("Abandonment (abandoned of enqueued)", "放弃率（放弃 / 进入队列）"), l.t(
		"Abandoned / enqueued. Abandoned: ended by the customer, or gone longer than the grace, while waiting.", "放弃 / 进入队列。放弃：等待中由客户结束，或离开超过宽限时间。"),
		field{Unit: percent, Decimals: of(1), Min: of(0.0), Links: point(is("outcome", "abandoned"))})
}

// unseen keeps a field out of a chart, its legend and its tooltip.
func unseen(name string) override {
	return by(name, set("custom.hideFrom", map[string]bool{"viz": true, "legend": true, "tooltip": true}))
}

func (l Language) volume(g *grid) {
	g.row(l.t("Volume by interval", "按时段的业务量"))
	stack := func(name, color string) override {
		link := l.behind(listEnqueueings, thePoint, choice("queue"), is("outcome", name))
		return by(name+" (sum)", set("displayName", l.w(columns[name])), set("color", map[string]string{"mode": "fixed", "fixedColor": color}), set("links", []dataLink{link}))
	}
	p := l.bars(l.t("Volume: enqueued = answered + abandoned + flowed out + waiting", "业务量：进入队列 = 已接起 + 已放弃 + 已转出 + 等待中"), l.t(
		"The height of a bar is what was enqueued in the interval; its parts, what became of it so far.", "柱高为该时段进入队列的数量，各部分为目前的去向。"),
		byInterval(), stack("answered", blue), stack("abandoned", vermillion), stack("flowed_out", purple), stack("waiting", amber), unseen(endColumn))
	parts := map[string]any{"interval_ms": map[string]any{"aggregations": []string{}, "operation": "groupby"}}
	for _, name := range []string{"answered", "abandoned", "flowed_out", "waiting"} {
		parts[name] = map[string]any{"aggregations": []string{"sum"}, "operation": "aggregate"}
	}
	p.Transformations = []transformation{{ID: "groupBy", Options: map[string]any{"fields": parts}}, intervalEnd("interval_ms")}
	g.put(24, 9, p)

	rows := l.table(l.t("Rows that add up: each interval and queue", "逐行核对：每个时段与队列"), l.t(
		"In each row enqueued = answered + abandoned + flowed out + waiting; the check shows ✓, or by how many they differ.",
		"每一行：进入队列 = 已接起 + 已放弃 + 已转出 + 等待中；核对列显示 ✓ 或差额。"), byInterval(),
		append(append(append([]override{l.column("interval_ms", set("unit", clock), set("custom.width", 140)), l.column("queue_name")}, l.counts(theInterval)...), l.rates(theInterval)...), hidden("queue", endColumn)...)...)
	rows.Transformations = append(unexplained(), intervalEnd("interval_ms"), only([]string{"queue", endColumn}, "interval_ms", "queue_name", "enqueued", "answered", "abandoned",
		"flowed_out", "waiting", "unexplained", "sl_connect", "sl_genesys", "sl_copc", "sl_late_abandons", "asa_ms", "abandon_rate", "abandon_ms", "max_wait_ms"))
	rows.Options = tableOptions{ShowHeader: true, CellHeight: "sm", SortBy: []sortBy{{DisplayName: l.w(columns["interval_ms"]), Desc: true}}}
	g.put(24, 10, rows)
}

// work is what agents did with those answered, why contacts left unanswered, and what customers wanted.
func (l Language) work(g *grid) {
	g.row(l.t("Handling, flow-outs and intents", "处理、转出与意图"))
	g.put(14, 9, l.handled())
	g.put(10, 9, l.handleTime())
	g.put(14, 8, l.flowOuts())
	g.put(10, 8, l.intents())
}

func handledBy(interval string) Query {
	return named("contacts_handled", map[string]string{"queue": "$queue", "agent": "", "interval_ms": interval})
}

// chosenAgents keeps the rows of the agents chosen above: all of a team, or one.
func chosenAgents() transformation { return onlyWhere("agent", "^(${agent:pipe})$") }

func onlyWhere(column, expression string) transformation {
	return transformation{ID: "filterByValue", Options: map[string]any{
		"type": "include", "match": "any",
		"filters": []any{map[string]any{"fieldName": column, "config": map[string]any{"id": "regex", "options": map[string]any{"value": expression}}}},
	}}
}

func (l Language) handled() Panel {
	right := set("custom.align", "right")
	link := func(more ...string) property {
		return links(l.behind(listHandled, theRange, append([]string{is("queue", rowValue("queue")), is("agent", rowValue("agent"))}, more...)...))
	}
	p := l.table(l.t("Handle time, AHT = (talk + wrap-up) / handled, by queue and agent", "处理时长 AHT =（交谈 + 话后）/ 已处理，按队列与坐席"), l.t(
		"The contacts whose talk ended in the time range, of the agents that the configuration has. Handled: wrap-up included; the sums are theirs. Transferred: transferred out / handled.",
		"交谈在所选时间内结束的联络，仅含配置中现有的坐席。已处理：包含话后处理；各合计为其之和。转出率：转出 / 已处理。"), handledBy("").whole(),
		l.column("queue_name"), l.column("agent_name"),
		l.column("handled", right, link(is("state", "ended"))), l.column("wrapping", right, link(is("state", "wrapping"))),
		l.column("aht_ms", set("unit", millis), set("decimals", 1), link(is("state", "ended"))),
		l.column("talk_ms", set("unit", millis), set("decimals", 1)), l.column("acw_ms", set("unit", millis), set("decimals", 1)),
		l.column("transferred_out", right, link(is("end_reason", "transfer"))), l.column("transfer_rate", set("unit", percent), set("decimals", 1)),
	)
	p.FieldConfig.Overrides = append(p.FieldConfig.Overrides, hidden("queue", "agent")...)
	p.Transformations = []transformation{chosenAgents(), only([]string{"queue", "agent"}, "queue_name", "agent_name", "handled", "wrapping", "aht_ms", "talk_ms", "acw_ms", "transferred_out", "transfer_rate")}
	return p
}

func (l Language) handleTime() Panel {
	q := handledBy("$interval").series("aht_ms", "queue", "agent")
	q.Params = maps.Clone(q.Params)
	q.Params["agent"] = "$agent"
	link := l.behind(listHandled, thePoint, is("queue", "${__field.labels.queue}"), is("agent", "${__field.labels.agent}"), is("state", "ended"))
	p := l.lines(l.t("AHT by interval, of the chosen queue and agent", "按时段的 AHT（所选队列与坐席）"), l.t(
		"(talk + wrap-up) / handled in the interval in which the talk ended. Choose an agent to see one line.", "交谈结束所在时段的（交谈 + 话后）/ 已处理。选择坐席可只看一条线。"),
		field{Unit: millis, Decimals: of(1), Links: []dataLink{link}}, q)
	p.Transformations = pointEnds()
	p.FieldConfig.Overrides = []override{unseen(endColumn)}
	o := p.Options.(seriesOptions) //nolint:errcheck,forcetypeassert // lines makes nothing else
	o.Legend.ShowLegend = false
	p.Options = o
	c := p.FieldConfig.Defaults.Custom.(seriesCustom) //nolint:errcheck,forcetypeassert // as above
	c.DrawStyle, c.PointSize = "points", 7
	p.FieldConfig.Defaults.Custom = c
	return p
}

func (l Language) flowOuts() Panel {
	q := named("flow_outs_by_interval", map[string]string{"queue": "$queue"}).whole()
	link := links(l.enqueueings(theRange, is("queue", rowValue("queue")), is("outcome", "flowed_out"), is("reason", rowValue("reason_code"))))
	p := l.table(l.t("Why contacts left unanswered (flowed out)", "未接起而离开的原因（转出）"), l.t(
		"By the enqueueings of the time range; a queue's rows make its number of flowed out.", "按所选时间内的入队；一个队列各行之和等于其转出数。"), q,
		l.column("queue_name"), l.column("reason", set("mappings", []mapping{l.mappedTo(nil, reasons...)})), l.column("next_queue_name"),
		l.column("flowed_out", set("custom.align", "right"), link), l.column("wait_ms", set("unit", millis), set("decimals", 1)),
	)
	asked := hidden("reason_code")[0] // and where there is none, the list is of all
	asked.Properties = append(asked.Properties, set("noValue", ""), set("mappings", []mapping{{Type: "special", Options: map[string]any{"match": "empty", "result": map[string]string{"text": ""}}}}))
	p.FieldConfig.Overrides = append(append(p.FieldConfig.Overrides, hidden("queue")...), asked)
	p.Transformations = []transformation{again("reason", "reason_code"), only([]string{"queue", "reason_code"}, "queue_name", "reason", "next_queue_name", "flowed_out", "wait_ms")}
	return p
}

// again repeats a column under another name: a link takes of a mapped column what is shown, and Tributary is asked for its own word.
func again(column, alias string) transformation {
	return transformation{ID: "calculateField", Options: map[string]any{
		"mode": "reduceRow", "alias": alias, "replaceFields": false, "reduce": map[string]any{"include": []string{column}, "reducer": "lastNotNull"},
	}}
}

// reasons of flow-outs, as flow_outs_by_interval says.
var reasons = []string{"overflow", "full", "too_long", "closed", "transfer", "ended", "queue_gone"}

// unsure shows the intent that no model was sure of as intents_of is asked for it.
var unsure = []mapping{{Type: "special", Options: map[string]any{"match": "empty", "result": mapped{Text: "-"}}}}

func (l Language) intents() Panel {
	q := named("intents_by_interval", map[string]string{}).whole()
	p := l.table(l.t("What customers want (intents found)", "客户意图（识别次数）"), l.t(
		"Findings of the time range by model, of all queues; failed: no answer in time or none that holds.", "所选时间内各模型的识别结果，涵盖所有队列；失败：超时或无效。"), q,
		l.column("intent", set("mappings", unsure)), l.column("stage"), l.column("model"), l.column("language"),
		l.column("found", set("custom.align", "right"), links(l.behind(listIntents, theRange, is("intent", rowValue("intent")), is("stage", rowValue("stage"))))),
		l.column("contacts", set("custom.align", "right")), l.column("failed", set("custom.align", "right")),
		l.column("confidence", set("decimals", 0)), l.column("latency_p99_us", set("unit", micros)),
	)
	p.Transformations = []transformation{onlyWhere("intent", "^(${intent:pipe})$"), only(nil, "intent", "language", "found", "contacts", "failed", "confidence", "stage", "model", "latency_p99_us")}
	return p
}
