package config

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/event"
)

func overflowing(id, to, domain string) *event.ConfigObject {
	return &event.ConfigObject{Object: &event.ConfigObject_Queue{Queue: &event.Queue{Id: id, Overflow: to, Domain: domain}}}
}

func hours(id string) *event.ConfigObject {
	return &event.ConfigObject{Object: &event.ConfigObject_Hours{Hours: &event.Hours{
		Id: id, Zone: "Asia/Shanghai", Shifts: []*event.ZoneShift{{FromMs: 0, OffsetS: 8 * 3600}},
		Openings: []*event.Opening{{Day: 1, FromMinute: 540, ToMinute: 1080}}, Holidays: []*event.Holiday{{Day: 20_000}},
	}}}
}

func policy(domain string, queues ...string) *event.ConfigObject {
	p := &event.Policy{Domain: domain}
	for _, q := range queues {
		p.Rules = append(p.Rules, &event.PolicyRule{Name: "to " + q, When: `contact.tier == "gold"`, Queue: q, Steps: []*event.PolicyStep{{Need: "zh >= 3", ForMs: 1000}, {}}})
	}
	return &event.ConfigObject{Object: &event.ConfigObject_Policy{Policy: p}}
}

func code(id string, queues ...string) *event.ConfigObject {
	return &event.ConfigObject{Object: &event.ConfigObject_WrapUpCode{WrapUpCode: &event.WrapUpCode{Id: id, Name: "Sold", Queues: queues}}}
}

func reply(id, team, text string) *event.ConfigObject {
	return &event.ConfigObject{Object: &event.ConfigObject_QuickReply{QuickReply: &event.QuickReply{Id: id, Team: team, Text: text}}}
}

func reason(id string) *event.ConfigObject {
	return &event.ConfigObject{Object: &event.ConfigObject_StatusReason{StatusReason: &event.StatusReason{Id: id, Name: "Lunch"}}}
}

func TestEveryKindIsAppliedAndRemoved(t *testing.T) {
	s := enginetest.New(t, Processor())
	with := overflowing("sales", "rest", "")
	with.GetQueue().Hours = "week"
	all := []*event.ConfigObject{
		with, queue("rest"), hours("week"), policy("", "sales", "", DefaultQueue), code("sold", "sales"), team("a"), reply("hello", "a", "Hello {customer.name}"), reason("lunch"),
	}
	require.Len(t, applied(t, s.Apply(change("acme", 0, all...))).GetObjects(), len(all))
	require.Equal(t, `policy "main" refers to queue "sales", which would be removed
wrap-up code "sold" refers to queue "sales", which would be removed`, refused(t, s.Apply(change("acme", 0, without(queue("sales"))))))
	require.Contains(t, refused(t, s.Apply(change("acme", 0, without(hours("week"))))), `queue "sales" refers to hours "week", which would be removed`)
	require.Contains(t, refused(t, s.Apply(change("acme", 0, without(team("a"))))), `quick reply "hello" refers to team "a", which would be removed`)
	for _, o := range all {
		without(o)
	}
	applied(t, s.Apply(change("acme", 0, all...)))
	require.Contains(t, refused(t, s.Apply(change("acme", 0, without(policy("main"))))), `policy "main" cannot be removed, as there is none`)
}

func TestWhatTheNewKindsReferToExists(t *testing.T) {
	s := enginetest.New(t, Processor())
	lost := overflowing("sales", "nowhere", "")
	lost.GetQueue().Hours = "never"
	require.Equal(t, `queue "sales" refers to hours "never", which does not exist
queue "sales" refers to queue "nowhere", which does not exist
policy "west" refers to queue "lost", which does not exist
wrap-up code "sold" refers to queue "lost", which does not exist
quick reply "hello" refers to team "lost", which does not exist`,
		refused(t, s.Apply(change("acme", 0, lost, policy("west", "lost", "lost", ""), code("sold", "lost"), reply("hello", "lost", "")))))
}

// Who overflows in a circle would go round for ever.
func TestOverflowDoesNotComeBack(t *testing.T) {
	s := enginetest.New(t, Processor())
	require.Contains(t, refused(t, s.Apply(change("acme", 0, overflowing("a", "a", "")))), `queue "a" overflows into itself`)
	applied(t, s.Apply(change("acme", 0, overflowing("a", "b", ""), overflowing("b", "c", ""), queue("c"), overflowing("d", "b", ""))))
	require.Equal(t, `queue "c" overflows into itself, by way of ["c" "a" "b"]`, refused(t, s.Apply(change("acme", 0, overflowing("c", "a", "")))),
		"also where the others stand already")
	applied(t, s.Apply(change("acme", 0, overflowing("c", "a", ""), queue("b"))))
}

// What comes to practise would be counted, or what counts would be lost.
func TestPracticeStaysAmongItself(t *testing.T) {
	s := enginetest.New(t, Processor())
	gym, dojo := overflowing("gym", "work", ""), overflowing("dojo", "gym", "")
	gym.GetQueue().Practice, dojo.GetQueue().Practice = true, true
	require.Contains(t, refused(t, s.Apply(change("acme", 0, gym, queue("work")))), `queue "gym" refers to queue "work"; of these one is to practise in`)
	gym.GetQueue().Overflow = ""
	require.Contains(t, refused(t, s.Apply(change("acme", 0, gym, overflowing("work", "gym", "")))), `queue "work" refers to queue "gym"; of these one is to practise in`)
	applied(t, s.Apply(change("acme", 0, gym, dojo)))
}

// Who routes has no use for a policy's tests; who exports it has.
func TestTestsOfAPolicyStayInTheFacts(t *testing.T) {
	s := enginetest.New(t, Processor())
	p := policy("main")
	p.GetPolicy().Tests = "- name: one"
	for _, out := range s.Apply(change("acme", 0, p)) {
		want := map[bool]string{true: "- name: one"}[out.Topic == event.TopicConfigFacts]
		require.Equal(t, want, out.Event.GetConfigApplied().GetObjects()[0].GetPolicy().GetTests(), out.Topic)
	}
}

// One domain is one order; work that left it would be in nobody's.
func TestWorkStaysInItsDomain(t *testing.T) {
	s := enginetest.New(t, Processor())
	applied(t, s.Apply(change("acme", 0, overflowing("far", "", "west"), queue("rest"), overflowing("near", "rest", "main"), policy("west", "far"))))
	require.Contains(t, refused(t, s.Apply(change("acme", 0, overflowing("near", "far", "")))), `queue "near" refers to queue "far" of the domain "west"`)
	require.Contains(t, refused(t, s.Apply(change("acme", 0, policy("", "far")))), `policy "main" refers to queue "far" of the domain "west"`)
	require.Equal(t, `policy "west" refers to queue "far" of the domain "main"; work does not leave its domain, which is "west"`,
		refused(t, s.Apply(change("acme", 0, queue("far")))), "a queue that moves takes no policy along")
}

func TestSizesAreBounded(t *testing.T) {
	s := enginetest.New(t, Processor())
	applied(t, s.Apply(change("acme", 0, queue("q"))))
	long := queue("sales")
	long.GetQueue().Name = strings.Repeat("x", maxName+1)
	ruled := policy("", make([]string, maxRules+1)...)
	worded := policy("west", "")
	worded.GetPolicy().Rules[0].When = strings.Repeat("x", maxExpression+1)
	worded.GetPolicy().Rules[0].HeadStartMs = -1
	early := hours("early")
	early.GetHours().Openings[0].Day = 8
	early.GetHours().Holidays[0].ToMinute = 1441
	early.GetHours().Shifts = append(early.GetHours().Shifts, &event.ZoneShift{FromMs: -1})
	asking := entry("shop", "q")
	asking.GetEntryPoint().Form = make([]*event.FormField, maxFormFields+1)
	for i := range asking.GetEntryPoint().GetForm() {
		asking.GetEntryPoint().Form[i] = &event.FormField{Name: "n"}
	}
	asking.GetEntryPoint().IntentDeadlineMs = 60_001
	require.Equal(t, `queue "sales": the name has 257 bytes, more than 256
policy "main" has 501 rules, more than 500
policy "west": the condition of a rule has 4097 bytes, more than 4096
policy "west" has a negative time in the rule "to "
hours "early" have shifts that are not in order of time
hours "early" open on day 8 from minute 540 to 1080, which no week has
hours "early" have a holiday from minute 0 to 1441, which no day has
entry point "shop" has 21 form fields, more than 20
entry point "shop" lets customers wait 60001 ms for an intent, more than 60000
quick reply "hello": the text has 8193 bytes, more than 8192
quick reply "huge" has 70014 bytes, more than 65536`,
		refused(t, s.Apply(change("acme", 0, long, ruled, worded, early, asking, reply("hello", "", strings.Repeat("x", maxText+1)), reply("huge", "", strings.Repeat("x", 70_000))))))
}
