// Package boards is the supervisors' boards as code: Go that writes the JSON which Grafana 12 reads (its classic dashboard model,
// schema version 41). The JSON is committed beside it and compared by a test; `go generate ./dashboards/boards` writes it anew.
//
// It promises that every panel asks a query that the warehouse or the live wallboard answers, with columns that are there; that each
// number leads to the contacts behind it; that the Chinese boards are the English ones with other words; and that a title names the
// variant of its number where several are in use. It promises nothing about how a release of Grafana draws them.
//
// Nothing here computes a number: formulas stand in stream/warehouse/queries. What the boards add up themselves are counts, in a column
// that says whether a row's parts make its whole.
package boards

//go:generate go test -count=1 -run TestTheCommittedBoardsAreThese . -write
