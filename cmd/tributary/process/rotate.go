package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/objects"
	"github.com/tributary-cc/tributary/stream/privacy"
)

// Rotation is what a rotation of the master key did.
type Rotation struct {
	// Keys and Accounts are how many there are; Wrapped and Sealed those that this try moved to the new master key.
	Keys     int    `json:"keys"`
	Wrapped  int    `json:"wrapped"`
	Accounts int    `json:"accounts"`
	Sealed   int    `json:"sealed"`
	New      string `json:"new"`
	Old      string `json:"old"`
}

// ErrRunning says that a process works with the data folder.
var ErrRunning = errors.New("a process runs with this data folder: stop it first")

// RotateMasterKey gives the installation a new master key and moves every key and account to it. Nothing of the installation
// may run meanwhile. Cut off, it is called again and goes on; until it is done no process starts.
func RotateMasterKey(ctx context.Context, c Config, progress func(done, all int)) (r Rotation, err error) {
	if len(c.Kafka.Brokers) == 0 {
		if _, err = Running(ctx, c.Data); err == nil {
			return r, ErrRunning
		}
	}
	if _, err = os.Stat(c.ObjectsDir()); err != nil {
		return r, &NoInstallationError{c.ObjectsDir()}
	}
	store, err := objects.OpenDir(c.ObjectsDir(), objects.PowerCut)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	// A key that is not the data's is found before the next one is made.
	if _, _, err = privacy.OpenMasterKey(ctx, c.MasterKeyFile(), store, false); err != nil && !errors.Is(err, privacy.ErrRotating) {
		return r, err
	}
	keep := append(access.KeptPurposes(), demoSigning) // it stands in the demo's configuration
	demo, err := demoCentre()
	if err != nil {
		return r, err
	}
	for _, login := range demoLogins(demo) {
		keep = append(keep, demoPurpose(login))
	}
	old, next, err := privacy.BeginRotation(c.MasterKeyFile(), keep...)
	if err != nil {
		return r, err
	}
	keys, err := privacy.NewKeyStore(store, old, 1, time.Now)
	if err != nil {
		return r, err
	}
	if r.Wrapped, r.Keys, err = keys.Rewrap(ctx, next, progress); err != nil {
		return r, err
	}
	accounts, err := access.New(store, old, time.Now, nil)
	if err != nil {
		return r, err
	}
	if r.Sealed, r.Accounts, err = accounts.Reseal(ctx, next); err != nil {
		return r, err
	}
	r.New = c.MasterKeyFile()
	if r.Old, err = privacy.FinishRotation(r.New); err != nil {
		return r, fmt.Errorf("everything is moved, but the files are not: %w", err)
	}
	return r, nil
}
