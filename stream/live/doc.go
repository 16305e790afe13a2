// Package live holds what every process needs that shows facts over live connections: places of records kept instead of
// their contents, memory without pointers for many of them, WebSockets, queues between a view and its connections, the roll of
// connections, gates, quotas and token buckets, and the goroutines' end.
//
// It promises that nothing in it grows without bound; that nothing in it waits for a connection but the goroutine that drains
// it; that a view is followed from the first record kept, each event once, for as long as the log holds what comes next; and
// that who reads the log by it cannot append. It does not know what the facts say.
package live
