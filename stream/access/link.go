package access

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
)

func hashID(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}

// Redeem sets the password by a one-time link and begins a session. Of several that try one wins.
func (a *Accounts) Redeem(ctx context.Context, secret, password string) (Principal, string, error) {
	return a.RedeemAs(ctx, secret, "", password)
}

// RedeemAs is Redeem for whoever wishes another login than the link was made for; empty for the same. An account of that
// login takes the other's place, which is closed. A login or password that cannot be does not use the link up.
func (a *Accounts) RedeemAs(ctx context.Context, secret, login, password string) (Principal, string, error) {
	var c claims
	if err := a.signers[forOneTime].open(secret, &c); err != nil {
		return Principal{}, "", err
	}
	good := func(acc *account) bool {
		same := subtle.ConstantTimeCompare([]byte(acc.OneTime.ID), []byte(hashID(c.ID))) == 1
		return same && a.now().Unix() < acc.OneTime.Until && !acc.Disabled
	}
	// A used link must not cost a hash, and what is wished wrongly must not use it up.
	old, _, err := a.read(ctx, c.name())
	if errors.Is(err, ErrNotFound) || err == nil && !good(old) {
		return Principal{}, "", ErrDenied
	} else if err != nil {
		return Principal{}, "", fmt.Errorf("redeem a link: %w", err)
	}
	name, wished, err := a.wished(ctx, c.name(), old, login, password)
	if err != nil {
		return Principal{}, "", fmt.Errorf("redeem a link: %w", err)
	}
	ctx = By(ctx, old.ID)
	acc, err := a.update(ctx, c.name(), a.audited(ctx, func(acc *account) error {
		if !good(acc) {
			return ErrDenied
		}
		acc.Password, acc.OneTime = wished.Password, oneTime{}
		acc.endSessions()
		return nil
	}, ActionPasswordRedeemed))
	if err != nil {
		return Principal{}, "", fmt.Errorf("redeem a link: %w", err)
	}
	if name == c.name() {
		return a.issue(name, acc, claims{Until: a.now().Add(SessionTTL).Unix()})
	}
	// From here on the old login opens with the new password, so that no fault locks anybody out. Its rights may have changed meanwhile.
	wished.Roles, wished.Teams, wished.AgentID = acc.Roles, acc.Teams, cmp.Or(acc.AgentID, wished.AgentID)
	if err = a.keep(ctx, name, wished); err == nil {
		err = a.Disable(ctx, old.Tenant, old.Login, true)
	}
	if errors.Is(err, ErrExists) {
		err = invalid("login", "it was taken meanwhile; the link is used, and the password is set for the login %s", old.Login)
	}
	if err != nil {
		return Principal{}, "", fmt.Errorf("move to another login; the link is used, and the password is set for the old one: %w", err)
	}
	return a.begin(ctx, name, wished)
}

// wished is the account that is to open: that of the link or, in its place, one with another login, which must be free.
func (a *Accounts) wished(ctx context.Context, own string, acc *account, login, password string) (string, *account, error) {
	n := NewAccount{Login: cmp.Or(normalLogin(login), acc.Login), AgentID: acc.AgentID, Roles: acc.Roles, Teams: acc.Teams}
	name, wished, err := a.made(ctx, acc.Tenant, n)
	if err == nil && name != own {
		err = a.free(ctx, name)
	}
	if err != nil {
		return "", nil, err
	}
	wished.Password, err = a.newPassword(ctx, password)
	return name, wished, err
}
