package plugintest

import (
	"slices"
	"strings"

	"github.com/stretchr/testify/require"
)

// checkNames looks whether tables and lines call queues and agents as the choices of a board do, for who sees everything and who sees a team.
func (g *grafana) checkNames() {
	agents := map[string]int{}
	for _, login := range []string{"sam", "lara"} {
		var who struct {
			Queues, Agents []struct{ ID, Name string }
		}
		require.Equal(g.t, 200, g.call(login, "me", &who))
		queues, people := map[string]string{}, map[string]string{}
		for _, q := range who.Queues {
			queues[q.ID] = q.Name
		}
		for _, a := range who.Agents {
			people[a.ID] = a.Name
		}
		got := g.ask(login, nil,
			model(`{"query":"queue_by_interval","params":{%s},"align":true}`, behind), `{"query":"floor_now","align":true}`,
			model(`{"query":"queue_by_interval","params":{%s},"align":true,"format":"series","value":["answered"],"label":["queue"]}`, behind))
		for ref, r := range got {
			require.NoError(g.t, r.Error, ref)
		}
		for ref, c := range map[string]struct {
			column string
			names  map[string]string
		}{"A": {"queue", queues}, "B": {"agent", people}} {
			frame, renamed := got[ref].Frames[0], 0
			require.Positive(g.t, frame.Rows(), "%s: %s", login, c.column)
			for row := range frame.Rows() {
				id := text(frame, c.column, row)
				name, known := c.names[id]
				require.True(g.t, known, "%s sees %s %s", login, c.column, id)
				require.Contains(g.t, []string{name, name + " (" + id + ")"}, text(frame, c.column+"_name", row), login)
				if name != id {
					renamed++
				}
			}
			require.Positive(g.t, renamed, "%s: nobody has a name", c.column)
			if c.column == "agent" {
				agents[login] = frame.Rows()
			}
		}
		for _, f := range got["C"].Frames {
			id := f.Fields[1].Labels["queue"]
			require.True(g.t, strings.HasPrefix(f.Fields[1].Config.DisplayNameFromDS, queues[id]), "%s: %s", login, id)
			require.Len(g.t, f.Fields[1].Labels, 1)
		}
		require.True(g.t, slices.ContainsFunc(who.Queues, func(q struct{ ID, Name string }) bool { return q.Name != q.ID }))
	}
	require.Less(g.t, agents["lara"], agents["sam"])
}
