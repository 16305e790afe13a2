// Package api is the one door for people: views of the log go out, commands go into its inboxes.
//
// It promises that a page is a snapshot of the view and then the frames after it, with no gap and no double; that a
// command is answered "accepted" only when all in-sync replicas have it; that every route and every command asks access
// first; that what was said leaves it masked, and on a live page to the holder of the contact, or to a reviewer with an entry
// in the audit; and that a consumer that does not read is disconnected, never waited for.
//
// It does not decide anything: it appends what people ask for and shows what the folds made of it. It keeps no state
// that outlives the process: the view is rebuilt from the facts at each start, and an agent may reconnect to any process.
package api
