package dispatch

import (
	"cmp"
	"fmt"

	"github.com/tributary-cc/tributary/routing"
	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

const (
	// timerParked lets the next parked requests go.
	timerParked = "parked"
	// unparkStep is how many of them one record lets go.
	unparkStep = 1000
)

// configure takes a version of the configuration: each domain of the tenant in this partition looks at all the objects, as
// one may have moved from domain to domain. Then the requests that waited for the version go on.
func (f *fold) configure(tx *engine.Tx, tenant string, c *event.ConfigApplied) error {
	for _, o := range c.GetObjects() {
		f.keepHours(tx, tenant, o)
		name, ok := routing.DomainOf(o)
		if p := (place{tenant, name}); ok && !o.GetRemoved() && p.here(tx) {
			f.domain(p)
		}
	}
	m := moment(tx, 0)
	for _, d := range f.list {
		if d.tenant == tenant {
			f.write(tx, d, d.Configure(m, c.GetVersion(), c.GetObjects()))
		}
	}
	if c.GetVersion() > f.row.GetConfigVersion() {
		f.row.ConfigVersion = c.GetVersion()
		partition.Put(tx, partitionKey, f.row)
	}
	return f.unpark(tx)
}

// keepHours keeps opening times, which belong to all domains of a tenant.
func (f *fold) keepHours(tx *engine.Tx, tenant string, o *event.ConfigObject) {
	switch h := o.GetHours(); {
	case h == nil:
	case o.GetRemoved():
		f.calendar(tenant).Remove(h.GetId())
		hours.Delete(tx, tenant+"/"+h.GetId())
	default:
		f.calendar(tenant).Set(h)
		hours.Put(tx, tenant+"/"+h.GetId(), &event.RoutingHoursRow{Hours: h})
	}
}

func (f *fold) calendar(tenant string) *routing.Calendar {
	c := f.calendars[tenant]
	if c == nil {
		c = routing.NewCalendar()
		f.calendars[tenant] = c
	}
	return c
}

// park keeps a request until the configuration it was decided under is met.
func (f *fold) park(tx *engine.Tx, p place, e *event.Event) error {
	r := e.GetRouteRequest()
	contact := p.row(r.GetContact())
	if _, ok := f.waits[contact]; ok {
		return nil
	}
	f.row.Parked++
	partition.Put(tx, partitionKey, f.row)
	key := fmt.Sprintf("%020d/%020d", e.GetConfigVersion(), f.row.GetParked())
	parked.Put(tx, key, &event.RoutingParkedRow{
		Tenant: p.tenant, Domain: p.domain, Request: r, AtMs: e.GetAtMs(),
	})
	f.waits[contact] = key
	return nil
}

// unpark lets requests go whose version is met, those of the oldest version first, some at a time.
func (f *fold) unpark(tx *engine.Tx) error {
	due := fmt.Sprintf("%020d/", f.row.GetConfigVersion()+1)
	var keys []string
	more := false
	parked.Ascend(tx, "", func(key string, _ *event.RoutingParkedRow) bool {
		if more = key < due && len(keys) == unparkStep; more || key >= due {
			return false
		}
		keys = append(keys, key)
		return true
	})
	for _, key := range keys {
		if err := f.release(tx, key); err != nil {
			return err
		}
	}
	if more {
		tx.After(timerParked, 1)
	}
	return nil
}

// release lets one parked request go.
func (f *fold) release(tx *engine.Tx, key string) error {
	r := parked.Get(tx, key)
	parked.Delete(tx, key)
	p := place{r.GetTenant(), r.GetDomain()}
	delete(f.waits, p.row(r.GetRequest().GetContact()))
	return f.decide(tx, p, &event.Event{
		AtMs: r.GetAtMs(), Body: &event.Event_RouteRequest{RouteRequest: r.GetRequest()},
	})
}

// unparkFor handles a word about a contact whose request is parked: the request is taken first, so that the entry into the
// queue and the leaving are both told and the numbers of the queue add up.
func (f *fold) unparkFor(tx *engine.Tx, p place, e *event.Event) error {
	contact := cmp.Or(e.GetRouteCancel().GetContact(), e.GetContactReleased().GetContact(), e.GetSetPriority().GetContact())
	if contact == "" || len(f.waits) == 0 {
		return nil
	}
	if key, ok := f.waits[p.row(contact)]; ok {
		return f.release(tx, key)
	}
	return nil
}
