package chaos

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tributary-cc/tributary/cmd/tributary/process"
	"github.com/tributary-cc/tributary/stream/event"
)

// private looks for planted personal data where it must not be: in the log's records, in ClickHouse's columns, and, once
// the process has ended, in every file below its data folder.
//
// Rightful are names that customers typed in free text, in ClickHouse's column messages.text and in its files: no rule finds
// them, and they can be erased there. A number, an e-mail address or an agent's name is rightful nowhere.
type private struct {
	report  *Report
	scanner *Scanner
	plants  *Plants
	data    string
}

func newPrivate(report *Report, plants *Plants, data string) (*private, error) {
	s, err := NewScanner(plants.All())
	return &private{report, s, plants, data}, err
}

// live looks into the log and the warehouse while they can be asked.
func (p *private) live(ctx context.Context) error {
	s, err := connect(ctx, p.data)
	if err != nil {
		return err
	}
	defer s.Close() //nolint:errcheck // only read
	if err := p.records(ctx, s); err != nil {
		return err
	}
	return p.columns(ctx)
}

func (p *private) records(ctx context.Context, s *process.Spine) error {
	var finds []Find
	records, size := 0, 0
	for _, topic := range event.Topics() {
		for n := range s.Log.Partitions(topic) {
			first, end, err := s.Log.Bounds(ctx, topic, n)
			if err != nil {
				return err
			}
			if first >= end {
				continue
			}
			err = s.Log.Read(ctx, topic, n, first, func(batch []event.Record, _ int64) error {
				for i := range batch {
					r := &batch[i]
					where := fmt.Sprintf("%s/%d", topic, n)
					for _, b := range [][]byte{r.Key, r.Value, []byte(r.Trace)} {
						p.scanner.Bytes(b, where, r.Offset, func(f Find) { finds = append(finds, f) })
						size += len(b)
					}
					if records++; r.Offset+1 >= end {
						return errEnd
					}
				}
				return nil
			})
			if err != nil && !errors.Is(err, errEnd) {
				return err
			}
		}
	}
	p.report.check("no personal data in the log's records", fmt.Sprintf("%d secrets in %d records of %d KiB", len(p.scanner.secrets), records, size>>10), p.scanner.text(finds))
	return nil
}

// columns asks ClickHouse for every text that it holds.
func (p *private) columns(ctx context.Context) error {
	run, err := process.ReadRunFile(p.data)
	if err != nil {
		return err
	}
	ch := clickHouse{run.ClickHouse}
	columns, err := ch.query(ctx, `SELECT table, name FROM system.columns WHERE database = currentDatabase() AND type LIKE '%String%' ORDER BY table, name`, nil)
	if err != nil {
		return err
	}
	var wrong []Find
	names, size := map[int]bool{}, 0
	for _, c := range columns {
		rows, err := ch.query(ctx, "SELECT toString(`"+c[1]+"`) FROM `"+c[0]+"`", nil)
		if err != nil {
			return err
		}
		for i, r := range rows {
			size += len(r[0])
			p.scanner.Bytes([]byte(r[0]), c[0]+"."+c[1], int64(i), func(f Find) {
				if p.scanner.secrets[f.Secret].Named && f.Form == "UTF-8" && f.Where == "messages.text" {
					names[f.Secret] = true
					return
				}
				wrong = append(wrong, f)
			})
		}
	}
	faults := p.scanner.text(wrong)
	if want := p.namesSaid(); len(names) < want {
		// The search must be able to see: what stands there rightfully has to be found.
		faults = append(faults, fmt.Sprintf("of %d names that customers said only %d are in messages.text: the search or the table is wrong", want, len(names)))
	}
	p.report.check("no personal data in ClickHouse but names in what was said",
		fmt.Sprintf("%d text columns of %d KiB, %d names", len(columns), size>>10, len(names)), faults)
	return nil
}

func (p *private) namesSaid() int {
	n := 0
	for _, s := range p.plants.Secrets[:p.plants.Said()] {
		if s.Named {
			n++
		}
	}
	return n
}

// files looks into all that the process left on disk.
func (p *private) files() error {
	finds, files, size, err := p.scanner.Folder(p.data)
	if err != nil {
		return err
	}
	var wrong []Find
	rightful := 0
	for _, f := range finds {
		if p.scanner.secrets[f.Secret].Named && strings.HasPrefix(f.Where, "clickhouse/") {
			rightful++
			continue
		}
		wrong = append(wrong, f)
	}
	p.report.check("no personal data in any file but ClickHouse's", fmt.Sprintf("%d secrets, %d said, searched as UTF-8, UTF-16, base64, hexadecimal, grouped and in full width in %d files of %d MiB",
		len(p.scanner.secrets), p.plants.Said(), files, size>>20), p.scanner.text(wrong))
	var unsaid []string
	if n := p.plants.Said(); n < len(p.plants.Secrets) {
		unsaid = append(unsaid, fmt.Sprintf("only %d of %d were said: the run was too short", n, len(p.plants.Secrets)))
	}
	p.report.check("all personal data was planted", fmt.Sprint(p.plants.Said()), unsaid)
	return nil
}
