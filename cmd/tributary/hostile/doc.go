// Package hostile holds the tests of what an installation meets from outside: wrong files, damaged events, rude browsers,
// engines that are away, a full disk, signals. They start the real binary; a good customer and a good agent chat meanwhile,
// and what was acknowledged to them must be there once. They prove nothing about load or about power cuts.
package hostile
