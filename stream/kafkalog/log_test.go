package kafkalog_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/tributary-cc/tributary/stream/embedded"
	"github.com/tributary-cc/tributary/stream/embedded/embeddedtest"
	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/kafkalog"
)

const topic = event.TopicIdentityIn

func record(n uint64, size int) event.Record {
	v := make([]byte, max(8, size))
	binary.BigEndian.PutUint64(v, n)
	return event.Record{Key: []byte("k"), Value: v, Trace: "00-trace"}
}

// appendAll appends n records, each by a call of its own, and waits for the answers.
func appendAll(t *testing.T, l *kafkalog.Log, partition, n int) {
	t.Helper()
	answers := make(chan error, n)
	for i := range n {
		l.Append(t.Context(), topic, partition, []event.Record{record(uint64(i), 200)}, func(err error) { answers <- err })
	}
	for range n {
		require.NoError(t, <-answers)
	}
}

// readAll reads a partition from the start to its end.
func readAll(t *testing.T, l *kafkalog.Log, partition int) []event.Record {
	t.Helper()
	_, end, err := l.Bounds(t.Context(), topic, partition)
	require.NoError(t, err)
	var out []event.Record
	enough := errors.New("enough")
	if end == 0 {
		return nil
	}
	err = l.Read(t.Context(), topic, partition, 0, func(batch []event.Record, _ int64) error {
		out = append(out, batch...)
		if len(out) > 0 && out[len(out)-1].Offset >= end-1 {
			return enough
		}
		return nil
	})
	require.ErrorIs(t, err, enough)
	return out
}

func TestRecordsComeBackInOrderWithTheirTrace(t *testing.T) {
	l := open(t, []string{embeddedtest.Broker(t).Addr()}, 3)
	require.NoError(t, l.EnsureTopics(t.Context()))
	require.NoError(t, l.Ping(t.Context()))
	appendAll(t, l, 2, 3000)
	got := readAll(t, l, 2)
	require.Len(t, got, 3000)
	for i, r := range got {
		require.EqualValues(t, i, r.Offset)
		require.EqualValues(t, i, binary.BigEndian.Uint64(r.Value))
		require.Equal(t, topic, r.Topic)
		require.Equal(t, 2, r.Partition)
		require.Equal(t, "00-trace", r.Trace)
	}
	at, err := l.At(t.Context(), topic, 2, []int64{2999, 0, 17, 17})
	require.NoError(t, err)
	require.Equal(t, []int64{0, 17, 2999}, []int64{at[0].Offset, at[1].Offset, at[2].Offset})
	require.Len(t, at, 3)
	_, end, err := l.Bounds(t.Context(), topic, 0)
	require.NoError(t, err)
	require.Zero(t, end)
	require.Equal(t, 1, l.Partitions(event.TopicConfigIn))
	require.Equal(t, 3, l.Partitions(topic))
}

// A leader that is behind for a moment does not make a record seem gone.
func TestARecordIsGoneOnlyWhereTheLogBeginsBehindIt(t *testing.T) {
	t.Parallel()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.BrokerConfigs(map[string]string{"auto.create.topics.enable": "false"}))
	require.NoError(t, err)
	defer c.Close()
	l := open(t, c.ListenAddrs(), 1)
	require.NoError(t, l.EnsureTopics(t.Context()))
	appendAll(t, l, 0, 20)
	var n atomic.Int64
	c.ControlKey(int16(kmsg.Fetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		f, ok := req.(*kmsg.FetchRequest)
		if !ok || n.Add(1) > 6 {
			return nil, nil, false
		}
		resp := kmsg.NewPtrFetchResponse()
		resp.Version = f.Version
		for _, rt := range f.Topics {
			st := kmsg.NewFetchResponseTopic()
			st.Topic, st.TopicID = rt.Topic, rt.TopicID
			for _, rp := range rt.Partitions {
				sp := kmsg.NewFetchResponseTopicPartition()
				sp.Partition = rp.Partition
				if n.Load()%2 == 0 {
					sp.ErrorCode = kerr.OffsetOutOfRange.Code
				}
				st.Partitions = append(st.Partitions, sp)
			}
			resp.Topics = append(resp.Topics, st)
		}
		return resp, nil, true
	})
	at, err := l.At(t.Context(), topic, 0, []int64{3, 19})
	require.NoError(t, err)
	require.Len(t, at, 2)
	require.Greater(t, n.Load(), int64(6))

	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err = l.At(ctx, topic, 0, []int64{3, 20})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	_, err = l.At(t.Context(), topic, 0, []int64{3, 20})
	var re *engine.RangeError
	require.ErrorAs(t, err, &re)
	require.EqualValues(t, 20, re.Offset)
}

// A record that the broker refuses for good is refused alone.
func TestOneRefusedRecordDoesNotFailItsNeighbours(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.BrokerConfigs(map[string]string{"auto.create.topics.enable": "false"}))
	require.NoError(t, err)
	defer c.Close()
	l := open(t, c.ListenAddrs(), 1)
	require.NoError(t, l.EnsureTopics(t.Context()))
	c.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		p, ok := req.(*kmsg.ProduceRequest)
		if !ok || !bytes.Contains(p.Topics[0].Partitions[0].Records, []byte("never")) {
			return nil, nil, false
		}
		resp := kmsg.NewPtrProduceResponse()
		resp.Version = p.Version
		st := kmsg.NewProduceResponseTopic()
		st.Topic, st.TopicID = p.Topics[0].Topic, p.Topics[0].TopicID
		sp := kmsg.NewProduceResponseTopicPartition()
		sp.ErrorCode = kerr.InvalidRecord.Code
		st.Partitions = append(st.Partitions, sp)
		resp.Topics = append(resp.Topics, st)
		return resp, nil, true
	})
	failed := make([]chan error, 50)
	for i := range failed {
		failed[i] = make(chan error, 1)
		r := record(uint64(i), 20)
		if i == 30 {
			r.Value = append(r.Value, "never"...)
		}
		l.Append(t.Context(), topic, 0, []event.Record{r}, func(err error) { failed[i] <- err })
	}
	for i := range failed {
		if err := <-failed[i]; i == 30 {
			require.ErrorContains(t, err, "record")
		} else {
			require.NoError(t, err, "record %d", i)
		}
	}
	firsts := []uint64{}
	for _, r := range readAll(t, l, 0) {
		if v := binary.BigEndian.Uint64(r.Value); !slices.Contains(firsts, v) {
			firsts = append(firsts, v)
		}
	}
	require.Len(t, firsts, 49)
	require.True(t, slices.IsSorted(firsts))
}

func TestReadingWhereNothingIsKeptIsARangeError(t *testing.T) {
	l := open(t, []string{embeddedtest.Broker(t).Addr()}, 1)
	require.NoError(t, l.EnsureTopics(t.Context()))
	appendAll(t, l, 0, 5)
	err := l.Read(t.Context(), topic, 0, 100, func([]event.Record, int64) error { return nil })
	var re *engine.RangeError
	require.ErrorAs(t, err, &re)
	require.Equal(t, engine.RangeError{Topic: topic, Partition: 0, Offset: 100, First: 0, End: 5}, *re)
}

// Among failed produces, lost answers and moved leaders, first copies stand in order and whole.
func TestFirstCopiesStandInOrderWhateverFails(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.BrokerConfigs(map[string]string{"auto.create.topics.enable": "false"}))
	require.NoError(t, err)
	defer c.Close()
	l := open(t, c.ListenAddrs(), 2)
	require.NoError(t, l.EnsureTopics(t.Context()))
	var n atomic.Int64
	c.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		switch n.Add(1) % 5 {
		case 1: // refused: not appended
			p, ok := req.(*kmsg.ProduceRequest)
			if !ok {
				return nil, nil, false
			}
			resp := kmsg.NewPtrProduceResponse()
			resp.Version = p.Version
			for _, rt := range p.Topics {
				st := kmsg.NewProduceResponseTopic()
				st.Topic, st.TopicID = rt.Topic, rt.TopicID
				for _, rp := range rt.Partitions {
					sp := kmsg.NewProduceResponseTopicPartition()
					sp.Partition, sp.ErrorCode = rp.Partition, kerr.NotLeaderForPartition.Code
					st.Partitions = append(st.Partitions, sp)
				}
				resp.Topics = append(resp.Topics, st)
			}
			return resp, nil, true
		case 3: // the connection breaks
			return nil, errors.New("the connection breaks"), true
		}
		return nil, nil, false
	})
	appendAll(t, l, 0, 400)
	var firsts []uint64
	for _, r := range readAll(t, l, 0) {
		if v := binary.BigEndian.Uint64(r.Value); !slices.Contains(firsts, v) {
			firsts = append(firsts, v)
		}
	}
	require.Len(t, firsts, 400)
	require.True(t, slices.IsSorted(firsts), "first copies are out of order")
}

func TestABatchThatIsTooLargeIsSplitAndARecordThatIsTooLargeIsRefused(t *testing.T) {
	l := open(t, []string{embeddedtest.Broker(t).Addr()}, 1)
	require.NoError(t, l.EnsureTopics(t.Context()))
	var batch []event.Record
	for i := range 30 {
		batch = append(batch, record(uint64(i), 200<<10))
	}
	answer := make(chan error, 1)
	l.Append(t.Context(), topic, 0, batch, func(err error) { answer <- err })
	require.NoError(t, <-answer)
	require.Len(t, readAll(t, l, 0), 30)

	l.Append(t.Context(), topic, 0, []event.Record{record(99, 2<<20)}, func(err error) { answer <- err })
	require.Error(t, <-answer, "it would be refused for ever")
	appendAll(t, l, 0, 1)
	require.Len(t, readAll(t, l, 0), 31, "what comes behind it is appended")
}

func TestABrokerThatRestartsIsWaitedFor(t *testing.T) {
	dir := t.TempDir()
	b, err := embedded.StartBroker(t.Context(), embedded.BrokerConfig{Dir: dir})
	require.NoError(t, err)
	addr := b.Addr()
	l := open(t, []string{addr}, 1)
	require.NoError(t, l.EnsureTopics(t.Context()))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	read := make(chan uint64, 2000)
	go func() {
		_ = l.Read(ctx, topic, 0, 0, func(batch []event.Record, _ int64) error {
			for _, r := range batch {
				read <- binary.BigEndian.Uint64(r.Value)
			}
			return nil
		})
	}()
	answers := make(chan error, 1000)
	for i := range 1000 {
		l.Append(ctx, topic, 0, []event.Record{record(uint64(i), 50)}, func(err error) { answers <- err })
		if i == 500 {
			require.NoError(t, b.Close())
			b, err = embedded.StartBroker(t.Context(), embedded.BrokerConfig{Dir: dir, Addr: addr})
			require.NoError(t, err)
		}
	}
	for range 1000 {
		require.NoError(t, <-answers)
	}
	next := uint64(0)
	for next < 1000 { // repeats are allowed, gaps are not
		v := <-read
		require.LessOrEqual(t, v, next)
		next = max(next, v+1)
	}
	cancel()
	require.NoError(t, b.Close())
}

func TestGivingUpIsAnswered(t *testing.T) {
	l := open(t, []string{"127.0.0.1:1"}, 1) // nobody listens
	ctx, cancel := context.WithCancel(t.Context())
	answer := make(chan error, 1)
	l.Append(ctx, topic, 0, []event.Record{record(1, 8)}, func(err error) { answer <- err })
	cancel()
	require.ErrorIs(t, <-answer, context.Canceled)
	require.Error(t, l.Ping(t.Context()))
	require.ErrorIs(t, l.Read(ctx, topic, 0, 0, nil), context.Canceled)
}

func TestTopicsThatDoNotFitAreAllNamed(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(7, string(event.TopicIdentityIn), string(event.TopicRoutingIn)))
	require.NoError(t, err)
	defer c.Close()
	l := open(t, c.ListenAddrs(), 2)
	err = l.EnsureTopics(t.Context())
	require.ErrorContains(t, err, "identity.in has 7 partitions")
	require.ErrorContains(t, err, "routing.in has 7 partitions")
	require.NotContains(t, err.Error(), "outbound.in")

	cluster, err := kafkalog.Open(kafkalog.Config{Brokers: c.ListenAddrs(), Partitions: 2, Replication: 3})
	require.NoError(t, err)
	defer cluster.Close() //nolint:errcheck // nothing was appended
	require.ErrorContains(t, cluster.EnsureTopics(t.Context()), "1 replicas, 3 are wanted")
}

func TestAConfigNamesAllItsFaults(t *testing.T) {
	_, err := kafkalog.Open(kafkalog.Config{User: "u", Mechanism: "GUESS"})
	for _, text := range []string{"no broker", "0 partitions", "GUESS"} {
		require.ErrorContains(t, err, text)
	}
}

func TestAHopIsFast(t *testing.T) {
	l := open(t, []string{embeddedtest.Broker(t).Addr()}, 1)
	require.NoError(t, l.EnsureTopics(t.Context()))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	came := make(chan struct{}, 1)
	go func() {
		_ = l.Read(ctx, topic, 0, 0, func(batch []event.Record, _ int64) error {
			for range batch {
				came <- struct{}{}
			}
			return nil
		})
	}()
	var took []time.Duration
	for i := range 200 {
		at := time.Now() //nolint:forbidigo // a real broker's speed is measured
		l.Append(ctx, topic, 0, []event.Record{record(uint64(i), 300)}, func(error) {})
		<-came
		took = append(took, time.Since(at))
	}
	slices.Sort(took)
	t.Log(strings.TrimSpace(fmt.Sprintln("append to delivery: p50", took[100], "p99", took[197])))
	require.Less(t, took[100], 100*time.Millisecond, "a lone record must not wait for company")
}
