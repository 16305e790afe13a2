// Package eval measures classifiers on labelled texts: how often they are right, whether their confidence can be believed, what they leave
// to others, and what they cost in time.
//
// Every number has one definition, written at its field. Measuring is repeatable but for the times, which depend on the machine and what
// else runs on it. The package reads no file and no clock of its own: readers and a clock are handed in.
package eval
