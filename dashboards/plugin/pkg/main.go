// Command gpx_tributary is the back end of Tributary's data source in Grafana: Grafana starts it and speaks to it over gRPC. It speaks
// to nothing but Tributary's API; who may see what is decided there.
package main

import (
	"os"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend/datasource"
	"github.com/grafana/grafana-plugin-sdk-go/backend/log"

	"github.com/tributary-cc/tributary/dashboards/plugin/pkg/plugin"
)

func main() {
	if err := datasource.Manage(plugin.ID, plugin.Factory(time.Now), datasource.ManageOpts{}); err != nil { //nolint:forbidigo // a main like those in cmd: here the clock comes in
		log.DefaultLogger.Error("The data source's back end ended", "error", err)
		os.Exit(1) //nolint:forbidigo // a main like those in cmd: Grafana reads the code
	}
}
