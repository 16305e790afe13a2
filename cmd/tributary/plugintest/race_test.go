//go:build race

package plugintest

import "time"

// The program is looked at for races, too.
var buildFlags = []string{"-race"}

// Everything is several times slower, so this is no measure.
const (
	rate  = 200
	limit = 5 * time.Second
)
