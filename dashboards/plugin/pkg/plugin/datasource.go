package plugin

import (
	"context"
	"net/http"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/datasource"
	"github.com/grafana/grafana-plugin-sdk-go/backend/instancemgmt"
	"github.com/grafana/grafana-plugin-sdk-go/backend/resource/httpadapter"
)

// ID is the data source's id in its plugin.json.
const ID = "tributarycc-tributary-datasource"

// Datasource answers for one set of settings. Grafana makes another one when they change, and disposes of this.
type Datasource struct {
	backend.CallResourceHandler

	// fault is what is wrong with the settings; then nothing below is there.
	fault   *fault
	client  *client
	catalog *catalog
	lives   *lives
	now     func() time.Time
	// firstWait is how long a stream waits before the first try to follow again.
	firstWait time.Duration
	// alive ends with Dispose.
	alive   context.Context //nolint:containedctx // the life of the instance, which its streams must not outlive
	dispose context.CancelFunc
}

var (
	_ backend.QueryDataHandler      = (*Datasource)(nil)
	_ backend.CheckHealthHandler    = (*Datasource)(nil)
	_ backend.CallResourceHandler   = (*Datasource)(nil)
	_ backend.StreamHandler         = (*Datasource)(nil)
	_ instancemgmt.InstanceDisposer = (*Datasource)(nil)
)

// Factory makes data sources with a clock. Settings that are not complete make one that says so to whatever it is asked.
func Factory(now func() time.Time) datasource.InstanceFactoryFunc {
	return func(ctx context.Context, from backend.DataSourceInstanceSettings) (instancemgmt.Instance, error) {
		return open(ctx, from, now)
	}
}

func open(ctx context.Context, from backend.DataSourceInstanceSettings, now func() time.Time) (*Datasource, error) {
	d := &Datasource{now: now, lives: newLives(), firstWait: firstWait}
	// The request that needs the data source first must not end it.
	d.alive, d.dispose = context.WithCancel(context.WithoutCancel(ctx))
	d.CallResourceHandler = httpadapter.New(d.resources())
	s, err := readSettings(from)
	if err != nil {
		d.fault = downstream(http.StatusBadRequest, err)
		return d, nil
	}
	d.client = &client{settings: s, timeout: callTimeout, silence: silence}
	if d.client.http, d.client.transport, err = s.httpClient(ctx, from); err != nil {
		d.fault = downstream(http.StatusBadRequest, err)
		return d, nil
	}
	d.catalog = newCatalog(d.client, now)
	return d, nil
}

// Dispose ends the streams and closes the connections. Calls under way end by themselves.
func (d *Datasource) Dispose() {
	d.dispose()
	if d.fault == nil {
		d.client.close()
	}
}
