package chaos

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tributary-cc/tributary/cmd/tributary/client"
	"github.com/tributary-cc/tributary/cmd/tributary/process"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/privacy"
)

// checker compares the ledger with the system. It runs against the process that is up at the end.
type checker struct {
	report *Report
	ledger *Ledger
	floor  *Floor
	data   string

	facts *Facts
	said  []Said
	// owner tells which visitor a customer's id belongs to.
	owner map[string]string
}

// run makes the checks that need a running process.
func (c *checker) run(ctx context.Context) error {
	s, err := connect(ctx, c.data)
	if err != nil {
		return err
	}
	defer s.Close() //nolint:errcheck // only read
	if err := c.read(ctx, s); err != nil {
		return err
	}
	// Who left before an answer came sees it when coming back; that may lead to another answer.
	for range 5 {
		lack := c.lacking()
		if len(lack) == 0 {
			break
		}
		c.floor.Revisit(ctx, lack, 10*time.Second, c.lacks)
		c.floor.settle(ctx, 30*time.Second)
		if err := c.read(ctx, s); err != nil {
			return err
		}
	}
	c.inLog()
	c.onScreens()
	c.contacts()
	c.oneHolder()
	return c.inWarehouse(ctx, s)
}

func (c *checker) read(ctx context.Context, s *process.Spine) (err error) {
	if c.facts, err = ReadFacts(ctx, s); err != nil {
		return err
	}
	c.said = c.ledger.all()
	c.owner = map[string]string{}
	for _, m := range c.said {
		for _, f := range c.facts.Messages[m.ID] {
			if !m.Agent {
				c.owner[f.Customer] = m.By
			}
		}
	}
	c.report.Records, c.report.Repeats, c.report.Late = c.facts.Records, c.facts.Repeats, c.facts.Late
	c.report.Contacts = len(c.facts.Contacts)
	return nil
}

// lacking lists, for each visitor, the messages in the facts that the visitor was not shown.
func (c *checker) lacking() map[string][]string {
	out := map[string][]string{}
	for _, m := range c.said {
		for _, f := range c.facts.Messages[m.ID] {
			if who := c.owner[f.Customer]; who != "" && !c.ledger.Saw(who, m.ID) {
				out[who] = append(out[who], m.ID)
			}
		}
	}
	return out
}

// lacks tells whether a visitor was still not shown one of the messages.
func (c *checker) lacks(who string, ids []string) bool {
	return slices.ContainsFunc(ids, func(id string) bool { return !c.ledger.Saw(who, id) })
}

// inLog checks that what was acknowledged is in conversation.facts exactly once, with its text, and nothing else is.
func (c *checker) inLog() {
	var lost, doubled, altered, foreign []string
	known := map[string]bool{}
	accepted := 0
	for _, m := range c.said {
		known[m.ID] = true
		found := c.facts.Messages[m.ID]
		if !m.Accepted.IsZero() {
			accepted++
			if len(found) == 0 && c.facts.Refused[m.ID] == 0 {
				lost = append(lost, fmt.Sprintf("%s of %s, acknowledged at %s", m.ID, m.By, m.Accepted.Format("15:04:05.000")))
			}
		}
		// A wish that came too late may be refused as often as it was repeated.
		if len(found) > 1 || len(found) == 1 && c.facts.Refused[m.ID] > 0 {
			doubled = append(doubled, fmt.Sprintf("%s of %s is there %d times, and %d times among the refused", m.ID, m.By, len(found), c.facts.Refused[m.ID]))
		}
		for _, f := range found {
			if f.Text != m.Text {
				altered = append(altered, m.ID+" says something else than its writer did")
			}
		}
	}
	for id := range c.facts.Messages {
		if !known[id] {
			foreign = append(foreign, "message "+id+" was said by nobody")
		}
	}
	slices.Sort(foreign)
	late, told := 0, 0
	for _, m := range c.said {
		if !m.Accepted.IsZero() && c.facts.Refused[m.ID] > 0 {
			late++
			if m.Refused != "" {
				told++
			}
		}
	}
	if late > 0 {
		c.report.Notes = append(c.report.Notes, fmt.Sprintf("%d messages of agents were taken and then refused as too late; %d agents were online to be told", late, told))
	}
	c.report.check("acknowledged messages in the log's facts", fmt.Sprintf("%d acknowledged", accepted), lost)
	c.report.check("each message in the facts once, as it was said", fmt.Sprintf("%d messages", len(c.facts.Messages)), slices.Concat(doubled, altered, foreign))
	c.report.check("every lane complete", fmt.Sprintf("%d records", c.facts.Records), c.facts.Gaps)
	c.report.check("nothing dead but what came too late", fmt.Sprintf("%d too late", c.facts.Late), c.facts.Dead)
}

// onScreens checks that what is in the facts was shown, under one id, to the customer and to an agent.
func (c *checker) onScreens() {
	var customers, agents, twice []string
	byToken := map[string]map[string]bool{}
	c.ledger.mu.Lock()
	seenBy := map[string][]string{}
	for k, ids := range c.ledger.shown {
		seenBy[k.token] = append(seenBy[k.token], k.who)
		if byToken[k.token] == nil {
			byToken[k.token] = map[string]bool{}
		}
		for id := range ids {
			byToken[k.token][id] = true
		}
	}
	foreign := slices.Clone(c.ledger.foreign)
	c.ledger.mu.Unlock()
	shown := 0
	for _, m := range c.said {
		if n := len(byToken[m.Token]); n > 1 {
			twice = append(twice, fmt.Sprintf("%s was shown as %d messages", m.ID, n))
		}
		for _, f := range c.facts.Messages[m.ID] {
			shown++
			if who := c.owner[f.Customer]; !slices.Contains(seenBy[m.Token], who) {
				customers = append(customers, fmt.Sprintf("%s was not shown to %s", m.ID, who))
			}
			if !slices.ContainsFunc(seenBy[m.Token], func(who string) bool { return strings.HasPrefix(who, "agent-") }) && c.facts.Assigned[f.Contact] {
				agents = append(agents, fmt.Sprintf("%s (contact %s) was shown to no agent", m.ID, f.Contact))
			}
			if !byToken[m.Token][f.ID] && len(byToken[m.Token]) > 0 {
				twice = append(twice, fmt.Sprintf("%s was shown under another id than it has", m.ID))
			}
		}
	}
	c.report.check("shown to the customer", fmt.Sprintf("%d messages", shown), customers)
	c.report.check("shown to an agent, where the contact came to one", "", agents)
	c.report.check("nothing shown twice", "", slices.Concat(twice, foreign))
}

// contacts checks that no contact is forgotten and no offer left open.
func (c *checker) contacts() {
	var open []string
	for _, k := range sortedByKey(c.facts.Contacts) {
		if k.GetState() != event.ContactState_CONTACT_STATE_ENDED {
			open = append(open, fmt.Sprintf("contact %s is %s", k.GetContact(), k.GetState()))
		}
	}
	c.report.check("no contact forgotten", fmt.Sprintf("%d contacts, all ended", len(c.facts.Contacts)), open)
	var offers []string
	for id, who := range c.facts.Open {
		offers = append(offers, "offer "+id+" to "+who+" is open")
	}
	c.report.check("no offer left open", "", offers)
}

// inWarehouse checks the tables, past the product's own queries and by its own Verify.
func (c *checker) inWarehouse(ctx context.Context, s *process.Spine) error {
	run, err := process.ReadRunFile(c.data)
	if err != nil {
		return err
	}
	ch := clickHouse{run.ClickHouse}
	rows, err := c.awaitRows(ctx, ch)
	if err != nil {
		return err
	}
	count := map[string]int{}
	var wrong []string
	texts := map[string]string{}
	for _, r := range rows {
		count[r[0]]++
		texts[r[0]] = r[1]
	}
	for _, m := range c.said {
		n, want := count[m.ID], len(c.facts.Messages[m.ID])
		if n != want {
			wrong = append(wrong, fmt.Sprintf("%s is there %d times, in the facts %d", m.ID, n, want))
		}
		if n > 0 && texts[m.ID] != privacy.Mask(m.Text) {
			wrong = append(wrong, m.ID+" says something else than its masked text")
		}
		delete(count, m.ID)
	}
	for id := range count {
		wrong = append(wrong, id+" was said by nobody")
	}
	c.report.check("each message in ClickHouse once, masked", fmt.Sprintf("%d rows", len(rows)), wrong)
	if err = c.contactRows(ctx, ch); err != nil {
		return err
	}
	w, err := s.OpenWarehouse()
	if err != nil {
		return err
	}
	defer w.Close() //nolint:errcheck // only read
	faults, err := w.Verify(ctx, "")
	if err != nil {
		return err
	}
	var found []string
	if !faults.None() {
		found = append(found, fmt.Sprintf("%+v", faults))
	}
	c.report.check("every cut has the rows it announced (verify)", "", found)
	return nil
}

// awaitRows waits until the sink has no lag by the number of messages, or gives what is there after a while.
func (c *checker) awaitRows(ctx context.Context, ch clickHouse) ([][]string, error) {
	want := 0
	for _, m := range c.facts.Messages {
		want += len(m)
	}
	for end := time.Now().Add(time.Minute); ; {
		rows, err := ch.query(ctx, "SELECT client_id, text, message FROM messages WHERE tenant = {tenant:String}", map[string]string{"tenant": tenant})
		if err == nil && len(rows) >= want || time.Now().After(end) {
			return rows, err
		}
		if !client.Pause(ctx, 200*time.Millisecond) {
			return nil, ctx.Err()
		}
	}
}

func (c *checker) contactRows(ctx context.Context, ch clickHouse) error {
	var wrong []string
	for end := time.Now().Add(30 * time.Second); ; {
		rows, err := ch.query(ctx, "SELECT contact, version, state, agent FROM contacts FINAL WHERE tenant = {tenant:String}", map[string]string{"tenant": tenant})
		if err != nil {
			return err
		}
		wrong = wrong[:0]
		there := map[string]bool{}
		for _, r := range rows {
			k := c.facts.Contacts[r[0]]
			there[r[0]] = true
			if fmt.Sprint(k.GetVersion()) != r[1] || k.GetAgent() != r[3] {
				wrong = append(wrong, fmt.Sprintf("contact %s has version %s of agent %q, in the facts %d of %q", r[0], r[1], r[3], k.GetVersion(), k.GetAgent()))
			}
		}
		for id := range c.facts.Contacts {
			if !there[id] {
				wrong = append(wrong, "contact "+id+" is missing")
			}
		}
		if len(wrong) == 0 || time.Now().After(end) || !client.Pause(ctx, 200*time.Millisecond) {
			c.report.check("each contact in ClickHouse as the facts have it", fmt.Sprintf("%d contacts", len(rows)), wrong)
			return nil
		}
	}
}

// oneHolder checks that what the agents did can be told in one order in which no contact has two of them.
func (c *checker) oneHolder() {
	faults, contacts, deeds := c.ledger.history.check(func(message string) bool { return len(c.facts.Messages[message]) > 0 })
	c.report.check("one agent a contact at a time, in an order that all agents can have seen", fmt.Sprintf("%d contacts, %d deeds", contacts, deeds), faults)
}
