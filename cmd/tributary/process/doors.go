package process

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/tributary-cc/tributary/dashboards/api"
	"github.com/tributary-cc/tributary/dashboards/web"
	"github.com/tributary-cc/tributary/ingest/webchat"
	"github.com/tributary-cc/tributary/stream/privacy"
	"github.com/tributary-cc/tributary/stream/warehouse"
)

// openDoors makes the parts that people and customers reach.
func (p *Process) openDoors(_ context.Context) error {
	if p.Config.HasRole(RoleAPI) {
		if err := p.openAPI(); err != nil {
			return err
		}
	}
	if p.Config.HasRole(RoleWebchat) {
		if err := p.openWebchat(); err != nil {
			return err
		}
	}
	if p.Config.HasRole(RoleModels) {
		return p.openModels()
	}
	return nil
}

func (p *Process) openWebchat() error {
	c := webchat.Config{
		Log: p.Log, Guard: gate{p.Guard, p.room, &p.stopping}, Opener: p.Keys, Pseudonyms: seats{p.Keys, p.room}, Tokens: p.Accounts, Files: files{privacy.NewFiles(p.Keys), p.room},
		Gateway: p.ID, Now: time.Now, NewID: newID, Logger: p.Logger, Registry: p.Registry, ClientIP: p.clientIP(),
		Secure: strings.HasPrefix(p.Config.PublicURL, "https://"),
	}
	if web.Built() {
		c.Widget = web.Assets()
	}
	s, err := webchat.New(c)
	if err != nil {
		return err
	}
	p.doors = append(p.doors, s)
	p.webchat = s.Handler()
	return nil
}

func (p *Process) openAPI() error {
	c := api.Config{
		Log: p.Log, Guard: gate{p.Guard, p.room, &p.stopping}, Opener: p.Keys, Accounts: p.Accounts, Gateway: p.ID, Now: time.Now, NewID: newID,
		Logger: p.Logger, Registry: p.Registry, ClientIP: p.clientIP(), Secure: strings.HasPrefix(p.Config.PublicURL, "https://"),
	}
	if p.Config.PublicURL != "" {
		c.Origins = []string{strings.TrimSuffix(p.Config.PublicURL, "/")}
	}
	if web.Built() {
		c.Assets = web.Assets()
	}
	c.Intents = intentNames
	c.History, c.Boards = history{p.warehouse}, history{p.warehouse}
	c.Files, c.Setup, c.PublicURL = files{privacy.NewFiles(p.Keys), p.room}, administration{p.Spine}, p.Config.PublicURL
	if p.Config.Demo {
		p.demo = &demo{persons: make(map[string]context.CancelFunc)}
		c.Practice = p.demo
	}
	s, err := api.New(c)
	if err != nil {
		return err
	}
	p.doors = append(p.doors, s)
	p.api = s.Handler()
	return nil
}

func (p *Process) clientIP() func(*http.Request) string {
	return clientIP(prefixes(p.Config.TrustedProxies, func(int, string) {})) // checked by Validate
}

// mount puts the doors' handlers under their paths.
func (p *Process) mount(mux *http.ServeMux) {
	if p.webchat != nil {
		mux.Handle("/webchat/", p.webchat)
	}
	if p.api == nil {
		return
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/demo") && !p.Config.Demo {
			http.NotFound(w, r)
			return
		}
		p.api.ServeHTTP(w, r)
	})
}

// history answers the api's questions from the warehouse, a row as a map.
type history struct {
	open func() (*warehouse.Warehouse, error)
}

var _ api.History = history{}

var _ api.Boards = history{}

// Answer runs a named query of a board.
func (h history) Answer(ctx context.Context, name string, params map[string]any) (*warehouse.Result, error) {
	w, err := h.open()
	if err != nil {
		return nil, err
	}
	return w.Query(ctx, name, params)
}

// Ping says whether ClickHouse answers.
func (h history) Ping(ctx context.Context) error {
	w, err := h.open()
	if err != nil {
		return err
	}
	return w.Ping(ctx)
}

// Query runs a named query.
func (h history) Query(ctx context.Context, name string, params map[string]any) ([]map[string]any, error) {
	w, err := h.open()
	if err != nil {
		return nil, err
	}
	res, err := w.Query(ctx, name, params)
	if err != nil {
		return nil, err
	}
	out := make([]map[string]any, len(res.Rows))
	for i, row := range res.Rows {
		out[i] = make(map[string]any, len(row))
		for j, v := range row {
			out[i][res.Columns[j].Name] = v
		}
	}
	return out, nil
}
