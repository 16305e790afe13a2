package webchat

import (
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// entryPoint is where a widget's customers arrive.
type entryPoint struct {
	tenant string
	*event.EntryPoint
}

// entryPoints are those of the configuration in force.
type entryPoints struct {
	mu sync.RWMutex
	// byID lists those of one id, which several tenants may use.
	byID map[string][]entryPoint
	// queueHours names the hours of queues, and hours holds them, by tenant and id.
	queueHours map[string]string
	hours      map[string]*event.Hours
}

func (p *entryPoints) apply(batch []engine.Delivered) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byID == nil {
		p.byID, p.queueHours, p.hours = make(map[string][]entryPoint), make(map[string]string), make(map[string]*event.Hours)
	}
	for i := range batch {
		tenant := batch[i].Event.GetTenant()
		for _, o := range batch[i].Event.GetConfigApplied().GetObjects() {
			p.set(tenant, o)
		}
	}
}

// set takes one object of the configuration.
func (p *entryPoints) set(tenant string, o *event.ConfigObject) {
	if q := o.GetQueue(); q != nil {
		delete(p.queueHours, event.Key(tenant, q.GetId()))
		if !o.GetRemoved() && q.GetHours() != "" {
			p.queueHours[event.Key(tenant, q.GetId())] = q.GetHours()
		}
	}
	if h := o.GetHours(); h != nil {
		delete(p.hours, event.Key(tenant, h.GetId()))
		if !o.GetRemoved() {
			p.hours[event.Key(tenant, h.GetId())] = h
		}
	}
	e := o.GetEntryPoint()
	if e == nil {
		return
	}
	rest := slices.DeleteFunc(slices.Clone(p.byID[e.GetId()]), func(x entryPoint) bool { return x.tenant == tenant })
	if !o.GetRemoved() && e.GetChannel() == event.Channel_CHANNEL_WEBCHAT {
		rest = append(rest, entryPoint{tenant, e})
	}
	p.byID[e.GetId()] = rest
}

// now is an entry point as it is in force now: a connection may be older than the configuration. Where it is gone, the old one.
func (p *entryPoints) now(was entryPoint) entryPoint {
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, e := range p.byID[was.GetId()] {
		if e.tenant == was.tenant {
			return e
		}
	}
	return was
}

// hoursOf are the hours of the queue that an entry point leads to; nil for always.
func (p *entryPoints) hoursOf(e entryPoint) *event.Hours {
	p.mu.RLock()
	defer p.mu.RUnlock()
	id := p.queueHours[event.Key(e.tenant, e.GetQueue())]
	return p.hours[event.Key(e.tenant, id)]
}

// find is the entry point of a name: its id, or TENANT/ID where several tenants have one of that id.
func (p *entryPoints) find(name string) (entryPoint, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	all := p.byID[name]
	if tenant, id, ok := strings.Cut(name, "/"); ok {
		all = slices.DeleteFunc(slices.Clone(p.byID[id]), func(x entryPoint) bool { return x.tenant != tenant })
	}
	switch len(all) {
	case 0:
		return entryPoint{}, &fault{status: 404, Code: "not_found", Text: "there is no such entry point"}
	case 1:
		return all[0], nil
	}
	return entryPoint{}, &fault{status: 404, Code: "not_found", Text: "several tenants have an entry point of this name; write TENANT/NAME"}
}

// anyAllows reports whether any entry point lets pages of the origin show its widget: all that a preflight can be asked.
func (p *entryPoints) anyAllows(origin string) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, all := range p.byID {
		for _, e := range all {
			if e.allows(origin) {
				return true
			}
		}
	}
	return false
}

func (e entryPoint) allows(origin string) bool {
	return origin != "" && slices.ContainsFunc(e.GetOrigins(), func(o string) bool { return strings.EqualFold(strings.TrimSuffix(o, "/"), origin) })
}

// sameHost reports whether a page of ours made the request; where browsers come by TLS, so did our pages.
func sameHost(origin, host string, secure bool) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, host) && (u.Scheme == "https" || u.Scheme == "http" && !secure)
}
