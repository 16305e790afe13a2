package floor

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tributary-cc/tributary/cmd/tributary/client"
)

// visitor is one customer while they are here.
type visitor struct {
	floor   *Floor
	client  *client.Customer
	id      string // of messages
	said    int
	states  chan string
	replies chan struct{}
	surveys chan string
}

// longest is how long a visit may take at speed 1, whatever happens.
const longest = 20 * time.Minute

// visit goes through what one customer does, and what they do when they come back.
func (f *Floor) visit(ctx context.Context, n int, plan visit) {
	v := &visitor{
		floor: f, id: fmt.Sprintf("%s-%d", f.run, n),
		states: make(chan string, 64), replies: make(chan struct{}, 64), surveys: make(chan string, 8),
	}
	c := client.NewCustomer(f.config.Base, f.config.Tenant, plan.Entry)
	c.LocalIP = f.localIP(n)
	if secret := f.config.Secrets[plan.Entry]; plan.Gold && secret != "" {
		c.Visitor = vouch(secret, plan.Entry, fmt.Sprintf("gold-%d", n%goldCustomers), time.Now())
	}
	c.OnState = func(s string) { offer(v.states, s) }
	c.OnMessage = func(m client.Message) {
		if m.Author == "agent" {
			offer(v.replies, struct{}{})
		}
	}
	c.OnSurvey = func(contact string) { offer(v.surveys, contact) }
	v.client = c
	f.count(&f.stats.Visits)
	v.come(ctx, &plan)
	for again := plan.Returns; again != nil && f.wait(ctx, again.After); again = again.Returns {
		f.count(&f.stats.Returns)
		v.come(ctx, again)
	}
}

// goldCustomers are how many users the bank vouches for: they come again and again.
const goldCustomers = 12

// offer leaves out what nobody takes in time; who waits looks at the newest.
func offer[T any](c chan T, v T) {
	select {
	case c <- v:
	default:
	}
}

func drain[T any](c chan T) {
	for len(c) > 0 {
		<-c
	}
}

// come is one visit: connected, said, answered, gone.
func (v *visitor) come(ctx context.Context, plan *visit) {
	f := v.floor
	ctx, cancel := context.WithTimeout(ctx, f.scale(longest))
	defer cancel()
	drain(v.states)
	drain(v.replies)
	connected := make(chan struct{})
	page, leave := context.WithCancel(ctx)
	go func() {
		defer close(connected)
		v.client.Run(page)
	}()
	defer func() {
		leave()
		<-connected
	}()
	if !f.wait(ctx, plan.Think/3) {
		return
	}
	v.say(plan.Lines[0])
	if !v.assigned(ctx, plan.Patience) {
		f.count(&f.stats.GaveUp)
		if !plan.Leaves {
			v.end(ctx)
		}
		return
	}
	if !v.talk(ctx, plan) {
		return
	}
	if plan.Leaves {
		f.count(&f.stats.Left)
		return
	}
	v.say(plan.Thanks)
	v.farewell(ctx, plan, false)
}

func (v *visitor) say(text string) {
	v.said++
	v.client.Send(fmt.Sprintf("%s-%d", v.id, v.said), text)
	v.floor.count(&v.floor.stats.Said)
}

// end ends the chat and waits until the log has it.
func (v *visitor) end(ctx context.Context) {
	v.said++
	v.client.End(fmt.Sprintf("%s-%d", v.id, v.said))
	for range 50 {
		if v.client.Unaccepted() == 0 || !client.Pause(ctx, 20*time.Millisecond) {
			return
		}
	}
}

// assigned waits for an agent for as long as the customer's patience lasts.
func (v *visitor) assigned(ctx context.Context, patience time.Duration) bool {
	t := time.NewTimer(v.floor.scale(patience))
	defer t.Stop()
	for {
		select {
		case s := <-v.states:
			if s == "assigned" {
				return true
			}
		case <-t.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// talk says the lines, each after an answer, or after some time without one. It tells whether the customer is still in the chat.
func (v *visitor) talk(ctx context.Context, plan *visit) bool {
	for i, line := range plan.Lines[1:] {
		if !v.answered(ctx, plan) {
			return false
		}
		if plan.Drops && i == 0 {
			v.client.Drop()
		}
		v.client.Typing()
		if !v.floor.wait(ctx, plan.Think) {
			return false
		}
		v.say(line)
	}
	return v.answered(ctx, plan)
}

// answered waits for something new from the agent; false where the chat has ended.
func (v *visitor) answered(ctx context.Context, plan *visit) bool {
	t := time.NewTimer(v.floor.scale(6 * plan.Think))
	defer t.Stop()
	for {
		select {
		case <-v.replies:
			drain(v.replies)
			return true
		case s := <-v.states:
			if s == "ended" {
				v.farewell(ctx, plan, true)
				return false
			}
		case <-t.C:
			return true
		case <-ctx.Done():
			return false
		}
	}
}

// farewell waits for the end and answers the survey; who is not let go ends the chat.
func (v *visitor) farewell(ctx context.Context, plan *visit, ended bool) {
	f := v.floor
	surveyed := max(f.scale(5*time.Second), 300*time.Millisecond)
	end := time.NewTimer(f.scale(90 * time.Second))
	defer end.Stop()
	if ended {
		end.Reset(surveyed)
	}
	for {
		select {
		case contact := <-v.surveys:
			if plan.Score > 0 && f.wait(ctx, 4*time.Second) {
				v.said++
				v.client.Survey(fmt.Sprintf("%s-%d", v.id, v.said), contact, plan.Score, plan.Comment)
				f.count(&f.stats.Surveys)
				client.Pause(ctx, 200*time.Millisecond)
			}
			return
		case s := <-v.states:
			if s == "ended" && !ended {
				ended = true
				end.Reset(surveyed)
			}
		case <-end.C:
			if !ended {
				v.end(ctx)
			}
			return
		case <-ctx.Done():
			return
		}
	}
}

// vouch signs that the site knows the visitor (JWT, HS256).
func vouch(secret, entry, user string, now time.Time) string {
	part := func(v any) string {
		b, _ := json.Marshal(v) // maps of texts and numbers
		return base64.RawURLEncoding.EncodeToString(b)
	}
	signed := part(map[string]string{"alg": "HS256", "typ": "JWT"}) + "." +
		part(map[string]any{"sub": user, "aud": entry, "exp": now.Add(time.Hour).Unix(), "tier": "gold", "language": "en"})
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
