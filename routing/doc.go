// Package routing decides which agent is offered which contact: the pure engine of one routing domain. State and an event
// go in, decisions come out; it knows no log, no clock and no randomness, so the same events give the same decisions.
//
// It promises, after every event:
//   - no agent holds more contacts than their capacity allowed when each was offered, and no contact has two agents;
//   - no contact is forgotten: each one asked for waits, is offered, is with an agent, or has left with a word to its
//     conversation; an offer always ends, by an answer, a time-out or by being rescinded, and nobody stays reserved;
//   - no contact waits in a queue while an agent of that queue is free and not excluded from it;
//   - of the contacts an agent could take, the one taken is first by the queue's priority, the request's priority, the
//     longest wait, the id; of the agents who could take it, the one who holds fewest contacts, then has idled longest.
//
// A place in a queue is kept through offers that fail. Idling is ordered by turns, not by time: whoever began to idle
// earlier has the lower turn, so two agents are never tied.
//
// It does not promise that anything reaches a screen, and it does not keep its state: after each event it names the rows
// that changed ([Decisions]), and [Domain.Load] makes the same state of the same rows. It answers for one domain; which
// domains there are and where they run is the business of package dispatch.
package routing
