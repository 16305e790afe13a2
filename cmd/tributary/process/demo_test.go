package process

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/cmd/tributary/setup"
	"github.com/tributary-cc/tributary/routing/policy"
)

func TestTheDemoCentreHasNoFaults(t *testing.T) {
	centre, err := demoCentre()
	require.NoError(t, err)
	require.Len(t, centre.Agents, 20)
	require.Len(t, simulated(centre), 18)
	for _, a := range demoAccounts {
		if a.agent != "" {
			require.NotContains(t, simulated(centre), a.agent)
		}
	}
}

func TestTheDemoCentresPolicyDoesWhatItsTestsSay(t *testing.T) {
	centre, err := demoCentre()
	require.NoError(t, err)
	require.NotEmpty(t, centre.Policy.Tests)
	compiled, err := policy.Compile(centre.Policy.Event())
	require.NoError(t, err)
	for _, r := range centre.Policy.Run(compiled) {
		require.True(t, r.Passed, "%s: %v", r.Name, r.Differences)
	}
}

// An intent that the models know and no rule names would be forgotten in silence when a model is trained anew.
func TestEveryIntentOfTheBankHasARule(t *testing.T) {
	centre, err := demoCentre()
	require.NoError(t, err)
	compiled, err := policy.Compile(centre.Policy.Event())
	require.NoError(t, err)
	labels, err := setup.LocalIntents("bank-en")
	require.NoError(t, err)
	for _, l := range labels {
		d := compiled.Decide(policy.Facts{EntryPoint: "bank", Queue: "general", Intent: l, Confidence: 900, Language: "en"})
		require.GreaterOrEqual(t, d.Rule, 0, l)
	}
}
