package boards

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
)

// File is a board's file: its name, and the JSON that Grafana reads. Of a committed one, Board has no more than uid and title.
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
			text, err := encode(b)
			if err != nil {
				return nil, fmt.Errorf("boards: write %s: %w", name, err)
			}
			b.Revision = revision(text)
			if text, err = encode(b); err != nil {
				return nil, fmt.Errorf("boards: write %s: %w", name, err)
			}
			out = append(out, File{Name: name + "." + string(l) + ".json", Board: b, JSON: text})
		}
	}
	return out, nil
}

func encode(b Board) ([]byte, error) {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(b)
	return buf.Bytes(), err
}

// revision is another number for every change of a board: Grafana takes a board of an app anew when its revision is not the one it has.
func revision(text []byte) int { return int(crc32.ChecksumIEEE(text) >> 1) }

// committed are the files beside this one, as they were when the program was built.
//
//go:embed *.en.json *.zh-CN.json
var committed embed.FS

// Committed are the boards of some languages as committed, in the order of their names; of all languages where none is named.
func Committed(languages ...Language) ([]File, error) {
	entries, err := committed.ReadDir(".")
	if err != nil {
		return nil, fmt.Errorf("boards: list the boards: %w", err)
	}
	var out []File
	for _, e := range entries {
		f := File{Name: e.Name()}
		if f.JSON, err = committed.ReadFile(f.Name); err != nil {
			return nil, fmt.Errorf("boards: read %s: %w", f.Name, err)
		}
		_, language, _ := strings.Cut(strings.TrimSuffix(f.Name, ".json"), ".")
		if len(languages) > 0 && !slices.Contains(languages, Language(language)) {
			continue
		}
		var said struct{ UID, Title string }
		if err := json.Unmarshal(f.JSON, &said); err != nil {
			return nil, fmt.Errorf("boards: read %s: %w", f.Name, err)
		}
		f.Board.UID, f.Board.Title = said.UID, said.Title
		out = append(out, f)
	}
	return out, nil
}
