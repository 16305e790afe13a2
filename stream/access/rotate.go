package access

import (
	"context"
	"errors"
	"fmt"

	"github.com/tributary-cc/tributary/stream/privacy"
)

// KeptPurposes are the derived keys that a new master key takes over: account files keep their names, and visitors of a web
// chat come back as the same. Sessions and service tokens end.
func KeptPurposes() []string {
	return []string{purposeNames, purposeToken + string(forVisitor)}
}

// Reseal seals every account by the next master key. Accounts that are so sealed already are passed over, so that it can
// be cut off and repeated; nobody else may use the accounts meanwhile. It answers how many it sealed and how many there are.
func (a *Accounts) Reseal(ctx context.Context, next *privacy.MasterKey) (sealed, all int, err error) {
	to, err := New(a.store, next, a.now, nil)
	if err != nil {
		return 0, 0, err
	}
	names, err := a.store.List(ctx, "accounts/")
	if err != nil {
		return 0, 0, fmt.Errorf("list accounts: %w", err)
	}
	for _, name := range names {
		if _, _, err = to.read(ctx, name); err == nil {
			continue
		}
		if err = a.reseal(ctx, to, name); err != nil {
			return sealed, len(names), fmt.Errorf("seal an account anew, repeat it: %w", err)
		}
		sealed++
	}
	return sealed, len(names), nil
}

func (a *Accounts) reseal(ctx context.Context, to *Accounts, name string) error {
	acc, raw, err := a.read(ctx, name)
	if err != nil {
		return err
	}
	// A service's tokens are signed anew too: they end, as the sessions do.
	acc.endSessions()
	data, err := to.encode(name, acc)
	if err != nil {
		return err
	}
	replaced, err := a.store.PutIfMatch(ctx, name, data, raw)
	if err == nil && !replaced {
		err = errors.New("it was changed meanwhile: stop every process first")
	}
	return err
}
