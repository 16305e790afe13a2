package webchat

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tributary-cc/tributary/stream/event"
)

const (
	// maxVouch is the largest signed token of a site in bytes, maxVouchAge how far ahead its end may lie, vouchLeeway how far the
	// site's clock may be ahead of ours.
	maxVouch    = 4096
	maxVouchAge = 24 * time.Hour
	vouchLeeway = time.Minute
	// minSecret: what signs for anybody must not be guessed.
	minSecret = 16
	// maxLabel is the longest tag or tier in bytes, as the fold takes it.
	maxLabel = 64
	// sitePrefix begins the visitors that a site vouched for; Config.NewID makes no colon.
	sitePrefix = "user:"
)

// introduction is what a site vouches for.
type introduction struct {
	// request is unique per token; visitor is the site's user among all visitors.
	request, visitor string
	subject, name    string
	tier, language   string
	tags             []string
	// until is when the site's word ends.
	until time.Time
}

// vouchClaims are those that are understood; others are ignored.
type vouchClaims struct {
	Subject   string          `json:"sub"`
	Audience  json.RawMessage `json:"aud"`
	Expires   float64         `json:"exp"`
	NotBefore float64         `json:"nbf"`
	Name      string          `json:"name"`
	Tier      string          `json:"tier"`
	Language  string          `json:"language"`
	Tags      []string        `json:"tags"`
}

func vouchFault(text string) error {
	return &fault{status: http.StatusUnauthorized, Code: "visitor", Text: "the visitor token is not accepted: " + text}
}

// vouched checks a token that the site signed for its user (JWT, HS256 and nothing else) with the secret of the entry point.
// Nothing of it is believed before its signature is.
func vouched(token string, secret []byte, e entryPoint, now time.Time) (*introduction, error) {
	if len(secret) < minSecret {
		return nil, vouchFault("this entry point has no secret of at least 16 bytes")
	}
	signed, mac, ok := cutLast(token, ".")
	head, body, two := strings.Cut(signed, ".")
	if !ok || !two || len(token) > maxVouch || strings.Contains(body, ".") {
		return nil, vouchFault("it is not a signed token of three parts and at most 4096 bytes")
	}
	got, err := base64.RawURLEncoding.DecodeString(mac)
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(signed))
	if err != nil || !hmac.Equal(got, h.Sum(nil)) {
		return nil, vouchFault("its signature is not this entry point's (HS256)")
	}
	// Whoever has the secret wrote the rest. That the header names the algorithm is still asked: a site that means another is wrong.
	var header struct {
		Alg  string `json:"alg"`
		Crit []any  `json:"crit"`
	}
	if err = decodePart(head, &header); err != nil || header.Alg != "HS256" || len(header.Crit) > 0 {
		return nil, vouchFault("its header must say alg HS256 and no crit")
	}
	var c vouchClaims
	if err = decodePart(body, &c); err != nil {
		return nil, vouchFault("its claims are not the JSON that is understood")
	}
	if err = c.check(e.GetId(), now); err != nil {
		return nil, err
	}
	// Of what was signed: a signature in base64 has many spellings, and each would count anew.
	sum := sha256.Sum256([]byte(signed))
	return &introduction{
		request: hex.EncodeToString(sum[:16]), visitor: sitePrefix + event.CauseID("webchat user", e.tenant, e.GetId(), c.Subject).String(),
		subject: c.Subject, name: c.Name, tier: c.Tier, language: c.Language, tags: c.Tags,
		until: time.UnixMilli(int64(c.Expires * 1000)),
	}, nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

func decodePart(part string, into any) error {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

func (c *vouchClaims) check(entry string, now time.Time) error {
	at := float64(now.Unix())
	switch {
	case c.Subject == "" || len(c.Subject) > 128:
		return vouchFault("sub: the user's id at the site, 1 to 128 bytes")
	case c.Expires == 0:
		return vouchFault("exp is needed")
	case c.Expires <= float64(now.UnixMilli())/1000: // no leeway: the site's word is good until then and no longer
		return vouchFault("it has expired")
	case c.Expires > at+(maxVouchAge+vouchLeeway).Seconds():
		return vouchFault("exp: at most 24 hours ahead")
	case c.NotBefore > at+vouchLeeway.Seconds():
		return vouchFault("nbf: it is not valid yet")
	case !c.isFor(entry):
		return vouchFault("aud names another entry point")
	case utf8.RuneCountInString(c.Name) > 200:
		return vouchFault("name: at most 200 characters")
	case c.Tier != "" && !isLabel(c.Tier), c.Language != "" && (!isID(c.Language) || len(c.Language) > 16):
		return vouchFault("tier and language are short codes")
	case len(c.Tags) > 20:
		return vouchFault("tags: at most 20")
	}
	for _, tag := range c.Tags {
		if !isLabel(tag) {
			return vouchFault("tags: letters, digits, - and _, at most 64 bytes each")
		}
	}
	return nil
}

// isFor reports whether the token is for the entry point: it need not say so, but if it does it must be true.
func (c *vouchClaims) isFor(entry string) bool {
	if len(c.Audience) == 0 || string(c.Audience) == "null" {
		return true
	}
	var one string
	var many []string
	if json.Unmarshal(c.Audience, &one) == nil {
		return one == entry
	}
	_ = json.Unmarshal(c.Audience, &many) // then there are none
	for _, a := range many {
		if a == entry {
			return true
		}
	}
	return false
}

// isLabel: a word in any script, which stands in events in the clear.
func isLabel(s string) bool {
	return s != "" && len(s) <= maxLabel && !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '_'
	})
}

// vouched checks a site's token with the secret of the entry point as it is now.
func (s *Server) vouched(ctx context.Context, e entryPoint, token string) (*introduction, error) {
	e = s.entries.now(e)
	if e.GetSecret() == nil {
		return nil, vouchFault("this entry point has no secret")
	}
	content, err := s.config.Opener.OpenContent(ctx, e.tenant, e.GetSecret())
	if err != nil {
		return nil, err
	}
	return vouched(token, []byte(content.GetText()), e, s.config.Now())
}

// introduce tells the log once a connection whom the site says the visitor to be, ahead of anything they say. The same token has
// the same id wherever it is told, so it counts once. A chat does not fail for it.
func (c *session) introduce() {
	i := c.intro
	if i == nil {
		return
	}
	err := c.append(&event.Event{Body: &event.Event_CustomerIntroduced{CustomerIntroduced: &event.CustomerIntroduced{
		Channel: event.Channel_CHANNEL_WEBCHAT, EntryPoint: c.entry.GetId(), Tier: i.tier, Language: i.language, Tags: i.tags, Request: i.request,
	}}}, &event.Content{Name: i.name, Fields: []*event.Field{{Name: "external_id", Value: i.subject}}}, "introduced", i.request)
	switch {
	case err == nil, asFault(err).status != http.StatusServiceUnavailable:
		c.intro = nil
	}
	if err != nil {
		c.server.config.Logger.Warn("an introduction by the site could not be appended", slog.String("code", asFault(err).Code))
	}
}
