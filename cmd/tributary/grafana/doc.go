// Package grafana sets up a Grafana for Tributary through Grafana's own HTTP API: the app enabled, the folder, the data source and the
// boards.
//
// It promises to change nothing that is as it should be, to say what it changed or, when only checking, would change; and that what goes
// wrong is told with what to do about it. It writes over boards of its own uids, whoever changed them, but not over what
// files provision. It deletes nothing. Tokens go to the address they were given for, and into no error.
package grafana
