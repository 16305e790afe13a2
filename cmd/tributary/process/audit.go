package process

import (
	"context"
	"time"

	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/event"
)

// auditor takes what access decided to the log. A command that works on the stores alone has no log, and says so: it is the
// operator's own shell.
type auditor struct{ spine *Spine }

var _ access.Auditor = auditor{}

// Audit appends an entry and waits for the log.
func (a auditor) Audit(ctx context.Context, e access.Entry) error {
	if a.spine.Guard == nil {
		return nil
	}
	outcome := "denied"
	if e.Allowed {
		outcome = "allowed"
	}
	id := event.CauseID("audit", e.Tenant, newID())
	return a.spine.Guard.Append(ctx, event.TopicAudit, &event.Event{
		Id: id[:], Tenant: e.Tenant, Key: event.Key(e.Tenant, e.Actor), AtMs: time.Now().UnixMilli(),
		Body: &event.Event_Audit{Audit: &event.Audit{Actor: e.Actor, Action: string(e.Action), Subject: e.Subject, Outcome: outcome}},
	}, nil)
}
