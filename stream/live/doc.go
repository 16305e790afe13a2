// Package live holds what every process needs that shows facts over live connections: places of records kept instead of
// their contents, queues between a view and its connections, token buckets, and the goroutines' end.
//
// It promises that nothing in it grows without bound and that nothing in it waits for a connection. It knows neither
// sockets nor what the facts say.
package live
