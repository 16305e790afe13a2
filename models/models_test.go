package models

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

type fixed struct {
	answer Answer
	err    error
}

func (f fixed) Classify(context.Context, Question) (Answer, error) { return f.answer, f.err }

func TestCascade(t *testing.T) {
	sure, unsure, failed := fixed{answer: Answer{Intent: "sure"}}, fixed{answer: Answer{Intent: "maybe", Unsure: true}}, fixed{err: errors.New("away")}
	for name, c := range map[string]struct {
		cascade Cascade
		want    string
		unsure  bool
	}{
		"empty":               {nil, "", true},
		"first is sure":       {Cascade{sure, unsure}, "sure", false},
		"second is sure":      {Cascade{unsure, sure}, "sure", false},
		"second fails":        {Cascade{unsure, failed}, "maybe", true},
		"first fails":         {Cascade{failed, sure}, "sure", false},
		"the last one stands": {Cascade{unsure, unsure}, "maybe", true},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := c.cascade.Classify(t.Context(), Question{Text: "x"})
			require.NoError(t, err)
			require.Equal(t, c.want, a.Intent)
			require.Equal(t, c.unsure, a.Unsure)
		})
	}
	_, err := Cascade{failed, failed}.Classify(t.Context(), Question{Text: "x"})
	require.ErrorIs(t, err, failed.err)
}
