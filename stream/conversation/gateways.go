package conversation

import (
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

const (
	// gatewaySilent is the time in which a gateway must give a sign of life, in milliseconds. It is more than the 5 s that one
	// tick moves served time at most, so that a sign of life between two ticks always counts.
	gatewaySilent = 5_100
	// gatewayKept is how long a gateway that fell silent is known; until then it may come back with its connections.
	gatewayKept = 24 * 3600 * 1000
	// maxGateways bounds the gateways that are known by connections alone; connections through more are not watched.
	maxGateways = 1024
	// buckets part the customers who wait. It shares no factor with the number of partitions, which the same hash is for.
	buckets = 1021
	// sweepStep is how many customers one timer looks at, give or take those of a bucket.
	sweepStep = 500
	// sweepTimer is the name of the timer for the next of them, and with a gateway's id the name of that one's timer. No
	// customer's begins so.
	sweepTimer = "/"
)

var (
	gatewayRows = engine.NewTable[event.GatewayRow]("gateway")
	sweepRows   = engine.NewTable[event.GatewaysRow]("gateways")
	// waiting is the index of the customers who are to be looked at when a gateway falls silent, by bucket and key.
	waiting = engine.NewTable[event.WaitingRow]("waiting")
)

// gateways are the processes that customers are connected through, decoded from the tables. One that was never heard is
// never taken for silent: not all channels give signs of life.
type gateways struct {
	row      *event.GatewaysRow
	byID     map[string]*event.GatewayRow
	byNumber map[uint32]*event.GatewayRow
}

func newGateways() *gateways {
	return &gateways{
		row: new(event.GatewaysRow), byID: make(map[string]*event.GatewayRow), byNumber: make(map[uint32]*event.GatewayRow),
	}
}

func (g *gateways) restore(tx *engine.Tx) {
	if row := sweepRows.Get(tx, ""); row != nil {
		g.row = row
	}
	gatewayRows.Ascend(tx, "", func(id string, row *event.GatewayRow) bool {
		g.byID[id], g.byNumber[row.GetNumber()] = row, row
		return true
	})
}

// meet gives a gateway, under a new number where it is not known.
func (g *gateways) meet(tx *engine.Tx, id string) *event.GatewayRow {
	if w := g.byID[id]; w != nil {
		return w
	}
	g.row.Numbers++
	w := &event.GatewayRow{Number: g.row.GetNumbers()}
	g.byID[id], g.byNumber[w.GetNumber()] = w, w
	sweepRows.Put(tx, "", g.row)
	gatewayRows.Put(tx, id, w)
	return w
}

// number stands for the gateway in a link; 0 for one that is not watched.
func (g *gateways) number(tx *engine.Tx, id string) uint32 {
	if g.byID[id] == nil && (id == "" || len(g.byID) >= maxGateways) {
		return 0
	}
	return g.meet(tx, id).GetNumber()
}

// gone tells whether the connections through a gateway count for nothing. One that is not known by its number any more has
// been silent for longer than it is kept.
func (g *gateways) gone(number uint32) bool {
	w := g.byNumber[number]
	return number != 0 && (w == nil || w.GetGone())
}

// alive takes a sign of life. All but the first since the timer was set change nothing.
func (g *gateways) alive(tx *engine.Tx, id string) error {
	if id == "" || len(id) > maxID {
		return engine.Refuse("a gateway's sign of life needs its id, of at most %d bytes", maxID)
	}
	w := g.meet(tx, id)
	if w.GetHeard() {
		return nil
	}
	if !w.GetWatched() || w.GetGone() {
		tx.After(sweepTimer+id, gatewaySilent)
	}
	if w.GetGone() {
		g.sweep(tx)
	}
	w.Watched, w.Heard, w.Gone = true, true, false
	gatewayRows.Put(tx, id, w)
	return nil
}

// due is the end of a gateway's time to give a sign of life or, where it is gone, to come back.
func (g *gateways) due(tx *engine.Tx, id string) {
	w := g.byID[id]
	switch {
	case w == nil:
		return
	case w.GetGone():
		delete(g.byID, id)
		delete(g.byNumber, w.GetNumber())
		gatewayRows.Delete(tx, id)
		return
	case w.GetHeard():
		w.Heard = false
		tx.After(sweepTimer+id, gatewaySilent)
	default:
		w.Gone = true
		tx.After(sweepTimer+id, gatewayKept)
		g.sweep(tx)
	}
	gatewayRows.Put(tx, id, w)
}

// sweep has all who wait looked at. One sweep serves all gateways: where it is under way already it goes round once more.
func (g *gateways) sweep(tx *engine.Tx) {
	g.row.Left = buckets
	sweepRows.Put(tx, "", g.row)
	tx.After(sweepTimer, 0)
}

// next gives the keys of the customers to look at next.
func (g *gateways) next(tx *engine.Tx) (keys []string) {
	for g.row.GetLeft() > 0 && len(keys) < sweepStep {
		bucket := strconv.Itoa(int(g.row.GetBucket())) + "/"
		waiting.Ascend(tx, bucket, func(key string, _ *event.WaitingRow) bool {
			keys = append(keys, strings.TrimPrefix(key, bucket))
			return true
		})
		g.row.Bucket, g.row.Left = (g.row.GetBucket()+1)%buckets, g.row.GetLeft()-1
	}
	if g.row.GetLeft() > 0 {
		tx.After(sweepTimer, 0)
	}
	sweepRows.Put(tx, "", g.row)
	return keys
}

// look goes on with the sweep.
func (f *fold) look(tx *engine.Tx) {
	for _, key := range f.gateways.next(tx) {
		if c := f.load(tx, key); c.review() {
			c.save()
		}
	}
}

// review shows a customer away whose connections are all through gateways that are gone, and back when one of them was
// heard again. Who waits is looked at when it happens, everybody else with the next thing that concerns them.
func (c *customer) review() (changed bool) {
	for _, r := range c.row.GetContacts() {
		ct := r.GetContact()
		here := c.reached(ct.GetAddress())
		if ct.GetState() != event.ContactState_CONTACT_STATE_WRAPPING && here != ct.GetConnected() {
			c.connection(r, here)
			changed = true
		}
	}
	return changed
}

// reached tells whether a connection to an address counts.
func (c *customer) reached(address string) bool {
	for _, l := range c.row.GetLinks() {
		if l.GetAddress() == address && !c.gateways.gone(l.GetGateway()) {
			return true
		}
	}
	return false
}

// waits tells whether the customer is to be looked at when a gateway falls silent.
func (c *customer) waits() bool {
	queued, watched := false, false
	for _, r := range c.row.GetContacts() {
		queued = queued || r.GetContact().GetState() == event.ContactState_CONTACT_STATE_QUEUED
	}
	for _, l := range c.row.GetLinks() {
		watched = watched || l.GetGateway() != 0
	}
	return queued && watched
}

// index keeps the customer among those who wait, or not.
func (c *customer) index() {
	waits := c.waits()
	if waits == c.waited {
		return
	}
	key := strconv.Itoa(event.PartitionOf(c.key, buckets)) + "/" + c.key
	if waits {
		waiting.Put(c.tx, key, new(event.WaitingRow))
	} else {
		waiting.Delete(c.tx, key)
	}
	c.waited = waits
}

// linkHash stands for a connection's id, of which a customer has few.
func linkHash(connection string) uint64 {
	id := event.CauseID("connection", connection)
	return binary.BigEndian.Uint64(id[:])
}
