package webchat

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/event"
)

// talk is a chat that runs, with its address.
func (w *world) talk(p *process) (*browser, string, string) {
	token := w.token(p)
	b, _ := w.come(p, token, 0)
	b.say(map[string]any{"type": "send", "id": "m1", "text": "hi"})
	b.next("accepted")
	ref, err := w.accounts.VerifyVisitor(token)
	require.NoError(w.t, err)
	pseudonym, err := w.keys.Lookup(w.t.Context(), "acme", "webchat:"+ref.Visitor)
	require.NoError(w.t, err)
	address := string(pseudonym)
	w.deliver(address, "assigned", 0, "", "")
	b.next("state")
	return b, address, token
}

// saidBy are the events of one address, which are in one partition and so in order.
func (w *world) saidBy(address string) []*event.Event {
	return slices.DeleteFunc(w.said(), func(e *event.Event) bool { return e.GetAddress() != address })
}

// sign delivers what is no message.
func (w *world) sign(address, kind string, change func(*event.Deliver), at time.Time) {
	d := &event.Deliver{Delivery: w.newID(), Channel: event.Channel_CHANNEL_WEBCHAT, Conversation: w.conversation, Contact: "k1", Kind: kind}
	change(d)
	w.put(event.TopicOutbound, &event.Event{
		Tenant: "acme", Key: event.Key("acme", address), Address: address, AtMs: at.UnixMilli(), Body: &event.Event_Deliver{Deliver: d},
	})
}

func nothing(*event.Deliver) {}

func TestTypingBothWays(t *testing.T) {
	w := newWorld(t)
	p := w.process()
	token := w.token(p)
	b, _ := w.come(p, token, 0)
	b.say(map[string]any{"type": "typing"})
	b.say(map[string]any{"type": "ping"})
	b.next("pong")
	require.Empty(t, w.said(), "nobody is there to see it, and who only looks leaves nothing")

	b, address, _ := w.talk(p)
	before := len(w.saidBy(address))
	for range 3 {
		b.say(map[string]any{"type": "typing"})
	}
	b.say(map[string]any{"type": "ping"})
	b.next("pong")
	require.Len(t, w.saidBy(address), before+1)
	w.ms.Add(3000)
	b.say(map[string]any{"type": "typing"})
	b.say(map[string]any{"type": "ping"})
	b.next("pong")
	said := w.saidBy(address)[before:]
	require.Len(t, said, 2)
	require.Equal(t, "shop", said[0].GetCustomerTyping().GetEntryPoint())
	require.NotEqual(t, said[0].GetId(), said[1].GetId())

	w.sign(address, "typing", nothing, w.now().Add(-time.Minute))
	w.sign(address, "typing", nothing, w.now())
	w.sign(address, "read", func(d *event.Deliver) { d.Sequence = 1 }, w.now())
	b.next("typing")
	b.say(map[string]any{"type": "ping"})
	b.next("pong")
}

func TestReadMarksOfTheAgent(t *testing.T) {
	w := newWorld(t)
	p := w.process()
	b, address, token := w.talk(p)
	w.deliver(address, "echo", 1, "hi", "m1")
	b.next("message")
	read := func(n uint64) { w.sign(address, "read", func(d *event.Deliver) { d.Sequence = n }, w.now()) }
	read(1)
	require.EqualValues(t, 1, b.next("read")["sequence"])
	read(1)
	read(3)
	read(2)
	require.EqualValues(t, 3, b.next("read")["sequence"])
	w.sign(address, "read", func(d *event.Deliver) { d.Sequence, d.Conversation = 9, "v0" }, w.now())
	w.deliver(address, "message", 4, "well", "")
	b.next("message")
	_, history := w.come(p, token, 0)
	require.EqualValues(t, 3, history["read"])
	w.conversation = "v2"
	w.deliver(address, "message", 1, "new", "")
	b.next("message")
	_, history = w.come(p, token, 0)
	require.Nil(t, history["read"], "another conversation has begun")
}

func TestTheSurvey(t *testing.T) {
	w := newWorld(t)
	p := w.process()
	b, address, token := w.talk(p)
	answer := map[string]any{"type": "survey", "contact": "k1", "score": 5, "comment": "thanks, 13800138000", "id": "s1"}
	b.say(answer)
	require.Equal(t, "survey", b.next("error")["code"], "nothing was asked")
	w.deliver(address, "ended", 0, "", "")
	b.next("state")
	w.sign(address, "survey", nothing, w.now())
	require.Equal(t, "k1", b.next("survey")["contact"])
	_, history := w.come(p, token, 0)
	require.Equal(t, "k1", history["survey"])
	for field, wrong := range map[string]any{"score": 6, "contact": "k2", "comment": strings.Repeat("x", maxComment+1), "id": ""} {
		bad := maps.Clone(answer)
		bad[field] = wrong
		b.say(bad)
		b.next("error")
	}
	before := len(w.said())
	b.say(answer)
	b.next("accepted")
	e := w.said()[before]
	require.EqualValues(t, 5, e.GetSurveyAnswered().GetScore())
	require.Equal(t, "k1", e.GetSurveyAnswered().GetContact())
	require.NotContains(t, e.String(), "thanks")
	content, err := w.keys.OpenContent(t.Context(), "acme", e.GetSealed())
	require.NoError(t, err)
	require.Equal(t, "thanks, 13800138000", content.GetText())
	_, history = w.come(p, token, 0)
	require.Nil(t, history["survey"])
	// The next contact takes an unanswered question away.
	w.sign(address, "survey", nothing, w.now())
	b.next("survey")
	w.deliver(address, "waiting", 0, "", "")
	b.next("state")
	_, history = w.come(p, token, 0)
	require.Nil(t, history["survey"])
}

func TestWhatACustomerDoesOnTheSite(t *testing.T) {
	w := newWorld(t)
	p := w.process()
	token := w.token(p)
	b, _ := w.come(p, token, 0)
	page := map[string]any{"type": "seen", "id": "p1", "kind": "page", "page": "https://shop.example/cards/13800138000"}
	b.say(page)
	require.Equal(t, "early", b.next("error")["code"])
	require.Empty(t, w.said())

	b, address, _ := w.talk(p)
	before := len(w.saidBy(address))
	page["ago_ms"] = 60_000
	b.say(page)
	b.next("accepted")
	b.say(map[string]any{"type": "seen", "id": "e1", "kind": "event", "name": "basket", "fields": map[string]any{"total": "68", "item": "tea"}})
	b.next("accepted")
	said := w.saidBy(address)[before:]
	require.Len(t, said, 2)
	require.Equal(t, "page", said[0].GetCustomerSeen().GetKind())
	require.Equal(t, w.now().UnixMilli()-60_000, said[0].GetAtMs())
	require.NotContains(t, said[0].String(), "cards")
	content, err := w.keys.OpenContent(t.Context(), "acme", said[0].GetSealed())
	require.NoError(t, err)
	require.Equal(t, page["page"], content.GetPage())
	require.Equal(t, "basket", said[1].GetCustomerSeen().GetName())
	content, err = w.keys.OpenContent(t.Context(), "acme", said[1].GetSealed())
	require.NoError(t, err)
	require.Equal(t, "item", content.GetFields()[0].GetName())
	for _, bad := range []map[string]any{
		{"kind": "page"},
		{"id": "x", "kind": "click"},
		{"id": "x", "kind": "event"},
		{"id": "x", "kind": "event", "name": "free text"},
		{"id": "x", "kind": "event", "name": "13800138000"},
		{"id": "x", "kind": "page", "page": strings.Repeat("x", maxPage+1)},
		{"id": "x", "kind": "page", "ago_ms": -1},
		{"id": "x", "kind": "event", "name": "a", "fields": map[string]any{"a b": "c"}},
	} {
		bad["type"] = "seen"
		b.say(bad)
		require.Equal(t, "invalid", b.next("error")["code"], bad)
	}
	codes := map[string]int{}
	w.ms.Add(30_000)
	for i := range 25 {
		b.say(map[string]any{"type": "seen", "id": fmt.Sprint("f", i), "kind": "page", "page": "/"})
		f := <-b.frames
		codes[str(f["type"])+str(f["code"])]++
	}
	require.Equal(t, map[string]int{"accepted": 20, "errorrate": 5}, codes)
}

// at is a moment of November 2026 in Shanghai; the 23rd is a Monday.
func at(day, hour, minute int) int64 {
	return time.Date(2026, 11, day, hour, minute, 0, 0, time.UTC).Add(-8 * time.Hour).UnixMilli()
}

func officeHours() *event.Hours {
	h := &event.Hours{Id: "office", Zone: "Asia/Shanghai", Shifts: []*event.ZoneShift{{FromMs: 0, OffsetS: 8 * 3600}}}
	for day := range uint32(5) {
		h.Openings = append(h.Openings, &event.Opening{Day: day + 1, FromMinute: 9 * 60, ToMinute: 12 * 60}, &event.Opening{Day: day + 1, FromMinute: 13 * 60, ToMinute: 18 * 60})
	}
	christmas := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC).Unix() / 86400
	h.Holidays = []*event.Holiday{{Day: int32(christmas)}, {Day: int32(christmas) + 1, FromMinute: 600, ToMinute: 660}}
	return h
}

func TestHours(t *testing.T) {
	h := officeHours()
	for _, c := range []struct {
		day, hour, minute int
		open              bool
		next              int64
	}{
		{23, 8, 59, false, at(23, 9, 0)},
		{23, 9, 0, true, at(23, 13, 0)},
		{23, 11, 59, true, at(23, 13, 0)},
		{23, 12, 0, false, at(23, 13, 0)},
		{23, 17, 59, true, at(24, 9, 0)},
		{24, 18, 0, false, at(26, 10, 0)},
		{25, 10, 0, false, at(26, 10, 0)},
		{26, 10, 30, true, at(27, 9, 0)},
		{26, 11, 0, false, at(27, 9, 0)},
		{28, 10, 0, false, at(30, 9, 0)},
		{29, 23, 59, false, at(30, 9, 0)},
	} {
		ms := at(c.day, c.hour, c.minute)
		require.Equal(t, c.open, openAt(h, ms), "%+v", c)
		require.Equal(t, c.next, opensAt(h, ms), "%+v", c)
	}
	require.True(t, openAt(nil, 0))
	require.Zero(t, opensAt(&event.Hours{}, at(23, 9, 0)))
	// A shift of the zone moves the opening.
	h.Shifts = append(h.Shifts, &event.ZoneShift{FromMs: at(24, 3, 0), OffsetS: 9 * 3600})
	require.True(t, openAt(h, at(24, 8, 0)))
	require.Equal(t, at(24, 8, 0), opensAt(h, at(23, 19, 0)))
	h.Openings = []*event.Opening{{Day: 7, FromMinute: 0, ToMinute: 1440}}
	require.True(t, openAt(h, at(29, 22, 59)))
}

func (w *world) office(form ...*event.FormField) {
	objects := []*event.ConfigObject{
		{Object: &event.ConfigObject_Hours{Hours: officeHours()}},
		{Object: &event.ConfigObject_Queue{Queue: &event.Queue{Id: "sales", Hours: "office"}}},
		{Object: &event.ConfigObject_EntryPoint{EntryPoint: &event.EntryPoint{
			Id: "shop", Channel: event.Channel_CHANNEL_WEBCHAT, Queue: "sales", Origins: []string{shopPage}, Survey: true, Form: form,
		}}},
	}
	w.put(event.TopicConfigFacts, &event.Event{Tenant: "acme", Key: "acme/config", Body: &event.Event_ConfigApplied{ConfigApplied: &event.ConfigApplied{Objects: objects}}})
}

func TestAMessageIsLeftOutsideOfHours(t *testing.T) {
	w := newWorld(t)
	w.office()
	w.ms.Store(at(23, 20, 0))
	p := w.process()
	status, session := w.post(p, shopPage, `{"entry_point":"shop"}`)
	require.Equal(t, 200, status)
	require.Equal(t, false, session["open"])
	require.EqualValues(t, at(24, 9, 0), session["opens_ms"])
	require.Equal(t, true, session["survey"])
	require.Len(t, session["form"], 2, "who leaves a message is asked whom to answer")
	b, history := w.come(p, str(session["token"]), 0)
	require.Equal(t, false, history["open"])
	b.say(map[string]any{"type": "send", "id": "m1", "text": "call me", "left": true, "form": map[string]any{"email": "ann at example"}})
	wrong := b.next("error")
	require.Equal(t, "form", wrong["code"])
	require.Equal(t, "email", wrong["field"])
	require.Empty(t, w.said())
	b.say(map[string]any{"type": "send", "id": "m1", "text": "call me", "left": true, "form": map[string]any{"email": "ann@example.com"}})
	b.next("accepted")
	require.Len(t, w.said(), 3)
	own, err := w.keys.OpenContent(t.Context(), "acme", w.said()[1].GetSealed())
	require.NoError(t, err)
	require.Equal(t, "ann@example.com", own.GetFields()[0].GetValue(), "the desk knows whom to answer")
	m := w.said()[2]
	require.True(t, m.GetCustomerMessage().GetLeft())
	content, err := w.keys.OpenContent(t.Context(), "acme", m.GetSealed())
	require.NoError(t, err)
	require.Equal(t, "ann@example.com", content.GetFields()[0].GetValue())

	left := func(ms int64, left bool) bool {
		w.ms.Store(ms)
		c, _ := w.come(p, w.token(p), 0)
		id := w.newID()
		c.say(map[string]any{"type": "send", "id": id, "text": "x", "left": left})
		c.next("accepted")
		said := w.said()
		return said[slices.IndexFunc(said, func(e *event.Event) bool { return e.GetCustomerMessage().GetMessage() == id })].GetCustomerMessage().GetLeft()
	}
	require.True(t, left(at(24, 8, 59), false), "the door knows")
	require.True(t, left(at(24, 9, 10), true), "told that nobody serves, a moment before the opening")
	require.False(t, left(at(24, 9, 10), false))
	require.False(t, left(at(24, 10, 0), true), "nobody keeps a place by saying so")
}

func TestTheFormBeforeTheChat(t *testing.T) {
	w := newWorld(t)
	w.office(
		&event.FormField{Name: "name", Label: "Your name", Kind: "text", Required: true}, &event.FormField{Name: "phone", Label: "Phone", Kind: "phone"},
		&event.FormField{Name: "topic", Label: "About", Kind: "choice", Required: true, Choices: []string{"card", "loan"}},
	)
	w.ms.Store(at(23, 10, 0))
	p := w.process()
	_, session := w.post(p, shopPage, `{"entry_point":"shop"}`)
	require.Equal(t, true, session["open"])
	form, _ := session["form"].([]any)
	require.Len(t, form, 3)
	b, _ := w.come(p, str(session["token"]), 0)
	send := func(form map[string]any) {
		b.say(map[string]any{"type": "send", "id": "m1", "text": "hi", "form": form})
	}
	for _, c := range []struct {
		form  map[string]any
		field string
	}{
		{nil, "name"},
		{map[string]any{"topic": "card"}, "name"},
		{map[string]any{"name": " ", "topic": "card"}, "name"},
		{map[string]any{"name": "Ann"}, "topic"},
		{map[string]any{"name": "Ann", "topic": "house"}, "topic"},
		{map[string]any{"name": "Ann", "topic": "card", "phone": "call me"}, "phone"},
		{map[string]any{"name": strings.Repeat("x", 501), "topic": "card"}, "name"},
	} {
		send(c.form)
		wrong := b.next("error")
		require.Equal(t, "form", wrong["code"])
		require.Equal(t, c.field, wrong["field"])
	}
	send(map[string]any{"name": "Ann", "topic": "card", "tier": "gold"})
	require.Equal(t, "form", b.next("error")["code"], "what is not asked is not taken")
	require.Empty(t, w.said())
	send(map[string]any{"topic": "card", "name": "Ann", "phone": "+86 138-0013-8000"})
	b.next("accepted")
	content, err := w.keys.OpenContent(t.Context(), "acme", w.said()[2].GetSealed())
	require.NoError(t, err)
	named := func(fields []*event.Field) (names []string) {
		for _, f := range fields {
			names = append(names, f.GetName())
		}
		return names
	}
	require.Equal(t, []string{"name", "phone", "topic"}, named(content.GetFields()))
	// What they say of themselves is told ahead of it, as their own word and sealed.
	in := w.said()[1].GetCustomerIntroduced()
	require.True(t, in.GetSaid())
	require.Equal(t, "shop", in.GetEntryPoint())
	require.NotContains(t, w.said()[1].String(), "Ann")
	require.NotContains(t, w.said()[1].String(), "138")
	own, err := w.keys.OpenContent(t.Context(), "acme", w.said()[1].GetSealed())
	require.NoError(t, err)
	require.Equal(t, "Ann", own.GetName())
	require.Equal(t, []string{"phone", "topic"}, named(own.GetFields()))
	b.say(map[string]any{"type": "send", "id": "m2", "text": "and"})
	b.next("accepted")
	require.Len(t, w.said(), 4, "without a form nobody is presented")
	send(map[string]any{"topic": "card", "name": "Ann", "phone": "+86 138-0013-8000"})
	b.next("accepted")
	require.Equal(t, w.said()[1].GetId(), w.said()[4].GetId(), "a repeat is one, as the fold drops repeats by id")
	require.False(t, slices.ContainsFunc(w.said(), func(e *event.Event) bool { return e.GetCustomerMessage().GetLeft() }))
}

func FuzzAnswers(f *testing.F) {
	f.Add("email", "a@b.cc")
	f.Add("phone", "+1 2")
	f.Fuzz(func(_ *testing.T, kind, answer string) {
		_ = checkAnswer(&event.FormField{Kind: kind}, answer)
	})
}
