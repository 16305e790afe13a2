package routing

// Rules are the numbers of routing. All times are milliseconds of served time, which stands still in an outage.
type Rules struct {
	// OfferTimeout is how long an offer may ring where the queue does not say.
	OfferTimeout int64
	// Exclude is how long an agent who rejected a contact, or has just transferred it, is not offered it.
	Exclude int64
	// Rescind is how long an offer goes on ringing at an agent without a connection.
	Rescind int64
	// Lose is how long an agent without a connection keeps their contacts.
	Lose int64
	// GatewaySilent is how long a gateway may give no sign of life before its connections count as gone. It is more than the
	// 5 s that one tick moves served time at most, so that a sign of life between two ticks always counts.
	GatewaySilent int64
	// ToAgent is how long a contact is kept for the agent it was transferred to.
	ToAgent int64
	// LostKept is how long a contact lost with its agent is remembered, so that its queue entries go on counting.
	LostKept int64
	// Capacity is how many contacts at once an agent has where the configuration does not say.
	Capacity uint32
	// Candidates is how many candidates a decision lists; the rest are counted.
	Candidates int
}

// Default is what an installation begins with.
func Default() Rules {
	return Rules{
		OfferTimeout: 20_000, Exclude: 30_000, Rescind: 3_000, Lose: 30_000, GatewaySilent: 5_100,
		ToAgent: 30_000, LostKept: 600_000, Capacity: 3, Candidates: 12,
	}
}

// Bounds of what one event or timer does, so that a large change is taken in steps and none outgrows a record.
const (
	// sweepStep is how many agents or contacts one timer moves.
	sweepStep = 500
	// loseStep is how many contacts of one agent one timer loses.
	loseStep = 8
	// maxConnections is how many screens one agent has; the oldest go first.
	maxConnections = 16
	// maxExclusions is how many agents a contact remembers; the oldest go first.
	maxExclusions = 16
	// membersLooked is how many members of a queue are looked at for those to be listed as not free.
	membersLooked = 48
)

// Statuses of agents. Away is set by routing alone.
const (
	StatusAvailable = "available"
	StatusBreak     = "break"
	StatusOffline   = "offline"
	StatusAway      = "away"
)

// Reasons that routing gives for setting a status.
const (
	ReasonMissedOffer    = "missed_offer"
	ReasonConnectionLost = "connection_lost"
	ReasonRemoved        = "removed"
)
