package routing

import "github.com/tributary-cc/tributary/stream/event"

// alive is a gateway's sign of life.
func (d *Domain) alive(w *event.GatewayAlive) {
	d.seenAlive(w.Gateway)
	d.after(TimerGateway, w.Gateway, d.rules.GatewaySilent)
}

// seenAlive finds a gateway, or begins to watch one that was not known.
func (d *Domain) seenAlive(id string) *gateway {
	g := d.gateways[id]
	if g == nil {
		g = d.gateway(id)
		d.markGateway(g)
		d.after(TimerGateway, id, d.rules.GatewaySilent)
	}
	return g
}

// silence is a gateway's time without a sign of life: its connections are gone, those of some agents at a time. One that
// only paused announces its agents again, under new names.
func (d *Domain) silence(id string) {
	g := d.gateways[id]
	if g == nil {
		return
	}
	for i, a := range firstOf(&g.agents, sweepStep+1) {
		if i == sweepStep {
			d.after(TimerGateway, id, 1)
			return
		}
		d.touch(a)
		was := a.connected()
		d.dropConnections(a, func(c *event.RoutingConnection) bool { return c.Gateway == id })
		d.connection(a, was)
	}
	g.gone = true
	d.markGateway(g)
	delete(d.gateways, id)
}
