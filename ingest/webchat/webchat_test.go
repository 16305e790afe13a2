package webchat

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lxzan/gws"
	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
)

func TestAChatFromHelloToTheEnd(t *testing.T) {
	w := newWorld(t)
	p := w.process()
	status, session := w.post(p, "https://shop.example", `{"entry_point":"shop"}`)
	require.Equal(t, 200, status)
	require.Equal(t, "Hello", session["greeting"])
	token := str(session["token"])
	b, history := w.come(p, token, 0)
	require.Equal(t, "none", history["state"])
	require.Empty(t, history["messages"])
	require.Empty(t, w.said(), "who only looks is no customer")

	b.say(map[string]any{"type": "send", "id": "m1", "text": "my number is 13800138000"})
	require.Equal(t, "m1", b.next("accepted")["id"])
	said := w.said()
	require.Len(t, said, 2)
	require.NotNil(t, said[0].GetCustomerConnected())
	m := said[1]
	require.Equal(t, "m1", m.GetCustomerMessage().GetMessage())
	require.Equal(t, "acme/"+m.GetAddress(), m.GetKey())
	require.NotContains(t, m.String(), "13800138000")
	content, err := w.keys.OpenContent(t.Context(), "acme", m.GetSealed())
	require.NoError(t, err)
	require.Equal(t, "my number is 13800138000", content.GetText())

	address := m.GetAddress()
	w.deliver(address, "echo", 1, "my number is 13800138000", "m1")
	w.deliver(address, "waiting", 0, "", "")
	w.deliver(address, "assigned", 0, "", "")
	answer := w.deliver(address, "message", 2, "hello", "")
	echo := b.next("message")
	require.Equal(t, "my number is 13800138000", echo["text"], "what the customer said is the customer's own: not masked")
	require.Equal(t, "m1", echo["client_id"])
	require.Equal(t, "waiting", b.next("state")["state"])
	require.Equal(t, "assigned", b.next("state")["state"])
	got := b.next("message")
	require.Equal(t, answer, got["id"])
	require.Equal(t, "agent", got["author"])

	b.say(map[string]any{"type": "ack", "ids": []string{answer, answer, "unknown", fmt.Sprint(echo["id"])}})
	b.say(map[string]any{"type": "read", "sequence": 2})
	b.say(map[string]any{"type": "end", "id": "e1"})
	require.Equal(t, "e1", b.next("accepted")["id"])
	said = w.said()[2:]
	require.Len(t, said, 3)
	require.Equal(t, event.DeliveryState_DELIVERY_STATE_DELIVERED, said[0].GetReceipt().GetState())
	require.Equal(t, answer, said[0].GetReceipt().GetMessage())
	require.Equal(t, event.DeliveryState_DELIVERY_STATE_READ, said[1].GetReceipt().GetState())
	require.Equal(t, "e1", said[2].GetCustomerEnded().GetRequest())
	w.deliver(address, "ended", 0, "", "")
	require.Equal(t, "ended", b.next("state")["state"])
	b.say(map[string]any{"type": "ping"})
	b.next("pong")

	require.NoError(t, b.conn.WriteClose(1000, nil))
	w.eventually(func() bool { s := w.said(); return s[len(s)-1].GetCustomerDisconnected() != nil }, "the disconnection is told")
	require.EqualValues(t, acked, p.adapter.chats.linesOf(m.GetAddress())[0].State(), "nobody asks whether an echo arrived")
}

// A browser that was away gets what it lacks at any process, and nothing twice but what it did not acknowledge.
func TestReconnectAtAnotherProcess(t *testing.T) {
	w := newWorld(t)
	one, two := w.process(), w.process()
	token := w.token(one)
	b, _ := w.come(one, token, 0)
	b.say(map[string]any{"type": "send", "id": "m1", "text": "hi"})
	b.next("accepted")
	address := w.said()[1].GetAddress()
	ids := []string{w.deliver(address, "echo", 1, "hi", "m1"), w.deliver(address, "message", 2, "two", "")}
	b.next("message")
	b.next("message")
	b.say(map[string]any{"type": "ack", "ids": ids[:1]})
	b.say(map[string]any{"type": "ping"})
	b.next("pong")
	// Outbound settles what was acknowledged: the other process learns it so.
	w.put(event.TopicOutbound, &event.Event{Tenant: "acme", Key: event.Key("acme", address), Address: address, Body: &event.Event_DeliverySettled{
		DeliverySettled: &event.DeliverySettled{Delivery: ids[0], State: event.DeliveryState_DELIVERY_STATE_DELIVERED},
	}})
	_ = b.conn.NetConn().Close()
	w.deliver(address, "message", 3, "three", "")
	w.eventually(func() bool {
		l := two.adapter.chats.linesOf(address)
		return len(l) == 3 && l[0].State()&acked != 0
	}, "the other process knows the chat")

	again, history := w.come(two, token, 2)
	require.Equal(t, []string{"two", "three"}, texts(history), "what is new, and what was not acknowledged")
	w.deliver(address, "message", 4, "four", "")
	require.Equal(t, "four", again.next("message")["text"])

	// A browser that has nothing gets all; a second tab gets what comes as well.
	w.eventually(func() bool { return len(one.adapter.chats.linesOf(address)) == 4 }, "the first process knows it too")
	tab, history := w.come(one, token, 0)
	require.Equal(t, []string{"hi", "two", "three", "four"}, texts(history))
	w.deliver(address, "message", 5, "five", "")
	require.Equal(t, "five", again.next("message")["text"])
	require.Equal(t, "five", tab.next("message")["text"])
}

// The same message sent again after a lost answer has the same event id, by which the fold drops it.
func TestRepeatsHaveOneID(t *testing.T) {
	w := newWorld(t)
	one, two := w.process(), w.process()
	token := w.token(one)
	for _, p := range []*process{one, two} {
		b, _ := w.come(p, token, 0)
		b.say(map[string]any{"type": "send", "id": "same", "text": "once"})
		b.next("accepted")
	}
	var ids []string
	for _, e := range w.said() {
		if e.GetCustomerMessage() != nil {
			ids = append(ids, event.IDText(e.GetId()))
		}
	}
	require.Len(t, ids, 2)
	require.Equal(t, ids[0], ids[1])
}

// Whatever comes while browsers connect, each sees all messages in order, none twice.
func TestHistoryThenFramesHasNoGapAndNoDouble(t *testing.T) {
	w := newWorld(t)
	p := w.process()
	token := w.token(p)
	b, _ := w.come(p, token, 0)
	b.say(map[string]any{"type": "send", "id": "m0", "text": "begin"})
	b.next("accepted")
	address := w.said()[1].GetAddress()
	const count = 40
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range count {
			w.deliver(address, "message", uint64(i+1), fmt.Sprint(i), "")
		}
	}()
	var tabs []*browser
	var seen [][]string
	for range 8 {
		tab, history := w.come(p, token, 0)
		tabs = append(tabs, tab)
		seen = append(seen, texts(history))
	}
	<-done
	for i, tab := range tabs {
		for len(seen[i]) < count {
			seen[i] = append(seen[i], str(tab.next("message")["text"]))
		}
		for n, text := range seen[i] {
			require.Equal(t, fmt.Sprint(n), text)
		}
	}
}

func TestTheNextConversationBeginsAnew(t *testing.T) {
	w := newWorld(t)
	p := w.process()
	token := w.token(p)
	b, _ := w.come(p, token, 0)
	b.say(map[string]any{"type": "send", "id": "m1", "text": "hi"})
	b.next("accepted")
	address := w.said()[1].GetAddress()
	w.deliver(address, "message", 1, "new", "")
	b.next("message")
	// The browser has sequence 57 of an earlier conversation.
	_, history := w.come(p, token, 57)
	require.Equal(t, []string{"new"}, texts(history))
}

func TestTheDoorRefuses(t *testing.T) {
	w := newWorld(t)
	p := w.process(func(c *Config) { c.Limits.SessionsPerMinute = 12 })
	for _, c := range []struct {
		origin, body string
		status       int
		code         string
	}{
		{"https://evil.example", `{"entry_point":"shop"}`, 403, "origin"},
		{"", `{"entry_point":"shop"}`, 403, "origin"},
		{"https://shop.example", `{"entry_point":"none"}`, 404, "not_found"},
		{"https://shop.example", `{"entry_point":`, 400, "invalid"},
		{"https://shop.example", `[]`, 400, "invalid"},
		{"https://shop.example", `{"entry_point":"` + strings.Repeat("x", maxBody) + `"}`, 413, "too_large"},
	} {
		status, body := w.post(p, c.origin, c.body)
		require.Equal(t, c.status, status, c.body)
		require.Equal(t, c.code, body["code"], c.body)
	}
	_, err := w.dial(p, "https://evil.example")
	require.Error(t, err)
	for range 6 {
		w.token(p)
	}
	status, body := w.post(p, "https://shop.example", `{"entry_point":"shop"}`)
	require.Equal(t, http.StatusTooManyRequests, status)
	require.Equal(t, "rate", body["code"])
	w.ms.Add(60_000)
	w.token(p)
}

// One customer of a provider has more addresses than can be counted: they count as one.
func TestANetworkOfIPv6IsOneClient(t *testing.T) {
	w := newWorld(t)
	var n atomic.Int64
	p := w.process(func(c *Config) {
		c.Limits.SessionsPerMinute, c.Limits.PerIP = 3, 2
		c.ClientIP = func(*http.Request) string { return fmt.Sprintf("2001:db8:0:7::%x", n.Add(1)) }
	})
	for range 3 {
		w.token(p)
	}
	status, _ := w.post(p, "https://shop.example", `{"entry_point":"shop"}`)
	require.Equal(t, http.StatusTooManyRequests, status)
	for i := range 3 {
		_, err := w.dial(p, "https://shop.example")
		require.Equal(t, i == 2, err != nil)
	}
}

func TestTokensAreForOneEntryPoint(t *testing.T) {
	w := newWorld(t)
	w.config("other", &event.EntryPoint{Id: "desk", Channel: event.Channel_CHANNEL_WEBCHAT, Origins: []string{"https://shop.example"}})
	p := w.process()
	status, foreign := w.post(p, "https://shop.example", `{"entry_point":"desk"}`)
	require.Equal(t, 200, status)
	mine := w.token(p)
	_, renewed := w.post(p, "https://shop.example", `{"entry_point":"shop","token":"`+mine+`"}`)
	was, err := w.accounts.VerifyVisitor(mine)
	require.NoError(t, err)
	is, err := w.accounts.VerifyVisitor(str(renewed["token"]))
	require.NoError(t, err)
	require.Equal(t, was.Visitor, is.Visitor)
	_, swapped := w.post(p, "https://shop.example", `{"entry_point":"shop","token":"`+str(foreign["token"])+`"}`)
	is, err = w.accounts.VerifyVisitor(str(swapped["token"]))
	require.NoError(t, err)
	theirs, err := w.accounts.VerifyVisitor(str(foreign["token"]))
	require.NoError(t, err)
	require.NotEqual(t, theirs.Visitor, is.Visitor)

	for _, token := range []string{"", "x", mine + "x", str(foreign["token"])} {
		b, err := w.dial(p, "https://shop.example")
		require.NoError(t, err)
		b.say(map[string]any{"type": "hello", "token": token})
		require.Equal(t, "token", b.next("error")["code"])
		require.EqualValues(t, live.CloseLogin, b.code())
	}
	require.Empty(t, w.said())
}

// What a browser sends behind a hello that is refused is neither taken nor refused: its next connection sends it again.
func TestWhatFollowsARefusedHelloIsLeft(t *testing.T) {
	w := newWorld(t)
	p := w.process()
	_, err := w.dial(p, "https://shop.example")
	require.NoError(t, err)
	w.eventually(func() bool { return len(p.adapter.all()) == 1 }, "the connection")
	c := p.adapter.all()[0]
	for _, kind := range []string{"hello", "send", "ping"} {
		answer, err := c.do(&frame{Type: kind, ID: "m", Text: "x", Token: "wrong"})
		require.NoError(t, err, kind)
		require.Empty(t, answer, kind)
	}
}

func TestHostileFrames(t *testing.T) {
	w := newWorld(t)
	p := w.process()
	token := w.token(p)
	early, err := w.dial(p, "https://shop.example")
	require.NoError(t, err)
	early.say(map[string]any{"type": "send", "id": "m", "text": "x"})
	require.Equal(t, "hello", early.next("error")["code"])

	b, _ := w.come(p, token, 0)
	for _, raw := range []string{
		``, `{`, `[]`, `null`, `{"type":5}`, `{"type":"fly"}`, `{"type":"hello","token":"x"}`, `{"type":"send","text":"x"}`,
		`{"type":"send","id":"a b","text":"x"}`, `{"type":"send","id":"m","text":" "}`, `{"type":"end"}`,
		`{"type":"send","id":"m","text":"` + strings.Repeat("x", maxText+1) + `"}`,
		`{"type":"ack","ids":["` + strings.Repeat(`x","`, maxAcks+1) + `"]}`, `{"type":"send","id":"` + strings.Repeat("9", 65) + `","text":"x"}`,
		`{"type":"send","id":"13800138000","text":"an id must not be a telephone number"}`,
	} {
		require.NoError(t, b.conn.WriteMessage(gws.OpcodeText, []byte(raw)))
		require.Equal(t, "invalid", b.next("error")["code"], raw)
	}
	for _, e := range w.said() {
		require.Nil(t, e.GetCustomerMessage())
	}
	require.NoError(t, b.conn.WriteMessage(gws.OpcodeBinary, []byte("x")))
	require.EqualValues(t, live.CloseUnsupported, b.code())

	big, _ := w.come(p, token, 0)
	require.NoError(t, big.conn.WriteMessage(gws.OpcodeText, []byte(`{"type":"send","id":"m","text":"`+strings.Repeat("x", maxFrame)+`"}`)))
	require.EqualValues(t, 1009, big.code())
}

func TestFloods(t *testing.T) {
	w := newWorld(t)
	p := w.process(func(c *Config) { c.Limits.MessageBurst, c.Limits.PerVisitor, c.Limits.PerIP = 3, 2, 3 })
	token := w.token(p)
	b, _ := w.come(p, token, 0)
	for i := range 5 {
		b.say(map[string]any{"type": "send", "id": fmt.Sprint("m", i), "text": "x"})
	}
	for range 3 {
		b.next("accepted")
	}
	require.Equal(t, "rate", b.next("error")["code"])
	require.Equal(t, "rate", b.next("error")["code"])

	_, _ = w.come(p, token, 0)
	third, err := w.dial(p, "https://shop.example")
	require.NoError(t, err)
	third.say(map[string]any{"type": "hello", "token": token})
	require.EqualValues(t, live.CloseRate, third.code())
	w.eventually(func() bool { return len(p.adapter.all()) == 2 }, "the third is gone")
	_, err = w.dial(p, "https://shop.example")
	require.NoError(t, err)
	_, err = w.dial(p, "https://shop.example")
	require.Error(t, err, "one client address has its limit")

	for range 60 + maxExcess + 1 {
		if b.conn.WriteMessage(gws.OpcodeText, []byte(`{"type":"ping"}`)) != nil {
			break
		}
	}
	require.EqualValues(t, live.CloseRate, b.code())
}

// A browser that does not read is given up, and nobody waits for it.
func TestASlowBrowserIsGivenUp(t *testing.T) {
	w := newWorld(t)
	p := w.process(func(c *Config) { c.Limits.Notes = 8 })
	token := w.token(p)
	slow := new(gws.BuiltinEventHandler)
	conn, resp, err := gws.NewClient(slow, &gws.ClientOption{
		Addr:          strings.Replace(p.URL, "http", "ws", 1) + "/webchat/ws?entry_point=shop",
		RequestHeader: http.Header{"Origin": []string{"https://shop.example"}}, ReadBufferSize: 512,
	})
	require.NoError(t, err)
	if resp.Body != nil {
		_ = resp.Body.Close()
	}
	t.Cleanup(func() { _ = conn.NetConn().Close() })
	require.NoError(t, conn.WriteMessage(gws.OpcodeText, []byte(`{"type":"hello","token":"`+token+`"}`)))
	require.NoError(t, conn.WriteMessage(gws.OpcodeText, []byte(`{"type":"send","id":"m","text":"x"}`)))
	w.eventually(func() bool { return len(w.said()) == 2 }, "the browser is in")
	address := w.said()[1].GetAddress()
	quick, _ := w.come(p, token, 0)
	text := strings.Repeat("long ", 20_000)
	got := 0
	for i := 0; len(p.adapter.all()) > 1; i++ {
		require.Less(t, i, 2000, "the slow browser is still there")
		w.deliver(address, "message", uint64(i+1), text, "")
		quick.next("message")
		got++
	}
	require.Positive(t, got)
}

func TestPagesFromOtherOrigins(t *testing.T) {
	w := newWorld(t)
	p := w.process()
	for origin, want := range map[string]string{"https://shop.example": "https://shop.example", "https://evil.example": ""} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, p.URL+"/webchat/session", nil)
		require.NoError(t, err)
		r.Header.Set("Origin", origin)
		resp, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, want, resp.Header.Get("Access-Control-Allow-Origin"))
		require.Empty(t, resp.Header.Get("Access-Control-Allow-Credentials"))
	}
}

// Behind a balancer that ends TLS, our own pages are those that came by TLS, and browsers are told to stay with it.
func TestBehindABalancer(t *testing.T) {
	w := newWorld(t)
	for _, secure := range []bool{false, true} {
		p := w.process(func(c *Config) { c.Secure = secure })
		host := strings.TrimPrefix(p.URL, "http://")
		status, _ := w.post(p, "http://"+host, `{"entry_point":"shop"}`)
		require.Equal(t, secure, status == http.StatusForbidden)
		status, _ = w.post(p, "https://"+host, `{"entry_point":"shop"}`)
		require.Equal(t, http.StatusOK, status)
		_, err := w.dial(p, "http://"+host)
		require.Equal(t, secure, err != nil)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL+"/webchat/widget.js", nil)
		require.NoError(t, err)
		resp, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, secure, resp.Header.Get("Strict-Transport-Security") != "")
	}
}

func TestEndedChatsAreForgotten(t *testing.T) {
	w := newWorld(t)
	p := w.process(func(c *Config) { c.Limits.Ended = 3 })
	for i := range 10 {
		address, err := w.keys.Pseudonym(t.Context(), "acme", fmt.Sprint("webchat:v", i))
		require.NoError(t, err)
		w.deliver(string(address), "message", 1, "hello", "")
		w.deliver(string(address), "assigned", 0, "", "")
		w.deliver(string(address), "ended", 0, "", "")
	}
	w.eventually(func() bool { return p.adapter.chats.size() == 3 }, "three ended chats are kept")
}

func FuzzParseFrame(f *testing.F) {
	for _, s := range []string{`{"type":"send","id":"m","text":"x"}`, `{"type":"ack","ids":["a"]}`, `{`, ``, `{"id":"a b"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := parseFrame(raw)
		if got.ID != "" && !isID(got.ID) {
			t.Fatalf("the id %q passed, error %v", got.ID, err)
		}
	})
}

func TestWishesToEndAreFew(t *testing.T) {
	w := newWorld(t)
	p := w.process()
	b, _ := w.come(p, w.token(p), 0)
	b.say(map[string]any{"type": "send", "id": "m1", "text": "hello"})
	b.next("accepted")
	for i := range 10 {
		b.say(map[string]any{"type": "end", "id": fmt.Sprint("e", i)})
		b.next("accepted")
	}
	before := len(w.said())
	b.say(map[string]any{"type": "end", "id": "e10"})
	require.Equal(t, "rate", b.next("error")["code"])
	require.Len(t, w.said(), before)
	w.ms.Add(5000)
	b.say(map[string]any{"type": "end", "id": "e10"})
	require.Equal(t, "e10", b.next("accepted")["id"])
}
