// Package dispatch runs the routing engine on the log: it is the fold named "routing" over routing.in.
//
// It promises that a domain's rows are written as they change, so that a restart decides on exactly where it stood; that a
// request decided under a configuration not met yet waits for it; and that what an agent's client repeats is taken once.
// Several tenants and domains may share a partition and know nothing of each other.
//
// It does not decide anything: that is package routing. It does not judge who may do what: the doors do, before they append.
package dispatch
