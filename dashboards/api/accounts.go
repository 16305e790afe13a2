package api

import (
	"context"
	"errors"
	"slices"

	"github.com/tributary-cc/tributary/stream/privacy"
)

// person is who is logged in.
type person struct {
	Tenant  string   `json:"tenant"`
	Account string   `json:"account"`
	Agent   string   `json:"agent"`
	Name    string   `json:"name"`
	Roles   []string `json:"roles"`
}

// mayManage reports whether the person may act on contacts that others hold.
func (p person) mayManage() bool { return p.has("supervisor", "admin") }

// mayReview reports whether the person may read conversations that others hold.
func (p person) mayReview() bool { return p.has("supervisor", "admin", "qa") }

func (p person) has(roles ...string) bool {
	return slices.ContainsFunc(p.Roles, func(r string) bool { return slices.Contains(roles, r) })
}

// Accounts is what the door asks of access.
type Accounts interface {
	Login(ctx context.Context, tenant, login, password string) (token string, err error)
	Who(ctx context.Context, token string) (person, error)
	Logout(ctx context.Context, token string) error
	First(ctx context.Context, link, login, password string) (token string, err error)
}

func (s *Server) who(ctx context.Context, token string) (person, error) {
	return s.Accounts.Who(ctx, token)
}

// accessFault maps the kinds of access and of privacy.
func accessFault(err error) *fault {
	if errors.Is(err, privacy.ErrInvalid) || errors.Is(err, privacy.ErrPersonal) {
		return &fault{kindInvalid, "invalid", "the request holds something it must not"}
	}
	return nil
}

func isErased(err error) bool { return errors.Is(err, privacy.ErrErased) }
