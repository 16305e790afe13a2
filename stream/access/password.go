package access

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// passwordHash is argon2id (RFC 9106) with its parameters, so that they can be raised.
type passwordHash struct {
	Time    uint32 `json:"time,omitempty"`
	Memory  uint32 `json:"memory,omitempty"` // KiB
	Threads uint8  `json:"threads,omitempty"`
	Salt    []byte `json:"salt,omitempty"`
	Hash    []byte `json:"hash,omitempty"`
}

// 19 MiB and two passes are OWASP's figures; about 25 ms on one core.
const (
	argonTime    = 2
	argonMemory  = 19 << 10
	argonThreads = 1
	argonHash    = 32
	argonSalt    = 16
	// hashesAtOnce bounds memory to 38 MiB and leaves the other core to the work; hashesWaiting bounds the queue.
	hashesAtOnce  = 2
	hashesWaiting = 64
)

// errBusy is a ThrottledError: the caller comes again in a second.
var errBusy = &ThrottledError{RetryAfter: 1e9}

// hasher runs few hashes at a time.
type hasher struct {
	running chan struct{}
	waiting chan struct{}
	dummy   passwordHash
}

func newHasher() *hasher {
	h := &hasher{running: make(chan struct{}, hashesAtOnce), waiting: make(chan struct{}, hashesAtOnce+hashesWaiting)}
	h.dummy = passwordHash{Time: argonTime, Memory: argonMemory, Threads: argonThreads, Salt: make([]byte, argonSalt), Hash: make([]byte, argonHash)}
	_, _ = rand.Read(h.dummy.Hash) // never fails: see crypto/rand
	return h
}

func (h *hasher) hash(ctx context.Context, password string, p passwordHash) ([]byte, error) {
	select {
	case h.waiting <- struct{}{}:
		defer func() { <-h.waiting }()
	default:
		return nil, errBusy
	}
	select {
	case h.running <- struct{}{}:
		defer func() { <-h.running }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return argon2.IDKey([]byte(password), p.Salt, p.Time, p.Memory, p.Threads, argonHash), nil
}

// verify says whether the password is the one. Without an account, or with one that has no password, it takes as long
// and says no.
func (h *hasher) verify(ctx context.Context, password string, acc *account) (bool, error) {
	p, real := h.dummy, 0
	if acc != nil && len(acc.Password.Hash) == argonHash {
		p, real = acc.Password, 1
	}
	got, err := h.hash(ctx, password, p)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, p.Hash)&real == 1, nil
}

func (a *Accounts) newPassword(ctx context.Context, password string) (passwordHash, error) {
	if n := utf8.RuneCountInString(password); n < minPassword || len(password) > maxPassword {
		return passwordHash{}, invalid("password", "a password has at least %d characters and at most %d bytes", minPassword, maxPassword)
	}
	p := passwordHash{Time: argonTime, Memory: argonMemory, Threads: argonThreads, Salt: make([]byte, argonSalt)}
	_, _ = rand.Read(p.Salt) // never fails: see crypto/rand
	var err error
	p.Hash, err = a.hasher.hash(ctx, password, p)
	return p, err
}

// Login checks a password and begins a session. Errors: ErrDenied whatever was wrong, ErrThrottled. What can be no tenant, no
// login or no password is refused as a wrong password is: with the same work, and an entry in the audit.
func (a *Accounts) Login(ctx context.Context, tenant, login, password, ip string) (Principal, string, error) {
	tried := a.tried(tenant, login)
	name, _, odd := a.name(tenant, login)
	if odd != nil {
		name = tried
	}
	if len(password) > maxPassword {
		password = "" // nobody's
	}
	now := a.now()
	if wait := a.byIP.take(ip, now); wait > 0 {
		return Principal{}, "", &ThrottledError{RetryAfter: wait}
	}
	if wait := a.byLogin.take(name, now); wait > 0 {
		return Principal{}, "", &ThrottledError{RetryAfter: wait}
	}
	var acc *account
	if odd == nil {
		var err error
		if acc, _, err = a.read(ctx, name); err != nil && !errors.Is(err, ErrNotFound) {
			return Principal{}, "", fmt.Errorf("log in: %w", err)
		}
	}
	ok, err := a.hasher.verify(ctx, password, acc)
	if err != nil {
		return Principal{}, "", fmt.Errorf("log in: %w", err)
	}
	if !ok || acc.Disabled {
		return Principal{}, "", a.refuse(ctx, acc, tried)
	}
	a.byLogin.clear(name)
	if acc.Password.Time != argonTime || acc.Password.Memory != argonMemory || acc.Password.Threads != argonThreads {
		a.rehash(ctx, name, acc.Password.Hash, password)
	}
	return a.begin(ctx, name, acc)
}

// tried tells in the audit whether somebody tries the same again, and nothing of what it is: people mistype, and type names
// and passwords where they do not belong.
func (a *Accounts) tried(tenant, login string) string {
	return "tried-" + crockford.EncodeToString(a.digest("tried", tenant, normalLogin(login))[:10])
}

// refuse audits a log-in that failed, under the account or, where there is none, under the installation: what was typed
// stands in no log.
func (a *Accounts) refuse(ctx context.Context, acc *account, tried string) error {
	e := Entry{Tenant: Installation, Actor: actorUnknown, Action: ActionSessionBegin, Subject: tried}
	if acc != nil {
		e.Tenant, e.Subject = acc.Tenant, acc.ID
	}
	if err := a.audit.Audit(ctx, e); err != nil { // as for the right password: which it was is not told
		return fmt.Errorf("begin a session, which is refused as it cannot be audited: %w", err)
	}
	return ErrDenied
}

// rehash brings a password to today's parameters. If it does not work the next log-in does it.
func (a *Accounts) rehash(ctx context.Context, name string, old []byte, password string) {
	hashed, err := a.newPassword(ctx, password)
	if err != nil {
		return
	}
	_, _ = a.update(ctx, name, func(acc *account) error {
		if subtle.ConstantTimeCompare(acc.Password.Hash, old) == 1 {
			acc.Password = hashed
		}
		return nil
	})
}
