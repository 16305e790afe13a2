package process

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/embedded"
	"github.com/tributary-cc/tributary/stream/kafkalog"
	"github.com/tributary-cc/tributary/stream/objects"
	"github.com/tributary-cc/tributary/stream/privacy"
)

// Spine is what every role and every command stands on: the log, the object store, keys and accounts.
type Spine struct {
	Config   Config
	Logger   *slog.Logger
	Log      *kafkalog.Log
	Objects  *objects.Dir
	Master   *privacy.MasterKey
	Keys     *privacy.KeyStore
	Accounts *access.Accounts
	// Guard is the only way to append for what is no fold.
	Guard *privacy.Guard

	broker  *embedded.Broker
	run     RunFile
	tracing *tracing
}

// RunFile is what a running process leaves in its data folder for the commands of the same machine. It holds secrets: only
// the owner may read it.
type RunFile struct {
	PID        int       `json:"pid"`
	Started    time.Time `json:"started"`
	Broker     string    `json:"broker,omitempty"`
	User       string    `json:"user,omitempty"`
	Password   string    `json:"password,omitempty"`
	ClickHouse string    `json:"clickhouse,omitempty"`
	URL        string    `json:"url,omitempty"`
	HTTP       string    `json:"http,omitempty"`
	HTTPS      string    `json:"https,omitempty"`
	Partitions int       `json:"partitions"`
}

// Address is where a running process listens for something.
type Address struct{ What, Addr string }

// Addresses are all that the processes of the folder listen on.
func (r *RunFile) Addresses() []Address {
	clickhouse := ""
	if u, err := url.Parse(r.ClickHouse); err == nil {
		clickhouse = u.Host
	}
	all := []Address{{"HTTP", r.HTTP}, {"HTTPS", r.HTTPS}, {"the broker", r.Broker}, {"ClickHouse", clickhouse}}
	return slices.DeleteFunc(all, func(a Address) bool { return a.Addr == "" })
}

// cachedKeys bounds the key cache: some hundred bytes each.
const cachedKeys = 200_000

// openSpine opens what is on this machine and connects to the log. With the role broker it starts the broker; without, it
// connects to the cluster, or to the process that runs in the same data folder. Only with create it makes an installation.
func openSpine(ctx context.Context, c Config, logger *slog.Logger, create bool) (*Spine, error) {
	s := &Spine{Config: c, Logger: logger}
	if err := s.openStores(ctx, create); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := s.openLog(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	var err error
	if s.tracing, err = newTracing(ctx, c.OTLP, newID()); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.Guard = privacy.NewGuard(s.Keys, appender{s.Log}, s.tracing.parent)
	return s, nil
}

// openStores opens keys and accounts, once the master key is proved to be theirs.
func (s *Spine) openStores(ctx context.Context, create bool) (err error) {
	c := s.Config
	if create {
		if err = os.MkdirAll(c.Data, 0o700); err != nil {
			return fmt.Errorf("making the data folder: %w", err)
		}
	} else if info, failed := os.Stat(c.ObjectsDir()); failed != nil || !info.IsDir() {
		return &NoInstallationError{c.ObjectsDir()}
	}
	if s.Objects, err = objects.OpenDir(c.ObjectsDir(), durability(c.Sync)); err != nil {
		return err
	}
	master, created, err := privacy.OpenMasterKey(ctx, c.MasterKeyFile(), s.Objects, create)
	if errors.Is(err, privacy.ErrNoMasterKey) {
		return &NoInstallationError{c.Data}
	}
	if err != nil {
		return fmt.Errorf("the master key of %s: %w", c.ObjectsDir(), err)
	}
	if created {
		s.Logger.WarnContext(ctx, "a master key was made: back it up, without it nobody can read what was said", "file", c.MasterKeyFile())
	}
	s.Master = master
	if s.Keys, err = privacy.NewKeyStore(s.Objects, master, cachedKeys, time.Now); err != nil {
		return err
	}
	if s.Accounts, err = access.New(s.Objects, master, time.Now, auditor{s}); err != nil || !create {
		return err
	}
	return s.claim(ctx)
}

// claim marks the data as that of the master key, after a look at an account: data without the mark may have no key to tell.
func (s *Spine) claim(ctx context.Context) error {
	if _, err := s.Objects.Get(ctx, privacy.MasterObject); !errors.Is(err, objects.ErrNotFound) {
		return err
	}
	if _, err := s.SampleAccount(ctx); err != nil {
		return fmt.Errorf("%w; is %s the master key of this data?", err, s.Config.MasterKeyFile())
	}
	return privacy.ClaimMasterKey(ctx, s.Objects, s.Master)
}

// SampleAccount opens an account, with those of its tenant, and answers how many there are.
func (s *Spine) SampleAccount(ctx context.Context) (int, error) {
	names, err := s.Objects.List(ctx, "accounts/")
	if err != nil || len(names) == 0 {
		return 0, err
	}
	tenant, err := objects.Unsegment(strings.Split(names[0], "/")[1])
	if err == nil {
		_, err = s.Accounts.List(ctx, tenant)
	}
	return len(names), err
}

func (s *Spine) openLog(ctx context.Context) error {
	c := s.Config
	k := kafkalog.Config{
		Brokers: c.Kafka.Brokers, Partitions: c.Partitions, Replication: c.Kafka.Replication, User: c.Kafka.User,
		Mechanism: c.Kafka.Mechanism, ClientID: "tributary", Logger: s.Logger,
	}
	var err error
	switch {
	case len(c.Kafka.Brokers) > 0:
		if c.Kafka.PasswordFile != "" {
			if k.Password, err = readSecret(c.Kafka.PasswordFile); err != nil {
				return err
			}
		}
		if k.TLS, err = kafkaTLS(c.Kafka); err != nil {
			return err
		}
	case c.HasRole(RoleBroker):
		if err = s.startBroker(ctx); err != nil {
			return err
		}
	default:
		if s.run, err = ReadRunFile(c.Data); err != nil {
			return err
		}
		s.run.URL = "" // that of the process with the broker
		s.Config.Partitions, k.Partitions = s.run.Partitions, s.run.Partitions
	}
	if len(c.Kafka.Brokers) == 0 {
		k.Brokers, k.User, k.Password, k.Embedded, k.Replication = []string{s.run.Broker}, s.run.User, s.run.Password, true, 1
		k.Mechanism = "SCRAM-SHA-512"
	}
	if s.broker != nil {
		k.Dial = s.broker.Dial
	}
	s.Log, err = kafkalog.Open(k)
	return err
}

// startBroker starts the embedded broker, with a password that only this data folder knows.
func (s *Spine) startBroker(ctx context.Context) error {
	password, err := ownSecret(filepath.Join(s.Config.Data, "broker.secret"))
	if err != nil {
		return err
	}
	s.run = RunFile{PID: os.Getpid(), Started: time.Now().UTC().Truncate(time.Second), User: "tributary", Password: password, Partitions: s.Config.Partitions}
	s.broker, err = embedded.StartBroker(ctx, embedded.BrokerConfig{
		Dir: filepath.Join(s.Config.Data, "log"), Sync: s.Config.Sync, Addr: s.sameAddr(ctx, "broker", s.Config.Kafka.Listen),
		User: s.run.User, Password: password,
	})
	if err != nil {
		return err
	}
	s.run.Broker = s.broker.Addr()
	return s.keepAddr("broker", s.run.Broker)
}

// Close closes what openSpine opened.
func (s *Spine) Close() error {
	var faults []error
	if s.tracing != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		faults = append(faults, s.tracing.close(ctx))
	}
	if s.Log != nil {
		faults = append(faults, s.Log.Close())
	}
	if s.broker != nil {
		faults = append(faults, s.broker.Close())
	}
	if s.Objects != nil {
		faults = append(faults, s.Objects.Close())
	}
	return errors.Join(faults...)
}

// ReadRunFile reads what the running process left.
func ReadRunFile(data string) (RunFile, error) {
	var r RunFile
	b, err := os.ReadFile(filepath.Join(data, runFile)) //nolint:gosec // the operator names the folder
	if errors.Is(err, os.ErrNotExist) {
		return r, &NotRunningError{Data: data}
	}
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(b, &r); err != nil {
		return r, fmt.Errorf("%s/%s is damaged: %w", data, runFile, err)
	}
	if dsn, err := os.ReadFile(filepath.Join(data, clickhouseFile)); err == nil { //nolint:gosec // as above
		r.ClickHouse = strings.TrimSpace(string(dsn))
	}
	return r, nil
}

func (s *Spine) writeRunFile() error {
	b, err := json.MarshalIndent(s.run, "", "  ") //nolint:gosec // the file is for the owner alone, so that commands can connect
	if err != nil {
		return err
	}
	return replaceFile(filepath.Join(s.Config.Data, runFile), b)
}

// ownSecret reads a secret of this installation, or makes it. Of several processes that make it one wins, and nobody reads
// half of it.
func ownSecret(path string) (string, error) {
	for {
		b, err := os.ReadFile(path) //nolint:gosec // in the data folder
		if secret := strings.TrimSpace(string(b)); err == nil && secret != "" {
			return secret, nil
		}
		if err == nil {
			return "", fmt.Errorf("%s is empty: delete it, and a new secret is made", path)
		}
		if !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
		mine := path + "." + newID()
		err = os.WriteFile(mine, []byte(rand.Text()+"\n"), 0o600)
		if err == nil {
			err = os.Link(mine, path)
		}
		if err = errors.Join(err, os.Remove(mine)); err != nil && !errors.Is(err, os.ErrExist) {
			return "", fmt.Errorf("making the secret %s: %w", path, err)
		}
	}
}

func readSecret(path string) (string, error) {
	b, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return "", fmt.Errorf("reading a secret: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

func kafkaTLS(k Kafka) (*tls.Config, error) {
	if !k.TLS {
		return nil, nil //nolint:nilnil // a clear connection is wanted
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	if k.CAFile != "" {
		pem, err := os.ReadFile(k.CAFile)
		if err != nil {
			return nil, fmt.Errorf("reading Kafka's CA: %w", err)
		}
		t.RootCAs = x509.NewCertPool()
		if !t.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", k.CAFile)
		}
	}
	if k.CertFile != "" {
		cert, err := tls.LoadX509KeyPair(k.CertFile, k.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("reading Kafka's client certificate: %w", err)
		}
		t.Certificates = []tls.Certificate{cert}
	}
	return t, nil
}

var buildOnce = sync.OnceValues(func() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	f, err := os.Open(path) //nolint:gosec // ourselves
	if err != nil {
		return "", err
	}
	defer f.Close() //nolint:errcheck // only read
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)[:10]), nil
})

// Build is a hash of this binary: of code, dependencies, toolchain and target alike.
func Build() (string, error) { return buildOnce() }

// durability is what an object outlives: with Sync a power cut, as the log does; without, the death of the process.
func durability(sync bool) objects.Durability {
	if sync {
		return objects.PowerCut
	}
	return objects.ProcessDeath
}
