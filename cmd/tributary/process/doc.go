// Package process makes a running process out of the parts: it opens the log, the stores and the doors that its roles
// need, in order, and closes them in the opposite order. It decides nothing.
package process
