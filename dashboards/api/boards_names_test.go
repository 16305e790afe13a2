package api

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/event"
)

// countingOpener opens what a test seals, as a name, and counts.
type countingOpener struct {
	opened *atomic.Int64
	broken *atomic.Bool
}

func (o countingOpener) OpenContent(_ context.Context, _ string, s *event.Sealed) (*event.Content, error) {
	o.opened.Add(1)
	if o.broken.Load() {
		return nil, context.DeadlineExceeded
	}
	return &event.Content{Name: string(s.GetCiphertext())}, nil
}

// agentsAreNamed gives the agents of a board names.
func (w *world) agentsAreNamed(names map[string]string) {
	var objects []*event.ConfigObject
	for _, a := range []struct {
		id, team string
		queues   []string
	}{{"ann", "loans", []string{"sales", "shared"}}, {"bob", "cards", []string{"cards", "shared"}}} {
		objects = append(objects, &event.ConfigObject{Object: &event.ConfigObject_Agent{Agent: &event.Agent{
			Id: a.id, Team: a.team, Queues: a.queues, ChatCapacity: 2, Name: &event.Sealed{Ciphertext: []byte(names[a.id])},
		}}})
	}
	w.put(event.TopicConfigFacts, &event.Event{Tenant: "acme", Key: "acme/config", AtMs: w.ms.Load(), Body: &event.Event_ConfigApplied{
		ConfigApplied: &event.ConfigApplied{Version: 3, Objects: objects},
	}})
}

const handledQuery = `{"ref":"A","name":"contacts_handled","params":{"queue":"","agent":"",` + sinceHour + `}}`

// The ids in an answer's rows come with their names, as far as who reads sees them; whoever shares the answer shares their opening.
func TestAnswersNameWhomTheyAreAbout(t *testing.T) {
	w, token := newBoard(t)
	w.agentsAreNamed(map[string]string{"ann": "Ann 安", "bob": "Bob Back"})
	var opened atomic.Int64
	var broken atomic.Bool
	n := &numbers{answer: rows("interval_ms queue agent handled",
		[]any{1, "shared", "ann", 7}, []any{2, "shared", "ann", 7}, []any{1, "shared", "bob", 8}, []any{1, "sales", "ann", 9}, []any{1, "cards", "bob", 1}, []any{1, "gone", "left", 1}, []any{1, "", "", 1})}
	p := w.process(func(c *Config) { c.Boards, c.Opener = n, countingOpener{&opened, &broken} })
	names := func(login, query string) any {
		a := p.query(as(token, login), query)
		require.NotEmpty(t, dig(a.body, "results", 0, "rows"), "%s: %s", login, a.raw)
		return dig(a.body, "results", 0, "names")
	}
	before := opened.Load()
	for range 3 {
		require.Equal(t, map[string]any{
			"queue": map[string]any{"shared": "SHARED", "sales": "SALES", "cards": "CARDS"}, "agent": map[string]any{"ann": "Ann 安", "bob": "Bob Back"},
		}, names("", handledQuery), "of who is not there any more nothing is known but the id")
		require.Equal(t, map[string]any{
			"queue": map[string]any{"shared": "SHARED", "sales": "SALES"}, "agent": map[string]any{"ann": "Ann 安"},
		}, names("lara", handledQuery), "of her teams alone")
		require.Equal(t, map[string]any{
			"queue": map[string]any{"shared": "SHARED", "cards": "CARDS"}, "agent": map[string]any{"bob": "Bob Back"},
		}, names("carl", handledQuery))
	}
	require.Equal(t, int64(1), n.runs.Load())
	require.Equal(t, before+2, opened.Load(), "each name is opened once for all who look")

	// A queue's list keeps the rows of others' agents, without their names; and where a contact went, without the other queue's.
	n.answer = rows("contact queue agent next_queue", []any{"k1", "shared", "ann", "sales"}, []any{"k2", "shared", "bob", "cards"})
	list := `{"ref":"A","name":"contacts_of","params":{"queue":"shared","from_ms":0,"to_ms":9,"outcome":"","reason":"","min_wait_ms":0,"max_wait_ms":9,"skip":0,"count":50}}`
	require.Equal(t, map[string]any{
		"queue": map[string]any{"shared": "SHARED", "sales": "SALES"}, "agent": map[string]any{"ann": "Ann 安"},
	}, names("lara", list))
	require.Equal(t, map[string]any{
		"queue": map[string]any{"shared": "SHARED", "sales": "SALES", "cards": "CARDS"}, "agent": map[string]any{"ann": "Ann 安", "bob": "Bob Back"},
	}, names("", list))

	// Names that cannot be opened are left out, and the numbers come all the same.
	broken.Store(true)
	w.ms.Add(time.Hour.Milliseconds())
	n.answer = rows("agent status", []any{"ann", "x"})
	require.Equal(t, map[string]any{"queue": map[string]any{}, "agent": map[string]any{}}, names("", `{"ref":"A","name":"floor_now","params":{"at_ms":5}}`))
}
