// Package event is the vocabulary of Tributary and nothing else: the Protobuf events of package tributary.event.v1,
// the topics they travel on, and ids that cannot be mixed up.
//
// It promises that one event has one encoding ([Marshal] is deterministic and the schema has no map), that an id is a
// function of its cause, and that fields are only ever added. It knows nothing of Kafka, of state or of time.
package event

//go:generate buf generate ../..
