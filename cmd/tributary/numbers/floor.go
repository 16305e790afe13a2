package numbers

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/warehouse/reckon"
)

// shown is of the supervisors' floor what are numbers and states.
type shown struct {
	Agents []struct {
		ID         string   `json:"id"`
		Status     string   `json:"status"`
		Reason     string   `json:"reason"`
		NextStatus string   `json:"next_status"`
		Activity   string   `json:"activity"`
		Connected  bool     `json:"connected"`
		SinceMs    int64    `json:"since_ms"`
		Contacts   []string `json:"contacts"`
		Capacity   uint32   `json:"capacity"`
	} `json:"agents"`
	Queues []struct {
		ID       string `json:"id"`
		Waiting  int    `json:"waiting"`
		OldestMs int64  `json:"oldest_ms"`
	} `json:"queues"`
	Contacts []struct {
		ID    string `json:"id"`
		State string `json:"state"`
		Agent string `json:"agent"`
	} `json:"contacts"`
}

// floorDifferences compares what supervisors see with what the facts say last.
func floorDifferences(facts []*event.Event, practice map[string]bool, raw []byte) ([]string, error) {
	var s shown
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, fmt.Errorf("the floor cannot be read: %w", err)
	}
	agents, queues, contacts := lastOf(facts, practice)
	want, got := map[string]string{}, map[string]string{}
	for id, a := range agents {
		want["agent "+id] = fmt.Sprint(a.GetStatus(), "|", a.GetReason(), "|", a.GetNextStatus(), "|", a.GetActivity(), "|", a.GetConnected(), "|", a.GetSinceMs(),
			"|", slices.Sorted(slices.Values(a.GetContacts())), "|", a.GetCapacity())
	}
	for _, a := range s.Agents {
		got["agent "+a.ID] = fmt.Sprint(a.Status, "|", a.Reason, "|", a.NextStatus, "|", a.Activity, "|", a.Connected, "|", a.SinceMs,
			"|", slices.Sorted(slices.Values(a.Contacts)), "|", a.Capacity)
	}
	for id, q := range queues {
		want["queue "+id] = q
	}
	for _, q := range s.Queues {
		got["queue "+q.ID] = fmt.Sprintf("%d waiting, the oldest since %d", q.Waiting, q.OldestMs)
	}
	for id, c := range contacts {
		want["contact "+id] = strings.ToLower(strings.TrimPrefix(c.GetState().String(), "CONTACT_STATE_")) + " " + c.GetAgent()
	}
	for _, c := range s.Contacts {
		got["contact "+c.ID] = c.State + " " + c.Agent
	}
	return unequal(want, got), nil
}

func unequal(want, got map[string]string) []string {
	const silent = "0 waiting, the oldest since 0"
	var out []string
	for _, what := range slices.Sorted(maps.Keys(want)) {
		if got[what] != want[what] {
			out = append(out, fmt.Sprintf("floor: %s is shown as %q, the facts say %q", what, got[what], want[what]))
		}
		delete(got, what)
	}
	for _, what := range slices.Sorted(maps.Keys(got)) {
		// A queue nobody came to and an agent who never did anything stand in no fact.
		if strings.HasPrefix(what, "agent ") || got[what] == silent {
			continue
		}
		out = append(out, fmt.Sprintf("floor: %s is shown as %q, the facts do not know it", what, got[what]))
	}
	return out
}

// lastOf are the agents, the queues and the contacts that go on, as they stood last. Who is being offered to an agent still waits.
// Queues for practice, and who is in one or came out of it, the floor does not show.
func lastOf(facts []*event.Event, practice map[string]bool) (agents map[string]*event.AgentChanged, queues map[string]string, contacts map[string]*event.Contact) {
	agents, queues, contacts = map[string]*event.AgentChanged{}, map[string]string{}, map[string]*event.Contact{}
	waits := map[string]string{}
	for _, e := range facts {
		switch b := e.GetBody().(type) {
		case *event.Event_AgentChanged:
			agents[b.AgentChanged.GetAgent()] = b.AgentChanged
		case *event.Event_QueueEntry:
			switch q := b.QueueEntry; {
			case q.GetState() == "waiting" || q.GetState() == "offered":
				waits[q.GetContact()] = q.GetQueue()
			case waits[q.GetContact()] == q.GetQueue():
				delete(waits, q.GetContact())
			}
		case *event.Event_ContactChanged:
			c := b.ContactChanged.GetContact()
			if c.GetVersion() >= contacts[c.GetContact()].GetVersion() {
				contacts[c.GetContact()] = c
			}
		}
	}
	for _, row := range (reckon.Reckoning{Facts: facts, Practice: practice}).QueuesNow(math.MaxInt64) { // queue, waiting, offered, oldest
		queues[fmt.Sprint(row[0])] = fmt.Sprintf("%d waiting, the oldest since %d", row[1], row[3])
	}
	maps.DeleteFunc(contacts, func(id string, c *event.Contact) bool {
		return c.GetState() == event.ContactState_CONTACT_STATE_ENDED || practice[cmp.Or(waits[id], c.GetQueue())]
	})
	return agents, queues, contacts
}
