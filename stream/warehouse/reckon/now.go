package reckon

import (
	"slices"

	"github.com/tributary-cc/tributary/stream/event"
)

// QueuesNow is queue_now at a moment.
func (k Reckoning) QueuesNow(at int64) [][]any {
	var t table
	for _, s := range k.stays() {
		if s.enqueued > at {
			continue
		}
		r := t.row(zeros(3), 0, s.e.GetQueue())
		if s.left != 0 && s.left <= at {
			continue
		}
		bump(r, 2, 1)
		if s.e.GetState() == "offered" {
			bump(r, 3, 1)
		}
		if num(r, 4) == 0 {
			r[4] = s.enqueued // they are in their order
		}
	}
	out := t.sorted()
	for i := range out {
		out[i] = out[i][1:]
	}
	return out
}

// FloorNow is floor_now at a moment.
func (k Reckoning) FloorNow(at int64) [][]any {
	last := map[string]*event.AgentChanged{}
	for _, f := range k.Facts {
		if a := f.GetAgentChanged(); a != nil && f.GetAtMs() <= at {
			last[a.GetAgent()] = a
		}
	}
	var t table
	for _, a := range last {
		t.row(func() []any {
			return []any{
				a.GetStatus(), a.GetReason(), a.GetNextStatus(), a.GetBy(), a.GetActivity(), a.GetConnected(), slices.Clone(a.GetContacts()), a.GetCapacity(),
				a.GetSinceMs(), max(0, at-a.GetSinceMs()),
			}
		}, 0, a.GetAgent())
	}
	out := t.sorted()
	for i := range out {
		out[i] = out[i][1:]
	}
	return out
}
