package routing

import (
	"slices"

	"github.com/tributary-cc/tributary/stream/event"
)

// alive is a gateway's sign of life.
func (d *Domain) alive(w *event.GatewayAlive) {
	g := d.gateways[w.Gateway]
	if g == nil {
		g = d.gateway(w.Gateway)
		d.markGateway(g)
	}
	d.after(TimerGateway, w.Gateway, d.rules.GatewaySilent)
	if g.row.Silent {
		g.row.Silent = false
		d.markGateway(g)
		d.sweep(w.Gateway)
	}
}

// silence is a gateway's time without a sign of life: first its connections count as gone, much later they are forgotten.
func (d *Domain) silence(id string) {
	g := d.gateways[id]
	if g == nil {
		return
	}
	d.markGateway(g)
	if !g.row.Silent {
		g.row.Silent = true
		d.after(TimerGateway, id, d.rules.GatewayForgotten)
		d.sweep(id)
		return
	}
	n := 0
	for _, a := range slices.Collect(g.agents.all()) {
		if n++; n > sweepStep {
			d.after(TimerGateway, id, 1)
			return
		}
		d.touch(a)
		d.dropConnections(a, func(c *event.RoutingConnection) bool { return c.Gateway == id })
	}
	g.gone = true
	d.cancel(TimerSweep, id)
	delete(d.gateways, id)
}

// sweep makes the connections of a gateway silent or not, as it is itself, some agents at a time.
func (d *Domain) sweep(id string) {
	g := d.gateways[id]
	if g == nil {
		return
	}
	n := 0
	for a := range g.agents.all() {
		stale := func(c *event.RoutingConnection) bool { return c.Gateway == id && c.Silent != g.row.Silent }
		if !slices.ContainsFunc(a.row.Connections, stale) {
			continue
		}
		if n++; n > sweepStep {
			d.after(TimerSweep, id, 1)
			return
		}
		d.touch(a)
		was := a.connected()
		for _, c := range a.row.Connections {
			if stale(c) {
				c.Silent = g.row.Silent
			}
		}
		d.connection(a, was)
	}
}
