// Package clustertest runs the engine against Apache Kafka as a cluster would have it: three brokers in KRaft mode on
// loopback, TLS and SCRAM for clients, three replicas of which two must be in sync; processes of their own that fold and
// are killed; a broker that is killed and one that is frozen; and a generator that keeps its own ledger of what was
// acknowledged. Its tests have the build tag "cluster"; `make cluster` fetches Kafka and runs them.
//
// It promises that nothing acknowledged is lost or doubled behind two folds in a row. It does not measure what hardware can do:
// brokers, processes and generator share the machine.
package clustertest
