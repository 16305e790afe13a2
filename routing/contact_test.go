package routing

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/tributary-cc/tributary/stream/event"
)

// Rows once repeated what follows from their key, and kept the offer of a contact that was answered.
func TestFullRowsAreReadAndWrittenShort(t *testing.T) {
	d := New("t", Main, Default())
	require.NoError(t, d.Load(Rows{Agents: []*event.RoutingAgentRow{{Agent: "ann", Configured: true, Queues: []string{"sales"}, Capacity: 2}}}))
	require.NoError(t, d.LoadContact("c1", &event.RoutingContactRow{
		Request: &event.RouteRequest{
			Contact: "c1", Conversation: "v1", Customer: "p1", Channel: event.Channel_CHANNEL_APP, Queue: "gone", Priority: 2,
			EnqueuedMs: 7, NotAgent: "ben",
		},
		Queue: "sales", State: assigned, Agent: "ann", Offer: "o1", OfferedMs: 8, ExpiresAfterMs: 9, Version: 3,
	}))
	d.Loaded()
	out, err := d.Apply(Moment{Clock: 10}, &event.Event{Body: &event.Event_ContactReleased{ContactReleased: &event.ContactReleased{
		Contact: "c1", Agent: "ann", Wrapping: true,
	}}})
	require.NoError(t, err)
	require.Len(t, out.Contacts, 1)
	require.Equal(t, "c1", out.Contacts[0].ID)
	want := &event.RoutingContactRow{
		Request: &event.RouteRequest{
			Conversation: "v1", Customer: "p1", Channel: event.Channel_CHANNEL_APP, Priority: 2, EnqueuedMs: 7,
		},
		Queue: "sales", State: wrapping, Agent: "ann", Version: 3,
	}
	require.True(t, proto.Equal(want, out.Contacts[0].Row), "%v", out.Contacts[0].Row)
	require.ErrorContains(t, d.LoadContact("c2", &event.RoutingContactRow{State: offered, Agent: "eve"}), "agent eve, who has no row")
}

func TestMemoryIsUsedAgainOnlyWhenToldTo(t *testing.T) {
	d := New("t", Main, Default())
	ask := func(id string) *event.Event {
		out, err := d.Apply(Moment{}, &event.Event{Body: &event.Event_RouteRequest{RouteRequest: &event.RouteRequest{
			Contact: id, Customer: "p", Queue: "sales",
		}}})
		require.NoError(t, err)
		require.Len(t, out.Outputs, 1)
		return out.Outputs[0].Event
	}
	first := ask("c1")
	second := ask("c2")
	require.Equal(t, "c1", first.GetQueueEntry().GetContact())
	require.Equal(t, "c2", second.GetQueueEntry().GetContact())
	d.Recycle()
	require.Same(t, first, ask("c3"))
	require.Equal(t, "c3", first.GetQueueEntry().GetContact())
	require.Equal(t, "c2", second.GetQueueEntry().GetContact())
}
