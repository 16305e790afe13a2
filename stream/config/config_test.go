package config

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/event"
)

func queue(id string) *event.ConfigObject {
	return &event.ConfigObject{Object: &event.ConfigObject_Queue{Queue: &event.Queue{Id: id}}}
}

func skill(id string) *event.ConfigObject {
	return &event.ConfigObject{Object: &event.ConfigObject_Skill{Skill: &event.Skill{Id: id}}}
}

func team(id string) *event.ConfigObject {
	return &event.ConfigObject{Object: &event.ConfigObject_Team{Team: &event.Team{Id: id}}}
}

func entry(id, queue string) *event.ConfigObject {
	return &event.ConfigObject{Object: &event.ConfigObject_EntryPoint{EntryPoint: &event.EntryPoint{Id: id, Queue: queue}}}
}

func agent(id, team string, queues ...string) *event.ConfigObject {
	return &event.ConfigObject{Object: &event.ConfigObject_Agent{Agent: &event.Agent{
		Id: id, Queues: queues, Team: team, Skills: []*event.AgentSkill{{Skill: "zh", Level: 4}},
	}}}
}

func settings(silence int64) *event.ConfigObject {
	return &event.ConfigObject{Object: &event.ConfigObject_Settings{Settings: &event.TenantSettings{SilenceMs: silence}}}
}

func without(o *event.ConfigObject) *event.ConfigObject {
	o.Removed = true
	return o
}

var requestNumber int

func change(tenant string, base uint64, objects ...*event.ConfigObject) *event.Event {
	requestNumber++
	request := fmt.Sprint("r", requestNumber)
	id := event.CauseID(request)
	return &event.Event{
		Id: id[:], Tenant: tenant, Key: event.Key(tenant, "config"), AtMs: enginetest.Start,
		Body: &event.Event_ConfigChange{ConfigChange: &event.ConfigChange{Objects: objects, Request: request, BaseVersion: base}},
	}
}

// applied checks that everybody was told of a version, and gives what they were told.
func applied(t *testing.T, outs []enginetest.Out) *event.ConfigApplied {
	t.Helper()
	var told []string
	for _, o := range outs {
		require.NotNil(t, o.Event.GetConfigApplied(), "%v", o.Event)
		require.True(t, protoEqual(outs[0].Event.GetConfigApplied(), o.Event.GetConfigApplied()))
		told = append(told, fmt.Sprint(o.Topic, " ", o.Partition))
	}
	require.Equal(t, []string{
		"conversation.in 0", "conversation.in 1", "conversation.in 2", "conversation.in 3",
		"routing.in 0", "routing.in 1", "routing.in 2", "routing.in 3", "config.facts 0",
	}, told, "all partitions of the inboxes, and the facts")
	return outs[0].Event.GetConfigApplied()
}

func protoEqual(a, b *event.ConfigApplied) bool { return a.String() == b.String() }

// refused gives the faults that the writer was told, who alone is told.
func refused(t *testing.T, outs []enginetest.Out) string {
	t.Helper()
	require.Len(t, outs, 1)
	require.Equal(t, event.TopicConfigFacts, outs[0].Topic)
	require.NotNil(t, outs[0].Event.GetConfigRefused(), "%v", outs[0].Event)
	return strings.Join(outs[0].Event.GetConfigRefused().GetFaults(), "\n")
}

func TestAVersionReachesAllPartitionsAndVersionsCountUp(t *testing.T) {
	s := enginetest.New(t, Processor())
	first := change("acme", 0, queue("sales"), entry("shop", "sales"), skill("zh"), team("a"), agent("bob", "a", "sales"), settings(1))
	v := applied(t, s.Apply(first))
	require.EqualValues(t, 1, v.GetVersion())
	require.Equal(t, first.GetConfigChange().GetRequest(), v.GetRequest())
	require.Len(t, v.GetObjects(), 6)

	v = applied(t, s.Apply(change("other", 1, queue("sales"))))
	require.EqualValues(t, 2, v.GetVersion(), "versions are the installation's, objects a tenant's")
	v = applied(t, s.Apply(change("acme", 2, queue("tech"))))
	require.EqualValues(t, 3, v.GetVersion())
	require.Len(t, v.GetObjects(), 1, "only what the version set")
}

func TestARepeatIsAppliedOnce(t *testing.T) {
	s := enginetest.New(t, Processor())
	c := change("acme", 0, queue("sales"))
	applied(t, s.Apply(c))
	require.Empty(t, s.Apply(c))
	wrong := change("acme", 7, queue("sales"))
	refused(t, s.Apply(wrong))
	require.Empty(t, s.Apply(wrong))
}

func TestAChangeIsRefusedAsAWholeWithAllItsFaults(t *testing.T) {
	s := enginetest.New(t, Processor())
	faults := refused(t, s.Apply(change("acme", 9,
		queue("tech"), queue("tech"), entry("shop", "nowhere"), agent("bob", "nobody", "sales"), queue("with space"),
		without(skill("unheard-of")), &event.ConfigObject{}, settings(-1),
	)))
	require.Equal(t, `the change was made from version 9, but version 0 is in force: look at what changed and apply again
queue "tech" is in the change twice
object 5, a queue, needs an id of 1 to 64 letters, digits, dots, dashes or underscores
skill "unheard-of" cannot be removed, as there is none
object 7 is of no kind that this version knows
entry point "shop" refers to queue "nowhere", which does not exist
agent "bob" refers to queue "sales", which does not exist
agent "bob" refers to skill "zh", which does not exist
agent "bob" refers to team "nobody", which does not exist
the settings have a negative time`, faults)

	require.Contains(t, refused(t, s.Apply(change("acme", 0, entry("shop", "tech")))), "does not exist", "nothing of it was applied")
	require.Equal(t, "the change has no objects", refused(t, s.Apply(change("acme", 0))))
}

func TestWhatIsReferredToIsNotRemoved(t *testing.T) {
	s := enginetest.New(t, Processor())
	applied(t, s.Apply(change("acme", 0, queue("sales"), queue("tech"), entry("shop", "sales"), skill("zh"), agent("bob", "", "tech"))))
	require.Equal(t, "agent \"bob\" refers to queue \"tech\", which would be removed\nentry point \"shop\" refers to queue \"sales\", which would be removed",
		refused(t, s.Apply(change("acme", 0, without(queue("sales")), without(queue("tech"))))))
	applied(t, s.Apply(change("acme", 0, without(queue("sales")), entry("shop", "tech"))))
	require.Contains(t, refused(t, s.Apply(change("acme", 0, entry("shop", "sales")))), "does not exist", "it is gone")
	applied(t, s.Apply(change("acme", 0, without(agent("bob", "")), without(skill("zh")))))
}

func TestTheDefaultQueueNeedsNoConfiguration(t *testing.T) {
	s := enginetest.New(t, Processor())
	applied(t, s.Apply(change("acme", 0, entry("shop", DefaultQueue))))
}

func TestRefusalsToDead(t *testing.T) {
	s := enginetest.New(t, Processor())
	slash := change("a/b", 0, queue("sales"))
	old := change("acme", 0, queue("sales"))
	old.AtMs -= 9 * 24 * 3600 * 1000
	applied(t, s.Apply(change("acme", 0, queue("sales"))))
	for name, c := range map[string]struct {
		e    *event.Event
		kind string
	}{
		"no tenant": {change("", 0, queue("sales")), "refused"},
		"a slash":   {slash, "refused"},
		"no change": {&event.Event{Tenant: "acme", Key: "acme/x", Body: &event.Event_Deliver{Deliver: &event.Deliver{}}}, "refused"},
		"too old":   {old, "late"},
	} {
		t.Run(name, func(t *testing.T) {
			outs := s.Apply(c.e)
			require.Len(t, outs, 1)
			require.Equal(t, c.kind, outs[0].Event.GetDead().GetKind())
		})
	}
}

func TestAChangeThatWouldNotFitAFactIsRefused(t *testing.T) {
	s := enginetest.New(t, Processor())
	var many []*event.ConfigObject
	for i := range maxSize/maxText + 1 {
		r := &event.QuickReply{Id: fmt.Sprint("r", i), Text: strings.Repeat("x", maxText)}
		many = append(many, &event.ConfigObject{Object: &event.ConfigObject_QuickReply{QuickReply: r}})
	}
	many[len(many)-1].GetQuickReply().Text = strings.Repeat("x", maxText/2)
	require.Contains(t, refused(t, s.Apply(change("acme", 0, many...))), "apply it in parts")
	many = many[:len(many)-2]
	require.Len(t, applied(t, s.Apply(change("acme", 0, many...))).GetObjects(), len(many))

	long := entry("shop", strings.Repeat("界", 1000))
	require.Less(t, len(refused(t, s.Apply(change("acme", 0, long)))), maxFault+1, "a fault is a sentence, whatever was written")
}

// TestAnyOrder: after any sequence of changes versions are dense, and every reference of what is in force exists.
func TestAnyOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		machine := func() *engine.Machine {
			m, err := engine.NewMachine(Processor(), 0, func(event.Topic) int { return 2 })
			require.NoError(rt, err)
			return m
		}
		m, again := machine(), machine()
		version := uint64(0)
		id := func() string { return fmt.Sprint("x", rapid.IntRange(0, 2).Draw(rt, "id")) }
		for i := range rapid.IntRange(1, 40).Draw(rt, "changes") {
			var set []*event.ConfigObject
			for range rapid.IntRange(0, 4).Draw(rt, "objects") {
				o := rapid.SampledFrom([]*event.ConfigObject{
					queue(id()), entry(id(), id()), skill("zh"), team(id()), agent(id(), id(), id()), settings(5),
					overflowing(id(), id(), rapid.SampledFrom([]string{"", "west"}).Draw(rt, "domain")), hours(id()), policy("", id()),
				}).Draw(rt, "object")
				o.Removed = rapid.IntRange(0, 2).Draw(rt, "removed") == 0
				set = append(set, o)
			}
			value, err := event.Marshal(change("acme", rapid.Uint64Range(0, 3).Draw(rt, "base"), set...))
			require.NoError(rt, err)
			rec := &event.Record{Offset: int64(i), Key: []byte("acme/config"), Value: value}
			outs := m.Step(rec)
			require.Equal(rt, outs, again.Step(rec))
			e, err := event.Unmarshal(outs[0].Value)
			require.NoError(rt, err)
			if a := e.GetConfigApplied(); a != nil {
				version++
				require.Equal(rt, version, a.GetVersion())
				require.Len(rt, outs, 5)
			} else {
				require.NotEmpty(rt, e.GetConfigRefused().GetFaults())
				require.Equal(rt, version, e.GetConfigRefused().GetVersion())
			}
			m.Read(func(tx *engine.Tx) {
				p := &proposal{tx: tx, tenant: "acme"}
				p.standing()
				var all []*event.ConfigObject
				objects.Ascend(tx, "acme/", func(_ string, row *event.ConfigRow) bool {
					all = append(all, row.GetObject())
					return true
				})
				p.cycles(all)
				require.Empty(rt, p.faults, "what is in force refers to what is not")
			})
		}
	})
}

// BenchmarkChange applies changes of one queue to an installation of 1,000 agents.
func BenchmarkChange(b *testing.B) {
	m, err := engine.NewMachine(Processor(), 0, func(event.Topic) int { return 4 })
	require.NoError(b, err)
	offset := int64(0)
	record := func(o ...*event.ConfigObject) *event.Record {
		value, err := event.Marshal(change("acme", 0, o...))
		require.NoError(b, err)
		offset++
		return &event.Record{Offset: offset, Key: []byte("acme/config"), Value: value}
	}
	all := []*event.ConfigObject{queue("sales"), skill("zh")}
	for i := range 1000 {
		all = append(all, agent(fmt.Sprint(i), "", "sales"))
	}
	require.Len(b, m.Step(record(all...)), 9)
	recs := make([]*event.Record, b.N)
	for i := range recs {
		recs[i] = record(queue("sales"))
	}
	b.ResetTimer()
	for _, r := range recs {
		m.Step(r)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
