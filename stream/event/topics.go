package event

import "hash/fnv"

// Topic is a topic of the log. Every stage has an inbox, which anybody may write, and facts, which only it writes.
type Topic string

// The topics of the design.
const (
	TopicIdentityIn        Topic = "identity.in"
	TopicConversationIn    Topic = "conversation.in"
	TopicConversationFacts Topic = "conversation.facts"
	TopicRoutingIn         Topic = "routing.in"
	TopicRoutingFacts      Topic = "routing.facts"
	TopicInsightFacts      Topic = "insight.facts"
	TopicOutboundIn        Topic = "outbound.in"
	TopicOutbound          Topic = "outbound"
	TopicConfigIn          Topic = "config.in"
	TopicConfigFacts       Topic = "config.facts"
	TopicAudit             Topic = "audit"
	TopicSink              Topic = "sink"
	TopicDead              Topic = "dead"
)

// Topics are all of them, in the order of the way of an event.
func Topics() []Topic {
	return []Topic{
		TopicConfigIn, TopicConfigFacts, TopicIdentityIn, TopicConversationIn, TopicConversationFacts, TopicRoutingIn,
		TopicRoutingFacts, TopicInsightFacts, TopicOutboundIn, TopicOutbound, TopicAudit, TopicSink, TopicDead,
	}
}

// Single reports whether the topic has one partition, whatever the installation's size: its whole content has one order.
func (t Topic) Single() bool { return t == TopicConfigIn || t == TopicConfigFacts || t == TopicSink }

// PartitionOf maps a key to one of n partitions. The counts are set once per installation, as this mapping depends on them.
func PartitionOf(key string, n int) int {
	if n <= 1 {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(key))       // a hash never fails
	return int(h.Sum64() % uint64(n)) //nolint:gosec // less than n
}

// Key joins a tenant and what is ordered within it: an address pseudonym, a customer, a routing domain.
func Key(tenant, rest string) string { return tenant + "/" + rest }

// Record is an event as it stands in the log, or is about to.
type Record struct {
	Topic     Topic
	Partition int
	// Offset is the place in the partition; meaningless before the record is appended.
	Offset int64
	Key    []byte
	Value  []byte
	// Trace is the W3C traceparent of the cause, carried as the Kafka header of that name; empty where there is none.
	Trace string
}
