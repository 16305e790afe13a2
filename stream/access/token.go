package access

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// purpose separates tokens: each has a key of its own, so none passes for another.
type purpose string

const (
	forSession purpose = "session"
	forVisitor purpose = "visitor"
	forOneTime purpose = "one-time"

	maxToken = 1024
)

// signer makes TEXT.MAC of a JSON value, both base64url.
type signer struct{ key []byte }

func (s signer) mac(text string) []byte {
	h := hmac.New(sha256.New, s.key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func (s signer) sign(v any) (string, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	text := base64.RawURLEncoding.EncodeToString(plain)
	return text + "." + base64.RawURLEncoding.EncodeToString(s.mac(text)), nil
}

// open looks at nothing inside before the signature is found right.
func (s signer) open(token string, v any) error {
	text, mac, ok := strings.Cut(token, ".")
	if !ok || len(token) > maxToken {
		return ErrDenied
	}
	// Strict: one token has one spelling.
	got, err := base64.RawURLEncoding.Strict().DecodeString(mac)
	if err != nil || !hmac.Equal(got, s.mac(text)) {
		return ErrDenied
	}
	plain, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || json.Unmarshal(plain, v) != nil {
		return ErrDenied
	}
	return nil
}

// claims of a session or one-time token. Roles are not in it: they are the account's, as they are now.
type claims struct {
	ID         string `json:"i"`
	Tenant     string `json:"t"`
	Account    string `json:"a"` // the last segment of the account's object
	Generation uint64 `json:"g"`
	Until      int64  `json:"u"`
	Service    bool   `json:"s,omitempty"`
}

func (c claims) name() string { return folder(c.Tenant) + c.Account }

// begin makes a session of an account whose owner has proved to be it.
func (a *Accounts) begin(ctx context.Context, name string, acc *account) (Principal, string, error) {
	if err := a.audit.Audit(ctx, Entry{Tenant: acc.Tenant, Actor: acc.ID, Action: ActionSessionBegin, Subject: acc.ID, Allowed: true}); err != nil {
		return Principal{}, "", fmt.Errorf("begin a session, which is refused as it cannot be audited: %w", err)
	}
	return a.issue(name, acc, claims{Until: a.now().Add(SessionTTL).Unix()})
}

func (a *Accounts) issue(name string, acc *account, c claims) (Principal, string, error) {
	c.ID, c.Tenant, c.Account, c.Generation = randomID(), acc.Tenant, strings.TrimPrefix(name, folder(acc.Tenant)), acc.Generation
	token, err := a.signers[forSession].sign(c)
	if err != nil {
		return Principal{}, "", fmt.Errorf("make a token: %w", err)
	}
	return acc.principal(c.ID), token, nil
}

func (acc *account) principal(token string) Principal {
	return Principal{Tenant: acc.Tenant, Account: acc.ID, Login: acc.Login, AgentID: acc.AgentID, Roles: slices.Clone(acc.Roles), Teams: slices.Clone(acc.Teams), TokenID: token}
}

// Verify answers who a session or service token is, or ErrDenied.
func (a *Accounts) Verify(ctx context.Context, token string) (Principal, error) {
	c, acc, err := a.session(ctx, token)
	if err != nil {
		return Principal{}, err
	}
	return acc.principal(c.ID), nil
}

func (a *Accounts) session(ctx context.Context, token string) (claims, *account, error) {
	var c claims
	if err := a.signers[forSession].open(token, &c); err != nil {
		return c, nil, err
	}
	if a.now().Unix() >= c.Until {
		return c, nil, ErrDenied
	}
	acc, err := a.recent(ctx, c.name())
	if errors.Is(err, ErrNotFound) {
		return c, nil, ErrDenied
	}
	if err != nil {
		return c, nil, fmt.Errorf("verify a token: %w", err)
	}
	gone := slices.ContainsFunc(acc.Ended, func(e ended) bool { return e.Token == c.ID })
	if acc.Disabled || gone || acc.Generation != c.Generation || c.Service != Program(acc.Roles) {
		return c, nil, ErrDenied
	}
	return c, acc, nil
}

// Logout ends one session token. A token that is not good any more is fine.
func (a *Accounts) Logout(ctx context.Context, token string) error {
	c, acc, err := a.session(ctx, token)
	if errors.Is(err, ErrDenied) {
		return nil
	}
	if err != nil {
		return err
	}
	ctx = By(ctx, acc.ID)
	_, err = a.update(ctx, c.name(), a.audited(ctx, func(acc *account) error {
		now := a.now().Unix()
		acc.Ended = slices.DeleteFunc(acc.Ended, func(e ended) bool { return now >= e.Until })
		if len(acc.Ended) >= maxEnded {
			acc.endSessions()
			return nil
		}
		acc.Ended = append(acc.Ended, ended{Token: c.ID, Until: c.Until})
		return nil
	}, ActionSessionEnd))
	if err != nil {
		return fmt.Errorf("log out: %w", err)
	}
	return nil
}

// ServiceToken makes a token for a program. EndSessions revokes all tokens of the account.
func (a *Accounts) ServiceToken(ctx context.Context, tenant, login string, ttl time.Duration) (string, error) {
	name, _, err := a.name(tenant, login)
	if err != nil {
		return "", fmt.Errorf("make a service token: %w", err)
	}
	acc, _, err := a.read(ctx, name)
	if err != nil {
		return "", fmt.Errorf("make a service token: %w", err)
	}
	if !Program(acc.Roles) || acc.Disabled || ttl <= 0 || ttl > maxServiceTTL {
		return "", fmt.Errorf("make a service token: %w", invalid("account", "it needs an open one with the role dashboards, and a life of at most %s", maxServiceTTL))
	}
	_, token, err := a.issue(name, acc, claims{Until: a.now().Add(ttl).Unix(), Service: true})
	if err == nil {
		err = a.changed(ctx, ActionAccountToken, acc)
	}
	if err != nil {
		return "", fmt.Errorf("make a service token: %w", err)
	}
	return token, nil
}

// OneTimeLink makes the secret of a link with which the account's owner sets a password, once. It replaces the one
// before.
func (a *Accounts) OneTimeLink(ctx context.Context, tenant, login string, ttl time.Duration) (string, error) {
	name, _, err := a.name(tenant, login)
	if err != nil {
		return "", fmt.Errorf("make a one-time link: %w", err)
	}
	id, until := randomID(), a.now().Add(ttl).Unix()
	// What is kept is a hash: reading the account does not give the link.
	acc, err := a.update(ctx, name, a.audited(ctx, func(acc *account) error {
		if acc.Disabled || Program(acc.Roles) {
			return invalid("account", "it is disabled or a program's")
		}
		acc.OneTime = oneTime{ID: hashID(id), Until: until}
		return nil
	}, ActionAccountLink))
	if err != nil {
		return "", fmt.Errorf("make a one-time link: %w", err)
	}
	return a.signers[forOneTime].sign(claims{ID: id, Tenant: tenant, Account: strings.TrimPrefix(name, folder(tenant)), Generation: acc.Generation, Until: until})
}

// Visitor is a customer's browser in a web chat.
type Visitor struct {
	Tenant     string `json:"t"`
	EntryPoint string `json:"e"`
	Visitor    string `json:"v"`
}

type visitorClaims struct {
	Visitor
	Until int64 `json:"u"`
}

// VisitorToken makes the token that a visitor's browser keeps to come back as the same.
func (a *Accounts) VisitorToken(v Visitor, ttl time.Duration) (string, error) {
	if v.Tenant == "" || v.EntryPoint == "" || v.Visitor == "" || len(v.Tenant)+len(v.EntryPoint)+len(v.Visitor) > 384 {
		return "", fmt.Errorf("make a visitor's token: %w", invalid("visitor", "tenant, entry point and visitor are needed, together at most 384 bytes"))
	}
	return a.signers[forVisitor].sign(visitorClaims{Visitor: v, Until: a.now().Add(ttl).Unix()})
}

// VerifyVisitor answers whose token it is, or ErrDenied. The door still compares the entry point with its own.
func (a *Accounts) VerifyVisitor(token string) (Visitor, error) {
	var c visitorClaims
	if err := a.signers[forVisitor].open(token, &c); err != nil {
		return Visitor{}, err
	}
	if a.now().Unix() >= c.Until {
		return Visitor{}, ErrDenied
	}
	return c.Visitor, nil
}
