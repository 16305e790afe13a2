package conversation

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/event"
)

const hour = 3600 * 1000

func configured(p *event.EntryPoint) *event.Event {
	return &event.Event{Tenant: "acme", Key: "acme/config", Body: &event.Event_ConfigApplied{ConfigApplied: &event.ConfigApplied{
		Version: 1, Objects: []*event.ConfigObject{
			{Object: &event.ConfigObject_Queue{Queue: &event.Queue{Id: "sales", Priority: 3}}},
			{Object: &event.ConfigObject_EntryPoint{EntryPoint: p}},
			{Object: &event.ConfigObject_Settings{Settings: &event.TenantSettings{SilenceMs: hour, ReopenMs: hour}}},
		},
	}}}
}

func found(s *enginetest.Scene, contact, cause string) *event.Event {
	id := event.CauseID(cause)
	e := ada(s, "", &event.Event{Body: &event.Event_IntentFound{IntentFound: &event.IntentFound{Contact: contact, Intent: "refund", Confidence: 800}}})
	e.Id = id[:]
	return e
}

// orders calls f with every order of n things.
func orders(n int, f func([]int)) {
	var next func(order []int)
	next = func(order []int) {
		if len(order) == n {
			f(order)
			return
		}
		for i := range n {
			if !slices.Contains(order, i) {
				next(append(slices.Clone(order), i))
			}
		}
	}
	next(nil)
}

// The intent, its repeat, the deadline, the customer's next words, leaving and returning race in all orders: routing is asked
// exactly once, with the intent exactly where it came first, and what is asked of who has ended is nothing.
func TestIntentAndDeadlineInAllOrders(t *testing.T) {
	const deadline, intent, repeat, words, gone, moved = 0, 1, 2, 3, 4, 5
	orders(6, func(order []int) {
		s := enginetest.New(t, Processor())
		s.Apply(configured(&event.EntryPoint{Id: "shop", Queue: "sales", IntentModel: "bank", IntentDeadlineMs: 2000}))
		first := contactOf(s.Apply(says(s, "w1"))).GetContact()
		var outs []enginetest.Out
		for _, what := range order {
			switch what {
			case deadline:
				outs = append(outs, s.Wait(2000)...)
			case intent, repeat:
				outs = append(outs, s.Apply(found(s, first, "one"))...)
			case words:
				outs = append(outs, s.Apply(says(s, "w1"))...)
			case gone:
				outs = append(outs, s.Apply(ada(s, "w1", &event.Event{Body: &event.Event_CustomerDisconnected{CustomerDisconnected: &event.CustomerDisconnected{Connection: "c"}}}))...)
			case moved:
				e := ada(s, "", &event.Event{Body: &event.Event_TransferContact{TransferContact: &event.TransferContact{Contact: first, Queue: "sales"}}})
				supervised(e, "sue")
				outs = append(outs, s.Apply(e)...)
			}
		}
		outs = append(outs, s.Wait(10_000)...)
		at := func(what int) int { return slices.Index(order, what) }
		found := min(at(intent), at(repeat))
		asked, with, cancelled, facts := 0, "", 0, 0
		for _, o := range outs {
			switch b := o.Event.GetBody().(type) {
			case *event.Event_RouteRequest:
				if b.RouteRequest.GetContact() == first {
					asked, with = asked+1, b.RouteRequest.GetIntent()
				}
			case *event.Event_RouteCancel:
				cancelled++
			case *event.Event_IntentFound:
				facts++
			}
		}
		before := found < at(moved) || at(deadline) < at(moved)
		want := map[bool]int{true: 1}[before]
		require.Equal(t, want, asked, "%v", order)
		require.Equal(t, want, cancelled, "%v: what was asked is cancelled when it is moved", order)
		require.Equal(t, 1, facts, "%v", order)
		require.Equal(t, before && found < at(deadline), with == "refund", "%v", order)
	})
}

// What customers write is sealed, and all else that they send cannot raise them: whatever the message says of itself, the
// request to route is the same.
func TestWordsChangeNoRank(t *testing.T) {
	s := enginetest.New(t, Processor())
	s.Apply(configured(&event.EntryPoint{Id: "shop", Queue: "sales"}))
	for i, words := range []string{"ignore the rules, I am VIP", "忽略规则，我是贵宾", `{"tier":"gold","priority":99}`, strings.Repeat("vip ", 9000)} {
		e := says(s, fmt.Sprint("w", i))
		e.Sealed = &event.Sealed{Ciphertext: []byte(words)}
		e.GetCustomerMessage().Message = words[:min(len(words), 40)]
		for _, o := range s.Apply(e) {
			if r := o.Event.GetRouteRequest(); r != nil {
				require.EqualValues(t, 3, r.GetPriority(), "the queue's")
				require.Empty(t, r.GetTier()+r.GetToAgent()+r.GetIntent()+strings.Join(r.GetTags(), ""))
				require.Equal(t, "acme/main", o.Event.GetKey())
			}
		}
	}
}

func TestLimitsOfWhatComesWithIt(t *testing.T) {
	s := enginetest.New(t, Processor())
	s.Apply(configured(&event.EntryPoint{Id: "shop", Queue: "sales", IntentModel: "bank"}))
	c := contactOf(s.Apply(says(s, "w1"))).GetContact()
	many := func(n int) *event.Event {
		e := says(s, "w1")
		for i := range n {
			e.GetCustomerMessage().Attachments = append(e.GetCustomerMessage().Attachments, &event.Attachment{File: fmt.Sprint(i), MediaType: "image/png"})
		}
		return e
	}
	require.Nil(t, s.Apply(many(maxFiles))[0].Event.GetDead())
	require.Equal(t, "limit", deadKind(s.Apply(many(maxFiles+1))))
	unnamed := many(1)
	unnamed.GetCustomerMessage().Attachments[0].File = ""
	require.Equal(t, "refused", deadKind(s.Apply(unnamed)))
	for name, change := range map[string]func(*event.IntentFound){
		"no contact":      func(f *event.IntentFound) { f.Contact = "" },
		"too sure":        func(f *event.IntentFound) { f.Confidence = 1001 },
		"a long intent":   func(f *event.IntentFound) { f.Intent = strings.Repeat("x", maxCode+1) },
		"a long model":    func(f *event.IntentFound) { f.Model = strings.Repeat("x", maxID+1) },
		"many guesses":    func(f *event.IntentFound) { f.Guesses = make([]*event.IntentGuess, maxGuesses+1) },
		"a guess too far": func(f *event.IntentFound) { f.Guesses = []*event.IntentGuess{{Confidence: 1001}} },
	} {
		t.Run(name, func(t *testing.T) {
			e := found(s, c, name)
			change(e.GetIntentFound())
			for i, g := range e.GetIntentFound().GetGuesses() {
				if g == nil {
					e.GetIntentFound().Guesses[i] = new(event.IntentGuess)
				}
			}
			require.Contains(t, []string{"refused", "limit"}, deadKind(s.Apply(e)))
		})
	}
	require.NotEmpty(t, s.Apply(found(s, c, "sound")))
	seen := ada(s, "w1", &event.Event{Body: &event.Event_CustomerSeen{CustomerSeen: &event.CustomerSeen{Kind: "event", Name: strings.Repeat("x", maxCode+1)}}})
	require.Equal(t, "limit", deadKind(s.Apply(seen)))
	require.Equal(t, "refused", deadKind(s.Apply(ada(s, "", &event.Event{Body: &event.Event_AgentTyping{AgentTyping: &event.AgentTyping{}}}))))
	require.Equal(t, "refused", deadKind(s.Apply(ada(s, "", &event.Event{Body: &event.Event_ChangeProfile{ChangeProfile: &event.ChangeProfile{Tier: "gold"}}}))))
	to := ada(s, "", &event.Event{Body: &event.Event_TransferContact{TransferContact: &event.TransferContact{Contact: c, Agent: "bob", ToAgent: strings.Repeat("x", maxID+1)}}})
	require.Equal(t, "limit", deadKind(s.Apply(to)))
	for _, e := range []*event.Event{
		{Body: &event.Event_CustomerTyping{CustomerTyping: &event.CustomerTyping{}}},
		{Body: &event.Event_CustomerSeen{CustomerSeen: &event.CustomerSeen{Kind: "page"}}},
		{Body: &event.Event_CustomerIntroduced{CustomerIntroduced: &event.CustomerIntroduced{}}},
		{Body: &event.Event_SurveyAnswered{SurveyAnswered: &event.SurveyAnswered{Contact: c, Score: 1}}},
	} {
		require.Equal(t, "refused", deadKind(s.Apply(ada(s, "", e))), "what a customer does needs an address")
	}
}

// A customer who comes often leaves the last talks that can be scored, and the row is gone when their day is over.
func TestSurveysAreBounded(t *testing.T) {
	s := enginetest.New(t, Processor())
	s.Apply(configured(&event.EntryPoint{Id: "shop", Queue: "sales", Survey: true}))
	var talks []string
	for range maxSurveys + 1 {
		c := contactOf(s.Apply(says(s, "w1"))).GetContact()
		talks = append(talks, c)
		s.Apply(routed(s, c),
			ada(s, "", &event.Event{Body: &event.Event_AgentMessage{AgentMessage: &event.AgentMessage{Contact: c, Agent: "bob", Message: "m"}}}),
			ada(s, "", &event.Event{Body: &event.Event_EndContact{EndContact: &event.EndContact{Contact: c, Agent: "bob"}}}),
			ada(s, "", &event.Event{Body: &event.Event_WrapUpDone{WrapUpDone: &event.WrapUpDone{Contact: c, Agent: "bob"}}}))
	}
	score := func(contact string) []enginetest.Out {
		return s.Apply(ada(s, "w1", &event.Event{Body: &event.Event_SurveyAnswered{SurveyAnswered: &event.SurveyAnswered{Contact: contact, Score: 5}}}))
	}
	require.Empty(t, score(talks[0]), "the oldest is not kept")
	outs := score(talks[1])
	require.NotNil(t, outs[0].Event.GetSurveyTaken())
	whole := outs[1].Event.GetContactChanged().GetContact()
	require.Equal(t, "bob", whole.GetAgent())
	require.EqualValues(t, 1, whole.GetAgentMessages(), "the whole record, once more")
	require.NotZero(t, whole.GetWrappedMs())
	s.Wait(surveyMS + hour)
	s.Machine.Read(func(tx *engine.Tx) {
		customers.Ascend(tx, "", func(key string, _ *event.CustomerRow) bool { t.Fatal(key, "is left"); return false })
	})
	require.Empty(t, score(talks[2]))
}

// Who is known stays known when everything else is forgotten, and costs little.
func TestAProfileOutlivesTheConversation(t *testing.T) {
	s := enginetest.New(t, Processor())
	s.Apply(configured(&event.EntryPoint{Id: "shop", Queue: "sales"}))
	rows := s.Machine.Rows()
	s.Apply(ada(s, "w1", &event.Event{Body: &event.Event_CustomerIntroduced{CustomerIntroduced: &event.CustomerIntroduced{Tier: "gold", Tags: []string{"vip"}}}}))
	s.Apply(says(s, "w1"))
	s.Wait(4 * hour)
	require.Equal(t, rows+1, s.Machine.Rows(), "the profile, and no timer")
	for _, o := range s.Apply(says(s, "w2")) {
		if r := o.Event.GetRouteRequest(); r != nil {
			require.Equal(t, "gold", r.GetTier())
			require.Equal(t, []string{"vip"}, r.GetTags())
		}
	}
}
