package conversation

import (
	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// What holds where nothing is configured, in milliseconds.
const (
	// DefaultGraceMS is how long a waiting customer may be away.
	DefaultGraceMS = 120_000
	// DefaultSilenceMS closes a conversation in which nothing is said.
	DefaultSilenceMS = 24 * 3600 * 1000
	// DefaultReopenMS is how long a closed conversation is taken up again.
	DefaultReopenMS = 24 * 3600 * 1000
	// DefaultIntentMS is how long routing waits for an intent.
	DefaultIntentMS = 1_500
)

const (
	// DefaultQueue takes what arrives where nobody configured a queue.
	DefaultQueue = "default"
	// mainDomain is the routing domain of queues that name none.
	mainDomain = "main"
)

var (
	configRows = engine.NewTable[event.ConfigRow]("config")
	versions   = engine.NewTable[event.ConfigRow]("version")
)

// settings are the parts of the configuration that conversations depend on, decoded from the table.
type settings struct {
	version     uint64
	queues      map[string]*event.Queue
	entryPoints map[string]*event.EntryPoint
	tenants     map[string]*event.TenantSettings
}

func newSettings() *settings {
	return &settings{
		queues: make(map[string]*event.Queue), entryPoints: make(map[string]*event.EntryPoint),
		tenants: make(map[string]*event.TenantSettings),
	}
}

func (s *settings) restore(tx *engine.Tx) {
	s.version = versions.Get(tx, "").GetVersion()
	configRows.Ascend(tx, "", func(key string, row *event.ConfigRow) bool {
		s.hold(key, row.GetObject())
		return true
	})
}

// hold takes an object into memory, or out of it. Keys of the kinds differ, as they do in the table.
func (s *settings) hold(key string, o *event.ConfigObject) {
	switch b := o.GetObject().(type) {
	case *event.ConfigObject_Queue:
		put(s.queues, key, b.Queue, o.GetRemoved())
	case *event.ConfigObject_EntryPoint:
		put(s.entryPoints, key, b.EntryPoint, o.GetRemoved())
	case *event.ConfigObject_Settings:
		put(s.tenants, key, b.Settings, o.GetRemoved())
	}
}

func put[V any](m map[string]V, key string, v V, removed bool) {
	if removed {
		delete(m, key)
		return
	}
	m[key] = v
}

// apply takes a version, of which only what conversations depend on is kept. It comes once and in order by its lane.
func (s *settings) apply(tx *engine.Tx, tenant string, applied *event.ConfigApplied) error {
	if tenant == "" || applied.GetVersion() <= s.version {
		return engine.Refuse("a configuration needs a tenant and a version above %d, which is in force", s.version)
	}
	for _, o := range applied.GetObjects() {
		key, kept := keep(tenant, o)
		if kept == nil {
			continue
		}
		s.hold(key, kept)
		if kept.GetRemoved() {
			configRows.Delete(tx, key)
			continue
		}
		configRows.Put(tx, key, &event.ConfigRow{Object: kept, Version: applied.GetVersion()})
	}
	s.version = applied.GetVersion()
	versions.Put(tx, "", &event.ConfigRow{Version: s.version})
	return nil
}

// keep gives the part of an object that is needed here, and its key.
func keep(tenant string, o *event.ConfigObject) (string, *event.ConfigObject) {
	kept := &event.ConfigObject{Removed: o.GetRemoved()}
	switch b := o.GetObject().(type) {
	case *event.ConfigObject_Queue:
		q := b.Queue
		kept.Object = &event.ConfigObject_Queue{Queue: &event.Queue{
			Id: q.GetId(), Domain: q.GetDomain(), WrapUpMs: q.GetWrapUpMs(), GraceMs: q.GetGraceMs(), Priority: q.GetPriority(),
		}}
		return queueKey(tenant, q.GetId()), kept
	case *event.ConfigObject_EntryPoint:
		p := b.EntryPoint
		kept.Object = &event.ConfigObject_EntryPoint{EntryPoint: &event.EntryPoint{
			Id: p.GetId(), Queue: p.GetQueue(), Language: p.GetLanguage(), IntentModel: p.GetIntentModel(),
			IntentDeadlineMs: p.GetIntentDeadlineMs(), Survey: p.GetSurvey(),
		}}
		return entryPointKey(tenant, p.GetId()), kept
	case *event.ConfigObject_Settings:
		kept.Object = b
		return tenant, kept
	default:
		return "", nil
	}
}

func queueKey(tenant, id string) string      { return tenant + "/queue/" + id }
func entryPointKey(tenant, id string) string { return tenant + "/entry/" + id }

// queue gives a queue, or one with the defaults where none is configured, and whether it is.
func (s *settings) queue(tenant, id string) (*event.Queue, bool) {
	if q := s.queues[queueKey(tenant, id)]; q != nil {
		return q, true
	}
	return &event.Queue{Id: id}, id == DefaultQueue
}

// entryPoint gives an entry point, nil where none is configured.
func (s *settings) entryPoint(tenant, id string) *event.EntryPoint {
	return s.entryPoints[entryPointKey(tenant, id)]
}

// arrival gives the queue of an entry point.
func (s *settings) arrival(tenant, entryPoint string) string {
	if q := s.entryPoint(tenant, entryPoint).GetQueue(); q != "" {
		return q
	}
	return DefaultQueue
}

// deadline is how long routing waits for the intent of who arrives at an entry point.
func (s *settings) deadline(tenant, entryPoint string) int64 {
	return orElse(s.entryPoint(tenant, entryPoint).GetIntentDeadlineMs(), DefaultIntentMS)
}

func (s *settings) grace(tenant, queue string) int64 {
	q, _ := s.queue(tenant, queue)
	return orElse(q.GetGraceMs(), DefaultGraceMS)
}

func (s *settings) silence(tenant string) int64 {
	return orElse(s.tenants[tenant].GetSilenceMs(), DefaultSilenceMS)
}

func (s *settings) reopen(tenant string) int64 {
	return orElse(s.tenants[tenant].GetReopenMs(), DefaultReopenMS)
}

func orElse(v, otherwise int64) int64 {
	if v > 0 {
		return v
	}
	return otherwise
}
