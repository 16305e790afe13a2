package webchat

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/objects"
	"github.com/tributary-cc/tributary/stream/privacy"
)

func TestFilesThatAreNeverSentAreSweptAfterADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := objects.NewMemory()
		keys, err := privacy.NewKeyStore(store, privacy.NewMasterKey(), 10, time.Now) //nolint:forbidigo // the bubble's clock
		require.NoError(t, err)
		ref, err := keys.Pseudonym(t.Context(), "acme", "webchat:v1")
		require.NoError(t, err)
		files := privacy.NewFiles(keys)
		s := &Server{config: Config{Files: files, Logger: slog.New(slog.DiscardHandler)}}
		s.metrics, err = newMetrics(prometheus.NewRegistry(), s)
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go s.sweepFiles(ctx)

		give := func() string {
			info, sealErr := files.Seal(t.Context(), "acme", string(ref), bytes.NewReader([]byte("%PDF-1.7")))
			require.NoError(t, sealErr)
			return info.File
		}
		there := func(file string) bool {
			_, statErr := files.Stat(t.Context(), "acme", file)
			return statErr == nil
		}
		sent, forgotten := give(), give()
		require.NoError(t, files.Keep(t.Context(), "acme", sent))
		time.Sleep(23 * time.Hour) //nolint:forbidigo // the bubble's clock
		synctest.Wait()
		late := give()
		require.True(t, there(sent) && there(forgotten), "a person may think for a day")
		time.Sleep(3 * time.Hour) //nolint:forbidigo // the bubble's clock
		synctest.Wait()
		require.True(t, there(sent) && there(late))
		require.False(t, there(forgotten))
		require.ErrorIs(t, files.Keep(t.Context(), "acme", forgotten), privacy.ErrNoFile)
		time.Sleep(24 * time.Hour) //nolint:forbidigo // the bubble's clock
		synctest.Wait()
		require.True(t, there(sent))
		names, err := store.List(t.Context(), "files/")
		require.NoError(t, err)
		require.Len(t, names, 2, "a head and a part of the one that was sent")
		marks, err := store.List(t.Context(), "unsent/")
		require.NoError(t, err)
		require.Empty(t, marks)
		cancel()
		synctest.Wait()
	})
}
