package setup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tributary-cc/tributary/cmd/tributary/policyfile"
	"github.com/tributary-cc/tributary/cmd/tributary/yamlfile"
	"github.com/tributary-cc/tributary/models/local"
	"github.com/tributary-cc/tributary/routing/policy"
)

// Around is what a file is read in.
type Around struct {
	// Tenant it must be of, where that is known: then the file need not say.
	Tenant string
	// Open reads what policy_file names; nil where there are no files.
	Open func(name string) ([]byte, error)
	// Intents are the labels of an intent model, or an error that says which models there are; nil checks none.
	Intents func(model string) ([]string, error)
}

// OnDisk reads policies beside a file, and knows the models of this binary and of a folder; none where it is empty.
func OnDisk(file, models string) Around {
	return Around{Intents: Intents(models), Open: func(name string) ([]byte, error) {
		if !filepath.IsLocal(name) {
			return nil, fmt.Errorf("%s does not lie beside the file or below", name)
		}
		return os.ReadFile(filepath.Join(filepath.Dir(file), name)) //nolint:gosec // the operator names the file, and it lies beside it
	}}
}

// LocalIntents are the labels of a model in this binary.
func LocalIntents(model string) ([]string, error) { return Intents("")(model) }

// askServer ends the name of a model where a server is asked what it is unsure of: the intents are the model's.
const askServer = "+openai"

// Intents finds the labels of the models in this binary, and of those in a folder that were trained here.
func Intents(folder string) func(model string) ([]string, error) {
	return func(model string) ([]string, error) {
		name := strings.TrimSuffix(model, askServer)
		var m *local.Model
		var err error
		switch {
		case slices.Contains(local.Names(), name):
			m, err = local.Embedded(name)
		case folder == "" || !idPattern.MatchString(name):
			err = noModel(model, folder)
		default:
			m, err = trained(filepath.Join(folder, name+".model"))
			if errors.Is(err, os.ErrNotExist) {
				err = noModel(model, folder)
			}
		}
		if err != nil {
			return nil, err
		}
		info := m.Info()
		labels := slices.Clone(info.Labels)
		if info.OutOfScope != "" {
			labels = append(labels, info.OutOfScope)
		}
		return labels, nil
	}
}

func noModel(model, folder string) error {
	where := ""
	if folder != "" {
		where = ", and what is trained into " + folder
	}
	return fmt.Errorf("there is no intent model %q; there are %s%s", model, strings.Join(local.Names(), ", "), where)
}

func trained(file string) (*local.Model, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Size() > local.MaxFile {
		return nil, fmt.Errorf("%s has more than %d bytes", file, local.MaxFile)
	}
	data, err := os.ReadFile(file) //nolint:gosec // in the folder of models, by an id
	if err != nil {
		return nil, err
	}
	return local.Decode(data)
}

// Read reads and checks a file of this machine. The error of the second result holds every fault with its line.
func Read(name string, data []byte) (*Tenant, *yamlfile.File) {
	return ReadIn(name, data, OnDisk(name, ""))
}

// ReadIn is Read where the surroundings are others.
func ReadIn(name string, data []byte, around Around) (*Tenant, *yamlfile.File) {
	t := new(Tenant)
	f := yamlfile.Read(name, data, t)
	if len(f.Faults()) == 0 || f.Has("") { // what is no YAML cannot be judged
		t.check(f, around)
	}
	return t, f
}

// checkPolicy checks the policy against all that its rules may name and runs its tests, and takes that of another file in.
func (t *Tenant) checkPolicy(f *yamlfile.File, around Around) {
	known := t.Known(around)
	switch {
	case t.PolicyFile == "":
		if t.Policy != nil {
			t.Policy.Check(f, "policy", known)
			t.Policy.Prove(f, "policy")
		}
	case t.Policy != nil:
		f.WrongIn("policy_file", 0, "", "there are both policy and policy_file; one of them is in force, so only one can be there")
	case around.Open == nil:
		f.WrongIn("policy_file", 0, "", "no other file can be read here; write the policy under policy")
	default:
		data, err := around.Open(t.PolicyFile)
		if err != nil {
			f.WrongIn("policy_file", 0, "", fmt.Sprintf("reading the policy: %v", err))
			return
		}
		p, its := policyfile.Parse(filepath.Join(filepath.Dir(f.Name()), t.PolicyFile), data, known)
		p.Prove(its, "policy")
		f.Include(its)
		t.Policy = p
	}
}

// Names are what a tenant's file has for the rules of a policy to name, and the file that it says its policy is in. It does not check it.
func Names(name string, data []byte, around Around) (known policy.Known, policyFile string, wrong error) {
	t := new(Tenant)
	f := yamlfile.Read(name, data, t)
	return t.Known(around), t.PolicyFile, f.Err()
}

// Known is what rules of a policy may name.
func (t *Tenant) Known(around Around) policy.Known {
	known := policy.Known{Queues: []string{defaultQueue}, Skills: []string{}, EntryPoints: []string{}}
	for _, q := range t.Queues {
		if q.ID != defaultQueue {
			known.Queues = append(known.Queues, q.ID)
		}
	}
	for _, s := range t.Skills {
		known.Skills = append(known.Skills, s.ID)
	}
	for _, e := range t.EntryPoints {
		known.EntryPoints = append(known.EntryPoints, e.ID)
		if e.IntentModel == "" || around.Intents == nil {
			continue
		}
		if labels, err := around.Intents(e.IntentModel); err == nil {
			known.Intents = append(known.Intents, labels...)
		}
	}
	slices.Sort(known.Intents)
	known.Intents = slices.Compact(known.Intents)
	return known
}
