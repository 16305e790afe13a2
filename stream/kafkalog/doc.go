// Package kafkalog reads and appends Kafka, and is the only package that knows kafka-go.
//
// It promises that what Append acknowledged is on all in-sync replicas; that records given for one partition are first
// copied to it in the order given (one produce in flight per partition; the next batch is whatever came meanwhile, without
// linger); that Read delivers every record of a partition in order and neither stalls after a leader moved (each fetch is
// one request with a deadline) nor waits for a batch to fill.
//
// It does not promise that a record stands in the log once: an append whose answer was lost is tried again. Readers take
// each event once by its lane or its id (package engine).
package kafkalog
