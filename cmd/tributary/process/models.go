package process

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	"github.com/tributary-cc/tributary/cmd/tributary/yamlfile"
	"github.com/tributary-cc/tributary/models/enrich"
	"github.com/tributary-cc/tributary/models/local"
	"github.com/tributary-cc/tributary/models/openai"
)

// Models says what reads customers' first messages.
type Models struct {
	// Folder holds models that `tributary train` made of one's own examples: an entry point's intent_model X is X.model there, where it
	// is none of the binary's; default data/models.
	Folder string `yaml:"folder"`
	OpenAI OpenAI `yaml:"openai"`
}

// OpenAI is the server that is asked where the model in the process is unsure and the entry point's intent_model ends in
// "+openai". Without a URL there is none.
type OpenAI struct {
	URL   string `yaml:"url"`
	Model string `yaml:"model"`
	// KeyFile or KeyEnv, the name of a variable, holds the key.
	KeyFile string `yaml:"key_file"`
	KeyEnv  string `yaml:"key_env"`
	CAFile  string `yaml:"ca_file"`
	// PlainHTTP allows http:// beyond this machine.
	PlainHTTP     bool              `yaml:"plain_http"`
	Timeout       yamlfile.Duration `yaml:"timeout"`
	MaxConcurrent int               `yaml:"max_concurrent"`
	// PriceIn and PriceOut are of a million tokens.
	PriceIn  float64 `yaml:"price_in"`
	PriceOut float64 `yaml:"price_out"`
	// Sure is the confidence in thousandths below which the server's answer decides nothing.
	Sure int `yaml:"sure"`
}

func defaultModels() Models {
	d := openai.Default()
	return Models{OpenAI: OpenAI{Timeout: yamlfile.Duration(d.Timeout), MaxConcurrent: d.MaxConcurrent, Sure: d.Sure}}
}

// client is the configuration of the client, without what files hold.
func (o *OpenAI) client() openai.Config {
	return openai.Config{
		URL: o.URL, PlainHTTP: o.PlainHTTP, Model: o.Model, Timeout: time.Duration(o.Timeout), MaxConcurrent: o.MaxConcurrent,
		PriceIn: o.PriceIn, PriceOut: o.PriceOut, Sure: o.Sure, Now: time.Now,
	}
}

func (m *Models) check(wrong func(path, format string, args ...any)) {
	o := &m.OpenAI
	if *o == defaultModels().OpenAI {
		return
	}
	o.client().Check(func(field, format string, args ...any) { wrong("models.openai."+field, format, args...) })
	if o.KeyFile != "" && o.KeyEnv != "" {
		wrong("models.openai.key_env", "the key is in key_file already: leave one of them out")
	}
}

// openAI makes the client of the configured server; nil where there is none. It reads the key once: a new key needs a new
// process.
func (m *Models) openAI(change func(*openai.Config)) (*openai.Client, error) {
	o := &m.OpenAI
	if o.URL == "" {
		return nil, nil //nolint:nilnil // no server is no fault
	}
	c := o.client()
	switch {
	case o.KeyFile != "":
		key, err := readSecret(o.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("models.openai.key_file: %w", err)
		}
		c.Key = openai.Key(key)
	case o.KeyEnv != "":
		key := os.Getenv(o.KeyEnv)
		if key == "" {
			return nil, fmt.Errorf("models.openai.key_env: the variable %s is empty", o.KeyEnv)
		}
		c.Key = openai.Key(key)
	}
	if o.CAFile != "" {
		pem, err := os.ReadFile(o.CAFile)
		if err != nil {
			return nil, fmt.Errorf("models.openai.ca_file: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("models.openai.ca_file: %s holds no certificate in PEM", o.CAFile)
		}
	}
	if change != nil {
		change(&c)
	}
	return openai.New(c)
}

// Client makes a client of the configured server, without metrics; nil where there is none.
func (m *Models) Client() (*openai.Client, error) { return m.openAI(nil) }

// openModels makes the effector that looks for intents.
func (p *Process) openModels() error {
	if !p.Config.HasRole(RoleModels) {
		return nil
	}
	client, err := p.Config.Models.openAI(func(c *openai.Config) { c.Registry = p.Registry })
	if err != nil {
		return err
	}
	shelf := &shelf{folder: or(p.Config.Models.Folder, filepath.Join(p.Config.Data, "models")), client: client, now: time.Now}
	s, err := enrich.New(enrich.Config{
		Log: p.Log, Guard: gate{p.Guard, p.room, &p.stopping}, Opener: p.Keys, Models: shelf.find, Now: time.Now, Logger: p.Logger, Registry: p.Registry,
	})
	if err == nil {
		p.doors = append(p.doors, s)
	}
	return err
}

// shelf finds intent models by the names that entry points give. What was found stays until the process ends.
type shelf struct {
	folder string
	client *openai.Client
	now    func() time.Time

	mu    sync.Mutex
	known map[string]shelved
}

type shelved struct {
	model enrich.Model
	err   error
	until time.Time // of an error
}

// lookAgain is how long an error stands.
const lookAgain = 10 * time.Second

// maxShelved bounds the models in memory.
const maxShelved = 64

var errShelfFull = errors.New("too many intent models are in use")

func (s *shelf) find(name string) (enrich.Model, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, ok := s.known[name]
	if ok && (k.err == nil || s.now().Before(k.until)) {
		return k.model, k.err
	}
	if !ok && len(s.known) >= maxShelved {
		return enrich.Model{}, fmt.Errorf("%w: %d", errShelfFull, maxShelved)
	}
	k.model, k.err = s.load(name)
	k.until = s.now().Add(lookAgain)
	if s.known == nil {
		s.known = make(map[string]shelved)
	}
	s.known[name] = k
	return k.model, k.err
}

func (s *shelf) load(name string) (enrich.Model, error) {
	name, asks := enrich.Split(name)
	first, err := loadIntents(s.folder, name)
	if err != nil {
		return enrich.Model{}, err
	}
	m := enrich.Model{First: first}
	if !asks || s.client == nil {
		return m, nil
	}
	if m.Then, err = s.client.Intents(first.Info().Labels); err != nil {
		return enrich.Model{}, fmt.Errorf("intent model %s: %w", name, err)
	}
	return m, nil
}

// modelName keeps a name, which tenants write, inside the folder.
var modelName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

func loadIntents(folder, name string) (*local.Model, error) {
	for _, n := range local.Names() {
		if n == name {
			return local.Embedded(name)
		}
	}
	if !modelName.MatchString(name) {
		return nil, fmt.Errorf("%q is no intent model's name: small letters, digits, - and _; the binary has %v", name, local.Names())
	}
	file := filepath.Join(folder, name+".model")
	info, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("intent model %q is neither one of %v nor a file: %w", name, local.Names(), err)
	}
	if info.Size() > local.MaxFile {
		return nil, fmt.Errorf("intent model %s has %d bytes, more than %d", file, info.Size(), local.MaxFile)
	}
	b, err := os.ReadFile(file) //nolint:gosec // of the operator's folder
	if err != nil {
		return nil, err
	}
	m, err := local.Decode(b)
	if err != nil {
		return nil, fmt.Errorf("intent model %s: %w", file, err)
	}
	return m, nil
}
