package event

import (
	"fmt"

	"google.golang.org/protobuf/proto"
)

// MaxSize is the largest encoded event in bytes. It stands below the broker's limit of a batch, so that a record which
// was accepted can always be carried on by the fold that reads it.
const MaxSize = 256 << 10

var marshal = proto.MarshalOptions{Deterministic: true}

// Marshal encodes an event or a row, the same value always to the same bytes.
func Marshal(m proto.Message) ([]byte, error) {
	b, err := marshal.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encoding %s: %w", m.ProtoReflect().Descriptor().Name(), err)
	}
	return b, nil
}

// Unmarshal decodes an event.
func Unmarshal(b []byte) (*Event, error) {
	if len(b) > MaxSize {
		return nil, fmt.Errorf("event of %d bytes is larger than %d", len(b), MaxSize)
	}
	e := new(Event)
	if err := proto.Unmarshal(b, e); err != nil {
		return nil, fmt.Errorf("decoding event: %w", err)
	}
	if e.Body == nil {
		return nil, fmt.Errorf("event %s has no body this build knows", IDText(e.GetId()))
	}
	return e, nil
}
