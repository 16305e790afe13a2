//go:build !race

package plugintest

var buildFlags = []string{}

// rate is how many events a second the live board tells of. How late it is, is logged; it is measured by `tributary bench boards`.
const rate = 1000
