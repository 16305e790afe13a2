package dispatch

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// Dump writes down all rows of all tables.
func Dump(tx *engine.Tx) string {
	var b strings.Builder
	dump(tx, &b, "agent", agents)
	dump(tx, &b, "contact", contacts)
	dump(tx, &b, "queue", queues)
	dump(tx, &b, "gateway", gateways)
	dump(tx, &b, "domain", domains)
	dump(tx, &b, "seen", seen)
	dump(tx, &b, "policy", policies)
	dump(tx, &b, "hours", hours)
	dump(tx, &b, "parked", parked)
	dump(tx, &b, "partition", partition)
	return b.String()
}

func dump[M any, P interface {
	*M
	proto.Message
}](tx *engine.Tx, b *strings.Builder, name string, table engine.Table[M, P]) {
	table.Ascend(tx, "", func(key string, row P) bool {
		raw, err := event.Marshal(row)
		fmt.Fprintf(b, "%s %s %x %v\n", name, key, raw, err)
		return true
	})
}

// ContactBytes is how many bytes the contacts' rows have, with their keys.
func ContactBytes(tx *engine.Tx) int {
	n := 0
	contacts.Ascend(tx, "", func(key string, row *event.RoutingContactRow) bool {
		n += len("contact/") + len(key) + proto.Size(row)
		return true
	})
	return n
}
