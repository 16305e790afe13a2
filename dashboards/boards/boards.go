package boards

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
)

// File is a board as committed: its name, and the JSON that Grafana reads.
type File struct {
	Name  string
	Board Board
	JSON  []byte
}

// Written makes all boards anew.
func Written() ([]File, error) {
	var out []File
	for _, l := range Languages() {
		for _, made := range []struct {
			name  string
			board Board
		}{{"wallboard", l.Wallboard()}, {"queues", l.Queues()}, {"contacts", l.Contacts()}} {
			name, b := made.name, made.board
			var buf bytes.Buffer
			e := json.NewEncoder(&buf)
			e.SetEscapeHTML(false)
			e.SetIndent("", "  ")
			if err := e.Encode(b); err != nil {
				return nil, fmt.Errorf("boards: write %s: %w", name, err)
			}
			out = append(out, File{Name: name + "." + string(l) + ".json", Board: b, JSON: buf.Bytes()})
		}
	}
	return out, nil
}

// Committed is the folder json/, as it was when the program was built.
//
//go:embed json/*.json
var Committed embed.FS
