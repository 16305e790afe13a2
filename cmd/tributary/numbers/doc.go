// Package numbers checks that the numbers of an installation are right: it reads the facts from the log, each exactly once, counts from them
// in plain Go what the named queries of the warehouse and the supervisors' floor say, and tells each difference. It changes nothing. It
// needs a quiet moment: while facts keep coming, the log and the warehouse are never seen at one moment, and it says so.
package numbers
