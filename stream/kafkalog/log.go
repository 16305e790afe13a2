package kafkalog

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// Config says where the log is and how it is laid out. The zero value of each field is a fault unless it says otherwise.
type Config struct {
	// Brokers are host:port, at least one.
	Brokers []string
	// Partitions of every topic that is not single. Set once per installation.
	Partitions int
	// Replication is the replication factor; 1 is allowed for the embedded broker only, otherwise at least 3 with 2 in sync.
	Replication int
	// Embedded says that the broker is our own, on this machine: it has one replica.
	Embedded bool
	// TLS is nil for a clear connection.
	TLS *tls.Config
	// User and Password log in; empty for none. Mechanism is PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.
	User, Password, Mechanism string
	// ClientID shows in the broker's logs.
	ClientID string
	// Dial connects to a broker; nil for TCP. The broker of this process has a shorter way.
	Dial   func(ctx context.Context, network, addr string) (net.Conn, error)
	Logger *slog.Logger
}

// Log is a Kafka cluster as the engine sees it. Close releases its connections.
type Log struct {
	cfg       Config
	client    *kafka.Client
	transport *kafka.Transport
	log       *slog.Logger

	ctx    context.Context //nolint:containedctx // the lifetime of the appenders, ended by Close
	cancel context.CancelFunc
	wg     sync.WaitGroup
	mu     sync.Mutex
	lanes  map[partitionKey]*appender
	gaps   atomic.Uint64
}

type partitionKey struct {
	topic     event.Topic
	partition int
}

var (
	_ engine.Log       = (*Log)(nil)
	_ engine.GapHearer = (*Log)(nil)
)

const (
	// requestTimeout bounds one attempt of a request.
	requestTimeout = 5 * time.Second
	// fetchWait is how long a broker holds a fetch that finds nothing.
	fetchWait = 500 * time.Millisecond
	// fetchBytes is the most that one fetch brings. The embedded broker keeps an answer's buffer for each connection.
	fetchBytes = 128 << 10
	// lazyBytes and lazyWait are that for a reader in no hurry.
	lazyBytes = 512 << 10
	lazyWait  = 200 * time.Millisecond
	// atBytes is the most that one fetch of single records brings: they are mostly far apart.
	atBytes = 4 << 10
	// behindEnd is how long a single record may be behind the end that a leader tells before it is taken for lost.
	behindEnd = 5 * time.Second
	// metadataTTL is how soon a moved leader is found: kafka-go refreshes by age only.
	metadataTTL = 500 * time.Millisecond
)

// Open makes the client. It connects when it is first used.
func Open(cfg Config) (*Log, error) {
	var faults []error
	if len(cfg.Brokers) == 0 {
		faults = append(faults, errors.New("kafka: no broker given; name at least one host:port"))
	}
	if cfg.Partitions < 1 {
		faults = append(faults, fmt.Errorf("kafka: %d partitions; at least 1 is needed", cfg.Partitions))
	}
	mechanism, err := login(cfg)
	if err != nil {
		faults = append(faults, err)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	topics := make([]string, 0, len(event.Topics()))
	for _, t := range event.Topics() {
		topics = append(topics, string(t))
	}
	ctx, cancel := context.WithCancel(context.Background())
	tr := &kafka.Transport{
		Dial: cfg.Dial, TLS: cfg.TLS, SASL: mechanism, ClientID: cfg.ClientID, MetadataTTL: metadataTTL, MetadataTopics: topics,
		DialTimeout: requestTimeout, IdleTimeout: time.Minute,
	}
	return &Log{
		cfg: cfg, transport: tr, log: cfg.Logger, ctx: ctx, cancel: cancel, lanes: make(map[partitionKey]*appender),
		client: &kafka.Client{Addr: kafka.TCP(cfg.Brokers...), Transport: tr},
	}, nil
}

func login(cfg Config) (sasl.Mechanism, error) {
	if cfg.User == "" {
		return nil, nil //nolint:nilnil // no login is wanted
	}
	switch cfg.Mechanism {
	case "PLAIN":
		return plain.Mechanism{Username: cfg.User, Password: cfg.Password}, nil
	case "SCRAM-SHA-256":
		return scram.Mechanism(scram.SHA256, cfg.User, cfg.Password)
	case "SCRAM-SHA-512":
		return scram.Mechanism(scram.SHA512, cfg.User, cfg.Password)
	default:
		return nil, fmt.Errorf("kafka: mechanism %q; use PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512", cfg.Mechanism)
	}
}

// HearGap counts what a reader did not take because something before it is missing, and says so once for each lane that
// stands; see engine.GapHearer.
func (l *Log) HearGap(topic event.Topic, partition int, offset int64, origin *event.Origin, first bool) {
	l.gaps.Add(1)
	if first {
		l.log.Error("a reader meets a gap: the lane stands until it is sent again; see 'tributary engine resend'",
			"topic", topic, "partition", partition, "offset", offset, "from", origin.GetProcessor(),
			"from_partition", origin.GetPartition(), "epoch", origin.GetEpoch(), "number", origin.GetNumber())
	}
}

// Gaps counts the records that readers of this process did not take because something before them is missing.
func (l *Log) Gaps() uint64 { return l.gaps.Load() }

// Close stops appending; what waits is answered with an error.
func (l *Log) Close() error {
	l.mu.Lock() // so that nobody begins an appender while we wait for them
	l.cancel()
	l.mu.Unlock()
	l.wg.Wait()
	l.transport.CloseIdleConnections()
	return nil
}

// Partitions is the configured number, or 1 for single topics.
func (l *Log) Partitions(topic event.Topic) int {
	if topic.Single() {
		return 1
	}
	return l.cfg.Partitions
}

// Bounds asks the broker for the first offset kept and the end.
func (l *Log) Bounds(ctx context.Context, topic event.Topic, partition int) (first, end int64, err error) {
	if first, err = l.offset(ctx, topic, partition, kafka.FirstOffset); err != nil {
		return 0, 0, err
	}
	if end, err = l.offset(ctx, topic, partition, kafka.LastOffset); err != nil {
		return 0, 0, err
	}
	return first, end, nil
}

// offset asks for one offset at a time: asked for several, kafka-go may answer −1 for one of them.
func (l *Log) offset(ctx context.Context, topic event.Topic, partition int, which int64) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	resp, err := l.client.ListOffsets(ctx, &kafka.ListOffsetsRequest{
		Topics: map[string][]kafka.OffsetRequest{string(topic): {{Partition: partition, Timestamp: which}}},
	})
	if err != nil {
		return 0, fmt.Errorf("asking for the bounds of %s/%d: %w", topic, partition, err)
	}
	for _, p := range resp.Topics[string(topic)] {
		if p.Error != nil {
			return 0, fmt.Errorf("asking for the bounds of %s/%d: %w", topic, partition, p.Error)
		}
		o := p.LastOffset
		if which == kafka.FirstOffset {
			o = p.FirstOffset
		}
		if p.Partition == partition && o >= 0 {
			return o, nil
		}
	}
	return 0, fmt.Errorf("asking for the bounds of %s/%d: the broker did not answer for it", topic, partition)
}

// transient reports whether an error may pass by itself. All do but those that the same request would meet again.
func transient(err error) bool {
	var ke kafka.Error
	if errors.As(err, &ke) {
		switch ke { //nolint:exhaustive // the others pass
		case kafka.MessageSizeTooLarge, kafka.InvalidTopic, kafka.RecordListTooLarge, kafka.InvalidRecord:
			return false
		}
	}
	return true
}

// wait pauses for d or until ctx is done.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Ping tells whether a broker answers a request; one that is frozen takes connections all the same.
func (l *Log) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	if _, err := l.client.ApiVersions(ctx, &kafka.ApiVersionsRequest{}); err != nil {
		return fmt.Errorf("no broker answers: %w", err)
	}
	return nil
}
