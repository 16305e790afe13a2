package routing

import "github.com/tributary-cc/tributary/stream/event"

// Calendar is the opening times of a tenant, which its domains share.
type Calendar struct{ hours map[string]*event.Hours }

// NewCalendar is a calendar without opening times.
func NewCalendar() *Calendar { return &Calendar{make(map[string]*event.Hours)} }

// Set names opening times, or changes them.
func (c *Calendar) Set(h *event.Hours) { c.hours[h.GetId()] = h }

// Remove takes opening times away. A queue that names none that there are is always open.
func (c *Calendar) Remove(id string) { delete(c.hours, id) }

const (
	minuteMs = 60_000
	dayMs    = 24 * 60 * minuteMs
)

// open tells whether a moment, in Unix milliseconds, is within the opening times.
func (c *Calendar) open(id string, at int64) bool {
	h := c.hours[id]
	if h == nil || at == 0 {
		return true
	}
	var offset int64
	for i, s := range h.GetShifts() {
		if i == 0 || s.GetFromMs() <= at {
			offset = int64(s.GetOffsetS()) * 1000
		}
	}
	local := at + offset
	day := local / dayMs
	if local < 0 && local%dayMs != 0 {
		day--
	}
	minute := uint32((local - day*dayMs) / minuteMs) //nolint:gosec // within a day
	holiday := false
	for _, x := range h.GetHolidays() {
		if int64(x.GetDay()) == day {
			holiday = true
			if x.GetFromMinute() <= minute && minute < x.GetToMinute() {
				return true
			}
		}
	}
	if holiday {
		return false
	}
	weekday := uint32(((day+3)%7+7)%7) + 1 // the first of 1970 was a Thursday
	for _, x := range h.GetOpenings() {
		if x.GetDay() == weekday && x.GetFromMinute() <= minute && minute < x.GetToMinute() {
			return true
		}
	}
	return false
}

// watch looks at a queue's hours, now and with each minute, as opening times are full minutes.
func (d *Domain) watch(q *queue) {
	hours := q.config.GetHours()
	if hours != "" {
		d.after(TimerHours, q.id, minuteMs-d.now.Clock%minuteMs)
	}
	closed := hours != "" && !d.hours.open(hours, d.now.Clock)
	if closed == q.closed {
		return
	}
	q.closed = closed
	d.markQueue(q)
	if closed && q.config.GetOverflow() != "" {
		if q.waits > 0 {
			d.after(TimerDrain, q.id, 0)
		}
		return
	}
	// Why they wait is another now: it is told of the first of them.
	for _, c := range firstN(d.inLines(q), sweepStep) {
		c.entry = true
		d.markContact(c)
	}
	if !closed {
		for a := range q.members.all() {
			d.lift(a)
		}
	}
}

func firstN(list []*contact, n int) []*contact { return list[:min(n, len(list))] }
