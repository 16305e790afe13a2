package boards

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/tributary-cc/tributary/stream/embedded/embeddedtest"
	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/warehouse"
)

const (
	second = int64(1000)
	minute = 60 * second
	hour   = 60 * minute
	// begin is 2026-03-02 08:00 in UTC, a Monday; the day that is seeded ends at.
	begin = int64(1_772_438_400_000)
	end   = begin + 3*hour
)

// day is a morning of a floor, as folds would have stated it: three queues and six agents; the last contacts still wait.
type day struct {
	*rand.Rand
	t     *testing.T
	log   *enginetest.Log
	lanes map[string]uint64
	wrote int64
}

type nothingSealed struct{}

func (nothingSealed) OpenContent(context.Context, string, *event.Sealed) (*event.Content, error) {
	return &event.Content{}, nil
}

// stillWait are those who wait at the day's end, and for how many seconds: as many as the wallboard says that look/ draws beside them.
var stillWait = []struct {
	queue string
	since int64
}{
	{"cards", 17},
	{"cards", 9},
	{"cards", 5},
	{"travel", 64},
	{"travel", 40},
	{"night", 9},
	{"loans", 251},
	{"loans", 215},
	{"loans", 170},
	{"loans", 121},
	{"loans", 95},
	{"loans", 66},
	{"loans", 31},
	{"loans", 12},
}

// seeded is a warehouse with that day in it.
func seeded(t *testing.T) *warehouse.Warehouse {
	t.Helper()
	w, err := warehouse.Open(warehouse.Config{DSN: embeddedtest.ClickHouse(t)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	d := &day{Rand: rand.New(rand.NewPCG(3, 11)), t: t, log: enginetest.NewLog(1), lanes: map[string]uint64{}}
	for i := range 240 {
		d.contact(i, []string{"cards", "loans", "travel"}[i%3], begin+d.Int64N(end-begin)).becomes()
	}
	for i, one := range stillWait {
		d.contact(240+i, one.queue, end-one.since*second) // to this moment
	}
	sink, err := warehouse.NewSink(warehouse.Options{
		Log: d.log, Warehouse: w, Opener: nothingSealed{}, Mask: func(s string) string { return s }, Now: time.Now, //nolint:forbidigo // it waits for a real engine
		Interval: 20 * time.Millisecond, Grace: 150 * time.Millisecond,
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancelCause(t.Context())
	enough, ended := errors.New("enough"), make(chan error, 1)
	go func() { ended <- sink.Run(ctx) }()
	require.Eventually(t, func() bool {
		l := sink.Lag()
		return l.Records == 0 && !l.Since.IsZero() && l.Pending == 0
	}, time.Minute, 5*time.Millisecond)
	cancel(enough)
	require.ErrorIs(t, <-ended, enough)
	return w
}

func (d *day) fact(topic event.Topic, processor, customer string, at int64, e *event.Event) {
	d.lanes[processor]++
	d.wrote++
	e.Tenant, e.Key, e.AtMs = "acme", "acme/"+customer, at
	if topic == event.TopicConversationFacts {
		e.Customer = customer
	}
	e.Origin = &event.Origin{Processor: processor, Epoch: 1, Offset: d.wrote, Number: d.lanes[processor]}
	id := event.OriginID(e.GetOrigin())
	e.Id = id[:]
	value, err := event.Marshal(e)
	require.NoError(d.t, err)
	d.log.Append(d.t.Context(), topic, 0, []event.Record{{Key: []byte(e.GetKey()), Value: value}}, func(err error) { require.NoError(d.t, err) })
}

// one is a contact on its way.
type one struct {
	*day
	c       *event.Contact
	cohort  uint32
	version uint64
	at      int64
}

func (d *day) contact(i int, queue string, at int64) *one {
	id := fmt.Sprintf("c%04d", i)
	o := &one{day: d, at: at, cohort: 1, c: &event.Contact{
		Contact: id, Conversation: "conv-" + id, Channel: event.Channel_CHANNEL_WEBCHAT, State: event.ContactState_CONTACT_STATE_QUEUED, StartedMs: at, EnqueuedMs: at,
		Queue: queue, Intent: []string{"card_lost", "loan_rate", "booking", ""}[d.IntN(4)],
	}}
	o.changed("started")
	reason := "sure"
	if o.c.GetIntent() == "" {
		reason = "unsure"
	}
	d.fact(event.TopicConversationFacts, "conversation", "cu-"+id, at, &event.Event{Body: &event.Event_IntentFound{IntentFound: &event.IntentFound{
		Contact: id, Conversation: o.c.GetConversation(), Message: "m", Intent: o.c.GetIntent(), Confidence: uint32(600 + d.IntN(400)), Language: "en",
		Model: "linear", ModelVersion: "1", Stage: "local", Reason: reason, LatencyUs: uint32(200 + d.IntN(900)),
	}}})
	o.entry("waiting", "", "", "")
	return o
}

// becomes is what happened to one: answered mostly, else it gave up, or flowed out.
func (o *one) becomes() {
	wait := o.Int64N(27_000)
	o.at += wait * wait * wait / 27_000 / 27_000 // few wait long
	switch n := o.IntN(100); {
	case n < 12:
		o.entry("abandoned", "", "", "")
		o.c.State, o.c.EndReason, o.c.EndedMs = event.ContactState_CONTACT_STATE_ENDED, "abandoned", o.at
		o.changed("ended")
	case n < 18:
		o.entry("flowed_out", "", "closed", "")
		o.c.State, o.c.EndReason, o.c.EndedMs = event.ContactState_CONTACT_STATE_ENDED, "closed", o.at
		o.changed("ended")
	case n < 26 && o.cohort == 1:
		o.entry("flowed_out", "", "overflow", "loans")
		o.cohort++
		o.c.Queue = "loans"
		o.entry("waiting", "", "", "")
		o.becomes()
	default:
		o.answered()
	}
}

func (o *one) answered() {
	agent := fmt.Sprintf("a%d", 1+o.IntN(6))
	offer := func(attempt int, state event.OfferState, version uint64, offered, closed int64) {
		o.fact(event.TopicRoutingFacts, "routing", "main", o.at, &event.Event{Body: &event.Event_OfferChanged{OfferChanged: &event.OfferChanged{
			Offer: fmt.Sprintf("o-%s-%d", o.c.GetContact(), attempt), Contact: o.c.GetContact(), Conversation: o.c.GetConversation(), Agent: agent, Queue: o.c.GetQueue(),
			State: state, OfferedMs: offered, ClosedMs: closed, Version: version,
		}}})
	}
	offered, attempt := o.at, 1
	offer(attempt, event.OfferState_OFFER_STATE_OFFERED, 1, offered, 0)
	if o.IntN(10) == 0 {
		offer(attempt, event.OfferState_OFFER_STATE_TIMED_OUT, 2, offered, o.at+20*second)
		o.at += 20 * second
		offered, attempt = o.at, 2
		offer(attempt, event.OfferState_OFFER_STATE_OFFERED, 1, offered, 0)
	}
	o.at += o.Int64N(6 * second)
	offer(attempt, event.OfferState_OFFER_STATE_ACCEPTED, 2, offered, o.at)
	o.entry("answered", agent, "", "")
	o.c.State, o.c.Agent, o.c.AssignedMs = event.ContactState_CONTACT_STATE_ASSIGNED, agent, o.at
	o.changed("assigned")
	o.at += minute + o.Int64N(5*minute)
	o.c.State, o.c.EndedMs, o.c.EndReason = event.ContactState_CONTACT_STATE_WRAPPING, o.at, []string{"agent", "customer", "transfer"}[o.IntN(3)]
	o.changed("ended")
	if o.IntN(12) == 0 {
		return // its wrap-up goes on
	}
	o.at += o.Int64N(90 * second)
	o.c.State, o.c.WrappedMs, o.c.WrapUpCode = event.ContactState_CONTACT_STATE_ENDED, o.at, []string{"solved", "sold", ""}[o.IntN(3)]
	o.changed("wrapped")
}

func (o *one) changed(change string) {
	o.c.Version++
	o.fact(event.TopicConversationFacts, "conversation", "cu-"+o.c.GetContact(), o.at, &event.Event{
		Body: &event.Event_ContactChanged{ContactChanged: &event.ContactChanged{Contact: proto.CloneOf(o.c), Change: change}},
	})
}

func (o *one) entry(state, agent, reason, next string) {
	o.version++
	o.fact(event.TopicRoutingFacts, "routing", "main", o.at, &event.Event{Body: &event.Event_QueueEntry{QueueEntry: &event.QueueEntry{
		Contact: o.c.GetContact(), Conversation: o.c.GetConversation(), Queue: o.c.GetQueue(), Channel: event.Channel_CHANNEL_WEBCHAT, State: state,
		EnqueuedMs: o.c.GetEnqueuedMs(), ChangedMs: o.at, Version: o.version, Agent: agent, Reason: reason, NextQueue: next, Cohort: o.cohort,
	}}})
}
