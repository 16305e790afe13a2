package process

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/tributary-cc/tributary/cmd/tributary/setup"
	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// NotRunningError says that no process runs with a data folder.
type NotRunningError struct {
	Data string
	// PID and Started are those of a process that ended without cleaning up; zero where none is known.
	PID     int
	Started time.Time
}

// Error says what to do.
func (e *NotRunningError) Error() string {
	last := ""
	if e.PID != 0 {
		last = fmt.Sprintf(" (last pid %d, started %s)", e.PID, e.Started.Format(time.RFC3339))
	}
	return fmt.Sprintf("no process runs with the data folder %s%s; start `tributary run --data %s` (with --roles broker for the log alone), or name Kafka brokers in the configuration", e.Data, last, e.Data)
}

// NoInstallationError says that nothing was ever run in a folder. Commands make no installation: most likely the folder is
// another one.
type NoInstallationError struct{ Folder string }

// Error says what to do.
func (e *NoInstallationError) Error() string {
	return fmt.Sprintf("there is no installation in %s; name its folder by --data or its configuration by --config, or start one with `tributary run`", e.Folder)
}

// knockWait is how long a command waits for the broker of its machine to take a connection.
const knockWait = 2 * time.Second

// Running reads what the process of a data folder left, and knocks: one that was killed left it too.
func Running(ctx context.Context, data string) (RunFile, error) {
	r, err := ReadRunFile(data)
	if err != nil {
		return r, err
	}
	d := net.Dialer{Timeout: knockWait}
	conn, err := d.DialContext(ctx, "tcp", r.Broker)
	if err != nil {
		return r, errors.Join(&NotRunningError{data, r.PID, r.Started}, ctx.Err())
	}
	return r, conn.Close()
}

// Connect opens an installation beside the process that runs it, for a command.
func Connect(ctx context.Context, c Config, logger *slog.Logger) (*Spine, error) {
	c.Roles = nil
	if len(c.Kafka.Brokers) == 0 {
		if _, err := Running(ctx, c.Data); err != nil {
			return nil, err
		}
	}
	return openSpine(ctx, c, logger, false)
}

// OpenStores opens keys and accounts alone, for a command that needs no log.
func OpenStores(ctx context.Context, c Config, logger *slog.Logger) (*Spine, error) {
	s := &Spine{Config: c, Logger: logger}
	if err := s.openStores(ctx, false); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// ConnectOrStores is Connect; where the log does not answer it is OpenStores, and away says why there is no log. It is for
// commands that must work at any time: who leaves is locked out today.
func ConnectOrStores(ctx context.Context, c Config, logger *slog.Logger) (s *Spine, away, err error) {
	s, away = Connect(ctx, c, logger)
	if away == nil {
		pinging, cancel := context.WithTimeout(ctx, knockWait)
		defer cancel()
		if away = s.Log.Ping(pinging); away == nil {
			return s, nil, nil
		}
		_ = s.Close() // nothing was written
	}
	if s, err = OpenStores(ctx, c, logger); err != nil {
		return nil, away, err
	}
	return s, away, nil
}

// Audit takes what the operator does at the command line to the log.
func (s *Spine) Audit(ctx context.Context, tenant string, action access.Action, subject string) error {
	err := auditor{s}.Audit(ctx, access.Entry{Tenant: tenant, Actor: access.ActorOperator, Action: action, Subject: subject, Allowed: true})
	if err != nil {
		return fmt.Errorf("nothing was done, as it cannot be audited: %w", err)
	}
	return nil
}

// InstallationTenant is the tenant under which is audited what concerns the whole installation: where access tells what concerns no tenant.
const InstallationTenant = access.Installation

// InForce is a tenant's configuration.
type InForce struct {
	Version uint64
	Objects []*event.ConfigObject
	// Tenants are those that have a configuration, by name; it may be empty by now.
	Tenants []string
	// changes are the tenant's latest, by version.
	changes []changed
}

var errEnough = errors.New("read to the end")

// ConfigInForce reads the facts of the configuration to their present end.
func (s *Spine) ConfigInForce(ctx context.Context, tenant string) (InForce, error) {
	first, end, err := s.Log.Bounds(ctx, event.TopicConfigFacts, 0)
	if err != nil || first >= end {
		return InForce{}, err
	}
	var in InForce
	objects := map[string]*event.ConfigObject{}
	err = engine.Follow(ctx, s.Log, event.TopicConfigFacts, 0, first, new(engine.Lanes), func(batch []engine.Delivered, next, _ int64) error {
		for _, d := range batch {
			a := d.Event.GetConfigApplied()
			if a == nil {
				continue
			}
			in.Version = a.GetVersion()
			if !slices.Contains(in.Tenants, d.Event.GetTenant()) {
				in.Tenants = append(in.Tenants, d.Event.GetTenant())
			}
			if d.Event.GetTenant() == tenant {
				lay(objects, a.GetObjects())
				in.changed(a.GetVersion(), a.GetObjects())
			}
		}
		if next >= end {
			return errEnough
		}
		return nil
	})
	if !errors.Is(err, errEnough) {
		return InForce{}, err
	}
	slices.Sort(in.Tenants)
	for _, o := range objects {
		in.Objects = append(in.Objects, o)
	}
	slices.SortFunc(in.Objects, func(a, b *event.ConfigObject) int { return strings.Compare(setup.What(a), setup.What(b)) })
	return in, nil
}

func lay(objects map[string]*event.ConfigObject, changed []*event.ConfigObject) {
	for _, o := range changed {
		if o.GetRemoved() {
			delete(objects, setup.What(o))
		} else {
			objects[setup.What(o)] = o
		}
	}
}

// RefusedError says that a change of the configuration was refused as a whole.
type RefusedError struct {
	// Version stays in force.
	Version uint64
	Faults  []string
}

// Error lists the faults.
func (e *RefusedError) Error() string {
	return "the change was refused:\n  " + strings.Join(e.Faults, "\n  ")
}

// ChangeConfig asks for a change and waits for the fold's answer: the version that is in force with it, or all its faults.
func (s *Spine) ChangeConfig(ctx context.Context, tenant string, base uint64, objects []*event.ConfigObject, wait time.Duration) (uint64, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, wait, errors.New("no answer: does a process with the role folds run?"))
	defer cancel()
	_, end, err := s.Log.Bounds(ctx, event.TopicConfigFacts, 0)
	if err != nil {
		return 0, err
	}
	request := newID()
	id := event.CauseID("config", tenant, request)
	if err = s.Guard.Append(ctx, event.TopicConfigIn, &event.Event{
		Id: id[:], Tenant: tenant, Key: event.Key(tenant, "config"), AtMs: time.Now().UnixMilli(),
		Body: &event.Event_ConfigChange{ConfigChange: &event.ConfigChange{Objects: objects, Request: request, BaseVersion: base}},
	}, nil); err != nil {
		return 0, err
	}
	var version uint64
	err = s.Log.Read(ctx, event.TopicConfigFacts, 0, end, func(batch []event.Record, _ int64) error {
		for i := range batch {
			e, undecodable := event.Unmarshal(batch[i].Value)
			if undecodable != nil {
				continue
			}
			if r := e.GetConfigRefused(); r.GetRequest() == request {
				return &RefusedError{r.GetVersion(), r.GetFaults()}
			}
			if a := e.GetConfigApplied(); a.GetRequest() == request {
				version = a.GetVersion()
				return errEnough
			}
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return version, nil
	}
	return 0, err
}
