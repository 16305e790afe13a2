package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tributary-cc/tributary/cmd/tributary/policyfile"
	"github.com/tributary-cc/tributary/cmd/tributary/setup"
	"github.com/tributary-cc/tributary/cmd/tributary/yamlfile"
	"github.com/tributary-cc/tributary/routing/policy"
)

// policyFile is a policy that has no fault, read and ready.
type policyFile struct {
	policy   *policyfile.Policy
	compiled *policy.Compiled
	// against are the tenant's files that have what the rules name; without one it is not known whether there is such a thing.
	against []string
}

// errFaults says that faults were found; they are in what is returned beside it.
var errFaults = errors.New("the file has faults")

// readPolicy checks a policy against the tenant's file that was named, else against itself where it is one, else against those near it
// that name it.
func (g *globals) readPolicy(name, tenant string) (*policyFile, []yamlfile.Fault, error) {
	c, err := g.read()
	if err != nil {
		return nil, nil, err
	}
	data, err := os.ReadFile(name) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, nil, err
	}
	tenants, err := tenantsOf(name, data, tenant, c.ModelsFolder())
	if err != nil {
		return nil, nil, err
	}
	var faults []yamlfile.Fault
	p := new(policyFile)
	for i := range max(1, len(tenants)) {
		known := policy.Known{}
		if len(tenants) > 0 {
			known, p.against = tenants[i].known, append(p.against, tenants[i].name)
		}
		read, f := policyfile.Parse(name, data, known)
		p.policy = read
		for _, one := range f.Faults() {
			if !slices.Contains(faults, one) { // another tenant has it too
				faults = append(faults, one)
			}
		}
	}
	if len(faults) > 0 {
		return nil, faults, errFaults
	}
	p.compiled, err = policy.Compile(p.policy.Event())
	return p, nil, err
}

// checked says what the names in the rules were compared with.
func (p *policyFile) checked() string {
	if len(p.against) == 0 {
		return "NOT CHECKED: whether the queues, skills, entry points and intents that the rules name exist; no tenant's file near it names this " +
			"policy, --tenant-file says which it is for"
	}
	return "queues, skills, entry points and intents are those of " + strings.Join(p.against, ", ")
}

// tenantFile is what a tenant's file has for rules to name.
type tenantFile struct {
	name   string
	known  policy.Known
	policy string // the file that it says its policy is in
	wrong  error
}

func tenantIn(name string, data []byte, models string) tenantFile {
	one := tenantFile{name: name}
	one.known, one.policy, one.wrong = setup.Names(name, data, setup.OnDisk(name, models))
	return one
}

// Bounds of looking for a tenant's file.
const (
	maxNeighbours = 200
	maxNeighbour  = 1 << 20
)

// tenantsOf are the tenants' files for a policy: the one that was named, else its own where it holds more than rules, else those in its
// folder and the one above that say policy_file and mean it.
func tenantsOf(name string, data []byte, named, models string) ([]tenantFile, error) {
	if named != "" {
		its, err := os.ReadFile(named) //nolint:gosec // the operator names the file
		if err != nil {
			return nil, err
		}
		one := tenantIn(named, its, models)
		return []tenantFile{one}, one.wrong
	}
	if own := tenantIn(name, data, models); len(own.known.Queues) > 1 || len(own.known.Skills) > 0 || len(own.known.EntryPoints) > 0 {
		return []tenantFile{own}, nil // its faults are found with the policy's
	}
	self, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	var out []tenantFile
	for _, folder := range []string{filepath.Dir(name), filepath.Join(filepath.Dir(name), "..")} {
		entries, err := os.ReadDir(folder)
		if err != nil {
			continue // who may not look there has to say --tenant-file
		}
		looked := 0
		for _, e := range entries {
			if ext := filepath.Ext(e.Name()); !e.Type().IsRegular() || ext != ".yaml" && ext != ".yml" {
				continue
			}
			if looked++; looked > maxNeighbours {
				break
			}
			one, ok := namesPolicy(filepath.Join(folder, e.Name()), self, models)
			if !ok {
				continue
			}
			if one.wrong != nil {
				return nil, fmt.Errorf("%s names this policy, and has faults of its own: %w", one.name, one.wrong)
			}
			out = append(out, one)
		}
	}
	return out, nil
}

// namesPolicy reads a file that says its policy is in the one given.
func namesPolicy(name string, self os.FileInfo, models string) (tenantFile, bool) {
	info, err := os.Stat(name)
	if err != nil || info.Size() > maxNeighbour || os.SameFile(info, self) {
		return tenantFile{}, false
	}
	data, err := os.ReadFile(name) //nolint:gosec // beside the file that the operator names
	if err != nil || !bytes.Contains(data, []byte("policy_file")) {
		return tenantFile{}, false
	}
	one := tenantIn(name, data, models)
	if one.policy == "" {
		return tenantFile{}, false
	}
	its, err := os.Stat(filepath.Join(filepath.Dir(name), one.policy))
	return one, err == nil && os.SameFile(its, self)
}
