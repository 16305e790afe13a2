//go:build race

package plugintest

// The program is looked at for races, too.
var buildFlags = []string{"-race"}

// rate is lower than without the detector: everything is several times slower.
const rate = 200
