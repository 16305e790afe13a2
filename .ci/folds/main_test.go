package main

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

func TestFaults(t *testing.T) {
	for source, want := range map[string]string{
		"func f(m map[string]int) { for range m {} }":                         "ranges over a map",
		"type rows map[string]int; func f(m rows) { for k := range m {_=k} }": "ranges over a map",
		"func f(m map[string]int) { for range maps.Keys(m) {} }":              "maps.Keys",
		"func f() { go f() }": "goroutine",
		"func f(c chan int) { select { case <-c: default: } }": "selects",
		"func f(a, b int) bool { return float64(a) > 1 }":      "float",
		"var share = 0.5": "float",
		"type ratio float32; func f(r ratio) ratio { return r }":                    "float",
		"func f(s []int, m map[string]int) int { for range s {}; return m[\"a\"] }": "",
		"const thousand = 1e3; var n int64 = 5 * thousand":                          "float",
	} {
		files := token.NewFileSet()
		text := "package p\nimport \"maps\"\nvar _ = maps.Equal[map[int]int, map[int]int]\n" + source
		f, err := parser.ParseFile(files, "p.go", text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatalf("%s: %v", source, err)
		}
		faults, err := faultsOf(files, importer.ForCompiler(files, "source", nil), "p", []*ast.File{f})
		if err != nil {
			t.Fatalf("%s: %v", source, err)
		}
		got := strings.Join(faults, "\n")
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: want %q, got %q", source, want, got)
		}
	}
}
