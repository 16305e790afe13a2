package plugin

import (
	"context"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/httpclient"
	"github.com/grafana/grafana-plugin-sdk-go/backend/instancemgmt"
	"github.com/grafana/grafana-plugin-sdk-go/backend/resource/httpadapter"
	_ "github.com/grafana/grafana-plugin-sdk-go/backend/tracing"
	_ "github.com/grafana/grafana-plugin-sdk-go/data"
	_ "github.com/hashicorp/go-plugin"
)

const ID = "x"

var _ = httpadapter.New
var _ = httpclient.New

func New(ctx context.Context, s backend.DataSourceInstanceSettings) (instancemgmt.Instance, error) {
	return nil, nil
}
