// Command folds checks what the import rules cannot see: that the code of a fold decides by its records alone. It reports
// floats, goroutines, selects, and ranging over maps in the packages named, with file and line, and exits with 1.
//
// It promises nothing about what these packages call elsewhere: the import order keeps that small, and the replay test
// compares bytes. Tests of a fold may do as they like.
//
//	go run ./.ci/folds ./stream/identity ./routing
package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// listed is what `go list` says of a package.
type listed struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
	DepOnly                 bool
}

func main() {
	faults, err := check(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "folds:", err)
		os.Exit(2)
	}
	for _, fault := range faults {
		fmt.Println(fault)
	}
	if len(faults) > 0 {
		os.Exit(1)
	}
}

// check lists the faults of the packages that the patterns name.
func check(patterns []string) ([]string, error) {
	cmd := exec.Command("go", append([]string{"list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles,DepOnly"}, patterns...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	exports, asked, err := read(out)
	if err := errors.Join(err, cmd.Wait()); err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	if len(asked) == 0 {
		return nil, errors.New("no package to check")
	}
	files := token.NewFileSet()
	imports := importer.ForCompiler(files, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	var faults []string
	for _, p := range asked {
		found, err := checkPackage(files, imports, p)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.ImportPath, err)
		}
		faults = append(faults, found...)
	}
	return faults, nil
}

func read(out io.Reader) (exports map[string]string, asked []listed, err error) {
	exports = make(map[string]string)
	for d := json.NewDecoder(out); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return exports, asked, nil
		} else if err != nil {
			return nil, nil, err
		}
		exports[p.ImportPath] = p.Export
		if !p.DepOnly {
			asked = append(asked, p)
		}
	}
}

func checkPackage(files *token.FileSet, imports types.Importer, p listed) ([]string, error) {
	var parsed []*ast.File
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(files, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		parsed = append(parsed, f)
	}
	return faultsOf(files, imports, p.ImportPath, parsed)
}

// faultsOf reports, in order of place, one fault a line of source.
func faultsOf(files *token.FileSet, imports types.Importer, path string, parsed []*ast.File) ([]string, error) {
	info := &types.Info{Types: make(map[ast.Expr]types.TypeAndValue), Uses: make(map[*ast.Ident]types.Object)}
	if _, err := (&types.Config{Importer: imports}).Check(path, files, parsed, info); err != nil {
		return nil, err
	}
	found := make(map[string]string) // one a line, by the line's place
	var places []token.Position
	for _, f := range parsed {
		ast.Inspect(f, func(n ast.Node) bool {
			if why := fault(info, n); why != "" {
				at := files.Position(n.Pos())
				at.Column = 0
				if found[at.String()] == "" {
					places = append(places, at)
				}
				found[at.String()] = why
			}
			return true
		})
	}
	slices.SortFunc(places, func(a, b token.Position) int {
		return cmp.Or(cmp.Compare(a.Filename, b.Filename), cmp.Compare(a.Line, b.Line))
	})
	var faults []string
	for _, at := range places {
		faults = append(faults, at.String()+": "+found[at.String()])
	}
	return faults, nil
}

// fault says what is wrong with a node, or nothing.
func fault(info *types.Info, n ast.Node) string {
	switch n := n.(type) {
	case *ast.GoStmt:
		return "a fold starts a goroutine: what it decides depends on its records alone"
	case *ast.SelectStmt:
		return "a fold selects among channels, which has no order a replay could repeat"
	case *ast.RangeStmt:
		if _, ok := underlying(info, n.X).(*types.Map); ok {
			return "a fold ranges over a map, whose order differs from run to run: use an engine.Table, or sort the keys"
		}
	case *ast.SelectorExpr:
		if f, ok := info.Uses[n.Sel].(*types.Func); ok && f.Pkg() != nil && f.Pkg().Path() == "maps" && unordered(f.Name()) {
			return "maps." + f.Name() + " has another order in each run: use an engine.Table, or keep the keys sorted in a slice"
		}
	case ast.Expr:
		if b, ok := underlying(info, n).(*types.Basic); ok && b.Info()&(types.IsFloat|types.IsComplex) != 0 {
			return "a fold uses a float, which another processor may round otherwise: count in whole numbers"
		}
	}
	return ""
}

func underlying(info *types.Info, e ast.Expr) types.Type {
	if t := info.Types[e].Type; t != nil {
		return t.Underlying()
	}
	return nil
}

func unordered(name string) bool { return name == "All" || name == "Keys" || name == "Values" }
