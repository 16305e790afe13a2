package enrich

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/models"
	"github.com/tributary-cc/tributary/models/openai/openaitest"
	"github.com/tributary-cc/tributary/stream/event"
)

// vague is a text that bank-en is unsure of.
const vague = "hi there, something is odd"

func lost(openaitest.Request) (string, int) { return "lost_or_stolen_card", 910 }

func TestASureModelAnswersAtOnce(t *testing.T) {
	bubble(t, func(w *world) {
		w.config(bank(), travel())
		server, client := w.served(lost)
		s, _ := w.enrich(resolver(w.t, client))
		pass(time.Second)
		require.NoError(t, s.Ready())
		address := w.write("ada", "bank", "My card was stolen yesterday, please block it")
		w.write("bo", "travel", "帮我找一家评分高的酒店")
		pass(20 * time.Millisecond)
		routed := w.routed()
		require.Equal(t, "lost_or_stolen_card", routed["ada"].GetIntent())
		require.Equal(t, "en", routed["ada"].GetLanguage())
		require.Equal(t, "service", routed["ada"].GetQueue())
		require.NotEmpty(t, routed["bo"].GetIntent())
		require.Equal(t, "zh", routed["bo"].GetLanguage())
		require.Empty(t, server.Requests(), "who is sure asks nobody")
		for _, e := range w.found() {
			f := e.GetIntentFound()
			require.Equal(t, []string{"local", "sure"}, []string{f.GetStage(), f.GetReason()})
			require.NotEmpty(t, f.GetModel())
			require.NotEmpty(t, f.GetModelVersion())
			require.NotEmpty(t, f.GetMessage())
			require.NotEmpty(t, f.GetConversation())
			require.NotEmpty(t, f.GetGuesses())
			require.LessOrEqual(t, len(f.GetGuesses()), maxGuesses)
			require.Nil(t, e.GetSealed())
			require.NotEmpty(t, e.GetCause())
			if e.GetCustomer() == "ada" {
				require.Equal(t, address, e.GetAddress())
				require.Equal(t, f.GetConfidence(), routed["ada"].GetConfidence())
			}
		}
	})
}

func TestTheServerIsAskedWhereTheModelIsUnsure(t *testing.T) {
	bubble(t, func(w *world) {
		w.config(bank())
		server, client := w.served(lost)
		w.enrich(resolver(w.t, client))
		pass(time.Second)
		w.write("ada", "bank", vague)
		pass(20 * time.Millisecond)
		require.Len(t, server.Requests(), 1)
		require.Equal(t, "lost_or_stolen_card", w.routed()["ada"].GetIntent())
		f := w.found()[0].GetIntentFound()
		require.Equal(t, []string{"openai", "answered", "small-1", "small-1"}, []string{f.GetStage(), f.GetReason(), f.GetModel(), f.GetModelVersion()})
		require.NotEmpty(t, f.GetPrompt())
		require.Equal(t, []uint32{910, 400, 20, 400}, []uint32{f.GetConfidence(), f.GetTokensIn(), f.GetTokensOut(), uint32(f.GetCostMicros())})
		require.Equal(t, "lost_or_stolen_card", f.GetGuesses()[0].GetIntent())
		require.Greater(t, len(f.GetGuesses()), 1, "and the first model's")
	})
}

// The same chat, whatever the server does: the right intent, or the fall-back within the deadline.
func TestWhateverTheServerDoes(t *testing.T) {
	type want struct {
		reason, intent string
		within         time.Duration
	}
	deadline := DefaultDeadline - margin
	cases := map[string]want{
		openaitest.On: {"answered", "lost_or_stolen_card", 10 * time.Millisecond}, openaitest.ErrorOnce: {"answered", "lost_or_stolen_card", 200 * time.Millisecond},
		openaitest.Hang: {"deadline", "", deadline}, openaitest.Error500: {"failed", "", 200 * time.Millisecond}, openaitest.Error429: {"failed", "", 200 * time.Millisecond},
		openaitest.BusyLong: {"failed", "", 10 * time.Millisecond}, openaitest.Denied: {"failed", "", 10 * time.Millisecond}, openaitest.Filtered: {"failed", "", 10 * time.Millisecond},
		openaitest.Redirect: {"failed", "", 10 * time.Millisecond}, openaitest.CutOff: {"failed", "", 200 * time.Millisecond}, openaitest.Drop: {"failed", "", 200 * time.Millisecond},
		"slow": {"answered", "lost_or_stolen_card", time.Second}, "too slow": {"deadline", "", deadline}, "off": {"failed", "", 200 * time.Millisecond},
	}
	for _, lie := range openaitest.Lies() {
		cases[lie] = want{"invalid", "", 10 * time.Millisecond}
	}
	for mode, want := range cases {
		t.Run(mode, func(t *testing.T) {
			bubble(t, func(w *world) {
				w.config(bank())
				server, client := w.served(lost)
				w.enrich(resolver(w.t, client))
				switch mode {
				case "off":
					server.Close()
				case "too slow":
					server.Be(openaitest.Slow)
					server.Delay(2 * time.Second)
				case openaitest.Slow:
					server.Delay(900 * time.Millisecond)
					server.Be(mode)
				default:
					server.Be(mode)
				}
				pass(time.Second)
				w.write("ada", "bank", vague)
				pass(want.within + 10*time.Millisecond)
				r := w.routed()["ada"]
				require.NotNil(t, r, "routing was asked in time")
				require.Equal(t, want.intent, r.GetIntent())
				require.Equal(t, "service", r.GetQueue())
				f := w.found()[0].GetIntentFound()
				require.Equal(t, want.reason, f.GetReason())
				require.NotEmpty(t, f.GetGuesses())
				if want.intent == "" {
					require.Equal(t, "local", f.GetStage())
					require.Zero(t, f.GetConfidence())
				}
				require.NotContains(t, w.said.String(), "odd", "no text is logged")
				pass(3 * time.Second)
				require.Len(t, w.found(), 1)
			})
		})
	}
}

// Where nobody looks for intents, or its process is dead, routing goes on by its own deadline.
func TestNobodyThere(t *testing.T) {
	bubble(t, func(w *world) {
		w.config(bank())
		pass(time.Second)
		w.write("ada", "bank", vague)
		pass(DefaultDeadline - 100*time.Millisecond)
		require.Empty(t, w.routed())
		pass(2 * time.Second)
		require.NotNil(t, w.routed()["ada"])
	})
}

func TestADeadServerIsLeftAlone(t *testing.T) {
	bubble(t, func(w *world) {
		w.config(bank())
		server, client := w.served(lost)
		w.enrich(resolver(w.t, client))
		server.Be(openaitest.Denied)
		pass(time.Second)
		for _, c := range []string{"a", "b", "c", "d", "e", "f", "g"} {
			w.write(c, "bank", vague)
			pass(10 * time.Millisecond)
		}
		require.Len(t, w.routed(), 7)
		require.Len(t, server.Requests(), 5)
		reasons := map[string]int{}
		for _, e := range w.found() {
			reasons[e.GetIntentFound().GetReason()]++
		}
		require.Equal(t, map[string]int{"failed": 5, "breaker_open": 2}, reasons)
	})
}

func TestOverloadedAsksOnlyTheModelInTheProcess(t *testing.T) {
	bubble(t, func(w *world) {
		w.config(bank())
		find := func(name string) (Model, error) {
			m, err := resolver(w.t, nil)(name)
			m.Then = hanging{}
			return m, err
		}
		w.enrich(find, func(c *Config) { c.Asking = 1 })
		pass(time.Second)
		w.write("ada", "bank", vague)
		pass(10 * time.Millisecond)
		w.write("bo", "bank", vague)
		pass(10 * time.Millisecond)
		require.Len(t, w.routed(), 1, "the second one is not kept waiting")
		require.NotNil(t, w.routed()["bo"])
		pass(DefaultDeadline)
		require.NotNil(t, w.routed()["ada"])
	})
}

// dawdling is a guard that takes its time.
type dawdling struct{ Guard }

func (d dawdling) Append(ctx context.Context, topic event.Topic, e *event.Event, c *event.Content) error {
	time.Sleep(50 * time.Millisecond) //nolint:forbidigo // the bubble's clock
	return d.Guard.Append(ctx, topic, e, c)
}

// Two processes do the same: each contact has one fact of an intent.
func TestSeveralProcesses(t *testing.T) {
	bubble(t, func(w *world) {
		w.config(bank())
		// Each is done before it hears of the other's.
		late := func(c *Config) { c.Guard = dawdling{w.guard} }
		_, stop := w.enrich(resolver(w.t, nil), late)
		w.enrich(resolver(w.t, nil), late)
		pass(time.Second)
		w.write("ada", "bank", "My card was stolen yesterday, please block it")
		w.write("bo", "bank", vague)
		pass(time.Second)
		require.Len(t, w.routed(), 2)
		ids := map[string]int{}
		for _, e := range w.found() {
			ids[event.IDText(e.GetId())]++
		}
		require.Len(t, ids, 2)
		require.Len(t, w.found(), 4)
		facts := 0
		for _, e := range w.events(event.TopicConversationFacts) {
			if e.GetIntentFound() != nil {
				facts++
			}
		}
		require.Equal(t, 2, facts)
		stop()
	})
}

func TestAStartReadsWhoStillWaits(t *testing.T) {
	bubble(t, func(w *world) {
		p := bank()
		p.IntentDeadlineMs = 10_000
		w.config(p)
		pass(time.Second)
		w.write("early", "bank", "My card was stolen")
		pass(20 * time.Second)
		w.write("ada", "bank", "My card was stolen yesterday, please block it")
		pass(time.Second)
		s, stop := w.enrich(resolver(w.t, nil))
		pass(time.Second)
		require.NoError(t, s.Ready())
		require.Len(t, w.found(), 1, "who is routed is not asked about")
		require.Equal(t, "lost_or_stolen_card", w.routed()["ada"].GetIntent())
		require.Empty(t, w.routed()["early"].GetIntent())
		stop()
		w.enrich(resolver(w.t, nil), func(c *Config) { c.LookBack = 1 })
		pass(time.Second)
		w.write("bo", "bank", "My card was stolen yesterday, please block it")
		pass(time.Second)
		require.Equal(t, "lost_or_stolen_card", w.routed()["bo"].GetIntent(), "who looks back less misses nothing new")
	})
}

func TestWhatIsErasedIsLeftOut(t *testing.T) {
	bubble(t, func(w *world) {
		w.config(bank())
		address := w.write("ada", "bank", "My card was stolen yesterday, please block it")
		require.NoError(t, w.keys.Erase(context.Background(), "acme", address))
		w.enrich(resolver(w.t, nil))
		pass(4 * time.Second)
		require.Empty(t, w.found())
		require.NotNil(t, w.routed()["ada"], "and routed by the deadline")
	})
}

// What says nothing waits for what follows.
func TestTheFirstWords(t *testing.T) {
	bubble(t, func(w *world) {
		w.config(bank())
		w.enrich(resolver(w.t, nil))
		pass(time.Second)
		w.write("ada", "bank", " ")
		pass(100 * time.Millisecond)
		require.Empty(t, w.routed())
		w.write("ada", "bank", "My card was stolen yesterday, please block it")
		pass(600 * time.Millisecond)
		require.Equal(t, "lost_or_stolen_card", w.routed()["ada"].GetIntent())
	})
}

func TestAnUnknownModelIsSaidOnce(t *testing.T) {
	bubble(t, func(w *world) {
		p := bank()
		p.IntentModel = "bank-fr"
		w.config(p)
		w.enrich(resolver(w.t, nil))
		pass(time.Second)
		w.write("ada", "bank", vague)
		w.write("bo", "bank", vague)
		pass(4 * time.Second)
		require.Empty(t, w.found())
		require.Len(t, w.routed(), 2)
		require.Contains(t, w.said.String(), "bank-fr")
	})
}

func TestLanguage(t *testing.T) {
	for text, want := range map[string]string{
		"我的 iPhone 银行卡丢了": "zh", "my card": "en", "Where is 北京路 branch of your bank please": "en", "123 !?": "", "": "", "你好": "zh",
	} {
		require.Equal(t, want, languageOf(text), text)
	}
}

func TestGuesses(t *testing.T) {
	got := guesses([]models.Guess{{Intent: "a", Confidence: 1200}, {Intent: "b", Confidence: 5}}, []models.Guess{{Intent: "b", Confidence: 9}, {Intent: "c", Confidence: -1}, {Intent: "d"}, {Intent: "e"}, {Intent: "f"}})
	var names string
	for _, g := range got {
		names += g.GetIntent()
		require.LessOrEqual(t, g.GetConfidence(), uint32(1000))
	}
	require.Equal(t, "abcde", names)
}
