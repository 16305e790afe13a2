package grafana

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

const goodToken = "glsa_good"

// standIn stands in for Grafana: it is a double, not Grafana. It follows the documented HTTP API (Health, Plugins, Folder, Data source,
// Dashboard) as far as it is used here, and fails the test at a call, a field or a header that it does not know.
type standIn struct {
	t  *testing.T
	mu sync.Mutex

	version     string
	plugins     map[string]bool   // loaded; whether it is enabled
	faults      map[string]string // found and not loaded: the error's code
	folders     map[string]string // uid → title
	sources     map[string]map[string]any
	tokens      map[string]string
	readOnly    bool
	boards      map[string]map[string]any
	boardFolder map[string]string
	provisioned map[string]string
	healthy     bool
	writes      []string
	roleRefuses string // a path's beginning that the token's role does not open
	id          float64
}

func newStandIn(t *testing.T) *standIn {
	t.Helper()
	return &standIn{
		t: t, version: "12.4.2", plugins: map[string]bool{"tributarycc-tributary-app": false, "tributarycc-tributary-datasource": false},
		faults: map[string]string{}, folders: map[string]string{}, sources: map[string]map[string]any{}, tokens: map[string]string{},
		boards: map[string]map[string]any{}, boardFolder: map[string]string{}, provisioned: map[string]string{}, healthy: true,
	}
}

// as reads a value whose type must be T.
func as[T any](t *testing.T, v any) T {
	t.Helper()
	out, is := v.(T)
	require.True(t, is, "%v is %T", v, v)
	return out
}

func (s *standIn) start() *url.URL {
	s.t.Helper()
	server := httptest.NewServer(s)
	s.t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	require.NoError(s.t, err)
	return u
}

// answer is a status and what is said as JSON.
type answer struct {
	status int
	body   any
}

func (s *standIn) say(status int, message string) answer {
	return answer{status, map[string]any{"message": message}}
}

func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.route(r)
	if r.Method != http.MethodGet && a.status == http.StatusOK {
		s.writes = append(s.writes, r.Method+" "+r.URL.Path)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	if err := json.NewEncoder(w).Encode(a.body); err != nil {
		s.t.Error(err)
	}
}

func (s *standIn) route(r *http.Request) answer {
	call := r.Method + " " + r.URL.Path
	if call == "GET /api/health" {
		return answer{http.StatusOK, map[string]any{"database": "ok", "version": s.version, "commit": "c"}}
	}
	switch {
	case r.Header.Get("Authorization") != "Bearer "+goodToken:
		return s.say(http.StatusUnauthorized, "Invalid API key")
	case s.roleRefuses != "" && strings.HasPrefix(r.URL.Path, s.roleRefuses):
		return s.say(http.StatusForbidden, "You'll need additional permissions to perform this action.")
	case call == "GET /api/frontend/settings":
		return answer{http.StatusOK, map[string]any{"buildInfo": map[string]any{"version": "12.1.0"}}}
	case call == "GET /api/plugins/errors":
		out := []any{}
		for id, code := range s.faults {
			out = append(out, map[string]any{"pluginId": id, "errorCode": code})
		}
		return answer{http.StatusOK, out}
	case strings.HasPrefix(r.URL.Path, "/api/plugins/") && strings.HasSuffix(r.URL.Path, "/settings"):
		return s.plugin(r, strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/api/plugins/"), "/settings"))
	case strings.HasPrefix(r.URL.Path, "/api/folders"):
		return s.folder(r, call)
	case strings.HasPrefix(r.URL.Path, "/api/datasources"):
		return s.source(r, call)
	case strings.HasPrefix(r.URL.Path, "/api/dashboards/"):
		return s.dashboard(r, call)
	}
	return s.unknown(call)
}

func (s *standIn) unknown(what string) answer {
	s.t.Errorf("the stand-in for Grafana does not know %s", what)
	return s.say(http.StatusNotImplemented, "the stand-in does not know "+what)
}

// body reads what was sent, and refuses fields that the documentation does not have.
func (s *standIn) body(r *http.Request, fields ...string) map[string]any {
	if r.Header.Get("Content-Type") != "application/json" {
		s.unknown("a body of the type " + r.Header.Get("Content-Type"))
	}
	var got map[string]any
	decoder := json.NewDecoder(r.Body)
	decoder.UseNumber()
	if err := decoder.Decode(&got); err != nil {
		s.t.Error(err)
	}
	known := map[string]bool{}
	for _, f := range fields {
		known[f] = true
	}
	for key := range got {
		if !known[key] {
			s.unknown(fmt.Sprintf("the field %s of %s %s", key, r.Method, r.URL.Path))
		}
	}
	return got
}

func (s *standIn) plugin(r *http.Request, id string) answer {
	enabled, there := s.plugins[id]
	switch {
	case !there:
		return s.say(http.StatusNotFound, "Plugin not found, no installed plugin with that id")
	case r.Method == http.MethodGet:
		return answer{http.StatusOK, map[string]any{"id": id, "enabled": enabled, "pinned": enabled, "jsonData": map[string]any{"kept": true}, "signature": "unsigned"}}
	case r.Method == http.MethodPost:
		b := s.body(r, "enabled", "pinned", "jsonData", "secureJsonData")
		require.Equal(s.t, map[string]any{"kept": true}, b["jsonData"], "settings of the app were lost")
		s.plugins[id] = b["enabled"] == true
		return s.say(http.StatusOK, "Plugin settings updated")
	}
	return s.unknown(r.Method + " of a plugin")
}

func (s *standIn) folder(r *http.Request, call string) answer {
	uid := strings.TrimPrefix(r.URL.Path, "/api/folders/")
	switch {
	case call == "POST /api/folders":
		b := s.body(r, "uid", "title", "parentUid")
		s.folders[as[string](s.t, b["uid"])] = as[string](s.t, b["title"])
		return answer{http.StatusOK, map[string]any{"uid": b["uid"], "title": b["title"], "id": 1}}
	case s.folders[uid] == "":
		return s.say(http.StatusNotFound, "folder not found")
	case r.Method == http.MethodGet:
		return answer{http.StatusOK, map[string]any{"uid": uid, "title": s.folders[uid], "version": 1}}
	case r.Method == http.MethodPut:
		b := s.body(r, "title", "version", "overwrite", "description")
		if b["overwrite"] != true {
			return s.say(http.StatusPreconditionFailed, "the folder has been changed by someone else")
		}
		s.folders[uid] = as[string](s.t, b["title"])
		return answer{http.StatusOK, map[string]any{"uid": uid}}
	}
	return s.unknown(call)
}

func (s *standIn) source(r *http.Request, call string) answer {
	fields := []string{
		"uid", "name", "type", "access", "url", "jsonData", "secureJsonData", "isDefault", "version",
		"user", "database", "basicAuth", "basicAuthUser", "withCredentials", "apiVersion",
	}
	uid, health := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/api/datasources/uid/"), "/health")
	have := s.sources[uid]
	switch {
	case call == "POST /api/datasources":
		return s.save(s.body(r, fields...))
	case have == nil:
		return s.say(http.StatusNotFound, "Data source not found")
	case health && !s.healthy:
		return answer{http.StatusBadRequest, map[string]any{"status": "ERROR", "message": "Tributary does not answer"}}
	case health:
		return answer{http.StatusOK, map[string]any{"status": "OK", "message": "tenant demo"}}
	case r.Method == http.MethodGet:
		out := maps.Clone(have)
		out["id"], out["orgId"], out["typeLogoUrl"], out["readOnly"] = 1, 1, "public/logo.svg", s.readOnly
		out["version"], out["secureJsonFields"] = 1, map[string]bool{"token": s.tokens[uid] != ""}
		return answer{http.StatusOK, out}
	case r.Method == http.MethodPut && s.readOnly:
		return s.say(http.StatusForbidden, "Cannot update read-only data source")
	case r.Method == http.MethodPut:
		return s.save(s.body(r, fields...))
	}
	return s.unknown(call)
}

// save keeps a secret that an update does not send, as Grafana does.
func (s *standIn) save(b map[string]any) answer {
	uid := as[string](s.t, b["uid"])
	if secure, sent := b["secureJsonData"].(map[string]any); sent {
		s.tokens[uid] = as[string](s.t, secure["token"])
	}
	delete(b, "secureJsonData")
	s.sources[uid] = b
	return answer{http.StatusOK, map[string]any{"message": "Datasource added", "datasource": b}}
}

func (s *standIn) dashboard(r *http.Request, call string) answer {
	if uid, is := strings.CutPrefix(call, "GET /api/dashboards/uid/"); is {
		if s.boards[uid] == nil {
			return s.say(http.StatusNotFound, "Dashboard not found")
		}
		file := s.provisioned[uid]
		return answer{http.StatusOK, map[string]any{"dashboard": s.boards[uid], "meta": map[string]any{
			"folderUid": s.boardFolder[uid], "provisioned": file != "", "provisionedExternalId": file,
		}}}
	}
	if call != "POST /api/dashboards/db" {
		return s.unknown(call)
	}
	b := s.body(r, "dashboard", "folderUid", "overwrite", "message")
	board := as[map[string]any](s.t, b["dashboard"])
	uid := as[string](s.t, board["uid"])
	switch {
	case s.provisioned[uid] != "":
		return s.say(http.StatusBadRequest, "Cannot save provisioned dashboard")
	case s.folders[as[string](s.t, b["folderUid"])] == "":
		return s.say(http.StatusBadRequest, "folder not found")
	case s.boards[uid] != nil && b["overwrite"] != true:
		return answer{http.StatusPreconditionFailed, map[string]any{"status": "version-mismatch", "message": "The dashboard has been changed by someone else"}}
	}
	s.id++
	board["id"], board["version"] = s.id, 1.0 // Grafana's own
	s.boards[uid], s.boardFolder[uid] = board, as[string](s.t, b["folderUid"])
	return answer{http.StatusOK, map[string]any{"id": s.id, "uid": uid, "status": "success", "version": 1, "url": "/d/" + uid}}
}
