package enrich

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/tributary-cc/tributary/models/local"
	"github.com/tributary-cc/tributary/models/openai/openaitest"
	"github.com/tributary-cc/tributary/stream/event"
)

//go:embed testdata
var injections embed.FS

func attempts(t *testing.T, language string) []string {
	b, err := injections.ReadFile("testdata/injections-" + language + ".txt")
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	require.Len(t, lines, 50)
	return lines
}

// Whatever a customer writes, and even where the server does as the customer says, nothing comes of it but one of the intents: the request
// to route is the same as of a customer who asks a plain question.
func TestTextsAreDataOnly(t *testing.T) {
	obedient := []string{
		openaitest.On, openaitest.UnknownIntent, openaitest.Echo, openaitest.ExtraField, openaitest.ToolCall, openaitest.TooSure, openaitest.Array,
		openaitest.ExtraText, openaitest.Prose,
	}
	for _, c := range []struct{ language, point, model, plain string }{
		{"en", "bank", local.BankEnglish, "My card was stolen yesterday, please block it"},
		{"zh", "travel", local.TravelChinese, "帮我找一家评分高的酒店"},
	} {
		t.Run(c.language, func(t *testing.T) {
			model, err := local.Embedded(c.model)
			require.NoError(t, err)
			labels := model.Info().Labels
			bubble(t, func(w *world) {
				w.config(bank(), travel())
				server, client := w.served(func(openaitest.Request) (string, int) { return labels[0], 990 })
				w.enrich(resolver(w.t, client))
				pass(time.Second)
				w.write("plain", c.point, c.plain)
				pass(300 * time.Millisecond)
				for i, text := range attempts(t, c.language) {
					server.Be(obedient[i%len(obedient)])
					w.write(fmt.Sprint("c", i), c.point, text)
					pass(300 * time.Millisecond)
				}
				pass(2 * time.Second)
				routed := w.routed()
				require.Len(t, routed, 51)
				plain := bare(routed["plain"])
				require.Empty(t, plain.GetTier())
				require.Empty(t, plain.GetTags())
				for customer, r := range routed {
					require.True(t, proto.Equal(plain, bare(r)), "%s: %v", customer, r)
					require.True(t, r.GetIntent() == "" || slices.Contains(labels, r.GetIntent()), r.GetIntent())
				}
				w.checkFound(labels, attempts(t, c.language))
				for _, asked := range server.Requests() {
					require.Len(t, asked.Messages, 2)
					require.Equal(t, server.Requests()[0].Messages[0], asked.Messages[0], "the instruction is always the same")
					var data map[string]string
					require.NoError(t, json.Unmarshal([]byte(asked.Messages[1].Content), &data))
					require.Len(t, data, 1)
				}
				t.Logf("%d of 50 attempts asked the server", len(server.Requests()))
			})
		})
	}
}

// checkFound checks that what was appended holds nothing but the models' own words.
func (w *world) checkFound(labels, texts []string) {
	found := w.found()
	require.Len(w.t, found, 51)
	for _, e := range found {
		f := e.GetIntentFound()
		require.Equal(w.t, []string{"acme", "acme/" + e.GetCustomer()}, []string{e.GetTenant(), e.GetKey()})
		require.Nil(w.t, e.GetSealed())
		require.True(w.t, f.GetIntent() == "" || slices.Contains(labels, f.GetIntent()), f.GetIntent())
		for _, g := range f.GetGuesses() {
			require.Contains(w.t, labels, g.GetIntent())
		}
		require.Contains(w.t, []string{"", "en", "zh"}, f.GetLanguage())
		require.Contains(w.t, []string{local.BankEnglish, local.TravelChinese, "small-1"}, f.GetModel())
		raw, err := event.Marshal(e)
		require.NoError(w.t, err)
		for _, text := range texts {
			require.NotContains(w.t, string(raw), text)
		}
	}
	for _, text := range texts {
		require.NotContains(w.t, w.said.String(), text)
	}
}

// bare is a request without what may differ: whose it is, when, and what the models said.
func bare(r *event.RouteRequest) *event.RouteRequest {
	r = proto.CloneOf(r)
	r.Contact, r.Conversation, r.Customer, r.EnqueuedMs, r.Intent, r.Confidence, r.Language = "", "", "", 0, "", 0, ""
	return r
}
