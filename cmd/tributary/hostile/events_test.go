package hostile

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/tributary-cc/tributary/cmd/tributary/process"
	"github.com/tributary-cc/tributary/stream/event"
)

// put appends a record past all that checks.
func put(t *testing.T, s *process.Spine, topic event.Topic, partition int, key string, value []byte) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	done := make(chan error, 1)
	s.Log.Append(ctx, topic, partition, []event.Record{{Topic: topic, Partition: partition, Key: []byte(key), Value: value}}, func(err error) { done <- err })
	require.NoError(t, <-done)
}

func marshal(t *testing.T, e *event.Event) []byte {
	t.Helper()
	b, err := event.Marshal(e)
	require.NoError(t, err)
	return b
}

var letter = regexp.MustCompile(`(?m)^(\d+/\d+)\s+(\S+)/(\d+)@\d+ (\S+): (.+)$`)

// TestDamagedEventsGoToDead: each inbox takes whatever bytes stand in the log, puts it aside with a reason and goes on.
func TestDamagedEventsGoToDead(t *testing.T) {
	t.Parallel()
	c := demo(t, filepath.Join(t.TempDir(), "data"))
	k := newTalk(t, c, "amy")
	s := spine(t, c.data)
	unknown := protowire.AppendTag(nil, 999, protowire.BytesType)
	unknown = protowire.AppendBytes(unknown, []byte("a body of a later build"))
	id := event.CauseID("hostile")
	inboxes := []event.Topic{event.TopicIdentityIn, event.TopicConversationIn, event.TopicRoutingIn}
	for _, topic := range inboxes {
		for p := range s.Log.Partitions(topic) {
			put(t, s, topic, p, "demo/x", []byte("\xff\xfe no event at all"))
			put(t, s, topic, p, "demo/x", nil)
			put(t, s, topic, p, "demo/x", append(marshal(t, &event.Event{Id: id[:], Tenant: "demo", Key: "demo/x"}), unknown...))
			// A body that this inbox does not take, under a key of no tenant.
			put(t, s, topic, p, "", marshal(t, &event.Event{Id: id[:], Body: &event.Event_OfferChanged{OfferChanged: &event.OfferChanged{}}}))
			put(t, s, topic, p, "\x00\xff", marshal(t, &event.Event{Id: id[:3], Tenant: "demo", Key: "other/x", Body: &event.Event_CustomerMessage{CustomerMessage: &event.CustomerMessage{}}}))
			k.round()
		}
	}
	reasons := map[string]map[string]bool{}
	var list string
	eventually(t, 30*time.Second, func() error {
		var code int
		var stderr string
		code, list, stderr = tributary(t, "dead", "list", "--data", c.data)
		require.Zero(t, code, stderr)
		for _, m := range letter.FindAllStringSubmatch(list, -1) {
			if reasons[m[2]] == nil {
				reasons[m[2]] = map[string]bool{}
			}
			reasons[m[2]][m[4]] = true
			require.NotEmpty(t, strings.TrimSpace(m[5]))
		}
		for _, topic := range inboxes {
			if !reasons[string(topic)]["undecodable"] || len(reasons[string(topic)]) < 2 {
				return fmt.Errorf("%s has %v in dead:\n%s", topic, reasons[string(topic)], list)
			}
		}
		return nil
	})
	t.Logf("kinds of dead letters by inbox: %v", reasons)
	showAndRetry(t, c, k, s, list)
	k.once()
	k.inWarehouse()
	code, out, _ := tributary(t, "doctor", "--data", c.data)
	require.Contains(t, out, "dead letters")
	require.Zero(t, code, "dead letters are told, and no fault of the installation:\n%s", out)
}

// showAndRetry looks at letters one by one, and puts back one that can be processed and one that cannot.
func showAndRetry(t *testing.T, c *child, k *talk, s *process.Spine, list string) {
	t.Helper()
	m := letter.FindAllStringSubmatch(list, -1)
	for _, one := range m[:3] {
		code, out, stderr := tributary(t, "dead", "show", one[1], "--data", c.data)
		require.Zero(t, code, stderr)
		require.Contains(t, out, one[2])
	}
	code, _, stderr := tributary(t, "dead", "show", "9/999999", "--data", c.data)
	require.NotZero(t, code)
	require.Contains(t, stderr, "no dead letter")
	for _, one := range m {
		if one[4] == "undecodable" {
			code, _, stderr = tributary(t, "dead", "retry", one[1], "--data", c.data)
			require.Equal(t, 1, code)
			require.Contains(t, stderr, "does not decode")
			break
		}
	}
	// A letter whose record is good now, as after a fold was mended: what the customer says arrives.
	good := goodLetter(t, s)
	code, out, stderr := tributary(t, "dead", "retry", good, "--data", c.data)
	require.Zero(t, code, stderr)
	require.Contains(t, out, "put back")
	eventually(t, 30*time.Second, func() error {
		_, out, _ := tributary(t, "tail", "--data", c.data, "--topic", "routing.facts", "--from", "-200")
		if !strings.Contains(out, "bo") || !strings.Contains(out, "back-from-dead") {
			return fmt.Errorf("the status asked for is not in force")
		}
		return nil
	})
	k.round()
}

// goodLetter writes a letter to dead whose record is an event that routing takes, and names it.
func goodLetter(t *testing.T, s *process.Spine) string {
	t.Helper()
	key := event.Key("demo", "main")
	p := event.PartitionOf(key, s.Log.Partitions(event.TopicRoutingIn))
	id := event.CauseID("hostile", "good")
	record := marshal(t, &event.Event{
		Id: id[:], Tenant: "demo", Key: key, AtMs: time.Now().UnixMilli(),
		Body: &event.Event_AgentStatus{AgentStatus: &event.AgentStatus{Agent: "bo", Status: "break", Reason: "back-from-dead", Request: "good"}},
	})
	lid := event.CauseID("hostile", "letter")
	put(t, s, event.TopicDead, 0, key, marshal(t, &event.Event{Id: lid[:], Key: key, Body: &event.Event_Dead{Dead: &event.Dead{
		Topic: string(event.TopicRoutingIn), Partition: int32(p), Offset: 1, Kind: "panic", Reason: "a fault since mended", Record: record, Key: []byte(key),
	}}}))
	var at string
	require.NoError(t, s.EachDead(context.Background(), func(r event.Record, d *event.Dead) error {
		if d.GetReason() == "a fault since mended" {
			at = fmt.Sprintf("%d/%d", r.Partition, r.Offset)
		}
		return nil
	}))
	require.NotEmpty(t, at)
	return at
}
