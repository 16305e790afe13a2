// Package embedded carries the two servers that a cluster would run beside the product, so that one machine needs only
// one binary: a broker that speaks Kafka's protocol ([StartBroker]) and the ClickHouse engine behind ClickHouse's HTTP
// protocol ([StartClickHouse]). The rest of the product meets both through the same clients as in a cluster.
//
// It promises: what was acknowledged survives the death of the process (and with BrokerConfig.Sync a power cut); one
// data directory belongs to one process at a time, and a second one is told so; both listen on loopback unless the
// broker is given credentials and a certificate; sizes, times and the number of connections are bounded.
//
// It does not promise: replication, more than one machine, or more throughput than one event loop gives (the broker
// serves all requests from one goroutine). The unit of trust is the machine: whoever knows the password of the
// ClickHouse engine may run any statement, and whoever reaches a broker without credentials may read and write all of it.
package embedded
