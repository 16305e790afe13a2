// Package bench measures an installation from outside: it starts this binary as a process of its own, with the embedded
// engines and a data folder of its own, fills it through the guard and the log as adapters and agents do, drives it through
// its WebSockets, kills it and starts it again; and beside that it measures a bare pipe that does nothing but carry the same
// frames through as many logs, with the same clients.
//
// It promises that a latency is counted from when a message was due, not from when the generator got to it, that nothing is
// left out of a percentile, and that what was not delivered is told. It does not promise that figures of two machines, or of
// a machine with other work on it, can be compared: the ratio to the bare pipe of the same run can.
package bench
