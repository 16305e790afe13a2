package process

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// clientIP tells whom a request comes from. The header of a balancer counts only if the balancer is one that the
// configuration trusts: then the last address in it that is not such a balancer's own.
func clientIP(trusted []netip.Prefix) func(*http.Request) string {
	return func(r *http.Request) string {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil {
			host = r.RemoteAddr
		}
		if !within(trusted, host) {
			return host
		}
		hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		for i := len(hops) - 1; i >= 0; i-- {
			hop := strings.TrimSpace(hops[i])
			if _, err := netip.ParseAddr(hop); err != nil {
				break // whoever wrote this is not to be believed any further
			}
			if host = hop; !within(trusted, hop) {
				break
			}
		}
		return host
	}
}

func within(trusted []netip.Prefix, host string) bool {
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	for _, p := range trusted {
		if p.Contains(addr.Unmap()) {
			return true
		}
	}
	return false
}

// prefixes reads addresses and networks; what is neither is reported.
func prefixes(texts []string, wrong func(i int, text string)) []netip.Prefix {
	var out []netip.Prefix
	for i, t := range texts {
		if addr, err := netip.ParseAddr(t); err == nil {
			out = append(out, netip.PrefixFrom(addr, addr.BitLen()))
		} else if p, err := netip.ParsePrefix(t); err == nil {
			out = append(out, p)
		} else {
			wrong(i, t)
		}
	}
	return out
}
