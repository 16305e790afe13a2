package hostile

import (
	"crypto/tls"
	"crypto/x509"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLocalCA: browsers that trust the CA made here log in by TLS 1.3 and nothing older; secrets are the owner's alone.
func TestLocalCA(t *testing.T) {
	t.Parallel()
	addr := freeAddr(t)
	c := demo(t, filepath.Join(t.TempDir(), "data"), "--https", addr)
	pem, err := os.ReadFile(filepath.Join(c.data, "tls", "ca.pem"))
	require.NoError(t, err)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(pem))
	secure := &http.Client{Timeout: plain.Timeout, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}}

	p := &person{t: t, base: "https://" + addr, origin: "https://" + addr, client: secure}
	status, body, resp := p.do("POST", "/api/login", `{"tenant":"demo","login":"amy","password":"`+stores(t, c.data).DemoPassword("amy")+`"}`)
	require.Equal(t, http.StatusOK, status, body)
	require.EqualValues(t, tls.VersionTLS13, resp.TLS.Version)
	cookie := resp.Cookies()[0]
	require.True(t, cookie.Secure)
	require.True(t, cookie.HttpOnly)
	require.Equal(t, http.SameSiteStrictMode, cookie.SameSite)
	p.enter(resp, body)
	status, body, _ = p.do("GET", "/api/me", "")
	require.Equal(t, http.StatusOK, status, body)
	require.Contains(t, body, `"amy"`)
	for _, path := range []string{"/", "/api/me", "/webchat/widget.js", "/demo/", "/readyz"} {
		_, _, resp := p.do("GET", path, "")
		require.Contains(t, resp.Header.Get("Strict-Transport-Security"), "max-age=31536000", path)
	}

	old, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: roots, MaxVersion: tls.VersionTLS12})
	if err == nil {
		_ = old.Close()
	}
	require.ErrorContains(t, err, "protocol version")
	_, err = tls.Dial("tcp", addr, &tls.Config{})
	require.ErrorContains(t, err, "unknown authority")
	onlyTheOwners(t, c.data)
}

// onlyTheOwners: the folder is closed to others, so nothing below it can be reached; and each secret is closed by itself.
func onlyTheOwners(t *testing.T, data string) {
	t.Helper()
	info, err := os.Stat(data)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o700), info.Mode().Perm())
	for _, name := range []string{
		"master.key", "broker.secret", "metrics.secret", "clickhouse.secret", "clickhouse.dsn", "run.json", "tls/server.key",
	} {
		info, err := os.Stat(filepath.Join(data, name))
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o600), info.Mode().Perm(), name)
	}
	for _, dir := range []string{"objects", "log", "clickhouse", "tls"} {
		info, err := os.Stat(filepath.Join(data, dir))
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o700), info.Mode().Perm(), dir)
	}
}
