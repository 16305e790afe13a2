package hostile

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lxzan/gws"
	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/access"
)

// soon is how long a good customer waits at most for an answer while others are rude, on a busy machine.
const soon = 8 * time.Second

func (k *talk) undisturbed(by string) {
	k.t.Helper()
	began := time.Now()
	k.round()
	require.Less(k.t, time.Since(began), soon, "the chat suffers from %s", by)
}

// TestRudeRequests: each wrong request gets its answer, and none tells more than it must.
func TestRudeRequests(t *testing.T) {
	t.Parallel()
	c := demo(t, filepath.Join(t.TempDir(), "data"))
	k := newTalk(t, c, "amy")
	rude := &person{t: t, base: c.base(), origin: c.base(), client: from("127.0.0.2")}
	long := strings.Repeat("x", 100<<10)
	for _, one := range []struct {
		what, method, path, body string
		status                   int
		holds                    string
	}{
		{"a large body", "POST", "/api/login", `{"tenant":"` + long + `"}`, 413, "too_large"},
		{"a large body of a customer", "POST", "/webchat/session", `{"entry_point":"` + long + `"}`, 413, "too_large"},
		{"no JSON", "POST", "/api/login", `{"tenant":`, 400, "invalid"},
		{"another type", "POST", "/api/login", `[1,2]`, 400, "invalid"},
		{"a field too many", "POST", "/api/login", `{"tenant":"demo","role":"admin"}`, 400, "invalid"},
		{"something behind the JSON", "POST", "/api/login", `{"tenant":"demo"} {}`, 400, "invalid"},
		{"no JSON of a customer", "POST", "/webchat/session", `<xml>`, 400, "invalid"},
		{"an unknown entry point", "POST", "/webchat/session", `{"entry_point":"demo/none"}`, 404, "not_found"},
		{"an unknown route", "GET", "/api/none", "", 404, "not_found"},
		{"no login", "GET", "/api/me", "", 401, "unauthenticated"},
		{"history without login", "GET", "/api/conversations/x/messages", "", 401, "unauthenticated"},
		{"a socket without login", "GET", "/api/ws", "", 401, "unauthenticated"},
		{"metrics without their token", "GET", "/metrics", "", 401, "bearer"},
		{"a file outside", "GET", "/..%2f..%2fmaster.key", "", 404, ""},
		{"a file outside, of customers", "GET", "/webchat/..%2f..%2fmaster.key", "", 404, ""},
		{"a page to post to", "POST", "/", "x", 400, ""},
		{"a wrong link", "POST", "/api/first", `{"link":"x","login":"y","password":"long enough to be one"}`, 401, "denied"},
	} {
		status, body, _ := rude.do(one.method, one.path, one.body)
		require.Equal(t, one.status, status, "%s: %s", one.what, body)
		require.Contains(t, body, one.holds, one.what)
		require.NotContains(t, body, "goroutine", one.what)
	}
	rude.cookie = "a=" + strings.Repeat("x", 64<<10)
	status, _, _ := rude.do("GET", "/healthz", "")
	require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, status)
	k.undisturbed("rude requests")

	tokens(t, c)
	origins(t, c)
	forgery(t, c)
	k.undisturbed("wrong tokens and origins")
	markup(t, k)
	k.once()
}

// tokens: what is wrong, too old, of another kind or of another place opens nothing.
func tokens(t *testing.T, c *child) {
	t.Helper()
	accounts := stores(t, c.data).Accounts
	token := func(v access.Visitor, ttl time.Duration) string {
		out, err := accounts.VisitorToken(v, ttl)
		require.NoError(t, err)
		return out
	}
	good := access.Visitor{Tenant: "demo", EntryPoint: "shop", Visitor: "abcdefghijklmnopqrst"}
	amy := login(t, c, "amy")
	_, agents, _ := strings.Cut(amy.cookie, "=")
	short := token(good, time.Millisecond)
	for what, visitors := range map[string]string{
		"none": "", "garbage": "garbage", "too old": short, "an agent's": agents, "cut": token(good, time.Hour)[:40],
		"of another tenant":      token(access.Visitor{Tenant: "rival", EntryPoint: "shop", Visitor: good.Visitor}, time.Hour),
		"of another entry point": token(access.Visitor{Tenant: "demo", EntryPoint: "none", Visitor: good.Visitor}, time.Hour),
	} {
		eventually(t, 10*time.Second, func() error {
			_, err := accounts.VerifyVisitor(short)
			if err == nil {
				return fmt.Errorf("the token is not too old yet")
			}
			return nil
		})
		r := shop(t, c)
		require.NoError(t, r.send(fmt.Sprintf(`{"type":"hello","token":%q}`, visitors)))
		f := r.next(kind("error"))
		require.Equal(t, "token", f["code"], what)
		require.EqualValues(t, 4001, r.gone(), what)
	}
	for what, cookie := range map[string]string{
		"garbage": "garbage", "a visitor's": token(good, time.Hour), "cut": agents[:len(agents)-4], "long": strings.Repeat("x", 5000),
	} {
		p := &person{t: t, base: c.base(), origin: c.base(), client: plain, cookie: "tributary=" + cookie}
		status, body, _ := p.do("GET", "/api/me", "")
		require.Equal(t, http.StatusUnauthorized, status, "%s: %s", what, body)
		_, status = dial(t, c, "/api/ws", http.Header{"Origin": {c.base()}, "Cookie": {p.cookie}})
		require.Equal(t, http.StatusUnauthorized, status, what)
	}
}

// origins: pages of elsewhere are refused, whatever their visitor's browser sends along.
func origins(t *testing.T, c *child) {
	t.Helper()
	amy := login(t, c, "amy")
	for _, evil := range []string{"https://evil.example", "null", c.base() + ".evil.example", "https://" + c.addr + "@evil.example"} {
		status, code := visitor(t, c, "demo/shop", evil)
		require.Equal(t, http.StatusForbidden, status, evil)
		require.Equal(t, "origin", code)
		_, status = dial(t, c, "/webchat/ws?entry_point=demo/shop", http.Header{"Origin": {evil}})
		require.Equal(t, http.StatusForbidden, status, evil)
		_, status = dial(t, c, "/api/ws", http.Header{"Origin": {evil}, "Cookie": {amy.cookie}})
		require.Equal(t, http.StatusForbidden, status, evil)
		p := &person{t: t, base: c.base(), origin: evil, client: plain}
		status, body, _ := p.do("POST", "/api/login", `{"tenant":"demo","login":"amy","password":"x"}`)
		require.Equal(t, http.StatusForbidden, status, body)
	}
}

// forgery: a page that has the browser send the cookie does not have the second half.
func forgery(t *testing.T, c *child) {
	t.Helper()
	amy, bo := login(t, c, "amy"), login(t, c, "bo")
	right := amy.csrf
	for what, csrf := range map[string]string{"none": "", "garbage": "x", "another's": bo.csrf} {
		amy.csrf = csrf
		status, body, _ := amy.do("POST", "/api/logout", "{}")
		require.Equal(t, http.StatusForbidden, status, what)
		require.Contains(t, body, "csrf", what)
	}
	amy.csrf = right
	status, body, _ := amy.do("POST", "/api/logout", "{}")
	require.Equal(t, http.StatusOK, status, body)
	status, body, _ = amy.do("GET", "/api/me", "")
	require.Equal(t, http.StatusUnauthorized, status, body)
}

// markup travels as text, both ways.
func markup(t *testing.T, k *talk) {
	t.Helper()
	for _, text := range []string{`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, "{{7*7}} ${7*7} \u202e\u0007 '; DROP TABLE messages; --"} {
		k.mu.Lock()
		k.said++ // it takes the place of a word
		k.words[k.said] = text
		k.mu.Unlock()
		k.customer.Send("m-"+k.request(), text)
		k.answer(text)
		eventually(t, 30*time.Second, func() error { return k.answered(text) })
	}
}

// TestBruteForce: wrong passwords are answered alike for whoever exists and whoever does not, and then not at all.
func TestBruteForce(t *testing.T) {
	t.Parallel()
	c := demo(t, filepath.Join(t.TempDir(), "data"))
	k := newTalk(t, c, "amy")
	try := func(ip, tenant, name, password string) (int, string, time.Duration) {
		p := &person{t: t, base: c.base(), origin: c.base(), client: from(ip)}
		began := time.Now()
		status, body, _ := p.do("POST", "/api/login", fmt.Sprintf(`{"tenant":%q,"login":%q,"password":%q}`, tenant, name, password))
		return status, body, time.Since(began)
	}
	refused, wrong, _ := try("127.0.0.3", "demo", "quinn", "a wrong password")
	require.Equal(t, http.StatusUnauthorized, refused)
	least := map[string]time.Duration{}
	for range 4 {
		for _, who := range [][2]string{{"demo", "quinn"}, {"demo", "nobody"}, {"none", "quinn"}} {
			status, body, took := try("127.0.0.3", who[0], who[1], "another wrong password")
			require.Equal(t, http.StatusUnauthorized, status)
			require.Equal(t, wrong, body, "the answer tells who exists")
			if name := strings.Join(who[:], "/"); least[name] == 0 || took < least[name] {
				least[name] = took
			}
		}
	}
	for name, took := range least {
		require.Greater(t, 4*took, least["demo/quinn"], "how long the answer takes tells that %s does not exist", name)
	}
	right := stores(t, c.data).DemoPassword("quinn")
	throttled := 0
	for range 20 {
		if status, _, _ := try("127.0.0.4", "demo", "quinn", "guess"); status == http.StatusTooManyRequests {
			throttled++
		}
	}
	require.GreaterOrEqual(t, throttled, 12)
	status, _, _ := try("127.0.0.5", "demo", "quinn", right)
	require.Equal(t, http.StatusTooManyRequests, status, "who guesses learns nothing from the answer to the right one")
	throttled = 0
	for i := range 90 { // one address, many logins
		if status, _, _ = try("127.0.0.6", "demo", fmt.Sprintf("login%d", i), "guess"); status == http.StatusTooManyRequests {
			throttled++
		}
	}
	require.Positive(t, throttled)
	k.undisturbed("guesses")
	login(t, c, "sam")
}

// TestRudeFrames: each wrong frame is answered or ends its own connection, and no other.
func TestRudeFrames(t *testing.T) {
	t.Parallel()
	c := demo(t, filepath.Join(t.TempDir(), "data"))
	k := newTalk(t, c, "amy")
	first := shop(t, c)
	require.NoError(t, first.send(`{"type":"send","id":"x","text":"before hello"}`))
	require.Equal(t, "hello", first.next(kind("error"))["code"])
	r := guest(t, c)
	for what, frame := range map[string]string{
		"no JSON": `{"type":`, "another type": `[]`, "an unknown type": `{"type":"shout","id":"a"}`, "a second hello": `{"type":"hello","token":"x"}`,
		"no id": `{"type":"send","text":"x"}`, "an id with text": `{"type":"send","id":"call me +8613800138000","text":"x"}`,
		"no text": `{"type":"send","id":"b","text":"  "}`, "a long text": `{"type":"send","id":"c","text":"` + strings.Repeat("x", 5000) + `"}`,
		"many receipts": `{"type":"ack","ids":["x"` + strings.Repeat(`,"x"`, 200) + `]}`, "a negative number": `{"type":"read","sequence":-1}`,
	} {
		require.NoError(t, r.send(frame))
		require.Equal(t, "invalid", r.next(kind("error"))["code"], what)
	}
	require.NoError(t, r.send(`{"type":"ping"}`))
	r.next(kind("pong"))
	k.undisturbed("rude frames")

	amy, status := dial(t, c, "/api/ws", http.Header{"Origin": {c.base()}, "Cookie": {login(t, c, "bo").cookie}})
	require.Equal(t, http.StatusSwitchingProtocols, status)
	amy.next(kind("snapshot"))
	for what, frame := range map[string]string{
		"no JSON": `{"type":`, "an unknown type": `{"type":"shout","request":"a"}`, "no request": `{"type":"status","status":"break"}`,
		"a wrong status": `{"type":"status","request":"b","status":"asleep"}`, "an id with text": `{"type":"end","request":"c","contact":"the one with Ms Li"}`,
		"a long text": `{"type":"send","request":"d","contact":"x","text":"` + strings.Repeat("x", 9000) + `"}`,
	} {
		require.NoError(t, amy.send(frame))
		require.Equal(t, "invalid", amy.next(kind("error"))["code"], what)
	}

	large := `{"type":"send","id":"x","text":"` + strings.Repeat("x", 1<<20) + `"}`
	for _, one := range []*raw{shop(t, c), guest(t, c), amy} {
		_ = one.send(large) // the server may hang up in the middle
		require.Contains(t, []uint16{1009, 0}, one.gone(), "a frame of a megabyte")
	}
	bin := guest(t, c)
	require.NoError(t, bin.conn.WriteMessage(gws.OpcodeBinary, []byte{1, 2, 3}))
	require.EqualValues(t, 1003, bin.gone())
	hugeClaim(t, c)
	k.undisturbed("large frames")
	flood(t, c, k)
	tabs(t, c)
	k.once()
}

// hugeClaim sends the head of a frame of 2^62 bytes, of an unmasked one and of a fragment without end.
func hugeClaim(t *testing.T, c *child) {
	t.Helper()
	before := c.metric("process_resident_memory_bytes")
	for _, head := range [][]byte{
		{0x81, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0},
		{0x81, 0x05, 'h', 'e', 'l', 'l', 'o'},
		{0xf1, 0x80, 0, 0, 0, 0},
		{0x80, 0x80, 0, 0, 0, 0},
	} {
		r := shop(t, c)
		_, err := r.conn.NetConn().Write(append(head, make([]byte, 64)...))
		require.NoError(t, err)
		r.gone()
	}
	require.Less(t, c.metric("process_resident_memory_bytes")-before, 256.0*(1<<20))
}

// tabs: one visitor has so many connections and no more; what is said on one too many is neither taken nor refused there.
func tabs(t *testing.T, c *child) {
	t.Helper()
	status, token := visitor(t, c, "demo/shop", c.base())
	require.Equal(t, http.StatusOK, status, token)
	hello := fmt.Sprintf(`{"type":"hello","token":%q}`, token)
	for range 10 {
		r := shop(t, c)
		require.NoError(t, r.send(hello))
		r.next(kind("history"))
	}
	r := shop(t, c)
	require.NoError(t, r.send(hello))
	_ = r.send(`{"type":"send","id":"late","text":"x"}`) // the server may have hung up
	require.Contains(t, []uint16{4029, 0}, r.gone())
	for len(r.frames) > 0 {
		require.NotEqual(t, "late", (<-r.frames)["id"])
	}
}

// flood: who sends far more than a person does is told so and then put out; nobody else notices.
func flood(t *testing.T, c *child, k *talk) {
	t.Helper()
	r := guest(t, c)
	r.floodUntil("id", `{"type":"send","id":"f%d","text":"flood"}`)
	k.undisturbed("a flood")
	require.Contains(t, []uint16{4029, 0}, r.gone())

	bo, status := dial(t, c, "/api/ws", http.Header{"Origin": {c.base()}, "Cookie": {login(t, c, "bo").cookie}})
	require.Equal(t, http.StatusSwitchingProtocols, status)
	bo.next(kind("snapshot"))
	bo.floodUntil("request", `{"type":"read","request":"f%d","contact":"none","sequence":1}`)
	k.undisturbed("a flood of an agent's")
	require.Contains(t, []uint16{4029, 0}, bo.gone())
	limited := 0
	p := &person{t: t, base: c.base(), origin: c.base(), client: from("127.0.0.7")}
	for range 80 {
		if status, _, _ := p.do("POST", "/webchat/session", `{"entry_point":"demo/shop"}`); status == http.StatusTooManyRequests {
			limited++
		}
	}
	require.Positive(t, limited, "sessions without end")
}

// TestHalfOpen: a thousand connections that say nothing, or one byte at a time, hold up nobody and are put out.
func TestHalfOpen(t *testing.T) {
	t.Parallel()
	c := demo(t, filepath.Join(t.TempDir(), "data"))
	k := newTalk(t, c, "amy")
	var all []net.Conn
	open := func(ip, begin string) {
		conn, err := dialer(ip).Dial("tcp", c.addr)
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		if begin != "" {
			_, err = conn.Write([]byte(begin))
			require.NoError(t, err)
		}
		all = append(all, conn)
	}
	for i := range 1000 {
		ip := fmt.Sprintf("127.0.1.%d", 1+i%100)
		switch i % 4 {
		case 0, 1:
			open(ip, "")
		case 2:
			open(ip, "GET /api/me HTTP/1.1\r\nHost: "+c.addr+"\r\nX-A: ")
		case 3:
			open(ip, "POST /api/login HTTP/1.1\r\nHost: "+c.addr+"\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")
		}
	}
	k.undisturbed("half-open connections")
	// One byte now and then does not keep a connection.
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				for i := 2; i < 400; i += 4 {
					_, _ = all[i].Write([]byte("a"))
				}
			}
		}
	}()
	refused := 0
	var sockets []*raw
	for range 260 { // of one address, which says no hello
		if r, status := dialFrom(t, c, "127.0.0.8", "/webchat/ws?entry_point=demo/shop", http.Header{"Origin": {c.base()}}); r != nil {
			sockets = append(sockets, r)
		} else if status == http.StatusTooManyRequests {
			refused++
		}
	}
	require.Equal(t, 60, refused, "connections of one address")
	k.undisturbed("sockets without hello")
	for _, r := range sockets {
		require.Contains(t, []uint16{4001, 0}, r.gone())
	}
	end := time.Now().Add(45 * time.Second)
	for i, conn := range all {
		_ = conn.SetReadDeadline(end)
		_, err := io.Copy(io.Discard, conn)
		var timeout net.Error
		if ok := asTimeout(err, &timeout); ok {
			t.Fatalf("connection %d, of kind %d, is still open", i, i%4)
		}
		if i%200 == 0 {
			k.undisturbed("half-open connections")
		}
	}
	k.once()
}
