package yamlfile_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/cmd/tributary/yamlfile"
)

type sample struct {
	Name string `yaml:"name"`
	List []struct {
		ID   string            `yaml:"id"`
		Size int               `yaml:"size"`
		On   bool              `yaml:"on"`
		Wait yamlfile.Duration `yaml:"wait"`
	} `yaml:"list"`
}

func TestAllFaultsAtOnceWithTheirLines(t *testing.T) {
	var s sample
	f := yamlfile.Read("x.yaml", []byte("name: a\nnames: b\nlist:\n  - id: q\n    size: many\n    on: perhaps\n    wait: soon\n    extra: 1\n"), &s)
	var got []string
	for _, one := range f.Faults() {
		got = append(got, one.Error())
	}
	require.Equal(t, []string{
		`x.yaml:2:1: nothing is called "names" here; there are name, list`,
		`x.yaml:5:11: list[0].size is a whole number, not many`,
		`x.yaml:6:9: list[0].on is true or false, not perhaps`,
		`x.yaml:7:11: list[0].wait is a length of time such as 30s or 2m, not soon`,
		`x.yaml:8:5: nothing is called "extra" here; there are id, size, on, wait`,
	}, got)
}

func TestGoodFileAndALaterFaultAtItsLine(t *testing.T) {
	var s sample
	f := yamlfile.Read("x.yaml", []byte("name: a\nlist:\n  - id: q\n    wait: 2m\n"), &s)
	require.NoError(t, f.Err())
	require.Equal(t, 2*time.Minute, time.Duration(s.List[0].Wait))
	f.Wrong("list[0].id", "there is no queue %q", "q")
	require.EqualError(t, f.Err(), `x.yaml:3:5: there is no queue "q"`)
}

func TestNotYAML(t *testing.T) {
	var s sample
	require.ErrorContains(t, yamlfile.Read("x.yaml", []byte("a: [\nb: }"), &s).Err(), "x.yaml:")
}

func TestAFaultWithinATextHoweverItIsWritten(t *testing.T) {
	for _, file := range []string{
		"name: a 王 @ b\n",
		"name:   \"a \\u738b @ b\"\n",
		"name: \"\\x61 王 @ b\"\n",
		"name: 'a 王 @ b'\n",
		"name: |\n  a\n  王\n  @ b\n",
		"name: >-\n  a 王\n  @ b\n",
		"name: a 王\n  @ b\n",
		"name: # why\n  a 王 @ b\n",
		"list: [{wait: 2s, id: a 王 @ b}]\n",
		"list:\n  - size: 2\n    id: \"it's a \\\"王\\\" @ b\"\n",
		"list:\n  - size: 2\n    id: 'it''s a 王 @ b'\n",
	} {
		var s sample
		f := yamlfile.Read("x.yaml", []byte(file), &s)
		require.NoError(t, f.Err(), file)
		path, value := "name", s.Name
		if len(s.List) > 0 {
			path, value = "list[0].id", s.List[0].ID
		}
		require.True(t, f.Has(path))
		f.WrongIn(path, strings.Count(value[:strings.Index(value, "@")], "")-1, value, "here")
		at := f.Faults()[0]
		line := []rune(strings.Split(file, "\n")[at.Line-1])
		require.Equal(t, "@", string(line[at.Column-1]), "%q: %d:%d", file, at.Line, at.Column)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("name: a\nlist: [{id: q}]"))
	f.Fuzz(func(_ *testing.T, b []byte) {
		var s sample
		_ = yamlfile.Read("x", b, &s).Err()
	})
}

func TestWhatNestsWithoutEndIsNotRead(t *testing.T) {
	for _, nest := range []string{"[", "{a: ", "- ", "? ", "[\n", "- [", "&a [", "!!seq [", "- ? "} {
		var s sample
		f := yamlfile.Read("x.yaml", []byte("name: a\nlist:\n  "+strings.Repeat(nest, 100_000)), &s)
		require.Len(t, f.Faults(), 1, nest)
		require.Contains(t, f.Faults()[0].Text, "deeper than 64", nest)
		require.GreaterOrEqual(t, f.Faults()[0].Line, 3, nest)
	}
	var s sample
	wide := "name: '" + strings.Repeat("[", 100) + "'\nlist:\n" + strings.Repeat("  - {id: a, on: true}\n", 100) + "# " + strings.Repeat("[ - ", 100)
	require.NoError(t, yamlfile.Read("x.yaml", []byte(wide), &s).Err())
	require.Len(t, s.List, 100)
}

// TestAliasesAreNotUnfolded is the bomb of a few lines that unfold to gigabytes; without the rule it takes the machine's memory.
func TestAliasesAreNotUnfolded(t *testing.T) {
	for _, bomb := range []string{"name: &a x\nother: *a", "list: &a [x]\nmore: [*a, *a]", "<<: *a"} {
		var s sample
		f := yamlfile.Read("x.yaml", []byte(bomb), &s)
		require.Len(t, f.Faults(), 1, bomb)
		require.Contains(t, f.Faults()[0].Text, "an alias", bomb)
	}
	var s sample
	require.NoError(t, yamlfile.Read("x.yaml", []byte("name: '*a' # *b"), &s).Err())
	require.Equal(t, "*a", s.Name)
}

func TestSoManyFaultsAreTold(t *testing.T) {
	const n = 20_000
	var s sample
	f := yamlfile.Read("x.yaml", []byte("list:\n"+strings.Repeat("- {id: a}\n", n)), &s)
	for i := range n {
		f.Wrong("list["+strconv.Itoa(i)+"].id", "a is there twice")
		f.Wrong("list["+strconv.Itoa(i)+"].id", "and again")
	}
	require.Len(t, f.Faults(), 1000)
	require.Equal(t, "x.yaml:1001:4: a is there twice", f.Faults()[999].Error())
}

// TestWhatTheLibraryGivesUpOnIsAFault, not the end of a process.
func TestWhatTheLibraryGivesUpOnIsAFault(t *testing.T) {
	for _, file := range []string{"\x80: \nlist: !00 00", "list: !x 1\n", "name: a\nlist: !foo bar\n"} {
		var s sample
		require.NotEmpty(t, yamlfile.Read("x.yaml", []byte(file), &s).Faults(), file)
	}
}
