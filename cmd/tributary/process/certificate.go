package process

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"
)

// certificateEvery is how often it is looked whether another certificate is to be shown.
const certificateEvery = time.Minute

// certificates shows browsers the certificate of now: files may be replaced, and what was made here is renewed, while the
// process runs. What cannot be read keeps nobody out: the one before is shown.
type certificates struct {
	now  func() time.Time
	log  *slog.Logger
	read func(now time.Time) (*tls.Certificate, error)

	mu    sync.Mutex
	shown *tls.Certificate
	next  time.Time
}

// serverTLS reads the certificate for browsers, or makes one under a local CA in the data folder. TLS 1.3 alone is spoken.
func serverTLS(c Config, now func() time.Time, log *slog.Logger) (*tls.Config, error) {
	s := &certificates{now: now, log: log}
	if c.TLS.CertFile != "" {
		s.read = func(time.Time) (*tls.Certificate, error) {
			pair, err := tls.LoadX509KeyPair(c.TLS.CertFile, c.TLS.KeyFile)
			if err != nil {
				return nil, fmt.Errorf("reading the certificate %s: %w", c.TLS.CertFile, err)
			}
			return &pair, nil
		}
	} else {
		l := localCertificates{filepath.Join(c.Data, "tls"), c.HTTPS}
		s.read = func(now time.Time) (*tls.Certificate, error) {
			pair, made, err := l.current(now)
			if made {
				log.Warn("a local certificate authority was made: have the browsers of this machine trust it", "file", filepath.Join(l.dir, "ca.pem"))
			}
			return pair, err
		}
	}
	var err error
	if s.shown, err = s.read(now()); err != nil {
		return nil, err
	}
	s.next = now().Add(certificateEvery)
	return &tls.Config{MinVersion: tls.VersionTLS13, GetCertificate: s.get, NextProtos: []string{"http/1.1"}}, nil
}

func (s *certificates) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if now.Before(s.next) {
		return s.shown, nil
	}
	s.next = now.Add(certificateEvery)
	c, err := s.read(now)
	if err != nil {
		s.log.LogAttrs(context.Background(), slog.LevelError, "the certificate cannot be renewed; the one before is shown on", slog.String("error", err.Error()))
		return s.shown, nil
	}
	s.shown = c
	return c, nil
}
