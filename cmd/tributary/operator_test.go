package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/cmd/tributary/process"
	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/privacy"
)

const good = "correct horse battery"

// desk is an installation and somebody at its command line.
type desk struct {
	t    *testing.T
	data string
	*process.Process
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, data: filepath.Join(t.TempDir(), "data")}
	d.start()
	t.Cleanup(d.stop)
	return d
}

func (d *desk) start() {
	c := process.Default()
	c.Data, c.HTTP, c.Roles = d.data, "", []string{process.RoleBroker, process.RoleFolds}
	var err error
	d.Process, err = process.Start(context.Background(), c, slog.New(slog.DiscardHandler))
	require.NoError(d.t, err)
	require.Eventually(d.t, func() bool { return d.Ready() == nil }, time.Minute, 10*time.Millisecond)
}

func (d *desk) stop() {
	if d.Process != nil {
		require.NoError(d.t, d.Stop(context.Background()))
		d.Process = nil
	}
}

// run runs a command in the data folder.
func (d *desk) run(stdin string, args ...string) (stdout, stderr string, err error) {
	cmd := root()
	var out, faults bytes.Buffer
	cmd.SetIn(strings.NewReader(stdin))
	cmd.SetOut(&out)
	cmd.SetErr(&faults)
	cmd.SetArgs(append(args, "--data", d.data))
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err = cmd.ExecuteContext(ctx)
	return out.String(), faults.String(), err
}

func (d *desk) must(args ...string) string {
	d.t.Helper()
	out, said, err := d.run(good+"\n", args...)
	require.NoError(d.t, err, said)
	require.NotContains(d.t, said, "NOT AUDITED")
	return out
}

// all reads a topic to its end.
func (d *desk) all(topic event.Topic) (out []*event.Event) {
	d.t.Helper()
	enough := errors.New("enough")
	for p := range d.Log.Partitions(topic) {
		first, end, err := d.Log.Bounds(context.Background(), topic, p)
		require.NoError(d.t, err)
		if first == end {
			continue
		}
		err = d.Log.Read(context.Background(), topic, p, first, func(batch []event.Record, _ int64) error {
			for i := range batch {
				if e, bad := event.Unmarshal(batch[i].Value); bad == nil {
					out = append(out, e)
				}
				if batch[i].Offset+1 >= end {
					return enough
				}
			}
			return nil
		})
		require.ErrorIs(d.t, err, enough)
	}
	return out
}

func (d *desk) audit() (out []string) {
	for _, e := range d.all(event.TopicAudit) {
		a := e.GetAudit()
		require.Equal(d.t, "allowed", a.GetOutcome())
		out = append(out, e.GetTenant()+" "+a.GetActor()+" "+a.GetAction()+" "+a.GetSubject())
	}
	return out
}

func TestAccountsAtTheCommandLine(t *testing.T) {
	d := newDesk(t)
	d.must("user", "add", "ann@example.com", "--role", "agent")
	d.must("user", "add", "grafana", "--role", "dashboards")
	var list []line
	require.NoError(t, json.Unmarshal([]byte(d.must("user", "list", "--json")), &list))
	require.Len(t, list, 2)
	ann, grafana := list[0], list[1]
	require.Equal(t, []access.Role{access.RoleAgent}, ann.Roles)

	p, err := d.Accounts.Verify(t.Context(), strings.TrimSpace(d.must("user", "token", "grafana")))
	require.NoError(t, err)
	require.Equal(t, grafana.Account, p.Account)

	want := []string{"account.create " + ann.Account, "account.create " + grafana.Account, "account.token " + grafana.Account}
	for _, c := range []struct {
		action access.Action
		args   []string
	}{
		{access.ActionAccountLogout, []string{"logout"}},
		{access.ActionAccountRoles, []string{"roles", "--role", "supervisor,qa"}},
		{access.ActionAccountPassword, []string{"passwd"}},
		{access.ActionAccountDisable, []string{"disable"}},
		{access.ActionAccountEnable, []string{"enable"}},
	} {
		token := ""
		if c.action != access.ActionAccountEnable {
			_, token, err = d.Accounts.Login(t.Context(), "main", "ann@example.com", good, "192.0.2.1")
			require.NoError(t, err, c.args)
			_, err = d.Accounts.Verify(t.Context(), token)
			require.NoError(t, err)
			want = append(want, "session.begin "+ann.Account)
		}
		d.must(append([]string{"user", c.args[0], "ann@example.com"}, c.args[1:]...)...)
		want = append(want, string(c.action)+" "+ann.Account)
		// The running process, which has the account in its memory, refuses the session within a second.
		require.Eventually(t, func() bool {
			_, failed := d.Accounts.Verify(t.Context(), token)
			return errors.Is(failed, access.ErrDenied)
		}, 1500*time.Millisecond, 10*time.Millisecond, c.args)
	}
	var got []string
	for _, one := range d.audit() {
		one = strings.NewReplacer("main operator ", "", "main "+ann.Account+" session", "session").Replace(one)
		got = append(got, one)
		require.NotContains(t, one, "example.com")
	}
	require.ElementsMatch(t, want, got)

	d.stop()
	_, said, err := d.run("", "user", "disable", "ann@example.com")
	require.NoError(t, err)
	require.Contains(t, said, "NOT AUDITED: no process runs with the data folder")
	require.NoError(t, json.Unmarshal([]byte(d.must("user", "list", "--json")), &list))
	require.True(t, list[0].Disabled)
	require.Equal(t, []access.Role{access.RoleQA, access.RoleSupervisor}, list[0].Roles)
}

func TestWhatTheOperatorDoesIsAudited(t *testing.T) {
	d := newDesk(t)
	file := filepath.Join(t.TempDir(), "main.yaml")
	require.NoError(t, os.WriteFile(file, []byte("tenant: main\nqueues: [{id: cards}]\n"), 0o600))
	d.must("apply", file, "--dry-run")
	require.Empty(t, d.audit(), "nothing was changed")
	d.must("apply", file)
	d.must("engine", "resend", "--processor", "config")

	done := make(chan error, 1)
	d.Log.Append(t.Context(), event.TopicIdentityIn, 0, []event.Record{{Topic: event.TopicIdentityIn, Value: []byte("what?")}}, func(err error) { done <- err })
	require.NoError(t, <-done)
	require.Eventually(t, func() bool { return len(d.all(event.TopicDead)) == 1 }, 30*time.Second, 20*time.Millisecond)
	at, _, _ := strings.Cut(d.must("dead", "list"), " ")
	_, _, err := d.run("", "dead", "retry", at)
	require.ErrorContains(t, err, "does not decode")
	got := d.audit()
	for i := range got {
		got[i], _, _ = strings.Cut(got[i], "@")
	}
	require.ElementsMatch(t, []string{
		"main operator config.write config/1", "main operator engine.resend config/0", "main operator dead.retry identity.in/0",
	}, got)
}

// say has a customer say something and answers who that is by the facts.
func (d *desk) say(address, id, text string) (customer string, sealed *event.Sealed) {
	d.t.Helper()
	p, err := d.Keys.Pseudonym(context.Background(), "main", address)
	require.NoError(d.t, err)
	eid := event.CauseID("test", id)
	require.NoError(d.t, d.Guard.Append(context.Background(), event.TopicIdentityIn, &event.Event{
		Id: eid[:], Tenant: "main", Address: string(p), Key: event.Key("main", string(p)), AtMs: time.Now().UnixMilli(),
		Body: &event.Event_CustomerMessage{CustomerMessage: &event.CustomerMessage{Channel: event.Channel_CHANNEL_WEBCHAT, EntryPoint: "shop", Message: id}},
	}, &event.Content{Text: text}))
	require.Eventually(d.t, func() bool {
		for _, e := range d.all(event.TopicConversationFacts) {
			if e.GetMessageAdded() != nil && e.GetAddress() == string(p) {
				customer, sealed = e.GetCustomer(), e.GetSealed()
			}
		}
		return sealed != nil
	}, 30*time.Second, 20*time.Millisecond)
	return customer, sealed
}

func TestErasure(t *testing.T) {
	d := newDesk(t)
	ann, anns := d.say("webchat:ann", "1", "I am Ann")
	_, bobs := d.say("tel:+8613800138000", "2", "I am Bob")
	_, eves := d.say("webchat:eve", "3", "I am Eve")
	open := func(s *event.Sealed) error {
		_, err := d.Keys.OpenContent(t.Context(), "main", s)
		return err
	}
	for _, s := range []*event.Sealed{anns, bobs, eves} {
		require.NoError(t, open(s))
	}
	before := d.must("replay")

	_, _, err := d.run("no\n", "erase", "--customer", ann)
	require.ErrorContains(t, err, "nothing was done")
	_, _, err = d.run("", "erase", "--customer", ann, "webchat:ann")
	require.ErrorIs(t, err, errUsage)
	_, _, err = d.run("", "erase", "--customer", "nobody")
	require.ErrorContains(t, err, "knows no address")
	require.NoError(t, open(anns))
	out, _, err := d.run("yes\n", "erase", "--customer", ann)
	require.ErrorContains(t, err, "with the pseudonyms "+anns.GetKeyRef(), "no ClickHouse is here: what it holds must be named")
	require.Contains(t, out, "1 addresses are erased")
	_, _, err = d.run("+8613800138000\n", "erase", "-", "--yes")
	require.ErrorIs(t, err, privacy.ErrInvalid, "neither an address nor a pseudonym")
	_, _, err = d.run("tel:+86 138 0013 8000\nyes\n", "erase", "-")
	require.ErrorContains(t, err, "with the pseudonyms "+bobs.GetKeyRef())
	_, _, err = d.run("", "erase", "tel:+8613800138000", "--yes")
	require.ErrorContains(t, err, "erased already")

	// The running process forgets within a second, and knows the others still.
	for _, s := range []*event.Sealed{anns, bobs} {
		require.Eventually(t, func() bool { return errors.Is(open(s), privacy.ErrErased) }, 1500*time.Millisecond, 10*time.Millisecond)
	}
	require.NoError(t, open(eves))
	require.Contains(t, before, "outputs byte for byte")
	require.NotContains(t, d.must("replay"), "DIFFERENT", "replay does not notice")
	var erased []string
	for _, a := range d.audit() {
		require.NotContains(t, a, "138")
		erased = append(erased, a)
	}
	require.Contains(t, erased, "main operator person.erase "+anns.GetKeyRef())
	require.Contains(t, erased, "main operator person.erase "+bobs.GetKeyRef())

	// Who comes back is somebody new.
	again, s := d.say("webchat:ann", "4", "I am new")
	require.NotEqual(t, ann, again)
	require.NoError(t, open(s))
}

func TestRotatingTheMasterKey(t *testing.T) {
	d := newDesk(t)
	customer, sealed := d.say("webchat:ann", "1", "I am Ann")
	d.must("user", "add", "ann", "--role", "agent")
	password := d.DemoPassword("amy")
	_, _, err := d.run("", "key", "rotate", "--yes")
	require.ErrorIs(t, err, process.ErrRunning)
	d.stop()
	_, _, err = d.run("no\n", "key", "rotate")
	require.ErrorContains(t, err, "nothing was done")
	out, _, err := d.run("yes\n", "key", "rotate", "--json")
	require.NoError(t, err)
	var r process.Rotation
	require.NoError(t, json.Unmarshal([]byte(out), &r))
	require.Equal(t, []int{1, 1, 1, 1}, []int{r.Keys, r.Wrapped, r.Accounts, r.Sealed})

	d.start()
	content, err := d.Keys.OpenContent(t.Context(), "main", sealed)
	require.NoError(t, err)
	require.Equal(t, "I am Ann", content.GetText())
	again, _ := d.say("webchat:ann", "2", "still Ann")
	require.Equal(t, customer, again)
	_, _, err = d.Accounts.Login(t.Context(), "main", "ann", good, "192.0.2.1")
	require.NoError(t, err)
	require.Equal(t, password, d.DemoPassword("amy"))
}

// TestAProcessThatWasKilled: its run.json stays; commands say so, in words and by the exit code.
func TestAProcessThatWasKilled(t *testing.T) {
	d := &desk{t: t, data: filepath.Join(t.TempDir(), "data")}
	_, _, err := d.run("", "tail")
	require.ErrorContains(t, err, "no process runs with the data folder "+d.data+"; start `tributary run")
	require.Equal(t, exitNotRunning, exitCode(err))
	require.NoDirExists(t, d.data, "a command makes no installation")

	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	run, err := json.Marshal(process.RunFile{PID: 4711, Started: time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC), Broker: l.Addr().String(), Partitions: 4})
	require.NoError(t, errors.Join(err, l.Close(), os.Mkdir(d.data, 0o700), os.WriteFile(filepath.Join(d.data, "run.json"), run, 0o600)))
	for _, args := range [][]string{{"tail"}, {"dead", "list"}, {"replay"}, {"export"}, {"erase", "--customer", "c"}, {"verify"}} {
		_, _, err = d.run("", args...)
		require.ErrorContains(t, err, "(last pid 4711, started 2026-05-01T08:00:00Z); start `tributary run")
		require.Equal(t, exitNotRunning, exitCode(err))
	}
	out, _, _ := d.run("", "doctor")
	require.Contains(t, out, "last pid 4711")
	require.Equal(t, exitFailed, exitCode(io.EOF))
	require.Equal(t, exitUsage, exitCode(errUsage))
	require.Equal(t, exitFound, exitCode(errFound))
}
