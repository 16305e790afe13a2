package process

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhatTheDemoSignsWithSurvivesARotation(t *testing.T) {
	c := Default()
	c.Data = t.TempDir()
	secret := func() string {
		s := &Spine{Config: c, Logger: slog.New(slog.DiscardHandler)}
		require.NoError(t, s.openStores(t.Context(), true))
		defer func() { require.NoError(t, s.Close()) }()
		return s.demoSecret() + s.DemoPassword("amy") + s.DemoPassword("carla")
	}
	before := secret()
	_, err := RotateMasterKey(t.Context(), c, func(int, int) {})
	require.NoError(t, err)
	require.Equal(t, before, secret())
}
