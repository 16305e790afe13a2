package kafkalog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

const traceHeader = "traceparent"

// Read tails a partition; see engine.Log.
func (l *Log) Read(
	ctx context.Context, topic event.Topic, partition int, from int64, handle func(batch []event.Record, end int64) error,
) error {
	return l.tail(ctx, topic, partition, from, most{fetchBytes, 1, fetchWait}, handle)
}

// ReadLazily is Read for who is in no hurry: what came may wait a little for more, so that a reader does not cost a request for each
// record.
func (l *Log) ReadLazily(
	ctx context.Context, topic event.Topic, partition int, from int64, handle func(batch []event.Record, end int64) error,
) error {
	return l.tail(ctx, topic, partition, from, most{lazyBytes, lazyBytes / 2, lazyWait}, handle)
}

// most is what a fetch brings at most, and less than which it waits for, for how long.
type most struct {
	bytes, enough int64
	wait          time.Duration
}

func (l *Log) tail(
	ctx context.Context, topic event.Topic, partition int, from int64, m most, handle func(batch []event.Record, end int64) error,
) error {
	pause := 20 * time.Millisecond
	for {
		batch, end, err := l.fetch(ctx, topic, partition, from, m)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, kafka.OffsetOutOfRange):
			if re := l.outOfRange(ctx, topic, partition, from); re != nil {
				return re
			}
			if err = wait(ctx, pause); err != nil { // a leader that is behind for a moment
				return err
			}
		case err != nil:
			l.log.WarnContext(ctx, "reading is tried again", "topic", topic, "partition", partition, "error", err)
			if err = wait(ctx, pause); err != nil {
				return err
			}
			pause = min(2*pause, time.Second)
		default:
			pause = 20 * time.Millisecond
			if err = handle(batch, end); err != nil {
				return err
			}
			if len(batch) > 0 {
				from = batch[len(batch)-1].Offset + 1
			}
		}
	}
}

// outOfRange asks whether the offset is really outside of what the log holds.
func (l *Log) outOfRange(ctx context.Context, topic event.Topic, partition int, from int64) error {
	first, end, err := l.Bounds(ctx, topic, partition)
	if err != nil || from >= first && from <= end {
		return nil
	}
	return &engine.RangeError{Topic: topic, Partition: partition, Offset: from, First: first, End: end}
}

// fetch brings what there is from an offset on, and the partition's end.
func (l *Log) fetch(
	ctx context.Context, topic event.Topic, partition int, from int64, m most,
) (batch []event.Record, end int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, m.wait+requestTimeout)
	defer cancel()
	resp, err := l.client.Fetch(ctx, &kafka.FetchRequest{
		Topic: string(topic), Partition: partition, Offset: from, MinBytes: m.enough, MaxBytes: m.bytes, MaxWait: m.wait,
	})
	if err != nil {
		return nil, 0, err
	}
	if resp.Error != nil {
		return nil, 0, resp.Error
	}
	for {
		r, err := resp.Records.ReadRecord()
		if errors.Is(err, io.EOF) {
			return batch, resp.HighWatermark, nil
		}
		if err != nil {
			return nil, 0, fmt.Errorf("a batch of %s/%d behind offset %d: %w", topic, partition, from, err)
		}
		rec, err := record(r)
		if err != nil {
			return nil, 0, err
		}
		if rec.Offset < from { // a broker answers with whole batches
			continue
		}
		rec.Topic, rec.Partition = topic, partition
		batch = append(batch, rec)
	}
}

func record(r *kafka.Record) (event.Record, error) {
	key, err := taken(r.Key)
	if err != nil {
		return event.Record{}, fmt.Errorf("reading a key: %w", err)
	}
	value, err := taken(r.Value)
	if err != nil {
		return event.Record{}, fmt.Errorf("reading a value: %w", err)
	}
	rec := event.Record{Offset: r.Offset, Key: key, Value: value}
	for _, h := range r.Headers {
		if h.Key == traceHeader {
			rec.Trace = string(h.Value)
		}
	}
	return rec, nil
}

// taken copies what the client read, and gives its memory back: else every answer costs the client a new page of 64 KiB, and every
// request another one.
func taken(b protocol.Bytes) ([]byte, error) {
	if b == nil {
		return nil, nil
	}
	defer b.Close()            //nolint:errcheck // it only counts
	return protocol.ReadAll(b) //nolint:wrapcheck // the caller says what was read
}

// At reads single records; see engine.Log. Neighbours come with one fetch. An answer without them proves nothing: a leader may be
// behind for a moment; only what lies below the first offset kept is gone. What stays behind the end is a RangeError.
func (l *Log) At(ctx context.Context, topic event.Topic, partition int, offsets []int64) ([]event.Record, error) {
	want := slices.Clone(offsets)
	slices.Sort(want)
	out := make([]event.Record, 0, len(want))
	var late time.Duration // how long the first wanted has been behind the end
	for pause := 20 * time.Millisecond; len(want) > 0; {
		batch, _, err := l.fetch(ctx, topic, partition, want[0], most{atBytes, 1, 100 * time.Millisecond})
		switch {
		case ctx.Err() != nil:
			return nil, fmt.Errorf("reading %s/%d at %d: %w", topic, partition, want[0], context.Cause(ctx))
		case err == nil && len(batch) > 0:
			out, want = pick(out, batch, want)
			pause, late = 20*time.Millisecond, 0
			continue
		case err == nil, errors.Is(err, kafka.OffsetOutOfRange):
			if want, err = l.within(ctx, topic, partition, want, late >= behindEnd); err == nil && len(want) == 0 {
				return out, nil
			}
			if re := (*engine.RangeError)(nil); errors.As(err, &re) {
				return nil, err
			}
			late += pause
		}
		if err != nil {
			l.log.WarnContext(ctx, "reading single records is tried again", "topic", topic, "partition", partition, "error", err)
		}
		if err := wait(ctx, pause); err != nil {
			return nil, fmt.Errorf("reading %s/%d at %d: %w", topic, partition, want[0], err)
		}
		pause = min(2*pause, time.Second)
	}
	return out, nil
}

// pick takes what is wanted from a batch, and leaves what is wanted behind it. Offsets within it that hold no record are gone.
func pick(out, batch []event.Record, want []int64) ([]event.Record, []int64) {
	for i := range batch {
		for len(want) > 0 && want[0] < batch[i].Offset {
			want = want[1:]
		}
		for len(want) > 0 && want[0] == batch[i].Offset { // asked for twice it is given once
			if len(out) == 0 || out[len(out)-1].Offset != want[0] {
				out = append(out, batch[i])
			}
			want = want[1:]
		}
	}
	return out, want
}

// within leaves out what is below the first offset kept. What stayed behind the end is not the log's.
func (l *Log) within(ctx context.Context, topic event.Topic, partition int, want []int64, stayed bool) ([]int64, error) {
	first, end, err := l.Bounds(ctx, topic, partition)
	if err != nil {
		return want, err
	}
	i, _ := slices.BinarySearch(want, first)
	if want = want[i:]; stayed && len(want) > 0 && want[0] >= end {
		return want, &engine.RangeError{Topic: topic, Partition: partition, Offset: want[0], First: first, End: end}
	}
	return want, nil
}
