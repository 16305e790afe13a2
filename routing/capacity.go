package routing

import "github.com/tributary-cc/tributary/stream/event"

// room tells whether an agent may hold one contact more of a channel.
//
// A channel that the agent's capacities name counts by itself. The others share one capacity, that for chats; a call is
// one at a time. A call and anything else exclude each other, unless the capacities name both: who is to chat during
// a call has {voice: 1, webchat: 2}.
func (a *agent) room(channel event.Channel) bool {
	limit, named := a.named(channel)
	if !named {
		limit = a.row.Capacity
		if channel == event.Channel_CHANNEL_VOICE {
			limit = 1
		}
	}
	if len(a.held) == 0 {
		return limit > 0
	}
	n := uint32(0)
	for _, c := range a.held {
		if c.channel == channel {
			n++
			continue
		}
		_, other := a.named(c.channel)
		switch {
		case named && other:
		case c.channel == event.Channel_CHANNEL_VOICE || channel == event.Channel_CHANNEL_VOICE:
			return false
		case !named && !other:
			n++
		}
	}
	return n < limit
}

func (a *agent) named(channel event.Channel) (uint32, bool) {
	for _, c := range a.row.Capacities {
		if c.GetChannel() == channel {
			return c.GetContacts(), true
		}
	}
	return 0, false
}
