// Package chaos shows that Tributary loses nothing and doubles nothing: it runs the product as a child process, has customers
// and agents talk through its doors, kills and freezes it at random instants, and at the end compares what was acknowledged
// with what the log, the warehouse and the screens hold.
//
// Its ledger is kept outside the system: the text, the id and the time at which "accepted" came, which is when the log's
// append was answered by all replicas. What was not acknowledged may be there or not; what was must be there exactly once.
//
// The seed decides the schedule, the texts and what each person does next; when things happen is the machine's affair, so
// two runs of one seed are alike and not equal.
package chaos
