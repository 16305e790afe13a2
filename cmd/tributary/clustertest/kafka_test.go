//go:build cluster

package clustertest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/kafkalog"
)

const (
	brokers   = 3
	clusterID = "dHJpYnV0YXJ5LXRlc3QwMQ"
	user      = "engine"
	password  = "only-for-this-test"
)

// cluster is three brokers, each both broker and controller.
type cluster struct {
	t     *testing.T
	dir   string
	ports [brokers][3]int // client, internal, controller
	procs [brokers]*exec.Cmd
}

func startCluster(t *testing.T) *cluster {
	t.Helper()
	jars, err := filepath.Abs("../../../engines/kafka")
	require.NoError(t, err)
	if _, err := os.Stat(jars); err != nil {
		t.Fatalf("Apache Kafka is not in %s: run make cluster", jars)
	}
	c := &cluster{t: t, dir: t.TempDir()}
	for i := range brokers {
		for k := range 3 {
			c.ports[i][k] = freePort(t)
		}
	}
	certificate(t, c.dir)
	for i := range brokers {
		c.configure(i)
		out, err := c.java(i, jars, "kafka.tools.StorageTool", "format", "-t", clusterID, "-c", c.file(i, "server.properties"),
			"--add-scram", fmt.Sprintf("SCRAM-SHA-512=[name=%s,password=%s]", user, password)).CombinedOutput()
		require.NoError(t, err, string(out))
	}
	for i := range brokers {
		c.start(i)
	}
	t.Cleanup(func() {
		for i := range brokers {
			c.signal(i, syscall.SIGCONT)
			c.kill(i)
		}
	})
	return c
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close() //nolint:errcheck // only the number is wanted
	addr, ok := l.Addr().(*net.TCPAddr)
	require.True(t, ok)
	return addr.Port
}

func (c *cluster) file(i int, name string) string {
	return filepath.Join(c.dir, fmt.Sprint("broker", i), name)
}

func (c *cluster) configure(i int) {
	require.NoError(c.t, os.MkdirAll(c.file(i, ""), 0o700))
	var voters []string
	for k := range brokers {
		voters = append(voters, fmt.Sprintf("%d@127.0.0.1:%d", k, c.ports[k][2]))
	}
	listeners := fmt.Sprintf("CLIENT://127.0.0.1:%d,INTERNAL://127.0.0.1:%d", c.ports[i][0], c.ports[i][1])
	text := strings.Join([]string{
		"process.roles=broker,controller", fmt.Sprintf("node.id=%d", i), "controller.quorum.voters=" + strings.Join(voters, ","),
		fmt.Sprintf("listeners=%s,CONTROLLER://127.0.0.1:%d", listeners, c.ports[i][2]), "advertised.listeners=" + listeners,
		"listener.security.protocol.map=CLIENT:SASL_SSL,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
		"inter.broker.listener.name=INTERNAL", "controller.listener.names=CONTROLLER",
		"sasl.enabled.mechanisms=SCRAM-SHA-512",
		"listener.name.client.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;",
		"listener.name.client.ssl.keystore.type=PEM", "listener.name.client.ssl.keystore.location=" + filepath.Join(c.dir, "server.pem"),
		"log.dirs=" + c.file(i, "log"), "auto.create.topics.enable=false", "offsets.topic.replication.factor=3", "offsets.topic.num.partitions=3",
		"group.initial.rebalance.delay.ms=0", "broker.session.timeout.ms=4000", "broker.heartbeat.interval.ms=500",
		"replica.lag.time.max.ms=4000", "num.network.threads=2", "num.io.threads=4", "log.cleaner.enable=false", "",
	}, "\n")
	require.NoError(c.t, os.WriteFile(c.file(i, "server.properties"), []byte(text), 0o600))
}

func (c *cluster) java(i int, jars string, args ...string) *exec.Cmd {
	cmd := exec.Command("java", append([]string{"-Xmx256m", "-Xms64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", jars + "/*"}, args...)...)
	cmd.Dir = c.file(i, "")
	return cmd
}

func (c *cluster) start(i int) {
	jars, _ := filepath.Abs("../../../engines/kafka")
	cmd := c.java(i, jars, "kafka.Kafka", c.file(i, "server.properties"))
	out, err := os.OpenFile(c.file(i, "out"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(c.t, err)
	cmd.Stdout, cmd.Stderr = out, out
	require.NoError(c.t, cmd.Start())
	require.NoError(c.t, out.Close())
	c.procs[i] = cmd
}

func (c *cluster) signal(i int, s syscall.Signal) { _ = c.procs[i].Process.Signal(s) }

func (c *cluster) kill(i int) {
	c.signal(i, syscall.SIGKILL)
	_ = c.procs[i].Wait()
}

func (c *cluster) addrs() []string {
	out := make([]string, brokers)
	for i := range out {
		out[i] = fmt.Sprintf("127.0.0.1:%d", c.ports[i][0])
	}
	return out
}

// connect opens the log as an installation would.
func connect(addrs []string, ca string, partitions int) (*kafkalog.Log, error) {
	pemText, err := os.ReadFile(ca)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pemText)
	return kafkalog.Open(kafkalog.Config{
		Brokers: addrs, Partitions: partitions, Replication: 3, ClientID: "clustertest",
		TLS:  &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
		User: user, Password: password, Mechanism: "SCRAM-SHA-512",
	})
}

func (c *cluster) ready(ctx context.Context, l *kafkalog.Log) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	var err error
	for ctx.Err() == nil {
		if err = l.EnsureTopics(ctx); err == nil {
			return
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
	out, _ := os.ReadFile(c.file(0, "out"))
	c.t.Fatalf("the cluster is not ready: %v\n%s", err, out[max(0, len(out)-4000):])
}

// certificate writes ca.pem and server.pem.
func certificate(t *testing.T, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "127.0.0.1"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(24 * time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ca.pem"), cert, 0o600))
	both := append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), cert...)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "server.pem"), both, 0o600))
}
