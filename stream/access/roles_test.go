package access

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/objects"
	"github.com/tributary-cc/tributary/stream/privacy"
)

// table is the permissions as a person reads them: agent, qa, supervisor, admin, dashboards.
const table = `
work                  A - S - -
contact.read          A Q S - -
contact.read_all      - Q S - -
contact.write         A - S - -
board.read            - Q S D B
board.forward         - - - - B
routing.act           - - S - -
config.read           - - S D -
config.write          - - - D -
account.manage        - - - D -
person.erase          - - - D -
`

func TestCan(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(table), "\n")
	require.Len(t, lines, len(Actions()))
	for i, line := range lines {
		fields := strings.Fields(line)
		action := Actions()[i]
		require.Equal(t, string(action), fields[0])
		for j, role := range Roles() {
			p := Principal{Tenant: "acme", Roles: []Role{role}}
			require.Equal(t, fields[1+j] != "-", Can(p, action, "acme"), "%s %s", role, action)
			require.False(t, Can(p, action, "other"), "another tenant")
			require.False(t, Can(p, action, ""))
			require.False(t, Can(Principal{Roles: p.Roles}, action, ""), "no tenant")
		}
		require.False(t, Can(Principal{Tenant: "acme"}, action, "acme"), "no role")
	}
	known := make(map[Action]bool)
	for _, action := range Actions() {
		known[action] = true
	}
	for _, actions := range permissions {
		for _, action := range actions {
			require.True(t, known[action], action)
		}
	}
	require.True(t, Can(Principal{Tenant: "acme", Roles: []Role{RoleQA, RoleAdmin}}, ActionConfigWrite, "acme"), "any role will do")
	require.False(t, Can(Principal{Tenant: "acme", Roles: Roles()}, "made.up", "acme"))
}

func TestThrottle(t *testing.T) {
	th := newThrottle(3, time.Second)
	at := time.Unix(1000, 0)
	for range 3 {
		require.Zero(t, th.take("a", at))
	}
	require.Equal(t, time.Second, th.take("a", at))
	require.Equal(t, time.Second/2, th.take("a", at.Add(time.Second/2)))
	require.Zero(t, th.take("a", at.Add(time.Second)))
	require.NotZero(t, th.take("a", at.Add(time.Second)))
	require.NotZero(t, th.take("a", at.Add(-time.Hour)), "a clock set back gives nothing")
	th.clear("a")
	require.Zero(t, th.take("a", at))
}

// TestUnknownLoginCostsAHash: the answer to an unknown login takes the same work as to a wrong password.
func TestUnknownLoginCostsAHash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHasher()
		for _, acc := range []*account{nil, {}, {Password: h.dummy}} {
			h.running <- struct{}{}
			h.running <- struct{}{} // all taken: who needs a hash waits
			done := make(chan bool, 1)
			go func() {
				ok, err := h.verify(t.Context(), "x", acc)
				done <- ok || err != nil
			}()
			synctest.Wait()
			require.Empty(t, done, "answered without a hash")
			<-h.running
			<-h.running
			require.False(t, <-done)
		}
	})
}

func TestFloodOfHashesIsRefused(t *testing.T) {
	h := newHasher()
	for range cap(h.waiting) {
		h.waiting <- struct{}{}
	}
	_, err := h.verify(t.Context(), "x", nil)
	require.ErrorIs(t, err, ErrThrottled)
}

func TestOldParametersAreRaised(t *testing.T) {
	a, err := New(objects.NewMemory(), privacy.NewMasterKey(), func() time.Time { return time.Unix(1, 0) }, nil)
	require.NoError(t, err)
	_, err = a.Create(t.Context(), "acme", "alice", "correct horse", "", RoleAgent)
	require.NoError(t, err)
	name, _, err := a.name("acme", "alice")
	require.NoError(t, err)
	old := passwordHash{Time: 1, Memory: 8 << 10, Threads: 1, Salt: make([]byte, argonSalt)}
	old.Hash, err = a.hasher.hash(t.Context(), "correct horse", old)
	require.NoError(t, err)
	_, err = a.update(t.Context(), name, func(acc *account) error { acc.Password = old; return nil })
	require.NoError(t, err)
	for range 2 {
		_, token, err := a.Login(t.Context(), "acme", "alice", "correct horse", "192.0.2.1")
		require.NoError(t, err)
		_, err = a.Verify(t.Context(), token)
		require.NoError(t, err)
		acc, _, err := a.read(t.Context(), name)
		require.NoError(t, err)
		require.EqualValues(t, argonMemory, acc.Password.Memory)
	}
}

func FuzzTokens(f *testing.F) {
	s := signer{key: []byte("k")}
	token, err := s.sign(visitorClaims{Visitor: Visitor{Tenant: "a"}})
	require.NoError(f, err)
	f.Add(token)
	f.Add("..")
	f.Fuzz(func(t *testing.T, text string) {
		var c visitorClaims
		if s.open(text, &c) == nil {
			require.Equal(t, token, text, "only what was signed opens")
		}
	})
}

func BenchmarkHash(b *testing.B) {
	h := newHasher()
	for b.Loop() {
		_, _ = h.hash(b.Context(), "correct horse battery", h.dummy)
	}
}

// TestWhatCannotBeAnAccountCostsAHash: as a wrong password does.
func TestWhatCannotBeAnAccountCostsAHash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, err := New(objects.NewMemory(), privacy.NewMasterKey(), func() time.Time { return time.Unix(1, 0) }, nil)
		require.NoError(t, err)
		for _, typed := range [][3]string{{"Zhang Wei", "alice", "x"}, {"acme", "", "x"}, {"acme", "alice", strings.Repeat("x", maxPassword+1)}} {
			a.hasher.running <- struct{}{}
			a.hasher.running <- struct{}{} // all taken: who needs a hash waits
			done := make(chan error, 1)
			go func() {
				_, _, failed := a.Login(t.Context(), typed[0], typed[1], typed[2], "192.0.2.1")
				done <- failed
			}()
			synctest.Wait()
			require.Empty(t, done, "answered without a hash")
			<-a.hasher.running
			<-a.hasher.running
			require.ErrorIs(t, <-done, ErrDenied)
		}
	})
}

// TestTheRoleThatWas: no door ever took the tokens of programs with the role service. What older versions kept of it may
// nothing and opens nothing, and its account can be given another role.
func TestTheRoleThatWas(t *testing.T) {
	a, err := New(objects.NewMemory(), privacy.NewMasterKey(), func() time.Time { return time.Unix(1, 0) }, nil)
	require.NoError(t, err)
	_, err = a.Create(t.Context(), "acme", "crm", "", "", "service")
	require.ErrorContains(t, err, `there is no role "service"; there are [agent qa supervisor admin dashboards]`)
	_, err = a.Create(t.Context(), "acme", "crm", "", "", RoleDashboards)
	require.NoError(t, err)
	name, _, err := a.name("acme", "crm")
	require.NoError(t, err)
	token, err := a.ServiceToken(t.Context(), "acme", "crm", time.Hour)
	require.NoError(t, err)
	acc, err := a.update(t.Context(), name, func(acc *account) error { acc.Roles = []Role{"service"}; return nil })
	require.NoError(t, err)
	for _, action := range Actions() {
		require.False(t, Can(acc.principal(""), action, "acme"), action)
	}
	_, err = a.Verify(t.Context(), token)
	require.ErrorIs(t, err, ErrDenied)
	_, err = a.ServiceToken(t.Context(), "acme", "crm", time.Hour)
	require.ErrorIs(t, err, ErrInvalid)
	_, err = a.Change(t.Context(), "acme", "crm", Change{Roles: &[]Role{RoleDashboards}})
	require.NoError(t, err)
}
