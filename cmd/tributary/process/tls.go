package process

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

const (
	day = 24 * time.Hour
	// caLife is how long the browsers of a machine trust what was made for it.
	caLife = 5 * 365 * day
	// leafLife is how long a certificate is good, and leafTerm after which part of it the next one takes its place.
	leafLife = 365 * day
	leafTerm = leafLife * 2 / 3
	// leafSkew is how far a browser's clock may be behind.
	leafSkew = time.Hour
)

// localCertificates are made here, under a CA that the browsers of this machine are told to trust. The CA's key is thrown away,
// so that nothing else is ever signed by it; therefore all certificates of the CA's life are signed at once, each for a year,
// and they take turns.
type localCertificates struct {
	dir, addr string
}

func (l localCertificates) cert() string { return filepath.Join(l.dir, "server.pem") }
func (l localCertificates) key() string  { return filepath.Join(l.dir, "server.key") }

// read answers the certificate whose turn it is, or nil where another CA has to be made: there is none, or the last has had
// its turn.
func (l localCertificates) read(now time.Time) (*tls.Certificate, error) {
	data, err := os.ReadFile(l.cert())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // none yet
	}
	if err != nil {
		return nil, err
	}
	key, err := os.ReadFile(l.key())
	if err != nil {
		return nil, err
	}
	leaves, ca, err := splitChain(data)
	if err != nil {
		return nil, err
	}
	var chosen *tls.Certificate
	for _, leaf := range leaves {
		pair, err := tls.X509KeyPair(append(bytes.Clone(leaf), ca...), key)
		if err != nil {
			return nil, err
		}
		if chosen == nil || !now.Before(pair.Leaf.NotBefore.Add(leafSkew)) {
			chosen = &pair
		}
	}
	if chosen == nil || !now.Before(chosen.Leaf.NotBefore.Add(leafSkew+leafTerm)) {
		return nil, nil //nolint:nilnil // the last one's turn is over
	}
	return chosen, nil
}

// splitChain reads certificates in the order of their turns, and their CA.
func splitChain(data []byte) (leaves [][]byte, ca []byte, err error) {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, nil, err
		}
		if c.IsCA {
			ca = pem.EncodeToMemory(block)
		} else {
			leaves = append(leaves, pem.EncodeToMemory(block))
		}
	}
	if ca == nil {
		return nil, nil, errors.New("there is no certificate of a CA in it")
	}
	return leaves, ca, nil
}

// renew makes a CA and its certificates, unless another process of the data folder just did.
func (l localCertificates) renew(now time.Time) (*tls.Certificate, error) {
	if err := os.MkdirAll(l.dir, 0o700); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(l.dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	defer lock.Close() //nolint:errcheck // it lets the lock go, and nothing is written
	if err = unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		return nil, err
	}
	if made, failed := l.read(now); failed == nil && made != nil {
		return made, nil
	}
	if err = l.make(now); err != nil {
		return nil, err
	}
	made, err := l.read(now)
	if err == nil && made == nil {
		err = errors.New("what was made is not good")
	}
	return made, err
}

func (l localCertificates) make(now time.Time) error {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "Tributary local CA"},
		NotBefore: now.Add(-leafSkew), NotAfter: now.Add(caLife), IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	if err != nil {
		return err
	}
	var chain []byte
	for begin := now; !begin.Add(leafLife).After(ca.NotAfter); begin = begin.Add(leafTerm) {
		der, failed := x509.CreateCertificate(rand.Reader, l.leaf(begin), ca, &key.PublicKey, caKey)
		if failed != nil {
			return failed
		}
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	caPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER})
	return errors.Join(
		replaceFile(l.key(), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})),
		replaceFile(filepath.Join(l.dir, "ca.pem"), caPEM),
		replaceFile(l.cert(), append(chain, caPEM...)),
	)
}

// leaf is a certificate for the names of this machine, and for the address that is listened on.
func (l localCertificates) leaf(begin time.Time) *x509.Certificate {
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(begin.UnixNano() + 1), Subject: pkix.Name{CommonName: "Tributary"},
		NotBefore: begin.Add(-leafSkew), NotAfter: begin.Add(leafLife), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	if host, _, invalid := net.SplitHostPort(l.addr); invalid == nil && host != "" {
		if ip := net.ParseIP(host); ip != nil {
			leaf.IPAddresses = append(leaf.IPAddresses, ip)
		} else {
			leaf.DNSNames = append(leaf.DNSNames, host)
		}
	}
	return leaf
}

// current answers the certificate of now, and says when a CA was made that browsers do not trust yet.
func (l localCertificates) current(now time.Time) (c *tls.Certificate, made bool, err error) {
	if c, err = l.read(now); err == nil && c == nil {
		c, err = l.renew(now)
		made = err == nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("the local certificate %s: %w", l.cert(), err)
	}
	return c, made, nil
}
