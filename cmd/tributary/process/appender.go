package process

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/kafkalog"
	"github.com/tributary-cc/tributary/stream/privacy"
)

// appendTimeout is how long a person or a program waits for the log to take an event. What was not answered may still be in
// the log; the same request sent again has the same id and is seen once.
const appendTimeout = 10 * time.Second

// ErrLogAway says that the log did not take an event in time. Doors tell it as they tell any deadline.
var ErrLogAway = fmt.Errorf("the log does not answer; try again: %w", context.DeadlineExceeded)

// lastWords is how long a door that closes waits for the log: where nobody hears that somebody left, the silence of this
// process tells it.
const lastWords = 2 * time.Second

// gate is the guard of the doors: on a full disk it refuses before a key is made or a promise is given.
type gate struct {
	*privacy.Guard
	room     func() error
	stopping *atomic.Bool
}

// Append refuses with privacy.ErrFull while the disk is nearly full.
func (g gate) Append(ctx context.Context, topic event.Topic, e *event.Event, content *event.Content) error {
	if err := g.room(); err != nil {
		return fmt.Errorf("%w: %w", privacy.ErrFull, err)
	}
	if g.stopping.Load() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, lastWords, ErrLogAway)
		defer cancel()
	}
	return g.Guard.Append(ctx, topic, e, content)
}

// appender appends for the guard and waits for the answer of all replicas.
type appender struct{ log *kafkalog.Log }

var _ privacy.Appender = appender{}

func (a appender) Append(ctx context.Context, rec event.Record) error {
	ctx, cancel := context.WithTimeoutCause(ctx, appendTimeout, ErrLogAway)
	defer cancel()
	if rec.Partition == privacy.ByKey {
		rec.Partition = event.PartitionOf(string(rec.Key), a.log.Partitions(rec.Topic))
	}
	done := make(chan error, 1)
	a.log.Append(ctx, rec.Topic, rec.Partition, []event.Record{rec}, func(err error) { done <- err })
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("appending to %s: %w", rec.Topic, context.Cause(ctx))
	}
}

// seats finds and makes pseudonyms; where one cannot be made on a full disk, it says so.
type seats struct {
	*privacy.KeyStore
	room func() error
}

// Pseudonym is the key store's.
func (s seats) Pseudonym(ctx context.Context, tenant, address string) (event.Pseudonym, error) {
	p, err := s.KeyStore.Pseudonym(ctx, tenant, address)
	if err != nil {
		if full := s.room(); full != nil {
			err = fmt.Errorf("%w: %w: %w", privacy.ErrFull, full, err)
		}
	}
	return p, err
}

// files keeps attachments; it takes none while the disk is nearly full.
type files struct {
	*privacy.Files
	room func() error
}

// Seal refuses with privacy.ErrFull while the disk is nearly full.
func (f files) Seal(ctx context.Context, tenant, ref string, r io.Reader) (privacy.FileInfo, error) {
	if err := f.room(); err != nil {
		return privacy.FileInfo{}, fmt.Errorf("%w: %w", privacy.ErrFull, err)
	}
	return f.Files.Seal(ctx, tenant, ref, r)
}
