package api

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/privacy"
)

// namedOpener opens what the tests seal, as a name too.
type namedOpener struct{}

func (namedOpener) OpenContent(_ context.Context, _ string, s *event.Sealed) (*event.Content, error) {
	return &event.Content{Text: string(s.GetCiphertext()), Name: string(s.GetCiphertext()), Fields: []*event.Field{{Name: "order", Value: "4711"}}}, nil
}

func TestProfileOfACustomer(t *testing.T) {
	w := newWorld(t)
	w.assigned("ann")
	w.profile("c1", "Ida Holm", 3)
	p := w.process(func(c *Config) { c.Opener = namedOpener{} })
	ann, _ := p.login("ann")
	bob, _ := p.login("bob")
	sue, _ := p.login("sue")
	a := p.ask("GET", "/api/customers/c1", "", "Cookie", ann)
	require.Equal(t, 200, a.status)
	require.Equal(t, []any{"Ida Holm", "gold", 3.0, "site", "4711"}, []any{a.body["name"], a.body["tier"], a.body["version"], a.body["source"], dig(a.body, "fields", "order")})
	require.Equal(t, 403, p.ask("GET", "/api/customers/c1", "", "Cookie", bob).status)
	a = p.ask("GET", "/api/customers/c9", "", "Cookie", sue)
	require.Equal(t, []any{200, 0.0, ""}, []any{a.status, a.body["version"], a.body["name"]})
}

// shelf is a history with rows by query.
type shelf struct {
	rows map[string][]map[string]any
	err  error
}

func (s shelf) Query(_ context.Context, name string, params map[string]any) ([]map[string]any, error) {
	rows := s.rows[name]
	if name == queryFileContacts {
		rows = slices.DeleteFunc(slices.Clone(rows), func(row map[string]any) bool {
			return row["conversation"] != params["conversation"] || row["file"] != params["file"]
		})
	}
	return rows, s.err
}

// asked is a history that notes what it is asked.
type asked struct {
	shelf
	params map[string]map[string]any
}

func (a asked) Query(ctx context.Context, name string, params map[string]any) ([]map[string]any, error) {
	a.params[name] = params
	return a.shelf.Query(ctx, name, params)
}

func TestAllThatACustomerSaid(t *testing.T) {
	w := newWorld(t)
	w.configured()
	w.assigned("ann")
	row := func(id string, sequence uint64, ms int64, more map[string]any) map[string]any {
		r := map[string]any{
			"message": id, "sequence": sequence, "sent_ms": ms, "contact": "k0", "conversation": "v0", "channel": "email", "author": "agent", "agent": "bob",
			"text": "call 138****8000", "queue": "returns", "contact_agent": "bob", "wrap_up_code": "solved", "survey": uint8(5), "internal": true,
			"kind": "wrap_up_note", "files": []string{"abc"}, "media_types": []string{"application/pdf"}, "sizes": []uint64{9},
		}
		for k, v := range more {
			r[k] = v
		}
		return r
	}
	history := asked{shelf{rows: map[string][]map[string]any{queryCustomerMessages: {row("m2", 2, 50, nil), row("m1", 1, 40, nil)}}}, map[string]map[string]any{}}
	p := w.process(func(c *Config) { c.History, c.Opener = history, namedOpener{} })
	require.Eventually(t, func() bool { return len(p.door.view.heldBy("acme", "ann")) == 1 }, patience, waitStep)
	ann, _ := p.login("ann")
	bob, _ := p.login("bob")
	a := p.ask("GET", "/api/customers/c1/messages?limit=2", "", "Cookie", ann)
	require.Equal(t, 200, a.status, a.raw)
	m := dig(a.body, "messages", 0)
	require.Equal(t, []any{"m1", "email", true, true, "Bob Back", "abc.pdf"}, []any{dig(m, "id"), dig(m, "channel"), dig(m, "masked"), dig(m, "internal"), dig(m, "agent_name"), dig(m, "attachments", 0, "name")})
	require.Len(t, a.body["contacts"], 1)
	k := dig(a.body, "contacts", 0)
	require.Equal(t, []any{"k0", "Returns", "Bob Back", "Solved", 5.0}, []any{dig(k, "id"), dig(k, "queue_name"), dig(k, "agent_name"), dig(k, "wrap_up_name"), dig(k, "survey")})
	require.Equal(t, "40.1.v0", a.body["next"])
	a = p.ask("GET", "/api/customers/c1/messages?limit=3&before=40.1.v0", "", "Cookie", ann)
	require.Equal(t, map[string]any{
		"tenant": "acme", "customer": "c1", "before_ms": int64(40), "before_conversation": "v0", "before_sequence": uint64(1), "count": 3,
	}, history.params[queryCustomerMessages])
	require.Empty(t, a.body["next"], "the beginning")
	require.Equal(t, 403, p.ask("GET", "/api/customers/c1/messages", "", "Cookie", bob).status)
	for _, bad := range []string{"limit=0", "limit=201", "limit=x", "before=x", "before=1.2", "before=0.1.v", "before=1.-1.v", "before=1.1.a%20b"} {
		require.Equal(t, 400, p.ask("GET", "/api/customers/c1/messages?"+bad, "", "Cookie", ann).status, bad)
	}
}

// brokenAudit fails where it is told to, and passes the rest on.
type brokenAudit struct {
	Guard
	action string
}

func (b brokenAudit) Append(ctx context.Context, topic event.Topic, e *event.Event, content *event.Content) error {
	if e.GetAudit().GetAction() == b.action {
		return errors.New("the log is away")
	}
	return b.Guard.Append(ctx, topic, e, content)
}

// A masked text is shown whole to the holder alone, once it is in the audit, and not without end.
func TestShowingAMaskedText(t *testing.T) {
	w := newWorld(t)
	w.assigned("ann")
	history := shelf{rows: map[string][]map[string]any{}}
	p := w.process(func(c *Config) { c.History = history })
	broken := w.process(func(c *Config) { c.Guard = brokenAudit{w.guard, string(actionShow)} })
	require.Eventually(t, func() bool { return len(p.door.view.heldBy("acme", "ann")) == 1 }, patience, waitStep)
	require.Eventually(t, func() bool { _, ok := p.door.view.lineAt("acme", "k1", "m-v1-1"); return ok }, patience, waitStep)
	require.Eventually(t, func() bool { _, ok := broken.door.view.lineAt("acme", "k1", "m-v1-1"); return ok }, patience, waitStep)
	cookie, csrf := p.login("ann")
	show := func(p *process, cookie, csrf, id string) answer {
		return p.ask("POST", "/api/messages/"+id+"/show", `{"contact":"k1"}`, "Cookie", cookie, csrfHeader, csrf)
	}
	a := show(p, cookie, csrf, "m-v1-1")
	require.Equal(t, []any{200, "call me: 13800138000", 30000.0}, []any{a.status, a.body["text"], a.body["show_ms"]})
	require.Equal(t, []string{"message.show m-v1-1 allowed"}, w.audited(accountID(w, "ann"), "session.begin"))
	require.Equal(t, 404, show(p, cookie, csrf, "m-other").status)
	require.Equal(t, 403, p.ask("POST", "/api/messages/m-v1-1/show", `{"contact":"k1"}`, "Cookie", cookie).status, "csrf")
	for _, login := range []string{"bob", "sue"} {
		other, otherCsrf := p.login(login)
		a = show(p, other, otherCsrf, "m-v1-1")
		require.Equal(t, []any{403, "denied"}, []any{a.status, a.body["code"]}, login)
		require.Contains(t, w.audited(accountID(w, login), "session.begin"), "message.show m-v1-1 denied")
	}
	a = show(broken, cookie, csrf, "m-v1-1")
	require.Equal(t, 503, a.status, a.raw)
	require.NotContains(t, a.raw, "13800138000")

	// An older one stands where history says; one of another customer is not shown, whatever history says.
	old := w.message("c1", "v0", "k0", "an older 13900139000")
	foreign := w.message("c2", "v2", "k2", "not yours")
	place := func(d event.Record) {
		history.rows[queryMessagePlace] = []map[string]any{{"partition": uint32(d.Partition), "offset": uint64(d.Offset)}}
	}
	place(old.Record)
	a = show(p, cookie, csrf, "m-v0-1")
	require.Equal(t, "an older 13900139000", a.body["text"], a.raw)
	place(foreign.Record)
	require.Equal(t, 404, show(p, cookie, csrf, "m-v2-1").status)
	limited := false
	for range int(showBurst) {
		limited = limited || show(p, cookie, csrf, "m-v1-1").status == http.StatusTooManyRequests
	}
	require.True(t, limited)
}

func TestFiles(t *testing.T) {
	w := newWorld(t)
	w.assigned("ann")
	p := w.process(func(c *Config) { c.Files = privacy.NewFiles(w.keys) })
	require.Eventually(t, func() bool { return len(p.door.view.heldBy("acme", "ann")) == 1 }, patience, waitStep)
	ann, csrf := p.login("ann")
	bob, bobCsrf := p.login("bob")
	sue, _ := p.login("sue")
	png := "\x89PNG\r\n\x1a\n" + strings.Repeat("x", 1<<21)
	put := func(cookie, csrf, query, body string) answer {
		return p.ask("POST", "/api/files?"+query, body, "Cookie", cookie, csrfHeader, csrf, "Content-Type", "image/gif")
	}
	a := put(ann, csrf, "contact=k1&name=cup%20%E6%9D%AF.png", png)
	require.Equal(t, 200, a.status, a.raw)
	require.Equal(t, []any{"image/png", float64(len(png)), "cup 杯.png"}, []any{a.body["media_type"], a.body["size"], a.body["name"]})
	file := str(a.body["file"])
	for _, c := range []struct {
		cookie, csrf, query, body, code string
		status                          int
	}{
		{bob, bobCsrf, "contact=k1&name=a", png, "denied", 403},
		{ann, "", "contact=k1&name=a", png, "csrf", 403},
		{ann, csrf, "contact=k9&name=a", png, "not_found", 404},
		{ann, csrf, "contact=k1", png, "invalid", 400},
		{ann, csrf, "contact=k1&name=..%2Fa", png, "invalid", 400},
		{ann, csrf, "contact=k1&name=a.exe", "MZ\x90\x00", "media_type", 415},
		{ann, csrf, "contact=k1&name=a.txt", "", "media_type", 415},
		{ann, csrf, "contact=k1&name=a.png", png + string(make([]byte, privacy.MaxFile)), "too_large", 413},
	} {
		x := put(c.cookie, c.csrf, c.query, c.body)
		require.Equal(t, []any{c.status, c.code}, []any{x.status, x.body["code"]}, c.query+x.raw)
	}
	get := func(cookie, file string) answer { return p.ask("GET", "/api/files/"+file, "", "Cookie", cookie) }
	x := get(ann, file)
	require.Equal(t, 200, x.status)
	require.Equal(t, png, x.raw)
	require.Equal(t, []string{"image/png", "", "nosniff"}, []string{x.header.Get("Content-Type"), x.header.Get("Content-Disposition"), x.header.Get("X-Content-Type-Options")})
	require.Equal(t, 200, get(sue, file).status)
	require.Equal(t, 403, get(bob, file).status)
	require.Equal(t, 404, get(ann, strings.Repeat("a", 32)).status)
	require.Equal(t, 404, get(ann, "..%2Fx").status)
	require.Equal(t, []string{"contact.read file/" + file + " allowed"}, w.audited(accountID(w, "ann"), "session.begin"))
	require.Equal(t, []string{"contact.read_all file/" + file + " allowed"}, w.audited(accountID(w, "sue"), "session.begin"))
	require.Equal(t, []string{"contact.read file/" + file + " denied"}, w.audited(accountID(w, "bob"), "session.begin"))
	long := put(ann, csrf, "contact=k1&name="+strings.Repeat("x", privacy.MaxFileName), png)
	require.Equal(t, strings.Repeat("x", privacy.MaxFileName-4)+".png", long.body["name"], "not longer than a message takes")
	text := put(ann, csrf, "contact=k1&name=page.html", "<script>alert(1)</script>")
	require.Equal(t, "page.html.txt", text.body["name"], "a name does not say that it is something else")
	x = get(ann, str(text.body["file"]))
	require.Equal(t, "text/plain; charset=utf-8", x.header.Get("Content-Type"))
	require.Equal(t, "attachment", x.header.Get("Content-Disposition"), "the page says by which name it is saved")
	require.Contains(t, x.header.Get("Content-Security-Policy"), "sandbox")

	d, _ := p.open("ann")
	d.say(`{"type":"send","request":"m1","contact":"k1","text":"","attachments":[{"file":%q,"name":"cup.png"}]}`, file)
	d.next("accepted")
	sent := in(w, event.TopicConversationIn, all)[0]
	require.Equal(t, []any{file, "image/png", uint64(len(png))}, []any{sent.GetAgentMessage().GetAttachments()[0].GetFile(), sent.GetAgentMessage().GetAttachments()[0].GetMediaType(), sent.GetAgentMessage().GetAttachments()[0].GetSize()})
	content, err := w.keys.OpenContent(t.Context(), "acme", sent.GetSealed())
	require.NoError(t, err)
	require.Equal(t, []string{"cup.png"}, content.GetFileNames())
	other, err := w.keys.Pseudonym(t.Context(), "acme", "webchat:other")
	require.NoError(t, err)
	foreign, err := privacy.NewFiles(w.keys).Seal(t.Context(), "acme", string(other), bytes.NewReader([]byte("%PDF-1.7")))
	require.NoError(t, err)
	d.say(`{"type":"send","request":"m2","contact":"k1","text":"x","attachments":[{"file":%q,"name":"a"}]}`, foreign.File)
	require.Equal(t, "not_found", d.next("error")["code"], "a file of another address")
	require.Equal(t, 403, get(ann, foreign.File).status)

	require.NoError(t, w.keys.Erase(t.Context(), "acme", w.address()))
	require.Equal(t, 409, get(ann, file).status, "erased")
	w.ms.Add(60_000)
	limited := false
	for range uploadBurst + 5 {
		limited = limited || put(ann, csrf, "contact=k1&name=a", "x").status == 429
	}
	require.True(t, limited)
}

// Who holds a contact of a customer opens a file of an earlier conversation of theirs, over another address, by naming it; nobody else.
func TestFilesOfEarlierConversations(t *testing.T) {
	w := newWorld(t)
	w.assigned("ann")
	files := privacy.NewFiles(w.keys)
	other, err := w.keys.Pseudonym(t.Context(), "acme", "wechat:other")
	require.NoError(t, err)
	info, err := files.Seal(t.Context(), "acme", string(other), strings.NewReader("%PDF-1.7"))
	require.NoError(t, err)
	p := w.process(func(c *Config) {
		c.Files, c.History = files, shelf{rows: map[string][]map[string]any{
			queryCustomerConversations: {{"conversation": "v0"}, {"conversation": "v1"}},
			queryFileContacts:          {{"conversation": "v0", "file": info.File, "contact": "k0"}, {"conversation": "v9", "file": info.File, "contact": "k9"}},
		}}
	})
	require.Eventually(t, func() bool { return len(p.door.view.heldBy("acme", "ann")) == 1 }, patience, waitStep)
	ann, _ := p.login("ann")
	bob, _ := p.login("bob")
	for _, x := range []struct {
		who, conversation string
		status            int
	}{{ann, "v0", 200}, {ann, "v1", 403}, {ann, "v9", 403}, {ann, "", 403}, {bob, "v0", 403}} {
		require.Equal(t, x.status, p.ask("GET", "/api/files/"+info.File+"?conversation="+x.conversation, "", "Cookie", x.who).status, x)
	}
	require.Contains(t, w.audited(accountID(w, "ann"), "session.begin"), "contact.read file/"+info.File+" allowed")
	require.Equal(t, []string{"contact.read file/" + info.File + " denied"}, w.audited(accountID(w, "bob"), "session.begin"))
}

// The process bounds whole requests for all doors; a file over a slow line has longer, once it is known whose it is.
func TestFilesOutliveTheLimitOfSmallRequests(t *testing.T) {
	w := newWorld(t)
	w.assigned("ann")
	p := w.process(func(c *Config) { c.Files = privacy.NewFiles(w.keys) })
	require.Eventually(t, func() bool { return len(p.door.view.heldBy("acme", "ann")) == 1 }, patience, waitStep)
	ann, csrf := p.login("ann")
	web := httptest.NewUnstartedServer(p.door.Handler())
	web.Config.ReadHeaderTimeout, web.Config.ReadTimeout = patience, time.Nanosecond
	web.Start()
	defer web.Close()
	slow := &process{web, t, p.door, p.stop}
	png := "\x89PNG\r\n\x1a\n" + strings.Repeat("x", 1<<21)
	a := slow.ask("POST", "/api/files?contact=k1&name=cup.png", png, "Cookie", ann, csrfHeader, csrf)
	require.Equal(t, 200, a.status, a.raw)
	require.Equal(t, png, slow.ask("GET", "/api/files/"+str(a.body["file"]), "", "Cookie", ann).raw)
}
