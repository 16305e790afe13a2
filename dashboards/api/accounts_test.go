package api

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/privacy"
)

// adminAsks logs an administrator in, and makes requests as them.
func (w *world) adminAsks(p *process) func(path, body string) answer {
	_, err := w.accounts.Create(w.t.Context(), "acme", "adam", password, "", access.RoleAdmin)
	require.NoError(w.t, err)
	cookie, csrf := p.login("adam")
	return func(path, body string) answer { return p.ask("POST", path, body, "Cookie", cookie, csrfHeader, csrf) }
}

// TestAnAccountIsChangedWholeOrNotAtAll: and the answer says which field is wrong, and why.
func TestAnAccountIsChangedWholeOrNotAtAll(t *testing.T) {
	w := newWorld(t)
	p := w.process()
	post := w.adminAsks(p)
	before, err := w.accounts.List(t.Context(), "acme")
	require.NoError(t, err)
	for _, c := range []struct{ path, body, text string }{
		{"/api/accounts/ann", `{"roles":["admin"],"teams":["a b"]}`, "teams: a team's id has 1 to 64 bytes and no spaces"},
		{"/api/accounts/ann", `{"roles":["king"],"teams":["loans"],"disabled":true}`, `roles: there is no role "king"; there are [agent qa supervisor admin dashboards]`},
		{"/api/accounts/ann", `{"roles":[],"teams":["loans"]}`, "roles: an account needs a role"},
		{"/api/accounts", `{"login":"x","roles":["service"]}`, `roles: there is no role "service"; there are [agent qa supervisor admin dashboards]`},
		{"/api/accounts", `{"login":"a\u0000","roles":["agent"]}`, "login: a login has 1 to 128 bytes that can be printed"},
	} {
		a := post(c.path, c.body)
		require.Equal(t, []any{400, "invalid", c.text}, []any{a.status, a.body["code"], a.body["text"]}, c.body)
	}
	after, err := w.accounts.List(t.Context(), "acme")
	require.NoError(t, err)
	require.Equal(t, before, after)
	require.Empty(t, w.audited(accountID(w, "adam"), "session.begin"))

	a := post("/api/accounts/ann", `{"roles":["supervisor"],"teams":["loans"],"disabled":false}`)
	require.Equal(t, []any{200, "supervisor", "loans"}, []any{a.status, dig(a.body, "roles", 0), dig(a.body, "teams", 0)}, a.raw)
	ann := accountID(w, "ann")
	require.Equal(t, []string{"account.teams " + ann + " allowed", "account.roles " + ann + " allowed"}, w.audited(accountID(w, "adam"), "session.begin"))
	require.Equal(t, 200, post("/api/accounts/ann", `{"disabled":false}`).status, "as it is")
}

// TestWhatIsTypedAtTheDoorIsInNoLog: nor does what the log's guard would refuse keep a try out of the audit.
func TestWhatIsTypedAtTheDoorIsInNoLog(t *testing.T) {
	w := newWorld(t)
	p := w.process()
	typed := []string{"Zhang Wei Secretname", "+8613800138000", "zhang.wei@example.com", `\u001b[31macme`}
	for _, tenant := range typed {
		a := p.ask("POST", "/api/login", `{"tenant":"`+tenant+`","login":"Li Na","password":"`+password+`"}`)
		require.Equal(t, []any{401, "denied"}, []any{a.status, a.body["code"]}, tenant)
	}
	tries := 0
	in(w, event.TopicAudit, func(e *event.Event) (string, bool) {
		require.Equal(t, []string{access.Installation, "main/unknown", "unknown", "session.begin", "denied"},
			[]string{e.GetTenant(), e.GetKey(), e.GetAudit().GetActor(), e.GetAudit().GetAction(), e.GetAudit().GetOutcome()})
		require.True(t, strings.HasPrefix(e.GetAudit().GetSubject(), "tried-"))
		tries++
		return "", false
	})
	require.Len(t, typed, tries, "each is audited")
}

// TestTheLinksOwnLoginInAnotherSpelling: is no other login, and a login that is taken does not use the link up.
func TestTheLinksOwnLoginInAnotherSpelling(t *testing.T) {
	w := newWorld(t)
	_, err := w.accounts.Create(t.Context(), "acme", "admin", "", "", access.RoleAdmin)
	require.NoError(t, err)
	link, err := w.accounts.OneTimeLink(t.Context(), "acme", "admin", time.Hour)
	require.NoError(t, err)
	p := w.process()
	first := func(login, secret string) answer {
		return p.ask("POST", "/api/first", `{"link":"`+link+`","login":"`+login+`","password":"`+secret+`"}`)
	}
	a := first("Ann", password)
	require.Equal(t, []any{409, "login_taken", "the login is taken; choose another"}, []any{a.status, a.body["code"], a.body["text"]})
	a = first(`a\u0000`, password)
	require.Equal(t, []any{400, "login: a login has 1 to 128 bytes that can be printed"}, []any{a.status, a.body["text"]})
	a = first("Admin", "short")
	require.Equal(t, []any{400, "password: a password has at least 10 characters and at most 256 bytes"}, []any{a.status, a.body["text"]})
	a = first("Admin", password)
	require.Equal(t, []any{200, "admin"}, []any{a.status, dig(a.body, "me", "name")}, a.raw)
	require.NotEmpty(t, a.header.Get("Set-Cookie"), "and a session")
	p.login("admin")
}

// TestFaultsOfPrivacyNameNoField: only access's own texts are made to be shown.
func TestFaultsOfPrivacyNameNoField(t *testing.T) {
	require.Equal(t, "the request holds something it must not", accessFault(privacy.ErrInvalid).Text)
}
