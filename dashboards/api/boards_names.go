package api

import (
	"context"
	"time"

	"github.com/tributary-cc/tributary/stream/warehouse"
)

// Rows of boards name queues and agents by their ids, for links; people know them by their names, which go beside the rows.

// openNames bounds how long the names of one answer are opened for: those that were not by then are left out.
const openNames = 3 * time.Second

// queryNames are the names of the queues and agents in an answer's rows, by id. Who has no name is not among them.
type queryNames struct {
	Queue map[string]string `json:"queue"`
	Agent map[string]string `json:"agent"`
}

func noNames() queryNames {
	return queryNames{Queue: make(map[string]string), Agent: make(map[string]string)}
}

func (n queryNames) size() int {
	bytes := 0
	for _, of := range [...]map[string]string{n.Queue, n.Agent} {
		for id, name := range of {
			bytes += 64 + len(id) + len(name)
		}
	}
	return bytes
}

// idsIn goes through the ids of a result's rows, each once.
func idsIn(columns []warehouse.Column, rows [][]any, queue, agent func(id string)) {
	seen := map[string]map[string]bool{columnQueue: {}, columnAgent: {}}
	for i, c := range columns {
		of, tell := seen[columnQueue], queue
		switch c.Name {
		case columnQueue, columnNext:
		case columnAgent:
			of, tell = seen[columnAgent], agent
		default:
			continue
		}
		for _, row := range rows {
			if id := str(row[i]); id != "" && !of[id] {
				of[id] = true
				tell(id)
			}
		}
	}
}

// namesIn finds the names of an answer once for all who share it: those of agents are sealed, and opening them costs.
func (s *Server) namesIn(ctx context.Context, tenant string, r *warehouse.Result) queryNames {
	ctx, cancel := context.WithTimeout(ctx, openNames)
	defer cancel()
	out := noNames()
	idsIn(r.Columns, r.Rows, func(id string) {
		if name := s.view.queueName(tenant, id); name != id {
			out.Queue[id] = name
		}
	}, func(id string) {
		if name := s.nameOf(ctx, tenant, id); name != id {
			out.Agent[id] = name
		}
	})
	return out
}

// seenBy is the answer as far as a scope goes: of the names, those of ids in the rows that are left.
func (a *sharedAnswer) seenBy(d *warehouse.Description, in *scope) *queryRows {
	rows := visible(d, a.result, a.asOfMs, in)
	if rows.Names = a.names; in.whole {
		return rows
	}
	rows.Names = noNames()
	keep := func(to, from map[string]string) func(string) {
		return func(id string) {
			if name, there := from[id]; there {
				to[id] = name
			}
		}
	}
	idsIn(a.result.Columns, rows.Rows, keep(rows.Names.Queue, a.names.Queue), keep(rows.Names.Agent, a.names.Agent))
	return rows
}
