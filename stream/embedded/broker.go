package embedded

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// BrokerConfig says where the log is kept and how it is reached. Zero values mean the defaults.
type BrokerConfig struct {
	// Dir holds the log; it belongs to this process alone. Empty means memory: the log dies with the broker.
	//
	// Records stay on the disk; in memory each batch has 72 bytes. But the log passes through memory at the start, so bound it
	// to a fraction of the memory, by retention.bytes of its topics. Retention by time and compaction are
	// refused: see policy.
	Dir string
	// Sync has every batch on the disk before it is acknowledged. Without it a killed process loses nothing, but a power cut
	// loses what the kernel had not written yet.
	Sync bool
	// Addr is where it listens. Default 127.0.0.1:0, a free port. Other than loopback needs User and TLS.
	Addr string
	// ClusterID names the log for its clients. Default: what Dir remembers, else a random one, which Dir will remember.
	ClusterID string
	// User and Password, if set, are asked from every client by SCRAM-SHA-512.
	User, Password string
	// TLS, if set, is what connections are encrypted with.
	TLS *tls.Config
	// MinSessionTimeout is the shortest session time-out that a group member may ask for. Default 500 ms.
	MinSessionTimeout time.Duration
	// MaxRequest is the largest request in bytes. Default 16 MiB.
	MaxRequest int
	// MaxConnections is how many connections are open at once; more are closed at once. Default 1,000.
	MaxConnections int
	// MinFree is how many bytes of the disk stay free: below it appends are refused with KAFKA_STORAGE_ERROR, and taken again
	// when there is space. Default 256 MiB, or a twentieth of the disk if that is less.
	MinFree int64
	// RetentionInterval is how often what topics keep no longer is dropped. Default one minute.
	RetentionInterval time.Duration
}

func (c BrokerConfig) withDefaults() (BrokerConfig, error) {
	if c.Addr == "" {
		c.Addr = "127.0.0.1:0"
	}
	if c.MinSessionTimeout <= 0 {
		c.MinSessionTimeout = 500 * time.Millisecond
	}
	if c.MaxRequest <= 0 {
		c.MaxRequest = 16 << 20
	}
	if c.MaxConnections <= 0 {
		c.MaxConnections = 1000
	}
	if c.RetentionInterval <= 0 {
		c.RetentionInterval = time.Minute
	}
	if (c.User == "") != (c.Password == "") {
		return c, errors.New("embedded: the broker needs both User and Password, or neither")
	}
	if c.User != "" && c.TLS != nil {
		return c, c.requireAddress()
	}
	return c, requireLoopback(c.Addr)
}

// requireAddress refuses an address that clients could not be told to come back to.
func (c BrokerConfig) requireAddress() error {
	host, _, err := net.SplitHostPort(c.Addr)
	if err != nil {
		return fmt.Errorf("embedded: the broker's address %q: %w", c.Addr, err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		return fmt.Errorf("embedded: the broker cannot listen on %q: clients are told this address, so it must be one they can reach", c.Addr)
	}
	return nil
}

// Broker is a running one-machine broker. Make it with [StartBroker]; it is safe for concurrent use.
type Broker struct {
	config  BrokerConfig
	lock    *dirLock
	cluster *kfake.Cluster
	doors   *kafkaListener
	addr    string
	unclean bool
	stop    context.CancelFunc
	chores  sync.WaitGroup
	once    sync.Once
	failed  error
	closing sync.RWMutex // no administration while it closes: the broker would never answer
	closed  bool
	flusher flusher
}

// runningMark is the file that is there while a broker works with the directory, and after it was not shut down cleanly.
const runningMark = "running"

// StartBroker opens the log and serves Kafka's protocol. A directory in use gives [ErrInUse]. ctx bounds the start, not the
// life. Topics are made by their makers only, never by being asked for.
func StartBroker(ctx context.Context, config BrokerConfig) (*Broker, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	b := &Broker{config: config}
	if err := b.start(ctx); err != nil {
		if b.lock != nil {
			err = errors.Join(err, b.lock.release())
		}
		return nil, err
	}
	return b, nil
}

func (b *Broker) start(ctx context.Context) error {
	if b.config.Dir != "" {
		if err := b.takeDir(); err != nil {
			return err
		}
	} else if b.config.ClusterID == "" {
		b.config.ClusterID = randomID()
	}
	cluster, err := b.load(ctx)
	if err != nil {
		return fmt.Errorf("embedded: start the broker on %s: %w", b.config.Addr, err)
	}
	b.cluster = cluster
	b.addr = cluster.ListenAddrs()[0]
	cluster.ApplyRetention() // what was dropped before a kill may be back
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	b.stop = stop
	guardSettings(cluster, b.config)
	if b.config.Dir != "" {
		guardSpace(life, &b.chores, cluster, b.config)
	}
	b.chores.Go(func() { b.retain(life) })
	return nil
}

// load reads the log. It passes through memory as a whole, and after a kill it is there at once, so the garbage collector is
// kept on a short leash for that time and what it frees is given back to the machine.
func (b *Broker) load(ctx context.Context) (*kfake.Cluster, error) {
	if b.config.Dir == "" {
		return kfake.NewCluster(b.options(ctx)...)
	}
	usual := debug.SetGCPercent(20)
	defer func() {
		debug.SetGCPercent(usual)
		debug.FreeOSMemory()
	}()
	return kfake.NewCluster(b.options(ctx)...)
}

func (b *Broker) options(ctx context.Context) []kfake.Opt {
	opts := []kfake.Opt{
		kfake.NumBrokers(1),
		kfake.ClusterID(b.config.ClusterID),
		kfake.GroupMinSessionTimeout(b.config.MinSessionTimeout),
		kfake.ListenFn(func(network, _ string) (net.Listener, error) {
			l, err := listenKafka(ctx, network, b.config)
			b.doors = l
			if err != nil {
				return nil, err
			}
			return l, nil
		}),
		// What the log holds is the truth of the product: nothing goes unless its topic says so.
		kfake.BrokerConfigs(map[string]string{"log.retention.ms": "-1", "log.retention.bytes": "-1"}),
	}
	if b.config.User != "" {
		opts = append(opts, kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", b.config.User, b.config.Password))
	}
	if b.config.Dir != "" {
		opts = append(opts, kfake.DataDir(filepath.Join(b.config.Dir, "log")))
		if b.config.Sync {
			opts = append(opts, kfake.SyncWrites())
		}
	}
	return opts
}

// takeDir locks the directory, finds out how it was left, marks it and settles the cluster's id.
func (b *Broker) takeDir() error {
	dir, err := filepath.Abs(b.config.Dir)
	if err != nil {
		return fmt.Errorf("embedded: the broker's directory: %w", err)
	}
	b.config.Dir = dir
	if b.lock, err = lockDir(dir); err != nil {
		return err
	}
	mark := filepath.Join(dir, runningMark)
	if _, err := os.Stat(mark); err == nil {
		b.unclean = true
	}
	if err := b.settleClusterID(); err != nil {
		return err
	}
	// The broker remembers credentials and settings, and would prefer them to the configuration.
	for _, name := range []string{"sasl.json", "broker_configs.json"} {
		if err := os.Remove(filepath.Join(dir, "log", name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("embedded: forget the broker's old settings: %w", err)
		}
	}
	if err := writeDurably(mark, "this broker is running, or was not shut down cleanly\n"); err != nil {
		return fmt.Errorf("embedded: mark the broker's directory: %w", err)
	}
	return nil
}

func (b *Broker) settleClusterID() error {
	path := filepath.Join(b.config.Dir, "cluster-id")
	text, err := os.ReadFile(path) //nolint:gosec // below the directory that the operator names
	known := strings.TrimSpace(string(text))
	switch {
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("embedded: read the cluster's id: %w", err)
	case known != "" && b.config.ClusterID != "" && b.config.ClusterID != known:
		return fmt.Errorf("embedded: %s holds the log of cluster %q, not of %q; choose another directory or leave ClusterID empty",
			b.config.Dir, known, b.config.ClusterID)
	case known != "":
		b.config.ClusterID = known
		return nil
	}
	if b.config.ClusterID == "" {
		b.config.ClusterID = randomID()
	}
	if err := writeDurably(path, b.config.ClusterID+"\n"); err != nil {
		return fmt.Errorf("embedded: write the cluster's id: %w", err)
	}
	return nil
}

// retain drops what topics say they keep no longer: the log has no clock of its own that runs after a restart.
func (b *Broker) retain(ctx context.Context) {
	tick := time.NewTicker(b.config.RetentionInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			b.cluster.ApplyRetention()
		}
	}
}

// Addr is the host and port where it listens.
func (b *Broker) Addr() string { return b.addr }

// Dial connects to the broker from within its process, for a client's Dial: a request then costs no system call. Any other address
// is dialled by TCP.
func (b *Broker) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if addr != b.addr {
		return new(net.Dialer).DialContext(ctx, network, addr)
	}
	return b.doors.dial(ctx)
}

// ClusterID names the log; it stays the same for a directory.
func (b *Broker) ClusterID() string { return b.config.ClusterID }

// Unclean says that the broker before this one was not shut down cleanly. What it had acknowledged is there unless the power
// was cut; what had been dropped or deleted since the last clean shutdown may be back.
func (b *Broker) Unclean() bool { return b.unclean }

// Close stops the broker and leaves the directory in order. Calling it again gives the first answer.
func (b *Broker) Close() error {
	b.once.Do(func() {
		b.stop()
		b.chores.Wait()
		b.closing.Lock()
		defer b.closing.Unlock()
		b.closed = true
		b.cluster.Close()
		if b.lock != nil {
			b.failed = errors.Join(b.unmark(), b.lock.release())
		}
	})
	return b.failed
}

func (b *Broker) unmark() error {
	if err := os.Remove(filepath.Join(b.config.Dir, runningMark)); err != nil {
		return fmt.Errorf("embedded: unmark the broker's directory: %w", err)
	}
	return syncFile(b.config.Dir)
}

// writeDurably writes a small file so that a power cut leaves all of it or nothing.
func writeDurably(path, text string) error {
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) //nolint:gosec // as above
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err = os.Rename(path+".new", path); err != nil {
		return err
	}
	return syncFile(filepath.Dir(path))
}

func randomID() string {
	id := make([]byte, 12)
	_, _ = rand.Read(id) // never fails: crypto/rand ends the process instead
	return hex.EncodeToString(id)
}
