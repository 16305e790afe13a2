package plugin

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// mark is one annotation as the API says it.
type mark struct {
	AtMs    int64           `json:"at_ms"`
	Kind    string          `json:"kind"`
	Version json.RawMessage `json:"version"`
	Title   string          `json:"title"`
	Text    string          `json:"text"`
	Tags    []string        `json:"tags"`
}

// annotations are the configurations and policies put in force within the time range, in the fields that Grafana looks for.
func (d *Datasource) annotations(ctx context.Context, who caller, from backend.DataQuery) (data.Frames, error) {
	var answer struct {
		Annotations []mark `json:"annotations"`
	}
	span := url.Values{
		"from_ms": {strconv.FormatInt(from.TimeRange.From.UnixMilli(), 10)}, "to_ms": {strconv.FormatInt(from.TimeRange.To.UnixMilli(), 10)},
	}
	if err := d.client.get(ctx, who, "/api/boards/annotations", span, &answer); err != nil {
		return nil, err
	}
	rows := len(answer.Annotations)
	times, ids, titles := make([]time.Time, rows), make([]string, rows), make([]string, rows)
	texts, tags, kinds, versions := make([]string, rows), make([]string, rows), make([]string, rows), make([]string, rows)
	for i, m := range answer.Annotations {
		version := ""
		if len(m.Version) > 0 {
			var err error
			if version, err = textOf(m.Version); err != nil {
				return nil, strange("/api/boards/annotations", err)
			}
		}
		times[i], kinds[i], versions[i], ids[i] = time.UnixMilli(m.AtMs).UTC(), m.Kind, version, m.Kind+"-"+version
		titles[i], texts[i], tags[i] = m.Title, m.Text, strings.Join(m.Tags, ",")
	}
	frame := data.NewFrame(kindAnnotations,
		data.NewField("time", nil, times), data.NewField("title", nil, titles), data.NewField("text", nil, texts), data.NewField("tags", nil, tags),
		data.NewField("id", nil, ids), data.NewField("kind", nil, kinds), data.NewField("version", nil, versions))
	frame.SetMeta(&data.FrameMeta{Type: data.FrameTypeTable, DataTopic: data.DataTopicAnnotations})
	return data.Frames{frame}, nil
}
