package hostile

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// away is how long an engine is away: ten seconds stand for a minute, which HOSTILE_AWAY=1m makes of it.
func away(t *testing.T) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(cmp.Or(os.Getenv("HOSTILE_AWAY"), "10s"))
	require.NoError(t, err)
	return d
}

// split is an installation whose engines have processes of their own, and a chat in it.
type split struct {
	broker, clickhouse, rest *child
	talk                     *talk
}

func newSplit(t *testing.T) *split {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	s := &split{
		broker:     newChild(t, "broker", data, "", "--roles", "broker"),
		clickhouse: newChild(t, "clickhouse", data, "", "--roles", "clickhouse"),
		rest:       newChild(t, "rest", data, freeAddr(t), "--roles", "folds,sink,api,webchat", "--demo", "--floor", "0"),
	}
	s.broker.start()
	s.broker.waitSaid("Tributary is ready")
	s.clickhouse.start()
	s.clickhouse.waitSaid("Tributary is ready")
	s.rest.start()
	s.rest.waitReady()
	s.talk = newTalk(t, s.rest, "amy")
	return s
}

// person is somebody logged in over plain HTTP.
type person struct {
	t            *testing.T
	base, origin string
	cookie, csrf string
	client       *http.Client
}

func login(t *testing.T, c *child, name string) *person {
	t.Helper()
	p := &person{t: t, base: c.base(), origin: c.base(), client: plain}
	status, body, resp := p.do("POST", "/api/login", `{"tenant":"demo","login":"`+name+`","password":"`+stores(t, c.data).DemoPassword(name)+`"}`)
	require.Equal(t, http.StatusOK, status, body)
	p.enter(resp, body)
	return p
}

func (p *person) enter(resp *http.Response, body string) {
	p.t.Helper()
	for _, c := range resp.Cookies() {
		p.cookie = c.Name + "=" + c.Value
	}
	var me struct{ Csrf string }
	require.NoError(p.t, json.Unmarshal([]byte(body), &me))
	p.csrf = me.Csrf
	require.NotEmpty(p.t, p.cookie)
	require.NotEmpty(p.t, p.csrf)
}

func (p *person) do(method, path, body string) (int, string, *http.Response) {
	p.t.Helper()
	req, err := http.NewRequest(method, p.base+path, strings.NewReader(body))
	require.NoError(p.t, err)
	for name, v := range map[string]string{"Cookie": p.cookie, "Origin": p.origin, "X-Tributary-Csrf": p.csrf} {
		if v != "" {
			req.Header.Set(name, v)
		}
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return 0, err.Error(), nil
	}
	defer func() { _ = resp.Body.Close() }()
	b, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), resp
}

func (k *talk) conversation() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.conv
}

// TestClickHouseAway: the chat goes on, history says that it is late, and what was missed is caught up with, once.
func TestClickHouseAway(t *testing.T) {
	t.Parallel()
	s := newSplit(t)
	s.talk.inWarehouse()
	sam := login(t, s.rest, "sam")
	history := "/api/conversations/" + s.talk.conversation() + "/messages"
	status, body, _ := sam.do("GET", history, "")
	require.Equal(t, http.StatusOK, status, body)
	require.Contains(t, body, "word 1.")

	s.clickhouse.kill()
	gone := time.Now()
	rounds := 0
	for ; time.Since(gone) < away(t); rounds++ {
		began := time.Now()
		s.talk.round()
		require.Less(t, time.Since(began), 5*time.Second, "the chat waits for ClickHouse")
		if rounds == 3 {
			status, body, _ = sam.do("GET", history, "")
			require.Equal(t, http.StatusServiceUnavailable, status, body)
			require.Contains(t, body, "history_late")
			status, body = s.rest.get("/readyz")
			require.Equal(t, http.StatusOK, status, "a late warehouse is no reason to send people away: %s", body)
		}
	}
	t.Logf("%d rounds without ClickHouse", rounds)
	code, _, stderr := tributary(t, "verify", "--data", s.rest.data)
	require.Equal(t, 1, code, stderr)

	s.clickhouse.start()
	s.talk.round()
	s.talk.once()
	s.talk.inWarehouse()
	eventually(t, 20*time.Second, func() error {
		if status, body, _ := sam.do("GET", history, ""); status != http.StatusOK || !strings.Contains(body, fmt.Sprintf("word %d.", rounds)) {
			return fmt.Errorf("history: %d %s", status, body)
		}
		return nil
	})
}

// TestBrokerAway: what people say while the log is away is kept by their pages, and is in the log once when it is back.
func TestBrokerAway(t *testing.T) {
	t.Parallel()
	s := newSplit(t)
	told := guest(t, s.rest)
	s.broker.kill()
	gone := time.Now()
	require.NoError(t, told.send(`{"type":"send","id":"away-1","text":"is anybody there?"}`))
	logged := make(chan string, 1)
	go func() {
		p := &person{t: t, base: s.rest.base(), origin: s.rest.base(), client: from("127.0.0.2")}
		status, body, _ := p.do("POST", "/api/login", `{"tenant":"demo","login":"amy","password":"wrong in any case"}`)
		logged <- fmt.Sprint(status, " ", body)
	}()
	said := []string{s.talk.say(), s.talk.say()}
	unready := false
	for time.Since(gone) < away(t) {
		if status, body := s.rest.get("/readyz"); status == http.StatusServiceUnavailable {
			unready = true
			require.NotEmpty(t, strings.TrimSpace(body))
		}
		status, body := s.rest.get("/healthz")
		require.Equal(t, http.StatusOK, status, body)
	}
	refused := told.next(kind("error"))
	require.Equal(t, []any{"away-1", "unavailable"}, []any{refused["id"], refused["code"]}, "what a customer is told after a while")
	require.Contains(t, <-logged, "503 ", "what a login is told after a while")
	require.True(t, unready, "/readyz does not notice that the log is away")
	require.Positive(t, s.talk.customer.Unaccepted(), "accepted without a log")
	require.Error(t, s.talk.shown(said[0]))

	s.broker.start()
	for _, text := range said {
		s.talk.answer(text)
		eventually(t, readyWithin, func() error { return s.talk.answered(text) })
	}
	back := time.Since(gone)
	s.talk.round()
	s.rest.waitReady()
	s.talk.once()
	s.talk.inWarehouse()
	t.Logf("said while it was away, answered %s after the kill", back.Round(time.Millisecond))
}

// TestBrokerFrozen: a broker that answers nobody but keeps its connections open is the harder case.
func TestBrokerFrozen(t *testing.T) {
	t.Parallel()
	s := newSplit(t)
	var once sync.Once
	thaw := func() { once.Do(func() { s.broker.signal(syscall.SIGCONT) }) }
	t.Cleanup(thaw)
	s.broker.signal(syscall.SIGSTOP)
	text := s.talk.say()
	gone := time.Now()
	eventually(t, away(t), func() error {
		if status, _ := s.rest.get("/readyz"); status != http.StatusServiceUnavailable {
			return fmt.Errorf("/readyz answers %d", status)
		}
		return nil
	})
	for time.Since(gone) < away(t) {
		require.Error(t, s.talk.shown(text))
		s.rest.get("/healthz")
	}
	thaw()
	s.talk.answer(text)
	eventually(t, readyWithin, func() error { return s.talk.answered(text) })
	s.talk.round()
	s.talk.once()
	s.talk.inWarehouse()
}

// TestStopWithoutLog: a process that is asked to end while the log is away ends in a bounded time, and nothing is lost.
func TestStopWithoutLog(t *testing.T) {
	t.Parallel()
	s := newSplit(t)
	s.talk.round()
	s.broker.kill()
	text := s.talk.say()
	eventually(t, 10*time.Second, func() error {
		if status, _ := s.rest.get("/readyz"); status != http.StatusServiceUnavailable {
			return fmt.Errorf("/readyz answers %d", status)
		}
		return nil
	})
	began := time.Now()
	s.rest.signal(syscall.SIGTERM)
	code := s.rest.wait(45 * time.Second)
	t.Logf("ended with %d after %s", code, time.Since(began).Round(time.Millisecond))
	require.NotEqual(t, -1, code, "a signal ended it")
	for l := range strings.Lines(s.rest.said()) {
		if strings.Contains(l, "waits_for") {
			t.Log(strings.TrimSpace(l))
		}
	}
	s.broker.start()
	s.rest.start()
	s.talk.answer(text)
	eventually(t, readyWithin, func() error { return s.talk.answered(text) })
	s.talk.once()
	s.talk.inWarehouse()
}
