//go:build !linux

package objects

import "os"

// wholeSync: other systems have no call that syncs one file system and waits for it.
func wholeSync(*os.File) func() error { return nil }
