// Package access says who may do what: accounts, roles, permissions, tokens. Every door asks it.
//
// It promises: a password is kept only as argon2id; account files are sealed and named by a keyed hash, so that the
// object store tells neither logins nor roles; a token is worth nothing after its expiry, after a log-out, a change of
// password, of roles or of state, here at once and in other processes after [CacheAge] at most; nothing that an account may
// or is opened by is changed without an entry in the audit, where there is one, that stands there before; a wrong password,
// an unknown login or tenant and a disabled account get the same answer in the same time, and each is audited without a word
// of what was typed; guessing is throttled, and a flood of log-ins costs bounded memory.
//
// It does not promise: that an attacker cannot delay the log-ins of an account whose login is known (throttling is per
// login and per IP address); limits over several processes (each counts for itself); second factors. A session token in
// the wrong hands is that person until it is revoked: doors keep it in HttpOnly cookies over TLS.
package access

import (
	"context"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/tributary-cc/tributary/stream/objects"
	"github.com/tributary-cc/tributary/stream/privacy"
)

// The kinds of failure. Their texts may be shown to whoever asks.
var (
	// ErrDenied says that the login, password or token is not accepted; it never says which part.
	ErrDenied = errors.New("not accepted")
	// ErrThrottled says that there were too many tries; a *ThrottledError says when to come back.
	ErrThrottled = errors.New("too many tries")
	// ErrInvalid says that an argument is not what it should be.
	ErrInvalid = errors.New("not valid")
	// ErrExists says that the login is taken.
	ErrExists = errors.New("the login is taken")
	// ErrNotFound says that there is no such account.
	ErrNotFound = errors.New("no such account")
)

// ThrottledError is ErrThrottled with the time to wait.
type ThrottledError struct{ RetryAfter time.Duration }

// Error implements error.
func (e *ThrottledError) Error() string {
	return fmt.Sprintf("too many tries, wait %d s", (e.RetryAfter+time.Second-1)/time.Second)
}

// Is makes it an ErrThrottled.
func (e *ThrottledError) Is(target error) bool { return target == ErrThrottled }

// InvalidError is ErrInvalid with what is wrong and why. Both may be shown to whoever asks.
type InvalidError struct{ Field, Why string }

// Error implements error.
func (e *InvalidError) Error() string { return "not valid: " + e.Field + ": " + e.Why }

// Is makes it an ErrInvalid.
func (e *InvalidError) Is(target error) bool { return target == ErrInvalid }

func invalid(field, why string, args ...any) error {
	return &InvalidError{field, fmt.Sprintf(why, args...)}
}

// Installation is the tenant under which is audited what concerns no tenant that is known: tries at accounts that are none.
const Installation = "main"

// Actors that are no account.
const (
	// ActorOperator works at the command line, with the master key in hand.
	ActorOperator = "operator"
	// ActorSystem is a process that does it by itself: the first administrator's account, the demo centre's.
	ActorSystem  = "system"
	actorUnknown = "unknown"
)

// Entry says who did what, for the audit. It holds ids only.
type Entry struct {
	Tenant  string
	Actor   string // an account id, or one of the actors that are none; "unknown" where nobody is proved
	Action  Action
	Subject string
	Allowed bool
}

// Auditor takes entries to the log. What cannot be audited is refused.
type Auditor interface {
	Audit(ctx context.Context, entry Entry) error
}

// NoAudit forgets entries; for tests.
type NoAudit struct{}

// Audit implements Auditor.
func (NoAudit) Audit(context.Context, Entry) error { return nil }

var _ Auditor = NoAudit{}

type actorKey struct{}

// By says who makes the changes of accounts that are made with the context. Without it, it is the process itself.
func By(ctx context.Context, actor string) context.Context {
	return context.WithValue(ctx, actorKey{}, actor)
}

func actorOf(ctx context.Context) string {
	if actor, ok := ctx.Value(actorKey{}).(string); ok {
		return actor
	}
	return ActorSystem
}

// Times that bound what a token is worth.
const (
	// SessionTTL is how long a session token is good: longer than any shift, so that nobody who logs in for one is logged
	// out in the middle of a contact, and shorter than a day, so that nobody stays logged in until the next.
	SessionTTL = 16 * time.Hour
	// CacheAge is how long a process may not know what another changed of an account.
	CacheAge = time.Second

	maxServiceTTL = 2 * 366 * 24 * time.Hour
	maxCached     = 10_000
	maxTenant     = 64
	maxLogin      = 128
	minPassword   = 10
	maxPassword   = 256
	maxRaces      = 8
)

// Principal is who a door has in front of it.
type Principal struct {
	Tenant  string
	Account string // the account's random id
	Login   string
	AgentID string // the agent of the configuration that the person works as; empty for none
	Roles   []Role
	// Teams are those whose agents, and the queues these serve, the person's boards show; none for all of the tenant.
	Teams   []string
	TokenID string
}

// Info is an account as administrators see it.
type Info struct {
	Account string
	Login   string
	AgentID string
	Roles   []Role
	// Teams bound what the account's boards show; none for all of the tenant.
	Teams    []string
	Disabled bool
	// HasPassword is false while only a one-time link opens it.
	HasPassword bool
}

// Accounts are the accounts of an installation, in an object store, for any number of processes.
type Accounts struct {
	store    objects.Store
	now      func() time.Time
	audit    Auditor
	seal     cipher.AEAD
	names    []byte
	signers  map[purpose]signer
	hasher   *hasher
	byLogin  *throttle
	byIP     *throttle
	accounts accountCache
}

const (
	purposeNames = "access/names"
	purposeToken = "access/token/"
)

// New opens the accounts. audit may be nil where nothing is to be kept.
func New(store objects.Store, master *privacy.MasterKey, now func() time.Time, audit Auditor) (*Accounts, error) {
	seal, err := newAEAD(master.Derive("access/accounts"))
	if err != nil {
		return nil, fmt.Errorf("open the accounts: %w", err)
	}
	if audit == nil {
		audit = NoAudit{}
	}
	a := &Accounts{
		store: store, now: now, audit: audit, seal: seal, names: master.Derive(purposeNames),
		signers: make(map[purpose]signer, 3), hasher: newHasher(),
		byLogin: newThrottle(10, 15*time.Second), byIP: newThrottle(60, time.Second),
		accounts: accountCache{known: map[string]cached{}},
	}
	for _, p := range []purpose{forSession, forVisitor, forOneTime} {
		a.signers[p] = signer{key: master.Derive(purposeToken + string(p))}
	}
	return a, nil
}

// NewAccount is what an account is made of.
type NewAccount struct {
	Login string
	// Password may be empty: then only a one-time link or, for programs, a token opens the account.
	Password string
	// AgentID is the agent of the configuration that the person works as; an agent's account without it works as the agent
	// with the account's own id.
	AgentID string
	Roles   []Role
	// Teams bound what the account's boards show; none for all of the tenant.
	Teams []string
}

// Create makes an account that sees all of the tenant; see [NewAccount].
func (a *Accounts) Create(ctx context.Context, tenant, login, password, agentID string, roles ...Role) (Info, error) {
	return a.Add(ctx, tenant, NewAccount{Login: login, Password: password, AgentID: agentID, Roles: roles})
}

// made is a new account that is kept nowhere yet, and its name.
func (a *Accounts) made(ctx context.Context, tenant string, n NewAccount) (string, *account, error) {
	name, login, err := a.name(tenant, n.Login)
	if err != nil {
		return "", nil, err
	}
	acc := &account{Tenant: tenant, ID: randomID(), Login: login, AgentID: n.AgentID, Generation: 1}
	if acc.Roles, err = checkRoles(n.Roles); err != nil {
		return "", nil, err
	}
	if acc.Teams, err = checkTeams(n.Teams); err != nil {
		return "", nil, err
	}
	if n.AgentID == "" && slices.Contains(acc.Roles, RoleAgent) {
		acc.AgentID = acc.ID
	}
	if n.Password == "" {
		return name, acc, nil
	}
	if Program(acc.Roles) {
		return "", nil, invalid("password", "a program has a token and no password")
	}
	acc.Password, err = a.newPassword(ctx, n.Password)
	return name, acc, err
}

// Add makes an account.
func (a *Accounts) Add(ctx context.Context, tenant string, n NewAccount) (Info, error) {
	name, acc, err := a.made(ctx, tenant, n)
	if err != nil {
		return Info{}, fmt.Errorf("create an account: %w", err)
	}
	if err = a.keep(ctx, name, acc); err != nil {
		return Info{}, fmt.Errorf("create an account: %w", err)
	}
	return acc.info(), nil
}

// keep keeps a new account.
func (a *Accounts) keep(ctx context.Context, name string, acc *account) error {
	sealed, err := a.encode(name, acc)
	if err != nil {
		return err
	}
	if err = a.free(ctx, name); err != nil {
		return err
	}
	if err = a.changed(ctx, ActionAccountCreate, acc); err != nil {
		return err
	}
	created, err := a.store.PutIfAbsent(ctx, name, sealed)
	if err == nil && !created {
		err = ErrExists
	}
	return err
}

// free says ErrExists before a creation is audited that cannot be.
func (a *Accounts) free(ctx context.Context, name string) error {
	_, err := a.store.Get(ctx, name)
	if errors.Is(err, objects.ErrNotFound) {
		return nil
	}
	if err == nil {
		err = ErrExists
	}
	return err
}

// List answers the accounts of a tenant, by login.
func (a *Accounts) List(ctx context.Context, tenant string) ([]Info, error) {
	if tenant == "" || len(tenant) > maxTenant { // what else cannot be an id has none, or of an older version
		return nil, fmt.Errorf("list accounts: %w", invalid("tenant", "a tenant's id has 1 to %d bytes", maxTenant))
	}
	names, err := a.store.List(ctx, folder(tenant))
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	infos := make([]Info, 0, len(names))
	for _, name := range names {
		acc, _, err := a.read(ctx, name)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("list accounts: %w", err)
		}
		infos = append(infos, acc.info())
	}
	slices.SortFunc(infos, func(x, y Info) int { return strings.Compare(x.Login, y.Login) })
	return infos, nil
}

// checkTenant takes what can be an id: tenants' stand in the clear in every event, so that no free text may pass as one.
func checkTenant(tenant string) error {
	odd := strings.ContainsFunc(tenant, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune("-_.", r)
	})
	if tenant == "" || len(tenant) > maxTenant || odd {
		return invalid("tenant", "a tenant's id has 1 to %d letters a to z, digits, and - _ .", maxTenant)
	}
	return nil
}

func normalLogin(login string) string { return strings.ToLower(strings.TrimSpace(login)) }

// name is where an account is kept. The login is not told by it.
func (a *Accounts) name(tenant, login string) (name, normal string, err error) {
	if err = checkTenant(tenant); err != nil {
		return "", "", err
	}
	normal = normalLogin(login)
	if normal == "" || len(normal) > maxLogin || strings.ContainsFunc(normal, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", "", invalid("login", "a login has 1 to %d bytes that can be printed", maxLogin)
	}
	return folder(tenant) + hex.EncodeToString(a.digest(tenant, normal)), normal, nil
}

func (a *Accounts) digest(parts ...string) []byte {
	h := hmac.New(sha256.New, a.names)
	h.Write([]byte(strings.Join(parts, "\x00")))
	return h.Sum(nil)
}

func folder(tenant string) string { return "accounts/" + objects.Segment(tenant) + "/" }

var crockford = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

func randomID() string {
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // never fails: see crypto/rand
	return crockford.EncodeToString(raw[:])
}
