package plugin

import (
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"
)

func says(status int, kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func results(body string) http.HandlerFunc {
	return says(200, "application/json", `{"results":[{"ref":"0",`+body+`}]}`)
}

// Whatever an API answers, the query's answer is an error that says what is wrong, in words without the token.
func TestHostileAnswers(t *testing.T) {
	const cols = `"columns":[{"name":"queue","type":"String"},{"name":"waiting","type":"UInt64"}],"rows":`
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		status backend.Status
		words  string
	}{
		"a page":         {says(200, "text/html", "<html>Log in</html>"), 502, "is not one of Tributary"},
		"empty":          {says(200, "application/json", ""), 502, "is not one of Tributary"},
		"null":           {says(200, "application/json", "null"), 502, "no result for this query"},
		"no result":      {says(200, "application/json", `{"results":[null,{"ref":"9"}]}`), 502, "no result for this query"},
		"a list":         {says(200, "application/json", `[]`), 502, "is not one of Tributary"},
		"deep":           {says(200, "application/json", strings.Repeat("[", 200_000)), 502, "is not one of Tributary"},
		"rows are text":  {results(cols + `"x"`), 502, "is not one of Tributary"},
		"short row":      {results(cols + `[["a",1],["b"]]`), 502, "row 2 has 1 values for 2 columns"},
		"text as number": {results(cols + `[["a","many"]]`), 502, "row 1, column waiting (UInt64): the value is of another type"},
		"number as null": {results(cols + `[["a",null]]`), 502, "a value is missing"},
		"object as text": {results(cols + `[[{"a":1},1]]`), 502, "column queue (String): the value is of another type"},
		"too large":      {results(cols + `[["a",99999999999999999999]]`), 502, "column waiting"},
		"two columns":    {results(`"columns":[{"name":"a","type":"String"},{"name":"a","type":"String"}],"rows":[]`), 502, "column 2 has no name of its own"},
		"bare error":     {results(`"error":{}`), 502, "no reason"},
		"evil words":     {results(`"error":{"code":"bad_query","message":"line\n` + strings.Repeat("x", 5000) + `"}`), 400, "line xxx"},
		"401":            {says(401, "application/json", `{"code":"unauthenticated","text":"x"}`), 401, "the service token is not taken"},
		"403":            {says(403, "application/json", `{"error":{"code":"forbidden","message":"the board is not yours"}}`), 403, "the board is not yours"},
		"403, a proxy":   {says(403, "text/html", "no"), 403, "needs the role dashboards"},
		"404":            {says(404, "text/plain", "404 page not found"), 404, "it is not there"},
		"413":            {says(413, "text/plain", ""), 413, "status 413"},
		"429":            {says(429, "text/plain", ""), 429, "too many questions"},
		"500":            {says(500, "text/plain", "password=x"), 500, "status 500"},
		"503":            {says(503, "application/json", `{"code":"unavailable","text":"no answer in time"}`), 503, "no answer in time"},
		"half":           {half, 502, "broke off"},
		"slow":           {slow, 504, "in time"},
		"huge":           {huge, 502, "larger than this data source takes"},
		"a small bomb":   {says(200, "application/json", `{"results":[`+strings.Repeat("null,", 1<<20)+`null]}`), 502, "no result"},
	} {
		t.Run(name, func(t *testing.T) {
			api := newDouble(t)
			api.handle("/api/query", c.answer)
			d := api.open(func(d *Datasource) { d.client.timeout = 300 * time.Millisecond })
			if name == "huge" || name == "a small bomb" || name == "deep" {
				d.client.timeout = callTimeout
			}
			r := d.asked(t, sue, query("A", `{"query":"queue_now"}`))["A"]
			require.ErrorContains(t, r.Error, c.words)
			require.Equal(t, c.status, r.Status, r.Error)
			require.Contains(t, []backend.ErrorSource{backend.ErrorSourceDownstream, backend.ErrorSourcePlugin}, r.ErrorSource)
			require.NotContains(t, r.Error.Error(), token)
			require.NotContains(t, r.Error.Error(), "\n")
			require.Less(t, len(r.Error.Error()), 2500)
		})
	}
}

func half(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	_, _ = io.WriteString(w, `{"results":[`)
}

func slow(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, `{"results":[`)
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

func huge(w http.ResponseWriter, _ *http.Request) {
	junk := []byte(strings.Repeat("[1,2,3],", 1<<15))
	_, _ = io.WriteString(w, `{"results":[`)
	for {
		if _, err := w.Write(junk); err != nil {
			return
		}
	}
}

// Wherever an address sends this data source, the token does not follow.
func TestTheTokenFollowsNoRedirect(t *testing.T) {
	reached := 0
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached++ }))
	defer elsewhere.Close()
	api := newDouble(t)
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, path := range []string{"/api/query", "/api/boards/me", "/api/boards/live"} {
			api.handle(path, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL+"/x?token=y", status) })
		}
		d := api.open()
		r := d.asked(t, sue, query("A", `{"query":"queue_now"}`))["A"]
		require.ErrorContains(t, r.Error, "is redirected to "+elsewhere.URL+", and")
		require.Equal(t, backend.Status(502), r.Status)
		_, err := d.me(t.Context(), theService)
		require.ErrorContains(t, err, "follows nowhere with its token")
		require.ErrorContains(t, d.client.follow(t.Context(), theService, "all", nil), "is redirected")
	}
	require.Zero(t, reached)
}

func TestTransport(t *testing.T) {
	answer := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		write(w, map[string]string{"tenant": "acme", "scope": "all"})
	})
	secure := httptest.NewTLSServer(answer)
	defer secure.Close()
	old := httptest.NewUnstartedServer(answer)
	old.TLS = &tls.Config{MaxVersion: tls.VersionTLS11}
	old.StartTLS()
	defer old.Close()
	plain := httptest.NewServer(answer)
	defer plain.Close()
	closed := httptest.NewServer(answer)
	closed.Close()
	ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}))
	for name, c := range map[string]struct{ url, ca, words string }{
		"the authority of the settings": {secure.URL, ca, ""},
		"a foreign authority":           {secure.URL, "", "signed by an authority that is not trusted"},
		"another host":                  {strings.Replace(secure.URL, "127.0.0.1", "localhost", 1), ca, "for another host"},
		"TLS 1.1":                       {old.URL, ca, "no connection to Tributary"},
		"no TLS":                        {strings.Replace(plain.URL, "http:", "https:", 1), "", "but there is no TLS"},
		"a path of a proxy":             {plain.URL + "/tributary/", "", ""},
		"nobody there":                  {closed.URL, "", "no connection to Tributary"},
		"no such host":                  {"http://nowhere.invalid", "", "the host in the URL"},
	} {
		t.Run(name, func(t *testing.T) {
			text := fmt.Sprintf(`{"url":%q,"caCert":%q,"tlsSkipVerify":true,"access":7}`, c.url, c.ca)
			d, err := open(t.Context(), backend.DataSourceInstanceSettings{
				JSONData: []byte(text), DecryptedSecureJSONData: map[string]string{"token": token},
			}, func() time.Time { return begun })
			require.NoError(t, err)
			require.Nil(t, d.fault)
			defer d.Dispose()
			_, err = d.me(t.Context(), theService)
			if c.words == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.words)
			require.Equal(t, backend.ErrorSourceDownstream, asFault(err).source)
		})
	}
}

// Whatever comes in a stream is read within its bounds, and never makes the reader panic.
func FuzzEvents(f *testing.F) {
	for _, s := range []string{
		event(1, 2), ": hello\n\ndata: a\ndata: b\n\n", "event: end\r\ndata: {}\r\n\r\n", "data\n\n", "data:x", "id: 7\nretry: 1\n\n", "data: " + strings.Repeat("x", 300) + "\n\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lines := 0
		from := newEvents(strings.NewReader(text), 200, func() { lines++ })
		for {
			_, data, err := from.next()
			if err != nil {
				require.LessOrEqual(t, lines, strings.Count(text, "\n"))
				return
			}
			require.LessOrEqual(t, len(data), 201)
		}
	})
}

// A result is read, or refused; a good one has a value in each place.
func FuzzResult(f *testing.F) {
	for _, s := range []string{
		`{"results":[{"ref":"0","columns":[{"name":"interval_ms","type":"Int64","unit":"moment"},{"name":"q","type":"LowCardinality(Nullable(String))"},{"name":"n","type":"Nullable(Float64)"}],"rows":[[1,"a",1.5],[0,null,null]]}]}`,
		`{"results":[{"ref":"0","columns":[{"name":"a","type":"Array(String)"}],"rows":[[["x",[1]]]]}]}`, `{"results":[{"ref":"0","error":{"code":"x"}}]}`, `{}`,
	} {
		f.Add(s)
	}
	d := &Datasource{}
	f.Fuzz(func(_ *testing.T, text string) {
		var answer struct {
			Results []*result `json:"results"`
		}
		if json.Unmarshal([]byte(text), &answer) != nil {
			return
		}
		for _, r := range answer.Results {
			for _, format := range []string{formatTable, formatSeries} {
				if r != nil {
					_, _ = d.frames(asked{query: &Query{Format: format}, info: &queryInfo{Name: "x"}}, r)
				}
			}
		}
	})
}
