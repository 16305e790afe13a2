package process

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/cmd/tributary/yamlfile"
	"github.com/tributary-cc/tributary/models"
	"github.com/tributary-cc/tributary/models/local"
	"github.com/tributary-cc/tributary/models/openai/openaitest"
)

func written(t *testing.T, text string) string {
	file := filepath.Join(t.TempDir(), "tributary.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

func TestModelsOfTheConfiguration(t *testing.T) {
	c, err := ReadConfig(written(t, `
models:
  openai: {url: "https://models.example/v1", model: small-1, key_file: /run/key, timeout: 2s, max_concurrent: 4, price_in: 0.15, price_out: 0.6}
`))
	require.NoError(t, err)
	o := c.Models.OpenAI
	require.Equal(t, OpenAI{
		URL: "https://models.example/v1", Model: "small-1", KeyFile: "/run/key", Timeout: yamlfile.Duration(2 * time.Second), MaxConcurrent: 4, PriceIn: 0.15, PriceOut: 0.6, Sure: 500,
	}, o)

	_, err = ReadConfig(written(t, `
models:
  openai:
    url: http://models.example/v1
    timeout: 1h
    key_file: a
    key_env: B
    price_out: -1
`))
	for _, fault := range []string{"tributary.yaml:4", "models.openai.url", "models.openai.model", "tributary.yaml:5", "models.openai.timeout", "models.openai.key_env", "models.openai.price_out"} {
		require.ErrorContains(t, err, fault)
	}
	require.NoError(t, func() error { c := Default(); return c.Validate() }())
}

func TestKeysOfServers(t *testing.T) {
	s := openaitest.Start(t, func(openaitest.Request) (string, int) { return "x", 900 })
	m := defaultModels()
	none, err := m.openAI(nil)
	require.NoError(t, err)
	require.Nil(t, none)
	m.OpenAI.URL, m.OpenAI.Model, m.OpenAI.KeyFile = s.URL+"/v1", "m", written(t, "k-123\n")
	c, err := m.openAI(nil)
	require.NoError(t, err)
	defer c.Close()
	i, err := c.Intents([]string{"x"})
	require.NoError(t, err)
	_, err = i.Classify(t.Context(), models.Question{Text: "hello"})
	require.NoError(t, err)
	require.Equal(t, "Bearer k-123", s.Requests()[0].Authorization)
	m.OpenAI.KeyFile, m.OpenAI.KeyEnv = "", "TRIBUTARY_TEST_KEY"
	_, err = m.openAI(nil)
	require.ErrorContains(t, err, "TRIBUTARY_TEST_KEY")
}

func TestShelf(t *testing.T) {
	now := time.Unix(0, 0)
	s := &shelf{folder: t.TempDir(), now: func() time.Time { return now }}
	m, err := s.find(local.BankEnglish + "+openai")
	require.NoError(t, err)
	require.NotNil(t, m.First)
	require.Nil(t, m.Then, "no server is configured")
	for _, name := range []string{"../secret", "/etc/passwd", "", "A", "a.b"} {
		_, err = s.find(name)
		require.ErrorContains(t, err, "no intent model's name")
	}
	_, err = s.find("own")
	require.ErrorIs(t, err, os.ErrNotExist)
	file := filepath.Join(s.folder, "own.model")
	b, err := os.ReadFile("../../../models/local/trained/travel-zh.model")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, b, 0o600))
	_, err = s.find("own")
	require.Error(t, err, "an error stands for a while")
	now = now.Add(lookAgain)
	m, err = s.find("own")
	require.NoError(t, err)
	a, err := m.First.Classify(t.Context(), models.Question{Text: "帮我找一家评分高的酒店"})
	require.NoError(t, err)
	require.NotEmpty(t, a.Intent)
	require.NoError(t, os.WriteFile(filepath.Join(s.folder, "bad.model"), []byte("x"), 0o600))
	_, err = s.find("bad")
	require.ErrorIs(t, err, local.ErrInvalid)
}
