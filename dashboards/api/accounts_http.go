package api

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/live"
)

// linkTTL is how long a new account's link is good.
const linkTTL = 7 * 24 * time.Hour

type accountView struct {
	Login    string        `json:"login"`
	Account  string        `json:"account"`
	Agent    string        `json:"agent"`
	Roles    []access.Role `json:"roles"`
	Teams    []string      `json:"teams"`
	Disabled bool          `json:"disabled"`
}

func viewAccount(x access.Info) accountView {
	return accountView{x.Login, x.Account, x.AgentID, append([]access.Role{}, x.Roles...), append([]string{}, x.Teams...), x.Disabled}
}

// mustManageAccounts asks for the right; a refusal is audited here, and what is changed by access itself, by the account's id.
func (s *Server) mustManageAccounts(ctx context.Context, who person, subject string) error {
	if who.can(access.ActionAccountManage) {
		return nil
	}
	if err := s.audit(ctx, who, access.ActionAccountManage, subject, false); err != nil {
		return err
	}
	return denied("accounts are open to administrators")
}

func (s *Server) listAccounts(w http.ResponseWriter, r *http.Request, who person) error {
	if err := s.mustManageAccounts(r.Context(), who, "accounts"); err != nil {
		return err
	}
	if err := s.audit(r.Context(), who, access.ActionAccountManage, "accounts", true); err != nil {
		return err
	}
	infos, err := s.config.Accounts.List(r.Context(), who.Tenant)
	if err != nil {
		return err
	}
	out := make([]accountView, 0, len(infos))
	for _, x := range infos {
		out = append(out, viewAccount(x))
	}
	live.WriteJSON(w, http.StatusOK, map[string]any{"accounts": out})
	return nil
}

type newAccountBody struct {
	Login string        `json:"login"`
	Agent string        `json:"agent"`
	Roles []access.Role `json:"roles"`
	Teams []string      `json:"teams"`
}

// createAccount makes an account that a one-time link opens; whoever opens it sets the password.
func (s *Server) createAccount(w http.ResponseWriter, r *http.Request, who person) error {
	if err := s.mustManageAccounts(r.Context(), who, "accounts"); err != nil {
		return err
	}
	var b newAccountBody
	if err := decode(r, &b); err != nil {
		return err
	}
	if b.Agent != "" && !isID(b.Agent, maxID) {
		return invalid("agent: the id of an agent")
	}
	if access.Program(b.Roles) { // it would be there without a link, and its login taken
		return invalid("roles: an account of a program has a token and no link; make it with `tributary user add --role dashboards`")
	}
	ctx := access.By(r.Context(), who.Account)
	account := access.NewAccount{Login: b.Login, AgentID: b.Agent, Roles: b.Roles, Teams: b.Teams}
	if _, err := s.config.Accounts.Add(ctx, who.Tenant, account); err != nil {
		return err
	}
	secret, err := s.config.Accounts.OneTimeLink(ctx, who.Tenant, b.Login, linkTTL)
	if err != nil {
		return fmt.Errorf("the account is there without a link: %w", err)
	}
	live.WriteJSON(w, http.StatusOK, map[string]string{"link": s.publicURL(r) + "/first#" + url.Values{"link": {secret}}.Encode()})
	return nil
}

func (s *Server) publicURL(r *http.Request) string {
	if s.config.PublicURL != "" {
		return strings.TrimSuffix(s.config.PublicURL, "/")
	}
	if s.secure(r) {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

type changeAccountBody struct {
	Roles *[]access.Role `json:"roles"`
	// Teams are those whose work the account sees; an empty list is the whole tenant.
	Teams    *[]string `json:"teams"`
	Disabled *bool     `json:"disabled"`
}

// changeAccount sets roles or teams, or closes an account; all that is asked, or nothing. Nobody changes the own one: the
// last administrator would be gone.
func (s *Server) changeAccount(w http.ResponseWriter, r *http.Request, who person) error {
	login := strings.ToLower(strings.TrimSpace(r.PathValue("login")))
	if err := s.mustManageAccounts(r.Context(), who, "accounts"); err != nil {
		return err
	}
	var b changeAccountBody
	if err := decode(r, &b); err != nil {
		return err
	}
	if b == (changeAccountBody{}) {
		return invalid("roles, teams or disabled")
	}
	ctx := access.By(r.Context(), who.Account)
	info, err := s.accountOf(ctx, who.Tenant, login)
	if err != nil {
		return err
	}
	if info.Account == who.Account {
		return conflict("nobody changes the own account's rights; ask another administrator")
	}
	if b.Disabled != nil && *b.Disabled == info.Disabled {
		b.Disabled = nil
	}
	if b != (changeAccountBody{}) {
		if info, err = s.config.Accounts.Change(ctx, who.Tenant, login, access.Change(b)); err != nil {
			return err
		}
	}
	live.WriteJSON(w, http.StatusOK, viewAccount(info))
	return nil
}

func (s *Server) accountOf(ctx context.Context, tenant, login string) (access.Info, error) {
	infos, err := s.config.Accounts.List(ctx, tenant)
	if err != nil {
		return access.Info{}, err
	}
	i := slices.IndexFunc(infos, func(x access.Info) bool { return x.Login == login })
	if i < 0 {
		return access.Info{}, notFound("login: there is no such account")
	}
	return infos[i], nil
}
