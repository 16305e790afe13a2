package reckon

import (
	"fmt"
	"math"
	"slices"

	"github.com/tributary-cc/tributary/stream/event"
)

// talkAndWrap are the length of a talk and of the wrap-up after it.
func talkAndWrap(c *event.Contact) (talk, acw int64) {
	if c.GetWrappedMs() > 0 {
		acw = max(0, c.GetWrappedMs()-c.GetEndedMs())
	}
	return max(0, c.GetEndedMs()-c.GetAssignedMs()), acw
}

// Handled is contacts_handled.
func (k Reckoning) Handled() [][]any {
	var t table
	for _, c := range k.lastContacts() {
		if c.GetEndedMs() == 0 || c.GetAssignedMs() == 0 || !k.inside(c.GetEndedMs()) {
			continue
		}
		r := t.row(zeros(15), k.start(c.GetEndedMs()), c.GetQueue(), c.GetAgent())
		if c.GetState() != event.ContactState_CONTACT_STATE_ENDED {
			bump(r, 4, 1)
			continue
		}
		talk, acw := talkAndWrap(c)
		for i, by := range []int64{1, 0, talk, acw} {
			bump(r, 3+i, by)
		}
		if c.GetFirstResponseMs() > 0 {
			bump(r, 7, 1)
			bump(r, 8, max(0, c.GetFirstResponseMs()-c.GetAssignedMs()))
		}
		for i, yes := range []bool{c.GetInitiation() == "transfer", c.GetEndReason() == "transfer", c.GetEndReason() == "agent_lost"} {
			if yes {
				bump(r, 9+i, 1)
			}
		}
		bump(r, 12, int64(c.GetTurns()))
		bump(r, 13, c.GetResponseMs())
		r[14] = max(num(r, 14), c.GetMaxResponseMs())
		bump(r, 15, int64(c.GetCustomerMessages()))
		bump(r, 16, int64(c.GetAgentMessages()))
	}
	out := t.sorted()
	for i, r := range out {
		n := func(at int) int64 { return num(r, at) }
		row := append(slices.Clone(r[:7]), mean(n(5)+n(6), n(3)), r[7], r[8], r[9], r[10], ratio(n(10), n(3)))
		out[i] = append(row, r[11:17]...)
	}
	return out
}

// WrapUps is wrap_up_by_interval.
func (k Reckoning) WrapUps() [][]any {
	var t table
	for _, c := range k.lastContacts() {
		if c.GetAssignedMs() == 0 || c.GetState() != event.ContactState_CONTACT_STATE_ENDED || !k.inside(c.GetEndedMs()) {
			continue
		}
		talk, acw := talkAndWrap(c)
		r := t.row(zeros(3), k.start(c.GetEndedMs()), c.GetQueue(), c.GetWrapUpCode())
		bump(r, 3, 1)
		bump(r, 4, talk+acw)
		bump(r, 5, acw)
	}
	return t.sorted()
}

// Surveys is surveys_by_interval: of several answers to one contact the last counts.
func (k Reckoning) Surveys() [][]any {
	var t table
	last := map[string]*event.Event{}
	for _, f := range k.Facts {
		if s := f.GetSurveyTaken(); s != nil && !k.Practice[s.GetQueue()] && k.inside(f.GetAtMs()) {
			if f.GetAtMs() >= last[s.GetContact()].GetAtMs() {
				last[s.GetContact()] = f
			}
		}
	}
	for _, f := range last {
		s := f.GetSurveyTaken()
		r := t.row(zeros(3), k.start(f.GetAtMs()), s.GetQueue(), s.GetAgent())
		bump(r, 3, 1)
		bump(r, 4, int64(s.GetScore()))
		if s.GetScore() >= 4 {
			bump(r, 5, 1)
		}
	}
	out := t.sorted()
	for i, r := range out {
		n := func(at int) int64 { return num(r, at) }
		out[i] = append(r, ratio(n(5), n(3)), math.RoundToEven(100*float64(n(4))/float64(n(3)))/100)
	}
	return out
}

// Intents is intents_by_interval.
func (k Reckoning) Intents() [][]any {
	var t table
	waits := map[string][]int64{}
	contacts := map[string]bool{}
	confidence := map[string]int64{}
	for _, f := range k.Facts {
		i := f.GetIntentFound()
		if i == nil || !k.inside(f.GetAtMs()) {
			continue
		}
		r := t.row(zeros(9), k.start(f.GetAtMs()), i.GetStage(), i.GetModel(), i.GetModelVersion(), i.GetLanguage(), i.GetIntent())
		key := fmt.Sprintf("%d %q", r[0], r[1:6])
		bump(r, 6, 1)
		if who := key + "\x00" + i.GetContact(); !contacts[who] {
			contacts[who] = true
			bump(r, 7, 1)
		}
		if slices.Contains([]string{"deadline", "breaker_open", "invalid", "failed"}, i.GetReason()) {
			bump(r, 8, 1)
		}
		confidence[key] += int64(i.GetConfidence())
		r[9] = confidence[key] / num(r, 6)
		waits[key] = append(waits[key], int64(i.GetLatencyUs()))
		slices.Sort(waits[key])
		quantile := func(q float64) int64 { return waits[key][min(len(waits[key])-1, int(q*float64(len(waits[key]))))] }
		r[10], r[11] = quantile(0.5), quantile(0.99)
		bump(r, 12, int64(i.GetTokensIn()))
		bump(r, 13, int64(i.GetTokensOut()))
		bump(r, 14, int64(i.GetCostMicros())) //nolint:gosec // far below
	}
	return t.sorted()
}
