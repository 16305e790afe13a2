package process

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// shown is the leaf that a browser is shown, which trusts a CA, now.
func shown(t *testing.T, c *tls.Config, ca []byte, now time.Time) *x509.Certificate {
	t.Helper()
	pair, err := c.GetCertificate(nil)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(ca))
	_, err = pair.Leaf.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now, DNSName: "desk.example"})
	require.NoError(t, err, "at %s", now)
	return pair.Leaf
}

// TestTheLocalCertificateIsRenewed: over eleven years, without a restart, a browser always sees a certificate of at most a
// year that is good for another third of it; and it needs to be told of another CA twice.
func TestTheLocalCertificateIsRenewed(t *testing.T) {
	now := time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)
	var said bytes.Buffer
	config := Config{Data: t.TempDir(), HTTPS: "desk.example:8443"}
	c, err := serverTLS(config, func() time.Time { return now }, slog.New(slog.NewTextHandler(&said, nil)))
	require.NoError(t, err)
	file := filepath.Join(config.Data, "tls", "ca.pem")
	ca, err := os.ReadFile(file)
	require.NoError(t, err)
	leaves, cas := map[string]bool{}, 1
	for end := now.Add(11 * 365 * day); now.Before(end); now = now.Add(5 * day) {
		_, err = c.GetCertificate(nil) // as browsers do all day
		require.NoError(t, err)
		again, failed := os.ReadFile(file)
		require.NoError(t, failed)
		if !bytes.Equal(again, ca) {
			ca, cas = again, cas+1
		}
		leaf := shown(t, c, ca, now)
		leaves[leaf.SerialNumber.String()] = true
		require.GreaterOrEqual(t, leaf.NotAfter.Sub(now), leafLife-leafTerm-5*day)
		require.LessOrEqual(t, leaf.NotAfter.Sub(leaf.NotBefore), leafLife+leafSkew)
	}
	require.Equal(t, 3, cas)
	require.Equal(t, cas, strings.Count(said.String(), "certificate authority was made"))
	require.Len(t, leaves, 17)
	info, err := os.Stat(filepath.Join(config.Data, "tls", "server.key"))
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
	// After a restart it is the same one.
	was := shown(t, c, ca, now)
	c, err = serverTLS(config, func() time.Time { return now }, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	require.Equal(t, was.SerialNumber, shown(t, c, ca, now).SerialNumber)
}

// TestACertificateThatIsReplaced: files of the operator's are read again within a minute; half of a pair changes nothing.
func TestACertificateThatIsReplaced(t *testing.T) {
	now, dir := time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC), t.TempDir()
	var said bytes.Buffer
	one, two := localCertificates{filepath.Join(dir, "1"), "desk.example:1"}, localCertificates{filepath.Join(dir, "2"), "desk.example:1"}
	copied := func(from, to string) {
		b, err := os.ReadFile(from)
		require.NoError(t, err)
		require.NoError(t, replaceFile(to, b))
	}
	for _, l := range []localCertificates{one, two} {
		_, err := l.renew(now)
		require.NoError(t, err)
	}
	config := Config{TLS: TLS{filepath.Join(dir, "c.pem"), filepath.Join(dir, "c.key")}}
	copied(one.cert(), config.TLS.CertFile)
	copied(one.key(), config.TLS.KeyFile)
	c, err := serverTLS(config, func() time.Time { return now }, slog.New(slog.NewTextHandler(&said, nil)))
	require.NoError(t, err)
	first, err := c.GetCertificate(nil)
	require.NoError(t, err)
	copied(two.cert(), config.TLS.CertFile)
	now = now.Add(certificateEvery)
	half, err := c.GetCertificate(nil)
	require.NoError(t, err)
	require.Equal(t, first, half)
	require.Contains(t, said.String(), "cannot be renewed")
	copied(two.key(), config.TLS.KeyFile)
	now = now.Add(certificateEvery)
	second, err := c.GetCertificate(nil)
	require.NoError(t, err)
	require.NotEqual(t, first.Certificate, second.Certificate)
}
