package engine

import (
	"bytes"
	"context"

	"github.com/tributary-cc/tributary/stream/event"
)

// controlKey is the Kafka key of the engine's own records in an inbox; keys of events hold a slash.
const controlKey = "#engine"

// IsControl tells whether a record of an inbox is of the engine's own: a tick, or an epoch.
func IsControl(rec *event.Record) bool { return bytes.Equal(rec.Key, []byte(controlKey)) }

func controlRecord(e *event.Event) event.Record {
	value, _ := event.Marshal(e) // numbers, and ids of this process
	return event.Record{Key: []byte(controlKey), Value: value}
}

// EpochAt is an epoch with the place where it begins.
type EpochAt struct {
	Offset int64        `json:"offset"`
	Epoch  *event.Epoch `json:"epoch"`
}

// Epochs lists the epochs in force one after another in an inbox partition.
func Epochs(ctx context.Context, log Log, topic event.Topic, partition int) ([]EpochAt, error) {
	first, end, err := log.Bounds(ctx, topic, partition)
	if err != nil {
		return nil, err
	}
	var out []EpochAt
	err = ReadTo(ctx, log, Place{topic, partition}, first, end, func(rec *event.Record) error {
		if e := epochOf(rec); e != nil && (len(out) == 0 || e.GetNumber() > out[len(out)-1].Epoch.GetNumber()) {
			out = append(out, EpochAt{rec.Offset, e})
		}
		return nil
	})
	return out, err
}

// BeginEpoch appends an epoch record. Of two that ask for one number, the first wins.
func BeginEpoch(ctx context.Context, log Log, p Place, atMS int64, e *event.Epoch) error {
	return AppendAndWait(ctx, log, p, controlRecord(&event.Event{AtMs: atMS, Body: &event.Event_Epoch{Epoch: e}}))
}

// epochOf decodes a record that is an epoch.
func epochOf(rec *event.Record) *event.Epoch {
	if !IsControl(rec) {
		return nil
	}
	e, err := event.Unmarshal(rec.Value)
	if err != nil {
		return nil
	}
	return e.GetEpoch()
}

// cutReason tells whether an epoch began because the broker lost its end.
func cutReason(e *event.Epoch) bool {
	return e.GetReason() == "unclean" || e.GetReason() == "truncated"
}
