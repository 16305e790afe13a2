package privacy_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/privacy"
)

func TestMask(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		// Chinese mobiles in the forms people and machines write.
		{"我的电话13800138000，谢谢", "我的电话138****8000，谢谢"},
		{"电话：138 0013 8000", "电话：138****8000"},
		{"139-1234-5678或15912345678", "139****5678或159****5678"},
		{"１３８００１３８０００", "138****8000"},
		{"+86 138 0013 8000", "138****8000"},
		{"＋８６－１３８００１３８０００", "138****8000"},
		{"86-13800138000 / 008613800138000", "138****8000 / 138****8000"},
		{"+8613800138000", "138****8000"},
		{"幺三八零零幺三八零零零", "138****8000"},
		{"幺三八，零零幺三，八零零零", "138****8000"},
		{"**13800138000**", "**138****8000**"},
		{"13800138000 13900139000", "138****8000 139****9000"},
		{"13800138000、13900139000", "138****8000、139****9000"},
		// Other countries and landlines.
		{"call +44 20 7946 0018 now", "call ****0018 now"},
		{"call 020 7946 0018 now", "call ****018 now"},
		{"(212) 555-0198", "(****198"},
		{"+1 (212) 555-0198", "****198"},
		{"010-61424614", "****614"},
		// Identity cards: check character and date.
		{"身份证11010119900307803X。", "身份证**************803X。"},
		{"３１０１０４１９２３０７２０７３６８", "**************7368"},
		{"110101 19900307 803x", "**************803X"},
		// Bank cards: issuer, length, Luhn.
		{"4111 1111 1111 1111", "************1111"},
		{"卡号6222603167431954660", "卡号***************4660"},
		{"3782-822463-10005", "***********0005"},
		// E-mail.
		{"alice@example.com", "a***@example.com"},
		{"写给alice.wang+x@mail.example.com.cn。", "写给a***@mail.example.com.cn。"},
		{"al@example.com,bob@example.org", "***@example.com,b***@example.org"},
		{"13800138000@example.com", "1***@example.com"},
		{"ａｌｉｃｅ＠ｅｘａｍｐｌｅ．ｃｏｍ", "***＠ｅｘａｍｐｌｅ．ｃｏｍ"},
	} {
		require.Equal(t, c.want, privacy.Mask(c.text), "%q", c.text)
	}
}

func TestMaskLeavesAlone(t *testing.T) {
	for _, text := range []string{
		"", "你好", "订单号20240122000123456", "订单 2024012212345678", "SF1380013800012", "运单号YT13800138000123",
		"客服热线400-820-8820", "800-820-8820", "95588", "工号30058", "47013.59元", "2024年1月22日", "2024-01-22 10:30:45",
		"110101199003078034", "110101199013078515", "4111111111111112", "1234567890123456", "192.168.100.200", "v1.2.3-20240101",
		"一万三千五百", "三五个", "price 12.50@shop", "@alice", "a@b", "mail@localhost", "00000000000000000000000000",
		"138****8000", "a***@example.com", "12800138000", "3.14159265358979",
	} {
		require.Empty(t, privacy.Find(text), "%q", text)
		require.Equal(t, text, privacy.Mask(text))
	}
}

func TestFindOffsets(t *testing.T) {
	text := "我是１３８００１３８０００和bob@example.com"
	spans := privacy.Find(text)
	require.Len(t, spans, 2)
	require.Equal(t, privacy.KindPhone, spans[0].Kind)
	require.Equal(t, "１３８００１３８０００", text[spans[0].Start:spans[0].End])
	require.Equal(t, privacy.KindEmail, spans[1].Kind)
	require.Equal(t, "bob@example.com", text[spans[1].Start:spans[1].End])
}

func FuzzMask(f *testing.F) {
	for _, s := range []string{
		"13800138000 4000 1234 5678 1380013800 1bcd@x.com", "+(86)138-0013-8000x", "a@b.co@c.de＠f.gh", "一三八00138000X", "\xff13800138000\xfe",
		"4111 1111 1111 1111 13800138000", "０１０－６１４２４６１４",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		end := 0
		for _, s := range privacy.Find(text) {
			require.LessOrEqual(t, end, s.Start)
			require.Less(t, s.Start, s.End)
			require.LessOrEqual(t, s.End, len(text))
			end = s.End
		}
		masked := privacy.Mask(text)
		require.Equal(t, utf8.ValidString(text), utf8.ValidString(masked))
		require.Equal(t, masked, privacy.Mask(masked))
	})
}

func BenchmarkMask(b *testing.B) {
	for name, text := range map[string]string{
		"chat":   strings.Repeat("您好，我的订单号是20240122000123，电话13800138000，麻烦尽快处理一下，谢谢。Please write to alice@example.com. ", 100),
		"digits": strings.Repeat("1234 5678 9012 3456 7890 ", 400),
		"ats":    strings.Repeat("a@", 5000),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				privacy.Mask(text)
			}
		})
	}
}
