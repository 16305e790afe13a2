package boards

import (
	"strings"
)

// asked is a variable whose choices the data source knows; what the person may not see is not among them.
func (l Language) asked(name, label, team string) Variable {
	q := Query{RefID: "variable-" + name, Datasource: tributary(), Kind: name, Team: team}
	return Variable{
		Type: "query", Name: name, Label: label, Datasource: of(tributary()), Query: q, Definition: name, Refresh: onBoardLoad,
		IncludeAll: true, Current: &option{Text: l.t("All", "全部"), Value: "$__all"}, Options: []option{},
	}
}

// chosen is a variable with choices of its own; each is "text : value". The first but one marked by * is chosen at first.
func chosen(name, label, description string, choices ...string) Variable {
	v := Variable{Type: "custom", Name: name, Label: label, Description: description, Options: []option{}}
	list := make([]string, len(choices))
	for i, c := range choices {
		plain := strings.TrimPrefix(c, "*")
		text, value, _ := strings.Cut(plain, " : ")
		o := option{Text: text, Value: value, Selected: plain != c}
		if o.Selected {
			v.Current = &o
		}
		list[i] = plain
		v.Options = append(v.Options, o)
	}
	v.Query = strings.Join(list, ",")
	return v
}

// any of a custom variable's choices may be meant: then its value is empty.
func (v Variable) orAll(l Language) Variable {
	all := option{Selected: true, Text: l.t("All", "全部"), Value: "$__all"}
	v.IncludeAll, v.Current = true, &all
	v.Options = append([]option{all}, v.Options...)
	return v
}

// typed is a variable for any text.
func typed(name, label, description, value string) Variable {
	o := option{Selected: true, Text: value, Value: value}
	return Variable{Type: "textbox", Name: name, Label: label, Description: description, Query: value, Current: &o, Options: []option{o}}
}

func (l Language) queueVariable() Variable {
	return l.asked("queue", l.w(columns["queue"]), "")
}

func (l Language) agentVariable(team string) Variable {
	return l.asked("agent", l.w(columns["agent"]), team)
}

// pageURL is where people open Tributary; nobody chooses it.
func (l Language) pageURL() Variable {
	v := l.asked("page_url", "", "")
	v.Hide, v.IncludeAll, v.Current, v.SkipURLSync = hideVariable, false, nil, true
	return v
}

func (l Language) interval() Variable {
	return chosen("interval", l.w(columns["interval_ms"]), l.t("The length of the intervals", "每个时段的长度"),
		l.t("5 min", "5 分钟")+" : 300000", "*"+l.t("15 min", "15 分钟")+" : 900000", l.t("30 min", "30 分钟")+" : 1800000", l.t("1 h", "1 小时")+" : 3600000", l.t("1 day", "1 天")+" : 86400000")
}

func (l Language) target() Variable {
	var choices []string
	for _, s := range []string{"10", "15", "*20", "25", "30", "45", "60", "90", "120", "180", "240", "300", "600"} {
		choices = append(choices, s+" s : "+strings.TrimPrefix(s, "*")+"000")
	}
	return chosen("target", "T", l.t("The wait T of the service levels; any number of milliseconds may be typed", "服务水平的等待时限 T；可直接输入任意毫秒数"), choices...)
}

func (l Language) short() Variable {
	var choices []string
	for _, s := range []string{"1", "2", "3", "*5", "10", "20"} {
		choices = append(choices, s+" s : "+strings.TrimPrefix(s, "*")+"000")
	}
	return chosen("short", l.t("Short abandon under", "短放弃阈值"), l.t("An abandon with a shorter wait is a short one", "等待更短的放弃记为短放弃"), choices...)
}

// switches are those of Genesys' formula.
func (l Language) switches() []Variable {
	in, out := l.t("in", "计入")+" : 1", l.t("out", "不计")+" : 0"
	help := l.t("A switch of the service level by Genesys: in its divisor or not", "Genesys 服务水平公式的开关：是否计入分母")
	return []Variable{
		chosen("abandons", l.t("Genesys: abandons", "Genesys：放弃"), help, "*"+in, out),
		chosen("short_abandons", l.t("Genesys: short abandons", "Genesys：短放弃"), help, "*"+in, out),
		chosen("flow_outs", l.t("Genesys: flow-outs", "Genesys：转出"), help, in, "*"+out),
	}
}
