// Package config is the fold that decides which configuration is in force: it reads config.in, which has one partition,
// numbers each change that it accepts, and tells all partitions of conversation.in and routing.in, and config.facts.
//
// It promises that a change is applied as a whole or not at all, that versions count up by one over the installation, that
// every inbox partition meets each version exactly once and in order, and that the writer of a refused change is told all
// its faults by a fact. Its own validation is the part that needs the state: references exist, the version that the writer
// started from is in force. Everything a file alone can get wrong is found before, where the file and the line are known.
package config

import (
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// DefaultQueue exists in every tenant without being configured: what arrives at an entry point that nobody configured
// waits there, so that it is not lost.
const DefaultQueue = "default"

const (
	// maxSize leaves room for what a fact adds to the change that it repeats.
	maxSize = event.MaxSize - 4096
	// maxFaults bounds a refusal.
	maxFaults = 50
)

var (
	objects  = engine.NewTable[event.ConfigRow]("object")
	versions = engine.NewTable[event.ConfigRow]("version")
	requests = engine.NewTable[event.Seen]("request")
)

// installation is the one key of the version's table.
const installation = "installation"

// Processor is the configuration's place on the log.
func Processor() engine.Processor {
	return engine.Processor{
		Name: "config", Inbox: event.TopicConfigIn,
		Outputs: []event.Topic{event.TopicConversationIn, event.TopicRoutingIn, event.TopicConfigFacts},
		New:     func() engine.Fold { return fold{} },
	}
}

// fold holds nothing besides its tables.
type fold struct{}

// Restore has nothing to derive.
func (fold) Restore(*engine.Tx) error { return nil }

// Fire is never called: config sets no timers.
func (fold) Fire(_ *engine.Tx, timer string) error {
	return engine.Refuse("config sets no timers, so %q is not its own", timer)
}

// Apply judges one change.
func (fold) Apply(tx *engine.Tx, e *event.Event) error {
	change := e.GetConfigChange()
	switch {
	case change == nil:
		return engine.Refuse("config takes changes, not a %T", e.GetBody())
	case e.GetTenant() == "" || strings.Contains(e.GetTenant(), "/"):
		return engine.Refuse("a change of the configuration needs a tenant, whose id has no slash")
	case len(e.GetId()) == 0:
		return engine.Refuse("an event without an id cannot be told from its repeat")
	}
	seen := requests.Get(tx, e.GetTenant())
	if seen == nil {
		seen = new(event.Seen)
	}
	repeat, err := engine.Seen(seen, string(e.GetId()), e.GetAtMs())
	if err != nil || repeat {
		return err
	}
	requests.Put(tx, e.GetTenant(), seen)

	version := versions.Get(tx, installation).GetVersion()
	if faults := validate(tx, e.GetTenant(), version, change); len(faults) > 0 {
		refuse(tx, e, version, faults)
		return nil
	}
	apply(tx, e, version+1)
	return nil
}

// apply stores the objects and tells everybody.
func apply(tx *engine.Tx, e *event.Event, version uint64) {
	change := e.GetConfigChange()
	for _, o := range change.GetObjects() {
		kind, id := name(o)
		key := rowKey(e.GetTenant(), kind, id)
		if o.GetRemoved() {
			objects.Delete(tx, key)
			continue
		}
		objects.Put(tx, key, &event.ConfigRow{Object: o, Version: version})
	}
	versions.Put(tx, installation, &event.ConfigRow{Version: version})
	applied := &event.Event{
		Tenant: e.GetTenant(), ConfigVersion: version,
		Body: &event.Event_ConfigApplied{ConfigApplied: &event.ConfigApplied{
			Version: version, Objects: change.GetObjects(), Request: change.GetRequest(),
		}},
	}
	for _, topic := range []event.Topic{event.TopicConversationIn, event.TopicRoutingIn, event.TopicConfigFacts} {
		told := proto.CloneOf(applied)
		told.Key = event.Key(e.GetTenant(), "config")
		for _, o := range told.GetConfigApplied().GetObjects() {
			if p := o.GetPolicy(); p != nil && topic != event.TopicConfigFacts {
				p.Tests = "" // who routes has no use for them
			}
		}
		tx.EmitAll(topic, told)
	}
}

// refuse tells the writer, who waits for a fact with the request's id.
func refuse(tx *engine.Tx, e *event.Event, version uint64, faults []string) {
	if len(faults) > maxFaults {
		faults = append(faults[:maxFaults], "and more")
	}
	tx.Emit(event.TopicConfigFacts, &event.Event{
		Tenant: e.GetTenant(), Key: event.Key(e.GetTenant(), "config"), ConfigVersion: version,
		Body: &event.Event_ConfigRefused{ConfigRefused: &event.ConfigRefused{
			Request: e.GetConfigChange().GetRequest(), Version: version, Faults: faults,
		}},
	})
}

func rowKey(tenant, kind, id string) string { return event.Key(tenant, kind+"/"+id) }
