package grafana

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/dashboards/boards"
)

func at(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := Address(text)
	require.NoError(t, err)
	return u
}

func options(t *testing.T, grafana *url.URL) Options {
	t.Helper()
	return Options{
		URL: grafana, Token: goodToken, Tributary: at(t, "https://tributary.example.com/"), TributaryToken: "secret-of-tributary", Folder: "Tributary",
	}
}

func TestAnEmptyGrafanaIsSetUpAndThenLeftAlone(t *testing.T) {
	s := newStandIn(t)
	o := options(t, s.start())
	r, err := Provision(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, "12.4.2", r.Version)
	require.Equal(t, "tenant demo", r.Health)
	require.Equal(t, 9, r.Changes())
	require.Len(t, s.boards, 6)
	require.Equal(t, "https://tributary.example.com", as[map[string]any](t, s.sources["tributary"]["jsonData"])["url"])
	require.Equal(t, "secret-of-tributary", s.tokens["tributary"])
	require.True(t, s.plugins[boards.AppID])
	require.Equal(t, "tributary", s.boardFolder["tributary-wallboard"])

	s.writes = nil
	o.TributaryToken = "" // the data source has it
	r, err = Provision(t.Context(), o)
	require.NoError(t, err)
	require.Zero(t, r.Changes(), "%+v", r.Steps)
	require.Empty(t, s.writes)
	require.Equal(t, "secret-of-tributary", s.tokens["tributary"])

	text, err := json.Marshal(r)
	require.NoError(t, err)
	require.NotContains(t, string(text), "secret-of-tributary")
}

func TestWhatSomebodyChangedIsToldAndPutRight(t *testing.T) {
	s := newStandIn(t)
	o := options(t, s.start())
	_, err := Provision(t.Context(), o)
	require.NoError(t, err)
	s.boards["tributary-queues"]["title"] = "Mine"
	s.boards["tributary-queues"]["schemaVersion"] = 42.0 // a newer Grafana's
	s.boards["tributary-contacts"]["panels"] = []any{}
	s.boardFolder["tributary-wallboard"] = ""
	as[map[string]any](t, s.sources["tributary"]["jsonData"])["url"] = "https://old.example.com"
	s.folders["tributary"] = "Elsewhere"
	s.plugins[boards.AppID] = false
	s.writes = nil
	o.TributaryToken = ""

	o.Check = true
	checked, err := Provision(t.Context(), o)
	require.NoError(t, err)
	require.Empty(t, s.writes, "a check changed something")
	require.Equal(t, 6, checked.Changes())
	var told []string
	for _, step := range checked.Steps {
		told = append(told, step.Differences...)
	}
	all := strings.Join(told, "\n")
	for _, want := range []string{
		`title: "Mine", now "Queues"`, `panels: 0, now 4`, `folder: "", now "tributary"`, `jsonData.url: "https://old.example.com", now "https://tributary.example.com"`,
		`title: "Elsewhere", now "Tributary"`,
	} {
		require.Contains(t, all, want)
	}

	o.Check = false
	r, err := Provision(t.Context(), o)
	require.NoError(t, err)
	checked.Checked, checked.Health = false, r.Health
	require.Equal(t, checked, r, "the check told something else")
	require.Len(t, s.writes, 6)
	r, err = Provision(t.Context(), o)
	require.NoError(t, err)
	require.Zero(t, r.Changes())
}

// TestWhatIsNotOursInTheDataSourceStays: Grafana replaces a data source by what an update says.
func TestWhatIsNotOursInTheDataSourceStays(t *testing.T) {
	s := newStandIn(t)
	o := options(t, s.start())
	_, err := Provision(t.Context(), o)
	require.NoError(t, err)
	s.sources["tributary"]["isDefault"], s.sources["tributary"]["withCredentials"] = true, true
	data := as[map[string]any](t, s.sources["tributary"]["jsonData"])
	data["enableSecureSocksProxy"], data["foreign"] = true, map[string]any{"id": json.Number("9007199254740993")}
	data["url"], data["caCert"] = "https://old.example.com", "old"
	for _, token := range []string{"", "another-of-tributary"} {
		o.TributaryToken, s.writes = token, nil
		_, err = Provision(t.Context(), o)
		require.NoError(t, err)
		require.Equal(t, []string{"PUT /api/datasources/uid/tributary"}, s.writes)
		have := s.sources["tributary"]
		require.Equal(t, true, have["isDefault"])
		require.Equal(t, true, have["withCredentials"])
		text, jsonErr := json.Marshal(have["jsonData"])
		require.NoError(t, jsonErr)
		require.JSONEq(t, `{"url":"https://tributary.example.com","pageUrl":"","caCert":"","enableSecureSocksProxy":true,"foreign":{"id":9007199254740993}}`, string(text))
		require.Contains(t, string(text), "9007199254740993")
	}
	require.Equal(t, "another-of-tributary", s.tokens["tributary"])

	// One that somebody made by hand has no jsonData of ours.
	s.sources["tributary"] = map[string]any{"uid": "tributary", "type": boards.DatasourceType, "jsonData": nil, "isDefault": true}
	_, err = Provision(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, true, s.sources["tributary"]["isDefault"])
	require.Equal(t, "https://tributary.example.com", as[map[string]any](t, s.sources["tributary"]["jsonData"])["url"])
}

func TestACheckOfAnEmptyGrafanaChangesNothing(t *testing.T) {
	s := newStandIn(t)
	o := options(t, s.start())
	o.Check, o.Languages = true, []boards.Language{boards.Chinese}
	r, err := Provision(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, 6, r.Changes())
	require.Empty(t, s.writes)
}

func TestWhatStandsInTheWayIsToldWithWhatToDo(t *testing.T) {
	for name, c := range map[string]struct {
		given func(*standIn, *Options)
		want  []string
	}{
		"a wrong token": {func(_ *standIn, o *Options) { o.Token = "other" }, []string{"401", "Service accounts", "Admin"}},
		"a viewer's":    {func(s *standIn, _ *Options) { s.roleRefuses = "/api/folders" }, []string{"403", "role Admin"}},
		"too old":       {func(s *standIn, _ *Options) { s.version = "11.6.1" }, []string{"11.6.1", "12 or newer"}},
		"no version":    {func(s *standIn, _ *Options) { s.version = "next" }, []string{"which version"}},
		"no plugin":     {func(s *standIn, _ *Options) { delete(s.plugins, boards.AppID) }, []string{"no plugin " + boards.AppID, "unpack"}},
		"another's board": {func(s *standIn, _ *Options) {
			s.boards["tributary-queues"], s.provisioned["tributary-queues"] = map[string]any{}, "queues.json"
		}, []string{"tributary-queues", "queues.json", "remove that file"}},
		"unsigned": {func(s *standIn, _ *Options) {
			delete(s.plugins, boards.DatasourceType)
			s.faults[boards.DatasourceType] = "signatureMissing"
		}, []string{"signatureMissing", "allow_loading_unsigned_plugins = tributarycc-tributary-app,tributarycc-tributary-datasource"}},
		"no token yet": {func(_ *standIn, o *Options) { o.TributaryToken = "" }, []string{"--tributary-token-file", "tributary user token"}},
		"a file's": {func(s *standIn, _ *Options) {
			s.readOnly = true
			s.sources["tributary"] = map[string]any{"uid": "tributary", "type": boards.DatasourceType}
		}, []string{"a file provisions the data source"}},
		"another type": {func(s *standIn, _ *Options) {
			s.sources["tributary"] = map[string]any{"uid": "tributary", "type": "prometheus"}
		}, []string{"prometheus"}},
		"unreachable": {func(s *standIn, _ *Options) { s.healthy = false }, []string{"does not reach Tributary", "Tributary does not answer"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStandIn(t)
			o := options(t, s.start())
			c.given(s, &o)
			_, err := Provision(t.Context(), o)
			require.Error(t, err)
			for _, want := range c.want {
				require.Contains(t, err.Error(), want)
			}
			require.NotContains(t, err.Error(), "secret-of-tributary")
			require.NotContains(t, err.Error(), goodToken)
		})
	}
}

func TestAHiddenVersionIsAskedForWithTheToken(t *testing.T) {
	s := newStandIn(t)
	s.version = ""
	r, err := Provision(t.Context(), options(t, s.start()))
	require.NoError(t, err)
	require.Equal(t, "12.1.0", r.Version)
}

func TestWhatIsNoGrafanaIsToldSo(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"a page":  {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }, "log-in page"},
		"nothing": {http.NotFound, "is this the address of Grafana"},
		"elsewhere": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://login.example.com/x?y", http.StatusFound)
		}, "https://login.example.com now"},
		"a database": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"version":"12.0.0","database":"failing"}`))
		}, "failing"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(c.answer)
			defer server.Close()
			_, err := Provision(t.Context(), options(t, at(t, server.URL)))
			require.ErrorContains(t, err, c.want)
		})
	}
	for _, text := range []string{"", "grafana:3000", "ftp://x", "https://", "https://u:p@x", "https://x/?a=b"} {
		_, err := Address(text)
		require.Error(t, err, text)
	}
}
