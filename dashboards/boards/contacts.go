package boards

// Contacts is the board behind the numbers: the lists of what each counts. A link opens one of them with the number's own bounds, so
// that it has as many rows as the number says.
func (l Language) Contacts() Board {
	g := &grid{}
	g.put(24, 14, l.enqueueingsList())
	g.put(24, 12, l.handledList())
	g.put(24, 12, l.offersList())
	g.put(24, 12, l.intentsList())
	b := l.board("contacts", l.t("Contacts", "联络"), l.t(
		"The contacts behind the numbers of the other boards, the latest first; each row opens its conversation in Tributary.",
		"其他看板上各数字对应的联络，最新的在前；每行可在 Tributary 中打开会话。"), g)
	b.Time = timeRange{"now/d", "now"}
	b.Templating.List = l.contactVariables()
	return b
}

func (l Language) contactVariables() []Variable {
	choice := func(name, label string, words ...string) Variable {
		choices := make([]string, len(words))
		for i, w := range words {
			choices[i] = l.w(values[w]) + " : " + w
		}
		return chosen(name, label, "", choices...).orAll(l)
	}
	text := func(name, en, zh, value string) Variable {
		return typed(name, l.t(en, zh), l.t("Empty for all", "留空表示全部"), value)
	}
	return []Variable{
		l.queueVariable(), l.asked("team", l.t("Team", "班组"), ""), l.agentVariable("$team"),
		choice("outcome", l.t("Outcome in the queue", "队列结果"), "answered", "abandoned", "flowed_out", "waiting"),
		text("reason", "Reason of a flow-out", "转出原因", ""),
		typed("min_wait", l.t("Wait at least, ms", "等待至少（毫秒）"), "", "0"), typed("max_wait", l.t("at most, ms", "至多（毫秒）"), "", longest),
		choice("state", l.t("Handled", "处理状态"), "ended", "wrapping"), text("end_reason", "Ended by", "结束原因", ""), text("code", "Wrap-up code", "话后代码", ""),
		choice("offer", l.t("Offer", "派单结果"), "accepted", "rejected", "timed_out", "rescinded", "offered"),
		l.asked("intent", l.w(columns["intent"]), ""), text("stage", "Found by", "识别者", ""),
		l.anyChannel(),
		chosen("count", l.t("Rows at most", "最多行数"), l.t("A list says if it holds as many: then there may be more", "列表达到上限时可能还有更多"), "100 : 100", "*1000 : 1000", "10000 : 10000"),
		l.pageURL(),
	}
}

// anyChannel filters the rows that came: the lists take no channel. All of them is any text.
func (l Language) anyChannel() Variable {
	v := l.asked("channel", l.w(columns["channel"]), "")
	v.AllValue = ".*"
	return v
}

// list is a table whose rows each open the conversation in Tributary.
func (l Language) list(title, description string, q Query, shown []string, overrides ...override) Panel {
	open := dataLink{
		Title: l.t("Open the conversation in Tributary", "在 Tributary 中打开会话"), TargetBlank: true, OneClick: true,
		URL: `${page_url:raw}/conversations/${__data.fields["conversation"]}`,
	}
	all := []override{l.column("contact", set("links", []dataLink{open})), l.column("conversation", set("links", []dataLink{open}))}
	named := map[string]bool{"contact": true, "conversation": true}
	for _, o := range overrides {
		named[o.Matcher.Options] = true
	}
	for _, name := range shown {
		if !named[name] {
			all = append(all, l.column(name))
		}
	}
	p := l.table(title, description, q, append(all, overrides...)...)
	p.Transformations = []transformation{only(nil, shown...)}
	return p
}

func (l Language) times(names ...string) []override {
	out := make([]override, len(names))
	for i, n := range names {
		out[i] = l.column(n, set("unit", moment), set("custom.width", 165))
	}
	return out
}

func (l Language) lengths(names ...string) []override {
	out := make([]override, len(names))
	for i, n := range names {
		out[i] = l.column(n, set("unit", millis), set("decimals", 1), set("mappings", none))
	}
	return out
}

// none shows 0 as nothing: who still waits has no wait yet, who wraps up no wrap-up, and no survey scores less than 1.
var none = []mapping{{Type: "value", Options: map[string]mapped{"0": {Text: "–"}}}}

func (l Language) enqueueingsList() Panel {
	q := named("contacts_of", map[string]string{
		"queue": "$queue", "outcome": "$outcome", "reason": "$reason", "min_wait_ms": "$min_wait", "max_wait_ms": "$max_wait", "skip": "0", "count": "$count",
	})
	colors := map[string]string{"abandoned": vermillion, "waiting": amber, "flowed_out": purple}
	overrides := append(l.times("enqueued_ms", "left_ms", "since_ms"), l.lengths("wait_ms")...)
	overrides = append(overrides,
		l.column("outcome", set("mappings", []mapping{l.mappedTo(colors, "answered", "abandoned", "flowed_out", "waiting")}), shown(), set("thresholds", steps(clear))),
		l.column("reason", set("mappings", []mapping{l.mappedTo(nil, reasons...)})))
	p := l.list(l.t("Enqueueings (behind service level, speed, abandonment and volume)", "入队记录（服务水平、速度、放弃与业务量）"), l.t(
		"Those enqueued in the time range. A contact that came into a queue twice stands here twice.", "所选时间内的入队。联络两次进入队列则出现两次。"),
		q, []string{"enqueued_ms", "contact", "queue_name", "channel", "outcome", "wait_ms", "agent_name", "reason", "next_queue_name", "left_ms", "since_ms", "cohort", "conversation"}, overrides...)
	p.Transformations = append([]transformation{onlyWhere("channel", "^(${channel:pipe})$")}, p.Transformations...)
	return p
}

func (l Language) handledList() Panel {
	q := named("handled_of", map[string]string{
		"queue": "$queue", "agent": "$agent", "state": "$state", "initiation": "", "end_reason": "$end_reason", "code": "$code", "skip": "0", "count": "$count",
	})
	overrides := append(l.times("assigned_ms", "ended_ms", "wrapped_ms"), l.lengths("acw_ms")...)
	overrides = append(overrides, l.column("state", set("mappings", []mapping{l.mappedTo(nil, "ended", "wrapping")})), l.column("survey", set("mappings", none)),
		by("talk_ms", set("displayName", l.t("Talk", "交谈时长")), set("unit", millis), set("decimals", 1)))
	p := l.list(l.t("Handled (behind handle time)", "已处理（处理时长）"), l.t(
		"Those whose talk with an agent ended in the time range.", "与坐席的交谈在所选时间内结束的联络。"),
		q, []string{"ended_ms", "contact", "queue_name", "agent_name", "channel", "state", "talk_ms", "acw_ms", "initiation", "end_reason", "code", "intent", "survey", "assigned_ms", "wrapped_ms", "conversation"},
		overrides...)
	p.Transformations = append([]transformation{onlyWhere("channel", "^(${channel:pipe})$")}, p.Transformations...)
	return p
}

func (l Language) offersList() Panel {
	q := named("offers_of", map[string]string{"queue": "$queue", "agent": "$agent", "state": "$offer", "skip": "0", "count": "$count"})
	colors := map[string]string{"rejected": vermillion, "timed_out": vermillion, "rescinded": purple, "offered": amber}
	overrides := append(l.times("offered_ms", "closed_ms"),
		l.column("state", set("mappings", []mapping{l.mappedTo(colors, "accepted", "rejected", "timed_out", "rescinded", "offered")}), shown(), set("thresholds", steps(clear))))
	p := l.list(l.t("Offers", "派单"), l.t("Those made in the time range.", "所选时间内的派单。"),
		q, []string{"offered_ms", "contact", "queue_name", "agent_name", "channel", "state", "reason", "closed_ms", "offer", "conversation"}, overrides...)
	p.Transformations = append([]transformation{onlyWhere("channel", "^(${channel:pipe})$")}, p.Transformations...)
	return p
}

func (l Language) intentsList() Panel {
	q := named("intents_of", map[string]string{"intent": "$intent", "stage": "$stage", "skip": "0", "count": "$count"})
	overrides := append(l.times("at_ms"), l.column("intent", set("mappings", unsure)), l.column("latency_us", set("unit", micros)))
	return l.list(l.t("Intents found", "识别的意图"), l.t("What models found in the time range.", "所选时间内模型的识别结果。"),
		q, []string{"at_ms", "contact", "intent", "confidence", "language", "stage", "model", "model_version", "reason", "latency_us", "message", "conversation"}, overrides...)
}
