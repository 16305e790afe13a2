package embedded

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// LibraryEnv names the environment variable that says where libchdb is.
const LibraryEnv = "TRIBUTARY_CHDB"

// ErrNoLibrary means that the ClickHouse engine is not installed on this machine.
var ErrNoLibrary = errors.New("the ClickHouse engine (libchdb) is not installed")

// FindLibrary returns the path of libchdb: the given path if there is one, else that of the environment, else what
// `make engines` installed at the module's root (found from the working directory upwards) or beside the binary.
func FindLibrary(path string) (string, error) {
	if path != "" {
		return existing(path, "the configuration")
	}
	if path = os.Getenv(LibraryEnv); path != "" {
		return existing(path, LibraryEnv)
	}
	var tried []string
	for _, dir := range libraryRoots() {
		path = filepath.Join(dir, "engines", "node_modules", "@chdb", "lib-"+libraryTarget(), "libchdb.so")
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
		if !slices.Contains(tried, path) {
			tried = append(tried, path)
		}
	}
	return "", fmt.Errorf("embedded: %w: looked for %s; run `make engines`, or set %s to the path of the library",
		ErrNoLibrary, strings.Join(tried, " and "), LibraryEnv)
}

func existing(path, source string) (string, error) {
	if _, err := os.Stat(path); err != nil { //nolint:gosec // the operator names the file
		return "", fmt.Errorf("embedded: %w at the path that %s names: %w", ErrNoLibrary, source, err)
	}
	return filepath.Abs(path)
}

// libraryTarget is the last part of the npm package's name for this machine.
func libraryTarget() string {
	arch := runtime.GOARCH
	if arch == "amd64" {
		arch = "x64"
	}
	if runtime.GOOS == "linux" {
		return "linux-" + arch + "-gnu"
	}
	return runtime.GOOS + "-" + arch
}

// libraryRoots lists the folders that may hold the folder of engines: the module's root above the working directory (or
// the working directory itself), and the folder of the binary.
func libraryRoots() []string {
	var roots []string
	if wd, err := os.Getwd(); err == nil {
		root := wd
		for dir := wd; ; dir = filepath.Dir(dir) {
			if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
				root = dir
				break
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
		roots = append(roots, root)
	}
	if exe, err := os.Executable(); err == nil {
		if exe, err = filepath.EvalSymlinks(exe); err == nil {
			roots = append(roots, filepath.Dir(exe))
		}
	}
	return roots
}
