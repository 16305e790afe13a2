package yamlfile

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml/ast"
)

// place is a line and a column, both from 1 and the column in letters.
type place struct{ line, column int }

var top = place{1, 1}

// maxLook bounds how far behind its key a place is looked for, in bytes.
const maxLook = 32 << 10

// placeOf is where a value begins.
func placeOf(n ast.Node) place {
	token := n.GetToken()
	switch m := n.(type) {
	case *ast.MappingNode:
		if !m.IsFlowStyle && len(m.Values) > 0 {
			return placeOf(m.Values[0])
		}
	case *ast.MappingValueNode:
		token = m.Key.GetToken()
	}
	if token == nil || token.Position == nil {
		return top
	}
	return place{max(token.Position.Line, 1), max(token.Position.Column, 1)}
}

// placeIn finds the place in an error of the YAML library, which begins with [line:column].
func placeIn(err error) place {
	at := top
	if n, _ := fmt.Sscanf(err.Error(), "[%d:%d]", &at.line, &at.column); n != 2 {
		return top
	}
	return at
}

// within finds the letter of a value, whatever way it is written: the key stands at a place, the value is as decoded. Where
// the two do not go together, it is the place of the key.
func (f *File) within(key place, value string, offset int) place {
	rest := f.text
	for range key.line - 1 {
		_, rest, _ = strings.Cut(rest, "\n")
	}
	s := &source{rest: []rune(rest[:min(len(rest), maxLook)]), at: place{key.line, 1}}
	for s.at.column < key.column && s.take() != 0 {
	}
	if !s.enter() {
		return key
	}
	letters := []rune(value)
	offset = min(offset, len(letters))
	for _, r := range letters[:offset] {
		if !s.skip(r) {
			return key
		}
	}
	for offset < len(letters) && !unicode.IsSpace(letters[offset]) && unicode.IsSpace(s.peek()) {
		s.take() // an indent
	}
	return s.at
}

// source goes through a file letter by letter.
type source struct {
	rest  []rune
	at    place
	quote rune // of the value: \", ' or none
}

func (s *source) peek() rune {
	if len(s.rest) == 0 {
		return 0
	}
	return s.rest[0]
}

func (s *source) take() rune {
	r := s.peek()
	if r == 0 {
		return 0
	}
	s.rest = s.rest[1:]
	if s.at.column++; r == '\n' {
		s.at = place{s.at.line + 1, 1}
	}
	return r
}

// enter goes from the beginning of a key to the first letter of its value.
func (s *source) enter() bool {
	for r := s.take(); ; r = s.take() {
		if r == 0 || r == '\n' {
			return false
		}
		if r == ':' && unicode.IsSpace(s.peek()) {
			break
		}
	}
	for unicode.IsSpace(s.peek()) || s.peek() == '#' {
		if s.take() == '#' {
			s.line()
		}
	}
	switch r := s.peek(); r {
	case '|', '>':
		s.line()
		for unicode.IsSpace(s.peek()) {
			s.take()
		}
	case '"', '\'':
		s.quote = s.take()
	}
	return true
}

// line goes to the end of the line.
func (s *source) line() {
	for s.peek() != '\n' && s.take() != 0 {
	}
}

// skip goes behind what one letter of the value is written as.
func (s *source) skip(r rune) bool {
	for {
		n := s.peek()
		switch {
		case s.quote == '\'' && n == '\'' && r == '\'':
			s.take()
			s.take()
			return true
		case s.quote == '"' && n == '\\':
			s.escape()
			return true
		case n == 0:
			return false
		case n == r:
			s.take()
			return true
		case unicode.IsSpace(n):
			s.take() // an indent, or a line that was folded
		case unicode.IsSpace(r):
			return true // a folded line is behind us
		default:
			return false
		}
	}
}

// escape goes behind an escape of a quoted text.
func (s *source) escape() {
	s.take()
	digits := map[rune]int{'x': 2, 'u': 4, 'U': 8}[s.take()]
	for range digits {
		s.take()
	}
}
