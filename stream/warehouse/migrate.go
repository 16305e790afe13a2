package warehouse

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migration is one numbered file. Its checksum is that of the file, before {engine} and the like are filled in.
type migration struct {
	number     uint32
	name       string
	checksum   string
	statements []string
}

var migrationName = regexp.MustCompile(`^([0-9]{4})_[a-z0-9_]+\.sql$`)

// Applied tells what Migrate did.
type Applied struct {
	// Ran names the files that were run now.
	Ran []string
	// Newer counts migrations in the database that this build does not know: a newer build was here.
	Newer int
}

// Migrate creates what is missing. Any number of processes may do so at once: each statement creates only what is not there.
// A file that was changed after it was applied is an error that names it.
func (w *Warehouse) Migrate(ctx context.Context) (Applied, error) {
	all, err := loadMigrations(migrationFiles)
	if err != nil {
		return Applied{}, err
	}
	return w.migrate(ctx, all)
}

func (w *Warehouse) migrate(ctx context.Context, all []migration) (Applied, error) {
	var done Applied
	if err := w.exec(ctx, `CREATE TABLE IF NOT EXISTS migrations{on_cluster} (number UInt32, name String, checksum String,
		at DateTime64(3, 'UTC') DEFAULT now64(3)) ENGINE = {engine} ORDER BY number SETTINGS {settings}`); err != nil {
		return done, fmt.Errorf("warehouse: create the table of migrations: %w", err)
	}
	applied, err := w.applied(ctx)
	if err != nil {
		return done, err
	}
	for _, m := range all {
		if err = m.compare(applied[m.number]); err != nil {
			return done, err
		}
		if len(applied[m.number]) > 0 {
			continue
		}
		for i, statement := range m.statements {
			if err = w.exec(ctx, statement); err != nil {
				return done, fmt.Errorf("warehouse: migration %s, statement %d: %w", m.name, i+1, err)
			}
		}
		if err = w.recordMigration(ctx, m); err != nil {
			return done, err
		}
		done.Ran = append(done.Ran, m.name)
	}
	// Another build may have recorded another file under the same number meanwhile.
	if applied, err = w.applied(ctx); err != nil {
		return done, err
	}
	for _, m := range all {
		if err = m.compare(applied[m.number]); err != nil {
			return done, err
		}
		delete(applied, m.number)
	}
	done.Newer = len(applied)
	return done, nil
}

// compare refuses a file that is not the one applied.
func (m migration) compare(checksums []string) error {
	for _, c := range checksums {
		if c != m.checksum {
			return fmt.Errorf("warehouse: migration %s was applied with checksum %.12s and now has %.12s: "+
				"an applied migration must not change; restore the file and put the change into a new one", m.name, c, m.checksum)
		}
	}
	return nil
}

func (w *Warehouse) exec(ctx context.Context, statement string) error {
	ctx, cancel := context.WithTimeout(ctx, w.config.InsertTimeout)
	defer cancel()
	return withoutText(w.conn.Exec(ctx, w.config.expand(statement)))
}

func (w *Warehouse) applied(ctx context.Context) (map[uint32][]string, error) {
	ctx, cancel := context.WithTimeout(ctx, w.config.QueryTimeout)
	defer cancel()
	rows, err := w.conn.Query(ctx, "SELECT number, checksum FROM migrations ORDER BY number, checksum")
	if err != nil {
		return nil, fmt.Errorf("warehouse: read the migrations applied: %w", withoutText(err))
	}
	defer rows.Close() //nolint:errcheck // rows.Err says what went wrong
	out := make(map[uint32][]string)
	for rows.Next() {
		var number uint32
		var checksum string
		if err := rows.Scan(&number, &checksum); err != nil {
			return nil, fmt.Errorf("warehouse: read the migrations applied: %w", err)
		}
		out[number] = append(out[number], checksum)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("warehouse: read the migrations applied: %w", withoutText(err))
	}
	return out, nil
}

// recordMigration writes the row of a migration; the token drops the rows of others who ran the same file.
func (w *Warehouse) recordMigration(ctx context.Context, m migration) error {
	ctx, cancel := context.WithTimeout(ctx, w.config.InsertTimeout)
	defer cancel()
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"insert_deduplication_token": m.name + m.checksum}))
	batch, err := w.conn.PrepareBatch(ctx, "INSERT INTO migrations (number, name, checksum)")
	if err != nil {
		return fmt.Errorf("warehouse: record migration %s: %w", m.name, withoutText(err))
	}
	defer batch.Close() //nolint:errcheck // Send says what went wrong
	if err := batch.Append(m.number, m.name, m.checksum); err != nil {
		return fmt.Errorf("warehouse: record migration %s: %w", m.name, err)
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("warehouse: record migration %s: %w", m.name, withoutText(err))
	}
	return nil
}

// loadMigrations reads the files and checks that they are numbered 1, 2, 3 … and can be run twice.
func loadMigrations(files fs.FS) ([]migration, error) {
	names, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		return nil, fmt.Errorf("warehouse: list the migrations: %w", err)
	}
	slices.Sort(names)
	out := make([]migration, 0, len(names))
	for i, path := range names {
		text, err := fs.ReadFile(files, path)
		if err != nil {
			return nil, fmt.Errorf("warehouse: read the migration %s: %w", path, err)
		}
		name := strings.TrimPrefix(path, "migrations/")
		parts := migrationName.FindStringSubmatch(name)
		if parts == nil {
			return nil, fmt.Errorf("warehouse: migration %s is not named like 0001_what.sql", name)
		}
		number, err := strconv.ParseUint(parts[1], 10, 32)
		if err != nil || number != uint64(i)+1 {
			return nil, fmt.Errorf("warehouse: migration %s stands where number %d is expected", name, i+1)
		}
		sum := sha256.Sum256(text)
		m := migration{uint32(number), name, hex.EncodeToString(sum[:]), splitStatements(string(text))}
		for _, s := range m.statements {
			if !strings.Contains(s, "IF NOT EXISTS") {
				return nil, fmt.Errorf("warehouse: migration %s has a statement without IF NOT EXISTS: %.60s", name, s)
			}
		}
		out = append(out, m)
	}
	return out, nil
}

// splitStatements cuts a file at the semicolons that end a line and leaves out comments that fill one.
func splitStatements(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(strings.TrimSpace(line), "--") {
			lines = append(lines, strings.TrimRight(line, " \t\r\n"))
		}
	}
	var out []string
	for s := range strings.SplitSeq(strings.Join(lines, "\n")+"\n", ";\n") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}
