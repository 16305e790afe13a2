package api

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/event"
)

func (w *world) refused(r *event.WishRefused) {
	w.conversationFact("c1", &event.Event{Body: &event.Event_WishRefused{WishRefused: r}})
}

// accountOf is the account behind a login.
func (w *world) accountOf(login string) string {
	infos, err := w.accounts.List(w.t.Context(), "acme")
	require.NoError(w.t, err)
	for _, x := range infos {
		if x.Login == login {
			return x.Account
		}
	}
	w.t.Fatalf("no account of %s", login)
	return ""
}

// quiet checks that nothing but queues came, by a command whose answer is the next frame.
func (d *desk) quiet() {
	d.t.Helper()
	d.say(`{"type":"ping"}`)
	d.next("pong")
}

// What was accepted and came too late is told to all pages of who asked, at whatever process, and to nobody else.
func TestWhatCameTooLateIsTold(t *testing.T) {
	w := newWorld(t)
	one, two := w.process(), w.process()
	ann, _ := one.open("ann")
	elsewhere, _ := two.open("ann")
	bob, _ := one.open("bob")
	sue, _ := one.open("sue")
	w.assigned("ann")
	for _, d := range []*desk{ann, elsewhere} {
		d.next("contact")
		d.next("message")
	}
	ann.say(`{"type":"send","request":"m1","contact":"k1","text":"are you there?"}`)
	ann.next("accepted")
	w.refused(&event.WishRefused{Contact: "k1", Agent: "ann", Request: "m1", Kind: "message", Reason: "over"})
	for _, d := range []*desk{ann, elsewhere} {
		require.Equal(t, map[string]any{
			"type": "error", "request": "m1", "code": "refused", "reason": "over", "text": "the contact has ended",
		}, d.next("error"))
	}
	w.refused(&event.WishRefused{Contact: "k1", Agent: "ann", Request: "s1", Kind: "end", Reason: "not_open", By: w.accountOf("sue")})
	require.Equal(t, "s1", sue.next("error")["request"])
	ann.quiet()
	bob.quiet()
}

// What a supervisor asks of others' contacts goes to the log as a supervisor's wish, written down before; the holder's own
// wishes are the holder's.
func TestASupervisorsWishNamesTheAccount(t *testing.T) {
	w := newWorld(t)
	p := w.process()
	sue, _ := p.open("sue")
	ann, _ := p.open("ann")
	w.assigned("ann")
	ann.next("contact")
	ann.next("message")
	account := w.accountOf("sue")
	audited := func() int {
		return len(in(w, event.TopicAudit, func(e *event.Event) (*event.Event, bool) {
			a := e.GetAudit()
			return e, a.GetActor() == account && a.GetAction() == string(access.ActionRoutingAct) && a.GetOutcome() == "allowed"
		}))
	}
	for i, cmd := range []string{
		`{"type":"end","request":"x1","contact":"k1"}`, `{"type":"transfer","request":"x2","contact":"k1","queue":"sales"}`,
		`{"type":"split","request":"x3","contact":"k1"}`, `{"type":"close","request":"x4","conversation":"v1"}`,
	} {
		sue.say("%s", cmd)
		sue.next("accepted")
		require.Equal(t, i+1, audited())
	}
	type wish interface {
		GetAgent() string
		GetBySupervisor() bool
		GetBy() string
	}
	asked := func(e *event.Event) (wish, bool) {
		for _, x := range []wish{e.GetEndContact(), e.GetTransferContact(), e.GetSplitConversation(), e.GetCloseConversation()} {
			if x.GetAgent() != "" || x.GetBySupervisor() {
				return x, true
			}
		}
		return nil, false
	}
	wishes := in(w, event.TopicConversationIn, asked)
	require.Len(t, wishes, 4)
	for _, x := range wishes {
		require.True(t, x.GetBySupervisor())
		require.Equal(t, account, x.GetBy())
	}
	require.Equal(t, "ann", wishes[0].GetAgent(), "who held it")

	for _, cmd := range []string{`{"type":"wrap_up","request":"y1","contact":"k1"}`, `{"type":"read","request":"y2","contact":"k1","sequence":1}`} {
		sue.say("%s", cmd)
		require.Equal(t, "denied", sue.next("error")["code"])
	}
	sue.say(`{"type":"transfer","request":"y3","contact":"k1","queue":"nowhere"}`)
	require.Equal(t, "not_found", sue.next("error")["code"])
	ann.say(`{"type":"end","request":"z1","contact":"k1"}`)
	ann.next("accepted")
	wishes = in(w, event.TopicConversationIn, asked)
	require.Len(t, wishes, 5)
	require.False(t, wishes[4].GetBySupervisor())
	require.Empty(t, wishes[4].GetBy())
	require.Equal(t, 4, audited())
}
