package chaos

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// haproxyConfig is a balancer for two or more processes: it asks /readyz every 100 ms and closes all connections to a
// process that is down, so that browsers connect again at once. It gives an answer 200 ms, for a busy machine is not a dead
// one: closing all connections to a process that works costs more. A WebSocket stays as long as somebody pings.
func haproxyConfig(listen string, servers []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `global
    maxconn 2000
defaults
    mode http
    timeout connect 250ms
    timeout client 30s
    timeout server 30s
    timeout tunnel 1h
    timeout check 200ms
    timeout http-request 5s
    retries 2
    option redispatch 1
    retry-on conn-failure
    option forwardfor
frontend people
    bind %s
    default_backend tributary
backend tributary
    balance leastconn
    option httpchk GET /readyz
    http-response set-header X-Served-By %%[srv_name]
    default-server check inter 100ms fastinter 50ms downinter 100ms fall 2 rise 2 on-marked-down shutdown-sessions
`, listen)
	for i, s := range servers {
		fmt.Fprintf(&b, "    server p%d %s\n", i, s)
	}
	return b.String()
}

// balancer makes the child process of a haproxy, or says that there is none on this machine.
func balancer(folder, listen string, servers []string) (*Victim, error) {
	binary, err := exec.LookPath("haproxy")
	if err != nil {
		binary = "/usr/sbin/haproxy" // where Debian puts it, outside of many paths
		if _, err := os.Stat(binary); err != nil {
			return nil, fmt.Errorf("haproxy is needed as the balancer (Debian: apt-get install haproxy): %w", err)
		}
	}
	config := filepath.Join(folder, "haproxy.cfg")
	if err := os.WriteFile(config, []byte(haproxyConfig(listen, servers)), 0o600); err != nil {
		return nil, err
	}
	return &Victim{Name: "haproxy", Binary: binary, Args: []string{"-db", "-f", config}, Log: filepath.Join(folder, "haproxy.log"), Addr: listen}, nil
}
