package warehouse

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/tributary-cc/tributary/stream/embedded/embeddedtest"
	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/event"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 {
		// The engine lives as long as the process; nothing of ours may.
		if err := goleak.Find(goleak.IgnoreAnyFunction("net/http.(*Server).Serve"), goleak.IgnoreAnyFunction("net/http.(*conn).serve"),
			goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"),
			goleak.IgnoreAnyFunction("net/http.(*connReader).backgroundRead")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code) //nolint:forbidigo // how a TestMain ends
}

const t0 = int64(1_780_000_000_000) // where the scenes begin

var errErased = errors.New("erased")

// reader opens "seals" whose ciphertext is the text; the key "erased" is gone.
type reader struct{}

func (reader) OpenContent(_ context.Context, _ string, s *event.Sealed) (*event.Content, error) {
	if s.GetKeyRef() == "erased" {
		return nil, errErased
	}
	return &event.Content{Text: string(s.GetCiphertext())}, nil
}

func faultOf(err error) TextFault {
	if errors.Is(err, errErased) {
		return TextErased
	}
	return TextLater
}

// scene writes facts as their folds would: numbered per lane, and now and then twice.
type scene struct {
	t     testing.TB
	log   *enginetest.Log
	lanes map[string]uint64
	wrote int
	last  map[string][]event.Record
}

func newScene(t testing.TB, partitions int) *scene {
	return &scene{t: t, log: enginetest.NewLog(partitions), lanes: map[string]uint64{}, last: map[string][]event.Record{}}
}

// fact appends one.
func (s *scene) fact(topic event.Topic, processor, key string, e *event.Event) {
	partition := event.PartitionOf("acme/"+key, s.log.Partitions(topic))
	lane := fmt.Sprint(topic, processor, partition)
	s.lanes[lane]++
	s.wrote++
	e.Tenant, e.Key = "acme", "acme/"+key
	e.Origin = &event.Origin{Processor: processor, Partition: int32(partition), Epoch: 1, Offset: int64(s.wrote), Number: s.lanes[lane]}
	id := event.OriginID(e.GetOrigin())
	e.Id = id[:]
	value, err := event.Marshal(e)
	require.NoError(s.t, err)
	r := event.Record{Key: []byte(e.GetKey()), Value: value}
	s.log.Append(context.Background(), topic, partition, []event.Record{r}, func(error) {})
	s.last[lane] = append(s.last[lane], r)
	if s.wrote%7 == 0 { // a standby repeats the last few
		tail := s.last[lane][max(0, len(s.last[lane])-3):]
		s.log.Append(context.Background(), topic, partition, tail, func(error) {})
	}
}

func (s *scene) message(customer string, sequence uint64, author event.Author, text, key string, at int64, more ...func(*event.MessageAdded)) {
	m := &event.MessageAdded{
		Message: fmt.Sprintf("m-%s-%d", customer, sequence), Conversation: "conv-" + customer, Contact: "c-" + customer,
		Channel: event.Channel_CHANNEL_WEBCHAT, Author: author, Sequence: sequence, SentMs: at, ClientId: fmt.Sprint("cl", sequence),
	}
	for _, change := range more {
		change(m)
	}
	s.fact(event.TopicConversationFacts, "conversation", customer, &event.Event{
		AtMs: at, Customer: customer, Address: "p-" + customer, Sealed: &event.Sealed{KeyRef: key, ContentId: "x", Ciphertext: []byte(text)},
		Body: &event.Event_MessageAdded{MessageAdded: m},
	})
}

func (s *scene) contact(c *event.Contact, customer string, at int64) {
	c.Conversation, c.Channel = "conv-"+customer, event.Channel_CHANNEL_WEBCHAT
	s.fact(event.TopicConversationFacts, "conversation", customer, &event.Event{
		AtMs: at, Customer: customer, Body: &event.Event_ContactChanged{ContactChanged: &event.ContactChanged{Contact: c, Change: "queued"}},
	})
}

// bulk writes n customers with a contact of three versions, two messages and a row in each other table.
func (s *scene) bulk(from, n int) {
	for i := from; i < from+n; i++ {
		c, at := fmt.Sprintf("cu%d", i), t0+int64(i)
		for v := uint64(1); v <= 3; v++ {
			contact := &event.Contact{Contact: "c-" + c, Queue: "sales", State: event.ContactState_CONTACT_STATE_QUEUED, StartedMs: at, EnqueuedMs: at, Version: v}
			if v == 3 {
				contact.State, contact.EndedMs = event.ContactState_CONTACT_STATE_ENDED, at
			}
			s.contact(contact, c, at)
		}
		for _, e := range []*event.Event{
			{Body: &event.Event_ProfileChanged{ProfileChanged: &event.ProfileChanged{Tier: "gold", Version: 1}}},
			{Body: &event.Event_BehaviourSeen{BehaviourSeen: &event.BehaviourSeen{Kind: "page"}}},
			{Body: &event.Event_SurveyTaken{SurveyTaken: &event.SurveyTaken{Contact: "c-" + c, Score: 4}}},
			{Body: &event.Event_IntentFound{IntentFound: &event.IntentFound{Contact: "c-" + c, Intent: "loan"}}},
		} {
			e.AtMs, e.Customer = at, c
			s.fact(event.TopicConversationFacts, "conversation", c, e)
		}
		s.message(c, 1, event.Author_AUTHOR_CUSTOMER, "hello "+c, "k", at)
		s.message(c, 2, event.Author_AUTHOR_AGENT, "hi", "k", at+1)
		s.fact(event.TopicConversationFacts, "conversation", c, &event.Event{AtMs: at, Customer: c, Body: &event.Event_MessageMarked{
			MessageMarked: &event.MessageMarked{Message: "m-" + c + "-2", Conversation: "conv-" + c, State: event.DeliveryState_DELIVERY_STATE_READ},
		}})
		s.fact(event.TopicRoutingFacts, "routing", "main", &event.Event{AtMs: at, Body: &event.Event_OfferChanged{OfferChanged: &event.OfferChanged{
			Offer: "o-" + c, Contact: "c-" + c, Agent: "a1", Queue: "sales", State: event.OfferState_OFFER_STATE_OFFERED, Version: 1, OfferedMs: at,
			Candidates: []*event.Candidate{{Agent: "a1", Chosen: true, Reason: "chosen", Score: 5}, {Agent: "a2", Reason: "no_capacity"}},
		}}})
		s.fact(event.TopicRoutingFacts, "routing", "main", &event.Event{AtMs: at, Body: &event.Event_AgentChanged{AgentChanged: &event.AgentChanged{
			Agent: "a1", Status: "available", Activity: "offered", Connected: true, Contacts: []string{"c-" + c}, SinceMs: at, Version: uint64(i) + 1,
		}}})
		s.fact(event.TopicRoutingFacts, "routing", "main", &event.Event{AtMs: at, Body: &event.Event_QueueEntry{QueueEntry: &event.QueueEntry{
			Contact: "c-" + c, Queue: "sales", State: "waiting", EnqueuedMs: at, ChangedMs: at, Waiting: 1, Version: 1,
		}}})
	}
}

func openWarehouse(t testing.TB, dsn string) *Warehouse {
	t.Helper()
	w, err := Open(Config{DSN: dsn})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	return w
}

func newTestSink(t testing.TB, w *Warehouse, s *scene) *Sink {
	t.Helper()
	sink, err := NewSink(Options{
		Log: s.log, Warehouse: w, Opener: reader{}, Fault: faultOf, Now: time.Now, //nolint:forbidigo // a test of real time
		Mask:     func(text string) string { return strings.ReplaceAll(text, "secret", "******") },
		Interval: 20 * time.Millisecond, Grace: 150 * time.Millisecond, Rows: 200,
	})
	require.NoError(t, err)
	return sink
}

// runUntil runs a sink until it has caught up.
func runUntil(t testing.TB, sink *Sink, ready func(Lag) bool) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(context.Background())
	enough := errors.New("enough")
	ended := make(chan error, 1)
	go func() { ended <- sink.Run(ctx) }()
	require.Eventually(t, func() bool {
		select {
		case err := <-ended:
			require.NoError(t, err)
		default:
		}
		return ready(sink.Lag())
	}, 60*time.Second, 5*time.Millisecond, "lag: %+v", sink.Lag())
	cancel(enough)
	require.ErrorIs(t, <-ended, enough)
}

func caughtUp(l Lag) bool { return l.Records == 0 && !l.Since.IsZero() && l.Pending == 0 }

func seeded(t testing.TB) (*Warehouse, *scene) {
	t.Helper()
	w := openWarehouse(t, embeddedtest.ClickHouse(t))
	return w, newScene(t, 3)
}
