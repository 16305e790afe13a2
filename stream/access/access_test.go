package access_test

import (
	"context"
	"encoding/base64"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/objects"
	"github.com/tributary-cc/tributary/stream/privacy"
)

const good = "correct horse battery"

type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(0, c.at.Load()) }
func (c *clock) advance(d time.Duration) { c.at.Add(int64(d)) }

type auditLog struct {
	mu      sync.Mutex
	entries []access.Entry
	fail    error
	then    func() // what happens meanwhile, once
}

func (l *auditLog) Audit(_ context.Context, e access.Entry) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = append(l.entries, e)
	if then := l.then; then != nil {
		l.then = nil
		l.mu.Unlock()
		then()
		l.mu.Lock()
	}
	return l.fail
}

type fixture struct {
	*access.Accounts
	store  *objects.Memory
	master *privacy.MasterKey
	clock  *clock
	audit  *auditLog
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{store: objects.NewMemory(), master: privacy.NewMasterKey(), clock: new(clock), audit: new(auditLog)}
	f.clock.advance(1000 * time.Hour)
	f.Accounts = f.another(t)
	return f
}

func (f *fixture) SetRoles(ctx context.Context, tenant, login string, roles ...access.Role) error {
	_, err := f.Change(ctx, tenant, login, access.Change{Roles: &roles})
	return err
}

func (f *fixture) SetTeams(ctx context.Context, tenant, login string, teams ...string) error {
	_, err := f.Change(ctx, tenant, login, access.Change{Teams: &teams})
	return err
}

// another is a second process over the same store.
func (f *fixture) another(t *testing.T) *access.Accounts {
	t.Helper()
	a, err := access.New(f.store, f.master, f.clock.now, f.audit)
	require.NoError(t, err)
	return a
}

func (f *fixture) create(t *testing.T, login string, roles ...access.Role) access.Info {
	t.Helper()
	info, err := f.Create(t.Context(), "acme", login, good, "", roles...)
	require.NoError(t, err)
	return info
}

func (f *fixture) login(t *testing.T, login string) string {
	t.Helper()
	_, token, err := f.Login(t.Context(), "acme", login, good, "192.0.2.1")
	require.NoError(t, err)
	return token
}

func TestLogin(t *testing.T) {
	f := newFixture(t)
	info := f.create(t, "Alice", access.RoleAgent)
	require.Equal(t, info.Account, info.AgentID)
	p, token, err := f.Login(t.Context(), "acme", " alice ", good, "192.0.2.1")
	require.NoError(t, err)
	require.Equal(t, []access.Role{access.RoleAgent}, p.Roles)
	got, err := f.another(t).Verify(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, p, got)
	for name, c := range map[string][3]string{
		"password": {"acme", "alice", good + "!"}, "login": {"acme", "alicia", good}, "tenant": {"other", "alice", good},
		"empty": {"acme", "alice", ""}, "no login": {"acme", "", good}, "long": {"acme", "alice", strings.Repeat("x", 1<<20)},
	} {
		_, _, err = f.Login(t.Context(), c[0], c[1], c[2], "192.0.2.2")
		require.Equal(t, access.ErrDenied.Error(), err.Error(), name)
	}
	_, err = f.Create(t.Context(), "acme", "ALICE", good, "", access.RoleQA)
	require.ErrorIs(t, err, access.ErrExists)
	_, err = f.Create(t.Context(), "acme", "bob", "short", "", access.RoleQA)
	require.ErrorIs(t, err, access.ErrInvalid)
	for _, roles := range [][]access.Role{nil, {"root"}, {access.RoleDashboards, access.RoleAdmin}, {"service"}} {
		_, err = f.Create(t.Context(), "acme", "bob", good, "", roles...)
		require.ErrorIs(t, err, access.ErrInvalid)
	}
	f.audit.fail = errors.New("the log is away")
	_, _, err = f.Login(t.Context(), "acme", "alice", good, "192.0.2.1")
	require.ErrorContains(t, err, "audited")
}

func TestAccountsAreSealed(t *testing.T) {
	f := newFixture(t)
	f.create(t, "alice", access.RoleAdmin)
	f.create(t, "bob", access.RoleAgent)
	names, err := f.store.List(t.Context(), "")
	require.NoError(t, err)
	require.Len(t, names, 2)
	for _, name := range names {
		data, readErr := f.store.Get(t.Context(), name)
		require.NoError(t, readErr)
		require.NotRegexp(t, "alice|bob|admin|agent", name+string(data))
	}
	list, err := f.List(t.Context(), "acme")
	require.NoError(t, err)
	require.Equal(t, "alice", list[0].Login)
	require.Equal(t, "bob", list[1].Login)
	// A file in another's place opens for nobody.
	data, err := f.store.Get(t.Context(), names[0])
	require.NoError(t, err)
	require.NoError(t, f.store.Put(t.Context(), names[1], data))
	_, err = f.List(t.Context(), "acme")
	require.Error(t, err)
}

func TestRevocation(t *testing.T) {
	for name, revoke := range map[string]func(f *fixture, token string) error{
		"password": func(f *fixture, _ string) error { return f.SetPassword(t.Context(), "acme", "alice", good+"2") },
		"roles":    func(f *fixture, _ string) error { return f.SetRoles(t.Context(), "acme", "alice", access.RoleQA) },
		"disable":  func(f *fixture, _ string) error { return f.Disable(t.Context(), "acme", "alice", true) },
		"all":      func(f *fixture, _ string) error { return f.EndSessions(t.Context(), "acme", "alice") },
		"log out":  func(f *fixture, token string) error { return f.Logout(t.Context(), token) },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.create(t, "alice", access.RoleAgent)
			token, other, there := f.login(t, "alice"), f.login(t, "alice"), f.another(t)
			for _, a := range []*access.Accounts{f.Accounts, there} {
				_, err := a.Verify(t.Context(), token)
				require.NoError(t, err)
			}
			require.NoError(t, revoke(f, token))
			_, err := f.Verify(t.Context(), token)
			require.ErrorIs(t, err, access.ErrDenied)
			f.clock.advance(access.CacheAge)
			_, err = there.Verify(t.Context(), token)
			require.ErrorIs(t, err, access.ErrDenied)
			_, err = f.Verify(t.Context(), other)
			require.Equal(t, name == "log out", err == nil, "only a log-out leaves the other session")
			if name == "disable" {
				_, _, err = f.Login(t.Context(), "acme", "alice", good, "192.0.2.1")
				require.ErrorIs(t, err, access.ErrDenied)
			}
		})
	}
}

func TestExpiry(t *testing.T) {
	f := newFixture(t)
	f.create(t, "alice", access.RoleAgent)
	token := f.login(t, "alice")
	f.clock.advance(access.SessionTTL - time.Second)
	_, err := f.Verify(t.Context(), token)
	require.NoError(t, err, "nobody is logged out in a shift")
	f.clock.advance(time.Second)
	_, err = f.Verify(t.Context(), token)
	require.ErrorIs(t, err, access.ErrDenied)
	require.NoError(t, f.Logout(t.Context(), token))
}

func TestManyLogoutsEndAll(t *testing.T) {
	f := newFixture(t)
	f.create(t, "alice", access.RoleAgent)
	first := f.login(t, "alice")
	for range 33 {
		require.NoError(t, f.Logout(t.Context(), f.login(t, "alice")))
	}
	_, err := f.Verify(t.Context(), first)
	require.ErrorIs(t, err, access.ErrDenied, "what cannot be remembered one by one is ended together")
}

// TestReseal: accounts move to a new master key, also in two goes; who knew a password knows it still, visitors stay who
// they are, sessions end.
func TestReseal(t *testing.T) {
	f := newFixture(t)
	file := filepath.Join(t.TempDir(), "master.key")
	var err error
	f.master, _, err = privacy.LoadOrCreateMasterKey(file)
	require.NoError(t, err)
	f.Accounts = f.another(t)
	f.create(t, "alice", access.RoleAgent)
	session := f.login(t, "alice")
	visitor, err := f.VisitorToken(access.Visitor{Tenant: "acme", EntryPoint: "site", Visitor: "v1"}, time.Hour)
	require.NoError(t, err)
	_, next, err := privacy.BeginRotation(file, access.KeptPurposes()...)
	require.NoError(t, err)
	n, all, err := f.Reseal(t.Context(), next)
	require.NoError(t, err)
	require.Equal(t, []int{1, 1}, []int{n, all})
	f.create(t, "bob", access.RoleAgent) // as one that a cut-off left over
	n, all, err = f.Reseal(t.Context(), next)
	require.NoError(t, err)
	require.Equal(t, []int{1, 2}, []int{n, all})

	stale := f.Accounts
	f.master = next
	f.Accounts = f.another(t)
	f.login(t, "alice")
	f.login(t, "bob")
	_, err = f.Verify(t.Context(), session)
	require.ErrorIs(t, err, access.ErrDenied)
	_, err = f.VerifyVisitor(visitor)
	require.NoError(t, err)
	_, err = stale.List(t.Context(), "acme")
	require.ErrorContains(t, err, "another master key")
}

// TestEveryChangeIsAudited: once, by who made it, with the account's id, and before it is made.
func TestEveryChangeIsAudited(t *testing.T) {
	f := newFixture(t)
	ctx := access.By(t.Context(), access.ActorOperator)
	info, err := f.Create(ctx, "acme", "alice", good, "", access.RoleAgent)
	require.NoError(t, err)
	grafana, err := f.Create(t.Context(), "acme", "grafana", "", "", access.RoleDashboards)
	require.NoError(t, err)
	f.audit.entries = nil
	changes := []struct {
		action access.Action
		do     func() error
	}{
		{access.ActionAccountPassword, func() error { return f.SetPassword(ctx, "acme", "alice", good+"2") }},
		{access.ActionAccountRoles, func() error { return f.SetRoles(ctx, "acme", "alice", access.RoleQA) }},
		{access.ActionAccountLink, func() error { _, failed := f.OneTimeLink(ctx, "acme", "alice", time.Hour); return failed }},
		{access.ActionAccountLogout, func() error { return f.EndSessions(ctx, "acme", "alice") }},
		{access.ActionAccountDisable, func() error { return f.Disable(ctx, "acme", "alice", true) }},
		{access.ActionAccountEnable, func() error { return f.Disable(ctx, "acme", "alice", false) }},
	}
	var want []access.Entry
	for _, c := range changes {
		require.NoError(t, c.do())
		want = append(want, access.Entry{Tenant: "acme", Actor: "operator", Action: c.action, Subject: info.Account, Allowed: true})
	}
	_, err = f.ServiceToken(t.Context(), "acme", "grafana", time.Hour)
	require.NoError(t, err)
	want = append(want, access.Entry{Tenant: "acme", Actor: "system", Action: access.ActionAccountToken, Subject: grafana.Account, Allowed: true})
	require.Equal(t, want, f.audit.entries)

	_, err = f.Create(ctx, "acme", "alice", good, "", access.RoleAgent)
	require.ErrorIs(t, err, access.ErrExists)
	require.ErrorIs(t, f.Disable(ctx, "acme", "nobody", true), access.ErrNotFound)
	require.Len(t, f.audit.entries, len(want), "what is not possible is not audited as done")

	_, token, err := f.Login(t.Context(), "acme", "alice", good+"2", "192.0.2.1")
	require.NoError(t, err)
	f.audit.fail = errors.New("the log is away")
	for _, c := range changes {
		require.ErrorContains(t, c.do(), "cannot be audited", c.action)
	}
	_, err = f.Verify(t.Context(), token)
	require.NoError(t, err, "nothing is changed that is not audited")
	_, err = f.Create(ctx, "acme", "bob", good, "", access.RoleAgent)
	require.ErrorContains(t, err, "cannot be audited")
	all, err := f.List(t.Context(), "acme")
	require.NoError(t, err)
	require.Len(t, all, 2)
}

func TestTokensOfOtherKinds(t *testing.T) {
	f := newFixture(t)
	f.create(t, "alice", access.RoleAgent)
	session := f.login(t, "alice")
	link, err := f.OneTimeLink(t.Context(), "acme", "alice", time.Hour)
	require.NoError(t, err)
	visitor, err := f.VisitorToken(access.Visitor{Tenant: "acme", EntryPoint: "site", Visitor: "v1"}, time.Hour)
	require.NoError(t, err)
	for _, token := range []string{link, visitor, "", ".", "a.b", session + "x", session[1:], strings.Repeat("x", 5000), strings.ToUpper(session)} {
		_, err = f.Verify(t.Context(), token)
		require.ErrorIs(t, err, access.ErrDenied)
	}
	for _, token := range []string{session, link} {
		_, err = f.VerifyVisitor(token)
		require.ErrorIs(t, err, access.ErrDenied)
	}
	_, _, err = f.Redeem(t.Context(), session, good)
	require.ErrorIs(t, err, access.ErrDenied)
	// Each bit counts.
	text, mac, _ := strings.Cut(visitor, ".")
	raw, err := base64.RawURLEncoding.DecodeString(text)
	require.NoError(t, err)
	for i := range raw {
		raw[i] ^= 1
		_, err = f.VerifyVisitor(base64.RawURLEncoding.EncodeToString(raw) + "." + mac)
		require.ErrorIs(t, err, access.ErrDenied)
		raw[i] ^= 1
	}
	v, err := f.another(t).VerifyVisitor(visitor)
	require.NoError(t, err)
	require.Equal(t, access.Visitor{Tenant: "acme", EntryPoint: "site", Visitor: "v1"}, v)
	f.clock.advance(time.Hour)
	_, err = f.VerifyVisitor(visitor)
	require.ErrorIs(t, err, access.ErrDenied)
	_, err = f.VisitorToken(access.Visitor{Tenant: "acme"}, time.Hour)
	require.ErrorIs(t, err, access.ErrInvalid)
}

func TestOneTimeLink(t *testing.T) {
	f := newFixture(t)
	_, err := f.Create(t.Context(), "acme", "admin", "", "", access.RoleAdmin)
	require.NoError(t, err)
	_, _, err = f.Login(t.Context(), "acme", "admin", "", "192.0.2.1")
	require.ErrorIs(t, err, access.ErrDenied, "no password, no log-in")
	old, err := f.OneTimeLink(t.Context(), "acme", "admin", time.Hour)
	require.NoError(t, err)
	link, err := f.OneTimeLink(t.Context(), "acme", "admin", time.Hour)
	require.NoError(t, err)
	_, _, err = f.Redeem(t.Context(), old, good)
	require.ErrorIs(t, err, access.ErrDenied, "replaced")
	_, _, err = f.Redeem(t.Context(), link, "short")
	require.ErrorIs(t, err, access.ErrInvalid, "does not use it up")
	var won atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, _, failed := f.Redeem(t.Context(), link, good); failed == nil {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, won.Load())
	f.login(t, "admin")
	link, err = f.OneTimeLink(t.Context(), "acme", "admin", time.Hour)
	require.NoError(t, err)
	f.clock.advance(time.Hour)
	_, _, err = f.Redeem(t.Context(), link, good)
	require.ErrorIs(t, err, access.ErrDenied)
	_, err = f.OneTimeLink(t.Context(), "acme", "nobody", time.Hour)
	require.ErrorIs(t, err, access.ErrNotFound)
}

func TestServiceToken(t *testing.T) {
	f := newFixture(t)
	_, err := f.Create(t.Context(), "acme", "grafana", "", "", access.RoleDashboards)
	require.NoError(t, err)
	f.create(t, "alice", access.RoleAdmin)
	token, err := f.ServiceToken(t.Context(), "acme", "grafana", 30*24*time.Hour)
	require.NoError(t, err)
	f.clock.advance(29 * 24 * time.Hour)
	p, err := f.Verify(t.Context(), token)
	require.NoError(t, err)
	require.True(t, access.Can(p, access.ActionBoardRead, "acme"))
	_, err = f.ServiceToken(t.Context(), "acme", "alice", time.Hour)
	require.ErrorIs(t, err, access.ErrInvalid)
	require.NoError(t, f.EndSessions(t.Context(), "acme", "grafana"))
	_, err = f.Verify(t.Context(), token)
	require.ErrorIs(t, err, access.ErrDenied)
}

func TestThrottling(t *testing.T) {
	f := newFixture(t)
	f.create(t, "alice", access.RoleAgent)
	for range 10 {
		_, _, err := f.Login(t.Context(), "acme", "alice", "wrong password", "192.0.2.1")
		require.ErrorIs(t, err, access.ErrDenied)
	}
	_, _, err := f.Login(t.Context(), "acme", "alice", good, "192.0.2.1")
	require.ErrorIs(t, err, access.ErrThrottled)
	var throttled *access.ThrottledError
	require.ErrorAs(t, err, &throttled)
	f.clock.advance(throttled.RetryAfter)
	for range 12 {
		_, _, err = f.Login(t.Context(), "acme", "alice", good, "192.0.2.1")
		require.NoError(t, err, "who knows the password is not throttled")
	}
}
