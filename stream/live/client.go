package live

import (
	"net"
	"net/http"
	"net/netip"
)

// ClientIP is whom a request comes from: what find says, or without it the socket's address.
func ClientIP(r *http.Request, find func(*http.Request) string) string {
	if find != nil {
		return find(r)
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// sitePrefix is what one customer of a provider gets at least: all of its addresses are one client's.
const sitePrefix = 64

// Site is what limits per client count by: an IPv4 address as it is, of an IPv6 address the network of 64 bits. What is no
// address is its own site.
func Site(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return ip
	}
	if a = a.Unmap().WithZone(""); a.Is4() {
		return a.String()
	}
	p, err := a.Prefix(sitePrefix)
	if err != nil {
		return ip
	}
	return p.String()
}
