package setup_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/tributary-cc/tributary/cmd/tributary/setup"
	"github.com/tributary-cc/tributary/stream/event"
)

const wholeYAML = `tenant: bank
settings: {silence: 24h, reopen: 90m}
skills: [{id: cards, name: Cards}, {id: english}, {id: chinese, name: 中文}]
teams: [{id: day, name: Day}]
hours:
  - id: office
    name: Office
    zone: Europe/Berlin
    open:
      - {days: [1, 2, 3, 4, 5], from: "09:00", to: "18:00"}
      - {days: [6], from: "10:00", to: "24:00"}
    holidays: [{day: 2026-12-25}, {day: 2026-12-24, from: "09:00", to: "12:00"}]
queues:
  - {id: cards, name: Cards, target: 20s, target_percent: 80, hours: office, max_waiting: 10, max_wait: 5m, overflow: service, short_abandon: 5s}
  - {id: service}
  - {id: gym, practice: true}
agents:
  - {id: amy, name: Amy Chen, team: day, queues: [cards], skills: [{skill: cards, level: 5}], chat_capacity: 3, capacities: {voice: 1, email: 5}}
entry_points:
  - id: bank
    channel: webchat
    queue: service
    intent_model: bank-en
    intent_deadline: 1500ms
    survey: true
    secret: a secret of the site
    form:
      - {name: email, label: Your e-mail, kind: email, required: true}
      - {name: about, kind: choice, choices: [cards, "something else"]}
policy:
  fallback: service
  rules:
    - name: Lost cards
      when: |-
        contact.intent == "lost_or_stolen_card" &&
        contact.confidence >= 600
      queue: cards
      priority: 10
      last_agent: 20s
      steps: [{need: cards >= 4, for: 30s}, {need: cards >= 1}]
  tests:
    - name: "a lost card: to who knows cards"
      given: {intent: lost_or_stolen_card, confidence: 900, queue: service}
      expect: {rule: Lost cards, queue: cards, priority: 10, last_agent: 20s}
      agents: {amy: {cards: 5}, bo: {cards: 2}}
      fits: [[amy], [amy, bo]]
    - name: 其他
      given: {confidence: 900, queue: default, chosen: true}
      expect: {rule: ""}
wrap_up_codes: [{id: solved, name: Solved, queues: [cards]}, {id: spam}]
status_reasons: [{id: lunch, name: Lunch}, {id: training, productive: true}]
quick_replies:
  - {id: hello, title: Greeting, text: "Hello {customer.name}, {agent.name} here. {braces} stay.", language: en, team: day}
  - {id: hello-zh, text: "您好，{customer.name}！", language: zh}
`

func wanted(t *testing.T, k setup.Sealer, text string, inForce []*event.ConfigObject, now time.Time) []*event.ConfigObject {
	t.Helper()
	one, f := setup.Read("bank.yaml", []byte(text))
	require.NoError(t, f.Err(), text)
	objects, err := one.Wanted(context.Background(), k, inForce, now)
	require.NoError(t, err)
	return objects
}

func TestEveryKindGoesOutAsItCameIn(t *testing.T) {
	ctx, k := context.Background(), keys(t)
	inForce := wanted(t, k, wholeYAML, nil, today)
	kinds := map[string]bool{}
	for _, o := range inForce {
		kinds[strings.Fields(setup.What(o))[0]] = true
	}
	require.Len(t, kinds, 11, "a kind is missing: %v", kinds)

	out, err := setup.Export(ctx, "bank", k, inForce)
	require.NoError(t, err)
	require.NotContains(t, string(out), "a secret of the site")
	require.Empty(t, setup.Difference(inForce, wanted(t, k, string(out), inForce, today)), string(out))
	objects, err := setup.ToJSON(out)
	require.NoError(t, err)
	require.Contains(t, string(objects), `"target": "20s"`)
	back, err := setup.FromJSON(objects)
	require.NoError(t, err)
	require.Empty(t, setup.Difference(inForce, wanted(t, k, string(back), inForce, today)), string(back))
	read, f := setup.Read("", back)
	require.NoError(t, f.Err())
	text, err := read.Text()
	require.NoError(t, err)
	require.Equal(t, string(out), string(text), "what goes by way of the forms is written as what is in force")
	again, err := setup.Export(ctx, "bank", k, inForce)
	require.NoError(t, err)
	require.Equal(t, string(out), string(again))
	require.Empty(t, setup.Difference(inForce, wanted(t, k, wholeYAML, inForce, today.AddDate(2, 0, 0))), "the zone reaches far enough")
}

func TestASecretIsSealedKeptReplacedAndTakenAway(t *testing.T) {
	ctx, k := context.Background(), keys(t)
	entry := func(objects []*event.ConfigObject) *event.EntryPoint {
		for _, o := range objects {
			if o.GetEntryPoint() != nil {
				return o.GetEntryPoint()
			}
		}
		return nil
	}
	with := func(secret string) string {
		return strings.Replace(wholeYAML, "secret: a secret of the site", secret, 1)
	}
	first := wanted(t, k, wholeYAML, nil, today)
	c, err := k.OpenContent(ctx, "bank", entry(first).GetSecret())
	require.NoError(t, err)
	require.Equal(t, "a secret of the site", c.GetText())
	for _, keep := range []string{"secret: keep", "secret: (set)", ""} {
		require.Empty(t, setup.Difference(first, wanted(t, k, with(keep), first, today)), keep)
	}
	other := wanted(t, k, with("secret: another secret now"), first, today)
	require.Len(t, setup.Difference(first, other), 1)
	require.Nil(t, entry(wanted(t, k, with("secret: (none)"), first, today)).GetSecret())
	require.Nil(t, entry(wanted(t, k, with("secret: keep"), nil, today)).GetSecret(), "there is none to keep")
}

func TestHoursCarryTheirZone(t *testing.T) {
	var h *event.Hours
	for _, o := range wanted(t, keys(t), wholeYAML, nil, today) {
		if o.GetHours() != nil {
			h = o.GetHours()
		}
	}
	require.Len(t, h.GetShifts(), 21, "winter, and twice a year for ten years")
	require.True(t, proto.Equal(&event.ZoneShift{FromMs: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli(), OffsetS: 3600}, h.GetShifts()[0]))
	require.True(t, proto.Equal(&event.ZoneShift{FromMs: time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC).UnixMilli(), OffsetS: 7200}, h.GetShifts()[1]))
	require.Len(t, h.GetOpenings(), 6)
	require.EqualValues(t, 1440, h.GetOpenings()[5].GetToMinute())
	require.EqualValues(t, time.Date(2026, 12, 25, 0, 0, 0, 0, time.UTC).Unix()/86400, h.GetHolidays()[0].GetDay())

	china := strings.Replace(wholeYAML, "Europe/Berlin", "Asia/Shanghai", 1)
	for _, o := range wanted(t, keys(t), china, nil, today) {
		if o.GetHours() != nil {
			require.Len(t, o.GetHours().GetShifts(), 1)
		}
	}
}

const faultyYAML = `tenant: bank
hours:
  - id: office
    zone: Europe/Brelin
    open:
      - {days: [0], from: "09:00", to: "18:00"}
      - {days: [1, 2], from: "22:00", to: "06:00"}
      - {days: [3], from: "9 am", to: "18:00"}
      - {days: [4], from: "09:00", to: "18:00"}
      - {days: [4], from: "17:00", to: "19:00"}
    holidays: [{day: 25.12.2026}]
queues:
  - {id: a, overflow: b, hours: night}
  - {id: b, overflow: a, practice: true}
  - {id: c, overflow: c}
  - {id: d, overflow: b, domain: vip}
agents:
  - {id: amy, team: day, capacities: {fax: 1, voice: 99}}
entry_points:
  - id: bank
    channel: webchat
    queue: a
    intent_model: bank-fr
    intent_deadline: 2h
    secret: short
    form:
      - {name: about, kind: list}
      - {name: about, kind: choice}
policy:
  rules:
    - name: Cards
      when: contact.intent == "lost_card"
      queue: e
wrap_up_codes: [{id: x, queues: [e]}]
quick_replies:
  - {id: hello, text: "Hello {customer.nmae}", language: English, team: day}
`

func TestFaultsOfEveryKindAreAllReported(t *testing.T) {
	_, f := setup.Read("bank.yaml", []byte(faultyYAML))
	var got []string
	for _, one := range f.Faults() {
		require.NotEmpty(t, one.Path)
		got = append(got, strings.TrimPrefix(one.Error(), "bank.yaml:"))
	}
	require.Equal(t, []string{
		`4:5: hours office: there is no zone "Europe/Brelin"; a zone is written Asia/Shanghai`,
		`6:17: hours office: day 0; 1 is Monday, 7 is Sunday`,
		`7:24: hours office: from 22:00 to 06:00: it ends before it begins; what goes over midnight is written as two, the first to 24:00`,
		`8:21: hours office: "9 am" is no time of the day; one is written 09:30`,
		`10:9: hours office: day 4 from 17:00 to 19:00 is open already`,
		`11:17: hours office: "25.12.2026" is no day; a day is written 2026-12-25`,
		`13:13: queue a: of it and b one is to practise in, which no number counts, and the other is not`,
		`13:13: overflow goes round: a, b, a`,
		`13:26: queue a: there is no hours "night" in this file`,
		`14:13: queue b: of it and a one is to practise in, which no number counts, and the other is not`,
		`14:13: overflow goes round: b, a, b`,
		`15:13: queue c flows over into itself`,
		`16:13: queue d: b is of another routing domain, whose agents it cannot reach`,
		`18:15: agent amy: there is no team "day" in this file`,
		`18:26: agent amy: channel "fax"; there are app, douyin, email, sms, telegram, voice, webchat, wechat, wecom, whatsapp`,
		`18:26: agent amy: 99 contacts of voice; it is 0 to 50`,
		`23:5: entry point bank: there is no intent model "bank-fr"; there are bank-en, travel-zh`,
		`24:5: entry point bank: intent_deadline is 2h0m0s; it is 0 to 1m`,
		`25:5: entry point bank: a secret has 16 to 512 bytes; keep and (set) keep the one in force`,
		`27:23: entry point bank: question about is of kind "list"; there are choice, email, phone, text`,
		`28:9: entry point bank: question about has nothing to choose from`,
		`28:10: entry point bank: question about is there twice`,
		`33:7: there is no queue "e"; there are default, a, b, c, d`,
		`34:34: wrap-up code x: there is no queue "e" in this file`,
		`36:30: quick reply hello: there is no {customer.nmae}; there are {agent.name}, {customer.name}`,
		`36:48: quick reply hello: "English" is no language; a language is written zh or en`,
		`36:67: quick reply hello: there is no team "day" in this file`,
	}, got)
}

func TestTestsOfThePolicyAreRunAndKept(t *testing.T) {
	ctx, k := context.Background(), keys(t)
	inForce := wanted(t, k, wholeYAML, nil, today)
	out, err := setup.Export(ctx, "bank", k, inForce)
	require.NoError(t, err)
	back, f := setup.Read("export.yaml", out)
	require.NoError(t, f.Err(), string(out))
	first, _ := setup.Read("bank.yaml", []byte(wholeYAML))
	require.Len(t, back.Policy.Tests, 2)
	require.Equal(t, first.Policy.Tests, back.Policy.Tests)

	// One rule is changed, and nobody looked at its tests.
	const elsewhere = "bank.yaml:42:7: the test \"a lost card: to who knows cards\" fails: queue is \"service\", not \"cards\"; priority is 9, not 10; " +
		"step 1: bo fits: cards >= 1"
	wrong := strings.NewReplacer("queue: cards\n      priority: 10", "queue: service\n      priority: 9", "cards >= 4", "cards >= 1",
		"expect: {rule: \"\"}", "expect: {rule: Lost cards}").Replace(wholeYAML)
	_, f = setup.Read("bank.yaml", []byte(wrong))
	require.Equal(t, []string{elsewhere, `bank.yaml:47:7: the test "其他" fails: rule is none, not "Lost cards"`}, strings.Split(f.Err().Error(), "\n"))
	require.Equal(t, "policy.tests[0]", f.Faults()[0].Path)
	// The forms of a page go the same way.
	objects, err := setup.ToJSON([]byte(wrong))
	require.NoError(t, err)
	text, err := setup.FromJSON(objects)
	require.NoError(t, err)
	_, f = setup.ReadIn("", text, setup.Around{Tenant: "bank", Intents: setup.LocalIntents})
	require.Len(t, f.Faults(), 2)
	// What a rule with a fault would decide is not known.
	_, f = setup.Read("bank.yaml", []byte(strings.Replace(wrong, "priority: 9", "priority: high", 1)))
	require.Len(t, f.Faults(), 1)
}

func TestThePolicyOfAnotherFileIsChecked(t *testing.T) {
	text := strings.Replace(wholeYAML[:strings.Index(wholeYAML, "policy:")], "tenant: bank\n", "policy_file: rules/policy.yaml\n", 1)
	read := func(policy string) (*setup.Tenant, []string) {
		one, f := setup.ReadIn("setup/bank.yaml", []byte(text), setup.Around{
			Tenant: "bank", Intents: setup.LocalIntents,
			Open: func(name string) ([]byte, error) {
				require.Equal(t, "rules/policy.yaml", name)
				if policy == "" {
					return nil, errors.New("it is not there")
				}
				return []byte(policy), nil
			},
		})
		var got []string
		for _, one := range f.Faults() {
			got = append(got, one.Error())
		}
		return one, got
	}
	one, faults := read("policy:\n  rules:\n    - {name: Cards, when: 'contact.intent == \"lost_or_stolen_card\"', queue: cards}\n")
	require.Empty(t, faults)
	require.Equal(t, "bank", one.Tenant)
	require.Len(t, one.Policy.Rules, 1)
	_, faults = read("policy:\n  rules:\n    - {name: Cards, when: 'contact.intent == \"lost_card\"', queue: crads}\n")
	require.Len(t, faults, 2)
	require.Contains(t, faults[0], `setup/rules/policy.yaml:3:46: contact.intent is never "lost_card"`)
	_, faults = read("policy:\n  rules:\n    - {name: Cards, queue: cards}\n  tests:\n    - {name: to service, expect: {queue: service}}\n")
	require.Equal(t, []string{`setup/rules/policy.yaml:5:7: the test "to service" fails: queue is "cards", not "service"`}, faults)
	_, faults = read("")
	require.Equal(t, []string{"setup/bank.yaml:1:1: reading the policy: it is not there"}, faults)

	_, f := setup.ReadIn("page", []byte("policy_file: x.yaml\n"), setup.Around{Tenant: "bank"})
	require.ErrorContains(t, f.Err(), "no other file can be read here")
	_, f = setup.ReadIn("page", []byte("tenant: other\n"), setup.Around{Tenant: "bank"})
	require.ErrorContains(t, f.Err(), "this is the setup of tenant bank, not of other")
	_, f = setup.Read("bank.yaml", []byte("tenant: bank\npolicy_file: ../../etc/passwd\n"))
	require.ErrorContains(t, f.Err(), "does not lie beside the file")
}

func TestIntentsAreThoseOfTheModel(t *testing.T) {
	bank, err := setup.LocalIntents("bank-en")
	require.NoError(t, err)
	require.Contains(t, bank, "lost_or_stolen_card")
	same, err := setup.LocalIntents("bank-en+openai")
	require.NoError(t, err)
	require.Equal(t, bank, same)

	folder := t.TempDir()
	own := setup.Intents(folder)
	for _, name := range []string{"own", "../own", ""} {
		_, err = own(name)
		require.ErrorContains(t, err, "there are bank-en, travel-zh, and what is trained into")
	}
	model, err := os.ReadFile("../../../models/local/trained/travel-zh.model")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "own.model"), model, 0o600))
	labels, err := own("own")
	require.NoError(t, err)
	require.Contains(t, labels, "hotel")
	require.NoError(t, os.WriteFile(filepath.Join(folder, "bad.model"), model[:100], 0o600))
	_, err = own("bad")
	require.Error(t, err)
}
