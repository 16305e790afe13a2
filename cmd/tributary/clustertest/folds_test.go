package clustertest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/cmd/tributary/process"
	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/event"
)

// counted counts how often a fold derives its memory from the tables.
type counted struct {
	engine.Fold
	n *int
}

func (c counted) Restore(tx *engine.Tx) error {
	*c.n++
	return c.Fold.Restore(tx)
}

// A flood of records that a fold of ours refuses must not cost what its tables hold.
func TestNoFoldIsRestoredForWhatItRefusesAtOnce(t *testing.T) {
	for _, proc := range process.Processors() {
		t.Run(proc.Name, func(t *testing.T) {
			restored := 0
			fresh := proc.New
			proc.New = func() engine.Fold { return counted{fresh(), &restored} }
			s := enginetest.New(t, proc)
			var keys []string // of the scene's partition
			for i := 0; len(keys) < 10; i++ {
				if key := fmt.Sprint("t/k", i); event.PartitionOf(key, 4) == 0 {
					keys = append(keys, key)
				}
			}
			for i := range 10_000 {
				outs := s.Apply(&event.Event{
					Id: []byte(fmt.Sprint(i)), Tenant: "t", Key: keys[i%len(keys)], AtMs: s.Now(),
					Body: &event.Event_Audit{Audit: &event.Audit{}},
				})
				require.Len(t, outs, 1)
				require.Equal(t, event.TopicDead, outs[0].Topic)
			}
			require.Equal(t, 1, restored)
		})
	}
}
