package embedded_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/tributary-cc/tributary/stream/embedded"
	"github.com/tributary-cc/tributary/stream/embedded/embeddedtest"
)

// TestMain runs the test binary as a broker or an engine that is going to be killed, if the environment says so.
func TestMain(m *testing.M) {
	switch os.Getenv("TRIBUTARY_TEST_CHILD") {
	case "broker":
		childBroker()
	case "clickhouse":
		childClickHouse()
	case "clickhouse-twice":
		childTwice()
	default:
		os.Exit(m.Run()) //nolint:forbidigo // a test's main
	}
}

// childBroker serves until it is killed.
func childBroker() {
	b, err := embedded.StartBroker(context.Background(), embedded.BrokerConfig{Dir: os.Getenv("TRIBUTARY_TEST_DIR")})
	if err != nil {
		fmt.Println("error", err) //nolint:forbidigo // read by the parent
		return
	}
	fmt.Println("addr", b.Addr()) //nolint:forbidigo // read by the parent
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// child starts the test binary in another role and returns what it prints first, and how to kill it.
func child(t *testing.T, role, dir string) (first string, kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), "TRIBUTARY_TEST_CHILD="+role, "TRIBUTARY_TEST_DIR="+dir)
	cmd.Stderr = os.Stderr
	_, err := cmd.StdinPipe() // open for as long as this process lives, so that no child outlives it
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	kill = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	t.Cleanup(kill)
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	return strings.TrimSpace(line), kill
}

func client(addr string) *kafka.Client {
	return &kafka.Client{Addr: kafka.TCP(addr), Timeout: 20 * time.Second, Transport: &kafka.Transport{MetadataTTL: time.Second}}
}

func createTopic(t testing.TB, c *kafka.Client, topic string, partitions int, configs ...kafka.ConfigEntry) {
	t.Helper()
	resp, err := c.CreateTopics(t.Context(), &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{
		{Topic: topic, NumPartitions: partitions, ReplicationFactor: 1, ConfigEntries: configs},
	}})
	require.NoError(t, err)
	require.NoError(t, resp.Errors[topic])
}

func produce(ctx context.Context, c *kafka.Client, topic string, partition int, values ...string) (int64, error) {
	records := make([]kafka.Record, len(values))
	for i, v := range values {
		records[i] = kafka.Record{Value: kafka.NewBytes([]byte(v))}
	}
	resp, err := c.Produce(ctx, &kafka.ProduceRequest{
		Topic: topic, Partition: partition, RequiredAcks: kafka.RequireAll, Records: kafka.NewRecordReader(records...),
	})
	if err != nil {
		return 0, err
	}
	return resp.BaseOffset, resp.Error
}

func firstOffset(t testing.TB, c *kafka.Client, topic string, partition int) int64 {
	t.Helper()
	resp, err := c.ListOffsets(t.Context(), &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{
		topic: {kafka.FirstOffsetOf(partition)},
	}})
	require.NoError(t, err)
	require.NoError(t, resp.Topics[topic][0].Error)
	return resp.Topics[topic][0].FirstOffset
}

// readAll returns the values of a partition up to its end.
func readAll(t testing.TB, c *kafka.Client, topic string, partition int) []string {
	t.Helper()
	var values []string
	for offset := firstOffset(t, c, topic, partition); ; {
		resp, err := c.Fetch(t.Context(), &kafka.FetchRequest{
			Topic: topic, Partition: partition, Offset: offset, MinBytes: 1, MaxBytes: 1 << 20, MaxWait: time.Millisecond,
		})
		require.NoError(t, err)
		require.NoError(t, resp.Error)
		if offset >= resp.HighWatermark {
			return values
		}
		for {
			r, err := resp.Records.ReadRecord()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			if r.Offset < offset {
				continue
			}
			b, err := io.ReadAll(r.Value)
			require.NoError(t, err)
			values, offset = append(values, string(b)), r.Offset+1
		}
	}
}

func TestBrokerKeepsWhatItAcknowledgedWhenKilled(t *testing.T) {
	dir := t.TempDir()
	const partitions = 4
	acked := make([][]string, partitions)
	for round := range 3 {
		first, kill := child(t, "broker", dir)
		addr, ok := strings.CutPrefix(first, "addr ")
		require.True(t, ok, first)
		c := client(addr)
		if round == 0 {
			createTopic(t, c, "events", partitions)
		}
		var wg sync.WaitGroup
		enough := make(chan struct{})
		for p := range partitions {
			wg.Go(func() {
				for i := 0; ; i++ {
					v := fmt.Sprintf("%d/%d/%d", round, p, i)
					if _, err := produce(t.Context(), c, "events", p, v); err != nil {
						return
					}
					if acked[p] = append(acked[p], v); p == 0 && i == 200 {
						close(enough)
					}
				}
			})
		}
		<-enough
		kill() // in the middle of appends
		wg.Wait()
	}
	b, err := embedded.StartBroker(t.Context(), embedded.BrokerConfig{Dir: dir})
	require.NoError(t, err)
	require.True(t, b.Unclean())
	for p := range partitions {
		seen := map[string]int{}
		for _, v := range readAll(t, client(b.Addr()), "events", p) {
			seen[v]++
		}
		for _, v := range acked[p] {
			require.Equal(t, 1, seen[v], "record %s", v)
		}
		require.LessOrEqual(t, len(seen), len(acked[p])+3, "at most the one append a round that nobody heard of")
	}
	require.NoError(t, b.Close())

	id := b.ClusterID()
	b, err = embedded.StartBroker(t.Context(), embedded.BrokerConfig{Dir: dir})
	require.NoError(t, err)
	require.False(t, b.Unclean(), "the one before was closed")
	require.Equal(t, id, b.ClusterID())
	require.GreaterOrEqual(t, len(readAll(t, client(b.Addr()), "events", 0)), len(acked[0]))
	require.NoError(t, b.Close())
	require.NoError(t, b.Close(), "closing again is harmless")
}

func TestBrokerDirectoryBelongsToOne(t *testing.T) {
	dir := t.TempDir()
	b, err := embedded.StartBroker(t.Context(), embedded.BrokerConfig{Dir: dir, ClusterID: "one"})
	require.NoError(t, err)
	_, err = embedded.StartBroker(t.Context(), embedded.BrokerConfig{Dir: dir})
	require.ErrorIs(t, err, embedded.ErrInUse)
	require.NoError(t, b.Close())
	_, err = embedded.StartBroker(t.Context(), embedded.BrokerConfig{Dir: dir, ClusterID: "two"})
	require.ErrorContains(t, err, `holds the log of cluster "one"`)
}

func TestBrokerAddresses(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", "192.0.2.1:9092", ":9092", "nowhere"} {
		_, err := embedded.StartBroker(t.Context(), embedded.BrokerConfig{Addr: addr})
		require.Error(t, err, addr)
	}
}

func TestBrokerMakesNoTopicsUnasked(t *testing.T) {
	c := client(embeddedtest.Broker(t).Addr())
	_, err := produce(t.Context(), c, "nobody-made-this", 0, "x")
	require.Error(t, err)
	meta, err := c.Metadata(t.Context(), &kafka.MetadataRequest{})
	require.NoError(t, err)
	require.Empty(t, meta.Topics)
}

func TestBrokerAsksForThePassword(t *testing.T) {
	b, err := embedded.StartBroker(t.Context(), embedded.BrokerConfig{User: "tributary", Password: "right"})
	require.NoError(t, err)
	defer b.Close() //nolint:errcheck // in memory
	for password, ok := range map[string]bool{"right": true, "wrong": false, "": false} {
		var k *kgo.Client
		k, err = kgo.NewClient(kgo.SeedBrokers(b.Addr()), kgo.SASL(scram.Auth{User: "tributary", Pass: password}.AsSha512Mechanism()))
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		err = k.Ping(ctx)
		cancel()
		k.Close()
		require.Equal(t, ok, err == nil, "%s: %v", password, err)
	}
	c := client(b.Addr())
	c.Timeout = time.Second
	_, err = c.Metadata(t.Context(), &kafka.MetadataRequest{})
	require.Error(t, err, "without a password")
}

func TestBrokerOutlivesNonsense(t *testing.T) {
	b := embeddedtest.Broker(t)
	for _, sent := range []string{
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n", // 1.2 GB, read as a length
		"\xff\xff\xff\xff\x00\x00\x00\x00",
		"\x00\x00\x00\x08\x7f\xff\x00\x00\x00\x00\x00\x01", // no such request
		"\x00\x00\x00\x08\x00\x03\xff\xff\x00\x00\x00\x01", // version -1
		"\x00\x00\x00\x00\x00\x00\x00\x00",
	} {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", b.Addr())
		require.NoError(t, err)
		_, err = io.WriteString(conn, sent)
		require.NoError(t, err)
		_, err = conn.Read(make([]byte, 1)) // until the broker hangs up
		require.Error(t, err)
		require.NoError(t, conn.Close())
	}
	_, err := client(b.Addr()).Metadata(t.Context(), &kafka.MetadataRequest{})
	require.NoError(t, err)
}

func setting(name, value string) kafka.ConfigEntry {
	return kafka.ConfigEntry{ConfigName: name, ConfigValue: value}
}

func TestBrokerRetention(t *testing.T) {
	dir := t.TempDir()
	config := embedded.BrokerConfig{Dir: dir, RetentionInterval: 5 * time.Millisecond, MaxRequest: 1000}
	b, err := embedded.StartBroker(t.Context(), config)
	require.NoError(t, err)
	c := client(b.Addr())
	createTopic(t, c, "short", 1, setting("retention.bytes", "2000"), setting("segment.bytes", "1000"))
	for i := range 100 {
		_, err = produce(t.Context(), c, "short", 0, strings.Repeat(strconv.Itoa(i%10), 100))
		require.NoError(t, err)
	}
	require.Eventually(t, func() bool {
		size, _, _, sizeErr := b.PartitionSize("short", 0)
		return sizeErr == nil && size <= 2000
	}, 5*time.Second, 5*time.Millisecond)
	require.Greater(t, firstOffset(t, c, "short", 0), int64(80))
	require.Len(t, readAll(t, c, "short", 0), 100-int(firstOffset(t, c, "short", 0)))
	files, err := filepath.Glob(filepath.Join(dir, "log", "partitions", "short-0", "*.dat"))
	require.NoError(t, err)
	require.Less(t, len(files), 5)
	require.NoError(t, b.Close())
}

func TestBrokerFlushes(t *testing.T) {
	b, err := embedded.StartBroker(t.Context(), embedded.BrokerConfig{Dir: t.TempDir()})
	require.NoError(t, err)
	defer b.Close() //nolint:errcheck // not what is tested
	c := client(b.Addr())
	createTopic(t, c, "events", 3)
	for i := range 10 {
		_, err = produce(t.Context(), c, "events", i%3, "x")
		require.NoError(t, err)
		require.NoError(t, b.Flush())
	}
	require.NoError(t, b.Flush(), "with nothing to do")
	require.NoError(t, embeddedtest.Broker(t).Flush(), "in memory")
}

func TestBrokerRefusesSettingsThatLoseRecords(t *testing.T) {
	b, err := embedded.StartBroker(t.Context(), embedded.BrokerConfig{Dir: t.TempDir()})
	require.NoError(t, err)
	defer b.Close() //nolint:errcheck // not what is tested
	c := client(b.Addr())
	createTopic(t, c, "fine", 1, setting("retention.ms", "-1"), setting("retention.bytes", "-1"), setting("cleanup.policy", "delete"))
	for name, value := range map[string]string{
		"retention.ms": "1000", "retention.bytes": "1000", "cleanup.policy": "compact,delete",
	} {
		resp, err := c.CreateTopics(t.Context(), &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{
			{Topic: "x", NumPartitions: 1, ReplicationFactor: 1, ConfigEntries: []kafka.ConfigEntry{setting(name, value)}},
		}})
		require.NoError(t, err)
		require.ErrorIs(t, resp.Errors["x"], kafka.PolicyViolation)
		altered, err := c.IncrementalAlterConfigs(t.Context(), &kafka.IncrementalAlterConfigsRequest{
			Resources: []kafka.IncrementalAlterConfigsRequestResource{{
				ResourceType: kafka.ResourceTypeTopic, ResourceName: "fine",
				Configs: []kafka.IncrementalAlterConfigsRequestConfig{{Name: name, Value: value, ConfigOperation: kafka.ConfigOperationSet}},
			}},
		})
		require.NoError(t, err)
		require.ErrorIs(t, altered.Resources[0].Error, kafka.PolicyViolation)
		older, err := c.AlterConfigs(t.Context(), &kafka.AlterConfigsRequest{Resources: []kafka.AlterConfigRequestResource{{
			ResourceType: kafka.ResourceTypeTopic, ResourceName: "fine",
			Configs: []kafka.AlterConfigRequestConfig{{Name: name, Value: value}},
		}}})
		require.NoError(t, err)
		for _, err := range older.Errors {
			require.ErrorIs(t, err, kafka.PolicyViolation)
		}
		require.Len(t, older.Errors, 1)
	}
}

func TestBrokerRefusesAppendsWhileTheDiskIsFull(t *testing.T) {
	dir := t.TempDir()
	b, err := embedded.StartBroker(t.Context(), embedded.BrokerConfig{Dir: dir})
	require.NoError(t, err)
	c := client(b.Addr())
	createTopic(t, c, "events", 1)
	_, err = produce(t.Context(), c, "events", 0, "before")
	require.NoError(t, err)
	require.NoError(t, b.Close())

	b, err = embedded.StartBroker(t.Context(), embedded.BrokerConfig{Dir: dir, MinFree: 1 << 60}) // no disk has as much
	require.NoError(t, err)
	c = client(b.Addr())
	for range 3 {
		_, err = produce(t.Context(), c, "events", 0, "refused")
		require.ErrorIs(t, err, kafka.KafkaStorageError)
		require.Equal(t, []string{"before"}, readAll(t, c, "events", 0), "it can be read meanwhile")
	}
	require.NoError(t, b.Close())

	b, err = embedded.StartBroker(t.Context(), embedded.BrokerConfig{Dir: dir})
	require.NoError(t, err)
	c = client(b.Addr())
	_, err = produce(t.Context(), c, "events", 0, "after")
	require.NoError(t, err)
	require.Equal(t, []string{"before", "after"}, readAll(t, c, "events", 0))
	require.NoError(t, b.Close())
}

func TestBrokerServesGroupsWithShortSessions(t *testing.T) {
	b := embeddedtest.Broker(t)
	createTopic(t, client(b.Addr()), "events", 2)
	g, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID: "readers", Brokers: []string{b.Addr()}, Topics: []string{"events"},
		SessionTimeout: 600 * time.Millisecond, HeartbeatInterval: 100 * time.Millisecond, RebalanceTimeout: time.Second,
	})
	require.NoError(t, err)
	defer g.Close() //nolint:errcheck // the broker ends with the test
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	generation, err := g.Next(ctx)
	require.NoError(t, err)
	require.Len(t, generation.Assignments["events"], 2)
}
