package local

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/models"
)

func embedded(t testing.TB, name string) *Model {
	t.Helper()
	m, err := Embedded(name)
	require.NoError(t, err)
	return m
}

func TestBankEnglish(t *testing.T) {
	m := embedded(t, BankEnglish)
	require.Len(t, m.Info().Labels, 77)
	require.Equal(t, "CC-BY-4.0", m.Info().Licence)
	for text, want := range map[string]string{
		"I lost my card, what should I do?":                        "lost_or_stolen_card",
		"Someone stole my card":                                    "lost_or_stolen_card",
		"how do I activate my new card":                            "activate_my_card",
		"I forgot my passcode":                                     "passcode_forgotten",
		"What is the exchange rate for euros?":                     "exchange_rate",
		"my new card still has not arrived":                        "card_arrival",
		"the ATM swallowed my card":                                "card_swallowed",
		"I want to close my account":                               "terminate_account",
		"how do I change my PIN":                                   "change_pin",
		"why was I charged a fee for withdrawing cash":             "cash_withdrawal_charge",
		"How can I verify my identity?":                            "verify_my_identity",
		"I would like a refund for something I bought":             "request_refund",
		"I was charged twice for the same purchase":                "transaction_charged_twice",
		"My phone was stolen, can somebody still use the account?": "lost_or_stolen_phone",
	} {
		a := ask(t, m, text)
		require.Equal(t, want, a.Intent, text)
		require.Equal(t, "en", a.Language)
	}
	sure := ask(t, m, "How can I verify my identity?")
	require.False(t, sure.Unsure)
	require.Greater(t, sure.Confidence, 900)
}

func TestTravelChinese(t *testing.T) {
	m := embedded(t, TravelChinese)
	require.Len(t, m.Info().Labels, 8)
	for text, want := range map[string]string{
		"你好，帮我推荐一家酒店": "hotel", "我想找一家豪华型的酒店住宿": "hotel", "这家酒店提供早餐吗": "hotel",
		"请推荐一家人均消费100元的餐馆": "restaurant", "我想吃北京烤鸭，有什么餐馆推荐": "restaurant", "这家餐厅有什么推荐菜": "restaurant",
		"有没有免费的景点可以游玩": "attraction", "推荐一个评分5分的景点": "attraction", "这个景点的门票多少钱": "attraction",
		"帮我叫一辆出租车": "taxi", "最近的地铁站是哪个": "metro", "谢谢你的帮助": "general_thank", "好的，再见": "general_bye",
	} {
		a := ask(t, m, text)
		require.Equal(t, want, a.Intent, text)
		require.Equal(t, "zh", a.Language)
	}
}

// What "it" is stands before.
func TestTravelChineseReadsWhatStandsBefore(t *testing.T) {
	m := embedded(t, TravelChinese)
	for before, want := range map[string]string{
		"你好，帮我推荐一家评分4.5分以上的酒店": "hotel", "我想吃北京烤鸭，请推荐一家餐馆": "restaurant", "推荐一个免费的景点游玩": "attraction",
	} {
		require.Equal(t, want, askAfter(t, m, "好的，它的地址和电话是多少？", before).Intent)
		require.Equal(t, "taxi", askAfter(t, m, "帮我叫一辆出租车", before).Intent)
	}
	after, ok := m.After()
	require.True(t, ok)
	require.Greater(t, after.Accuracy, 950)
	_, ok = embedded(t, BankEnglish).After()
	require.False(t, ok)
}

func TestEmbeddedAreUnsureOfNonsense(t *testing.T) {
	for _, name := range Names() {
		m := embedded(t, name)
		for _, text := range []string{"", "   ", "🙈🙉🙊", "xqzvk wjfpq zzkx", "...", "\x00\x01", "Привет, как дела?", "asdkjh qweoiu zmxncb"} {
			require.True(t, ask(t, m, text).Unsure, "%s: %q", name, text)
		}
		for _, text := range hostile {
			checkAnswer(t, m, ask(t, m, text))
		}
	}
	require.True(t, ask(t, embedded(t, BankEnglish), "我的银行卡丢了").Unsure)
	require.True(t, ask(t, embedded(t, TravelChinese), "my card was stolen yesterday").Unsure)
}

func TestEmbeddedAreSmall(t *testing.T) {
	total := 0
	for _, name := range Names() {
		total += embedded(t, name).Size()
	}
	require.Less(t, total, 10_000_000)
	_, err := Embedded("../doc")
	require.ErrorContains(t, err, "no model")
}

func BenchmarkClassify(b *testing.B) {
	for name, text := range map[string]string{
		BankEnglish:   "I lost my card yesterday in a shop, what should I do now?",
		TravelChinese: "你好，我想找一个评分4.5分以上，可以游玩3小时的景点，给我推荐一个吧。",
	} {
		m := embedded(b, name)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = m.Classify(b.Context(), models.Question{Text: text})
			}
		})
	}
}
