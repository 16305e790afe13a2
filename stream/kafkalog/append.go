package kafkalog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"

	"github.com/tributary-cc/tributary/stream/event"
)

const (
	// batchBytes is the most that one produce carries; topics allow 1 MiB.
	batchBytes = 900 << 10
	// batchRecords bounds it too.
	batchRecords = 10_000
)

// appender appends to one partition: one produce in flight, the next batch is what came meanwhile.
type appender struct {
	log   *Log
	key   partitionKey
	mu    sync.Mutex
	queue []item
	busy  bool
}

// item is what one call of Append gave.
type item struct {
	ctx     context.Context //nolint:containedctx // each caller gives up at its own time
	records []event.Record
	done    func(error)
}

// Append queues records; see engine.Log.
func (l *Log) Append(ctx context.Context, topic event.Topic, partition int, records []event.Record, done func(error)) {
	k := partitionKey{topic, partition}
	l.mu.Lock()
	if l.ctx.Err() != nil {
		l.mu.Unlock()
		done(errors.New("the log is closed"))
		return
	}
	a := l.lanes[k]
	if a == nil {
		a = &appender{log: l, key: k}
		l.lanes[k] = a
	}
	a.mu.Lock()
	a.queue = append(a.queue, item{ctx, records, done})
	if !a.busy {
		a.busy = true
		l.wg.Go(a.run)
	}
	a.mu.Unlock()
	l.mu.Unlock()
}

// run appends until nothing is queued.
func (a *appender) run() {
	for {
		batch := a.take()
		if len(batch) == 0 {
			return
		}
		a.settle(batch)
	}
}

// take removes the next batch from the queue, and ends the appender when there is none.
func (a *appender) take() []item {
	a.mu.Lock()
	defer a.mu.Unlock()
	size, count, n := 0, 0, 0
	for n < len(a.queue) {
		s := bytesOf(a.queue[n].records)
		if n > 0 && (size+s > batchBytes || count+len(a.queue[n].records) > batchRecords) {
			break
		}
		size, count, n = size+s, count+len(a.queue[n].records), n+1
	}
	batch := a.queue[:n:n]
	a.queue = a.queue[n:]
	if n == 0 {
		a.queue, a.busy = nil, false
	}
	return batch
}

func bytesOf(records []event.Record) int {
	n := 0
	for i := range records {
		n += len(records[i].Key) + len(records[i].Value) + len(records[i].Trace) + 32
	}
	return n
}

// settle appends a batch, trying again until it is acknowledged or nobody waits for it any more. Nothing behind it is sent
// before, so a partition holds first copies in order.
func (a *appender) settle(batch []item) {
	pause := 10 * time.Millisecond
	for {
		batch = dropGone(a.log.ctx, batch)
		if len(batch) == 0 {
			return
		}
		err := a.produce(batch)
		if err != nil && !transient(err) && len(batch) > 1 { // one of them is at fault, not all
			for i := range batch {
				a.settle(batch[i : i+1])
			}
			return
		}
		if err == nil || !transient(err) {
			for _, it := range batch {
				it.done(err)
			}
			return
		}
		a.log.log.Warn("appending is tried again", "topic", a.key.topic, "partition", a.key.partition, "error", err)
		if wait(a.log.ctx, pause) != nil {
			continue
		}
		pause = min(2*pause, time.Second)
	}
}

// dropGone answers those whose caller has given up.
func dropGone(closed context.Context, batch []item) []item {
	kept := batch[:0:0]
	for _, it := range batch {
		switch {
		case it.ctx.Err() != nil:
			it.done(fmt.Errorf("the append was given up, it may or may not be in the log: %w", context.Cause(it.ctx))) //nolint:contextcheck // each item has the context of its caller
		case closed.Err() != nil:
			it.done(errors.New("the log was closed before the append was acknowledged"))
		default:
			kept = append(kept, it)
		}
	}
	return kept
}

// produce makes one attempt, in as many requests as the size wants. Requests of a batch that was too large go in order.
func (a *appender) produce(batch []item) error {
	var records []kafka.Record
	size := 0
	flush := func() error {
		if len(records) == 0 {
			return nil
		}
		err := a.send(records)
		records, size = records[:0:0], 0
		return err
	}
	for _, it := range batch {
		for i := range it.records {
			r := &it.records[i]
			n := len(r.Key) + len(r.Value) + len(r.Trace) + 32
			if size+n > batchBytes {
				if err := flush(); err != nil {
					return err
				}
			}
			size += n
			records = append(records, toKafka(r))
		}
	}
	return flush()
}

func toKafka(r *event.Record) kafka.Record {
	k := kafka.Record{Key: kafka.NewBytes(r.Key), Value: kafka.NewBytes(r.Value)}
	if r.Trace != "" {
		k.Headers = []protocol.Header{{Key: traceHeader, Value: []byte(r.Trace)}}
	}
	return k
}

func (a *appender) send(records []kafka.Record) error {
	ctx, cancel := context.WithTimeout(a.log.ctx, requestTimeout)
	defer cancel()
	resp, err := a.log.client.Produce(ctx, &kafka.ProduceRequest{
		Topic: string(a.key.topic), Partition: a.key.partition, RequiredAcks: kafka.RequireAll,
		Records: kafka.NewRecordReader(records...),
	})
	if err != nil {
		return err
	}
	return resp.Error
}
