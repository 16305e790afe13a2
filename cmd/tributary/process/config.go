package process

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tributary-cc/tributary/cmd/tributary/yamlfile"
)

// The roles that a process can have. One process with all of them is a whole installation.
const (
	RoleBroker     = "broker"     // the embedded Kafka-protocol broker
	RoleClickHouse = "clickhouse" // the embedded ClickHouse engine
	RoleFolds      = "folds"      // identity, conversation, routing, outbound, config
	RoleSink       = "sink"       // the projection into ClickHouse
	RoleAPI        = "api"        // the door for people
	RoleWebchat    = "webchat"    // the channel adapter of web chat
	RoleModels     = "models"     // what customers want, found out from what they write
)

// AllRoles are all of them.
func AllRoles() []string {
	return []string{RoleBroker, RoleClickHouse, RoleFolds, RoleSink, RoleAPI, RoleWebchat, RoleModels}
}

// Config is the file of `tributary run --config`.
type Config struct {
	// Data is the folder of everything that lives on this machine.
	Data string `yaml:"data"`
	// HTTP and HTTPS are listening addresses; empty for none.
	HTTP  string `yaml:"http"`
	HTTPS string `yaml:"https"`
	// TrustedProxies are addresses or networks of balancers whose X-Forwarded-For is believed.
	TrustedProxies []string `yaml:"trusted_proxies"`
	// PublicURL is where people find it behind a balancer, e.g. https://desk.example.
	PublicURL string   `yaml:"public_url"`
	Roles     []string `yaml:"roles"`
	// Partitions of every topic; set once per installation.
	Partitions int        `yaml:"partitions"`
	Kafka      Kafka      `yaml:"kafka"`
	ClickHouse ClickHouse `yaml:"clickhouse"`
	TLS        TLS        `yaml:"tls"`
	Models     Models     `yaml:"models"`
	// Objects is the folder of the object store; default data/objects.
	Objects string `yaml:"objects"`
	// MasterKey is the file of the master key; default data/master.key.
	MasterKey string `yaml:"master_key"`
	// Sync has every write on disk before it is acknowledged.
	Sync bool `yaml:"sync"`
	// Demo runs a demo centre in a tenant of its own.
	Demo bool `yaml:"demo"`
	// Floor is how many simulated agents a demo has, with customers for them; 0 for a quiet one. Speed divides their pauses.
	Floor int     `yaml:"floor"`
	Speed float64 `yaml:"speed"`
	Log   Log     `yaml:"log"`
	// OTLP is the address of an OpenTelemetry collector (OTLP over HTTP); empty for none.
	OTLP string `yaml:"otlp"`
}

// Kafka says where the log is. Without brokers the embedded one is used.
type Kafka struct {
	Brokers      []string `yaml:"brokers"`
	Replication  int      `yaml:"replication"`
	User         string   `yaml:"user"`
	PasswordFile string   `yaml:"password_file"`
	Mechanism    string   `yaml:"mechanism"`
	TLS          bool     `yaml:"tls"`
	CAFile       string   `yaml:"ca_file"`
	CertFile     string   `yaml:"cert_file"`
	KeyFile      string   `yaml:"key_file"`
	// Listen is the address of the embedded broker.
	Listen string `yaml:"listen"`
}

// ClickHouse says where the warehouse is. Without a DSN the embedded engine is used.
type ClickHouse struct {
	DSNFile string `yaml:"dsn_file"`
	Library string `yaml:"library"`
	// Listen is the address of the embedded engine; it keeps its port over restarts where none is named.
	Listen string `yaml:"listen"`
}

// TLS names the certificate for browsers; without files a local CA is made.
type TLS struct {
	CertFile string `yaml:"cert_file"`
	KeyFile  string `yaml:"key_file"`
}

// Log says what is written to standard error.
type Log struct {
	Level string `yaml:"level"`
	// Format is text or json.
	Format string `yaml:"format"`
}

// Default is an installation of one process on this machine.
func Default() Config {
	return Config{
		Data: "data", HTTP: "127.0.0.1:8080", Roles: AllRoles(), Partitions: 4,
		Kafka: Kafka{Replication: 3, Mechanism: "SCRAM-SHA-512", Listen: "127.0.0.1:0"},
		Log:   Log{Level: "info", Format: "text"}, Floor: defaultFloor, Speed: 1, Models: defaultModels(),
	}
}

// ReadConfig reads a file over Default. All faults are in the error, each with its line.
func ReadConfig(path string) (Config, error) {
	c := Default()
	data, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return c, fmt.Errorf("reading the configuration: %w", err)
	}
	f := yamlfile.Read(path, data, &c)
	c.check(func(path, format string, args ...any) { f.Wrong(path, path+": "+format, args...) })
	return c, f.Err()
}

// Validate checks a configuration that came from flags.
func (c *Config) Validate() error {
	var faults []error
	c.check(func(path, format string, args ...any) {
		faults = append(faults, fmt.Errorf("%s: "+format, append([]any{path}, args...)...))
	})
	return errors.Join(faults...)
}

func (c *Config) check(wrong func(path, format string, args ...any)) {
	if c.Data == "" {
		wrong("data", "a folder is needed")
	}
	for i, r := range c.Roles {
		if !slices.Contains(AllRoles(), r) {
			wrong(fmt.Sprintf("roles[%d]", i), "there is no role %q; there are %s", r, strings.Join(AllRoles(), ", "))
		}
	}
	if len(c.Roles) == 0 {
		wrong("roles", "a process without a role does nothing; there are %s", strings.Join(AllRoles(), ", "))
	}
	if c.Floor < 0 || c.Floor > 1000 {
		wrong("floor", "%d simulated agents; it is 0 to 1000, of which a demo has as many as it has names for", c.Floor)
	}
	if c.Speed <= 0 || c.Speed > 100 {
		wrong("speed", "%g; it is above 0 and at most 100", c.Speed)
	}
	if c.Partitions < 1 || c.Partitions > 1000 {
		wrong("partitions", "%d; it is 1 to 1000, and set once per installation", c.Partitions)
	}
	for _, a := range []struct{ path, addr string }{{"http", c.HTTP}, {"https", c.HTTPS}, {"kafka.listen", c.Kafka.Listen}, {"clickhouse.listen", c.ClickHouse.Listen}} {
		if _, _, err := net.SplitHostPort(a.addr); a.addr != "" && err != nil {
			wrong(a.path, "%q is not host:port", a.addr)
		}
	}
	prefixes(c.TrustedProxies, func(i int, text string) {
		wrong(fmt.Sprintf("trusted_proxies[%d]", i), "%q is no address and no network such as 10.0.0.0/8", text)
	})
	if u, err := url.Parse(c.PublicURL); c.PublicURL != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.Trim(u.Path, "/") != "") {
		wrong("public_url", "%q is not https://host", c.PublicURL)
	}
	if (c.TLS.CertFile == "") != (c.TLS.KeyFile == "") {
		wrong("tls", "cert_file and key_file go together")
	}
	c.Models.check(wrong)
	c.Kafka.check(c.HasRole(RoleBroker), wrong)
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.Log.Level) {
		wrong("log.level", "%q; there are debug, info, warn, error", c.Log.Level)
	}
	if c.Log.Format != "text" && c.Log.Format != "json" {
		wrong("log.format", "%q; there are text and json", c.Log.Format)
	}
}

func (k *Kafka) check(broker bool, wrong func(path, format string, args ...any)) {
	if len(k.Brokers) > 0 && broker {
		wrong("kafka.brokers", "brokers are named, but the role broker runs an embedded one: leave one of them out")
	}
	if len(k.Brokers) > 0 && k.Replication < 3 {
		wrong("kafka.replication", "%d; a cluster needs 3, or a lost machine loses what was acknowledged", k.Replication)
	}
	if !slices.Contains([]string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}, k.Mechanism) {
		wrong("kafka.mechanism", "%q; there are PLAIN, SCRAM-SHA-256, SCRAM-SHA-512", k.Mechanism)
	}
	if (k.User == "") != (k.PasswordFile == "") {
		wrong("kafka.user", "user and password_file go together")
	}
	if (k.CertFile == "") != (k.KeyFile == "") {
		wrong("kafka.cert_file", "cert_file and key_file go together")
	}
}

// HasRole tells whether the process has a role.
func (c *Config) HasRole(role string) bool { return slices.Contains(c.Roles, role) }

// ObjectsDir is the folder of the object store.
func (c *Config) ObjectsDir() string { return or(c.Objects, filepath.Join(c.Data, "objects")) }

// MasterKeyFile is the file of the master key.
func (c *Config) MasterKeyFile() string { return or(c.MasterKey, filepath.Join(c.Data, "master.key")) }

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
