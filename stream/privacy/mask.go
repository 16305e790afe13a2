package privacy

import "strings"

// maskMark is in every masked form; digits beside it are what is left of a number and no part of another.
const maskMark = "***"

// Mask replaces what Find finds by a form that leaves a hint: 138****8000, ****8515, a***@example.com. Valid UTF-8 stays
// valid, and masking what is masked changes nothing.
func Mask(text string) string {
	// What is left of one find may complete another, so it goes on until there is none; each round takes digits or an
	// address away, so it ends.
	for spans := Find(text); len(spans) > 0; spans = Find(text) {
		var b strings.Builder
		b.Grow(len(text))
		done := 0
		for _, s := range spans {
			b.WriteString(text[done:s.Start])
			maskOne(&b, text[s.Start:s.End], s.Kind)
			done = s.End
		}
		b.WriteString(text[done:])
		text = b.String()
	}
	return text
}

func maskOne(b *strings.Builder, found string, kind Kind) {
	if kind == KindEmail {
		maskEmail(b, found)
		return
	}
	digits := make([]byte, 0, maxDigits)
	for _, r := range found {
		if d, _, class := classify(r); class == isDigit {
			digits = append(digits, d)
		} else if foldWidth(r)|0x20 == 'x' {
			digits = append(digits, 'X')
		}
	}
	n := len(digits)
	if kind == KindPhone {
		// The national number of a Chinese mobile; of others only the end, as they are shorter.
		if n >= 11 && digits[n-11] == '1' && digits[n-10] >= '3' {
			b.Write(digits[n-11 : n-8])
			b.WriteString("****")
			b.Write(digits[n-4:])
			return
		}
		b.WriteString("****")
		b.Write(digits[n-min(4, n/3):])
		return
	}
	b.WriteString(strings.Repeat("*", n-4))
	b.Write(digits[n-4:])
}

func maskEmail(b *strings.Builder, found string) {
	at := strings.IndexAny(found, "@＠")
	if first := found[0]; at > 2 && (wordByte(first) || first >= '0' && first <= '9') {
		b.WriteByte(first)
	}
	b.WriteString(maskMark)
	b.WriteString(found[at:])
}
