package setup

import (
	"fmt"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // a machine without zones of its own reads the same ones

	"github.com/tributary-cc/tributary/cmd/tributary/yamlfile"
	"github.com/tributary-cc/tributary/stream/event"
)

const (
	// zoneYears are how many years of a zone go with the hours, zoneLeast how many are left when they are drawn again.
	zoneYears, zoneLeast = 10, 5
	maxOpenings          = 50
	maxHolidays          = 400
	dayMinutes           = 24 * 60
	dateForm             = "2006-01-02"
)

func (h *Hours) check(f *yamlfile.File, at string) {
	wrong := func(path, format string, args ...any) {
		f.WrongIn(at+"."+path, 0, "", fmt.Sprintf("hours %s: ", h.ID)+fmt.Sprintf(format, args...))
	}
	if _, err := zone(h.Zone); err != nil {
		wrong("zone", "%v", err)
	}
	if len(h.Open) > maxOpenings || len(h.Holidays) > maxHolidays {
		wrong("open", "at most %d openings and %d holidays", maxOpenings, maxHolidays)
		return
	}
	taken := make(map[uint32][]*event.Opening)
	for i, o := range h.Open {
		path := fmt.Sprintf("open[%d]", i)
		from, to, err := stretch(o.From, o.To)
		if err != nil {
			wrong(path+".from", "%v", err)
			continue
		}
		if len(o.Days) == 0 {
			wrong(path, "no days; 1 is Monday, 7 is Sunday")
		}
		for j, d := range o.Days {
			if d < 1 || d > 7 {
				wrong(fmt.Sprintf("%s.days[%d]", path, j), "day %d; 1 is Monday, 7 is Sunday", d)
				continue
			}
			if slices.ContainsFunc(taken[d], func(x *event.Opening) bool { return from < x.GetToMinute() && x.GetFromMinute() < to }) {
				wrong(path, "day %d from %s to %s is open already", d, o.From, o.To)
			}
			taken[d] = append(taken[d], &event.Opening{FromMinute: from, ToMinute: to})
		}
	}
	for i, o := range h.Holidays {
		path := fmt.Sprintf("holidays[%d]", i)
		if _, err := time.Parse(dateForm, o.Day); err != nil {
			wrong(path+".day", "%q is no day; a day is written 2026-12-25", o.Day)
		}
		if o.From != "" || o.To != "" {
			if _, _, err := stretch(o.From, o.To); err != nil {
				wrong(path+".from", "%v", err)
			}
		}
	}
}

func zone(name string) (*time.Location, error) {
	if name == "" || strings.EqualFold(name, "local") {
		return nil, fmt.Errorf("zone is %q; a zone is written Asia/Shanghai", name)
	}
	l, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("there is no zone %q; a zone is written Asia/Shanghai", name)
	}
	return l, nil
}

// stretch reads two times of a day in minutes.
func stretch(from, to string) (uint32, uint32, error) {
	a, err := minute(from)
	if err != nil {
		return 0, 0, err
	}
	b, err := minute(to)
	if err == nil && b <= a {
		err = fmt.Errorf("from %s to %s: it ends before it begins; what goes over midnight is written as two, the first to 24:00", from, to)
	}
	return a, b, err
}

func minute(s string) (uint32, error) {
	if s == "24:00" {
		return dayMinutes, nil
	}
	t, err := time.Parse("15:04", s)
	if err != nil {
		return 0, fmt.Errorf("%q is no time of the day; one is written 09:30", s)
	}
	return uint32(t.Hour()*60 + t.Minute()), nil //nolint:gosec // below 1440
}

func clock(m uint32) string { return fmt.Sprintf("%02d:%02d", m/60, m%60) }

// object makes the hours of a file that was checked. Shifts in force that are still right and reach far enough stay, so that
// the same file is no change next year.
func (h *Hours) object(now time.Time, inForce []*event.ConfigObject) *event.ConfigObject {
	e := &event.Hours{Id: h.ID, Name: h.Name, Zone: h.Zone}
	for _, o := range h.Open {
		from, to, _ := stretch(o.From, o.To) // checked
		for _, d := range o.Days {
			e.Openings = append(e.Openings, &event.Opening{Day: d, FromMinute: from, ToMinute: to})
		}
	}
	for _, o := range h.Holidays {
		d, _ := time.Parse(dateForm, o.Day)                 // checked
		one := &event.Holiday{Day: int32(d.Unix() / 86400)} //nolint:gosec // a year has four digits
		if o.From != "" {
			one.FromMinute, one.ToMinute, _ = stretch(o.From, o.To) // checked
		}
		e.Holidays = append(e.Holidays, one)
	}
	year := now.UTC().Year()
	for _, o := range inForce {
		old := o.GetHours()
		if old.GetId() != h.ID || old.GetZone() != h.Zone || len(old.GetShifts()) == 0 {
			continue
		}
		first := time.UnixMilli(old.GetShifts()[0].GetFromMs()).UTC().Year()
		if first <= year && first+zoneYears-year >= zoneLeast && sameShifts(old.GetShifts(), shifts(h.Zone, first)) {
			year = first
		}
	}
	e.Shifts = shifts(h.Zone, year)
	return &event.ConfigObject{Object: &event.ConfigObject_Hours{Hours: e}}
}

func sameShifts(a, b []*event.ZoneShift) bool {
	return slices.EqualFunc(a, b, func(x, y *event.ZoneShift) bool {
		return x.GetFromMs() == y.GetFromMs() && x.GetOffsetS() == y.GetOffsetS()
	})
}

// shifts are a zone's offsets from the beginning of a year (UTC) on, in order of time.
func shifts(name string, year int) []*event.ZoneShift {
	l, err := zone(name)
	if err != nil {
		return nil
	}
	at := time.Date(year, time.January, 1, 0, 0, 0, 0, time.UTC)
	until := at.AddDate(zoneYears, 0, 0)
	_, offset := at.In(l).Zone()
	out := []*event.ZoneShift{{FromMs: at.UnixMilli(), OffsetS: int32(offset)}} //nolint:gosec // less than a day
	for {
		_, end := at.In(l).ZoneBounds()
		if end.IsZero() || !end.Before(until) {
			return out
		}
		at = end
		if _, next := at.In(l).Zone(); next != offset {
			offset = next
			out = append(out, &event.ZoneShift{FromMs: at.UnixMilli(), OffsetS: int32(offset)}) //nolint:gosec // less than a day
		}
	}
}

// exportHours writes hours as they are kept in a file.
func exportHours(e *event.Hours) Hours {
	h := Hours{ID: e.GetId(), Name: e.GetName(), Zone: e.GetZone()}
	for _, o := range e.GetOpenings() {
		from, to := clock(o.GetFromMinute()), clock(o.GetToMinute())
		if n := len(h.Open); n > 0 && h.Open[n-1].From == from && h.Open[n-1].To == to && !slices.Contains(h.Open[n-1].Days, o.GetDay()) {
			h.Open[n-1].Days = append(h.Open[n-1].Days, o.GetDay())
			continue
		}
		h.Open = append(h.Open, Opening{[]uint32{o.GetDay()}, from, to})
	}
	for _, o := range e.GetHolidays() {
		one := Holiday{Day: time.Unix(int64(o.GetDay())*86400, 0).UTC().Format(dateForm)}
		if o.GetToMinute() > 0 {
			one.From, one.To = clock(o.GetFromMinute()), clock(o.GetToMinute())
		}
		h.Holidays = append(h.Holidays, one)
	}
	return h
}
