// Package match measures how fast contacts and agents are matched: routing's engine, the same through its fold, and beside
// them, with the same agents, needs and contacts, a plain linear scan and Redis sorted sets.
//
// The workload is a floor that never catches up: all agents are busy, and so many contacts wait. A life is an agent's
// acceptance, the end of the talk, the end of the wrap-up, which makes the agent free and is when the next contact is chosen,
// and a new contact that begins to wait. Each agent has a random level in each skill; each contact's intent leads by a rule of
// the policy to a need of one to three skills.
//
// It promises that all contestants choose by the same rule (priority, then the longest wait) from the same contacts. It
// does not promise that they do the same work: the engine decides every event of a life and records each decision with
// candidates and reasons, the fold also writes rows and encodes events; the scan and Redis only choose.
package match
