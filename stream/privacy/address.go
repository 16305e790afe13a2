package privacy

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

const maxAddress = 512

// NormalizeAddress gives the one spelling of an address: `tel:` loses separators and full-width forms, `mailto:` is
// lower case, every scheme is lower case, and surrounding space goes. Other addresses are providers' ids, which are
// taken to the letter. Its errors do not repeat the address.
func NormalizeAddress(address string) (string, error) {
	address = strings.TrimSpace(address)
	scheme, rest, ok := strings.Cut(address, ":")
	if !ok || scheme == "" || rest == "" || len(address) > maxAddress || !utf8.ValidString(address) {
		return "", fmt.Errorf("%w: an address is SCHEME:REST in UTF-8 of at most %d bytes", ErrInvalid, maxAddress)
	}
	scheme = strings.ToLower(scheme)
	switch scheme {
	case "tel":
		rest = strings.Map(telephoneRune, rest)
		if rest == "" {
			return "", fmt.Errorf("%w: a tel: address without digits", ErrInvalid)
		}
	case "mailto":
		rest = strings.ToLower(strings.TrimSpace(rest))
	}
	return scheme + ":" + rest, nil
}

// telephoneRune drops what people write between digits (RFC 3966: visual separators carry no meaning).
func telephoneRune(r rune) rune {
	if r >= '！' && r <= '～' {
		r -= '！' - '!'
	}
	switch r {
	case ' ', '-', '.', '(', ')', '/', '\u00a0', '\u3000':
		return -1
	default:
		return r
	}
}
