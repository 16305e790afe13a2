package api

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
	"github.com/tributary-cc/tributary/stream/privacy"
	"github.com/tributary-cc/tributary/stream/warehouse"
)

// Guard appends: privacy's guard, the only way into the log. Nil means that all in-sync replicas have it.
type Guard interface {
	Append(ctx context.Context, topic event.Topic, e *event.Event, content *event.Content) error
}

// Opener opens what is sealed; privacy's key store is one. Who may see it was asked before.
type Opener interface {
	OpenContent(ctx context.Context, tenant string, sealed *event.Sealed) (*event.Content, error)
}

// History answers named queries over what is no longer in the view; the warehouse is one. An error means that it is
// late, never that there is nothing.
type History interface {
	Query(ctx context.Context, name string, params map[string]any) ([]map[string]any, error)
}

// Boards answers named queries with their columns; the warehouse is one.
type Boards interface {
	Answer(ctx context.Context, name string, params map[string]any) (*warehouse.Result, error)
	// Ping says whether it is there.
	Ping(ctx context.Context) error
}

// Intent is one that a model may answer, with its name by language.
type Intent struct {
	ID    string            `json:"id"`
	Names map[string]string `json:"names"`
}

// Config is what a Server is made of. Log, Guard, Opener, Accounts, Now and NewID are needed.
type Config struct {
	// Log is only read: the guard is the only way in.
	Log      live.Reader
	Guard    Guard
	Opener   Opener
	Accounts Accounts
	// Files keep what is attached to messages; nil takes none.
	Files Files
	// Setup changes the configuration, and Practice gives an agent customers to practise with; nil answers that there is none.
	Setup    Setup
	Practice Practice
	// Intents are what the models that read a tenant's messages may answer, with names for people; nil names none.
	Intents func(tenant string) []Intent
	// PublicURL is where people reach the pages, for links; empty takes the request's own.
	PublicURL string
	// History may be nil: history is then late for ever.
	History History
	// Boards answers named queries whole, for boards; nil answers that the warehouse is away.
	Boards Boards
	// Assets are the pages, with index.html; nil serves none.
	Assets fs.FS
	// Gateway names this process among those of the installation; it is new at each start.
	Gateway string
	Now     func() time.Time
	// NewID makes a random id, at least 16 characters of letters and digits.
	NewID  func() string
	Logger *slog.Logger
	// Registry takes the metrics; nil drops them.
	Registry prometheus.Registerer
	// Origins are those besides its own from which pages may open a WebSocket, e.g. https://desk.example.
	Origins []string
	// ClientIP tells whom a request comes from; nil takes the socket's address. Behind a balancer it reads its header.
	ClientIP func(*http.Request) string
	// Secure marks cookies Secure and sends HSTS though the request came without TLS: behind a balancer that ends it.
	Secure bool
	Limits Limits
}

// Limits bound what one process and one person may use; a zero means the default.
type Limits struct {
	// Connections of the process, and of one account.
	Connections, PerAccount int
	// Notes a page may be behind before it is given up.
	Notes int
	// Commands a second of one connection, and how many at once.
	CommandRate, CommandBurst float64
}

func (l Limits) withDefaults() Limits {
	def := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	deff := func(v *float64, d float64) {
		if *v <= 0 {
			*v = d
		}
	}
	def(&l.Connections, 10_000)
	def(&l.PerAccount, 20)
	def(&l.Notes, maxNotes)
	deff(&l.CommandRate, 20)
	deff(&l.CommandBurst, 60)
	return l
}

// Server is the door. It may be used by many goroutines.
type Server struct {
	config   Config
	log      live.Reader
	guard    Guard
	opener   Opener
	logger   *slog.Logger
	now      func() time.Time
	newID    func() string
	gateway  string
	limits   Limits
	view     *view
	follower live.Follower
	contacts cache[*contactRef]
	// facts and offers are what was read last of profiles and models' words, and of offers.
	facts, offers cache[*event.Event]
	names         nameBook
	shows         *live.Limiter
	// asks bound the requests of a person's boards.
	asks      *live.Limiter
	looks     looks
	answers   answers
	boards    boardsShown
	catalogue map[string]*warehouse.Description
	uploads   *live.Limiter
	volume    *live.Limiter
	watch     revocations
	away      absences
	metrics   *metrics
	mask      func(string) string
	auditor   *Auditor
	sockets   *live.Sockets
	handler   http.Handler
	work      *live.Crew
	ran       atomic.Bool
	stopped   atomic.Bool

	conns live.Roll[*session]
	// places counts the connections of each account, and reads bounds how many pages at once are read from the log.
	places *live.Quota
	reads  *live.Gate
	// setups has one configuration at a time read: a large one takes seconds.
	setups *live.Gate
}

// New checks the parts and makes a server; Run starts it.
func New(c Config) (*Server, error) {
	var missing []error
	for name, absent := range map[string]bool{
		"Log": c.Log == nil, "Guard": c.Guard == nil, "Opener": c.Opener == nil, "Accounts": c.Accounts == nil,
		"Now": c.Now == nil, "NewID": c.NewID == nil, "Gateway": c.Gateway == "",
	} {
		if absent {
			missing = append(missing, fmt.Errorf("api: Config.%s is needed", name))
		}
	}
	if err := errors.Join(missing...); err != nil {
		return nil, err
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		config: c, log: c.Log, guard: c.Guard, opener: c.Opener, logger: c.Logger, now: c.Now, work: live.NewCrew(), mask: privacy.Mask, newID: c.NewID, gateway: c.Gateway,
		limits: c.Limits.withDefaults(), view: newView(), contacts: cache[*contactRef]{limit: 4096},
		facts: cache[*event.Event]{limit: 4096}, offers: cache[*event.Event]{limit: 4096},
		shows: live.NewLimiter(showRate, showBurst, maxLimited), uploads: live.NewLimiter(uploadRate, uploadBurst, maxLimited),
		volume: live.NewLimiter(uploadUnits/3600.0, uploadUnits, maxLimited),
	}
	s.boards.places, s.boards.doubt = live.NewQuota(maxStreams, maxTenantStreams), make(chan struct{}, 1)
	s.boards.closing = make(chan struct{})
	s.asks = live.NewLimiter(askRate, askBurst, maxLimited)
	s.view.now = func() int64 { return c.Now().UnixMilli() }
	s.view.gone = s.leftPractice
	var err error
	if s.catalogue, err = catalogue(); err != nil {
		return nil, err
	}
	if s.metrics, err = newMetrics(c.Registry, s); err != nil {
		return nil, err
	}
	s.auditor = &Auditor{c.Guard, c.Now, c.NewID}
	s.sockets = live.NewSockets(s.work, s.logger, maxFrame, maxSnapshot)
	s.places = live.NewQuota(s.limits.Connections, s.limits.PerAccount)
	s.reads = live.NewGate(maxReads, s.work)
	s.setups = live.NewGate(1, s.work)
	s.handler = s.newHandler()
	return s, nil
}

// Handler serves people.
func (s *Server) Handler() http.Handler { return s.handler }

// Ready is nil once the view has caught up with the facts that were there at the start.
func (s *Server) Ready() error { return s.follower.Ready() }

// append stamps an event made here and hands it to the guard. The cause's parts name it among all of the tenant's, so that
// the same request gives the same id.
func (s *Server) append(
	ctx context.Context, topic event.Topic, tenant string, e *event.Event, content *event.Content, cause ...string,
) error {
	id := event.CauseID(append([]string{"api", tenant}, cause...)...)
	e.Id, e.Tenant, e.AtMs = id[:], tenant, s.now().UnixMilli()
	if err := s.guard.Append(ctx, topic, e, content); err != nil {
		return fmt.Errorf("appending to %s: %w", topic, err)
	}
	return nil
}

// domainOf is the routing domain of an account's agent.
func (s *Server) domainOf(who person) string {
	if d := s.view.agentState(who.Tenant, who.Agent).config.GetDomain(); d != "" {
		return d
	}
	return "main"
}
