package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/event"
)

func TestWhatIsPrintedSteersNoTerminal(t *testing.T) {
	const evil = "a\x1b[2J\r\nok  data\u0085\u009b\u202e\u2028\x7fä中\U0001f600\u200d"
	safe := oneLine(evil)
	require.Equal(t, `a\u001b[2J\u000d\u000aok  data\u0085\u009b\u202e\u2028\u007fä中😀`+"\u200d", safe)
	var same string
	require.NoError(t, json.Unmarshal([]byte(`"`+safe+`"`), &same))
	require.Equal(t, evil, same)
	require.Equal(t, `\ufffd`, oneLine("\xff"))
	require.Equal(t, "a\tb\n", printable("a\tb\n", "\n\t"))

	e := &event.Event{Key: "main/" + evil, AtMs: 1_000, Body: &event.Event_Dead{Dead: &event.Dead{Reason: evil}}}
	value, err := event.Marshal(e)
	require.NoError(t, err)
	for _, asJSON := range []bool{false, true} {
		line := describe(&event.Record{Topic: "x", Value: value}, asJSON)
		require.Equal(t, line, oneLine(line))
	}
	for _, value := range [][]byte{value, []byte("\x1b\n\xff")} {
		require.True(t, json.Valid([]byte(describe(&event.Record{Topic: "x", Value: value}, true))))
	}
	var out strings.Builder
	require.NoError(t, (&globals{json: true}).print(&out, []string{evil}, nil))
	require.Equal(t, out.String(), printable(out.String(), "\n"))
}

func TestTimesAreReadable(t *testing.T) {
	at := time.Date(2026, 5, 1, 8, 0, 0, 7e6, time.Local)
	ms := json.RawMessage(`{"due_ms":"` + jsonNumber(at.UnixMilli()) + `","for_ms":"1500","text":"\"due_ms\":\"1500\""}`)
	require.Equal(t, `{"due_ms":`+at.Format("2006-01-02T15:04:05.000Z07:00")+`,"for_ms":1.5s,"text":"\"due_ms\":\"1500\""}`, readable(ms))
}

func jsonNumber(n int64) string { b, _ := json.Marshal(n); return string(b) }

func TestMerge(t *testing.T) {
	from := make([]chan tailed, 3)
	for i, times := range [][]int64{{1, 4, 3}, {2, 5}, nil} {
		from[i] = make(chan tailed, 3)
		for _, at := range times {
			from[i] <- tailed{at, ""}
		}
		close(from[i])
	}
	var got []int64
	merge(from, func(x tailed) { got = append(got, x.atMs) })
	require.Equal(t, []int64{1, 2, 4, 3, 5}, got)
}

// TestWhatCommandsPrint: each prints one JSON document without null, and words for people.
func TestWhatCommandsPrint(t *testing.T) {
	d := newDesk(t)
	const evil = "\x1b[2J"
	done := make(chan error, 1)
	value, err := event.Marshal(&event.Event{Id: make([]byte, 16), Tenant: "main", Key: "main/" + evil, AtMs: time.Now().UnixMilli(), Body: &event.Event_Audit{Audit: &event.Audit{Subject: evil}}})
	require.NoError(t, err)
	d.say("webchat:ann", "1", "I am Ann")
	for _, c := range []struct{ args, words string }{
		{"dead list", ""},
		{"engine epochs", "epoch 1 from offset"},
		{"engine resend --processor config", "folded once more, 0 outputs sent again"},
		{"replay", "byte for byte"},
		{"user list", ""},
	} {
		require.Contains(t, d.must(strings.Fields(c.args)...), c.words)
		d.document(c.args)
	}
	d.Log.Append(t.Context(), event.TopicIdentityIn, 0, []event.Record{{Topic: event.TopicIdentityIn, Key: []byte("k"), Value: value}}, func(err error) { done <- err })
	d.Log.Append(t.Context(), event.TopicIdentityIn, 0, []event.Record{{Topic: event.TopicIdentityIn, Value: []byte("what?" + evil)}}, func(err error) { done <- err })
	require.NoError(t, <-done)
	require.NoError(t, <-done)
	require.Eventually(t, func() bool { return len(d.all(event.TopicDead)) >= 1 }, 30*time.Second, 20*time.Millisecond)
	var list []letter
	require.NoError(t, json.Unmarshal([]byte(d.must("dead", "list", "--json")), &list))
	d.document("dead show " + list[0].At)

	out, said, err := d.run("", "tail", "--topic", "identity.in", "--from", "0")
	require.NoError(t, err)
	require.Contains(t, out, `main/\u001b[2J`)
	require.NotContains(t, out, evil)
	require.NotContains(t, out, " tick ")
	require.Contains(t, said, "--control shows them")
	require.Contains(t, out, time.Now().Format("2006-01-02T"))
	require.Contains(t, d.must("tail", "--topic", "identity.in", "--from", "0", "--control"), " tick ")

	_, said, err = d.run("", "engine", "skip", "--processor", "identity", "--partition", "0", "--offset", "0")
	require.ErrorContains(t, err, "nothing was done")
	require.Contains(t, said, "left out for good")

	_, _, err = d.run("", "export")
	require.ErrorContains(t, err, "the tenant main is not configured, and no other is")
	file := d.write("tenant: shop\nqueues: [{id: cards}]\n")
	d.document("apply --dry-run " + file)
	d.document("apply " + file)
	d.document("apply " + file)
	_, _, err = d.run("", "export")
	require.ErrorContains(t, err, "the tenant main is not configured; say --tenant for one that is: shop")
	d.document("export --tenant shop")
	_, _, err = d.run("", "user", "disable", "nosuch", "--tenant", "shop")
	require.ErrorContains(t, err, "there is no account nosuch in the tenant shop; `tributary user list --tenant shop` shows them")

	_, said, err = d.run(good+"\n", "user", "add", "y1", "--tenant", "nosuch")
	require.NoError(t, err)
	require.Contains(t, said, "note: the tenant nosuch is not configured; say --tenant for one that is: shop")
	_, said, err = d.run(good+"\n", "user", "add", "y1", "--tenant", "shop", "--agent", "nosuch")
	require.NoError(t, err)
	require.Contains(t, said, "note: the configuration of the tenant shop has no agent nosuch")
}
