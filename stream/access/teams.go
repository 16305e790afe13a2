package access

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Bounds of the teams of an account.
const (
	maxTeams = 100
	maxTeam  = 64
)

// checkTeams sorts ids of teams. Whether the configuration names them is not asked: a team that is not there shows nothing.
func checkTeams(teams []string) ([]string, error) {
	if len(teams) > maxTeams {
		return nil, invalid("teams", "an account has at most %d teams; without any it sees the whole tenant", maxTeams)
	}
	for _, team := range teams {
		odd := strings.ContainsFunc(team, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) })
		if team == "" || len(team) > maxTeam || odd {
			return nil, invalid("teams", "a team's id has 1 to %d bytes and no spaces", maxTeam)
		}
	}
	sorted := slices.Clone(teams)
	slices.Sort(sorted)
	return slices.Compact(sorted), nil
}

// Forward answers who a person is here that is signed in at a program in front of us, which says so by the login: an open
// account of a person in the program's own tenant. Errors: ErrDenied for who may not ask, ErrNotFound for nobody, a closed
// account and a program. It is as fresh as Verify.
func (a *Accounts) Forward(ctx context.Context, by Principal, login string) (Principal, error) {
	if !Can(by, ActionBoardForward, by.Tenant) {
		return Principal{}, ErrDenied
	}
	name, _, err := a.name(by.Tenant, login)
	if err != nil {
		return Principal{}, ErrNotFound // a login that nobody can have
	}
	acc, err := a.recent(ctx, name)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Principal{}, fmt.Errorf("look for a forwarded person: %w", err)
	}
	if err != nil || acc.Disabled || Program(acc.Roles) {
		return Principal{}, ErrNotFound
	}
	return acc.principal(""), nil
}
