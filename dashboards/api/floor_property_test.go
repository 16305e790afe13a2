package api

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/event"
)

// board is a floor as a page merges it: things by id, and contacts until they end.
type board struct {
	agents, queues, contacts map[string]string
	teams                    []teamView
}

func (p *page) merge(t require.TestingT, s *Server) board {
	b := board{map[string]string{}, map[string]string{}, map[string]string{}, nil}
	for i := range p.notes {
		if p.notes[i].kind != noteFloor {
			continue
		}
		frame, err := s.render(context.Background(), person{Tenant: "acme"}, &p.notes[i])
		require.NoError(t, err)
		b.take(t, frame)
	}
	return b
}

func (b *board) take(t require.TestingT, frame []byte) {
	var f floorFrame
	require.NoError(t, json.Unmarshal(frame, &f))
	if f.Whole {
		clear(b.agents)
		clear(b.queues)
		clear(b.contacts)
	}
	b.teams = f.Teams
	for _, a := range f.Agents {
		b.agents[a.ID] = fmt.Sprint(a)
	}
	for _, q := range f.Queues {
		b.queues[q.ID] = fmt.Sprint(q)
	}
	for _, c := range f.Contacts {
		b.contacts[c.ID] = fmt.Sprint(c)
		if c.State == "ended" {
			delete(b.contacts, c.ID)
		}
	}
}

// Whenever a page begins to watch, what it merges is the floor as it is: nothing is forgotten between the whole and the
// changes, however they fall into batches.
func TestWhatAFloorsWatcherMergesIsTheFloor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := enginetest.NewLog(3)
		s, f := testServer(log), newFacts(t, log)
		w := &world{facts: f}
		put := func(topic event.Topic, e *event.Event) { s.view.apply([]engine.Delivered{w.put(topic, e)}) }
		var pages []*page
		sees := map[*page][]string{}
		agents, queues := []string{"ann", "bob"}, []string{"sales", "returns"}
		states := []event.ContactState{event.ContactState_CONTACT_STATE_QUEUED, event.ContactState_CONTACT_STATE_ASSIGNED, event.ContactState_CONTACT_STATE_ENDED}
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			contact := fmt.Sprintf("k%d", rapid.IntRange(0, 3).Draw(t, "contact"))
			agent, queue := rapid.SampledFrom(agents).Draw(t, "agent"), rapid.SampledFrom(queues).Draw(t, "queue")
			switch rapid.IntRange(0, 6).Draw(t, "what") {
			case 0:
				p := new(page)
				sees[p] = rapid.SampledFrom([][]string{nil, {"loans"}, {"cards"}}).Draw(t, "teams")
				s.view.watchFloor("acme", sees[p], p, true)
				pages = append(pages, p)
			case 1:
				s.view.flushQueues()
				s.view.flushFloors()
			case 2:
				put(event.TopicRoutingFacts, &event.Event{Tenant: "acme", Key: "acme/main", Body: &event.Event_AgentChanged{AgentChanged: &event.AgentChanged{
					Agent: agent, Status: rapid.SampledFrom([]string{"available", "break"}).Draw(t, "status"), Connected: rapid.Bool().Draw(t, "connected"),
				}}})
			case 3:
				put(event.TopicRoutingFacts, &event.Event{Tenant: "acme", Key: "acme/main", Body: &event.Event_QueueEntry{QueueEntry: &event.QueueEntry{
					Contact: contact, Queue: queue, State: rapid.SampledFrom([]string{"waiting", "offered", "answered", "flowed_out"}).Draw(t, "state"),
					Priority: int32(rapid.IntRange(0, 2).Draw(t, "priority")), EnqueuedMs: 5, Reason: rapid.SampledFrom([]string{"", "all_busy"}).Draw(t, "reason"),
				}}})
			case 4:
				gone := rapid.IntRange(0, 3).Draw(t, "gone") == 0
				put(event.TopicConfigFacts, &event.Event{Tenant: "acme", Key: "acme/config", Body: &event.Event_ConfigApplied{ConfigApplied: &event.ConfigApplied{
					Objects: []*event.ConfigObject{
						{Removed: gone, Object: &event.ConfigObject_Agent{Agent: &event.Agent{
							Id: agent, Queues: []string{queue}, Team: rapid.SampledFrom([]string{"loans", "cards"}).Draw(t, "team"),
						}}},
						{Removed: gone, Object: &event.ConfigObject_Queue{Queue: &event.Queue{Id: queue, Name: "named"}}},
						{Removed: gone, Object: &event.ConfigObject_Team{Team: &event.Team{Id: "loans"}}},
					},
				}}})
			default:
				s.view.apply([]engine.Delivered{f.contact("c", "v-"+contact, contact, rapid.SampledFrom(states).Draw(t, "state"), agent)})
			}
		}
		s.view.flushQueues()
		for range wholeFloorAfter + 1 {
			s.view.flushFloors()
		}
		for _, p := range pages {
			now := new(page)
			s.view.watchFloor("acme", sees[p], now, true)
			want := now.merge(t, s)
			got := p.merge(t, s)
			require.Equal(t, want.agents, got.agents)
			require.Equal(t, want.queues, got.queues)
			require.Equal(t, want.contacts, got.contacts)
			require.Equal(t, want.teams, got.teams)
		}
		s.view.mu.Lock()
		defer s.view.mu.Unlock()
		for _, q := range s.view.byQueue {
			staffed := 0
			for _, a := range s.view.byAgent[1:] {
				if a.staffs && a.serves(q.number) {
					staffed++
				}
			}
			require.Equal(t, staffed, q.staffed, q.id)
		}
	})
}
