// Package clustertest runs the engine's suite ([github.com/tributary-cc/tributary/stream/engine/enginetest.Suite]) against brokers:
// without a build tag against the embedded one, and with the tag "cluster" against Apache Kafka as a cluster would have it: three
// brokers in KRaft mode on loopback, TLS and SCRAM for clients, three replicas of which two must be in sync. There two folds in a row
// run as processes of their own too, and are killed while a broker is killed and one is frozen, beside a generator that keeps its own
// ledger of what was acknowledged. `make cluster` fetches Kafka and runs all of it.
//
// It promises that the engine means the same on every log, and that nothing acknowledged is lost or doubled behind two folds in a
// row. It does not measure what hardware can do: brokers, processes and generator share the machine.
package clustertest
