package dispatch_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/event"
)

// skilled is an agent of queues with skills such as "cards 4".
func skilled(id string, queues []string, skills ...string) *event.ConfigObject {
	o := agent(id, 1, queues...)
	for _, s := range skills {
		x := &event.AgentSkill{}
		_, _ = fmt.Sscan(s, &x.Skill, &x.Level)
		o.GetAgent().Skills = append(o.GetAgent().Skills, x)
	}
	return o
}

func policyOf(rules ...*event.PolicyRule) *event.ConfigObject {
	for i, r := range rules {
		if r.Name == "" {
			r.Name = fmt.Sprint("rule ", i+1)
		}
	}
	return &event.ConfigObject{Object: &event.ConfigObject_Policy{Policy: &event.Policy{Rules: rules}}}
}

// steps are needs with their seconds: "cards >= 4 for 30", "cards >= 2".
func steps(needs ...string) []*event.PolicyStep {
	var out []*event.PolicyStep
	for _, n := range needs {
		need, for_, _ := strings.Cut(n, " for ")
		s := &event.PolicyStep{Need: need}
		if for_ != "" {
			_, _ = fmt.Sscan(for_, &s.ForMs)
			s.ForMs *= 1000
		}
		out = append(out, s)
	}
	return out
}

// bank is a floor of queues cards and service; the agents are given as "ann cards 4 english 5", and idle in that order.
func bank(t *testing.T, policy *event.ConfigObject, agents ...string) *floor {
	t.Helper()
	f := newFloor(t)
	f.alive = []string{"g1"}
	f.configure(queue("cards", 0), queue("service", 0), policy)
	for _, a := range agents {
		words := strings.Fields(a)
		var skills []string
		for i := 1; i < len(words); i += 2 {
			skills = append(skills, words[i]+" "+words[i+1])
		}
		f.configure(skilled(words[0], []string{"cards", "service"}, skills...))
		f.arrives(words[0])
	}
	return f
}

// comes asks for a contact of an intent; each change adds what is known of the customer.
func (f *floor) comes(contact, intent string, changes ...func(*event.RouteRequest)) []string {
	r := contactOf(contact, "service")
	r.Intent, r.Confidence, r.Language, r.Channel = intent, 900, "en", event.Channel_CHANNEL_WEBCHAT
	for _, c := range changes {
		c(r)
	}
	return f.request(r, f.version)
}

func (f *floor) prioritises(contact string, priority int32) []string {
	return f.do(&event.Event{Body: &event.Event_SetPriority{SetPriority: &event.SetPriority{Contact: contact, Priority: priority, By: "boss"}}})
}

func (f *floor) why() string {
	w := f.offered.GetWhy()
	return strings.TrimSpace(fmt.Sprintf("%s, step %d %s %s", w.GetRule(), w.GetStep(), w.GetNeed(), w.GetPreferred()))
}

func lostCards() *event.PolicyRule {
	return &event.PolicyRule{
		Name: "lost cards", When: `contact.intent == "card_lost" && contact.confidence >= 600`, Queue: "cards",
		Steps: steps("cards >= 4 for 30", "cards >= 2 for 30", ""),
	}
}

func TestIntentChoosesTheQueueAndUnsureFallsBack(t *testing.T) {
	f := bank(t, policyOf(lostCards()), "ann cards 5")
	require.Equal(t, []string{
		"c1: requeued cards", "offer of c1 to ann: offered", "c1 in cards: offered, 1 wait", "ann: available offered",
	}, f.comes("c1", "card_lost"))
	require.Equal(t, "lost cards, step 1 cards >= 4", f.why())
	unsure := func(r *event.RouteRequest) { r.Confidence = 500 }
	require.Equal(t, []string{"c2 in service: waiting, 1 wait all_busy"}, f.comes("c2", "card_lost", unsure))
}

func TestStepsRelaxWithTime(t *testing.T) {
	f := bank(t, policyOf(lostCards()), "ann cards 4", "ben cards 2", "cid cards 1")
	require.Contains(t, f.comes("c1", "card_lost"), "offer of c1 to ann: offered")
	require.Contains(t, f.comes("c2", "card_lost"), "c2 in cards: waiting, 2 wait all_busy", "the only expert is rung")
	require.Empty(t, f.sets("cid", "available"), "who lacks the skill is left alone")
	f.answers("ann", "c1", true)
	require.NotContains(t, f.wait(29_000), "offer of c2 to ben: offered")
	require.Contains(t, f.wait(3_000), "offer of c2 to ben: offered", "after 30 s less will do")
	require.Equal(t, "lost cards, step 2 cards >= 2", f.why())
	f.comes("c3", "card_lost")
	f.answers("ben", "c2", true)
	f.wait(31_000)
	require.Contains(t, f.wait(31_000), "offer of c3 to cid: offered", "and at last anybody")
}

func TestGoldGoesStraightToAnExpert(t *testing.T) {
	gold := &event.PolicyRule{Name: "gold", When: `contact.tier == "gold"`, Priority: 5, Steps: steps("private >= 4 for 600", "")}
	f := bank(t, policyOf(gold), "ann", "ben private 5")
	vip := func(r *event.RouteRequest) { r.Tier = "gold" }
	require.Contains(t, f.comes("c1", "", vip), "offer of c1 to ben: offered", "though Ann has idled longer")
	require.Contains(t, f.comes("c2", "", vip), "c2 in service: waiting, 2 wait all_busy")
	require.Contains(t, f.comes("c3", ""), "offer of c3 to ann: offered", "others need no expert")
}

func TestLanguageIsASkill(t *testing.T) {
	speaks := &event.PolicyRule{Name: "language", Steps: steps(`contact.language == "zh" ? chinese >= 3 : english >= 3`)}
	f := bank(t, policyOf(speaks), "ann english 5", "mei chinese 5")
	zh := func(r *event.RouteRequest) { r.Language = "zh" }
	require.Contains(t, f.comes("c1", "", zh), "offer of c1 to mei: offered")
	require.Contains(t, f.comes("c2", "", zh), "c2 in service: waiting, 2 wait all_busy")
	require.Contains(t, f.comes("c3", ""), "offer of c3 to ann: offered")
	f.sets("mei", "offline")
	require.Contains(t, f.comes("c4", "", zh), "c4 in service: waiting, 4 wait nobody_fits")
}

func TestPriorityAndHeadStart(t *testing.T) {
	f := bank(t, policyOf(
		&event.PolicyRule{Name: "urgent", When: `contact.intent == "fraud"`, Priority: 10},
		&event.PolicyRule{Name: "soon", When: `contact.intent == "card_lost"`, HeadStartMs: 60_000},
	), "ann")
	f.sets("ann", "break")
	f.comes("c1", "")
	f.comes("c2", "card_lost")
	f.comes("c3", "fraud")
	for i, c := range []string{"c3", "c2", "c1"} {
		f.sets("ann", "available")
		require.Equal(t, c, f.offered.GetContact(), "%d", i)
		f.answers("ann", c, true)
		f.sets("ann", "break")
		f.releases(c, "ann", false)
	}
}

func TestASupervisorMovesAContactUp(t *testing.T) {
	f := bank(t, policyOf(), "ann")
	f.sets("ann", "break")
	f.comes("c1", "")
	f.comes("c2", "")
	require.Equal(t, []string{"c2 in service: waiting, 2 wait nobody_staffed"}, f.prioritises("c2", 7))
	require.Empty(t, f.prioritises("c2", 7), "a repeat")
	require.Contains(t, f.sets("ann", "available"), "offer of c2 to ann: offered")
	require.Equal(t, int32(7), f.offered.GetWhy().GetPriority())
}

func TestWhatASupervisorSetGoesWithAMove(t *testing.T) {
	f := bank(t, policyOf(&event.PolicyRule{Name: "cards first", When: `contact.intent == "card_lost"`, Queue: "cards", Priority: 3}), "ann")
	f.configure(queue("cards", 5))
	f.sets("ann", "break")
	f.comes("c1", "card_lost")
	f.comes("c2", "")
	f.comes("c3", "")
	f.prioritises("c2", 9)
	move := func(from, to, queue string) {
		f.comes(to, "", func(r *event.RouteRequest) { r.Queue, r.Chosen, r.Previous = queue, true, from })
		f.cancels(from, "transfer")
	}
	move("c2", "c4", "cards")
	move("c3", "c5", "cards")
	f.sets("ann", "available")
	require.Equal(t, "c4", f.offered.GetContact())
	require.Equal(t, int32(9), f.offered.GetWhy().GetPriority(), "as the supervisor said, though the queue has one of its own")
	move("c4", "c6", "service")
	require.Equal(t, "c6", f.offered.GetContact(), "and again, out of an offer")
	require.Equal(t, int32(9), f.offered.GetWhy().GetPriority())
	f.answers("ann", "c6", true)
	f.sets("ann", "break")
	f.releases("c6", "ann", false)
	f.sets("ann", "available")
	require.Equal(t, int32(8), f.offered.GetWhy().GetPriority(), "nobody set another's")
}

func TestWhatASupervisorSetGoesWithAnOverflow(t *testing.T) {
	f := bank(t, policyOf(), "ann")
	full := queue("service", 2)
	full.GetQueue().Overflow, full.GetQueue().MaxWaitMs = "cards", 20_000
	f.configure(full)
	f.sets("ann", "break")
	f.comes("c1", "")
	f.prioritises("c1", 2)
	f.wait(22_000)
	f.sets("ann", "available")
	require.Equal(t, "cards", f.offered.GetQueue())
	require.Equal(t, int32(2), f.offered.GetWhy().GetPriority(), "which was the queue's, and is the supervisor's since")
}

func TestTheLastAgentFirst(t *testing.T) {
	f := bank(t, policyOf(&event.PolicyRule{Name: "all", LastAgentMs: 20_000, Steps: steps("")}), "ann", "ben")
	last := func(who string) func(*event.RouteRequest) {
		return func(r *event.RouteRequest) { r.LastAgent = who }
	}
	require.Contains(t, f.comes("c1", "", last("ben")), "offer of c1 to ben: offered", "though Ann has idled longer")
	require.Equal(t, "all, step 0  last_agent", f.why())
	require.Contains(t, f.comes("c2", "", last("ben")), "c2 in service: waiting, 2 wait all_busy", "it waits for Ben")
	f.answers("ben", "c1", true)
	require.Contains(t, f.wait(22_000), "offer of c2 to ann: offered", "but not for ever")
	f.answers("ann", "c2", true)
	f.sets("ben", "offline")
	f.releases("c1", "ben", false)
	f.releases("c2", "ann", false)
	require.Contains(t, f.comes("c3", "", last("ben")), "offer of c3 to ann: offered", "who is not there is not waited for")
}

func TestTheLastAgentLeavesWhileAContactIsKept(t *testing.T) {
	f := bank(t, policyOf(&event.PolicyRule{Name: "all", LastAgentMs: 20_000}), "ann", "ben")
	f.sets("ben", "break")
	f.comes("c1", "", func(r *event.RouteRequest) { r.LastAgent = "ben" })
	require.Contains(t, f.sets("ben", "offline"), "offer of c1 to ann: offered")
}

func TestTransferToAnAgent(t *testing.T) {
	f := bank(t, policyOf(lostCards()), "ann cards 5", "ben")
	to := func(r *event.RouteRequest) { r.ToAgent, r.NotAgent, r.Chosen, r.Queue = "ben", "ann", true, "cards" }
	require.Contains(t, f.comes("c1", "card_lost", to), "offer of c1 to ben: offered", "whatever skill the rule asks for")
	require.Equal(t, "lost cards, step 0  to_agent", f.why())
	lines := f.answers("ben", "c1", false)
	require.Contains(t, lines, "c1 in cards: waiting, 1 wait all_excluded", "who declines has had it; the queue is next")
	require.Contains(t, f.wait(32_000), "offer of c1 to ann: offered")
}

func TestWhatAPersonChoseStays(t *testing.T) {
	f := bank(t, policyOf(lostCards()), "ann cards 5")
	require.Contains(t, f.comes("c1", "card_lost", func(r *event.RouteRequest) { r.Chosen = true }), "offer of c1 to ann: offered")
	require.Equal(t, "service", f.offered.GetQueue())
}

func TestAStepForWhichNobodyIsThereIsSkipped(t *testing.T) {
	f := bank(t, policyOf(lostCards()), "ann cards 2")
	require.Contains(t, f.comes("c1", "card_lost"), "offer of c1 to ann: offered")
	require.Equal(t, "lost cards, step 2 cards >= 2", f.why())
}

func TestDecisionsSayWhoLacksWhat(t *testing.T) {
	f := bank(t, policyOf(lostCards()), "ann", "ben cards 4", "cid cards 5", "dan cards 1")
	f.comes("c1", "card_lost")
	var why []string
	for _, c := range f.offered.GetCandidates() {
		why = append(why, c.Agent+" "+c.Reason)
	}
	require.Equal(t, []string{"ben chosen", "cid idle_shorter", "ann lacks_skill", "dan lacks_skill"}, why)
}

func TestANewPolicyMovesNobodyWhoWaits(t *testing.T) {
	f := bank(t, policyOf(lostCards()), "ann cards 4", "ben")
	f.comes("c1", "card_lost")
	f.comes("c2", "card_lost")
	f.configure(policyOf(&event.PolicyRule{Name: "anyone"}))
	require.Empty(t, f.sets("ben", "available"), "the second still needs an expert")
	require.Contains(t, f.comes("c3", "card_lost"), "offer of c3 to ben: offered")
	f.configure(removed(policyOf()))
	require.Contains(t, f.comes("c4", "card_lost"), "c4 in service: waiting, 2 wait all_busy")
	require.Contains(t, f.wait(31_000), "offer of c1 to ann: timed_out")
}
