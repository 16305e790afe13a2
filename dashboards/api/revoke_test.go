package api

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
)

// Whoever loses the right to a page loses the page, in whatever process it is open, long before the sweep.
func TestPagesEndWithTheRightToThem(t *testing.T) {
	for name, change := range map[string]func(w *world, elsewhere *process, cookie, csrf string){
		"disabled": func(w *world, _ *process, _, _ string) {
			require.NoError(w.t, w.accounts.Disable(access.By(w.t.Context(), access.ActorOperator), "acme", "ann", true))
		},
		"other roles": func(w *world, _ *process, _, _ string) {
			w.change("ann", access.Change{Roles: &[]access.Role{access.RoleQA}})
		},
		"other password": func(w *world, _ *process, _, _ string) {
			require.NoError(w.t, w.accounts.SetPassword(w.t.Context(), "acme", "ann", "another long password"))
		},
		"logged out elsewhere": func(w *world, elsewhere *process, cookie, csrf string) {
			require.Equal(w.t, 200, elsewhere.ask("POST", "/api/logout", "", "Cookie", cookie, csrfHeader, csrf).status)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			here, elsewhere := w.process(), w.process()
			cookie, csrf := here.login("ann")
			d, err := here.dial(cookie, here.URL)
			require.NoError(t, err)
			d.next("snapshot")
			bob, _ := here.open("bob")
			begun := time.Now() //nolint:forbidigo // it is the wall clock that is promised
			change(w, elsewhere, cookie, csrf)
			require.EqualValues(t, live.CloseLogin, d.code())
			require.Less(t, time.Since(begun), sweepEvery/2)
			bob.say(`{"type":"ping"}`)
			bob.next("pong")
		})
	}
}

// An agent whom a supervisor logs out is told by whom, and is offline in routing.
func TestASupervisorLogsAnAgentOut(t *testing.T) {
	w := newWorld(t)
	p := w.process()
	ann, _ := p.open("ann")
	sue, _ := p.open("sue")
	sue.say(`{"type":"set_status","request":"s1","agent":"ann","status":"offline","reason":"shift_over","log_out":true}`)
	sue.next("accepted")
	out := ann.next("logged_out")
	require.Equal(t, "sue", out["by_name"])
	require.EqualValues(t, live.CloseLogin, ann.code())
	told := in(w, event.TopicRoutingIn, func(e *event.Event) (*event.AgentStatus, bool) { return e.GetAgentStatus(), e.GetAgentStatus() != nil })
	require.Len(t, told, 1)
	require.True(t, told[0].GetLogOut())
	require.Equal(t, out["by"], told[0].GetBy())
	require.Equal(t, "offline", told[0].GetStatus())
	require.Equal(t, []string{"routing.act ann allowed", "account.logout " + accountID(w, "ann") + " allowed"}, w.audited(accountID(w, "sue"), "session.begin", "session.end"))
}

func accountID(w *world, login string) string {
	infos, err := w.accounts.List(w.t.Context(), "acme")
	require.NoError(w.t, err)
	for _, x := range infos {
		if x.Login == login {
			return x.Account
		}
	}
	w.t.Fatalf("no account %s", login)
	return ""
}

// audited are the entries of an actor in order, but those of some actions.
func (w *world) audited(actor string, but ...string) []string {
	return in(w, event.TopicAudit, func(e *event.Event) (string, bool) {
		a := e.GetAudit()
		for _, x := range but {
			if a.GetAction() == x {
				return "", false
			}
		}
		return a.GetAction() + " " + a.GetSubject() + " " + a.GetOutcome(), a.GetActor() == actor
	})
}
