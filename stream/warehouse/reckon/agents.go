package reckon

import (
	"maps"
	"slices"
	"strings"

	"github.com/tributary-cc/tributary/stream/event"
)

func doing(a *event.AgentChanged) string {
	held := len(a.GetContacts()) > 0
	switch {
	case a.GetActivity() == "wrapping":
		return "wrapping"
	case a.GetActivity() == "busy" || held:
		return "busy"
	case a.GetActivity() == "offered":
		return "offered"
	case a.GetStatus() == "offline" || !a.GetConnected():
		return "offline"
	case a.GetStatus() == "available":
		return "idle"
	}
	return "away"
}

// AgentTime is agent_time_by_interval: it cuts each agent's states at the ends of the intervals.
func (k Reckoning) AgentTime() [][]any {
	var t table
	type state struct {
		a    *event.AgentChanged
		from int64
	}
	states := map[string][]state{}
	for _, f := range k.Facts {
		a := f.GetAgentChanged()
		if a == nil {
			continue
		}
		list := states[a.GetAgent()]
		from := a.GetSinceMs()
		if n := len(list); n > 0 {
			if list[n-1].a.GetSinceMs() == from {
				from = f.GetAtMs()
			}
			from = max(from, list[n-1].from)
		}
		states[a.GetAgent()] = append(list, state{a, from})
	}
	for agent, list := range states {
		for i, s := range list {
			end := k.To
			if i+1 < len(list) {
				end = min(end, list[i+1].from)
			}
			for at := max(s.from, k.From); at < end; {
				next := min(end, k.start(at)+k.Interval)
				bump(t.row(zeros(1), k.start(at), agent, s.a.GetStatus(), s.a.GetReason(), s.a.GetActivity(), doing(s.a)), 6, next-at)
				at = next
			}
		}
	}
	return t.sorted()
}

// lastOffers and lastContacts are those as they stood last.
func (k Reckoning) lastOffers() map[string]*event.OfferChanged {
	out := map[string]*event.OfferChanged{}
	for _, f := range k.Facts {
		if o := f.GetOfferChanged(); o != nil && !k.Practice[o.GetQueue()] {
			out[o.GetOffer()] = o
		}
	}
	return out
}

func (k Reckoning) lastContacts() map[string]*event.Contact {
	out := map[string]*event.Contact{}
	for _, f := range k.Facts {
		if c := f.GetContactChanged().GetContact(); c != nil && c.GetVersion() >= out[c.GetContact()].GetVersion() {
			out[c.GetContact()] = c
		}
	}
	maps.DeleteFunc(out, func(_ string, c *event.Contact) bool { return k.Practice[c.GetQueue()] })
	return out
}

func offerState(o *event.OfferChanged) string {
	return strings.ToLower(strings.TrimPrefix(o.GetState().String(), "OFFER_STATE_"))
}

// Offers is offers_by_interval.
func (k Reckoning) Offers() [][]any {
	var t table
	for _, o := range k.lastOffers() {
		if !k.inside(o.GetOfferedMs()) {
			continue
		}
		r := t.row(zeros(8), k.start(o.GetOfferedMs()), o.GetQueue(), o.GetAgent())
		bump(r, 3, 1)
		bump(r, map[string]int{"accepted": 4, "rejected": 5, "timed_out": 6, "rescinded": 7, "offered": 8}[offerState(o)], 1)
		if o.GetState() == event.OfferState_OFFER_STATE_RESCINDED && (o.GetReason() == "abandoned" || o.GetReason() == "ended") {
			bump(r, 9, 1)
		}
		if o.GetState() == event.OfferState_OFFER_STATE_ACCEPTED {
			bump(r, 10, max(0, o.GetClosedMs()-o.GetOfferedMs()))
		}
	}
	return t.sorted()
}

// Agents is agent_by_interval.
func (k Reckoning) Agents() [][]any {
	var t table
	busy := map[string]int{"idle": 2, "offered": 3, "busy": 4, "wrapping": 5, "away": 6, "offline": 7}
	for _, piece := range k.AgentTime() {
		r := t.row(zeros(20), num(piece, 0), text(piece, 1))
		bump(r, busy[text(piece, 5)], num(piece, 6))
		bump(r, 8, num(piece, 6))
	}
	const offers, accepted, rejected, timedOut, rescinded, open, left = 9, 10, 11, 12, 13, 14, 15
	for _, o := range k.Offers() {
		r := t.row(zeros(20), num(o, 0), text(o, 2))
		for i := range 7 {
			bump(r, offers+i, num(o, 3+i))
		}
	}
	const handled, wraps, handle, wrap, firsts, first = 16, 17, 18, 19, 20, 21
	for _, c := range k.lastContacts() {
		if c.GetEndedMs() == 0 || c.GetAssignedMs() == 0 || !k.inside(c.GetEndedMs()) {
			continue
		}
		r := t.row(zeros(20), k.start(c.GetEndedMs()), c.GetAgent())
		if c.GetState() != event.ContactState_CONTACT_STATE_ENDED {
			bump(r, wraps, 1)
			continue
		}
		talk, acw := talkAndWrap(c)
		bump(r, handled, 1)
		bump(r, handle, talk+acw)
		bump(r, wrap, acw)
		if c.GetFirstResponseMs() > 0 {
			bump(r, firsts, 1)
			bump(r, first, max(0, c.GetFirstResponseMs()-c.GetAssignedMs()))
		}
	}
	out := t.sorted()
	for i, r := range out {
		n := func(at int) int64 { return num(r, at) }
		no := n(rejected) + n(timedOut) + n(rescinded)
		row := slices.Clone(r[:9])
		row = append(row, ratio(n(4)+n(5), n(4)+n(5)+n(2)), n(offers), n(accepted), n(rejected), n(timedOut), n(rescinded), n(open), no, no-n(left),
			ratio(n(accepted), n(offers)), n(handled), n(wraps), n(handle), mean(n(handle), n(handled)), n(wrap), n(firsts), mean(n(first), n(firsts)))
		out[i] = row
	}
	return out
}
