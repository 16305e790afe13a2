package process

import (
	"context"
	"errors"
	"slices"

	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/event"
)

// AddressesOf reads the log for the pseudonyms of all addresses that a customer was seen under. It takes as long as the
// customer's partitions take to read.
func (s *Spine) AddressesOf(ctx context.Context, tenant, customer string) ([]string, error) {
	found := map[string]bool{}
	for _, topic := range []event.Topic{event.TopicConversationIn, event.TopicConversationFacts} {
		p := event.PartitionOf(event.Key(tenant, customer), s.Log.Partitions(topic))
		first, end, err := s.Log.Bounds(ctx, topic, p)
		if err != nil {
			return nil, err
		}
		if first >= end {
			continue
		}
		err = s.Log.Read(ctx, topic, p, first, func(batch []event.Record, _ int64) error {
			for i := range batch {
				e, undecodable := event.Unmarshal(batch[i].Value)
				if undecodable == nil && e.GetTenant() == tenant && e.GetCustomer() == customer && e.GetAddress() != "" {
					found[e.GetAddress()] = true
				}
				if batch[i].Offset+1 >= end {
					return errEnough
				}
			}
			return nil
		})
		if !errors.Is(err, errEnough) {
			return nil, err
		}
	}
	out := make([]string, 0, len(found))
	for a := range found {
		out = append(out, a)
	}
	slices.Sort(out)
	return out, nil
}

// Erase deletes the sealing key of an address for ever, audited by its pseudonym. It can be repeated.
func (s *Spine) Erase(ctx context.Context, tenant, pseudonym string) error {
	if err := s.Audit(ctx, tenant, access.ActionPersonErase, pseudonym); err != nil {
		return err
	}
	return s.Keys.Erase(ctx, tenant, pseudonym)
}
