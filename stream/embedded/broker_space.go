package embedded

import (
	"context"
	"fmt"
	"sync"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// spaceGuard refuses appends while the disk is nearly full, before the broker itself meets a full disk: it would survive that,
// but answer readers at the end of a partition with "offset out of range" and could damage its own group log.
type spaceGuard struct {
	cluster *kfake.Cluster
	config  BrokerConfig
	mu      sync.Mutex
	full    bool
	armed   bool // the cluster asks refuse about each produce
}

// guardSpace looks at the disk until ctx ends.
func guardSpace(ctx context.Context, chores *sync.WaitGroup, cluster *kfake.Cluster, config BrokerConfig) {
	g := &spaceGuard{cluster: cluster, config: config}
	g.look()
	chores.Go(func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				g.look()
			}
		}
	})
}

// look notes whether the disk is nearly full. Only then does the guard stand in the way of requests: the cluster remembers the
// last request of each connection for every control it has, so a standing one would cost memory.
func (g *spaceGuard) look() {
	free, total, err := diskSpace(g.config.Dir)
	if err != nil {
		return // an unreadable disk fails by itself
	}
	g.mu.Lock()
	g.full = free < reserve(g.config.MinFree, total)
	arm := g.full && !g.armed
	g.armed = g.armed || arm
	g.mu.Unlock()
	if arm {
		g.cluster.ControlKey(int16(kmsg.Produce), g.refuse)
	}
}

// refuse answers a produce request while the disk is full, and takes itself away when it is not.
func (g *spaceGuard) refuse(request kmsg.Request) (kmsg.Response, error, bool) {
	g.mu.Lock()
	full := g.full
	g.armed = full
	g.mu.Unlock()
	if !full {
		g.cluster.DropControl()
		return nil, nil, false
	}
	g.cluster.KeepControl()
	produce, ok := request.(*kmsg.ProduceRequest)
	if !ok {
		return nil, nil, false
	}
	return refuseProduce(produce), nil, true
}

// reserve is how many bytes must stay free on a disk of the given size.
func reserve(asked, total int64) int64 {
	if asked > 0 {
		return asked
	}
	return min(256<<20, total/20)
}

func diskSpace(dir string) (free, total int64, err error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, 0, fmt.Errorf("embedded: ask for the free space of %s: %w", dir, err)
	}
	block := int64(s.Bsize)
	return int64(s.Bavail) * block, int64(s.Blocks) * block, nil //nolint:gosec // disks are smaller than 8 EiB
}

// refuseProduce answers every partition of the request with KAFKA_STORAGE_ERROR.
func refuseProduce(request *kmsg.ProduceRequest) kmsg.Response {
	response, ok := request.ResponseKind().(*kmsg.ProduceResponse)
	if !ok || request.Acks == 0 {
		return nil
	}
	why := "the disk is nearly full; appends are taken again when there is space"
	for _, t := range request.Topics {
		topic := kmsg.NewProduceResponseTopic()
		topic.Topic, topic.TopicID = t.Topic, t.TopicID
		for _, p := range t.Partitions {
			partition := kmsg.NewProduceResponseTopicPartition()
			partition.Partition, partition.ErrorCode, partition.ErrorMessage = p.Partition, kerr.KafkaStorageError.Code, &why
			topic.Partitions = append(topic.Partitions, partition)
		}
		response.Topics = append(response.Topics, topic)
	}
	return response
}
