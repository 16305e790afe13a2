package floor

import (
	_ "embed"
	"sync"

	"github.com/goccy/go-yaml"
)

//go:embed lines.yaml
var linesYAML []byte

type script struct {
	// Intent is what the first line asks for; empty where no model reads its language.
	Intent string   `yaml:"intent"`
	Lines  []string `yaml:"lines"`
}

// crowd are the customers of an entry point who write one language.
type crowd struct {
	Entry    string   `yaml:"entry"`
	Language string   `yaml:"language"`
	Scripts  []script `yaml:"scripts"`
	// Vague say nothing of what is wanted; Insist try to be taken first by words.
	Vague    []string `yaml:"vague"`
	Insist   []string `yaml:"insist"`
	Thanks   []string `yaml:"thanks"`
	Comments []string `yaml:"comments"`
}

// desk is what agents say in one language.
type desk struct {
	Hello    []string `yaml:"hello"`
	Answers  []string `yaml:"answers"`
	Bye      []string `yaml:"bye"`
	Transfer []string `yaml:"transfer"`
	Note     []string `yaml:"note"`
}

type book struct {
	Customers []crowd         `yaml:"customers"`
	Agents    map[string]desk `yaml:"agents"`
}

var lines = sync.OnceValues(func() (*book, error) {
	b := new(book)
	return b, yaml.UnmarshalWithOptions(linesYAML, b, yaml.Strict())
})
