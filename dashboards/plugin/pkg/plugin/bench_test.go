package plugin

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

// BenchmarkPanel is what a panel costs here: 20 queues in 48 intervals.
func BenchmarkPanel(b *testing.B) {
	var rows strings.Builder
	for i := range 960 {
		fmt.Fprintf(&rows, `,[%d,"queue-%d",40,30,8000,75.25,50.5]`, begun.UnixMilli()+int64(i/20)*1_800_000, i%20)
	}
	answer := `{"results":[{"ref":"0","columns":[{"name":"interval_ms","type":"Int64","unit":"moment"},{"name":"queue","type":"String","unit":""},` +
		`{"name":"enqueued","type":"UInt64","unit":"count"},{"name":"answered","type":"UInt64","unit":"count"},{"name":"asa_ms","type":"Nullable(Int64)","unit":"ms"},` +
		`{"name":"sl_connect","type":"Float64","unit":"percent"},{"name":"sl_copc","type":"Float64","unit":"percent"}],"rows":[` + rows.String()[1:] + `]}]}`
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/queries" {
			write(w, map[string]any{"queries": doubleQueries})
			return
		}
		_, _ = w.Write([]byte(answer))
	}))
	defer api.Close()
	d, err := open(context.Background(), backend.DataSourceInstanceSettings{
		JSONData: []byte(`{"url":"` + api.URL + `"}`), DecryptedSecureJSONData: map[string]string{"token": token},
	}, func() time.Time { return begun })
	if err != nil {
		b.Fatal(err)
	}
	defer d.Dispose()
	for _, format := range []string{formatTable, formatSeries} {
		b.Run(format, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r, err := d.QueryData(b.Context(), &backend.QueryDataRequest{
					PluginContext: backend.PluginContext{User: sue}, Queries: []backend.DataQuery{query("A", `{`+byInterval+`,"format":"`+format+`"}`)},
				})
				if err != nil || r.Responses["A"].Error != nil {
					b.Fatal(err, r.Responses["A"].Error)
				}
			}
		})
	}
}
