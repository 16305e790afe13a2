package privacy_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/objects"
	"github.com/tributary-cc/tributary/stream/privacy"
)

type memoryLog struct {
	records []event.Record
	fail    error
}

func (l *memoryLog) Append(_ context.Context, rec event.Record) error {
	if l.fail != nil {
		return l.fail
	}
	l.records = append(l.records, rec)
	return nil
}

func message(p event.Pseudonym) *event.Event {
	id := event.CauseID("acme", "webchat", "1")
	return &event.Event{
		Id: id[:], Tenant: "acme", Key: event.Key("acme", string(p)), Address: string(p),
		Body: &event.Event_CustomerMessage{CustomerMessage: &event.CustomerMessage{
			Channel: event.Channel_CHANNEL_WEBCHAT, EntryPoint: "site", Message: "01j9",
		}},
	}
}

func TestGuardSeals(t *testing.T) {
	keys := open(t, objects.NewMemory(), privacy.NewMasterKey(), new(clock))
	p, err := keys.Pseudonym(t.Context(), "acme", "wechat:1")
	require.NoError(t, err)
	log := new(memoryLog)
	guard := privacy.NewGuard(keys, log, nil)
	require.NoError(t, guard.Append(t.Context(), event.TopicIdentityIn, message(p), &event.Content{Text: "打13800138000"}))
	require.Len(t, log.records, 1)
	rec := log.records[0]
	require.Equal(t, event.TopicIdentityIn, rec.Topic)
	require.Equal(t, privacy.ByKey, rec.Partition)
	require.NotContains(t, string(rec.Value), "138")
	e, err := event.Unmarshal(rec.Value)
	require.NoError(t, err)
	content, err := keys.OpenContent(t.Context(), "acme", e.GetSealed())
	require.NoError(t, err)
	require.Equal(t, "打13800138000", content.GetText())
}

func TestGuardCanBeTriedAgain(t *testing.T) {
	keys := open(t, objects.NewMemory(), privacy.NewMasterKey(), new(clock))
	p, err := keys.Pseudonym(t.Context(), "acme", "wechat:1")
	require.NoError(t, err)
	log := &memoryLog{fail: errors.New("the broker is away")}
	guard := privacy.NewGuard(keys, log, nil)
	e, content := message(p), &event.Content{Text: "hello"}
	require.ErrorIs(t, guard.Append(t.Context(), event.TopicIdentityIn, e, content), log.fail)
	log.fail = nil
	require.NoError(t, guard.Append(t.Context(), event.TopicIdentityIn, e, content))
	require.Len(t, log.records, 1)
}

func TestGuardRefuses(t *testing.T) {
	keys := open(t, objects.NewMemory(), privacy.NewMasterKey(), new(clock))
	p, err := keys.Pseudonym(t.Context(), "acme", "wechat:1")
	require.NoError(t, err)
	log := new(memoryLog)
	guard := privacy.NewGuard(keys, log, nil)
	for name, c := range map[string]struct {
		change func(e *event.Event)
		want   error
	}{
		"telephone as the key": {func(e *event.Event) { e.Key = "acme/+8613800138000" }, privacy.ErrPersonal},
		"address in the clear": {func(e *event.Event) { e.Address = "tel:+8613800138000" }, privacy.ErrPersonal},
		"e-mail as message id": {func(e *event.Event) { e.GetCustomerMessage().Message = "<1.2@example.com>" }, privacy.ErrPersonal},
		"text in a reason": {func(e *event.Event) {
			e.Body = &event.Event_DeliveryResult{DeliveryResult: &event.DeliveryResult{Reason: "no answer from 138 0013 8000"}}
		}, privacy.ErrPersonal},
		"nested and repeated": {func(e *event.Event) {
			queue := &event.ConfigObject_Queue{Queue: &event.Queue{Id: "q", Name: "call alice@example.com"}}
			e.Body = &event.Event_ConfigChange{ConfigChange: &event.ConfigChange{Objects: []*event.ConfigObject{{Removed: true}, {Object: queue}}}}
		}, privacy.ErrPersonal},
		"list of strings": {func(e *event.Event) {
			e.Body = &event.Event_AgentChanged{AgentChanged: &event.AgentChanged{Contacts: []string{"a", "13800138000"}}}
		}, privacy.ErrPersonal},
		"no id":           {func(e *event.Event) { e.Id = nil }, privacy.ErrInvalid},
		"no key":          {func(e *event.Event) { e.Key = "" }, privacy.ErrInvalid},
		"no body":         {func(e *event.Event) { e.Body = nil }, privacy.ErrInvalid},
		"no address":      {func(e *event.Event) { e.Address = "" }, privacy.ErrInvalid},
		"sealed and open": {func(e *event.Event) { e.Sealed = new(event.Sealed) }, privacy.ErrInvalid},
	} {
		e := message(p)
		c.change(e)
		err := guard.Append(t.Context(), event.TopicIdentityIn, e, &event.Content{Text: "x"})
		require.ErrorIs(t, err, c.want, name)
		require.NotContains(t, err.Error(), "138", "an error does not repeat what it refuses")
		require.NotContains(t, err.Error(), "alice")
	}
	require.Empty(t, log.records)
}

func TestGuardTakesIDsThatLookLikeNumbers(t *testing.T) {
	guard := privacy.NewGuard(nil, new(memoryLog), nil)
	for _, id := range []string{"6222603167431954660", "4111111111111111", "a13800138000b", "x 13800138000", "2026-01-22T10:11:12.123Z", "3f2a-13800138000-77"} {
		e := message("p")
		e.GetCustomerMessage().Message = id
		require.NoError(t, guard.Check(e), id)
	}
	e := message("p")
	e.Body = &event.Event_ConfigChange{ConfigChange: &event.ConfigChange{Objects: []*event.ConfigObject{{
		Object: &event.ConfigObject_EntryPoint{EntryPoint: &event.EntryPoint{Id: "site", Greeting: "Or write to help@example.com"}},
	}}}}
	require.NoError(t, guard.Check(e), "what a tenant tells everybody is public")
}

func BenchmarkGuardCheck(b *testing.B) {
	guard := privacy.NewGuard(nil, new(memoryLog), nil)
	e := message("01j9zzzzzzzzzzzzzzzzzzzzzz")
	for b.Loop() {
		if err := guard.Check(e); err != nil {
			b.Fatal(err)
		}
	}
}
