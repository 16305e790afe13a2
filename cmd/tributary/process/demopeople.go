package process

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tributary-cc/tributary/cmd/tributary/setup"
	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/objects"
)

// demoBookName is the object that remembers the demo's accounts.
const demoBookName = "demo/accounts"

// demoBook says by their logins which accounts of the tenant the demo made, and which of those it closed itself because it
// was not started as a demo: nobody else's are closed and opened by it.
type demoBook struct {
	Made   []string `json:"made"`
	Closed []string `json:"closed"`
}

// demoPeople are the accounts of the demo's tenant.
type demoPeople struct {
	s    *Spine
	book demoBook
	// kept says that the book is in the object store.
	kept  bool
	there map[string]access.Info
}

// readDemoPeople reads the book; without one the demo's tenant is somebody else's unless it has the demo's bank, in which
// case it is from before there was a book.
func (s *Spine) readDemoPeople(ctx context.Context) (*demoPeople, error) {
	d := &demoPeople{s: s, there: map[string]access.Info{}}
	all, err := s.Accounts.List(ctx, demoTenant)
	if err != nil {
		return nil, err
	}
	for _, a := range all {
		d.there[a.Login] = a
	}
	text, err := s.Objects.Get(ctx, demoBookName)
	if err == nil {
		d.kept = true
		if err = json.Unmarshal(text, &d.book); err != nil {
			err = fmt.Errorf("the object %s is damaged: %w", demoBookName, err)
		}
		return d, err
	}
	if !errors.Is(err, objects.ErrNotFound) || len(all) == 0 {
		return d, ignore(err, objects.ErrNotFound)
	}
	current, err := s.ConfigInForce(ctx, demoTenant)
	if err != nil || !hasBank(current.Objects) {
		return d, err
	}
	t, err := demoCentre()
	if err != nil {
		return nil, err
	}
	for _, login := range demoLogins(t) {
		if a, ok := d.there[login]; ok {
			d.book.Made = append(d.book.Made, login)
			if a.Disabled {
				d.book.Closed = append(d.book.Closed, login)
			}
		}
	}
	return d, nil
}

func ignore(err, kind error) error {
	if errors.Is(err, kind) {
		return nil
	}
	return err
}

func demoLogins(t *setup.Tenant) []string {
	out := simulated(t)
	for _, a := range demoAccounts {
		out = append(out, a.login)
	}
	return out
}

func (d *demoPeople) keep(ctx context.Context) error {
	text, err := json.Marshal(d.book)
	if err != nil {
		return err
	}
	d.kept = true
	return d.s.Objects.Put(ctx, demoBookName, text)
}

func (d *demoPeople) disable(ctx context.Context, login string, disabled bool) error {
	a, ok := d.there[login]
	if !ok || a.Disabled == disabled {
		return nil
	}
	if err := d.s.Accounts.Disable(ctx, demoTenant, login, disabled); err != nil {
		return fmt.Errorf("the demo account %s: %w", login, err)
	}
	a.Disabled = disabled
	d.there[login] = a
	return nil
}

// open opens what the demo closed itself.
func (d *demoPeople) open(ctx context.Context) error {
	if len(d.book.Closed) == 0 {
		return nil
	}
	for _, login := range d.book.Closed {
		if err := d.disable(ctx, login, false); err != nil {
			return err
		}
	}
	d.book.Closed = nil
	return d.keep(ctx)
}

// RetireDemo closes the demo's accounts of an installation that is not started as a demo any more; their sessions end.
func (s *Spine) RetireDemo(ctx context.Context) error {
	d, err := s.readDemoPeople(ctx)
	if err != nil {
		return err
	}
	var open []string
	for _, login := range d.book.Made {
		if a, ok := d.there[login]; ok && !a.Disabled {
			open = append(open, login)
		}
	}
	if len(open) == 0 {
		return nil
	}
	d.book.Closed = slices.Compact(slices.Sorted(slices.Values(append(d.book.Closed, open...)))) // noted before it is done: an end in between is undone at the next start
	if err := d.keep(ctx); err != nil {
		return err
	}
	for _, login := range open {
		if err := d.disable(ctx, login, true); err != nil {
			return err
		}
	}
	return nil
}

// enter makes the accounts that are not there.
func (d *demoPeople) enter(ctx context.Context, accounts []demoAccount) error {
	var missing []demoAccount
	for _, a := range accounts {
		if _, ok := d.there[a.login]; ok {
			continue
		}
		missing = append(missing, a)
		if !slices.Contains(d.book.Made, a.login) {
			d.book.Made = append(d.book.Made, a.login)
		}
	}
	if len(missing) == 0 && d.kept {
		return nil
	}
	if err := d.keep(ctx); err != nil {
		return err
	}
	for _, a := range missing {
		info, err := d.s.Accounts.Create(ctx, demoTenant, a.login, d.s.DemoPassword(a.login), a.agent, a.role)
		if err != nil && !errors.Is(err, access.ErrExists) { // by another process that starts
			return fmt.Errorf("making the demo account %s: %w", a.login, err)
		}
		d.there[a.login] = info
	}
	return nil
}

// works says whether the demo made the account and it is open.
func (d *demoPeople) works(login string) bool {
	return slices.Contains(d.book.Made, login) && !d.there[login].Disabled
}

// password says how to log in as one of the demo's accounts.
func (d *demoPeople) password(ctx context.Context, login string) (string, error) {
	switch {
	case !slices.Contains(d.book.Made, login):
		return "password of whoever made this account", nil
	case d.there[login].Disabled:
		return "is disabled", nil
	}
	// It is no log-in: nothing of it is audited, and nobody gets the session.
	a, err := access.New(d.s.Objects, d.s.Master, time.Now, nil)
	if err != nil {
		return "", err
	}
	_, _, err = a.Login(ctx, demoTenant, login, d.s.DemoPassword(login), "")
	if errors.Is(err, access.ErrDenied) {
		return "password was changed", nil
	}
	return "password " + d.s.DemoPassword(login), err
}
