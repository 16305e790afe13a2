package main

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// printable writes what could steer a terminal, forge lines or turn text around as JSON does: it stands in names and words of
// people who may mean harm. In JSON it stays the same text.
func printable(s string, but string) string {
	harm := func(r rune) bool {
		return r == utf8.RuneError || unicode.IsControl(r) && !strings.ContainsRune(but, r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
	}
	if strings.IndexFunc(s, harm) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if !harm(r) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

// oneLine is printable for what stands on a line with other things.
func oneLine(s string) string { return printable(s, "") }
