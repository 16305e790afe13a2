package privacy

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/tributary-cc/tributary/stream/event"
)

// ByKey as a record's partition lets the appender choose it by the key.
const ByKey = -1

// ErrPersonal says that an event would have carried personal data in the clear. The text names the field, not the data.
var ErrPersonal = errors.New("personal data outside the seal")

// ErrFull says that nothing new is taken because the disk is nearly full; the same may be tried again later.
var ErrFull = errors.New("the disk is nearly full")

// Appender appends a record to the log and returns when it is acknowledged.
type Appender interface {
	Append(ctx context.Context, rec event.Record) error
}

// Sealer seals an event's content; *KeyStore is one.
type Sealer interface {
	SealContent(ctx context.Context, tenant, ref, contentID string, content *event.Content) (*event.Sealed, error)
}

var _ Sealer = (*KeyStore)(nil)

// Guard is the way of adapters, models and people to the log: it seals what was said and refuses what carries personal
// data beside the seal.
type Guard struct {
	keys  Sealer
	log   Appender
	trace func(context.Context) string
}

// NewGuard makes the guard of a log. trace gives the W3C traceparent of a context; nil for none.
func NewGuard(keys Sealer, log Appender, trace func(context.Context) string) *Guard {
	if trace == nil {
		trace = func(context.Context) string { return "" }
	}
	return &Guard{keys: keys, log: log, trace: trace}
}

// Append seals content, if any, with the key of e.Address into e.Sealed, checks the event and appends it under its key.
// The content is bound to the event's id, so an event appended again must have the id it had.
func (g *Guard) Append(ctx context.Context, topic event.Topic, e *event.Event, content *event.Content) error {
	return g.AppendTo(ctx, topic, ByKey, e, content)
}

// AppendTo is Append to one partition, for what a partition's own fold must read.
func (g *Guard) AppendTo(ctx context.Context, topic event.Topic, partition int, e *event.Event, content *event.Content) error {
	if err := checkEnvelope(e); err != nil {
		return fmt.Errorf("append to %s: %w", topic, err)
	}
	// Before sealing: what is refused must not have made keys.
	if err := g.Check(e); err != nil {
		return fmt.Errorf("append to %s: %w", topic, err)
	}
	if content != nil {
		if e.GetSealed() != nil {
			return fmt.Errorf("append to %s: %w: the event %s is sealed already and comes with content", topic, ErrInvalid, event.IDText(e.GetId()))
		}
		sealed, err := g.keys.SealContent(ctx, e.GetTenant(), e.GetAddress(), event.IDText(e.GetId()), content)
		if err != nil {
			return fmt.Errorf("append to %s: %w", topic, err)
		}
		e.Sealed = sealed
	}
	encoded, err := event.Marshal(e)
	if err != nil {
		return fmt.Errorf("append to %s: %w", topic, err)
	}
	if len(encoded) > event.MaxSize {
		return fmt.Errorf("append to %s: %w: the event has %d bytes, at most %d are taken", topic, ErrInvalid, len(encoded), event.MaxSize)
	}
	err = g.log.Append(ctx, event.Record{
		Topic: topic, Partition: partition, Key: []byte(e.GetKey()), Value: encoded, Trace: g.trace(ctx),
	})
	if err != nil && content != nil {
		e.Sealed = nil // so that the caller can try again with the same arguments; readers drop the repeat by its id
	}
	return err
}

func checkEnvelope(e *event.Event) error {
	switch {
	case len(e.GetId()) != len(event.ID{}):
		return fmt.Errorf("%w: an event's id has %d bytes, not %d", ErrInvalid, len(event.ID{}), len(e.GetId()))
	case e.GetKey() == "":
		return fmt.Errorf("%w: the event %s has no key", ErrInvalid, event.IDText(e.GetId()))
	case e.GetBody() == nil:
		return fmt.Errorf("%w: the event %s has no body", ErrInvalid, event.IDText(e.GetId()))
	}
	return nil
}

// Check answers ErrPersonal for an event with a clear-text field that holds a telephone number, an e-mail address, an
// identity card or a bank card. Fields that hold ids may contain digits that look like one, as random ids do, but no
// part of them between "/" and ":" may be one.
func (g *Guard) Check(e *event.Event) error {
	return checkMessage(e.ProtoReflect())
}

func checkMessage(m protoreflect.Message) (err error) {
	m.Range(func(field protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case field.IsList() && field.Kind() == protoreflect.MessageKind:
			for i := range v.List().Len() {
				if err = checkMessage(v.List().Get(i).Message()); err != nil {
					break
				}
			}
		case field.IsList() && field.Kind() == protoreflect.StringKind:
			for i := range v.List().Len() {
				if err = checkField(field, v.List().Get(i).String()); err != nil {
					break
				}
			}
		case field.IsList() || field.IsMap():
		case field.Kind() == protoreflect.MessageKind:
			err = checkMessage(v.Message())
		case field.Kind() == protoreflect.StringKind:
			err = checkField(field, v.String())
		}
		return err == nil
	})
	return err
}

func checkField(field protoreflect.FieldDescriptor, text string) error {
	if len(text) < 6 || public[field.FullName()] {
		return nil // a@b.cc is the shortest find
	}
	id := ids[field.Name()]
	for _, s := range Find(text) {
		whole := (s.Start == 0 || joint(text[s.Start-1])) && (s.End == len(text) || joint(text[s.End]))
		// Numeric ids of 13 to 19 digits pass Luhn one time in ten.
		if id && (s.Kind == KindBankCard || s.Kind != KindEmail && !whole) {
			continue
		}
		return fmt.Errorf("%w: the field %s holds a %s; put it into the content, which is sealed", ErrPersonal, field.FullName(), s.Kind)
	}
	return nil
}

// joint separates the parts of keys and addresses.
func joint(c byte) bool { return c == '/' || c == ':' }

// public are fields that tenants write for everybody to read: their own telephone number may stand there.
var public = map[protoreflect.FullName]bool{
	"tributary.event.v1.EntryPoint.greeting": true,
}

// ids are the names of fields that hold ids and other words of machines. What is not listed is taken for text.
var ids = map[protoreflect.Name]bool{
	"actor": true, "address": true, "agent": true, "build": true, "by": true, "client_id": true, "connection": true, "contact": true, "contacts": true,
	"content_id": true, "conversation": true, "customer": true, "delivery": true, "domain": true, "effector": true,
	"entry_point": true, "first_claim": true, "gateway": true, "id": true, "initial": true, "key": true, "key_ref": true,
	"file": true, "message": true, "model_version": true, "next": true, "next_queue": true, "not_agent": true, "offer": true, "origins": true, "previous": true, "processor": true,
	"prompt": true, "provider_id": true, "queue": true, "queues": true, "request": true, "skill": true, "split_from": true, "subject": true,
	"table": true, "team": true, "tenant": true, "to_agent": true, "token": true, "topic": true, "writer": true,
}
