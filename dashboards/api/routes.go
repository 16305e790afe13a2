package api

import (
	"context"
	_ "embed"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/live"
)

type loginBody struct {
	Tenant   string `json:"tenant"`
	Login    string `json:"login"`
	Password string `json:"password"`
}

type meView struct {
	Tenant  string        `json:"tenant"`
	Account string        `json:"account"`
	Agent   string        `json:"agent"`
	Name    string        `json:"name"`
	Roles   []access.Role `json:"roles"`
	// Practice: there are simulated customers to practise with.
	Practice bool `json:"practice"`
	// Setup: the configuration is open to this account; the role says whether it may be changed.
	Setup bool `json:"setup"`
}

type meBody struct {
	Me   meView `json:"me"`
	Csrf string `json:"csrf"`
}

func (s *Server) meBody(ctx context.Context, who person, token string) meBody {
	var name string
	if who.Agent != "" {
		name = s.agentName(ctx, who.Tenant, s.view.agentState(who.Tenant, who.Agent))
	} else {
		name = s.accountName(ctx, who.Tenant, who.Account)
	}
	practice := s.config.Practice != nil && who.works() && s.config.Practice.For(who.Tenant, who.Agent)
	setup := s.config.Setup != nil && who.configures(access.ActionConfigRead)
	return meBody{meView{who.Tenant, who.Account, who.Agent, name, who.who.Roles, practice, setup}, csrfOf(token)}
}

func (s *Server) login(w http.ResponseWriter, r *http.Request, _ person) error {
	if !s.fromUs(r) {
		return denied("this origin may not log in here")
	}
	var b loginBody
	if err := decode(r, &b); err != nil {
		return err
	}
	_, token, err := s.config.Accounts.Login(r.Context(), b.Tenant, b.Login, b.Password, s.clientIP(r))
	if err != nil {
		return err
	}
	return s.welcome(w, r, token)
}

// welcome sets the cookie and says who is logged in.
func (s *Server) welcome(w http.ResponseWriter, r *http.Request, token string) error {
	who, err := s.who(r.Context(), token)
	if err != nil {
		return err
	}
	s.setCookie(w, r, token)
	live.WriteJSON(w, http.StatusOK, s.meBody(r.Context(), who, token))
	return nil
}

func (s *Server) setCookie(w http.ResponseWriter, r *http.Request, token string) {
	c := &http.Cookie{ //nolint:gosec // Secure is set wherever there is TLS; a first look on one machine has none
		Name: cookieName, Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: s.secure(r),
	}
	if token == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// fromUs lets requests without an Origin pass: they come from programs, which hold no cookie of a person.
func (s *Server) fromUs(r *http.Request) bool { return r.Header.Get("Origin") == "" || s.sameOrigin(r) }

func (s *Server) logout(w http.ResponseWriter, r *http.Request, _ person) error {
	token := tokenOf(r)
	if err := s.config.Accounts.Logout(r.Context(), token); err != nil {
		return err
	}
	for _, c := range s.all() {
		if c.token == token {
			c.End(live.CloseLogin, "logged out")
		}
	}
	s.setCookie(w, r, "")
	live.WriteJSON(w, http.StatusOK, struct{}{})
	return nil
}

func (s *Server) me(w http.ResponseWriter, r *http.Request, who person) error {
	live.WriteJSON(w, http.StatusOK, s.meBody(r.Context(), who, tokenOf(r)))
	return nil
}

//go:embed openapi.json
var openapiJSON []byte

func (s *Server) openapi(w http.ResponseWriter, _ *http.Request, _ person) error {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = w.Write(openapiJSON) // the client is gone: nothing to do
	return nil
}

// firstPage leads the link of a new installation to its page. The secret goes behind the #, which browsers send to nobody: it
// stands in no log of a balancer, and in no Referer.
func (s *Server) firstPage(w http.ResponseWriter, r *http.Request, _ person) error {
	http.Redirect(w, r, "/first#"+url.Values{"link": {r.URL.Query().Get("link")}}.Encode(), http.StatusSeeOther)
	return nil
}

type firstBody struct {
	Link     string `json:"link"`
	Login    string `json:"login"`
	Password string `json:"password"`
}

// first sets the password of whoever holds a one-time link, and logs in.
func (s *Server) first(w http.ResponseWriter, r *http.Request, _ person) error {
	if !s.fromUs(r) {
		return denied("this origin may not log in here")
	}
	var b firstBody
	if err := decode(r, &b); err != nil {
		return err
	}
	token, err := s.useLink(r.Context(), b.Link, b.Login, b.Password)
	if err != nil {
		return err
	}
	return s.welcome(w, r, token)
}

// pages serves the workspace. Paths without a file are the workspace's own, and get its page.
func (s *Server) pages() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			writeFault(w, &fault{kindInvalid, "invalid", "pages are read only"})
			return
		}
		if s.config.Assets == nil {
			writeFault(w, notFound("this process serves no pages"))
			return
		}
		name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
		info, err := fs.Stat(s.config.Assets, orIndex(name))
		switch {
		case err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrInvalid), err == nil && info.IsDir() && name != "" && !s.hasIndex(name):
			writeFault(w, notFound("there is no such page"))
			return
		case err != nil && path.Ext(name) != "":
			writeFault(w, notFound("there is no such file"))
			return
		case err != nil:
			name = ""
		}
		// Bundlers put a hash of the content into the names below assets.
		if strings.HasPrefix(name, "assets/") {
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		} else {
			w.Header().Set("Cache-Control", "no-cache")
		}
		http.ServeFileFS(w, r, s.config.Assets, orIndex(name)) //nolint:gosec // the name is cleaned, and fs.FS knows no parents
	})
}

// hasIndex tells whether a folder is a page of its own, as the demo shop is.
func (s *Server) hasIndex(folder string) bool {
	_, err := fs.Stat(s.config.Assets, folder+"/index.html")
	return err == nil
}

func orIndex(name string) string {
	if name == "" || name == "index.html" {
		return "index.html"
	}
	return name
}
