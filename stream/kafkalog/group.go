package kafkalog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// The consumer group's times. They bound how soon a new standby is found after a process died; the standby that was there
// before took over long ago, without asking the group.
const (
	heartbeat    = time.Second
	shortSession = 3 * time.Second
	longSession  = 6 * time.Second // the least that a Kafka broker allows unless it is told otherwise
	joinBackoff  = 200 * time.Millisecond
)

// Advice joins two consumer groups, "<group>.own" and "<group>.standby", and tells what the process is to own and what it
// is to fold as a standby. Both groups put the processes in the order of their ids: the i-th partition is owned by the
// i-th process, and the one after it stands by, so that both roles follow from one list. No offset is committed: the
// position is the checkpoint's. While the group cannot be reached the last advice stands.
func (l *Log) Advice(group string, inboxes []event.Topic, processID string) engine.Advice {
	return func(ctx context.Context, change func(engine.Assignment)) error {
		var mu sync.Mutex
		var now engine.Assignment
		known := 0
		tell := func(set *[]engine.Place) func([]engine.Place) {
			seen := false
			return func(places []engine.Place) {
				mu.Lock()
				defer mu.Unlock()
				*set = places
				if !seen {
					seen, known = true, known+1
				}
				if known == 2 { // half an advice would start owners as standbys
					change(engine.Assignment{Own: slices.Clone(now.Own), Standby: slices.Clone(now.Standby)})
				}
			}
		}
		var wg sync.WaitGroup
		for i, m := range []*member{
			{log: l, group: group + ".own", inboxes: inboxes, set: tell(&now.Own)},
			{log: l, group: group + ".standby", inboxes: inboxes, set: tell(&now.Standby)},
		} {
			m.balancer = ring{process: processID, shift: i}
			wg.Go(func() { m.run(ctx) })
		}
		wg.Wait()
		return context.Cause(ctx)
	}
}

// member is one process in one group.
type member struct {
	log      *Log
	group    string
	inboxes  []event.Topic
	balancer ring
	set      func([]engine.Place)
}

// run stays in the group until ctx is done, with the shortest session that the broker allows.
func (m *member) run(ctx context.Context) {
	session := shortSession
	for ctx.Err() == nil {
		err := m.stay(ctx, session)
		if errors.Is(err, kafka.InvalidSessionTimeout) {
			session = longSession
			continue
		}
		if ctx.Err() != nil {
			return
		}
		m.log.log.WarnContext(ctx, "the consumer group is joined again", "group", m.group, "error", err)
		if wait(ctx, time.Second) != nil {
			return
		}
	}
}

func (m *member) stay(ctx context.Context, session time.Duration) error {
	topics := make([]string, 0, len(m.inboxes))
	for _, t := range m.inboxes {
		topics = append(topics, string(t))
	}
	mechanism, err := login(m.log.cfg)
	if err != nil {
		return err
	}
	group, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID: m.group, Brokers: m.log.cfg.Brokers, Topics: topics, GroupBalancers: []kafka.GroupBalancer{m.balancer},
		Dialer: &kafka.Dialer{
			ClientID: m.log.cfg.ClientID, Timeout: requestTimeout, TLS: m.log.cfg.TLS, SASLMechanism: mechanism, DualStack: true,
		},
		HeartbeatInterval: heartbeat, SessionTimeout: session, RebalanceTimeout: session, JoinGroupBackoff: joinBackoff,
		Timeout: requestTimeout,
	})
	if err != nil {
		return fmt.Errorf("consumer group %s: %w", m.group, err)
	}
	defer group.Close() //nolint:errcheck // it answers nil always; it leaves the group
	for {
		generation, err := group.Next(ctx)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, kafka.InvalidSessionTimeout), errors.Is(err, kafka.ErrGroupClosed):
			return err
		case err != nil: // the group tries again by itself
			m.log.log.WarnContext(ctx, "the consumer group does not answer", "group", m.group, "error", err)
		default:
			m.set(m.places(generation))
		}
	}
}

func (m *member) places(g *kafka.Generation) []engine.Place {
	var places []engine.Place
	for _, topic := range m.inboxes {
		for _, a := range g.Assignments[string(topic)] {
			places = append(places, engine.Place{Topic: topic, Partition: a.ID})
		}
	}
	return places
}

// ring gives the i-th partition to the (i + shift)-th process. Where that is a standby and there is one process only, nobody is.
type ring struct {
	process string
	shift   int
}

var _ kafka.GroupBalancer = ring{}

// ProtocolName names the rule; another rule needs another name.
func (r ring) ProtocolName() string { return fmt.Sprintf("tributary-ring-%d", r.shift) }

// UserData is the process id: the order of the ring.
func (r ring) UserData() ([]byte, error) { return []byte(r.process), nil }

// AssignGroups deals each partition to one of the processes that fold its topic.
func (r ring) AssignGroups(members []kafka.GroupMember, partitions []kafka.Partition) kafka.GroupMemberAssignments {
	members, partitions = slices.Clone(members), slices.Clone(partitions)
	slices.SortFunc(members, func(a, b kafka.GroupMember) int {
		return cmp.Or(cmp.Compare(string(a.UserData), string(b.UserData)), cmp.Compare(a.ID, b.ID))
	})
	slices.SortFunc(partitions, func(a, b kafka.Partition) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.ID, b.ID))
	})
	out := make(kafka.GroupMemberAssignments, len(members))
	for _, m := range members {
		out[m.ID] = make(map[string][]int)
	}
	for i, p := range partitions {
		var ring []string
		for _, m := range members {
			if slices.Contains(m.Topics, p.Topic) {
				ring = append(ring, m.ID)
			}
		}
		if len(ring) <= r.shift {
			continue
		}
		to := out[ring[(i+r.shift)%len(ring)]]
		to[p.Topic] = append(to[p.Topic], p.ID)
	}
	return out
}
