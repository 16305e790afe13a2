package engine_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/engine/enginetest"
)

// The suite that runs against brokers, against the log in memory: what the schedules run on is a log like theirs.
func TestTheSuiteHoldsOfTheLogInMemory(t *testing.T) {
	for _, c := range enginetest.Suite() {
		t.Run(c.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := enginetest.NewLog(3)
				c.Run(t, enginetest.World{Open: func(*testing.T) engine.Log { return log }, Now: time.Now, Inbox: 1})
			})
		})
	}
}
