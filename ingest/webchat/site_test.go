package webchat

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/event"
)

const secret = "the shop's secret of 32 bytes ..."

// vouch makes a site's token.
func vouch(key string, header, claims map[string]any) string {
	part := func(v any) string {
		raw, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	signed := part(header) + "." + part(claims)
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

var hs256 = map[string]any{"alg": "HS256", "typ": "JWT"}

func (w *world) claims(more ...any) map[string]any {
	c := map[string]any{"sub": "user-13800138000", "exp": w.now().Unix() + 3600, "name": "Ann", "tier": "gold", "language": "en", "tags": []string{"老客户", "vip"}}
	for i := 0; i < len(more); i += 2 {
		c[str(more[i])] = more[i+1]
	}
	return c
}

// secrets gives the entry points shop and desk a secret each.
func (w *world) secrets() {
	for id, s := range map[string]string{"shop": secret, "desk": "the desk's secret, of 32 bytes .."} {
		sealed, err := w.keys.SealContent(w.t.Context(), "acme", "entry_point/"+id, "secret", &event.Content{Text: s})
		require.NoError(w.t, err)
		w.config("acme", &event.EntryPoint{Id: id, Channel: event.Channel_CHANNEL_WEBCHAT, Origins: []string{shopPage}, Secret: sealed})
	}
}

func (w *world) identify(p *process, entry, jwt string) (int, map[string]any) {
	body, _ := json.Marshal(map[string]any{"entry_point": entry, "visitor": jwt})
	return w.post(p, shopPage, string(body))
}

func TestTheSitesUserIsOneCustomerOnAllDevices(t *testing.T) {
	w := newWorld(t)
	w.secrets()
	p := w.process()
	jwt := vouch(secret, hs256, w.claims())
	var addresses []string
	for i, id := range []string{"m1", "m2"} {
		status, session := w.identify(p, "shop", jwt)
		require.Equal(t, 200, status, session)
		require.Equal(t, true, session["known"])
		b, err := w.dial(p, shopPage)
		require.NoError(t, err)
		b.say(map[string]any{"type": "hello", "token": session["token"], "visitor": jwt})
		b.next("history")
		require.Len(t, w.said(), 3*i, "who only looks is not introduced")
		b.say(map[string]any{"type": "send", "id": id, "text": "hello"})
		b.next("accepted")
		said := w.said()[3*i:]
		require.Len(t, said, 3)
		in := said[0].GetCustomerIntroduced()
		require.Equal(t, []string{"老客户", "vip"}, in.GetTags())
		require.Equal(t, "gold", in.GetTier())
		require.NotContains(t, said[0].String(), "Ann")
		content, err := w.keys.OpenContent(t.Context(), "acme", said[0].GetSealed())
		require.NoError(t, err)
		require.Equal(t, "Ann", content.GetName())
		require.Equal(t, "user-13800138000", content.GetFields()[0].GetValue())
		require.NotNil(t, said[1].GetCustomerConnected())
		require.NotNil(t, said[2].GetCustomerMessage())
		addresses = append(addresses, said[2].GetAddress())
	}
	require.Equal(t, addresses[0], addresses[1])
	require.Equal(t, w.said()[0].GetId(), w.said()[3].GetId(), "once per token, as the fold drops repeats by id")

	// The token of a user is not renewed without the site's word, and an anonymous visitor's is another's.
	_, session := w.identify(p, "shop", jwt)
	body, _ := json.Marshal(map[string]any{"entry_point": "shop", "token": session["token"]})
	_, anonymous := w.post(p, shopPage, string(body))
	require.Equal(t, false, anonymous["known"])
	v, err := w.accounts.VerifyVisitor(str(anonymous["token"]))
	require.NoError(t, err)
	require.NotContains(t, v.Visitor, ":")
	// A word about somebody else, or one that ran out, introduces nobody; the token itself still lets in.
	before := len(w.said())
	b, err := w.dial(p, shopPage)
	require.NoError(t, err)
	b.say(map[string]any{"type": "hello", "token": session["token"], "visitor": vouch(secret, hs256, w.claims("sub", "else"))})
	b.next("history")
	b.say(map[string]any{"type": "send", "id": "m3", "text": "hello"})
	b.next("accepted")
	require.Nil(t, w.said()[before].GetCustomerIntroduced())
}

func TestAUsersTokenEndsWithTheSitesWord(t *testing.T) {
	w := newWorld(t)
	w.secrets()
	p := w.process()
	began := w.ms.Load()
	_, session := w.identify(p, "shop", vouch(secret, hs256, w.claims("exp", w.now().Unix()+90)))
	token := str(session["token"])
	require.EqualValues(t, began/1000*1000+90_000, session["expires_ms"])
	w.ms.Store(began + 89_000)
	_, err := w.accounts.VerifyVisitor(token)
	require.NoError(t, err)
	w.ms.Store(began + 90_000)
	_, err = w.accounts.VerifyVisitor(token)
	require.Error(t, err)
	status, _ := w.identify(p, "shop", vouch(secret, hs256, w.claims("exp", w.now().Unix())))
	require.Equal(t, 401, status)
	// A site's clock may be a little ahead of ours: the token still lasts no longer than a day.
	_, session = w.identify(p, "shop", vouch(secret, hs256, w.claims("exp", w.now().Unix()+86_400+30)))
	require.EqualValues(t, w.ms.Load()+86_400_000, session["expires_ms"])
}

func TestATokenOfASiteCountsOnceHoweverItIsSpelled(t *testing.T) {
	w := newWorld(t)
	e := entryPoint{"acme", &event.EntryPoint{Id: "shop"}}
	jwt := vouch(secret, hs256, w.claims())
	first, err := vouched(jwt, []byte(secret), e, w.now())
	require.NoError(t, err)
	for _, same := range []string{jwt + "\n", jwt[:len(jwt)-3] + "\r\n" + jwt[len(jwt)-3:]} {
		again, againErr := vouched(same, []byte(secret), e, w.now())
		require.NoError(t, againErr)
		require.Equal(t, first.request, again.request)
	}
	other, err := vouched(vouch(secret, hs256, w.claims("tier", "silver")), []byte(secret), e, w.now())
	require.NoError(t, err)
	require.NotEqual(t, first.request, other.request)
	require.Equal(t, first.visitor, other.visitor)
}

func TestTokensOfASiteThatAreRefused(t *testing.T) {
	w := newWorld(t)
	w.secrets()
	w.config("acme", &event.EntryPoint{Id: "bare", Channel: event.Channel_CHANNEL_WEBCHAT, Origins: []string{shopPage}})
	p := w.process(func(c *Config) { c.Limits.SessionsPerMinute = 1000 })
	good := vouch(secret, hs256, w.claims())
	parts := strings.Split(good, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + parts[1] + "."
	wide := hmac.New(sha512.New, []byte(secret))
	head := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS512"}`)) + "." + parts[1]
	wide.Write([]byte(head))
	for name, token := range map[string]string{
		"garbage": "x", "two parts": parts[0] + "." + parts[1], "four parts": good + ".x", "no signature": parts[0] + "." + parts[1] + ".",
		"alg none": none, "HS512": head + "." + base64.RawURLEncoding.EncodeToString(wide.Sum(nil)),
		"HS256 that says RS256": vouch(secret, map[string]any{"alg": "RS256"}, w.claims()), "crit": vouch(secret, map[string]any{"alg": "HS256", "crit": []string{"x"}}, w.claims()),
		"another secret": vouch("a guess of sixteen bytes", hs256, w.claims()), "of another entry point": vouch("the desk's secret, of 32 bytes ..", hs256, w.claims()),
		"other claims": parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"boss"}`)) + "." + parts[2],
		"expired":      vouch(secret, hs256, w.claims("exp", w.now().Unix()-3600)), "for a week": vouch(secret, hs256, w.claims("exp", w.now().Unix()+7*86400)),
		"without end": vouch(secret, hs256, map[string]any{"sub": "x"}), "nobody": vouch(secret, hs256, w.claims("sub", "")),
		"not yet": vouch(secret, hs256, w.claims("nbf", w.now().Unix()+3600)), "for the desk": vouch(secret, hs256, w.claims("aud", "desk")),
		"for many": vouch(secret, hs256, w.claims("aud", []string{"desk", "till"})), "a tag with a number": vouch(secret, hs256, w.claims("tags", []string{"call 13800138000"})),
		"too many tags": vouch(secret, hs256, w.claims("tags", make([]string, 21))), "claims of other kinds": vouch(secret, hs256, w.claims("tags", "vip")),
		"long": vouch(secret, hs256, w.claims("more", strings.Repeat("x", 5000))),
	} {
		status, body := w.identify(p, "shop", token)
		require.Equal(t, 401, status, name)
		require.Equal(t, "visitor", body["code"], name)
		require.Empty(t, body["token"], name)
	}
	status, body := w.identify(p, "bare", good)
	require.Equal(t, 401, status)
	require.Contains(t, body["text"], "no secret")
	status, _ = w.identify(p, "shop", vouch(secret, hs256, w.claims("aud", []string{"desk", "shop"})))
	require.Equal(t, 200, status)
	require.Empty(t, w.said())
}

func FuzzVouched(f *testing.F) {
	e := entryPoint{"acme", &event.EntryPoint{Id: "shop"}}
	w := &world{}
	f.Add("a.b.c")
	f.Add(vouch(secret, hs256, map[string]any{"sub": "x"}))
	f.Fuzz(func(t *testing.T, token string) {
		if i, err := vouched(token, []byte("another secret than the seeds'"), e, w.now()); err == nil {
			t.Fatalf("%q vouches for %v", token, i)
		}
	})
}
