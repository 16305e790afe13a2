package webchat

import (
	"slices"
	"time"

	"github.com/tributary-cc/tributary/stream/event"
)

// searchDays is how far ahead the next opening is looked for.
const searchDays = 21

const (
	dayMs    = int64(24 * time.Hour / time.Millisecond)
	minuteMs = int64(time.Minute / time.Millisecond)
)

// stretch is a part of a local day, in minutes.
type stretch struct{ from, to int64 }

// offsetAt is how far a zone's clocks were ahead of UTC at a moment, by the shifts that the configuration holds.
func offsetAt(h *event.Hours, ms int64) int64 {
	var offset int64
	for _, s := range h.GetShifts() {
		if s.GetFromMs() > ms {
			break
		}
		offset = int64(s.GetOffsetS()) * 1000
	}
	if all := h.GetShifts(); len(all) > 0 && ms < all[0].GetFromMs() {
		offset = int64(all[0].GetOffsetS()) * 1000
	}
	return offset
}

// stretchesOf are the opening times of a local day, counted from 1970-01-01: a holiday's instead of its weekday's.
func stretchesOf(h *event.Hours, day int64) []stretch {
	var out []stretch
	holiday := false
	for _, d := range h.GetHolidays() {
		if int64(d.GetDay()) != day {
			continue
		}
		holiday = true
		if d.GetToMinute() > d.GetFromMinute() {
			out = append(out, stretch{int64(d.GetFromMinute()), int64(d.GetToMinute())})
		}
	}
	if holiday {
		return out
	}
	weekday := (day+3)%7 + 1 // 1970-01-01 was a Thursday; Monday is 1
	for _, o := range h.GetOpenings() {
		if int64(o.GetDay()) == weekday {
			out = append(out, stretch{int64(o.GetFromMinute()), int64(o.GetToMinute())})
		}
	}
	return out
}

// openAt reports whether hours are open at a moment. No hours are always open.
func openAt(h *event.Hours, ms int64) bool {
	if h == nil {
		return true
	}
	local := ms + offsetAt(h, ms)
	minute := local % dayMs / minuteMs
	return slices.ContainsFunc(stretchesOf(h, local/dayMs), func(s stretch) bool { return s.from <= minute && minute < s.to })
}

// opensAt is when they open next; 0 if that is not in sight.
func opensAt(h *event.Hours, ms int64) int64 {
	today := (ms + offsetAt(h, ms)) / dayMs
	var next int64
	for day := today; day < today+searchDays && next == 0; day++ {
		for _, s := range stretchesOf(h, day) {
			local := day*dayMs + s.from*minuteMs
			at := local - offsetAt(h, local-offsetAt(h, local))
			if at > ms && (next == 0 || at < next) {
				next = at
			}
		}
	}
	return next
}
