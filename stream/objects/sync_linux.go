package objects

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// wholeSync answers the call that makes everything on the file system of root durable. Since Linux 5.8 it also reports
// writes that failed.
func wholeSync(root *os.File) func() error {
	return func() error {
		if err := unix.Syncfs(int(root.Fd())); err != nil {
			return fmt.Errorf("sync the file system of %q: %w", root.Name(), err)
		}
		return nil
	}
}
