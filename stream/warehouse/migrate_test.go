package warehouse

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/embedded/embeddedtest"
)

func TestMigrateManyAtOnceThenNothing(t *testing.T) {
	dsn := embeddedtest.ClickHouse(t)
	var all sync.WaitGroup
	for range 4 {
		w := openWarehouse(t, dsn)
		all.Go(func() {
			_, err := w.Migrate(context.Background())
			if err != nil {
				t.Errorf("a starter failed: %v", err)
			}
		})
	}
	all.Wait()
	w := openWarehouse(t, dsn)
	done, err := w.Migrate(context.Background())
	require.NoError(t, err)
	require.Empty(t, done.Ran)
	require.Zero(t, done.Newer)
	var rows, files uint64
	require.NoError(t, w.conn.QueryRow(context.Background(), "SELECT count(), uniqExact(number) FROM migrations").Scan(&rows, &files))
	require.Equal(t, files, rows, "each migration is recorded once")
}

func TestMigrateNamesTheFileThatChanged(t *testing.T) {
	w := openWarehouse(t, embeddedtest.ClickHouse(t))
	_, err := w.Migrate(context.Background())
	require.NoError(t, err)
	all, err := loadMigrations(migrationFiles)
	require.NoError(t, err)
	all[1].checksum = strings.Repeat("0", 64)
	_, err = w.migrate(context.Background(), all)
	require.ErrorContains(t, err, "0002_contacts.sql was applied with checksum")

	done, err := w.migrate(context.Background(), all[:1])
	require.NoError(t, err, "an older build goes on beside a newer one")
	require.Equal(t, len(all)-1, done.Newer)
}

func TestMigrationFilesAreChecked(t *testing.T) {
	for want, files := range map[string]fstest.MapFS{
		"0002_b.sql stands where number 1 is expected": {"migrations/0002_b.sql": {Data: []byte("CREATE TABLE IF NOT EXISTS b;")}},
		"is not named like":                            {"migrations/1_b.sql": {Data: []byte("CREATE TABLE IF NOT EXISTS b;")}},
		"without IF NOT EXISTS":                        {"migrations/0001_b.sql": {Data: []byte("-- why\nCREATE TABLE b (x String);\n")}},
	} {
		_, err := loadMigrations(files)
		require.ErrorContains(t, err, want)
	}
	require.Equal(t, []string{"SELECT 1", "SELECT\n 2"}, splitStatements("-- a; b\nSELECT 1;\n\n  -- c\nSELECT\n 2;"))
}

// On a cluster the same files make replicated tables.
func TestMigrationsForACluster(t *testing.T) {
	config, err := Config{DSN: "http://x", Cluster: "main", Replicated: true}.withDefaults()
	require.NoError(t, err)
	all, err := loadMigrations(migrationFiles)
	require.NoError(t, err)
	for _, m := range all {
		for _, s := range m.statements {
			sql := config.expand(s)
			require.Regexp(t, "ON CLUSTER `main`", sql)
			if strings.HasPrefix(sql, "CREATE") {
				require.Regexp(t, `ENGINE = Replicated(Replacing)?MergeTree`, sql)
				require.Contains(t, sql, " replicated_deduplication_window = 10000")
			}
			require.NotContains(t, sql, "non_replicated")
			require.NotRegexp(t, `\{[a-z_:]+\}`, sql)
			require.NotContains(t, sql, "Nullable")
		}
	}
	_, err = Config{DSN: "http://x", Cluster: "a`b"}.withDefaults()
	require.Error(t, err)
	_, err = Open(Config{DSN: "http://user:geheim@%zz"})
	require.Error(t, err)
	require.NotContains(t, err.Error(), "geheim")
}
