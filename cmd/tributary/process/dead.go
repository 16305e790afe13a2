package process

import (
	"context"
	"errors"
	"fmt"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// EachDead visits the dead letters, partition by partition, to the present end.
func (s *Spine) EachDead(ctx context.Context, visit func(event.Record, *event.Dead) error) error {
	for p := range s.Log.Partitions(event.TopicDead) {
		first, end, err := s.Log.Bounds(ctx, event.TopicDead, p)
		if err != nil {
			return err
		}
		if first >= end {
			continue
		}
		err = engine.Follow(ctx, s.Log, event.TopicDead, p, first, new(engine.Lanes), func(batch []engine.Delivered, next, _ int64) error {
			for _, d := range batch {
				if dead := d.Event.GetDead(); dead != nil {
					if failed := visit(d.Record, dead); failed != nil {
						return failed
					}
				}
			}
			if next >= end {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			return err
		}
	}
	return nil
}

// Retry puts a dead letter back into the inbox it came from. Its place in a lane is gone, so the origin is left out; the row
// concerned drops it by its id if it was taken after all.
func (s *Spine) Retry(ctx context.Context, d *event.Dead) error {
	e, err := event.Unmarshal(d.GetRecord())
	if err != nil {
		return fmt.Errorf("the record does not decode, so it cannot be put back: %w", err)
	}
	e.Origin = nil
	return s.Guard.AppendTo(ctx, event.Topic(d.GetTopic()), int(d.GetPartition()), e, nil)
}

// TenantOf is whose event a dead letter was; the installation's where it does not decode.
func TenantOf(d *event.Dead) string {
	if e, err := event.Unmarshal(d.GetRecord()); err == nil && e.GetTenant() != "" {
		return e.GetTenant()
	}
	return InstallationTenant
}
