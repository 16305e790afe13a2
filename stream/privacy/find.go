package privacy

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Kind is what a piece of personal data is.
type Kind string

// The kinds that are found by form, with checksums where the form has one.
const (
	KindPhone    Kind = "phone"
	KindIDCard   Kind = "id_card"
	KindBankCard Kind = "bank_card"
	KindEmail    Kind = "email"
)

// Span is a find: bytes [Start, End) of the text.
type Span struct {
	Start, End int
	Kind       Kind
}

// Find answers the personal data in a text, in order and without overlap. Full-width and Chinese digits (as speech
// recognition writes them, 幺 too) count as digits, and the usual separators may stand between groups of them. Its time
// is proportional to the text's length.
func Find(text string) []Span {
	f := finder{text: text}
	f.scan()
	if f.emails == nil {
		return f.numbers
	}
	// An address such as 13800138000@example.com is one thing.
	spans := f.emails
	for _, n := range f.numbers {
		at, _ := slices.BinarySearchFunc(f.emails, n, func(e, n Span) int { return e.End - n.Start - 1 })
		if at == len(f.emails) || f.emails[at].Start >= n.End {
			spans = append(spans, n)
		}
	}
	slices.SortFunc(spans, func(a, b Span) int { return a.Start - b.Start })
	return spans
}

// cell is a digit in place: its value as ASCII ('X' ends some identity cards) and where it stands.
type cell struct {
	start, end int32
	digit      byte
	spoken     bool
}

// group is a run of digits with nothing between them: cells [from, to), and the separator before it.
type group struct {
	from, to  int
	separator rune
	spoken    bool
}

// finder walks a text once and keeps the digits that may belong together: groups with at most two separators between.
type finder struct {
	text    string
	cells   []cell
	groups  []group
	plus    int // where a "+" stands directly before the first group; −1 if nowhere
	numbers []Span
	emails  []Span
}

// maxSeparators: "(212) 555", "138 - 0013".
const maxSeparators = 3

func (f *finder) scan() {
	f.plus = -1
	separators, separator := 0, rune(0)
	for i := 0; i < len(f.text); {
		r, n := rune(f.text[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(f.text[i:])
		}
		digit, spoken, class := classify(r)
		if foldWidth(r)|0x20 == 'x' && separators <= 1 && len(f.cells) >= 17 {
			digit, class = 'X', isDigit
			spoken = f.cells[len(f.cells)-1].spoken
		}
		switch class {
		case isDigit:
			if len(f.cells) == 0 {
				f.plus = plusBefore(f.text, i)
			}
			f.add(cell{start: int32(i), end: int32(i + n), digit: digit, spoken: spoken}, separator, separators > 0) //nolint:gosec // see Find
			separators, separator = 0, 0
		case isSeparator:
			if len(f.cells) == 0 {
				break
			}
			if separators++; separators == 1 || r != ' ' {
				separator = r
			}
			if separators > maxSeparators {
				f.finish()
				separators, separator = 0, 0
			}
		case isOther:
			if len(f.cells) > 0 {
				f.finish()
				separators, separator = 0, 0
			}
			if r == '@' || r == '＠' {
				f.email(i, i+n)
			}
		}
		i += n
	}
	f.finish()
}

func (f *finder) add(c cell, separator rune, gap bool) {
	if gap || len(f.groups) == 0 || f.groups[len(f.groups)-1].spoken != c.spoken {
		f.groups = append(f.groups, group{from: len(f.cells), separator: separator, spoken: c.spoken})
	}
	f.cells = append(f.cells, c)
	f.groups[len(f.groups)-1].to = len(f.cells)
}

type class int

const (
	isOther class = iota
	isDigit
	isSeparator
)

// classify folds full-width forms and Chinese digits. 十 百 千 are no digits: they make amounts.
func classify(r rune) (digit byte, spoken bool, c class) {
	switch {
	case r >= '0' && r <= '9':
		return byte(r), false, isDigit
	case r < utf8.RuneSelf:
		return asciiClass(r)
	case r >= '０' && r <= '９':
		return byte(r - '０' + '0'), false, isDigit
	case r >= '！' && r <= '～' && r != '，':
		return asciiClass(r - '！' + '!')
	}
	switch r {
	case '零', '〇':
		return '0', true, isDigit
	case '一', '幺':
		return '1', true, isDigit
	case '二':
		return '2', true, isDigit
	case '三':
		return '3', true, isDigit
	case '四':
		return '4', true, isDigit
	case '五':
		return '5', true, isDigit
	case '六':
		return '6', true, isDigit
	case '七':
		return '7', true, isDigit
	case '八':
		return '8', true, isDigit
	case '九':
		return '9', true, isDigit
	case '，', '、', '\u00a0', '\u3000', '\u2010', '\u2011', '\u2012', '–', '—', '−', '·':
		return 0, false, isSeparator
	}
	return 0, false, isOther
}

func asciiClass(r rune) (byte, bool, class) {
	switch r {
	case ' ', '-', '.', '(', ')':
		return 0, false, isSeparator
	}
	return 0, false, isOther
}

func plusBefore(text string, i int) int {
	for _, form := range []string{"+", "＋", "+(", "＋（"} {
		if strings.HasSuffix(text[:i], form) {
			return i - len(form)
		}
	}
	return -1
}

// finish looks for numbers in the groups gathered, the longest first from each group on, and forgets them.
func (f *finder) finish() {
	for i := 0; i < len(f.groups); {
		i += max(1, f.match(i))
	}
	f.cells, f.groups, f.plus = f.cells[:0], f.groups[:0], -1
}

const (
	minDigits       = 8
	maxDigits       = 19
	maxGroups       = 6
	maxSpokenGroups = 12
)

// match tries the numbers that begin with group i and answers how many groups the found one has, or 0.
func (f *finder) match(i int) int {
	first := f.groups[i]
	most := maxGroups
	if first.spoken {
		most = maxSpokenGroups
	}
	last := i
	for last < len(f.groups) && last-i < most && f.joins(i, last) {
		last++
	}
	var digits [maxDigits + 1]byte
	n := 0
	for _, c := range f.cells[first.from:min(f.groups[max(last, i+1)-1].to, first.from+len(digits))] {
		digits[n] = c.digit
		n++
	}
	for ; last > i; last-- {
		size := f.groups[last-1].to - first.from
		if size < minDigits {
			break
		}
		if size > maxDigits || f.cut(i, last) {
			continue
		}
		number := number{digits: digits[:size], groups: f.groups[i:last], plus: i == 0 && f.plus >= 0}
		if kind, ok := number.kind(); ok {
			start, end := int(f.cells[first.from].start), int(f.cells[first.from+size-1].end)
			if number.plus {
				start = f.plus
			}
			f.numbers = append(f.numbers, Span{Start: start, End: end, Kind: kind})
			return last - i
		}
	}
	return 0
}

// joins says whether group j can belong to a number that begins with group i.
func (f *finder) joins(i, j int) bool {
	g := f.groups[j]
	if g.spoken != f.groups[i].spoken || g.to-f.groups[i].from > maxDigits && j > i {
		return false
	}
	// 、 and ， stand between things that are listed, except where a machine wrote down speech.
	if j > i && !g.spoken && (g.separator == '，' || g.separator == '、') {
		return false
	}
	return true
}

// cut says whether groups [i, j) are a part of something else: letters stand directly before or after (a model, a
// tracking number), or what was masked before.
func (f *finder) cut(i, j int) bool {
	start, end := int(f.cells[f.groups[i].from].start), int(f.cells[f.groups[j-1].to-1].end)
	if f.groups[i].spoken {
		return false
	}
	if start > 0 && wordByte(f.text[start-1]) || end < len(f.text) && wordByte(f.text[end]) {
		return true
	}
	return strings.HasSuffix(f.text[:start], maskMark) || strings.HasPrefix(f.text[end:], maskMark)
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}

const (
	maxLocal  = 64  // RFC 5321, 4.5.3.1.1
	maxDomain = 253 // RFC 1035, 2.3.4
	maxTop    = 24
)

// email looks around an "@" at [at, after).
func (f *finder) email(at, after int) {
	start := at
	for n := 0; n < maxLocal && start > 0; n++ {
		r, size := utf8.DecodeLastRuneInString(f.text[:start])
		if c := foldWidth(r); !addressRune(c) && !strings.ContainsRune("_%+'!#$&/=?^`{|}~", c) {
			break
		}
		start -= size
	}
	if len(f.emails) > 0 {
		start = max(start, f.emails[len(f.emails)-1].End)
	}
	if start >= at {
		return
	}
	start += len(f.text[start:at]) - len(strings.TrimLeft(f.text[start:at], ".'-/=?&#|{}`~!$^+"))
	end, topStart, top, valid := after, 0, 0, 0
	for n := 0; n < maxDomain && end < len(f.text); n++ {
		r, size := utf8.DecodeRuneInString(f.text[end:])
		c := foldWidth(r)
		if !addressRune(c) {
			break
		}
		end += size
		switch {
		case c == '.':
			topStart, top = end, 0
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			if top >= 0 {
				top++
			}
		default:
			top = -maxDomain // a digit or hyphen: no top level domain ends so
		}
		if topStart > after+1 && top >= 2 && top <= maxTop {
			valid = end
		}
	}
	if start < at && valid > 0 {
		f.emails = append(f.emails, Span{Start: start, End: valid, Kind: KindEmail})
	}
}

func foldWidth(r rune) rune {
	if r >= '！' && r <= '～' {
		return r - '！' + '!'
	}
	return r
}

func addressRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-'
}
