package process

import (
	"net/http"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOnlyATrustedBalancerTellsWhomARequestComesFrom(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	for name, c := range map[string]struct {
		remote  string
		headers []string
		want    string
	}{
		"no balancer":                       {"198.51.100.7:1", nil, "198.51.100.7"},
		"a stranger's header":               {"198.51.100.7:1", []string{"203.0.113.9"}, "198.51.100.7"},
		"the balancer's header":             {"10.1.2.3:1", []string{"203.0.113.9"}, "203.0.113.9"},
		"what the client wrote before it":   {"10.1.2.3:1", []string{"1.2.3.4, 203.0.113.9"}, "203.0.113.9"},
		"two balancers":                     {"10.1.2.3:1", []string{"203.0.113.9, 10.9.9.9"}, "203.0.113.9"},
		"two headers":                       {"10.1.2.3:1", []string{"1.2.3.4", "203.0.113.9"}, "203.0.113.9"},
		"nonsense":                          {"10.1.2.3:1", []string{"so what"}, "10.1.2.3"},
		"a balancer that writes no header":  {"10.1.2.3:1", nil, "10.1.2.3"},
		"an IPv6 client through a balancer": {"10.1.2.3:1", []string{"2001:db8::1"}, "2001:db8::1"},
	} {
		t.Run(name, func(t *testing.T) {
			r := &http.Request{RemoteAddr: c.remote, Header: http.Header{"X-Forwarded-For": c.headers}}
			require.Equal(t, c.want, clientIP(trusted)(r))
		})
	}
}

func TestAConfigurationNamesEveryFault(t *testing.T) {
	c := Default()
	c.Roles, c.Partitions, c.HTTP = []string{"folds", "cook"}, 0, "8080"
	c.TrustedProxies, c.PublicURL = []string{"10.0.0.0/8", "nowhere"}, "desk.example"
	err := c.Validate()
	for _, part := range []string{`no role "cook"`, "partitions: 0", `"8080" is not host:port`, `trusted_proxies[1]: "nowhere"`, `public_url: "desk.example"`} {
		require.ErrorContains(t, err, part)
	}
}
