package local

import (
	"embed"
	"fmt"
	"slices"
	"sync"
)

//go:embed trained
var trained embed.FS

// The models in the binary, in the order of the alphabet. Their data's licences and citations stand in trained/README.md.
const (
	BankEnglish   = "bank-en"
	TravelChinese = "travel-zh"
)

// Names are those of the models in the binary.
func Names() []string { return []string{BankEnglish, TravelChinese} }

var decoded sync.Map // by name: func() (*Model, error)

// Embedded gives a model of the binary by its name; it is decoded once.
func Embedded(name string) (*Model, error) {
	if !slices.Contains(Names(), name) {
		return nil, fmt.Errorf("local: there is no model %q in the binary; it has %v", name, Names())
	}
	load, _ := decoded.LoadOrStore(name, sync.OnceValues(func() (*Model, error) {
		b, err := trained.ReadFile("trained/" + name + ".model")
		if err != nil {
			return nil, fmt.Errorf("local: model %s of the binary: %w", name, err)
		}
		return Decode(b)
	}))
	f, ok := load.(func() (*Model, error))
	if !ok {
		return nil, errNotLoaded
	}
	return f()
}
