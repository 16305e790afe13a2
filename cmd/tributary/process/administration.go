package process

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/tributary-cc/tributary/cmd/tributary/setup"
	"github.com/tributary-cc/tributary/cmd/tributary/yamlfile"
	"github.com/tributary-cc/tributary/dashboards/api"
	"github.com/tributary-cc/tributary/stream/event"
)

// changeWait is how long the fold of the configuration may take to answer.
const changeWait = 20 * time.Second

// ModelsFolder is where models lie that were trained here.
func (c *Config) ModelsFolder() string {
	return cmp.Or(c.Models.Folder, filepath.Join(c.Data, "models"))
}

// administration is the configuration as administrators' pages read and change it.
type administration struct{ *Spine }

var _ api.Setup = administration{}

// Export answers what is in force.
func (a administration) Export(ctx context.Context, tenant string) (api.SetupText, error) {
	current, err := a.ConfigInForce(ctx, tenant)
	if err != nil {
		return api.SetupText{}, err
	}
	text, err := setup.Export(ctx, tenant, a.Keys, current.Objects)
	if err != nil {
		return api.SetupText{}, err
	}
	objects, err := setup.ToJSON(text)
	return api.SetupText{Version: current.Version, YAML: string(text), Objects: objects}, err
}

// read finds all faults of a wish.
func (a administration) read(tenant string, wish api.SetupWish) (*setup.Tenant, string, []api.SetupFault, error) {
	text := []byte(wish.YAML)
	if len(wish.Objects) > 0 {
		var err error
		if text, err = setup.FromJSON(wish.Objects); err != nil {
			return nil, "", []api.SetupFault{{Line: 1, Column: 1, Text: "the objects are no JSON that can be read"}}, nil //nolint:nilerr // the fault says so
		}
	}
	t, f := setup.ReadIn("", text, setup.Around{Tenant: tenant, Intents: setup.Intents(a.Config.ModelsFolder())})
	var faults []api.SetupFault
	for _, one := range f.Faults() {
		faults = append(faults, fault(one))
	}
	return t, string(text), faults, nil
}

func fault(f yamlfile.Fault) api.SetupFault {
	return api.SetupFault{Line: f.Line, Column: f.Column, Path: f.Path, Text: f.Text}
}

// Check finds all faults of what a person wrote.
func (a administration) Check(_ context.Context, tenant string, wish api.SetupWish) (string, []api.SetupFault, error) {
	t, text, faults, err := a.read(tenant, wish)
	if err == nil && len(faults) == 0 && len(wish.Objects) > 0 { // the places of faults are in the text as it was read
		var styled []byte
		styled, err = t.Text()
		text = string(styled)
	}
	return text, faults, err
}

// tries are how often a change is made anew because another tenant's came between: versions count for the installation.
const tries = 5

// Apply sets it, if nothing of the tenant's changed since base.
func (a administration) Apply(ctx context.Context, tenant string, wish api.SetupWish, base uint64) (uint64, []api.SetupFault, error) {
	t, _, faults, err := a.read(tenant, wish)
	if err != nil || len(faults) > 0 {
		return 0, faults, err
	}
	for range tries {
		current, err := a.ConfigInForce(ctx, tenant)
		if err != nil {
			return 0, nil, err
		}
		if changed := current.Since(base); len(changed) > 0 {
			return 0, nil, &api.SetupChanged{Version: current.Version, Changes: changed}
		}
		wanted, err := t.Wanted(ctx, a.Keys, current.Objects, time.Now())
		if err != nil {
			return 0, nil, err
		}
		changes := setup.Difference(current.Objects, wanted)
		if len(changes) == 0 {
			return current.Version, nil, nil
		}
		version, err := a.ChangeConfig(ctx, tenant, current.Version, setup.Objects(changes), changeWait)
		refused := (*RefusedError)(nil)
		switch {
		case !errors.As(err, &refused):
			return version, nil, err
		case refused.Version != current.Version:
			continue
		}
		for _, text := range refused.Faults {
			faults = append(faults, api.SetupFault{Line: 1, Column: 1, Text: text})
		}
		return 0, faults, nil
	}
	return 0, nil, errors.New("the configuration changes all the time; try again")
}

// Since tells what of the tenant's was changed by versions after one.
func (f *InForce) Since(version uint64) []string {
	var out []string
	for _, c := range f.changes {
		if c.version > version {
			out = append(out, c.lines...)
		}
	}
	return out
}

// changed remembers what a version changed, for who started from an older one.
func (f *InForce) changed(version uint64, objects []*event.ConfigObject) {
	c := changed{version: version}
	for _, o := range objects {
		verb := "change "
		if o.GetRemoved() {
			verb = "remove "
		}
		c.lines = append(c.lines, verb+setup.What(o))
	}
	f.changes = append(f.changes, c)
	if len(f.changes) > keptChanges {
		// Who started before what is kept is told that there was something.
		f.changes[1].lines = append([]string{"earlier changes"}, f.changes[1].lines...)
		f.changes = f.changes[1:]
	}
}

// keptChanges bounds what is remembered of a long history.
const keptChanges = 200

type changed struct {
	version uint64
	lines   []string
}
