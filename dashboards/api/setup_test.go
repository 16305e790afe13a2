package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
)

// paper is a setup of one text.
type paper struct {
	version uint64
	yaml    string
}

func (p *paper) Export(context.Context, string) (SetupText, error) {
	return SetupText{p.version, p.yaml, json.RawMessage(`{"tenant":"acme"}`)}, nil
}

func (p *paper) Check(_ context.Context, _ string, wish SetupWish) (string, []SetupFault, error) {
	text := wish.YAML
	if text == "" {
		text = string(wish.Objects)
	}
	if at := strings.Index(text, "nowhere"); at >= 0 {
		return text, []SetupFault{{1, at + 1, "queues[0].overflow", `there is no queue "nowhere"`}}, nil
	}
	return text, nil, nil
}

func (p *paper) Apply(ctx context.Context, tenant string, wish SetupWish, base uint64) (uint64, []SetupFault, error) {
	if base != p.version {
		return 0, nil, fmt.Errorf("applying: %w", &SetupChanged{p.version, []string{"change queue sales"}})
	}
	yaml, faults, err := p.Check(ctx, tenant, wish)
	if err != nil || len(faults) > 0 {
		return 0, faults, err
	}
	p.version, p.yaml = p.version+1, yaml
	return p.version, nil, nil
}

func TestTheConfiguration(t *testing.T) {
	w := newWorld(t)
	_, err := w.accounts.Create(t.Context(), "acme", "adam", password, "", access.RoleAdmin)
	require.NoError(t, err)
	p := w.process(func(c *Config) { c.Setup = &paper{version: 7, yaml: "tenant: acme"} })
	adam, csrf := p.login("adam")
	sue, sueCsrf := p.login("sue")
	ann, annCsrf := p.login("ann")
	a := p.ask("GET", "/api/config", "", "Cookie", adam)
	require.Equal(t, []any{200, 7.0, "tenant: acme", "acme"}, []any{a.status, a.body["version"], a.body["yaml"], dig(a.body, "objects", "tenant")})
	require.Equal(t, 200, p.ask("GET", "/api/config", "", "Cookie", sue).status)
	require.Equal(t, 403, p.ask("GET", "/api/config", "", "Cookie", ann).status)
	for cookie, open := range map[string]bool{adam: true, sue: true, ann: false} {
		require.Equal(t, open, dig(p.ask("GET", "/api/me", "", "Cookie", cookie).body, "me", "setup"))
	}
	post := func(path, cookie, csrf, body string) answer {
		return p.ask("POST", path, body, "Cookie", cookie, csrfHeader, csrf)
	}
	a = post("/api/config/check", adam, csrf, `{"objects":{"overflow":"nowhere"}}`)
	require.Equal(t, []any{200, false, "queues[0].overflow"}, []any{a.status, a.body["ok"], dig(a.body, "faults", 0, "path")})
	a = post("/api/config/check", adam, csrf, `{"yaml":"a: b"}`)
	require.Equal(t, []any{true, "a: b", []any{}}, []any{a.body["ok"], a.body["yaml"], a.body["faults"]})
	a = post("/api/config", adam, csrf, `{"yaml":"overflow: nowhere","base_version":7}`)
	require.Equal(t, []any{422, "invalid", 1.0}, []any{a.status, a.body["code"], dig(a.body, "faults", 0, "line")})
	a = post("/api/config", adam, csrf, `{"yaml":"a: b","base_version":6}`)
	require.Equal(t, []any{409, "changed", 7.0, "change queue sales"}, []any{a.status, a.body["code"], a.body["version"], dig(a.body, "changes", 0)})
	a = post("/api/config", adam, csrf, `{"yaml":"a: b","base_version":7}`)
	require.Equal(t, []any{200, 8.0}, []any{a.status, a.body["version"]})
	for body, cookie := range map[string][2]string{
		`{"yaml":"a","base_version":8}`:   {sue, sueCsrf},
		`{"yaml":"a","base_version":8} `:  {ann, annCsrf},
		`{"yaml":"a","base_version":8}  `: {adam, ""},
	} {
		require.Equal(t, 403, post("/api/config", cookie[0], cookie[1], body).status, body)
	}
	for _, body := range []string{`{}`, `{"yaml":"a","objects":{}}`, `{"yaml":"a","more":1}`} {
		require.Equal(t, 400, post("/api/config", adam, csrf, body).status, body)
	}
	require.Equal(t, 413, post("/api/config", adam, csrf, `{"yaml":"`+strings.Repeat("x", maxSetup)+`"}`).status)
	audit := w.audited(accountID(w, "sue"), "session.begin")
	require.Equal(t, []string{"config.read config allowed", "config.write config denied"}, audit)
	require.Contains(t, w.audited(accountID(w, "adam"), "session.begin"), "config.write config allowed")

	bare := w.process()
	require.Equal(t, false, dig(bare.ask("GET", "/api/me", "", "Cookie", adam).body, "me", "setup"))
	for _, path := range []string{"/api/config", "/api/config/check", "/api/practice", "/api/files?contact=k1&name=a"} {
		a = bare.ask("POST", path, `{"yaml":"a"}`, "Cookie", adam, csrfHeader, csrf)
		require.Equal(t, []any{404, "not_available"}, []any{a.status, a.body["code"]}, path)
	}
}

// gym is a practice in memory.
type gym struct {
	mu sync.Mutex
	on map[string]bool
}

func (g *gym) On(_, agent string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.on[agent]
}

func (g *gym) For(_, agent string) bool { return agent == "ann" }

func (g *gym) Set(_ context.Context, _, agent string, on bool) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.on[agent] = on
	return nil
}

func TestPractice(t *testing.T) {
	w := newWorld(t)
	_, err := w.accounts.Create(t.Context(), "acme", "quinn", password, "", access.RoleQA)
	require.NoError(t, err)
	exercise := &gym{on: map[string]bool{}}
	p := w.process(func(c *Config) { c.Practice = exercise })
	cookie, csrf := p.login("ann")
	d, err := p.dial(cookie, p.URL)
	require.NoError(t, err)
	require.Equal(t, false, dig(d.next("snapshot"), "agent", "practice"))
	a := p.ask("POST", "/api/practice", `{"on":true}`, "Cookie", cookie, csrfHeader, csrf)
	require.Equal(t, []any{200, true}, []any{a.status, a.body["on"]})
	require.Equal(t, true, dig(d.next("agent"), "agent", "practice"))
	// Practice ends when the agent is gone, and not while a page is loaded again.
	connected := func(is bool) {
		w.put(event.TopicRoutingFacts, &event.Event{Tenant: "acme", Key: "acme/main", Body: &event.Event_AgentChanged{AgentChanged: &event.AgentChanged{
			Agent: "ann", Status: "available", Activity: "idle", Connected: is,
		}}})
		for dig(d.next("agent"), "agent", "connected") != is {
		}
	}
	pass := func(span time.Duration) {
		w.ms.Add(span.Milliseconds())
		p.door.endPractices(t.Context())
	}
	connected(false)
	pass(practiceGrace - time.Millisecond)
	connected(true)
	pass(practiceGrace)
	require.True(t, exercise.On("acme", "ann"), "the agent came back in time")
	connected(false)
	pass(practiceGrace - time.Millisecond)
	require.True(t, exercise.On("acme", "ann"))
	pass(time.Millisecond)
	require.Eventually(t, func() bool { return !exercise.On("acme", "ann") }, patience, waitStep)
	for login, want := range map[string]bool{"ann": true, "bob": false, "quinn": false} {
		cookie, _ = p.login(login)
		require.Equal(t, want, dig(p.ask("GET", "/api/me", "", "Cookie", cookie).body, "me", "practice"), login)
	}
	cookie, csrf = p.login("quinn")
	require.Equal(t, 403, p.ask("POST", "/api/practice", `{"on":true}`, "Cookie", cookie, csrfHeader, csrf).status)
}

func TestAccountsOverHTTP(t *testing.T) {
	w := newWorld(t)
	_, err := w.accounts.Create(t.Context(), "acme", "adam", password, "", access.RoleAdmin)
	require.NoError(t, err)
	p := w.process(func(c *Config) { c.PublicURL = "https://desk.example/" })
	adam, csrf := p.login("adam")
	sue, sueCsrf := p.login("sue")
	post := func(path, body string) answer { return p.ask("POST", path, body, "Cookie", adam, csrfHeader, csrf) }
	a := p.ask("GET", "/api/accounts", "", "Cookie", adam)
	require.Equal(t, []any{200, "adam", "admin", "ann"}, []any{a.status, dig(a.body, "accounts", 0, "login"), dig(a.body, "accounts", 0, "roles", 0), dig(a.body, "accounts", 1, "agent")})
	a = post("/api/accounts", `{"login":"Eva","agent":"eva","roles":["agent"]}`)
	require.Equal(t, 200, a.status, a.raw)
	link, err := url.Parse(str(a.body["link"]))
	require.NoError(t, err)
	require.Equal(t, "https://desk.example/first", link.Scheme+"://"+link.Host+link.Path)
	secret, inFragment := strings.CutPrefix(link.Fragment, "link=")
	require.True(t, inFragment && link.RawQuery == "", "where no log and no Referer has it")
	require.Equal(t, 200, p.ask("POST", "/api/first", fmt.Sprintf(`{"link":%q,"login":"eva","password":%q}`, secret, password)).status)
	eva, _ := p.open("eva")
	a = post("/api/accounts/eva", `{"roles":["agent","qa"],"disabled":true}`)
	require.Equal(t, []any{200, true, "qa"}, []any{a.status, a.body["disabled"], dig(a.body, "roles", 1)})
	require.EqualValues(t, live.CloseLogin, eva.code())
	for _, c := range []struct {
		path, body, code string
		status           int
	}{
		{"/api/accounts", `{"login":"eva","roles":["agent"]}`, "conflict", 409},
		{"/api/accounts", `{"login":"x","roles":[]}`, "invalid", 400},
		{"/api/accounts", `{"login":"x","roles":["king"]}`, "invalid", 400},
		{"/api/accounts", `{"login":"x","agent":"a b","roles":["agent"]}`, "invalid", 400},
		{"/api/accounts", `{"login":"program","roles":["service"]}`, "invalid", 400},
		{"/api/accounts/program", `{"disabled":true}`, "not_found", 404},
		{"/api/accounts/nobody", `{"disabled":true}`, "not_found", 404},
		{"/api/accounts/eva", `{}`, "invalid", 400},
		{"/api/accounts/adam", `{"roles":["agent"]}`, "conflict", 409},
	} {
		a = post(c.path, c.body)
		require.Equal(t, []any{c.status, c.code}, []any{a.status, a.body["code"]}, c.path+c.body)
	}
	require.Equal(t, 403, p.ask("GET", "/api/accounts", "", "Cookie", sue).status)
	require.Equal(t, 403, p.ask("POST", "/api/accounts/ann", `{"disabled":true}`, "Cookie", sue, csrfHeader, sueCsrf).status)
	eva1 := accountID(w, "eva")
	require.Equal(t, []string{
		"account.manage accounts allowed", "account.create " + eva1 + " allowed", "account.one_time_link " + eva1 + " allowed",
		"account.roles " + eva1 + " allowed", "account.disable " + eva1 + " allowed",
	}, w.audited(accountID(w, "adam"), "session.begin"))
	require.Equal(t, []string{"account.manage accounts denied", "account.manage accounts denied"}, w.audited(accountID(w, "sue"), "session.begin"))
}

// What a one-time link changes is its owner's doing, not the process's.
func TestTheLinksOwnerIsInTheAudit(t *testing.T) {
	w := newWorld(t)
	info, err := w.accounts.Create(t.Context(), "acme", "provisional", "", "", access.RoleAdmin)
	require.NoError(t, err)
	link, err := w.accounts.OneTimeLink(t.Context(), "acme", "provisional", linkTTL)
	require.NoError(t, err)
	p := w.process()
	require.Equal(t, 200, p.ask("POST", "/api/first", `{"link":"`+link+`","login":"Root","password":"`+password+`"}`).status)
	require.Equal(t, []string{
		"session.one_time_link " + info.Account + " allowed", "account.create " + accountID(w, "root") + " allowed", "account.disable " + info.Account + " allowed",
	}, w.audited(info.Account))
}
