package plugin

import (
	"context"
	"fmt"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

// CheckHealth tells whether Tributary is reached and takes the token, and for which tenant; or what is wrong and what to do.
func (d *Datasource) CheckHealth(ctx context.Context, _ *backend.CheckHealthRequest) (*backend.CheckHealthResult, error) {
	me, err := d.me(ctx, theService)
	var queries int
	if err == nil {
		// The queries are what everything else needs, and they are read anew: an administrator saves the settings to have that done.
		queries, err = d.catalog.refresh(ctx)
	}
	if err != nil {
		return &backend.CheckHealthResult{Status: backend.HealthStatusError, Message: sentence(asFault(err).Error())}, nil
	}
	message := fmt.Sprintf("Tributary answers for the tenant %s: %d queries.", me.Tenant, queries)
	if d.client.settings.inTheClear() {
		message += " The URL begins with http://: the token and the numbers travel unencrypted."
	}
	return &backend.CheckHealthResult{Status: backend.HealthStatusOk, Message: message}, nil
}

// sentence makes of an error what a person reads on a page.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:] + "."
}
