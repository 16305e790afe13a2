// Package plugin is the back end of Tributary's data source in Grafana.
//
// It speaks only to Tributary's API, with the service token of the data source's settings, and says for whom it asks: the signed-in user
// of Grafana. What a user may see is decided there; this package filters nothing and keeps no number. It promises:
//
//   - the queries of a request travel together, and each has its own answer or its own error, marked as the plugin's fault (the query is
//     wrong) or as that of what lies downstream (the settings, the network, Tributary);
//   - the token goes to the address of the settings and nowhere else, redirects included, and stands in no log and no error;
//   - only alert rules, and the one stream that all viewers of a scope share, are asked for as the service itself. Where Grafana names no
//     user, as on a public dashboard, nothing is asked;
//   - every answer has bounds in bytes and in time; what is not as it should be is an error that says so, never an empty panel;
//   - [Datasource.Dispose] ends the streams and closes the connections.
//
// It does not retry a query, nor keep answers: Tributary shares them among viewers, which [Query].Align helps by asking for rounded times.
//
// # Frames
//
// A table has one field for each column, named as the API names it; behind one of ids (queue, next_queue, agent) stands one of names
// (queue_name and so on), for people. A series is one frame per column and set of labels, with the time first; its labels are ids, and its
// name in a legend is made of names. What is missing is not filled in. A column `…_ms` is a time where it is a moment (0 is null) and else a
// number with the unit ms.
//
// The wallboard, in a query's answer and in the stream `wallboard/<scope>` alike, is one frame with a row for each queue and, as the last
// one, the sums of all: see [wallboardFrame] for its fields.
package plugin
