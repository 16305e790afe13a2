package warehouse

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

func TestJSONIsOneTextWithoutSealedParts(t *testing.T) {
	for want, m := range map[string]proto.Message{
		`{"contact":{"contact":"c","channel":99,"state":"queued","started_ms":-4,"version":1152921504606846976,"connected":true},` +
			`"change":"a\"\u000a秘\u0001"}`: &event.ContactChanged{Change: "a\"\n秘\x01", Contact: &event.Contact{
			Contact: "c", State: event.ContactState_CONTACT_STATE_QUEUED, StartedMs: -4, Version: 1 << 60, Connected: true, Channel: 99,
		}},
		`{"id":"a","skills":[{"skill":"s","level":2},{"skill":"t"}]}`: &event.Agent{
			Id: "a", Name: &event.Sealed{Ciphertext: []byte("x")}, Skills: []*event.AgentSkill{{Skill: "s", Level: 2}, {Skill: "t"}},
		},
		`{"acked":1,"hash":"AQI="}`: &event.Tick{Acked: 1, Hash: []byte{1, 2}},
	} {
		require.Equal(t, want, string(appendJSON(nil, m.ProtoReflect())))
	}
}

func FuzzJSONString(f *testing.F) {
	f.Add("plain")
	f.Add("\xff\"\\\x00\u2028秘")
	f.Fuzz(func(t *testing.T, s string) {
		var back string
		if err := json.Unmarshal(appendString(nil, s), &back); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		if utf8.ValidString(s) && back != s {
			t.Fatalf("%q became %q", s, back)
		}
	})
}

// Any bytes in the log map to rows or are passed over, and twice to the same.
func FuzzMapping(f *testing.F) {
	seed := &event.Event{Id: []byte("0123456789abcdef"), Tenant: "t", AtMs: 1, Body: &event.Event_MessageAdded{MessageAdded: &event.MessageAdded{Message: "m"}}}
	b, err := proto.Marshal(seed)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte{0x92, 0x04, 0x00})
	f.Fuzz(func(t *testing.T, value []byte) {
		r := event.Record{Topic: event.TopicConversationFacts, Value: value}
		one, two := newBlock(1), newBlock(1)
		one.add(&r, new(engine.Lanes))
		two.add(&r, new(engine.Lanes))
		for i, table := range one.tables() {
			if table.count() != two.tables()[i].count() || table.token() != two.tables()[i].token() {
				t.Fatalf("%s differs", table.table())
			}
		}
		for _, row := range one.events.list {
			if !json.Valid([]byte(row.body)) {
				t.Fatalf("not JSON: %s", row.body)
			}
		}
	})
}
