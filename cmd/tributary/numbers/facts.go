package numbers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// topics hold all that numbers are counted from.
var topics = []event.Topic{event.TopicConversationFacts, event.TopicRoutingFacts, event.TopicInsightFacts}

type place struct {
	topic     event.Topic
	partition int
}

// facts are a tenant's, with how far each partition was read.
type facts struct {
	tenant string
	all    []*event.Event
	lanes  map[place]*engine.Lanes
	next   map[place]int64
	// practice are the tenant's queues whose contacts no number counts.
	practice map[string]bool
}

var errEnd = errors.New("read to the end")

// more reads what came since, and says whether it was anything of the tenant.
func (f *facts) more(ctx context.Context, log engine.Log) (bool, error) {
	before := len(f.all)
	for _, topic := range append(slices.Clip(topics), event.TopicConfigFacts) {
		for p := range log.Partitions(topic) {
			if err := f.read(ctx, log, place{topic, p}); err != nil {
				return false, fmt.Errorf("reading %s/%d: %w", topic, p, err)
			}
		}
	}
	return len(f.all) > before, nil
}

func (f *facts) read(ctx context.Context, log engine.Log, at place) error {
	first, end, err := log.Bounds(ctx, at.topic, at.partition)
	if err != nil {
		return err
	}
	if f.lanes[at] == nil {
		f.lanes[at], f.next[at] = new(engine.Lanes), first
	}
	if f.next[at] >= end {
		return nil
	}
	err = engine.Follow(ctx, log, at.topic, at.partition, f.next[at], f.lanes[at], func(batch []engine.Delivered, next, _ int64) error {
		for _, d := range batch {
			if d.Event.GetTenant() != f.tenant {
				continue
			}
			if at.topic == event.TopicConfigFacts {
				f.configure(d.Event.GetConfigApplied())
			} else {
				f.all = append(f.all, d.Event)
			}
		}
		f.next[at] = next
		if next >= end {
			return errEnd
		}
		return nil
	})
	if errors.Is(err, errEnd) {
		return nil
	}
	return err
}

// configure notes which queues are for practice; one that is gone stays what it was.
func (f *facts) configure(c *event.ConfigApplied) {
	for _, o := range c.GetObjects() {
		q := o.GetQueue()
		if q == nil || o.GetRemoved() {
			continue
		}
		if f.practice == nil {
			f.practice = map[string]bool{}
		}
		if f.practice[q.GetId()] = q.GetPractice(); !q.GetPractice() {
			delete(f.practice, q.GetId())
		}
	}
}

// span is from the first fact's moment to the one behind the last's.
func (f *facts) span() (from, to time.Time) {
	var least, most int64
	for _, e := range f.all {
		if at := e.GetAtMs(); least == 0 || at < least {
			least = at
		}
		most = max(most, e.GetAtMs())
	}
	return time.UnixMilli(least), time.UnixMilli(most + 1)
}

// inserted is how far the warehouse has each partition, as the sinks said in the log.
func inserted(ctx context.Context, log engine.Log) (map[place]int64, error) {
	out := map[place]int64{}
	first, end, err := log.Bounds(ctx, event.TopicSink, 0)
	if err != nil || first >= end {
		return out, err
	}
	cuts := map[int64]*event.Cut{}
	err = log.Read(ctx, event.TopicSink, 0, first, func(batch []event.Record, _ int64) error {
		for i := range batch {
			e, damage := event.Unmarshal(batch[i].Value)
			if damage != nil {
				continue
			}
			if c := e.GetCut(); c != nil {
				cuts[batch[i].Offset] = c
			}
			if d := e.GetCutDone(); d != nil {
				for _, r := range cuts[d.GetOffset()].GetRanges() {
					at := place{event.Topic(r.GetTopic()), int(r.GetPartition())}
					out[at] = max(out[at], r.GetTo())
				}
				delete(cuts, d.GetOffset())
			}
		}
		if len(batch) > 0 && batch[len(batch)-1].Offset+1 >= end {
			return errEnd
		}
		return nil
	})
	if errors.Is(err, errEnd) {
		return out, nil
	}
	return out, err
}

// caughtUp says whether the warehouse has all that was read.
func (f *facts) caughtUp(ctx context.Context, log engine.Log) (bool, error) {
	done, err := inserted(ctx, log)
	if err != nil {
		return false, fmt.Errorf("reading what the sinks inserted: %w", err)
	}
	for at, next := range f.next {
		if at.topic == event.TopicConfigFacts {
			continue // nothing is counted of it
		}
		if first, _, err := log.Bounds(ctx, at.topic, at.partition); err != nil || done[at] < next && next > first {
			return false, err
		}
	}
	return true, nil
}
