// Package warehouse is the projection of the log into ClickHouse: numbered migrations, the sink that fills the tables, and
// named queries. It is the only package that knows clickhouse-go.
//
// It promises that each fact of the log is in its tables once, however often a sink is killed and however many run: a cut in
// the log fixes which facts make up one insert, and the insert's token drops it if it is made again. It promises that a
// killed or absent ClickHouse stops nobody: the log keeps what is missing, [Sink.Lag] says how much. It promises that no
// sealed part and no unmasked text is stored.
//
// It does not promise one row for an event that its writer, having no order (audit), appended twice: such repeats have equal
// ids. It does not keep the order between tables: the last table of a cut may be filled a moment after the first.
//
// The unit of trust is the cut: all its rows are there when its row is in the table cuts.
package warehouse
