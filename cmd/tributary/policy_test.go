package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/cmd/tributary/policyfile"
)

const samplePolicy = `policy:
  fallback: service
  rules:
    - name: Lost cards go first
      when: contact.intent == "card_lost" && contact.confidence >= 600
      queue: cards
      priority: 10
      steps:
        - {need: "cards >= 4 && (contact.language == 'zh' ? chinese >= 3 : english >= 3)", for: 30s}
        - {need: "cards >= 2"}
  tests:
    - name: a lost card in English
      given: {intent: card_lost, confidence: 900, language: en}
      expect: {rule: Lost cards go first, queue: cards, priority: 10}
      agents: {amy: {cards: 5, english: 4}, bo: {cards: 2}}
      fits: [[amy], [amy, bo]]
`

func command(t *testing.T, policy string, args ...string) (string, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "policy.yaml")
	require.NoError(t, os.WriteFile(file, []byte(policy), 0o600))
	cmd := root()
	var out bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetArgs(append(args, file))
	err := cmd.ExecuteContext(t.Context())
	return strings.ReplaceAll(out.String(), file, "policy.yaml"), err
}

const notChecked = "policy.yaml: NOT CHECKED: whether the queues, skills, entry points and intents that the rules name exist; " +
	"no tenant's file near it names this policy, --tenant-file says which it is for\n"

func TestPolicyTest(t *testing.T) {
	out, err := command(t, samplePolicy, "policy", "test")
	require.NoError(t, err)
	require.Equal(t, "pass  a lost card in English\npolicy.yaml: 1 of 1 tests passed\n"+notChecked, out)

	out, err = command(t, strings.Replace(samplePolicy, "confidence: 900", "confidence: 540", 1), "policy", "test")
	require.ErrorIs(t, err, errFound)
	require.Contains(t, out, `      rule is none, not "Lost cards go first"`)
	require.Contains(t, out, "contact.confidence >= 600 is false: contact.confidence is 540")

	out, err = command(t, strings.Replace(samplePolicy, "queue: cards\n", "queu: cards\n", 1), "policy", "test", "--json")
	require.ErrorIs(t, err, errFound)
	var all []struct {
		Faults []struct{ Line, Column int }
		Tests  []policyfile.Result
	}
	require.NoError(t, json.Unmarshal([]byte(out), &all), out)
	require.Equal(t, []struct{ Line, Column int }{{6, 7}}, all[0].Faults)
}

func TestPolicyExplain(t *testing.T) {
	out, err := command(t, samplePolicy, "policy", "explain", "--intent", "card_lost", "--confidence", "900", "--language", "zh", "--skill", "cards=4")
	require.NoError(t, err)
	require.Equal(t, `YES Lost cards go first
    contact.intent == "card_lost" is true: contact.intent is "card_lost"
    contact.confidence >= 600 is true: contact.confidence is 900

Lost cards go first: queue cards, priority 10, head start 0s, last agent 0s
  step 1: cards >= 4 && chinese >= 3 for 30s; the agent does not: chinese >= 3 (has 0)
  step 2: cards >= 2; the agent fits
`, out)

	_, err = command(t, samplePolicy, "policy", "explain", "--skill", "cards=9")
	require.ErrorIs(t, err, errUsage)
}

// TestCheckAndApplyRunThePolicysTests before anything is connected to.
func TestCheckAndApplyRunThePolicysTests(t *testing.T) {
	tenant := "tenant: bank\nskills: [{id: cards}, {id: english}, {id: chinese}]\nqueues: [{id: cards}, {id: service}]\n" + samplePolicy
	out, err := command(t, tenant, "check")
	require.NoError(t, err)
	require.Equal(t, "1 file, no fault\n", out)

	wrong := strings.Replace(tenant, "priority: 10\n", "priority: 9\n", 1)
	const fault = "policy.yaml:15:7: the test \"a lost card in English\" fails: priority is 9, not 10\n"
	out, err = command(t, wrong, "check")
	require.ErrorIs(t, err, errFound)
	require.Equal(t, fault, out)
	out, err = command(t, wrong, "apply")
	require.ErrorIs(t, err, errFound)
	require.Equal(t, fault+"policy.yaml has 1 fault; nothing was applied\n", out)
}

// TestPolicyTestFindsTheTenantsFile beside a policy or above it, so that a name spelt wrongly is found without a flag.
func TestPolicyTestFindsTheTenantsFile(t *testing.T) {
	wrong := strings.Replace(samplePolicy, `{need: "cards >= 2"}`, `{need: "cadrs >= 2 || cards >= 2"}`, 1)
	out, err := command(t, wrong, "policy", "test")
	require.NoError(t, err, "nobody can know")
	require.Contains(t, out, notChecked)

	folder := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(folder, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o750))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		return file
	}
	test := func(file string) (string, error) {
		cmd := root()
		var out bytes.Buffer
		cmd.SetOut(&out)
		cmd.SetErr(&out)
		cmd.SetArgs([]string{"policy", "test", file})
		failed := cmd.ExecuteContext(t.Context())
		return strings.ReplaceAll(out.String(), folder+"/", ""), failed
	}
	const things = "skills: [{id: cards}, {id: english}, {id: chinese}]\nqueues: [{id: cards}, {id: service}]\n"
	right, misspelt := write("rules/right.yaml", samplePolicy), write("wrong.yaml", wrong)
	write("bank.yaml", "tenant: bank\npolicy_file: wrong.yaml\n"+things)
	write("shop.yaml", "tenant: shop\npolicy_file: rules/right.yaml\n"+things)
	write("other.yaml", "policy_file: [of, something, else]\n")
	out, err = test(misspelt)
	require.ErrorIs(t, err, errFound)
	require.Contains(t, out, `wrong.yaml:10:19: there is no skill "cadrs"; there are cards, english, chinese`)
	out, err = test(right)
	require.NoError(t, err, out)
	require.Contains(t, out, "rules/right.yaml: queues, skills, entry points and intents are those of shop.yaml\n")
	// A tenant's file that holds its policy is checked against itself.
	out, err = test(write("whole.yaml", "tenant: bank\n"+things+wrong))
	require.ErrorIs(t, err, errFound)
	require.Contains(t, out, `there is no skill "cadrs"`)
}
