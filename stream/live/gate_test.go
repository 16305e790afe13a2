package live

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// So many are in at once, the others come in the order in which they asked.
func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(2, NewCrew())
		var mu sync.Mutex
		var order []int
		inside, most := 0, 0
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				<-time.NewTimer(time.Duration(i) * time.Millisecond).C
				if !g.Enter(time.Hour) {
					t.Error("there is time enough")
					return
				}
				defer g.Leave()
				mu.Lock()
				order = append(order, i)
				inside++
				most = max(most, inside)
				mu.Unlock()
				<-time.NewTimer(time.Second).C
				mu.Lock()
				inside--
				mu.Unlock()
			})
		}
		all.Wait()
		require.Equal(t, 2, most)
		require.IsIncreasing(t, order)
	})
}

func TestNobodyWaitsAtAGateForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		work := NewCrew()
		g := NewGate(1, work)
		require.True(t, g.Enter(0))
		require.False(t, g.Enter(time.Second))
		var waits sync.WaitGroup
		waits.Go(func() { require.False(t, g.Enter(time.Hour), "the end comes first") })
		synctest.Wait()
		<-work.End()
		waits.Wait()
		g.Leave()
		require.True(t, g.Enter(0))
	})
}

func TestInsist(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		work, away, wrong := NewCrew(), errors.New("away"), errors.New("wrong")
		passes := func(err error) bool { return errors.Is(err, away) }
		begin, tries := time.Now(), 0 //nolint:forbidigo // the bubble's clock
		require.NoError(t, work.Insist(func() error {
			if tries++; tries < 4 {
				return away
			}
			return nil
		}, passes))
		require.Equal(t, 3*time.Second, time.Since(begin))
		require.ErrorIs(t, work.Insist(func() error { return wrong }, passes), wrong)
		release := make(chan struct{})
		require.True(t, work.Start(func() { <-release }))
		var insists sync.WaitGroup
		insists.Go(func() { require.ErrorIs(t, work.Insist(func() error { return away }, passes), away) })
		synctest.Wait()
		done := work.End()
		insists.Wait()
		close(release)
		<-done
	})
}

func TestQuota(t *testing.T) {
	q := NewQuota(3, 2)
	require.True(t, q.Take("a"))
	require.True(t, q.Take("a"))
	require.False(t, q.Take("a"))
	require.True(t, q.Take("b"))
	require.False(t, q.Take("c"))
	q.Return("b")
	require.True(t, q.Take("c"))
	q.Return("a")
	q.Return("a")
	q.Return("c")
	require.Empty(t, q.by)
	require.Zero(t, q.used)
}
