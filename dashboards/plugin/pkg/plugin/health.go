package plugin

import (
	"context"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

// CheckHealth tells whether Tributary is reached and takes the token, and for which tenant; or what is wrong and what to do.
func (d *Datasource) CheckHealth(ctx context.Context, _ *backend.CheckHealthRequest) (*backend.CheckHealthResult, error) {
	me, err := d.me(ctx, theService)
	if err != nil {
		return &backend.CheckHealthResult{Status: backend.HealthStatusError, Message: sentence(asFault(err).Error())}, nil
	}
	// The queries are what everything else needs: a token may be good and the account's role not.
	if err := d.catalog.refresh(ctx); err != nil {
		return &backend.CheckHealthResult{Status: backend.HealthStatusError, Message: sentence(asFault(err).Error())}, nil
	}
	message := "Tributary answers for the tenant " + me.Tenant
	if me.Version != "" {
		message += ", version " + me.Version
	}
	message += "."
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
