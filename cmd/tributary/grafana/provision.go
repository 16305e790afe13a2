package grafana

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/tributary-cc/tributary/dashboards/boards"
)

const (
	folderUID   = "tributary"
	oldest      = 12 // the oldest major version of Grafana
	message     = "tributary grafana provision"
	maxDiffered = 10
)

// Options say which Grafana is set up, for which Tributary.
type Options struct {
	// URL is Grafana's, and Token that of a service account of its with the role Admin.
	URL   *url.URL
	Token string
	// Tributary is where Grafana reaches Tributary; Page, where people open it, the same if nil.
	Tributary, Page *url.URL
	// TributaryToken is that of a program with the role dashboards; empty to keep the one that the data source has.
	TributaryToken string
	// CACert is the PEM of the authority that signed Tributary's certificate; empty for those the system of Grafana trusts.
	CACert string
	// Folder is the title of the folder of the boards.
	Folder string
	// Languages are those of the boards; none for all.
	Languages []boards.Language
	// Check changes nothing and tells what would change.
	Check bool
	// Transport carries the calls; nil for the usual one.
	Transport http.RoundTripper
}

// What was done with a thing.
const (
	Unchanged = "unchanged"
	Created   = "created"
	Updated   = "updated"
	Enabled   = "enabled"
)

// Step is one thing that Grafana has for Tributary.
type Step struct {
	Kind  string `json:"kind"` // plugin, folder, data source, board
	UID   string `json:"uid"`
	Title string `json:"title,omitempty"`
	Done  string `json:"done"`
	// Differences are what was, or would be, changed: at most ten of them.
	Differences []string `json:"differences,omitempty"`
}

// Report is what was done, or when checking would be.
type Report struct {
	Grafana string `json:"grafana"`
	Version string `json:"version"`
	Checked bool   `json:"checked"` // only: nothing was changed
	Steps   []Step `json:"steps"`
	// Health is what the data source says about itself; empty where it was not asked.
	Health string `json:"health,omitempty"`
}

// Changes is how many steps are not as they should be, or were not.
func (r *Report) Changes() int {
	n := 0
	for _, s := range r.Steps {
		if s.Done != Unchanged {
			n++
		}
	}
	return n
}

// work is one run.
type work struct {
	*client
	o Options
	r *Report
}

// Provision sets Grafana up. With an error it gives what was done until then.
func Provision(ctx context.Context, o Options) (*Report, error) {
	w := &work{client: newClient(o.URL, o.Token, o.Transport), o: o, r: &Report{Grafana: o.URL.String(), Checked: o.Check, Steps: []Step{}}}
	for _, step := range []func(context.Context) error{w.version, w.plugins, w.folder, w.datasource, w.boards, w.health} {
		if err := step(ctx); err != nil {
			return w.r, err
		}
	}
	return w.r, nil
}

func (w *work) done(s Step) {
	if len(s.Differences) > maxDiffered {
		s.Differences = append(s.Differences[:maxDiffered:maxDiffered], fmt.Sprintf("and %d more", len(s.Differences)-maxDiffered))
	}
	w.r.Steps = append(w.r.Steps, s)
}

// version finds out whether this is a Grafana, and of an age that the plugin runs in.
func (w *work) version(ctx context.Context) error {
	var health struct{ Database, Version string }
	if err := w.call(ctx, http.MethodGet, "/api/health", nil, &health); err != nil {
		return err
	}
	if health.Version == "" { // hidden from who is not logged in
		var settings struct {
			BuildInfo struct{ Version string } `json:"buildInfo"`
		}
		if err := w.call(ctx, http.MethodGet, "/api/frontend/settings", nil, &settings); err != nil {
			return err
		}
		health.Version = settings.BuildInfo.Version
	}
	w.r.Version = health.Version
	major, _, _ := strings.Cut(health.Version, ".")
	n, err := strconv.Atoi(major)
	switch {
	case err != nil:
		return fmt.Errorf("%s does not say which version of Grafana it is", w.base)
	case n < oldest:
		return fmt.Errorf("%s is Grafana %s: the plugin and the boards need %d or newer", w.base, health.Version, oldest)
	case health.Database != "" && health.Database != "ok":
		return fmt.Errorf("the database of Grafana is %s", health.Database)
	}
	return nil
}

// plugins finds the app and its data source, and enables the app.
func (w *work) plugins(ctx context.Context) error {
	var app struct {
		Enabled  bool            `json:"enabled"`
		Pinned   bool            `json:"pinned"`
		JSONData json.RawMessage `json:"jsonData,omitempty"`
	}
	for _, id := range []string{boards.AppID, boards.DatasourceType} {
		var into any = &app
		if id != boards.AppID {
			into = nil
		}
		err := w.call(ctx, http.MethodGet, "/api/plugins/"+id+"/settings", nil, into)
		if isStatus(err, http.StatusNotFound) {
			return w.notLoaded(ctx, id)
		}
		if err != nil {
			return err
		}
	}
	s := Step{Kind: "plugin", UID: boards.AppID, Done: Unchanged}
	if !app.Enabled {
		s.Done = Enabled
		app.Enabled, app.Pinned = true, true
		if !w.o.Check {
			if err := w.call(ctx, http.MethodPost, "/api/plugins/"+boards.AppID+"/settings", app, nil); err != nil {
				return err
			}
		}
	}
	w.done(s)
	return nil
}

// notLoaded says why Grafana does not have a plugin.
func (w *work) notLoaded(ctx context.Context, id string) error {
	var faults []struct{ PluginID, ErrorCode string }
	if err := w.call(ctx, http.MethodGet, "/api/plugins/errors", nil, &faults); err != nil {
		return err
	}
	for _, f := range faults {
		if f.PluginID == id {
			return fmt.Errorf("Grafana found the plugin %s and did not load it (%s): allow both of its ids, "+ //nolint:staticcheck // a name begins it
				"[plugins] allow_loading_unsigned_plugins = %s,%s, and restart Grafana", id, f.ErrorCode, boards.AppID, boards.DatasourceType)
		}
	}
	return fmt.Errorf("this Grafana has no plugin %s: unpack it into Grafana's folder of plugins (deploy/grafana/README.md) and restart Grafana", id)
}

func (w *work) folder(ctx context.Context) error {
	type folder struct {
		UID   string `json:"uid"`
		Title string `json:"title"`
	}
	want := folder{folderUID, w.o.Folder}
	var have folder
	s := Step{Kind: "folder", UID: want.UID, Title: want.Title, Done: Unchanged}
	err := w.call(ctx, http.MethodGet, "/api/folders/"+want.UID, nil, &have)
	switch {
	case isStatus(err, http.StatusNotFound):
		s.Done, err = Created, nil
		if !w.o.Check {
			err = w.call(ctx, http.MethodPost, "/api/folders", want, nil)
		}
	case err == nil && have.Title != want.Title:
		s.Done, s.Differences = Updated, []string{fmt.Sprintf("title: %q, now %q", have.Title, want.Title)}
		if !w.o.Check {
			err = w.call(ctx, http.MethodPut, "/api/folders/"+want.UID, map[string]any{"title": want.Title, "overwrite": true}, nil)
		}
	}
	if err == nil {
		w.done(s)
	}
	return err
}

// source is a data source as Grafana takes it.
type source struct {
	UID            string            `json:"uid"`
	Name           string            `json:"name"`
	Type           string            `json:"type"`
	Access         string            `json:"access"`
	JSONData       map[string]any    `json:"jsonData"`
	SecureJSONData map[string]string `json:"secureJsonData,omitempty"`
}

// over is the data source that Grafana answered, with what s says written over it: an update replaces it whole, and somebody may have
// set what is not ours. The secrets that an update does not name Grafana keeps.
func (s source) over(answer json.RawMessage) (map[string]any, error) {
	var there map[string]json.RawMessage
	if err := json.Unmarshal(answer, &there); err != nil {
		return nil, fmt.Errorf("read the data source: %w", err)
	}
	var data map[string]json.RawMessage
	if text := there["jsonData"]; text != nil {
		if err := json.Unmarshal(text, &data); err != nil {
			return nil, fmt.Errorf("read the data source's jsonData: %w", err)
		}
	}
	for _, key := range []string{"id", "orgId", "typeLogoUrl", "secureJsonFields", "readOnly", "accessControl"} { // only ever read
		delete(there, key)
	}
	out, all := map[string]any{}, map[string]any{}
	for key, v := range there {
		out[key] = v
	}
	for key, v := range data {
		all[key] = v
	}
	maps.Copy(all, s.JSONData)
	out["uid"], out["name"], out["type"], out["access"], out["jsonData"] = s.UID, s.Name, s.Type, s.Access, all
	if s.SecureJSONData != nil {
		out["secureJsonData"] = s.SecureJSONData
	}
	return out, nil
}

func (w *work) datasource(ctx context.Context) error {
	want := source{UID: boards.DatasourceUID, Name: "Tributary", Type: boards.DatasourceType, Access: "proxy", JSONData: map[string]any{
		"url": w.o.Tributary.String(), "pageUrl": "", "caCert": w.o.CACert,
	}}
	if w.o.Page != nil {
		want.JSONData["pageUrl"] = w.o.Page.String()
	}
	told := asRead(want) // without the token
	if w.o.TributaryToken != "" {
		want.SecureJSONData = map[string]string{"token": w.o.TributaryToken}
	}
	var answer json.RawMessage
	path := "/api/datasources/uid/" + want.UID
	s := Step{Kind: "data source", UID: want.UID, Title: want.Name, Done: Unchanged}
	err := w.call(ctx, http.MethodGet, path, nil, &answer)
	if isStatus(err, http.StatusNotFound) {
		if want.SecureJSONData == nil {
			return errors.New("a new data source needs a token of Tributary: give --tributary-token-file (`tributary user add grafana --role dashboards`, then `tributary user token grafana`)")
		}
		s.Done, err = Created, nil
		if !w.o.Check {
			err = w.call(ctx, http.MethodPost, "/api/datasources", want, nil)
		}
	} else if err == nil {
		var have struct {
			source
			ReadOnly         bool            `json:"readOnly"`
			SecureJSONFields map[string]bool `json:"secureJsonFields"`
		}
		if err = json.Unmarshal(answer, &have); err != nil {
			return fmt.Errorf("read the data source: %w", err)
		}
		if have.Type != want.Type {
			return fmt.Errorf("the data source with the uid %s is of the type %s: remove it, or give it another uid", want.UID, have.Type)
		}
		if want.SecureJSONData == nil && !have.SecureJSONFields["token"] {
			return errors.New("the data source has no token: give --tributary-token-file")
		}
		if s.Differences = differences("", told, asRead(have.source)); want.SecureJSONData != nil {
			s.Differences = append(s.Differences, "token: set; Grafana does not tell the one it had")
		}
		if len(s.Differences) > 0 {
			if have.ReadOnly {
				return errors.New("a file provisions the data source: change it there (deploy/grafana/provisioning/datasources), or remove that file and restart Grafana")
			}
			s.Done = Updated
			if !w.o.Check {
				var whole map[string]any
				if whole, err = want.over(answer); err == nil {
					err = w.call(ctx, http.MethodPut, path, whole, nil)
				}
			}
		}
	}
	if err == nil {
		w.done(s)
	}
	return err
}

// health asks the data source whether it reaches Tributary.
func (w *work) health(ctx context.Context) error {
	if w.o.Check && w.r.Changes() > 0 {
		return nil // it may not be there, or is another one
	}
	var health struct{ Status, Message string }
	err := w.call(ctx, http.MethodGet, "/api/datasources/uid/"+boards.DatasourceUID+"/health", nil, &health)
	w.r.Health = health.Message
	var r *refused
	if errors.As(err, &r) && r.said != "" {
		w.r.Health = r.said
		return fmt.Errorf("everything is set up, but Grafana's data source does not reach Tributary at %s: %s", w.o.Tributary, r.said)
	}
	return err
}
