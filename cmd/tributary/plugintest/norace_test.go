//go:build !race

package plugintest

import "time"

var buildFlags = []string{}

// rate is how many events a second the live board tells of. A viewer should see them within a second, which the test logs; limit leaves room
// for a machine that does much else.
const (
	rate  = 1000
	limit = 3 * time.Second
)
