package numbers

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/warehouse"
	"github.com/tributary-cc/tributary/stream/warehouse/reckon"
)

// Options are what a check needs; Log, Warehouse and Tenant are required.
type Options struct {
	Log       engine.Log
	Warehouse *warehouse.Warehouse
	Tenant    string
	// From and To bound what is counted; zero means all that there is.
	From, To time.Time
	// Floor answers what the page of supervisors shows now, as JSON; nil leaves it out.
	Floor func(ctx context.Context) ([]byte, error)
	// Wait is how long the warehouse may need for what it lacks, and the floor for a quiet moment. 0 means three minutes, which
	// is longer than the grace of customers who are gone.
	Wait time.Duration
}

// Report is what a check found.
type Report struct {
	Tenant string    `json:"tenant"`
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	// Facts were read; of them the rest are some.
	Facts    int `json:"facts"`
	Contacts int `json:"contacts"`
	Entries  int `json:"enqueueings"`
	Offers   int `json:"offers"`
	Agents   int `json:"agents"`
	Surveys  int `json:"surveys"`
	// Queries were asked, and gave Rows with Values; Floor says that the page of supervisors was looked at.
	Queries int  `json:"queries"`
	Rows    int  `json:"rows"`
	Values  int  `json:"values"`
	Floor   bool `json:"floor"`
	// Differences are none where every number is right.
	Differences []string `json:"differences"`
}

const (
	defaultWait = 3 * time.Minute
	pause       = 250 * time.Millisecond
	// mostTold bounds what is listed of one question.
	mostTold = 5
	// mostLast bounds what is listed where facts never stopped coming.
	mostLast = 20
)

// Check reads, counts, asks and compares. Where facts came meanwhile and something differs it does so again.
func Check(ctx context.Context, o Options) (*Report, error) {
	if o.Wait == 0 {
		o.Wait = defaultWait
	}
	ctx, cancel := context.WithTimeoutCause(ctx, 2*o.Wait, fmt.Errorf("the numbers could not be checked in %s", 2*o.Wait))
	defer cancel()
	f := &facts{tenant: o.Tenant, lanes: map[place]*engine.Lanes{}, next: map[place]int64{}}
	if _, err := f.more(ctx, o.Log); err != nil {
		return nil, err
	}
	for end := time.Now().Add(o.Wait); ; {
		r, err := once(ctx, o, f, end)
		if err != nil {
			return nil, err
		}
		moved, err := f.more(ctx, o.Log)
		if err != nil || !moved || len(r.Differences) == 0 {
			return r, err
		}
		if time.Now().After(end) {
			return nil, unquiet(o.Wait, r.Differences)
		}
	}
}

// unquiet is why a check gave up, and what differed when it looked last: it may be wrong, or only on its way.
func unquiet(wait time.Duration, differences []string) error {
	told := differences[:min(len(differences), mostLast)]
	if more := len(differences) - len(told); more > 0 {
		told = append(slices.Clip(told), fmt.Sprintf("%d more", more))
	}
	return fmt.Errorf("facts kept coming for %s: numbers are checked in a quiet moment, such as with run --floor 0; at the last look these differed:\n  %s",
		wait, strings.Join(told, "\n  "))
}

// once checks when the warehouse has what was read, at the latest at end.
func once(ctx context.Context, o Options, f *facts, end time.Time) (*Report, error) {
	for {
		done, err := f.caughtUp(ctx, o.Log)
		if err != nil {
			return nil, err
		}
		if done {
			break
		}
		if time.Now().After(end) {
			return nil, fmt.Errorf("the warehouse lacks facts for longer than %s; see tributary doctor", o.Wait)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	r := report(o, f)
	if r.Facts == 0 {
		return r, nil
	}
	a := &asker{Report: r, w: o.Warehouse, facts: f.all, practice: f.practice}
	if err := a.all(ctx); err != nil {
		return nil, err
	}
	if o.Floor != nil {
		shown, err := o.Floor(ctx)
		if err != nil {
			return nil, fmt.Errorf("asking for the floor: %w", err)
		}
		r.Floor = true
		found, err := floorDifferences(f.all, f.practice, shown)
		if err != nil {
			return nil, err
		}
		r.Differences = append(r.Differences, found...)
	}
	return r, nil
}

// report counts what there is to check.
func report(o Options, f *facts) *Report {
	r := &Report{Tenant: o.Tenant, From: o.From, To: o.To, Facts: len(f.all), Differences: []string{}}
	first, behind := f.span()
	if r.From.IsZero() {
		r.From = first.Truncate(time.Minute)
	}
	if r.To.IsZero() {
		r.To = behind
	}
	contacts, entries, offers, agents := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, e := range f.all {
		switch b := e.GetBody().(type) {
		case *event.Event_ContactChanged:
			contacts[b.ContactChanged.GetContact().GetContact()] = true
		case *event.Event_QueueEntry:
			entries[fmt.Sprintf("%s/%d", b.QueueEntry.GetContact(), b.QueueEntry.GetCohort())] = true
		case *event.Event_OfferChanged:
			offers[b.OfferChanged.GetOffer()] = true
		case *event.Event_AgentChanged:
			agents[b.AgentChanged.GetAgent()] = true
		case *event.Event_SurveyTaken:
			r.Surveys++
		}
	}
	r.Contacts, r.Entries, r.Offers, r.Agents = len(contacts), len(entries), len(offers), len(agents)
	return r
}

// differ compares one answer, and notes what differs.
func (r *Report) differ(what string, want, got [][]any) {
	r.Rows += len(got)
	for _, row := range got {
		r.Values += len(row)
	}
	found := reckon.Differences(want, got)
	for i, d := range found {
		if i == mostTold {
			r.Differences = append(r.Differences, fmt.Sprintf("%s: %d more", what, len(found)-i))
			break
		}
		r.Differences = append(r.Differences, what+": "+d)
	}
}
