package plugin

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

// resources answers the page's own questions, for the signed-in user: `me`, what the user may see, which variables are made of; and
// `queries`, the named queries, of which the query editor is made.
func (d *Datasource) resources() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /me", func(w http.ResponseWriter, r *http.Request) {
		d.pass(w, r, "/api/boards/me", d.addPage)
	})
	mux.HandleFunc("GET /queries", func(w http.ResponseWriter, r *http.Request) { d.pass(w, r, "/api/queries", addNames) })
	return mux
}

// addPage says where people open Tributary: as the settings have it, else as Tributary says, else where Grafana reaches it.
func (d *Datasource) addPage(me map[string]json.RawMessage) {
	var said string
	_ = json.Unmarshal(me["page_url"], &said) // what is no text is none
	s := d.client.settings
	me["page_url"], _ = json.Marshal(cmp.Or(s.page, said, s.api.String()))
}

// pass hands an object of the API on.
func (d *Datasource) pass(w http.ResponseWriter, r *http.Request, path string, change func(map[string]json.RawMessage)) {
	answer := make(map[string]json.RawMessage)
	if err := d.fetch(r.Context(), path, &answer); err != nil {
		f := asFault(err)
		reply(w, f.status, map[string]string{"message": sentence(f.Error()), "code": f.code})
		return
	}
	if change != nil {
		change(answer)
	}
	reply(w, http.StatusOK, answer)
}

func (d *Datasource) fetch(ctx context.Context, path string, into any) error {
	if d.fault != nil {
		return d.fault
	}
	who, err := userOf(backend.UserFromContext(ctx))
	if err != nil {
		return err
	}
	return d.client.get(ctx, who, path, nil, into)
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // who asked is gone
}
