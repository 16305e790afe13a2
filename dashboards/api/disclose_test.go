package api

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/event"
)

// What a reviewer's page is shown of what it does not hold is written down once; what one works on is not; who may not read
// contacts is shown none of what was said.
func TestContentsShownToOthersAreAudited(t *testing.T) {
	w := newWorld(t)
	for login, role := range map[string]access.Role{"quinn": access.RoleQA, "adam": access.RoleAdmin} {
		_, err := w.accounts.Create(t.Context(), "acme", login, password, "ann", role)
		require.NoError(t, err)
	}
	w.assigned("ann")
	p := w.process()
	ann, _ := p.open("ann")
	ann.say(`{"type":"ping"}`)
	ann.next("pong")
	read := func() []*event.Audit {
		return in(w, event.TopicAudit, func(e *event.Event) (*event.Audit, bool) {
			return e.GetAudit(), e.GetAudit().GetAction() == string(access.ActionContactReadAll) || e.GetAudit().GetAction() == string(access.ActionContactRead)
		})
	}
	require.Empty(t, read(), "an agent's own work is no disclosure")

	quinn, shot := p.open("quinn")
	require.Len(t, dig(shot, "contacts", 0, "messages"), 1)
	w.message("c1", "v1", "k1", "more")
	require.Equal(t, "more", dig(quinn.next("message"), "message", "text"))
	require.Len(t, read(), 1, "once per contact and connection")
	require.Equal(t, "k1", read()[0].GetSubject())
	require.Equal(t, "allowed", read()[0].GetOutcome())
	w.contactAt("c2", "v2", "k2", event.ContactState_CONTACT_STATE_ASSIGNED, "ann", w.address())
	quinn.next("contact")
	w.message("c2", "v2", "k2", "another")
	quinn.next("message")
	require.Len(t, read(), 2)
	_, _ = p.open("quinn")
	require.Len(t, read(), 4, "another connection")

	adam, shot := p.open("adam")
	require.Len(t, shot["contacts"], 2)
	require.Empty(t, dig(shot, "contacts", 0, "messages"))
	w.message("c1", "v1", "k1", "not for adam")
	require.Equal(t, "not for adam", dig(quinn.next("message"), "message", "text"))
	adam.say(`{"type":"ping"}`)
	adam.next("pong")
	require.Len(t, read(), 4)
}

// askedBy notes whom a login is counted for.
type askedBy struct {
	Accounts
	ip chan string
}

func (a askedBy) Login(ctx context.Context, tenant, login, password, ip string) (access.Principal, string, error) {
	a.ip <- ip
	return a.Accounts.Login(ctx, tenant, login, password, ip)
}

// Logins are counted for whom the balancer names, and for a whole network of IPv6.
func TestLoginsAreCountedByClient(t *testing.T) {
	w := newWorld(t)
	asked := askedBy{w.accounts, make(chan string, 1)}
	p := w.process(func(c *Config) {
		c.Accounts = asked
		c.ClientIP = func(r *http.Request) string { return r.Header.Get("X-Test-Client") }
	})
	for client, counted := range map[string]string{"2001:db8:0:7::1": "2001:db8:0:7::/64", "192.0.2.1": "192.0.2.1"} {
		p.ask("POST", "/api/login", `{"tenant":"acme","login":"ann","password":"`+password+`"}`, "X-Test-Client", client)
		require.Equal(t, counted, <-asked.ip)
	}
}
