package process

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestASlowBrokerKeepsNobodyOut: readiness is answered at once from what is known, lasts while a broker hesitates, ends when
// it is gone, and comes back with it.
func TestASlowBrokerKeepsNobodyOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var takes atomic.Int64
		c := newContact(time.Now, func(ctx context.Context) error {
			select {
			case <-time.After(time.Duration(takes.Load())):
				return nil
			case <-ctx.Done():
				return errors.New("frozen")
			}
		})
		go c.Run(ctx)
		for _, d := range []time.Duration{0, contactWait - time.Millisecond} {
			takes.Store(int64(d))
			for range 60 {
				time.Sleep(time.Second)
				began := time.Now()
				require.NoError(t, c.Ready())
				require.Zero(t, time.Since(began))
			}
		}
		takes.Store(int64(time.Hour))
		time.Sleep(3 * time.Second)
		require.NoError(t, c.Ready(), "a broker that hesitates")
		time.Sleep(contactAge)
		require.ErrorContains(t, c.Ready(), "frozen")
		takes.Store(0)
		time.Sleep(contactWait + contactEvery)
		require.NoError(t, c.Ready())
	})
}
