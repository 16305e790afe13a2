package warehouse

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Config says where the warehouse is. Zero values mean the defaults.
type Config struct {
	// DSN is clickhouse-go's: http://, https:// or clickhouse:// with user, password, host, port and database. It is a secret.
	DSN string
	// Cluster makes the tables ON CLUSTER of that name; empty on one server.
	Cluster string
	// Replicated makes the tables Replicated*MergeTree; the server's default path and replica macro are used.
	Replicated bool
	// QueryTimeout ends a query of a person. Default 10 s.
	QueryTimeout time.Duration
	// InsertTimeout ends one attempt to insert into one table. Default 60 s.
	InsertTimeout time.Duration
	// MaxRows is how many rows a query may answer; more are cut off and the answer says so. Default 10,000.
	MaxRows int
}

var clusterName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,100}$`)

func (c Config) withDefaults() (Config, error) {
	if c.DSN == "" {
		return c, errors.New("warehouse: Config.DSN is empty; name the ClickHouse server and database")
	}
	if c.Cluster != "" && !clusterName.MatchString(c.Cluster) {
		return c, errors.New("warehouse: Config.Cluster is not the name of a cluster: letters, digits, '_', '.' and '-' only")
	}
	if c.QueryTimeout <= 0 {
		c.QueryTimeout = 10 * time.Second
	}
	if c.InsertTimeout <= 0 {
		c.InsertTimeout = time.Minute
	}
	if c.MaxRows <= 0 {
		c.MaxRows = 10_000
	}
	return c, nil
}

// connLifetime is short, as a connection keeps room for the largest block that it sent: 27 MB for a full cut. A new one costs a
// question in the same process, or a handshake.
const connLifetime = 5 * time.Second

// Warehouse is a ClickHouse database with our tables. Make it with [Open]; it is safe for concurrent use.
type Warehouse struct {
	config  Config
	native  bool
	conn    driver.Conn
	queries map[string]*namedQuery
}

// Open prepares the connection and does not use it yet, so that a process starts with ClickHouse away. Close it at the end.
func Open(config Config) (*Warehouse, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	options, err := clickhouse.ParseDSN(config.DSN)
	if err != nil {
		// The driver's error may repeat the DSN, which holds the password.
		return nil, errors.New("warehouse: the DSN cannot be read; it looks like http://user:password@host:8123/database")
	}
	if options.MaxOpenConns == 0 {
		options.MaxOpenConns = 8
	}
	options.ConnMaxLifetime = connLifetime
	queries, err := loadQueries()
	if err != nil {
		return nil, err
	}
	conn, err := clickhouse.Open(options)
	if err != nil {
		return nil, fmt.Errorf("warehouse: open: %w", withoutText(err))
	}
	return &Warehouse{config: config, native: options.Protocol == clickhouse.Native, conn: conn, queries: queries}, nil
}

// Close gives the connections back.
func (w *Warehouse) Close() error { return w.conn.Close() }

// Ping says whether ClickHouse answers.
func (w *Warehouse) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, w.config.QueryTimeout)
	defer cancel()
	if err := w.conn.Ping(ctx); err != nil {
		return fmt.Errorf("warehouse: ping: %w", withoutText(err))
	}
	return nil
}

// ServerError is an error that ClickHouse answered, without its text: that may repeat data.
type ServerError struct {
	// Code is ClickHouse's number of the error, e.g. 60 for an unknown table.
	Code int32
	// Name is ClickHouse's name of the error where it told one.
	Name string
}

func (e *ServerError) Error() string {
	if e.Name == "" {
		return fmt.Sprintf("ClickHouse answered error %d", e.Code)
	}
	return fmt.Sprintf("ClickHouse answered error %d (%s)", e.Code, e.Name)
}

// withoutText replaces an answer of ClickHouse by its code. Its text may repeat parameters and rows, and does not belong into logs.
func withoutText(err error) error {
	var exception *clickhouse.Exception
	if errors.As(err, &exception) {
		return &ServerError{exception.Code, exception.Name}
	}
	return err
}

// expand fills in what of a statement depends on the installation.
func (c Config) expand(sql string) string {
	engine, replacing, onCluster := "MergeTree", "ReplacingMergeTree(", ""
	settings := "non_replicated_deduplication_window = 10000"
	if c.Replicated {
		engine, replacing = "ReplicatedMergeTree", "ReplicatedReplacingMergeTree("
		settings = "replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800"
	}
	if c.Cluster != "" {
		onCluster = " ON CLUSTER `" + c.Cluster + "`"
	}
	return strings.NewReplacer(
		"{engine}", engine, "{replacing:version}", replacing+"version)", "{replacing:offset}", replacing+"offset)", "{on_cluster}", onCluster, "{settings}", settings,
	).Replace(sql)
}
