package engine_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/event"
)

// keeper holds in memory how many rows there are, and counts how often it was restored.
type keeper struct {
	restored *int
	held     int
}

var kept = engine.NewTable[event.AddressRow]("kept")

func (k *keeper) Restore(tx *engine.Tx) error {
	*k.restored++
	kept.Ascend(tx, "", func(string, *event.AddressRow) bool { k.held++; return true })
	return nil
}

func (k *keeper) Apply(tx *engine.Tx, e *event.Event) error {
	what, key := e.GetCustomerMessage().GetMessage(), e.GetCustomerMessage().GetEntryPoint()
	if what == "refused" {
		return engine.Refuse("refused first")
	}
	switch what {
	case "put":
		kept.Put(tx, key, &event.AddressRow{})
		k.held++
		return engine.Refuse("refused behind a row")
	case "timer":
		tx.After(key, 1000)
		return engine.Refuse("refused behind a timer")
	case "emit":
		tx.Emit(event.TopicOutbound, e)
		return engine.Refuse("refused behind an output")
	case "panic":
		k.held++
		panic("at once") //nolint:forbidigo // what a fold must not do
	case "encode":
		tx.Emit(event.TopicOutbound, &event.Event{Key: "t/\xff", Body: e.GetBody()})
		return nil
	}
	kept.Put(tx, key, &event.AddressRow{})
	k.held++
	return nil
}

func (*keeper) Fire(*engine.Tx, string) error { return engine.Refuse("refused") }

// A flood of records that are refused must not cost what the tables hold.
func TestARefusalThatChangedNothingRestoresNothing(t *testing.T) {
	restored := 0
	var last *keeper
	s := enginetest.New(t, engine.Processor{
		Name: "keeper", Inbox: event.TopicIdentityIn, Outputs: []event.Topic{event.TopicOutbound},
		New: func() engine.Fold { last = &keeper{restored: &restored}; return last },
	})
	message := func(what, key string) *event.Event {
		return &event.Event{Key: "t/a", Body: &event.Event_CustomerMessage{CustomerMessage: &event.CustomerMessage{Message: what, EntryPoint: key}}}
	}
	require.Empty(t, s.Apply(message("", "a"), message("", "b")))
	for range 10_000 {
		require.Len(t, s.Apply(message("refused", "c")), 1)
	}
	require.Equal(t, 1, restored)
	for i, what := range []string{"put", "timer", "emit", "panic", "encode"} {
		outs := s.Apply(message(what, "c"))
		require.Len(t, outs, 1, what)
		require.Equal(t, event.TopicDead, outs[0].Topic, what)
		require.Equal(t, 2+i, restored, what)
		require.Equal(t, 2, last.held, what)
		require.Equal(t, 2, s.Machine.Rows(), what)
	}
	require.Empty(t, s.Apply(message("", "c")))
	require.Equal(t, 3, last.held)
}
