package deploy

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/dashboards/boards"
)

// The structures below are those of Grafana's documentation (Administration, Provision Grafana): a key that is not among them, Grafana
// would pass over without a word.

type datasourceFile struct {
	APIVersion        int   `yaml:"apiVersion"`
	Prune             bool  `yaml:"prune"`
	DeleteDatasources []any `yaml:"deleteDatasources"`
	Datasources       []struct {
		Name           string            `yaml:"name"`
		UID            string            `yaml:"uid"`
		Type           string            `yaml:"type"`
		Access         string            `yaml:"access"`
		OrgID          int               `yaml:"orgId"`
		IsDefault      bool              `yaml:"isDefault"`
		Editable       bool              `yaml:"editable"`
		Version        int               `yaml:"version"`
		JSONData       map[string]string `yaml:"jsonData"`
		SecureJSONData map[string]string `yaml:"secureJsonData"`
	} `yaml:"datasources"`
}

type pluginFile struct {
	APIVersion int `yaml:"apiVersion"`
	Apps       []struct {
		Type     string         `yaml:"type"`
		OrgID    int            `yaml:"org_id"`
		OrgName  string         `yaml:"org_name"`
		Disabled bool           `yaml:"disabled"`
		JSONData map[string]any `yaml:"jsonData"`
	} `yaml:"apps"`
}

type dashboardFile struct {
	APIVersion int `yaml:"apiVersion"`
	Providers  []struct {
		Name                  string `yaml:"name"`
		OrgID                 int    `yaml:"orgId"`
		Folder                string `yaml:"folder"`
		FolderUID             string `yaml:"folderUid"`
		Type                  string `yaml:"type"`
		DisableDeletion       bool   `yaml:"disableDeletion"`
		AllowUIUpdates        bool   `yaml:"allowUiUpdates"`
		UpdateIntervalSeconds int    `yaml:"updateIntervalSeconds"`
		Options               struct {
			Path                      string `yaml:"path"`
			FoldersFromFilesStructure bool   `yaml:"foldersFromFilesStructure"`
		} `yaml:"options"`
	} `yaml:"providers"`
}

type composeFile struct {
	Services map[string]struct {
		Image       string            `yaml:"image"`
		Restart     string            `yaml:"restart"`
		Ports       []string          `yaml:"ports"`
		ExtraHosts  []string          `yaml:"extra_hosts"`
		Environment map[string]string `yaml:"environment"`
		Volumes     []string          `yaml:"volumes"`
	} `yaml:"services"`
	Volumes map[string]any `yaml:"volumes"`
}

func read(t *testing.T, name string, into any) string {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	require.NoError(t, yaml.UnmarshalWithOptions(text, into, yaml.Strict()), name)
	return string(text)
}

const both = boards.AppID + "," + boards.DatasourceType

func TestProvisioningIsWhatGrafanaReads(t *testing.T) {
	var sources datasourceFile
	text := read(t, "provisioning/datasources/tributary.yaml", &sources)
	require.Len(t, sources.Datasources, 1)
	s := sources.Datasources[0]
	require.Equal(t, []string{boards.DatasourceUID, boards.DatasourceType, "proxy"}, []string{s.UID, s.Type, s.Access})
	require.Equal(t, map[string]string{"url": "$TRIBUTARY_URL", "pageUrl": "$TRIBUTARY_PAGE_URL", "caCert": "$TRIBUTARY_CA_CERT"}, s.JSONData)
	require.Equal(t, map[string]string{"token": "$TRIBUTARY_TOKEN"}, s.SecureJSONData)

	var apps pluginFile
	read(t, "provisioning/plugins/tributary.yaml", &apps)
	require.Len(t, apps.Apps, 1)
	require.Equal(t, boards.AppID, apps.Apps[0].Type)
	require.False(t, apps.Apps[0].Disabled)

	var providers dashboardFile
	read(t, "provisioning/dashboards/tributary.yaml", &providers)
	require.Len(t, providers.Providers, 1)
	p := providers.Providers[0]
	require.Equal(t, []string{"file", "Tributary", "tributary"}, []string{p.Type, p.Folder, p.FolderUID})

	var compose composeFile
	read(t, "docker-compose.yaml", &compose)
	grafana := compose.Services["grafana"]
	require.Regexp(t, `^grafana/grafana:1[2-9]\.\d+\.\d+$`, grafana.Image)
	require.Equal(t, both, grafana.Environment["GF_PLUGINS_ALLOW_LOADING_UNSIGNED_PLUGINS"])
	for _, m := range regexp.MustCompile(`\$([A-Z_]+)`).FindAllStringSubmatch(text, -1) {
		require.Contains(t, grafana.Environment, m[1], "the data source reads it and nobody sets it")
	}
	inside := map[string]string{}
	for _, v := range grafana.Volumes {
		parts := strings.Split(v, ":")
		inside[parts[1]] = parts[0]
	}
	require.DirExists(t, inside[p.Options.Path])
	files, err := filepath.Glob(filepath.Join(inside[p.Options.Path], "*.*.json"))
	require.NoError(t, err)
	require.Len(t, files, 6)
	require.Contains(t, inside, "/var/lib/grafana/plugins/"+boards.AppID)
	require.DirExists(t, inside["/etc/grafana/provisioning"])
}

// TestNothingElseLooksLikeABoard: Grafana reads every JSON file of the provider's folder, those of folders in it too.
func TestNothingElseLooksLikeABoard(t *testing.T) {
	require.NoError(t, filepath.WalkDir("../../dashboards/boards", func(path string, _ os.DirEntry, err error) error {
		if strings.HasSuffix(path, ".json") {
			require.Regexp(t, `/boards/(wallboard|queues|contacts)\.(en|zh-CN)\.json$`, path)
		}
		return err
	}))
}

func TestTheSettingsNameBothPlugins(t *testing.T) {
	text, err := os.ReadFile("grafana.ini")
	require.NoError(t, err)
	section, settings := "", map[string]string{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, ";"):
		case strings.HasPrefix(line, "["):
			section = strings.Trim(line, "[]")
		default:
			key, value, is := strings.Cut(line, " = ")
			require.True(t, is, line)
			settings[section+"."+key] = value
		}
	}
	require.Equal(t, map[string]string{"plugins.allow_loading_unsigned_plugins": both, "live.max_connections": "1000"}, settings)
}

func TestTheReadmeNamesFilesAndVariablesThatAreThere(t *testing.T) {
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	for _, m := range regexp.MustCompile(`\]\(([^)#]+)\)`).FindAllStringSubmatch(string(text), -1) {
		if !strings.Contains(m[1], "://") {
			_, err := os.Stat(m[1])
			require.NoError(t, err)
		}
	}
	var compose composeFile
	read(t, "docker-compose.yaml", &compose)
	named := regexp.MustCompile("`(TRIBUTARY_[A-Z_]+)`").FindAllStringSubmatch(string(text), -1)
	require.Len(t, named, 4)
	for _, m := range named {
		require.Contains(t, compose.Services["grafana"].Environment, m[1])
	}
	require.True(t, slices.Contains(strings.Fields(string(text)), "provision"))
}

// TestTheReadmeWarnsOfWhatGrafanaDecides: who sees what hangs on settings of Grafana that nothing here can make.
func TestTheReadmeWarnsOfWhatGrafanaDecides(t *testing.T) {
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	_, know, is := strings.Cut(string(text), "\n## What to know\n")
	require.True(t, is)
	know = strings.Join(strings.Fields(know), " ")
	for _, want := range []string{
		"by the Grafana login alone", "SSO, LDAP or an auth proxy", "must exist in Grafana first", "whoever may write alert rules (Editors by default)",
		"query caching of Grafana Enterprise off", "a change of rights within about a minute",
	} {
		require.Contains(t, know, want)
	}
}
