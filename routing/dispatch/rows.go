package dispatch

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/tributary-cc/tributary/routing"
	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// write puts down what a domain decided: rows, timers, outputs.
func (f *fold) write(tx *engine.Tx, d *domain, out *routing.Decisions) {
	f.used = append(f.used, d)
	put(tx, d, agents, out.Agents)
	put(tx, d, contacts, out.Contacts)
	put(tx, d, queues, out.Queues)
	put(tx, d, gateways, out.Gateways)
	put(tx, d, policies, out.Policies)
	if out.Domain != nil {
		domains.Put(tx, d.key(), out.Domain)
	}
	for _, t := range out.Timers {
		name := string(t.Timer.Kind) + "/" + d.prefix + t.Timer.ID
		if t.After < 0 {
			tx.Cancel(name)
		} else {
			tx.After(name, t.After)
		}
	}
	for _, o := range out.Outputs {
		tx.Emit(o.Topic, o.Event)
	}
}

func put[M any, P interface {
	*M
	proto.Message
}](tx *engine.Tx, d *domain, table engine.Table[M, P], rows []routing.Changed[M]) {
	for _, r := range rows {
		if r.Row == nil {
			table.Delete(tx, d.prefix+r.ID)
		} else {
			table.Put(tx, d.prefix+r.ID, P(r.Row))
		}
	}
}

// Restore makes the domains of their rows.
func (f *fold) Restore(tx *engine.Tx) error {
	f.calendars = make(map[string]*routing.Calendar)
	f.list, f.used, f.byKey, f.waits = nil, nil, make(map[string]*domain), make(map[string]string)
	if f.row = partition.Get(tx, partitionKey); f.row == nil {
		f.row = &event.RoutingPartitionRow{}
	}
	all := make(map[*domain]*routing.Rows)
	rowsOf := func(key string) *routing.Rows {
		d := f.domain(placeOf(key))
		if all[d] == nil {
			all[d] = &routing.Rows{}
		}
		return all[d]
	}
	domains.Ascend(tx, "", func(key string, r *event.RoutingDomainRow) bool {
		rowsOf(key + "/").Domain = r
		return true
	})
	hours.Ascend(tx, "", func(key string, r *event.RoutingHoursRow) bool {
		tenant, _, _ := strings.Cut(key, "/")
		f.calendar(tenant).Set(r.GetHours())
		return true
	})
	policies.Ascend(tx, "", func(key string, r *event.RoutingPolicyRow) bool {
		rows := rowsOf(key)
		rows.Policies = append(rows.Policies, r)
		return true
	})
	agents.Ascend(tx, "", func(key string, r *event.RoutingAgentRow) bool {
		rows := rowsOf(key)
		rows.Agents = append(rows.Agents, r)
		return true
	})
	queues.Ascend(tx, "", func(key string, r *event.RoutingQueueRow) bool {
		rows := rowsOf(key)
		rows.Queues = append(rows.Queues, r)
		return true
	})
	gateways.Ascend(tx, "", func(key string, r *event.RoutingGatewayRow) bool {
		rows := rowsOf(key)
		rows.Gateways = append(rows.Gateways, r)
		return true
	})
	parked.Ascend(tx, "", func(key string, r *event.RoutingParkedRow) bool {
		f.waits[place{r.GetTenant(), r.GetDomain()}.row(r.GetRequest().GetContact())] = key
		return true
	})
	for _, d := range f.list {
		if err := d.Load(*all[d]); err != nil {
			return fmt.Errorf("domain %s: %w", d.key(), err)
		}
	}
	return f.restoreContacts(tx)
}

// restoreContacts reads the contacts one by one, as there may be a great many.
func (f *fold) restoreContacts(tx *engine.Tx) (err error) {
	var d *domain
	contacts.Ascend(tx, "", func(key string, r *event.RoutingContactRow) bool {
		if d == nil || !strings.HasPrefix(key, d.prefix) {
			d = f.domain(placeOf(key))
		}
		if err = d.LoadContact(key[len(d.prefix):], r); err != nil {
			err = fmt.Errorf("domain %s: %w", d.key(), err)
		}
		return err == nil
	})
	for _, d := range f.list {
		d.Loaded()
	}
	return err
}

// placeOf reads the domain from a row's key.
func placeOf(key string) place {
	parts := strings.SplitN(key, "/", 3)
	return place{parts[0], parts[1]}
}
