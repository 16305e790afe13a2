// Package routing decides which agent is offered which contact: the pure engine of one routing domain. State and an event
// go in, decisions come out; it knows no log, no clock and no randomness, so the same events give the same decisions.
//
// It promises, after every event:
//   - no agent holds more contacts of a channel than their capacity allowed when each was offered, calls and chats exclude each
//     other unless the agent's capacities name both, and no contact has two agents;
//   - no contact is forgotten: each one asked for waits, is offered, is with an agent, or has left with a word to its
//     conversation; an offer always ends, by an answer, a time-out or by being rescinded, and nobody stays reserved;
//   - no contact waits in an open queue while an agent of that queue is free for its channel, meets what its step needs, and is
//     not excluded from it, but for the time that it is kept for one agent alone;
//   - of the contacts an agent could take, the one taken is first by priority (the queue's, the policy's and the request's
//     together, or what a supervisor set, which goes with a move), the longest wait with the policy's head start, the id; of the agents who could take
//     it, the one who holds fewest contacts, then has idled longest;
//   - each coming of a contact to a queue is one enqueue (its cohort), which waits or has ended answered, abandoned or flowed out.
//
// A place in a queue is kept through offers that fail. Idling is ordered by turns, not by time: whoever began to idle
// earlier has the lower turn, so two agents are never tied.
//
// A policy decides once, when a contact is asked for, and again when it flows to another queue. A new policy moves nobody who
// waits: what a contact was decided under is kept until it has left. A step begins only if somebody is at work who meets it,
// or it is the last; somebody whose page reloads is at work, somebody on a break is not. The agent of the customer's last
// contact is preferred only where they serve the queue; the agent of a transfer in any case, also when the queue is full or
// closed. Who declines has had their preference.
//
// Full, closed and too long are asked when a contact comes to a queue, closes, or has waited; limits that change later do not
// move those who wait. A queue without an overflow keeps its contacts, and no contact comes to a queue twice by overflow.
//
// How it finds: agents stand in slots in the order of their turns, so a set of agents is a row of bits whose first is whoever
// has idled longest; a group is the members of a queue who meet one need; contacts wait in a line for each group and channel.
// An event touches the groups of its agent, as bits, and the heads of the lines of those groups: nothing looks at all agents or
// all contacts.
//
// It does not promise that anything reaches a screen, and it does not keep its state: after each event it names the rows
// that changed ([Decisions]), and [Domain.Load] makes the same state of the same rows. It answers for one domain; which
// domains there are and where they run is the business of package dispatch.
package routing
