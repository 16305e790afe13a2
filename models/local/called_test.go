package local

import (
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

func TestEveryLabelInTheBinaryIsCalledSomething(t *testing.T) {
	used := 0
	for _, model := range Names() {
		info := embedded(t, model).Info()
		for _, label := range info.Labels {
			names := Called(label)
			require.NotEmpty(t, names["zh"], label)
			require.NotContains(t, names["en"], "_", label)
			require.True(t, unicode.IsUpper([]rune(names["en"])[0]), label)
			used++
		}
	}
	require.Len(t, chinese, used, "a name of a label that there is not")
	require.Equal(t, "ATM support", Called("atm_support")["en"])
	require.Equal(t, "Goodbye", Called("general_bye")["en"])
	require.Equal(t, "Reverted card payment", Called("reverted_card_payment?")["en"])
	require.Equal(t, map[string]string{"en": "Own label"}, Called("own_label"))
	require.Nil(t, Called(""))
	require.Equal(t, "?_", Called("?_")["en"])
	require.Len(t, CalledLabels(), used)
}
