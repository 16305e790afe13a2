package process

import (
	"context"
	"errors"

	"github.com/tributary-cc/tributary/stream/event"
)

// InsertedCuts counts the cuts that sinks marked in the log as inserted, and the rows that these announced.
func (s *Spine) InsertedCuts(ctx context.Context) (cuts int, rows int64, err error) {
	first, end, err := s.Log.Bounds(ctx, event.TopicSink, 0)
	if err != nil || first >= end {
		return 0, 0, err
	}
	announced, done := map[int64]*event.Cut{}, map[uint64]bool{}
	err = s.Log.Read(ctx, event.TopicSink, 0, first, func(batch []event.Record, _ int64) error {
		for i := range batch {
			e, undecodable := event.Unmarshal(batch[i].Value)
			if undecodable != nil {
				continue
			}
			if c := e.GetCut(); c != nil {
				announced[batch[i].Offset] = c
			}
			mark := e.GetCutDone()
			c, ok := announced[mark.GetOffset()]
			if mark == nil || !ok || done[mark.GetNumber()] {
				continue
			}
			done[mark.GetNumber()] = true
			delete(announced, mark.GetOffset())
			for _, t := range c.GetRows() {
				rows += t.GetRows()
			}
		}
		if len(batch) > 0 && batch[len(batch)-1].Offset+1 >= end {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return len(done), rows, err
}
