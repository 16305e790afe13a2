package grafana

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/tributary-cc/tributary/dashboards/boards"
)

// boards puts each board into the folder.
func (w *work) boards(ctx context.Context) error {
	files, err := boards.Committed(w.o.Languages...)
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := w.board(ctx, f); err != nil {
			return fmt.Errorf("board %s: %w", f.Board.UID, err)
		}
	}
	return nil
}

func (w *work) board(ctx context.Context, f boards.File) error {
	var want map[string]any
	if err := json.Unmarshal(f.JSON, &want); err != nil {
		return fmt.Errorf("read %s: %w", f.Name, err)
	}
	var have struct {
		Dashboard map[string]any
		Meta      struct {
			Provisioned           bool
			ProvisionedExternalID string `json:"provisionedExternalId"`
			FolderUID             string `json:"folderUid"`
		}
	}
	s := Step{Kind: "board", UID: f.Board.UID, Title: f.Board.Title, Done: Unchanged}
	err := w.call(ctx, http.MethodGet, "/api/dashboards/uid/"+f.Board.UID, nil, &have)
	switch {
	case isStatus(err, http.StatusNotFound):
		s.Done = Created
	case err != nil:
		return err
	default:
		// A newer Grafana may have brought the board to its own schema; what a board says in it, it still says.
		compared := map[string]any{}
		for key, v := range want {
			if key != "schemaVersion" {
				compared[key] = v
			}
		}
		s.Differences = differences("", compared, have.Dashboard)
		if have.Meta.FolderUID != folderUID {
			s.Differences = append(s.Differences, fmt.Sprintf("folder: %q, now %q", have.Meta.FolderUID, folderUID))
		}
		if len(s.Differences) == 0 {
			w.done(s)
			return nil
		}
		if have.Meta.Provisioned {
			return fmt.Errorf("a file provisions it (%s): change it there, or remove that file and restart Grafana", have.Meta.ProvisionedExternalID)
		}
		s.Done = Updated
	}
	if !w.o.Check {
		body := map[string]any{"dashboard": want, "folderUid": folderUID, "overwrite": true, "message": message}
		if err := w.call(ctx, http.MethodPost, "/api/dashboards/db", body, nil); err != nil {
			var r *refused
			if errors.As(err, &r) && r.status == http.StatusPreconditionFailed {
				return fmt.Errorf("%w (%s): another board stands in its way; remove it or give it another name", err, r.code)
			}
			return err
		}
	}
	w.done(s)
	return nil
}

// asRead is a value as JSON reads it back.
func asRead(v any) any {
	text, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	var out any
	if json.Unmarshal(text, &out) != nil {
		return nil
	}
	return out
}

// differences are where have is not what want says, by their paths. What have says besides is none: Grafana adds fields of its own.
func differences(path string, want, have any) []string {
	switch want := want.(type) {
	case map[string]any:
		there, is := have.(map[string]any)
		if !is {
			return []string{path + ": is another thing"}
		}
		keys := make([]string, 0, len(want))
		for key := range want {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		var out []string
		for _, key := range keys {
			at := key
			if path != "" {
				at = path + "." + key
			}
			out = append(out, differences(at, want[key], there[key])...)
		}
		return out
	case []any:
		there, is := have.([]any)
		if !is && len(want) == 0 && have == nil {
			return nil
		}
		if !is || len(there) != len(want) {
			return []string{fmt.Sprintf("%s: %d, now %d", path, len(there), len(want))}
		}
		var out []string
		for i := range want {
			out = append(out, differences(fmt.Sprintf("%s[%d]", path, i), want[i], there[i])...)
		}
		return out
	default:
		if want == have || want == "" && have == nil {
			return nil
		}
		return []string{fmt.Sprintf("%s: %s, now %s", path, short(have), short(want))}
	}
}

// short is a value as a difference tells it.
func short(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return "?"
	}
	r := []rune(string(text))
	if len(r) > 80 {
		return string(r[:79]) + "…"
	}
	return string(r)
}
