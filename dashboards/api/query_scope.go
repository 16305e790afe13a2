package api

import (
	"slices"

	"github.com/tributary-cc/tributary/stream/warehouse"
)

// A row belongs to whom its columns queue and agent name. What names somebody beside the row's own subject is left empty.
const (
	columnQueue = "queue"
	columnAgent = "agent"
	columnNext  = "next_queue"
)

// ofQueues are the lists whose rows are a queue's: the agent is one of the things told of them, and a row whose agent is of
// another team stays, without the agent, so that as many rows stand behind a queue's number as it says.
var ofQueues = map[string]bool{"contacts_of": true}

func has(d *warehouse.Description, column string) bool {
	return slices.ContainsFunc(d.Columns, func(c warehouse.ColumnHelp) bool { return c.Name == column })
}

func takes(d *warehouse.Description, param string) bool {
	return slices.ContainsFunc(d.Params, func(p warehouse.Param) bool { return p.Name == param })
}

// mayAsk refuses what somebody with a scope cannot be shown by rows: numbers of the whole tenant, others' queues and agents
// by name, and lists of everybody, of which a page would hold what others' rows leave.
func mayAsk(d *warehouse.Description, params map[string]any, in *scope) *queryFault {
	if in.whole {
		return nil
	}
	if !has(d, columnQueue) && !has(d, columnAgent) {
		return &queryFault{Code: codeForbidden, Message: d.Name + " counts the whole company, and your account sees some teams of it"}
	}
	queue, _ := params[columnQueue].(string)
	agent, _ := params[columnAgent].(string)
	switch {
	case queue != "" && !in.queue(queue):
		return &queryFault{Code: codeForbidden, Message: "the queue is none that an agent of your teams serves", Field: columnQueue}
	case agent != "" && !in.agent(agent):
		return &queryFault{Code: codeForbidden, Message: "the agent is in none of your teams", Field: columnAgent}
	case takes(d, "skip") && queue == "" && agent == "":
		return &queryFault{Code: codeForbidden, Message: d.Name + " lists rows: name a queue or an agent of your teams", Field: columnQueue}
	}
	return nil
}

// visible is an answer as far as a scope goes. The answer is shared and is not changed.
func visible(d *warehouse.Description, result *warehouse.Result, asOfMs int64, in *scope) *queryRows {
	out := &queryRows{Columns: make([]queryColumn, 0, len(result.Columns)), Rows: result.Rows, Truncated: result.Truncated, AsOfMs: asOfMs}
	queue, agent, next := -1, -1, -1
	for i, c := range result.Columns {
		column := queryColumn{Name: c.Name, Type: c.Type}
		for _, h := range d.Columns {
			if h.Name == c.Name {
				column.Unit = h.Unit
			}
		}
		out.Columns = append(out.Columns, column)
		switch c.Name {
		case columnQueue:
			queue = i
		case columnAgent:
			agent = i
		case columnNext:
			next = i
		}
	}
	if in.whole {
		return out
	}
	out.Rows = make([][]any, 0, len(result.Rows))
	for _, row := range result.Rows {
		hide := agent >= 0 && str(row[agent]) != "" && !in.agent(str(row[agent]))
		if queue >= 0 && !in.queue(str(row[queue])) || queue < 0 && agent < 0 || hide && !ofQueues[d.Name] || queue < 0 && str(row[agent]) == "" {
			continue
		}
		hideNext := next >= 0 && str(row[next]) != "" && !in.queue(str(row[next]))
		if hide || hideNext {
			row = slices.Clone(row)
			if hide {
				row[agent] = ""
			}
			if hideNext {
				row[next] = ""
			}
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}
