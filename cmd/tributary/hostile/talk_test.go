package hostile

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/cmd/tributary/client"
)

// talk is a good customer and a good agent, who answers each thing said. It counts what each page showed and what the log
// acknowledged.
type talk struct {
	t        *testing.T
	data     string
	customer *client.Customer
	agent    *client.Agent
	stop     context.CancelFunc
	done     sync.WaitGroup

	mu         sync.Mutex
	said       int
	words      map[int]string
	requests   int
	others     int // messages of others
	accepted   map[string]bool
	toAgent    map[string]int // texts of the customer's on the agent's page
	toVisitor  map[string]int // texts of the agent's on the customer's page
	codes      map[string]int // refusals
	held, conv string
}

// newTalk begins a chat and waits for its first answer.
func newTalk(t *testing.T, c *child, login string) *talk {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	k := &talk{
		t: t, data: c.data, stop: cancel,
		customer: client.NewCustomer(c.base(), "demo", "shop"),
		agent:    client.NewAgent(c.base(), "demo", login, stores(t, c.data).DemoPassword(login)),
		accepted: map[string]bool{}, toAgent: map[string]int{}, toVisitor: map[string]int{}, codes: map[string]int{}, words: map[int]string{},
	}
	k.customer.OnAccepted = func(id string) { k.locked(func() { k.accepted[id] = true }) }
	k.customer.OnMessage = func(m client.Message) {
		if m.Author == "agent" {
			k.locked(func() { k.toVisitor[m.Text]++ })
		}
	}
	k.agent.OnAgent = func(v client.AgentView) {
		if v.Status != "available" {
			k.command("status", map[string]any{"status": "available"})
		}
	}
	k.agent.OnOffer = func(o client.Offer) {
		if o.State == "offered" {
			k.command("answer", map[string]any{"offer": o.ID, "accept": true})
		}
	}
	k.agent.OnMessage = func(contact string, m client.Message) {
		k.locked(func() {
			if m.Author == "customer" && k.ours(m.Text) { // else of a rude one
				k.toAgent[m.Text]++
				k.held = contact
			}
		})
	}
	k.agent.OnContact = func(c client.Contact) { k.locked(func() { k.conv = c.Conversation }) }
	k.agent.OnRefused = func(_, code string) { k.locked(func() { k.codes[code]++ }) }
	k.done.Go(func() { k.customer.Run(ctx) })
	k.done.Go(func() { _ = k.agent.Run(ctx) })
	t.Cleanup(k.end)
	k.round()
	return k
}

func (k *talk) end() {
	k.stop()
	k.done.Wait()
}

func (k *talk) locked(do func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	do()
}

// ours is called with the lock held.
func (k *talk) ours(text string) bool {
	for _, w := range k.words {
		if w == text {
			return true
		}
	}
	return false
}

func (k *talk) request() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.requests++
	return fmt.Sprintf("r%d-%d", time.Now().UnixNano(), k.requests)
}

// command is not sent from the page's own goroutine: a write may wait for it.
func (k *talk) command(kind string, fields map[string]any) {
	k.done.Go(func() { k.agent.Do(k.request(), kind, fields) })
}

// say has the customer say the next thing; it does not wait.
func (k *talk) say() string {
	k.mu.Lock()
	k.said++
	text := fmt.Sprintf("word %d.", k.said)
	k.words[k.said] = text
	k.mu.Unlock()
	k.customer.Send("m-"+k.request(), text)
	return text
}

func (k *talk) shown(text string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.toAgent[text] == 0 {
		return fmt.Errorf("the agent does not see %q; %d unaccepted of the customer's, refusals of the agent's %v", text, k.customer.Unaccepted(), k.codes)
	}
	return nil
}

func (k *talk) answered(text string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.toVisitor["to "+text] == 0 {
		return fmt.Errorf("the customer does not see the answer to %q; %d unaccepted of the agent's, refusals %v", text, k.agent.Unaccepted(), k.codes)
	}
	return nil
}

// answer has the agent answer what the page shows.
func (k *talk) answer(text string) {
	k.t.Helper()
	eventually(k.t, 60*time.Second, func() error { return k.shown(text) })
	k.mu.Lock()
	contact := k.held
	k.mu.Unlock()
	k.agent.Do(k.request(), "send", map[string]any{"contact": contact, "text": "to " + text})
}

// round has one thing said and answered, and waits for both pages.
func (k *talk) round() {
	k.t.Helper()
	text := k.say()
	k.answer(text)
	eventually(k.t, 60*time.Second, func() error { return k.answered(text) })
}

// once checks that all that was said is on both pages once and that nothing waits.
func (k *talk) once() {
	k.t.Helper()
	eventually(k.t, 30*time.Second, func() error {
		if n, m := k.customer.Unaccepted(), k.agent.Unaccepted(); n+m > 0 {
			return fmt.Errorf("%d of the customer's and %d of the agent's are not accepted", n, m)
		}
		return nil
	})
	k.mu.Lock()
	defer k.mu.Unlock()
	require.Len(k.t, k.toAgent, k.said)
	for i := range k.said {
		text := k.words[i+1]
		require.Equal(k.t, 1, k.toAgent[text], "times that the agent saw %q", text)
		require.LessOrEqual(k.t, k.toVisitor["to "+text], 1, "times that the customer saw the answer to %q", text)
	}
	require.Zero(k.t, k.customer.Repeats())
	require.Zero(k.t, k.agent.Repeats())
}

// inWarehouse waits until ClickHouse holds all messages that both pages show, and looks for doubles and for cuts that differ.
func (k *talk) inWarehouse() {
	k.t.Helper()
	k.mu.Lock()
	want := len(k.toAgent) + len(k.toVisitor) + k.others
	k.mu.Unlock()
	w, err := spine(k.t, k.data).OpenWarehouse()
	require.NoError(k.t, err)
	defer func() { _ = w.Close() }()
	eventually(k.t, 60*time.Second, func() error {
		res, err := w.Query(context.Background(), "contact_counts", map[string]any{"tenant": "demo"})
		if err != nil {
			return err
		}
		row := map[string]any{}
		for i, v := range res.Rows[0] {
			row[res.Columns[i].Name] = v
		}
		for name, v := range row {
			if strings.HasSuffix(name, "doubles") && fmt.Sprint(v) != "0" {
				k.t.Fatalf("%s: %v", name, v)
			}
		}
		if fmt.Sprint(row["messages"]) != fmt.Sprint(want) {
			b, _ := json.Marshal(row)
			return fmt.Errorf("ClickHouse holds %s, not %d messages", b, want)
		}
		return nil
	})
	code, out, stderr := tributary(k.t, "verify", "--data", k.data)
	require.Zero(k.t, code, out+stderr)
	require.Regexp(k.t, `^[1-9][0-9]* cuts with [1-9][0-9]* rows were announced; 0 differ\n$`, out)
	code, out, stderr = tributary(k.t, "migrate", "--json", "--data", k.data)
	require.Zero(k.t, code, out+stderr)
	require.JSONEq(k.t, `{"ran": [], "newer": 0}`, out)
}
