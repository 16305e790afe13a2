package webchat

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/privacy"
)

const png = "\x89PNG\r\n\x1a\n0000IHDR and what follows"

type answer struct {
	status int
	header http.Header
	body   string
	json   map[string]any
}

// ask sends a request as a page of the shop does.
func (w *world) ask(p *process, method, path, token, origin string, body io.Reader) answer {
	r, err := http.NewRequestWithContext(w.t.Context(), method, p.URL+path, body)
	require.NoError(w.t, err)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if origin != "" {
		r.Header.Set("Origin", origin)
	}
	resp, err := http.DefaultClient.Do(r)
	require.NoError(w.t, err)
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	a := answer{status: resp.StatusCode, header: resp.Header, body: string(raw), json: map[string]any{}}
	_ = json.Unmarshal(raw, &a.json)
	return a
}

const shopPage = "https://shop.example"

func (w *world) upload(p *process, token, data string) answer {
	return w.ask(p, "POST", "/webchat/files", token, shopPage, strings.NewReader(data))
}

// What a file is called does not say that it is something else: it is saved and shown by that name.
func TestAFilesNameSaysWhatItIs(t *testing.T) {
	w := newWorld(t)
	p := w.process()
	token := w.token(p)
	up := w.upload(p, token, "<script>alert(1)</script>")
	require.Equal(t, "text/plain", up.json["media_type"])
	b, _ := w.come(p, token, 0)
	long := strings.Repeat("长", privacy.MaxFileName-4) + ".bat"
	b.say(map[string]any{"type": "send", "id": "m1", "text": "", "attachments": []any{
		map[string]any{"file": up.json["file"], "name": "x.html"},
		map[string]any{"file": up.json["file"], "name": "evil.png"},
		map[string]any{"file": up.json["file"], "name": "notes.txt"},
		map[string]any{"file": up.json["file"], "name": long},
	}})
	b.next("accepted")
	m := w.said()[1]
	content, err := w.keys.OpenContent(t.Context(), "acme", m.GetSealed())
	require.NoError(t, err)
	require.Equal(t, []string{"x.html.txt", "evil.png.txt", "notes.txt", strings.Repeat("长", privacy.MaxFileName-8) + ".bat.txt"}, content.GetFileNames())
}

func TestAPictureGoesWithAMessage(t *testing.T) {
	w := newWorld(t)
	p := w.process()
	token := w.token(p)
	up := w.upload(p, token, png)
	require.Equal(t, 200, up.status, up.body)
	require.Equal(t, shopPage, up.header.Get("Access-Control-Allow-Origin"))
	require.Equal(t, "image/png", up.json["media_type"])
	require.EqualValues(t, len(png), up.json["size"])
	require.Empty(t, w.said(), "a file alone says nothing")

	b, _ := w.come(p, token, 0)
	b.say(map[string]any{"type": "send", "id": "m1", "text": "", "attachments": []any{
		map[string]any{"file": up.json["file"], "name": `C:\me\my card 13800138000.png`, "media_type": "text/html", "size": 1},
	}})
	b.next("accepted")
	m := w.said()[1]
	require.Len(t, m.GetCustomerMessage().GetAttachments(), 1)
	a := m.GetCustomerMessage().GetAttachments()[0]
	require.Equal(t, "image/png", a.GetMediaType(), "what the bytes are, not what the browser calls them")
	require.EqualValues(t, len(png), a.GetSize())
	require.NotContains(t, m.String(), "card", "names are sealed")
	content, err := w.keys.OpenContent(t.Context(), "acme", m.GetSealed())
	require.NoError(t, err)
	require.Equal(t, []string{"my card 13800138000.png"}, content.GetFileNames())

	// It comes back as the customer's own, and an agent's comes likewise.
	d := &event.Deliver{
		Delivery: "d1", Channel: event.Channel_CHANNEL_WEBCHAT, Conversation: "v1", Kind: "message", Author: event.Author_AUTHOR_AGENT, Sequence: 2,
		Attachments: []*event.Attachment{a},
	}
	sealed, err := w.keys.SealContent(t.Context(), "acme", m.GetAddress(), "d1", &event.Content{FileNames: []string{"answer.png"}})
	require.NoError(t, err)
	w.put(event.TopicOutbound, &event.Event{
		Tenant: "acme", Key: event.Key("acme", m.GetAddress()), Address: m.GetAddress(), Sealed: sealed, Body: &event.Event_Deliver{Deliver: d},
	})
	got := b.next("message")
	require.Equal(t, []any{map[string]any{
		"file": a.GetFile(), "name": "answer.png", "media_type": "image/png", "size": float64(len(png)),
	}}, got["attachments"])

	path := "/webchat/files/" + a.GetFile()
	down := w.ask(p, "GET", path, token, shopPage, nil)
	require.Equal(t, 200, down.status)
	require.Equal(t, png, down.body)
	require.Equal(t, "image/png", down.header.Get("Content-Type"))
	require.Equal(t, "attachment", down.header.Get("Content-Disposition"))
	require.Equal(t, "nosniff", down.header.Get("X-Content-Type-Options"))
	require.Contains(t, down.header.Get("Content-Security-Policy"), "sandbox")
	require.Equal(t, "private, no-store", down.header.Get("Cache-Control"))
	require.Equal(t, 200, w.ask(p, "GET", path, token, "", nil).status, "a page of ours names no origin")
	require.Equal(t, 403, w.ask(p, "GET", path, token, "https://evil.example", nil).status)
	require.Equal(t, 204, w.ask(p, "OPTIONS", path, "", shopPage, nil).status)
	require.NoError(t, w.keys.Erase(t.Context(), "acme", m.GetAddress()))
	require.NotEqual(t, 200, w.ask(p, "GET", path, token, shopPage, nil).status, "erased with the customer")
}

func TestOthersFilesAreNotThere(t *testing.T) {
	w := newWorld(t)
	p := w.process()
	mine, theirs := w.token(p), w.token(p)
	file := str(w.upload(p, mine, png).json["file"])
	b, _ := w.come(p, theirs, 0)
	b.say(map[string]any{"type": "send", "id": "m1", "text": "x"})
	b.next("accepted")
	before := len(w.said())
	for _, f := range []string{file, strings.Repeat("a", 32), "../../keys/acme", "", "x"} {
		down := w.ask(p, "GET", "/webchat/files/"+strings.ReplaceAll(f, "/", "%2f"), theirs, shopPage, nil)
		require.Equal(t, 404, down.status, f)
		b.say(map[string]any{"type": "send", "id": "m2", "text": "x", "attachments": []any{map[string]any{"file": f}}})
		require.Equal(t, "not_found", b.next("error")["code"], f)
	}
	require.Len(t, w.said(), before)
	looker := w.token(p)
	require.Equal(t, 404, w.ask(p, "GET", "/webchat/files/"+file, looker, shopPage, nil).status)
	for _, token := range []string{"", "x", mine + "x"} {
		require.Equal(t, 401, w.ask(p, "GET", "/webchat/files/"+file, token, shopPage, nil).status)
		require.Equal(t, 401, w.upload(p, token, png).status)
	}
	require.Equal(t, 403, w.ask(p, "POST", "/webchat/files", mine, "https://evil.example", strings.NewReader(png)).status)
	require.Equal(t, 403, w.ask(p, "POST", "/webchat/files", mine, "", strings.NewReader(png)).status)
}

func TestFilesThatAreRefused(t *testing.T) {
	w := newWorld(t)
	p := w.process()
	token := w.token(p)
	for _, c := range []struct {
		body   io.Reader
		status int
		code   string
	}{
		{strings.NewReader("MZ\x90\x00\x03"), 415, "media_type"},
		{strings.NewReader("PK\x03\x04zip"), 415, "media_type"},
		{http.NoBody, 415, "media_type"},
		{bytes.NewReader(append([]byte(png), make([]byte, privacy.MaxFile)...)), 413, "too_large"},
		{io.MultiReader(strings.NewReader(png), bytes.NewReader(make([]byte, privacy.MaxFile))), 413, "too_large"},
	} {
		got := w.ask(p, "POST", "/webchat/files", token, shopPage, c.body)
		require.Equal(t, c.status, got.status, got.body)
		require.Equal(t, c.code, got.json["code"])
		require.NotEmpty(t, got.json["text"])
	}
	b, _ := w.come(p, token, 0)
	six := make([]any, 6)
	for i := range six {
		six[i] = map[string]any{"file": "x"}
	}
	b.say(map[string]any{"type": "send", "id": "m", "text": "x", "attachments": six})
	require.Equal(t, "invalid", b.next("error")["code"])
}

func TestFloodsOfFiles(t *testing.T) {
	w := newWorld(t)
	p := w.process(func(c *Config) { c.Limits.UploadBurst, c.Limits.UploadMiB, c.Limits.SiteMiB = 4, 3, 5 })
	mine, theirs := w.token(p), w.token(p)
	big := png + strings.Repeat("x", volumeUnit)
	require.Equal(t, 200, w.upload(p, mine, big).status)
	require.Equal(t, 429, w.upload(p, mine, big).status, "what a visitor may send a day, in MiB begun")
	require.Equal(t, 429, w.upload(p, mine, png).status)
	require.Equal(t, 200, w.upload(p, theirs, png).status)
	require.Equal(t, 429, w.upload(p, theirs, big).status, "what one client address may")
	for range 4 {
		w.upload(p, theirs, "")
	}
	w.ms.Add(86_400_000)
	require.Equal(t, 200, w.upload(p, mine, png).status)

	q := w.process(func(c *Config) { c.Files = nil })
	require.Equal(t, 404, w.upload(q, mine, png).status)
	busy := w.process(func(c *Config) { c.Limits.TransfersPerIP = 1 })
	r, slow := io.Pipe()
	done := make(chan answer, 1)
	go func() { done <- w.ask(busy, "POST", "/webchat/files", mine, shopPage, r) }()
	_, err := slow.Write([]byte(png))
	require.NoError(t, err)
	w.eventually(func() bool { return !busy.adapter.carrying.Take("127.0.0.1") || giveBack(busy) }, "the first is under way")
	require.Equal(t, 429, w.upload(busy, theirs, png).status)
	require.NoError(t, slow.Close())
	require.Equal(t, 200, (<-done).status)
}

func giveBack(p *process) bool {
	p.adapter.carrying.Return("127.0.0.1")
	return false
}

func TestFileNames(t *testing.T) {
	for in, want := range map[string]string{
		"a.png": "a.png", `C:\x\b.pdf`: "b.pdf", "/etc/passwd": "passwd", "..": "", "": "", "/": "", "发票.pdf": "发票.pdf",
		"evil\u202egnp.exe": "evilgnp.exe", "a\nb\x00.txt": "ab.txt", strings.Repeat("x", 300) + ".png": strings.Repeat("x", 196) + ".png",
	} {
		require.Equal(t, want, fileName(in), "%q", in)
	}
}

func FuzzFileName(f *testing.F) {
	f.Add("a/b")
	f.Fuzz(func(t *testing.T, in string) {
		if got := fileName(in); strings.ContainsAny(got, "/\\\n\x00") || len([]rune(got)) > privacy.MaxFileName {
			t.Fatalf("%q became %q", in, fmt.Sprint(got))
		}
	})
}
