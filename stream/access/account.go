package access

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tributary-cc/tributary/stream/objects"
)

// account is what is kept, sealed.
type account struct {
	Tenant   string       `json:"tenant"`
	ID       string       `json:"id"`
	Login    string       `json:"login"`
	AgentID  string       `json:"agent_id,omitempty"`
	Roles    []Role       `json:"roles"`
	Teams    []string     `json:"teams,omitempty"`
	Disabled bool         `json:"disabled,omitempty"`
	Password passwordHash `json:"password"`
	// Generation is in every token; raising it ends them all.
	Generation uint64  `json:"generation"`
	Ended      []ended `json:"ended,omitempty"`
	OneTime    oneTime `json:"one_time"`
}

// ended is a token that was logged out before it expired.
type ended struct {
	Token string `json:"token"`
	Until int64  `json:"until"`
}

// oneTime is the link that is open, if any.
type oneTime struct {
	ID    string `json:"id,omitempty"`
	Until int64  `json:"until,omitempty"`
}

// maxEnded tokens are remembered one by one; with more a log-out ends all sessions.
const maxEnded = 32

func (acc *account) info() Info {
	return Info{
		Account: acc.ID, Login: acc.Login, AgentID: acc.AgentID, Roles: acc.Roles, Teams: acc.Teams, Disabled: acc.Disabled,
		HasPassword: len(acc.Password.Hash) > 0,
	}
}

func (acc *account) endSessions() { acc.Generation, acc.Ended = acc.Generation+1, nil }

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// encode seals an account; its name is bound in, so that files cannot be swapped.
func (a *Accounts) encode(name string, acc *account) ([]byte, error) {
	plain, err := json.Marshal(acc)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, a.seal.NonceSize())
	_, _ = rand.Read(nonce) // never fails: see crypto/rand
	return a.seal.Seal(nonce, nonce, plain, []byte(name)), nil
}

func (a *Accounts) read(ctx context.Context, name string) (*account, []byte, error) {
	raw, err := a.store.Get(ctx, name)
	if errors.Is(err, objects.ErrNotFound) {
		return nil, nil, ErrNotFound
	}
	if err != nil {
		return nil, nil, err
	}
	n := a.seal.NonceSize()
	if len(raw) < n {
		return nil, nil, fmt.Errorf("the account %s is damaged", name)
	}
	plain, err := a.seal.Open(nil, raw[:n], raw[n:], []byte(name))
	if err != nil {
		return nil, nil, fmt.Errorf("the account %s is damaged or of another master key: %w", name, err)
	}
	acc := new(account)
	if err := json.Unmarshal(plain, acc); err != nil {
		return nil, nil, fmt.Errorf("the account %s: %w", name, err)
	}
	return acc, raw, nil
}

// update changes an account unless somebody else does so at the same time; then it looks again.
func (a *Accounts) update(ctx context.Context, name string, change func(*account) error) (*account, error) {
	defer a.accounts.drop(name)
	for range maxRaces {
		acc, raw, err := a.read(ctx, name)
		if err != nil {
			return nil, err
		}
		if err = change(acc); err != nil {
			return nil, err
		}
		sealed, err := a.encode(name, acc)
		if err != nil {
			return nil, err
		}
		if done, err := a.store.PutIfMatch(ctx, name, sealed, raw); err != nil || done {
			return acc, err
		}
	}
	return nil, errors.New("others keep changing the account; try again")
}

// accountCache remembers accounts for CacheAge, so that a token costs no read of the store.
type accountCache struct {
	mu    sync.Mutex
	drops uint64
	known map[string]cached
}

type cached struct {
	acc   *account // never changed
	until time.Time
}

func (c *accountCache) drop(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drops++
	delete(c.known, name)
}

// recent is read through the cache.
func (a *Accounts) recent(ctx context.Context, name string) (*account, error) {
	c := &a.accounts
	c.mu.Lock()
	hit, ok := c.known[name]
	drops := c.drops
	c.mu.Unlock()
	if now := a.now(); ok && now.Before(hit.until) {
		return hit.acc, nil
	}
	acc, _, err := a.read(ctx, name)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.drops == drops { // else it may be older than a change made meanwhile
		if len(c.known) >= maxCached {
			clear(c.known)
		}
		c.known[name] = cached{acc: acc, until: a.now().Add(CacheAge)}
	}
	return acc, nil
}
