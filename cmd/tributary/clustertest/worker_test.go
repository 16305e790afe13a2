//go:build cluster

package clustertest

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/objects"
)

const (
	partitions = 4
	customers  = 200
	workerEnv  = "CLUSTERTEST_WORKER" // id, brokers, folder: what makes this binary a worker
)

var rows = engine.NewTable[event.AddressRow]("rows")

// relay passes each message on once, whatever its writer repeats, and counts them.
type relay struct{ to event.Topic }

func (relay) Restore(*engine.Tx) error { return nil }

func (r relay) Apply(tx *engine.Tx, e *event.Event) error {
	m := e.GetCustomerMessage()
	if m == nil {
		return engine.Refuse("not a message")
	}
	row := rows.Get(tx, e.GetKey())
	if row == nil {
		row = &event.AddressRow{Seen: &event.Seen{}}
	}
	seen, err := engine.Seen(row.GetSeen(), m.GetMessage(), e.GetAtMs())
	if err != nil || seen {
		return err
	}
	rows.Put(tx, e.GetKey(), row)
	tx.Emit(r.to, &event.Event{Key: e.GetKey() + "x", Body: &event.Event_CustomerMessage{CustomerMessage: m}})
	tx.After(e.GetKey(), 3000)
	return nil
}

func (relay) Fire(*engine.Tx, string) error { return nil }

func chain() []engine.Processor {
	return []engine.Processor{
		{Name: "first", Inbox: event.TopicIdentityIn, Outputs: []event.Topic{event.TopicConversationIn}, New: func() engine.Fold { return relay{event.TopicConversationIn} }},
		{Name: "second", Inbox: event.TopicConversationIn, Outputs: []event.Topic{event.TopicConversationFacts}, New: func() engine.Fold { return relay{event.TopicConversationFacts} }},
	}
}

func TestMain(m *testing.M) {
	if spec := os.Getenv(workerEnv); spec != "" {
		if err := work(strings.Split(spec, "|")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// work folds until TERM.
func work(spec []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	id, addrs, dir := spec[0], strings.Split(spec[1], ","), spec[2]
	l, err := connect(addrs, dir+"/ca.pem", partitions)
	if err != nil {
		return err
	}
	defer l.Close() //nolint:errcheck // nothing is appended any more
	store, err := objects.OpenDir(dir+"/objects", objects.ProcessDeath)
	if err != nil {
		return err
	}
	inboxes := []event.Topic{event.TopicIdentityIn, event.TopicConversationIn}
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	return engine.NewHost(engine.Config{
		Log: l, Store: store, Build: "cluster", Writer: id, Now: time.Now, Logger: logger,
	}, chain(), l.Advice("clustertest", inboxes, id)).Run(ctx)
}
