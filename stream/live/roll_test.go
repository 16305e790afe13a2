package live

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// guest is a connection that goes when it is told, or only when it is cut off.
type guest struct {
	stubborn bool
	once     sync.Once
	gone     chan struct{}
	codes    []uint16
}

func (g *guest) End(code uint16, _ string) {
	g.codes = append(g.codes, code)
	if !g.stubborn {
		g.Cut()
	}
}

func (g *guest) Cut() { g.once.Do(func() { close(g.gone) }) }

// A stop ends everybody, also who comes meanwhile, and cuts off who does not go.
func TestStoppingARoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r Roll[*guest]
		work := NewCrew()
		come := func(g *guest) *guest {
			g.gone = make(chan struct{})
			r.Join(g)
			require.True(t, work.Start(func() {
				<-g.gone
				r.Leave(g)
			}))
			return g
		}
		polite, stubborn := come(&guest{}), come(&guest{stubborn: true})
		require.Len(t, r.All(), 2)
		stopped := make(chan time.Duration, 1)
		begin := time.Now() //nolint:forbidigo // the bubble's clock
		go func() {
			r.Stop(work, 5*time.Second)
			stopped <- time.Since(begin)
		}()
		synctest.Wait()
		require.Equal(t, []*guest{stubborn}, r.All())
		late := come(&guest{})
		require.Equal(t, 5*time.Second, <-stopped)
		require.Empty(t, r.All())
		for _, g := range []*guest{polite, stubborn, late} {
			require.Equal(t, []uint16{1001}, g.codes)
		}
		require.False(t, work.Start(func() {}))
	})
}

// A drain writes in order until nothing is left or a write fails, and cuts off a write that hangs.
func TestDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var o Outbox[int]
		o.Init(10, func() {}, func() {})
		for i := range 4 {
			o.Push(i)
		}
		var wrote []int
		o.Drain(time.Second, func(n *int) ([]byte, bool) {
			if *n == 0 {
				return nil, true
			}
			<-time.NewTimer(time.Hour).C
			return []byte{byte(*n)}, true
		}, func(n *int, frame []byte) bool {
			require.Equal(t, []byte{byte(*n)}, frame)
			wrote = append(wrote, *n)
			return *n < 2
		}, func() { t.Error("nothing hangs: to make a frame may take long") })
		require.Equal(t, []int{1, 2}, wrote)
		require.True(t, o.Closed())

		var slow Outbox[int]
		slow.Init(10, func() {}, func() {})
		slow.Push(1)
		hang := make(chan struct{})
		slow.Drain(time.Second, func(*int) ([]byte, bool) { return []byte{1}, true }, func(*int, []byte) bool {
			<-hang
			return false
		}, func() { close(hang) })
	})
}
