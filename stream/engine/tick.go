package engine

import (
	"context"
	"time"

	"github.com/tributary-cc/tributary/stream/event"
)

// tickDue decides whether to write a tick, and whether it asks for a checkpoint: when a timer is due, every 4 s while one
// is pending, at most 5 times a second while outputs are being acknowledged. A standby waits a little longer each time.
func (p *Partition) tickDue(now time.Time) (due, save bool) {
	if p.ticking || now.Sub(p.ticked) < tickApart || p.superseded || p.last {
		return false, false
	}
	late := time.Duration(0)
	if !p.owner.Load() && p.promoted.IsZero() {
		late = suspectAfter
		save = p.ownerSilent(now)
		due = save
	} else {
		save = p.sinceSaved > 0 && now.Sub(p.saved) >= checkpointTime
		due = p.news || save
	}
	quiet := now.Sub(p.heard) // no tick was folded for so long
	switch at, pending := p.nextTimer(now, quiet); {
	case !pending:
	case quiet >= tickEvery+late, at+late <= 0 && p.atEnd && quiet >= tickApart+late:
		due = true
	}
	return due, save
}

// ownerSilent tells whether the owner leaves what was folded without a checkpoint; then a standby asks for it. A build that is
// at work is heard by this, also where it has only standbys.
func (p *Partition) ownerSilent(now time.Time) bool {
	const long = 2 * checkpointTime
	return p.sinceSaved > 0 && now.Sub(p.saved) >= long && now.Sub(p.heard) >= long && now.Sub(p.ticked) >= checkpointTime
}

// nextTimer estimates how long until the first timer is due, negative when it is over; one that waits for a tick to count
// from is due at once.
func (p *Partition) nextTimer(now time.Time, quiet time.Duration) (in time.Duration, pending bool) {
	in = time.Duration(1<<62 - 1)
	if _, at, ok := p.core.rows.due(timerServed); ok {
		in, pending = time.Duration(at-p.core.pos.Served)*time.Millisecond-quiet, true
	}
	if _, _, ok := p.core.rows.due(timerNew); ok {
		in, pending = 0, true
	}
	if _, at, ok := p.core.rows.due(timerClock); ok {
		in, pending = min(in, time.UnixMilli(at).Sub(now)), true
	}
	return in, pending
}

// tick writes a tick to our own inbox.
func (p *Partition) tick(ctx context.Context, now time.Time, save bool) {
	t := &event.Tick{
		Epoch: p.core.pos.Epoch, Acked: p.emit.acked, Hash: p.emit.hash[:], Writer: p.cfg.Writer, Checkpoint: save,
	}
	if p.atEnd && now.Sub(p.heardEnd) < fresh {
		t.TimeMs = now.UnixMilli()
	}
	p.ticking, p.ticked, p.news = true, now, false
	rec := controlRecord(&event.Event{AtMs: now.UnixMilli(), Body: &event.Event_Tick{Tick: t}})
	p.cfg.Log.Append(ctx, p.place.Topic, p.place.Partition, []event.Record{rec}, func(err error) { p.answers <- answer{err: err} })
}

// beginShutdown asks for a last checkpoint where there is something to save and it is ours to save.
func (p *Partition) beginShutdown(ctx context.Context) {
	if p.superseded {
		return // it hands over already
	}
	now := p.cfg.Now()
	if p.sinceSaved == 0 || !p.owner.Load() && p.promoted.IsZero() {
		p.last = true
		if !p.owner.Load() {
			p.saver.Drop() // nobody told us that what they cover is acknowledged
			p.emit.abandon()
		}
		return
	}
	p.tick(ctx, now, true)
}
