package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/live"
)

// Setup reads and changes the configuration of tenants as people write it. Objects are the file as JSON: the same keys as in
// the YAML, durations as texts. Secrets stand as "(set)", which as it is leaves them as they are.
type Setup interface {
	// Export answers what is in force.
	Export(ctx context.Context, tenant string) (SetupText, error)
	// Check finds all faults of what a person wrote, and answers it as its YAML with the places of the faults in it.
	Check(ctx context.Context, tenant string, wish SetupWish) (yaml string, faults []SetupFault, err error)
	// Apply sets it, whole, if base is the version in force. Faults say why it is not; a [*SetupChanged] that another is.
	Apply(ctx context.Context, tenant string, wish SetupWish, base uint64) (version uint64, faults []SetupFault, err error)
}

// setupPatience is how long one waits for those before it.
const setupPatience = 10 * time.Second

// SetupText is a configuration as people read it.
type SetupText struct {
	Version uint64          `json:"version"`
	YAML    string          `json:"yaml"`
	Objects json.RawMessage `json:"objects"`
}

// SetupWish is a configuration as a person wrote it: exactly one is set.
type SetupWish struct {
	YAML    string
	Objects json.RawMessage
}

// SetupFault is one thing wrong at one place.
type SetupFault struct {
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Path   string `json:"path"`
	Text   string `json:"text"`
}

// SetupChanged says that a configuration was changed by somebody else meanwhile.
//
//nolint:errname // it is the word of the contract
type SetupChanged struct {
	// Version in force, and what changed since the base, as one line each.
	Version uint64
	Changes []string
}

func (c *SetupChanged) Error() string { return "the configuration was changed meanwhile" }

// Practice gives an agent simulated customers. It is there where a demo is.
type Practice interface {
	On(tenant, agent string) bool
	// For tells whether there are any for an agent.
	For(tenant, agent string) bool
	Set(ctx context.Context, tenant, agent string, on bool) error
}

// maxSetup bounds a configuration.
const maxSetup = 4 << 20

// checkOnly is what a check is about, in the audit of who may not.
const checkOnly = "config/check"

var errNoSetup = &fault{kindNotFound, "not_available", "this process cannot change the configuration"}

// configures reports whether the person has a right about the configuration. It names everybody: of those with teams only who may
// change it has one.
func (p person) configures(action access.Action) bool {
	return p.can(action) && (!p.bound() || p.can(access.ActionConfigWrite))
}

// mayConfigure asks for a right about the configuration, and writes down who used it.
func (s *Server) mayConfigure(ctx context.Context, who person, action access.Action, subject string) error {
	if s.config.Setup == nil {
		return errNoSetup
	}
	may := who.configures(action)
	if may && subject == checkOnly {
		return nil // forms check at every change, and a check shows nothing of what is in force
	}
	if err := s.audit(ctx, who, action, subject, may); err != nil {
		return err
	}
	if !may {
		return denied("the configuration is open to administrators")
	}
	return nil
}

func (s *Server) setup(w http.ResponseWriter, r *http.Request, who person) error {
	if err := s.mayConfigure(r.Context(), who, access.ActionConfigRead, "config"); err != nil {
		return err
	}
	text, err := s.config.Setup.Export(r.Context(), who.Tenant)
	if err != nil {
		return err
	}
	live.WriteJSON(w, http.StatusOK, text)
	return nil
}

type setupBody struct {
	YAML        string          `json:"yaml"`
	Objects     json.RawMessage `json:"objects"`
	BaseVersion uint64          `json:"base_version"`
}

// readSetup reads what a person wrote, once it is its turn; done gives the turn back.
func (s *Server) readSetup(r *http.Request) (wish SetupWish, base uint64, done func(), err error) {
	var b setupBody
	if err = decode(r, &b); err != nil {
		return wish, 0, nil, err
	}
	if (b.YAML == "") == (len(b.Objects) == 0) {
		return wish, 0, nil, invalid("yaml or objects, one of them")
	}
	if !s.setups.Enter(setupPatience) {
		return wish, 0, nil, unavailable("other configurations are being read; the same request may be sent again")
	}
	return SetupWish{b.YAML, b.Objects}, b.BaseVersion, s.setups.Leave, nil
}

func (s *Server) checkSetup(w http.ResponseWriter, r *http.Request, who person) error {
	if err := s.mayConfigure(r.Context(), who, access.ActionConfigRead, checkOnly); err != nil {
		return err
	}
	wish, _, done, err := s.readSetup(r)
	if err != nil {
		return err
	}
	defer done()
	yaml, faults, err := s.config.Setup.Check(r.Context(), who.Tenant, wish)
	if err != nil {
		return err
	}
	if faults == nil {
		faults = []SetupFault{}
	}
	live.WriteJSON(w, http.StatusOK, map[string]any{"ok": len(faults) == 0, "yaml": yaml, "faults": faults})
	return nil
}

type changedBody struct {
	Code    string   `json:"code"`
	Text    string   `json:"text"`
	Version uint64   `json:"version"`
	Changes []string `json:"changes"`
}

type faultsBody struct {
	Code   string       `json:"code"`
	Text   string       `json:"text"`
	Faults []SetupFault `json:"faults"`
}

func (s *Server) applySetup(w http.ResponseWriter, r *http.Request, who person) error {
	if err := s.mayConfigure(r.Context(), who, access.ActionConfigWrite, "config"); err != nil {
		return err
	}
	wish, base, done, err := s.readSetup(r)
	if err != nil {
		return err
	}
	defer done()
	version, faults, err := s.config.Setup.Apply(r.Context(), who.Tenant, wish, base)
	var changed *SetupChanged
	switch {
	case errors.As(err, &changed):
		changes := append([]string{}, changed.Changes...)
		live.WriteJSON(w, http.StatusConflict, changedBody{"changed", "somebody else changed the configuration meanwhile", changed.Version, changes})
	case err != nil:
		return err
	case len(faults) > 0:
		live.WriteJSON(w, http.StatusUnprocessableEntity, faultsBody{"invalid", "the configuration has faults; nothing was changed", faults})
	default:
		live.WriteJSON(w, http.StatusOK, map[string]any{"version": version})
	}
	return nil
}

type practiceBody struct {
	On bool `json:"on"`
}

func (s *Server) practice(w http.ResponseWriter, r *http.Request, who person) error {
	if s.config.Practice == nil {
		return &fault{kindNotFound, "not_available", "there is no practice here"}
	}
	if !who.works() {
		return denied("this account is no agent")
	}
	var b practiceBody
	if err := decode(r, &b); err != nil {
		return err
	}
	if err := s.config.Practice.Set(r.Context(), who.Tenant, who.Agent, b.On); err != nil {
		return err
	}
	s.view.retell(who.Tenant, who.Agent)
	live.WriteJSON(w, http.StatusOK, b)
	return nil
}

// practiceGrace is how long an agent may be away, as while a page is loaded again, before practice ends.
const practiceGrace = 30 * time.Second

// absences are the agents in practice who were seen to be away, by tenant and id, and since when.
type absences struct {
	mu sync.Mutex
	of map[[2]string]time.Time
}

func (a *absences) note(who [2]string, since time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.of == nil {
		a.of = make(map[[2]string]time.Time)
	}
	if before, noted := a.of[who]; !noted || since.Before(before) {
		a.of[who] = since
	}
}

// take gives them, and begins anew: who leaves from here on is noted again.
func (a *absences) take() map[[2]string]time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	of := a.of
	a.of = nil
	return of
}

// leftPractice notes that an agent in practice is connected no more.
func (s *Server) leftPractice(tenant, agent string) {
	if s.config.Practice != nil && s.config.Practice.On(tenant, agent) {
		s.away.note([2]string{tenant, agent}, s.now())
	}
}

// endPractices ends the practice of the agents who did not come back.
func (s *Server) endPractices(ctx context.Context) {
	for who, since := range s.away.take() {
		switch {
		case s.view.agentState(who[0], who[1]).changed.GetConnected():
		case s.now().Sub(since) < practiceGrace:
			s.away.note(who, since)
		default:
			s.endPractice(context.WithoutCancel(ctx), who[0], who[1])
		}
	}
}

// endPractice sends the simulated customers of an agent away.
func (s *Server) endPractice(ctx context.Context, tenant, agent string) {
	s.work.Start(func() {
		limited, cancel := context.WithTimeout(ctx, requestTimeout)
		defer cancel()
		if err := s.config.Practice.Set(limited, tenant, agent, false); err != nil {
			s.logger.LogAttrs(ctx, slog.LevelWarn, "an agent's practice was not ended", slog.String("error", err.Error()))
			s.away.note([2]string{tenant, agent}, s.now()) // later again
			return
		}
		s.view.retell(tenant, agent)
	})
}
