// Package enrich reads what customers write first and says what they want, so that routing can ask who should answer: an effector
// beside the folds. It follows conversation.facts, opens the first messages of contacts whose entry point names an intent model, asks a
// cascade (a model in the process; where it is unsure and the entry point says so, a server) and appends what was found to conversation.in.
// With a contact's first messages the cascade gets what the customer wrote last in the same conversation, within the hour before, as far as it was read.
//
// It promises that what it appends of a text is one of the models' own intents with numbers beside it, and nothing else: no text, however
// written, reaches a field that decides priority, tier or tenant; that nothing a customer wrote stands in a log line, an error or a metric; that
// the server's deadline ends a margin before routing stops waiting, and then the first answer stands; and that all it holds is bounded.
//
// It does not promise an answer. Routing waits by its own deadline, in served time, whatever happens here: a process that dies, a
// log that does not answer, a text that was erased. Several processes may do the same work: the event's id comes from the first message and the
// model, so the fold drops repeats.
//
// It keeps no place. A restart reads the last Config.LookBack records of each partition: only contacts that still wait matter, those
// wait for seconds at most, and of what it reads again it asks only for contacts that wait at the end of what there is. A contact
// further back is routed without an intent when its deadline has passed.
package enrich
