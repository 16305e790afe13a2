package plugin

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/tracing"
	"github.com/grafana/grafana-plugin-sdk-go/data"
)

const (
	streamPath = "wallboard/"
	// The waits between tries to follow the wallboard again; each is shortened by up to a half, so that many do not come at once.
	firstWait = 500 * time.Millisecond
	longest   = 15 * time.Second
)

var errDisposed = downstream(http.StatusServiceUnavailable, errors.New("the settings of the data source changed: the stream begins anew"))

// SubscribeStream lets a user follow the wallboard of what they may see: Tributary says which one that is.
func (d *Datasource) SubscribeStream(ctx context.Context, req *backend.SubscribeStreamRequest) (*backend.SubscribeStreamResponse, error) {
	scope, ok := strings.CutPrefix(req.Path, streamPath)
	if !ok || !isScope(scope) {
		return &backend.SubscribeStreamResponse{Status: backend.SubscribeStreamStatusNotFound}, nil
	}
	denied := &backend.SubscribeStreamResponse{Status: backend.SubscribeStreamStatusPermissionDenied}
	who, err := userOf(req.PluginContext.User)
	if err != nil {
		return denied, nil
	}
	me, err := d.me(ctx, who)
	if err != nil {
		f := asFault(err)
		if f.status == http.StatusForbidden || f.status == http.StatusUnauthorized {
			return denied, nil
		}
		return nil, f.withSource()
	}
	if me.Scope != scope {
		return denied, nil
	}
	// Who comes later gets rows without the fields' names from the stream: here they are, with the latest rows if there are any.
	frame, include := d.lives.latest(scope), data.IncludeAll
	if frame == nil {
		frame, include = data.NewFrame(kindWallboard, newFields(0).fields...), data.IncludeSchemaOnly
		frame.SetMeta(&data.FrameMeta{Type: data.FrameTypeTable})
	}
	initial, err := backend.NewInitialFrame(frame, include)
	if err != nil {
		return nil, fmt.Errorf("write the first frame: %w", err)
	}
	return &backend.SubscribeStreamResponse{Status: backend.SubscribeStreamStatusOK, InitialData: initial}, nil
}

// PublishStream refuses: nobody writes to the wallboard.
func (*Datasource) PublishStream(context.Context, *backend.PublishStreamRequest) (*backend.PublishStreamResponse, error) {
	return &backend.PublishStreamResponse{Status: backend.PublishStreamStatusPermissionDenied}, nil
}

// RunStream follows the wallboard of a scope as the service, once for all who look at it, and sends each change. When the connection is
// lost it says so on the board and tries again, for as long as Grafana wants it. It ends with the context, and when the settings change:
// then with an error, so that Grafana begins anew with the new ones.
func (d *Datasource) RunStream(ctx context.Context, req *backend.RunStreamRequest, sender *backend.StreamSender) error {
	scope, ok := strings.CutPrefix(req.Path, streamPath)
	if !ok || !isScope(scope) {
		return wrong("there is no stream %.60q", req.Path).withSource()
	}
	if d.fault != nil {
		return d.fault.withSource()
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(d.alive, cancel)() //nolint:contextcheck // the life of the instance ends its streams too
	ctx, span := tracing.DefaultTracer().Start(ctx, "tributary live")
	defer span.End()
	live := d.lives.begin(scope, sender)
	defer d.lives.end(scope, live)
	wait := d.firstWait
	for failures := 0; ; failures++ {
		err := d.client.follow(ctx, theService, scope, func(s *snapshot) error {
			failures, wait = 0, d.firstWait
			return live.send(wallboardFrame(s))
		})
		switch {
		case d.alive.Err() != nil:
			return errDisposed.withSource()
		case ctx.Err() != nil:
			return ctx.Err()
		case live.broken != nil:
			return fmt.Errorf("send a frame to Grafana: %w", live.broken)
		}
		f := asFault(err)
		backend.Logger.FromContext(ctx).Debug("The live wallboard is followed again", "status", f.status, "failures", failures+1)
		if failures > 0 || f.status < 500 {
			if live.stale(f) != nil {
				return fmt.Errorf("send a frame to Grafana: %w", live.broken)
			}
		}
		if !pause(ctx, jitter(wait)) && d.alive.Err() == nil {
			return ctx.Err()
		}
		wait = min(2*wait, longest)
	}
}

func jitter(d time.Duration) time.Duration {
	return d/2 + rand.N(d/2+1) //nolint:gosec // spreads tries; nothing secret hangs on it
}

// pause waits, and answers false if the context ended before.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
