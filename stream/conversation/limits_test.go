package conversation

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/event"
)

func ada(s *enginetest.Scene, address string, e *event.Event) *event.Event {
	e.Tenant, e.Key, e.Address, e.AtMs = "acme", "acme/ada", address, s.Now()
	return e
}

func says(s *enginetest.Scene, address string) *event.Event {
	return ada(s, address, &event.Event{Body: &event.Event_CustomerMessage{CustomerMessage: &event.CustomerMessage{
		Channel: event.Channel_CHANNEL_WEBCHAT, EntryPoint: "shop", Message: "m",
	}}})
}

func routed(s *enginetest.Scene, contact string) *event.Event {
	return ada(s, "", &event.Event{Body: &event.Event_RouteOutcome{RouteOutcome: &event.RouteOutcome{
		Contact: contact, Outcome: "assigned", Agent: "bob",
	}}})
}

// contactOf gives the contact that changed last, nil where none did.
func contactOf(outs []enginetest.Out) (c *event.Contact) {
	for _, o := range outs {
		if b := o.Event.GetContactChanged(); b != nil {
			c = b.GetContact()
		}
	}
	return c
}

func deadKind(outs []enginetest.Out) string {
	if len(outs) != 1 {
		return ""
	}
	return outs[0].Event.GetDead().GetKind()
}

// A customer who comes again and again while agents never wrap up does not fill the row: the oldest wrap-up is over.
func TestOldWrapUpsMakeRoom(t *testing.T) {
	s := enginetest.New(t, Processor())
	var first string
	for i := range maxContacts + 1 {
		outs := s.Apply(says(s, "w1"))
		c := contactOf(outs)
		if i == 0 {
			first = c.GetContact()
		}
		if i == maxContacts {
			ended := outs[0].Event.GetContactChanged()
			require.Equal(t, first, ended.GetContact().GetContact())
			require.Equal(t, "wrapped", ended.GetChange())
			require.NotNil(t, outs[1].Event.GetContactReleased())
			continue
		}
		s.Apply(routed(s, c.GetContact()), ada(s, "w1", &event.Event{Body: &event.Event_CustomerEnded{CustomerEnded: &event.CustomerEnded{}}}))
	}
}

func TestLimits(t *testing.T) {
	s := enginetest.New(t, Processor())
	for i := range maxContacts {
		require.NotNil(t, contactOf(s.Apply(says(s, fmt.Sprint("w", i)))))
	}
	require.Equal(t, "limit", deadKind(s.Apply(says(s, "one more"))), "nobody has that many addresses waiting at once")

	large := says(s, "w1")
	large.Sealed = &event.Sealed{Ciphertext: make([]byte, MaxSealed+1)}
	require.Equal(t, "limit", deadKind(s.Apply(large)))
	large = says(s, "w1")
	large.Sealed = &event.Sealed{Ciphertext: make([]byte, MaxSealed)}
	for _, o := range s.Apply(large) {
		require.Nil(t, o.Event.GetDead(), "the largest text still fits all that is made of it")
	}

	long := says(s, string(make([]byte, maxID+1)))
	require.Equal(t, "limit", deadKind(s.Apply(long)))
	entry := says(s, "w1")
	entry.Key = "acme/bea"
	entry.GetCustomerMessage().EntryPoint = string(make([]byte, maxID+1))
	require.Equal(t, "limit", deadKind(s.Apply(entry)))
}

func TestRefusesWhatNobodyOfOursWrites(t *testing.T) {
	s := enginetest.New(t, Processor())
	for name, e := range map[string]*event.Event{
		"no address":            says(s, ""),
		"no customer":           func() *event.Event { e := says(s, "w1"); e.Key = "acme/"; return e }(),
		"a slash":               func() *event.Event { e := says(s, "w1"); e.Key = "acme/a/b"; return e }(),
		"another tenant's key":  func() *event.Event { e := says(s, "w1"); e.Key = "other/ada"; return e }(),
		"another customer's":    func() *event.Event { e := says(s, "w1"); e.Customer = "bea"; return e }(),
		"no id":                 func() *event.Event { e := says(s, "w1"); e.Id = []byte{}; return e }(),
		"no agent":              ada(s, "", &event.Event{Body: &event.Event_RouteOutcome{RouteOutcome: &event.RouteOutcome{Outcome: "assigned"}}}),
		"a connection of none":  ada(s, "w1", &event.Event{Body: &event.Event_CustomerConnected{CustomerConnected: &event.CustomerConnected{}}}),
		"a receipt of nothing":  ada(s, "w1", &event.Event{Body: &event.Event_Receipt{Receipt: &event.Receipt{State: 3}}}),
		"a foreign kind":        ada(s, "w1", &event.Event{Body: &event.Event_Deliver{Deliver: &event.Deliver{}}}),
		"a gateway of no name":  {Key: "gateway/", Body: &event.Event_GatewayAlive{GatewayAlive: &event.GatewayAlive{}}},
		"a gateway's long name": {Key: "gateway/", Body: &event.Event_GatewayAlive{GatewayAlive: &event.GatewayAlive{Gateway: string(make([]byte, maxID+1))}}},
		"a version of nobody's": {Key: "/config", Body: &event.Event_ConfigApplied{ConfigApplied: &event.ConfigApplied{Version: 1}}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, "refused", deadKind(s.Apply(e))) })
	}
	require.Zero(t, s.Machine.Rows())
}

// The row holds the last messages that await a receipt and the last connections; what is older is forgotten, not refused.
func TestMarksAndLinksAreBounded(t *testing.T) {
	s := enginetest.New(t, Processor())
	c := contactOf(s.Apply(says(s, "w1")))
	s.Apply(routed(s, c.GetContact()))
	for i := range maxMarks + 10 {
		s.Apply(ada(s, "", &event.Event{Body: &event.Event_AgentMessage{AgentMessage: &event.AgentMessage{Contact: c.GetContact(), Agent: "bob", Message: "m"}}}),
			ada(s, "w1", &event.Event{Body: &event.Event_CustomerConnected{CustomerConnected: &event.CustomerConnected{Connection: fmt.Sprint(i)}}}))
	}
	s.Machine.Read(func(tx *engine.Tx) {
		row := customers.Get(tx, "acme/ada")
		require.Len(t, row.GetMarks(), maxMarks)
		require.Len(t, row.GetLinks(), maxLinks)
		require.EqualValues(t, maxMarks+11, row.GetMarks()[maxMarks-1].GetSequence())
	})
}

// A fold that failed in the middle of a record starts again from its tables: the configuration is the one they hold.
func TestRestoreReadsTheConfiguration(t *testing.T) {
	s := enginetest.New(t, Processor())
	s.Apply(&event.Event{Tenant: "acme", Key: "acme/config", Body: &event.Event_ConfigApplied{ConfigApplied: &event.ConfigApplied{
		Version: 7, Objects: []*event.ConfigObject{
			{Object: &event.ConfigObject_Queue{Queue: &event.Queue{Id: "sales", Priority: 3}}},
			{Object: &event.ConfigObject_EntryPoint{EntryPoint: &event.EntryPoint{Id: "shop", Queue: "sales"}}},
			{Object: &event.ConfigObject_Agent{Agent: &event.Agent{Id: "bob"}}},
		},
	}}})
	require.Equal(t, "refused", deadKind(s.Apply(says(s, ""))), "which makes the engine begin anew from the tables")
	for _, o := range s.Apply(says(s, "w1")) {
		if r := o.Event.GetRouteRequest(); r != nil {
			require.Equal(t, "sales", r.GetQueue())
			require.EqualValues(t, 3, r.GetPriority())
			require.EqualValues(t, 7, o.Event.GetConfigVersion())
		}
	}
}
