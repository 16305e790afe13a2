package hostile

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/access"
)

const rivalTenant = `tenant: rival
queues:
  - {id: service, name: Service}
agents:
  - {id: eve, name: Eve, queues: [service]}
entry_points:
  - {id: shop, channel: webchat, queue: service}
`

// rival makes a second tenant, with an agent and a supervisor who log in.
func rival(t *testing.T, c *child) (eve, max *person) {
	t.Helper()
	code, out, stderr := tributary(t, "apply", write(t, "rival.yaml", rivalTenant), "--data", c.data)
	require.Zero(t, code, out+stderr)
	accounts := stores(t, c.data).Accounts
	_, err := accounts.Create(context.Background(), "rival", "eve", "a password of eve's", "eve", access.RoleAgent)
	require.NoError(t, err)
	_, err = accounts.Create(context.Background(), "rival", "max", "a password of max's", "", access.RoleSupervisor, access.RoleAdmin)
	require.NoError(t, err)
	people := map[string]*person{}
	for _, name := range []string{"eve", "max"} {
		p := &person{t: t, base: c.base(), origin: c.base(), client: plain}
		status, body, resp := p.do("POST", "/api/login", fmt.Sprintf(`{"tenant":"rival","login":%q,"password":"a password of %s's"}`, name, name))
		require.Equal(t, http.StatusOK, status, body)
		p.enter(resp, body)
		people[name] = p
	}
	return people["eve"], people["max"]
}

// TestTenantsAreApart: who knows the ids of another tenant's contacts can do nothing with them and learns nothing.
func TestTenantsAreApart(t *testing.T) {
	t.Parallel()
	c := demo(t, filepath.Join(t.TempDir(), "data"))
	eve, max := rival(t, c)
	k := newTalk(t, c, "amy")
	k.inWarehouse()
	k.mu.Lock()
	contact, conversation := k.held, k.conv
	k.mu.Unlock()
	for _, p := range []*person{eve, max} {
		r, status := dial(t, c, "/api/ws", http.Header{"Origin": {c.base()}, "Cookie": {p.cookie}})
		require.Equal(t, http.StatusSwitchingProtocols, status)
		snapshot := r.next(kind("snapshot"))
		require.NotContains(t, fmt.Sprint(snapshot), contact)
		tryAll(t, r, contact, conversation, "not_found")
		for _, path := range []string{
			"/api/conversations/" + conversation + "/messages", "/api/contacts/" + contact + "/decisions", "/api/customers/" + customerOf(t, c, k) + "/conversations",
		} {
			status, body, _ := p.do("GET", path, "")
			require.Contains(t, []int{http.StatusOK, http.StatusForbidden, http.StatusNotFound}, status, path)
			for _, word := range []string{"word", contact, "amy", "Amy"} {
				require.NotContains(t, body, word, path)
			}
		}
		for f := len(r.frames); f > 0; f-- {
			require.NotContains(t, fmt.Sprint(<-r.frames), contact)
		}
	}
	// In the tenant too: a contact is its holder's.
	bo, status := dial(t, c, "/api/ws", http.Header{"Origin": {c.base()}, "Cookie": {login(t, c, "bo").cookie}})
	require.Equal(t, http.StatusSwitchingProtocols, status)
	bo.next(kind("snapshot"))
	tryAll(t, bo, contact, conversation, "denied")
	status, body, _ := login(t, c, "bo").do("GET", "/api/conversations/"+conversation+"/messages", "")
	require.Equal(t, http.StatusForbidden, status, body)

	p := &person{t: t, base: c.base(), origin: c.base(), client: plain}
	status, body, _ = p.do("POST", "/api/login", `{"tenant":"rival","login":"amy","password":"`+stores(t, c.data).DemoPassword("amy")+`"}`)
	require.Equal(t, http.StatusUnauthorized, status, body)
	k.round()
	k.once()
	k.inWarehouse()
}

// tryAll has a page try each command on a contact of others.
func tryAll(t *testing.T, r *raw, contact, conversation, want string) {
	t.Helper()
	for i, frame := range []string{
		`"send","contact":"CONTACT","text":"I am your bank"`, `"end","contact":"CONTACT"`, `"wrap_up","contact":"CONTACT","code":"done"`,
		`"transfer","contact":"CONTACT","queue":"service"`, `"read","contact":"CONTACT","sequence":1`, `"split","contact":"CONTACT"`,
		`"close","conversation":"CONVERSATION"`,
	} {
		id := fmt.Sprintf("try-%d", i)
		frame = strings.NewReplacer("CONTACT", contact, "CONVERSATION", conversation).Replace(frame)
		require.NoError(t, r.send(`{"request":"`+id+`","type":`+frame+`}`))
		f := r.next(func(f map[string]any) bool { return f["request"] == id })
		require.Equal(t, "error", f["type"], frame)
		require.Contains(t, []any{want, "not_found", "denied"}, f["code"], frame)
	}
}

func customerOf(t *testing.T, c *child, k *talk) string {
	t.Helper()
	_, out, _ := tributary(t, "tail", "--data", c.data, "--topic", "conversation.facts", "--from", "-500", "--json")
	_, rest, ok := strings.Cut(out, `"customer":"`)
	require.True(t, ok, out)
	id, _, _ := strings.Cut(rest, `"`)
	return id
}
