// Package floor is a lively contact centre for a demo: simulated customers who write, wait, give up, come back and answer the
// survey, and simulated agents who accept, answer, transfer, wrap up, take breaks and miss offers. They come through the same
// doors as people: the web chat's and the agents' WebSockets.
//
// What is meant to happen is a plan drawn from a seed, the same each time; what then happens also depends on when agents are
// free. Pauses are divided by the speed, limits of the centre (how long an offer rings) are not.
package floor
