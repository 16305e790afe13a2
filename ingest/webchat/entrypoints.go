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
}

func (p *entryPoints) apply(batch []engine.Delivered) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byID == nil {
		p.byID = make(map[string][]entryPoint)
	}
	for i := range batch {
		tenant := batch[i].Event.GetTenant()
		for _, o := range batch[i].Event.GetConfigApplied().GetObjects() {
			e := o.GetEntryPoint()
			if e == nil {
				continue
			}
			rest := slices.DeleteFunc(slices.Clone(p.byID[e.GetId()]), func(x entryPoint) bool { return x.tenant == tenant })
			if !o.GetRemoved() && e.GetChannel() == event.Channel_CHANNEL_WEBCHAT {
				rest = append(rest, entryPoint{tenant, e})
			}
			p.byID[e.GetId()] = rest
		}
	}
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
		return entryPoint{}, &fault{404, "not_found", "there is no such entry point"}
	case 1:
		return all[0], nil
	}
	return entryPoint{}, &fault{404, "not_found", "several tenants have an entry point of this name; write TENANT/NAME"}
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
