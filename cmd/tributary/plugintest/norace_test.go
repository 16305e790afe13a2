//go:build !race

package plugintest

import "time"

var buildFlags = []string{}

// rate is how many events a second the live board tells of, limit how late it may be at the 99th percentile.
const (
	rate  = 1000
	limit = time.Second
)
