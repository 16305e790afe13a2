package warehouse

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Person says of whom copies are to be erased: a customer, addresses (pseudonyms), or both.
type Person struct {
	Customer  string
	Addresses []string
}

// maxErased bounds the addresses of one person.
const maxErased = 1000

// Erase empties what the warehouse holds of what a person said, did on the site and is said to be: masked texts, names of behaviours,
// tier, language and tags. Rows stay, with ids, times and decisions, so that numbers and checks go on as they were. It returns when the
// rows are written anew on all replicas; ClickHouse removes the old files some minutes later. It may be repeated at any time.
//
// Delete the keys first: a sink that still has one open may bring a text after this. Repeat it when no process can open the key any more.
func (w *Warehouse) Erase(ctx context.Context, tenant string, p Person) error {
	if tenant == "" || (p.Customer == "" && len(p.Addresses) == 0) {
		return errors.New("warehouse: the erasure names nobody; name the tenant, and a customer or addresses")
	}
	if len(p.Addresses) > maxErased {
		return fmt.Errorf("warehouse: an erasure of %d addresses is larger than %d", len(p.Addresses), maxErased)
	}
	whose := "(customer != '' AND customer = " + quoted(p.Customer) + ")"
	if len(p.Addresses) > 0 {
		list := make([]string, len(p.Addresses))
		for i, a := range p.Addresses {
			list[i] = quoted(a)
		}
		whose = "(" + whose + " OR address IN (" + strings.Join(list, ", ") + "))"
	}
	whose = "tenant = " + quoted(tenant) + " AND " + whose
	// Events have no address. Their customers are asked for before the tables that know them are emptied; those keep the ids.
	customers, err := w.customersOf(ctx, whose)
	if err != nil {
		return err
	}
	for _, s := range []struct{ table, set, where string }{
		{"messages", "text = '', text_state = 'erased'", whose + " AND text != ''"},
		{"behaviours", "name = ''", whose + " AND name != ''"},
		{"customers", "tier = '', language = '', tags = []", whose},
		{"events", "body = '{}'", "tenant = " + quoted(tenant) + " AND kind IN ('profile_changed', 'behaviour_seen') AND customer IN (" + customers + ")"},
	} {
		if err := w.exec(ctx, "ALTER TABLE "+s.table+"{on_cluster} UPDATE "+s.set+" WHERE "+s.where+" SETTINGS mutations_sync = 2"); err != nil {
			return fmt.Errorf("warehouse: erase from %s: %w", s.table, err)
		}
	}
	return nil
}

// customersOf are the customers of a condition on customer and address, as a list of literals.
func (w *Warehouse) customersOf(ctx context.Context, whose string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, w.config.QueryTimeout)
	defer cancel()
	var all []string
	for _, table := range []string{"contacts", "customers", "behaviours"} {
		var some []string
		if err := w.conn.QueryRow(ctx, "SELECT groupUniqArray("+fmt.Sprint(maxErased)+")(customer) FROM "+table+" WHERE "+whose).Scan(&some); err != nil {
			return "", fmt.Errorf("warehouse: look for a person in %s: %w", table, withoutText(err))
		}
		for _, c := range some {
			all = append(all, quoted(c))
		}
	}
	if len(all) == 0 {
		return "''", nil
	}
	return strings.Join(all, ", "), nil
}

// quoted is a text as a literal of SQL: a mutation is kept as text, parameters and all.
func quoted(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\x00", `\0`).Replace(s) + "'"
}
