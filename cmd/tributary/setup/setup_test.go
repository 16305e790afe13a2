package setup_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/cmd/tributary/setup"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/objects"
	"github.com/tributary-cc/tributary/stream/privacy"
)

const fiveFaults = `tenant: bank
queues:
  - {id: cards, target: soon}
  - {id: cards}
agents:
  - id: amy
    queues: [cards, loans]
    skills: [{skill: english, level: 7}]
entrypoints: []
`

func TestFiveFaultsAreAllReportedWithTheirLines(t *testing.T) {
	_, f := setup.Read("bank.yaml", []byte(fiveFaults))
	var got []string
	for _, one := range f.Faults() {
		got = append(got, one.Error())
	}
	require.Equal(t, []string{
		`bank.yaml:3:25: queues[0].target is a length of time such as 30s or 2m, not soon`,
		`bank.yaml:4:6: queues: "cards" is there twice`,
		`bank.yaml:7:21: agent amy: there is no queue "loans" in this file`,
		`bank.yaml:8:15: agent amy: there is no skill "english" in this file`,
		`bank.yaml:9:1: nothing is called "entrypoints" here; there are tenant, settings, skills, teams, hours, queues, agents, entry_points, policy, policy_file, wrap_up_codes, status_reasons, quick_replies`,
	}, got)
}

var today = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func keys(t *testing.T) *privacy.KeyStore {
	t.Helper()
	k, err := privacy.NewKeyStore(objects.NewMemory(), privacy.NewMasterKey(), 100, time.Now)
	require.NoError(t, err)
	return k
}

func TestExportedFileAppliedAgainChangesNothing(t *testing.T) {
	ctx, k := context.Background(), keys(t)
	data, err := os.ReadFile("../process/demo.yaml")
	require.NoError(t, err)
	first, f := setup.Read("../process/demo.yaml", data)
	require.NoError(t, f.Err())
	inForce, err := first.Wanted(ctx, k, nil, today)
	require.NoError(t, err)
	require.Len(t, setup.Difference(nil, inForce), len(inForce))

	out, err := setup.Export(ctx, "demo", k, inForce)
	require.NoError(t, err)
	again, f := setup.Read("export.yaml", out)
	require.NoError(t, f.Err(), string(out))
	wanted, err := again.Wanted(ctx, k, inForce, today.AddDate(3, 0, 0))
	require.NoError(t, err)
	require.Empty(t, setup.Difference(inForce, wanted))
}

func TestDifferenceNamesWhatIsAddedChangedAndRemoved(t *testing.T) {
	queue := func(id, name string) *event.ConfigObject {
		return &event.ConfigObject{Object: &event.ConfigObject_Queue{Queue: &event.Queue{Id: id, Name: name}}}
	}
	got := setup.Difference(
		[]*event.ConfigObject{queue("a", "A"), queue("b", "B"), queue("c", "C")},
		[]*event.ConfigObject{queue("a", "A"), queue("b", "Bee"), queue("d", "D")})
	var lines []string
	for _, c := range got {
		lines = append(lines, c.Verb+" "+c.What)
	}
	require.Equal(t, []string{"change queue b", "add queue d", "remove queue c"}, lines)
	require.True(t, setup.Objects(got)[2].GetRemoved())
}
