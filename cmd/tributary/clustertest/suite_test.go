package clustertest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/embedded/embeddedtest"
	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/kafkalog"
)

// runSuite runs the engine's suite on one log, all cases at once, each in an inbox partition of its own.
func runSuite(t *testing.T, connect func() (*kafkalog.Log, error)) {
	open := func(t *testing.T) engine.Log {
		l, err := connect()
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, l.Close()) })
		return l
	}
	for i, c := range enginetest.Suite() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			c.Run(t, enginetest.World{Open: open, Now: time.Now, Inbox: i})
		})
	}
}

func TestTheSuiteHoldsOfTheEmbeddedBroker(t *testing.T) {
	addr := embeddedtest.Broker(t).Addr()
	connect := func() (*kafkalog.Log, error) {
		return kafkalog.Open(kafkalog.Config{
			Brokers: []string{addr}, Partitions: len(enginetest.Suite()), Replication: 1, Embedded: true, ClientID: "suite",
		})
	}
	l, err := connect()
	require.NoError(t, err)
	require.NoError(t, l.EnsureTopics(t.Context()))
	require.NoError(t, l.Close())
	runSuite(t, connect)
}
