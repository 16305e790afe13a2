// Package yamlfile reads a YAML file into a struct and reports every fault of it at once, each with its line and column:
// what is not YAML, keys nobody knows, values of the wrong type; and lets a later check name the place of what it finds wrong.
package yamlfile

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

const (
	// maxSize bounds a file, in bytes.
	maxSize = 16 << 20
	// maxNested bounds lists and groups that begin inside each other: what the parser takes grows with the square of it, until the
	// stack ends. No file of ours nests deeper than ten.
	maxNested = 64
	// maxFaults is how many are told at once: nobody reads more.
	maxFaults = 1000
)

// Fault is one thing wrong at one place.
//
//nolint:errname // a fault is the word for it, in the design and on the screen
type Fault struct {
	File string `json:"file"`
	Line int    `json:"line"`
	// Column counts letters from 1.
	Column int `json:"column"`
	// Path is what is wrong, as queues[0].target; empty where the place says it all.
	Path string `json:"path,omitempty"`
	Text string `json:"text"`
}

// Error gives file:line:column: text.
func (f Fault) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.Text)
}

// File is a file that was read, with the place of each value by its path, as queues[0].id.
type File struct {
	name   string
	text   string
	places map[string]place
	broken map[string]bool // paths whose values do not decode
	faults []error
	faulty map[int]bool // lines of this file with a fault
}

// Duration is a length of time written as 30s, 2m or 24h.
type Duration time.Duration

// UnmarshalYAML takes a text of time.ParseDuration.
func (d *Duration) UnmarshalYAML(b []byte) error {
	v, _ := time.ParseDuration(strings.Trim(strings.TrimSpace(string(b)), `"'`)) // walk reports what is none
	*d = Duration(v)
	return nil
}

// MarshalYAML writes it as it is read.
func (d Duration) MarshalYAML() ([]byte, error) {
	s := time.Duration(d).String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(s, zero) {
			s = s[:len(s)-2] // 24h, not 24h0m0s
		}
	}
	return []byte(s), nil
}

// UnmarshalJSON takes what MarshalJSON writes.
func (d *Duration) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return err
	}
	v, err := time.ParseDuration(text)
	*d = Duration(v)
	return err
}

// MarshalJSON writes it as a file has it.
func (d Duration) MarshalJSON() ([]byte, error) {
	text, err := d.MarshalYAML()
	if err != nil {
		return nil, err
	}
	return json.Marshal(string(text))
}

// Read decodes data over what into holds. Into is a pointer to a struct with yaml tags. Where there are faults, into may
// be half filled; ask Err before using it.
func Read(name string, data []byte, into any) *File {
	f := &File{name: name, places: map[string]place{}, broken: map[string]bool{}, faulty: map[int]bool{}}
	if len(data) > maxSize {
		f.fail(top, "", fmt.Sprintf("%d bytes are more than %d", len(data), maxSize))
		return f
	}
	f.text = string(data)
	if line, what := tooMuch(f.text); line > 0 {
		f.fail(place{line: line, column: 1}, "", "not YAML that is read here: "+what)
		return f
	}
	f.decode(data, into)
	return f
}

// decode parses and decodes. The library gives up by panic on some texts that are no YAML, such as a tag before what it does not fit.
func (f *File) decode(data []byte, into any) {
	defer func() {
		if recover() != nil && len(f.faults) == 0 {
			f.fail(top, "", "not YAML that is read here: a tag, as !name, or something else that no file needs; leave it out")
		}
	}()
	parsed, err := parser.ParseBytes(data, 0)
	if err != nil {
		f.fail(placeIn(err), "", "not YAML: "+firstLine(err.Error()))
		return
	}
	for _, doc := range parsed.Docs {
		if doc.Body != nil {
			f.walk(doc.Body, "", reflect.TypeOf(into).Elem())
		}
	}
	// Where there are faults the rest is decoded all the same, so that a later check finds what else is wrong.
	err = yaml.Unmarshal(data, into)
	if len(f.broken) > 0 && len(parsed.Docs) > 0 {
		err = yaml.NodeToValue(parsed.Docs[0].Body, into) // without the values that do not decode, which end the other way
	}
	if err != nil && len(f.faults) == 0 {
		f.fail(placeIn(err), "", firstLine(err.Error()))
	}
}

// tooMuch is the line in which a text asks for more than is read, and what it is: it nests too deep (by indentation, the size bounds
// that), or has an alias, of which ten lines unfold to more than fits into any memory. The line is 0 where it does not.
func tooMuch(text string) (line int, what string) {
	open, begun := 0, 0
	for _, t := range lexer.Tokenize(text) {
		if t.Position.Line != line {
			line, begun = t.Position.Line, 0
		}
		switch t.Type { //nolint:exhaustive // those that nest
		case token.AliasType:
			return line, "an alias, as *name; write the value itself, or quote a text that begins with *"
		case token.SequenceStartType, token.MappingStartType:
			open++
		case token.SequenceEndType, token.MappingEndType:
			open = max(0, open-1)
		case token.SequenceEntryType, token.MappingKeyType, token.AnchorType, token.TagType:
			begun++
		}
		if open+begun > maxNested {
			return line, fmt.Sprintf("lists and groups nest deeper than %d", maxNested)
		}
	}
	return 0, ""
}

// Wrong adds a fault at a path; the nearest place known is named.
func (f *File) Wrong(path, format string, args ...any) {
	at := f.nearest(path)
	if f.faulty[at.line] {
		return // what does not decode cannot be judged
	}
	f.fail(at, path, fmt.Sprintf(format, args...))
}

// WrongIn adds a fault in the text at a path, offset letters behind its beginning, or without a text, of the key; beside what
// else is wrong in that line. What does not decode cannot be judged.
func (f *File) WrongIn(path string, offset int, text, what string) {
	if f.broken[path] {
		return
	}
	at, known := f.places[path]
	if !known {
		at = f.nearest(path)
	} else if text != "" {
		at = f.within(at, text, offset)
	}
	f.fail(at, path, what)
}

// Include adds the faults of another file that this one names.
func (f *File) Include(other *File) { f.faults = append(f.faults, other.faults...) }

// Name is the file's.
func (f *File) Name() string { return f.name }

// Has tells whether something stands at a path.
func (f *File) Has(path string) bool {
	_, ok := f.places[path]
	return ok
}

func (f *File) nearest(path string) place {
	for p := path; p != ""; p = parent(p) {
		if at, ok := f.places[p]; ok {
			return at
		}
	}
	return top
}

// Err joins all faults in the order of their lines, those of included files behind, or is nil.
func (f *File) Err() error {
	slices.SortStableFunc(f.faults, func(a, b error) int {
		x, y := faultOf(a), faultOf(b)
		return cmp.Or(cmp.Compare(f.included(x), f.included(y)), cmp.Compare(x.File, y.File), cmp.Compare(x.Line, y.Line), cmp.Compare(x.Column, y.Column))
	})
	return errors.Join(f.faults...)
}

func (f *File) included(one Fault) int {
	if one.File == f.name {
		return 0
	}
	return 1
}

// Faults lists them, for a program.
func (f *File) Faults() []Fault {
	_ = f.Err()
	out := make([]Fault, 0, len(f.faults))
	for _, e := range f.faults {
		var one Fault
		if errors.As(e, &one) {
			out = append(out, one)
		}
	}
	return out
}

// FaultsOf finds the faults in an error of [File.Err]; what else it holds is left.
func FaultsOf(err error) []Fault {
	var one Fault
	var all interface{ Unwrap() []error }
	switch {
	case errors.As(err, &all):
		var out []Fault
		for _, e := range all.Unwrap() {
			out = append(out, FaultsOf(e)...)
		}
		return out
	case errors.As(err, &one):
		return []Fault{one}
	}
	return nil
}

func faultOf(err error) Fault {
	var one Fault
	_ = errors.As(err, &one)
	return one
}

func (f *File) fail(at place, path, text string) {
	f.faulty[at.line] = true
	if len(f.faults) < maxFaults {
		f.faults = append(f.faults, Fault{f.name, at.line, at.column, path, text})
	}
}

func parent(path string) string {
	if i := strings.LastIndexAny(path, ".["); i >= 0 {
		return path[:i]
	}
	return ""
}

func (f *File) breaks(path string, at place, text string) {
	f.broken[path] = true
	f.fail(at, path, text)
}

// walk compares the tree with the type, noting lines.
func (f *File) walk(n ast.Node, path string, t reflect.Type) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	at := placeOf(n)
	if _, seen := f.places[path]; !seen {
		f.places[path] = at
	}
	if _, isNull := n.(*ast.NullNode); isNull {
		return
	}
	switch {
	case t == reflect.TypeFor[Duration]():
		if _, err := time.ParseDuration(strings.Trim(n.String(), `"'`)); err != nil {
			f.breaks(path, at, fmt.Sprintf("%s is a length of time such as 30s or 2m, not %s", path, n.String()))
		}
	case t.Kind() == reflect.Struct:
		f.mapping(n, path, t)
	case t.Kind() == reflect.Slice:
		seq, ok := n.(*ast.SequenceNode)
		if !ok {
			f.breaks(path, at, fmt.Sprintf("%s is a list", path))
			return
		}
		for i, v := range seq.Values {
			sub := fmt.Sprintf("%s[%d]", path, i)
			f.walk(v, sub, t.Elem())
			if f.broken[sub] {
				seq.Values[i] = ast.Null(v.GetToken())
			}
		}
	default:
		f.scalar(n, path, t)
	}
}

func (f *File) mapping(n ast.Node, path string, t reflect.Type) {
	var values []*ast.MappingValueNode
	switch m := n.(type) {
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{m}
	default:
		f.breaks(path, placeOf(n), strings.TrimSpace(path+" is a group of key: value"))
		return
	}
	fields, names := fieldsOf(t)
	for _, v := range values {
		key := v.Key.GetToken().Value
		ft, ok := fields[key]
		if !ok {
			f.fail(placeOf(v.Key), strings.TrimPrefix(path+"."+key, "."), fmt.Sprintf("nothing is called %q here; there are %s", key, strings.Join(names, ", ")))
			continue
		}
		sub := key
		if path != "" {
			sub = path + "." + key
		}
		f.places[sub] = placeOf(v.Key)
		f.walk(v.Value, sub, ft)
		if f.broken[sub] {
			v.Value = ast.Null(v.Value.GetToken())
		}
	}
}

func fieldsOf(t reflect.Type) (fields map[string]reflect.Type, names []string) {
	fields = make(map[string]reflect.Type)
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		if name != "" && name != "-" {
			fields[name] = t.Field(i).Type
			names = append(names, name)
		}
	}
	return fields, names
}

func (f *File) scalar(n ast.Node, path string, t reflect.Type) {
	ok, want := true, ""
	switch t.Kind() { //nolint:exhaustive // the kinds that our files use
	case reflect.Bool:
		_, ok = n.(*ast.BoolNode)
		want = "true or false"
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint32, reflect.Uint64:
		_, ok = n.(*ast.IntegerNode)
		want = "a whole number"
	case reflect.String:
		switch n.(type) {
		case *ast.MappingNode, *ast.MappingValueNode, *ast.SequenceNode:
			ok = false
		}
		want = "a text"
	default:
	}
	if !ok {
		f.breaks(path, placeOf(n), fmt.Sprintf("%s is %s, not %s", path, want, firstLine(n.String())))
	}
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	if len(line) > 120 {
		line = line[:120] + "…"
	}
	return line
}
