package api

// The frames and the bodies of routes as JSON: see openapi.json for their meaning.

type agentView struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	Status    string   `json:"status"`
	Reason    string   `json:"reason"`
	Connected bool     `json:"connected"`
	Activity  string   `json:"activity"`
	Contacts  []string `json:"contacts"`
	SinceMs   int64    `json:"since_ms"`
	Capacity  uint32   `json:"capacity"`
	// Next_status begins when the last contact is finished; by is the supervisor's account that set the status.
	NextStatus string `json:"next_status"`
	NextReason string `json:"next_reason"`
	By         string `json:"by"`
	ByName     string `json:"by_name,omitempty"`
	Practice   bool   `json:"practice"`
	Team       string `json:"team"`
}

type candidateView struct {
	Agent  string `json:"agent"`
	Name   string `json:"name,omitempty"`
	Chosen bool   `json:"chosen"`
	Reason string `json:"reason"`
	Score  int64  `json:"score"`
}

type offerView struct {
	ID           string          `json:"id"`
	Contact      string          `json:"contact"`
	Conversation string          `json:"conversation"`
	Queue        string          `json:"queue"`
	QueueName    string          `json:"queue_name"`
	Channel      string          `json:"channel"`
	State        string          `json:"state"`
	OfferedMs    int64           `json:"offered_ms"`
	ExpiresMs    int64           `json:"expires_ms"`
	Customer     string          `json:"customer"`
	CustomerName string          `json:"customer_name"`
	Reason       string          `json:"reason"`
	Intent       string          `json:"intent"`
	Confidence   uint32          `json:"confidence"`
	Language     string          `json:"language"`
	Tier         string          `json:"tier"`
	Route        *routeView      `json:"route"`
	Why          []candidateView `json:"why"`
}

// routeView is what the policy decided of a contact; candidates stand with the contact, and beside it with an offer.
type routeView struct {
	PolicyVersion uint64          `json:"policy_version"`
	Rule          string          `json:"rule"`
	Step          uint32          `json:"step"`
	Need          string          `json:"need"`
	Names         *needNames      `json:"names,omitempty"`
	Intent        string          `json:"intent"`
	Confidence    uint32          `json:"confidence"`
	Language      string          `json:"language"`
	Tier          string          `json:"tier"`
	Priority      int32           `json:"priority"`
	VirtualAgeMs  int64           `json:"virtual_age_ms"`
	Preferred     string          `json:"preferred"`
	Candidates    []candidateView `json:"candidates,omitempty"`
	PassedOver    uint32          `json:"passed_over"`
	Flowed        []flowView      `json:"flowed,omitempty"`
}

// needNames are the names of the skills that a need asks for, by id. One without a name is not among them.
type needNames struct {
	Skill map[string]string `json:"skill"`
}

// flowView is a queue that the contact left for another because it could not stay, and why.
type flowView struct {
	Queue     string `json:"queue"`
	QueueName string `json:"queue_name"`
	Reason    string `json:"reason"`
}

type attachmentView struct {
	File      string `json:"file"`
	Name      string `json:"name"`
	MediaType string `json:"media_type"`
	Size      uint64 `json:"size"`
}

type messageView struct {
	ID       string `json:"id"`
	Sequence uint64 `json:"sequence"`
	Author   string `json:"author"`
	Agent    string `json:"agent"`
	Text     string `json:"text"`
	SentMs   int64  `json:"sent_ms"`
	State    string `json:"state"`
	ClientID string `json:"client_id"`
	// Masked: something in the text is masked. Internal: a note that the customer never sees; kind says which.
	Masked      bool             `json:"masked"`
	Internal    bool             `json:"internal"`
	Kind        string           `json:"kind"`
	AgentName   string           `json:"agent_name,omitempty"`
	Attachments []attachmentView `json:"attachments"`
}

type guessView struct {
	Intent     string `json:"intent"`
	Confidence uint32 `json:"confidence"`
}

type contactView struct {
	ID           string        `json:"id"`
	Conversation string        `json:"conversation"`
	Customer     string        `json:"customer"`
	Address      string        `json:"address"`
	Channel      string        `json:"channel"`
	EntryPoint   string        `json:"entry_point"`
	Queue        string        `json:"queue"`
	QueueName    string        `json:"queue_name"`
	Agent        string        `json:"agent"`
	State        string        `json:"state"`
	Connected    bool          `json:"connected"`
	StartedMs    int64         `json:"started_ms"`
	EnqueuedMs   int64         `json:"enqueued_ms"`
	AssignedMs   int64         `json:"assigned_ms"`
	EndedMs      int64         `json:"ended_ms"`
	EndReason    string        `json:"end_reason"`
	Version      uint64        `json:"version"`
	CustomerName string        `json:"customer_name"`
	Intent       string        `json:"intent"`
	Confidence   uint32        `json:"confidence"`
	Guesses      []guessView   `json:"guesses"`
	Language     string        `json:"language"`
	Tier         string        `json:"tier"`
	Priority     int32         `json:"priority"`
	Survey       uint32        `json:"survey"`
	WrapUntilMs  int64         `json:"wrap_until_ms"`
	Initiation   string        `json:"initiation"`
	Why          *routeView    `json:"why"`
	Messages     []messageView `json:"messages,omitempty"`
}

type queueView struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Waiting  uint32 `json:"waiting"`
	OldestMs int64  `json:"oldest_ms"`
	Mine     bool   `json:"mine"`
	Open     bool   `json:"open"`
	// Removed: the configuration has it no more, and the page drops it.
	Removed bool `json:"removed,omitempty"`
}

type codeView struct {
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	Queues []string `json:"queues"`
}

type reasonView struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Productive bool   `json:"productive"`
}

type replyView struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Text     string `json:"text"`
	Language string `json:"language"`
	Team     string `json:"team"`
}

// settingsView is what agents choose from.
type settingsView struct {
	Codes   []codeView   `json:"codes"`
	Reasons []reasonView `json:"reasons"`
	Replies []replyView  `json:"replies"`
	Intents []Intent     `json:"intents"`
}

type colleagueView struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Status   string `json:"status"`
	Activity string `json:"activity"`
	Team     string `json:"team"`
}

type profileView struct {
	Customer  string            `json:"customer"`
	Name      string            `json:"name"`
	Tier      string            `json:"tier"`
	Language  string            `json:"language"`
	Tags      []string          `json:"tags"`
	Fields    map[string]string `json:"fields"`
	Version   uint64            `json:"version"`
	Source    string            `json:"source"`
	By        string            `json:"by"`
	ByName    string            `json:"by_name"`
	ChangedMs int64             `json:"changed_ms"`
}

type snapshotFrame struct {
	Type     string          `json:"type"`
	Cursor   string          `json:"cursor"`
	Agent    *agentView      `json:"agent"`
	Offers   []offerView     `json:"offers"`
	Contacts []contactView   `json:"contacts"`
	Queues   []queueView     `json:"queues"`
	Agents   []colleagueView `json:"agents"`
	Profiles []profileView   `json:"profiles"`
	settingsView
}

type settingsFrame struct {
	Type string `json:"type"`
	settingsView
}

// colleaguesFrame is of those that changed; the first one, and after it none, is of all.
type colleaguesFrame struct {
	Type   string          `json:"type"`
	Agents []colleagueView `json:"agents"`
	Whole  bool            `json:"whole,omitempty"`
}

type profileFrame struct {
	Type    string      `json:"type"`
	Profile profileView `json:"profile"`
}

type typingFrame struct {
	Type    string `json:"type"`
	Contact string `json:"contact"`
	Author  string `json:"author"`
	Agent   string `json:"agent"`
}

type loggedOutFrame struct {
	Type   string `json:"type"`
	By     string `json:"by"`
	ByName string `json:"by_name"`
}

type agentFrame struct {
	Type  string    `json:"type"`
	Agent agentView `json:"agent"`
}

type offerFrame struct {
	Type  string    `json:"type"`
	Offer offerView `json:"offer"`
}

type contactFrame struct {
	Type    string      `json:"type"`
	Contact contactView `json:"contact"`
}

type messageFrame struct {
	Type    string      `json:"type"`
	Contact string      `json:"contact"`
	Message messageView `json:"message"`
}

type markedFrame struct {
	Type         string `json:"type"`
	Conversation string `json:"conversation"`
	Message      string `json:"message"`
	State        string `json:"state"`
}

type queueFrame struct {
	Type  string    `json:"type"`
	Queue queueView `json:"queue"`
}

type answerFrame struct {
	Type    string `json:"type"`
	Request string `json:"request,omitempty"`
	Code    string `json:"code,omitempty"`
	Reason  string `json:"reason,omitempty"`
	Text    string `json:"text,omitempty"`
}
