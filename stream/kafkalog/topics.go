package kafkalog

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/tributary-cc/tributary/stream/event"
)

// maxMessageBytes is the largest batch a topic takes: above batchBytes, so that no batch of ours is ever refused.
const maxMessageBytes = 1 << 20

// EnsureTopics creates the topics that are missing and checks all of them: partitions, replicas, and the settings without
// which an acknowledged record could be lost. All faults are reported at once.
func (l *Log) EnsureTopics(ctx context.Context) error {
	have, err := l.describe(ctx)
	if err != nil {
		return err
	}
	var missing []kafka.TopicConfig
	for _, t := range event.Topics() {
		if _, ok := have[string(t)]; !ok {
			missing = append(missing, l.topicConfig(t))
		}
	}
	if len(missing) > 0 {
		if err = l.create(ctx, missing); err != nil {
			return err
		}
		if have, err = l.describeAll(ctx); err != nil {
			return err
		}
	}
	return errors.Join(l.checkLayout(have), l.checkSettings(ctx))
}

func (l *Log) topicConfig(t event.Topic) kafka.TopicConfig {
	c := kafka.TopicConfig{
		Topic: string(t), NumPartitions: l.Partitions(t), ReplicationFactor: l.cfg.Replication,
	}
	for name, value := range l.settings() {
		c.ConfigEntries = append(c.ConfigEntries, kafka.ConfigEntry{ConfigName: name, ConfigValue: value})
	}
	return c
}

// settings are what every topic must have. Retention is without end until the installation says otherwise: an inbox must
// be kept past the oldest checkpoint, and facts as long as rebuilding is wanted.
func (l *Log) settings() map[string]string {
	s := map[string]string{
		"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1",
		"max.message.bytes": strconv.Itoa(maxMessageBytes),
	}
	if !l.cfg.Embedded {
		s["unclean.leader.election.enable"] = "false"
		s["min.insync.replicas"] = strconv.Itoa(max(1, min(2, l.cfg.Replication)))
	}
	return s
}

func (l *Log) create(ctx context.Context, topics []kafka.TopicConfig) error {
	ctx, cancel := context.WithTimeout(ctx, 6*requestTimeout)
	defer cancel()
	resp, err := l.client.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: topics})
	if err != nil {
		return fmt.Errorf("creating topics: %w", err)
	}
	var faults []error
	for name, err := range resp.Errors {
		if err != nil && !errors.Is(err, kafka.TopicAlreadyExists) {
			faults = append(faults, fmt.Errorf("creating topic %s: %w", name, err))
		}
	}
	return errors.Join(faults...)
}

// describe asks for the topics there are, trying again while no broker answers and ctx allows.
func (l *Log) describe(ctx context.Context) (map[string]kafka.Topic, error) {
	names := make([]string, 0, len(event.Topics()))
	for _, t := range event.Topics() {
		names = append(names, string(t))
	}
	for {
		rctx, cancel := context.WithTimeout(ctx, requestTimeout)
		resp, err := l.client.Metadata(rctx, &kafka.MetadataRequest{Topics: names})
		cancel()
		if err == nil {
			have := make(map[string]kafka.Topic)
			for _, t := range resp.Topics {
				if t.Error == nil {
					have[t.Name] = t
				}
			}
			return have, nil
		}
		if wait(ctx, 200*time.Millisecond) != nil {
			return nil, fmt.Errorf("asking the brokers %v for their topics: %w", l.cfg.Brokers, err)
		}
	}
}

// describeAll waits until every topic just created has all its leaders.
func (l *Log) describeAll(ctx context.Context) (map[string]kafka.Topic, error) {
	for {
		have, err := l.describe(ctx)
		if err != nil {
			return nil, err
		}
		if complete(have) {
			return have, nil
		}
		if err := wait(ctx, 100*time.Millisecond); err != nil {
			return nil, fmt.Errorf("waiting for the topics' leaders: %w", err)
		}
	}
}

func complete(have map[string]kafka.Topic) bool {
	for _, t := range event.Topics() {
		h, ok := have[string(t)]
		if !ok || len(h.Partitions) == 0 {
			return false
		}
		for _, p := range h.Partitions {
			if p.Error != nil || p.Leader.Host == "" {
				return false
			}
		}
	}
	return true
}

func (l *Log) checkLayout(have map[string]kafka.Topic) error {
	var faults []error
	for _, t := range event.Topics() {
		h := have[string(t)]
		if got, want := len(h.Partitions), l.Partitions(t); got != want {
			faults = append(faults, fmt.Errorf(
				"topic %s has %d partitions, the installation is set to %d: the number is set once; set partitions to %d", t, got, want, got))
		}
		for _, p := range h.Partitions {
			if !l.cfg.Embedded && len(p.Replicas) < l.cfg.Replication {
				faults = append(faults, fmt.Errorf("topic %s/%d has %d replicas, %d are wanted", t, p.ID, len(p.Replicas), l.cfg.Replication))
			}
		}
	}
	return errors.Join(faults...)
}

// checkSettings refuses a topic on which an acknowledged record could be lost or a batch of ours refused.
func (l *Log) checkSettings(ctx context.Context) error {
	if l.cfg.Embedded {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 2*requestTimeout)
	defer cancel()
	req := &kafka.DescribeConfigsRequest{}
	for _, t := range event.Topics() {
		req.Resources = append(req.Resources, kafka.DescribeConfigRequestResource{
			ResourceType: kafka.ResourceTypeTopic, ResourceName: string(t),
			ConfigNames: []string{"unclean.leader.election.enable", "min.insync.replicas", "max.message.bytes", "cleanup.policy"},
		})
	}
	resp, err := l.client.DescribeConfigs(ctx, req)
	if err != nil {
		return fmt.Errorf("asking for the topics' settings: %w", err)
	}
	var faults []error
	for _, r := range resp.Resources {
		for _, e := range r.ConfigEntries {
			if want := l.settings()[e.ConfigName]; !atLeast(e.ConfigValue, want) {
				faults = append(faults, fmt.Errorf("topic %s has %s=%s; set it to %s, or acknowledged records may be lost",
					r.ResourceName, e.ConfigName, e.ConfigValue, want))
			}
		}
	}
	return errors.Join(faults...)
}

// atLeast compares numbers by size and all else by equality.
func atLeast(have, want string) bool {
	h, err1 := strconv.Atoi(have)
	w, err2 := strconv.Atoi(want)
	if err1 == nil && err2 == nil {
		return h >= w
	}
	return have == want
}
