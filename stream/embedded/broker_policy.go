package embedded

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// policy refuses settings of topics that would lose data on this broker: a partition without a single record begins at offset
// 0 again after a restart, so its offsets would be given out twice; and a compaction that is killed leaves less than it found.
type policy struct {
	cluster  *kfake.Cluster
	minBytes int64
}

// guardSettings has the policy asked about every request that sets something. These requests are rare.
func guardSettings(cluster *kfake.Cluster, config BrokerConfig) {
	p := policy{cluster: cluster, minBytes: 2 * int64(config.MaxRequest)}
	for _, key := range []kmsg.Key{kmsg.CreateTopics, kmsg.AlterConfigs, kmsg.IncrementalAlterConfigs, kmsg.DeleteRecords} {
		cluster.ControlKey(int16(key), p.judge)
	}
}

// judge answers a request that must not be carried out, and leaves the others to the broker.
func (p policy) judge(request kmsg.Request) (kmsg.Response, error, bool) {
	p.cluster.KeepControl()
	var response kmsg.Response
	switch r := request.(type) {
	case *kmsg.CreateTopicsRequest:
		response = p.judgeCreate(r)
	case *kmsg.AlterConfigsRequest:
		response = p.judgeAlter(r)
	case *kmsg.IncrementalAlterConfigsRequest:
		response = p.judgeIncremental(r)
	case *kmsg.DeleteRecordsRequest:
		response = refuseDelete(r)
	}
	return response, nil, response != nil
}

// fault says why a setting is refused, or "" if it is fine.
func (p policy) fault(name string, value *string) string {
	if value == nil {
		return ""
	}
	n, err := strconv.ParseInt(*value, 10, 64)
	switch name {
	case "retention.ms", "log.retention.ms":
		if err != nil || n != -1 {
			return name + " must be -1: the embedded broker keeps records by size; set retention.bytes"
		}
	case "retention.bytes", "log.retention.bytes":
		if err != nil || n != -1 && n < p.minBytes {
			return fmt.Sprintf("%s must be -1 or at least %d on the embedded broker", name, p.minBytes)
		}
	case "cleanup.policy", "log.cleanup.policy":
		if strings.Contains(*value, "compact") {
			return "the embedded broker does not compact: a kill in the middle would lose records"
		}
	}
	return ""
}

func (p policy) judgeCreate(r *kmsg.CreateTopicsRequest) kmsg.Response {
	why := ""
	for _, t := range r.Topics {
		for _, c := range t.Configs {
			if f := p.fault(c.Name, c.Value); f != "" {
				why = "topic " + t.Topic + ": " + f
			}
		}
	}
	response, ok := r.ResponseKind().(*kmsg.CreateTopicsResponse)
	if why == "" || !ok {
		return nil
	}
	for _, t := range r.Topics {
		answer := kmsg.NewCreateTopicsResponseTopic()
		answer.Topic, answer.ErrorCode, answer.ErrorMessage = t.Topic, kerr.PolicyViolation.Code, &why
		response.Topics = append(response.Topics, answer)
	}
	return response
}

func (p policy) judgeAlter(r *kmsg.AlterConfigsRequest) kmsg.Response {
	why := ""
	for _, resource := range r.Resources {
		for _, c := range resource.Configs {
			why = max(why, p.fault(c.Name, c.Value))
		}
	}
	response, ok := r.ResponseKind().(*kmsg.AlterConfigsResponse)
	if why == "" || !ok {
		return nil
	}
	for _, resource := range r.Resources {
		answer := kmsg.NewAlterConfigsResponseResource()
		answer.ResourceType, answer.ResourceName = resource.ResourceType, resource.ResourceName
		answer.ErrorCode, answer.ErrorMessage = kerr.PolicyViolation.Code, &why
		response.Resources = append(response.Resources, answer)
	}
	return response
}

func (p policy) judgeIncremental(r *kmsg.IncrementalAlterConfigsRequest) kmsg.Response {
	why := ""
	for _, resource := range r.Resources {
		for _, c := range resource.Configs {
			why = max(why, p.fault(c.Name, c.Value))
		}
	}
	response, ok := r.ResponseKind().(*kmsg.IncrementalAlterConfigsResponse)
	if why == "" || !ok {
		return nil
	}
	for _, resource := range r.Resources {
		answer := kmsg.NewIncrementalAlterConfigsResponseResource()
		answer.ResourceType, answer.ResourceName = resource.ResourceType, resource.ResourceName
		answer.ErrorCode, answer.ErrorMessage = kerr.PolicyViolation.Code, &why
		response.Resources = append(response.Resources, answer)
	}
	return response
}

func refuseDelete(r *kmsg.DeleteRecordsRequest) kmsg.Response {
	response, ok := r.ResponseKind().(*kmsg.DeleteRecordsResponse)
	if !ok {
		return nil
	}
	for _, t := range r.Topics {
		topic := kmsg.NewDeleteRecordsResponseTopic()
		topic.Topic = t.Topic
		for _, p := range t.Partitions {
			partition := kmsg.NewDeleteRecordsResponseTopicPartition()
			partition.Partition, partition.ErrorCode = p.Partition, kerr.PolicyViolation.Code
			topic.Partitions = append(topic.Partitions, partition)
		}
		response.Topics = append(response.Topics, topic)
	}
	return response
}

// ErrNoPartition means that the broker has no such topic or partition.
var ErrNoPartition = errors.New("embedded: no such partition")

// PartitionSize says how many bytes a partition holds, and its first offset and the one after its last.
func (b *Broker) PartitionSize(topic string, partition int32) (bytes, first, next int64, err error) {
	b.closing.RLock()
	defer b.closing.RUnlock()
	if b.closed {
		return 0, 0, 0, errors.New("embedded: the broker is closed")
	}
	info := b.cluster.PartitionInfo(topic, partition)
	if info == nil {
		return 0, 0, 0, fmt.Errorf("%w: %s/%d", ErrNoPartition, topic, partition)
	}
	return info.NumBytes, info.LogStartOffset, info.HighWatermark, nil
}
