package webchat

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
)

// Guard appends: privacy's guard, the only way into the log. Nil means that all in-sync replicas have it.
type Guard interface {
	Append(ctx context.Context, topic event.Topic, e *event.Event, content *event.Content) error
	// AppendTo is Append to one partition.
	AppendTo(ctx context.Context, topic event.Topic, partition int, e *event.Event, content *event.Content) error
}

// Opener opens what is sealed; privacy's key store is one.
type Opener interface {
	OpenContent(ctx context.Context, tenant string, sealed *event.Sealed) (*event.Content, error)
}

// Pseudonyms knows addresses' pseudonyms; privacy's key store is one.
type Pseudonyms interface {
	// Lookup finds an address's pseudonym; privacy.ErrErased says that it has none.
	Lookup(ctx context.Context, tenant, address string) (event.Pseudonym, error)
	// Pseudonym finds it, or makes it with its key.
	Pseudonym(ctx context.Context, tenant, address string) (event.Pseudonym, error)
}

// Tokens makes and checks what a visitor's browser keeps; access's accounts are one.
type Tokens interface {
	VisitorToken(v access.Visitor, ttl time.Duration) (string, error)
	VerifyVisitor(token string) (access.Visitor, error)
}

var _ Tokens = (*access.Accounts)(nil)

// Config is what a Server is made of. All but Files, Widget, Logger, Registry, ClientIP, Secure and Limits are needed.
type Config struct {
	// Log is only read: the guard is the only way in.
	Log        live.Reader
	Guard      Guard
	Opener     Opener
	Pseudonyms Pseudonyms
	Tokens     Tokens
	// Files keeps attachments; nil takes none.
	Files Files
	// Widget holds widget.js; nil serves none.
	Widget fs.FS
	// Gateway names this process among those of the installation; it is new at each start.
	Gateway string
	Now     func() time.Time
	// NewID makes a random id, at least 16 characters of letters and digits.
	NewID    func() string
	Logger   *slog.Logger
	Registry prometheus.Registerer
	// ClientIP tells whom a request comes from; nil takes the socket's address. Behind a balancer it reads its header.
	ClientIP func(*http.Request) string
	// Secure says that browsers come by TLS though requests arrive without: behind a balancer that ends it. HSTS is sent,
	// and pages of ours that came without TLS are not taken for ours.
	Secure bool
	Limits Limits
}

// Limits bound what the process, one client address and one visitor may use; a zero means the default.
type Limits struct {
	// Connections of the process, of one client address, of one visitor.
	Connections, PerIP, PerVisitor int
	// Notes a browser may be behind before it is given up.
	Notes int
	// Sessions a minute that one client address may begin.
	SessionsPerMinute float64
	// Messages a minute of one visitor, and how many at once.
	MessagesPerMinute, MessageBurst float64
	// Connections a minute that one visitor may begin, and how many at once: each is shown its history.
	HellosPerMinute, HelloBurst float64
	// Uploads a minute of one visitor, and how many at once; MiB a day of one visitor, and of one client address.
	UploadsPerMinute, UploadBurst, UploadMiB, SiteMiB float64
	// Transfers of files at once, of the process and of one client address.
	Transfers, TransfersPerIP int
	// Ended chats that are remembered.
	Ended int
}

func (l Limits) withDefaults() Limits {
	count := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	rate := func(v *float64, d float64) {
		if *v <= 0 {
			*v = d
		}
	}
	count(&l.Connections, 15_000)
	count(&l.PerIP, 200) // an office shares one
	count(&l.PerVisitor, 10)
	count(&l.Notes, maxNotes)
	count(&l.Ended, 10_000)
	rate(&l.SessionsPerMinute, 60)
	rate(&l.MessagesPerMinute, 60)
	rate(&l.MessageBurst, 20)
	rate(&l.HellosPerMinute, 60)
	rate(&l.HelloBurst, 30)
	rate(&l.UploadsPerMinute, 10)
	rate(&l.UploadBurst, 10)
	rate(&l.UploadMiB, 100)
	rate(&l.SiteMiB, 1000)
	count(&l.Transfers, 32)
	count(&l.TransfersPerIP, 8)
	return l
}

// Server is the adapter. It may be used by many goroutines.
type Server struct {
	config   Config
	limits   Limits
	chats    *chats
	lookers  lookers
	entries  entryPoints
	follower live.Follower
	sessions *live.Limiter
	messages *live.Limiter
	hellos   *live.Limiter
	// seen limits what visitors do on the site, ends their wishes that a chat ends; uploads counts files, volume and siteVolume their MiB.
	seen, ends, uploads, downloads, volume, siteVolume *live.Limiter
	// carrying counts the files under way.
	carrying *live.Quota
	work     *live.Crew
	sockets  *live.Sockets
	metrics  *metrics
	ran      atomic.Bool
	stopped  atomic.Bool

	conns live.Roll[*session]
	// places counts the connections of each client, and reads bounds how many histories at once are read from the log.
	places *live.Quota
	reads  *live.Gate
}

// New checks the parts and makes a server; Run starts it.
func New(c Config) (*Server, error) {
	var missing []error
	for _, part := range []struct {
		name   string
		absent bool
	}{
		{"Log", c.Log == nil},
		{"Guard", c.Guard == nil},
		{"Opener", c.Opener == nil},
		{"Pseudonyms", c.Pseudonyms == nil},
		{"Tokens", c.Tokens == nil},
		{"Gateway", c.Gateway == ""},
		{"Now", c.Now == nil},
		{"NewID", c.NewID == nil},
	} {
		if part.absent {
			missing = append(missing, fmt.Errorf("webchat: Config.%s is needed", part.name))
		}
	}
	if err := errors.Join(missing...); err != nil {
		return nil, err
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{config: c, limits: c.Limits.withDefaults(), work: live.NewCrew()}
	s.chats = newChats(s.limits.Ended)
	s.sessions = live.NewLimiter(s.limits.SessionsPerMinute/60, s.limits.SessionsPerMinute, 20_000)
	s.messages = live.NewLimiter(s.limits.MessagesPerMinute/60, s.limits.MessageBurst, 50_000)
	s.hellos = live.NewLimiter(s.limits.HellosPerMinute/60, s.limits.HelloBurst, 50_000)
	s.seen = live.NewLimiter(1, 20, 50_000)
	s.ends = live.NewLimiter(0.2, 10, 50_000)
	s.uploads = live.NewLimiter(s.limits.UploadsPerMinute/60, s.limits.UploadBurst, 50_000)
	s.downloads = live.NewLimiter(2, 60, 50_000)
	s.volume = live.NewLimiter(s.limits.UploadMiB/day, s.limits.UploadMiB, 50_000)
	s.siteVolume = live.NewLimiter(s.limits.SiteMiB/day, s.limits.SiteMiB, 20_000)
	s.carrying = live.NewQuota(s.limits.Transfers, s.limits.TransfersPerIP)
	s.sockets = live.NewSockets(s.work, c.Logger, maxFrame, maxHistory)
	s.places = live.NewQuota(s.limits.Connections, s.limits.PerIP)
	s.reads = live.NewGate(maxReads, s.work)
	var err error
	if s.metrics, err = newMetrics(c.Registry, s); err != nil {
		return nil, err
	}
	return s, nil
}

// Ready is nil once the entry points and the chats that were there at the start are known.
func (s *Server) Ready() error { return s.follower.Ready() }

const (
	day        = 86_400 // seconds
	sweepEvery = 10 * time.Second
	stopGrace  = 5 * time.Second
)

// Run follows the configuration and outbound and gives signs of life until ctx is done; then it closes all connections and
// waits for what they still append. What passes by itself it tries again: if it ends with another error than ctx's, the log
// does not hold what the view lacks, and only a new process helps. Run may be called once.
func (s *Server) Run(ctx context.Context) error {
	if !s.ran.CompareAndSwap(false, true) {
		return live.ErrRanBefore
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var follow sync.WaitGroup
	follow.Go(func() {
		cancel(s.follower.Run(ctx, s.config.Log, []event.Topic{event.TopicConfigFacts, event.TopicOutbound}, func(topic event.Topic, batch []engine.Delivered) {
			if topic == event.TopicConfigFacts {
				s.entries.apply(batch)
				return
			}
			s.chats.apply(batch)
		}))
	})
	s.work.Start(func() { s.beat(ctx) })
	s.work.Start(func() { s.sweepFiles(ctx) })
	sweep := time.NewTicker(sweepEvery)
	defer sweep.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-sweep.C:
			s.sweep()
		}
	}
	follow.Wait()
	s.stopped.Store(true)
	s.conns.Stop(s.work, stopGrace)
	return context.Cause(ctx)
}

// sweep ends connections that send nothing, not even pings.
func (s *Server) sweep() {
	for _, c := range s.all() {
		if c.Quiet() > maxIdleSweeps {
			c.End(live.CloseGoingAway, "idle")
		}
	}
}
