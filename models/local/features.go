package local

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxText is how many bytes of a text are read; what comes after is left out. A chat message of this length says what it wants before it.
const MaxText = 4096

// Kinds of features begin the hash of each, so that the word "car" and the letters "car" within "card" are two.
const (
	kindWord = iota + 1
	kindPair
	kindGap
	kindLetters
	kindHan
)

// Longest n-grams, in characters.
const (
	maxLetters = 5
	maxHan     = 4
)

// features turns texts into hashed features. It keeps its buffers; one goroutine uses it at a time.
type features struct {
	text   []byte // normalised: NFKC, lower case
	words  []uint64
	hashes []uint32
}

const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

func step(h uint64, c uint64) uint64 { return (h ^ c) * fnvPrime }

// fold mixes 64 bits into 32; FNV's low bits alone are weak for short strings.
func fold(h uint64) uint32 {
	h ^= h >> 32
	h *= 0x9e3779b97f4a7c15
	return uint32(h >> 32) //nolint:gosec // the upper half of 64 bits fits
}

// of gives the hashes of a text's features, each as often as it occurs. They are valid until the next call.
func (f *features) of(text string) []uint32 {
	if len(text) > MaxText {
		text = text[:MaxText]
	}
	f.normalise(text)
	f.words, f.hashes = f.words[:0], f.hashes[:0]
	for b := f.text; len(b) > 0; {
		r, n := rune(b[0]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRune(b)
		}
		var take int
		switch {
		case han(r):
			take = f.han(b)
		case inWord(r):
			take = f.word(b)
		case r == '?' || r == '!':
			f.words = append(f.words, step(fnvOffset, uint64(r)))
			take = n
		default:
			take = n
		}
		b = b[take:]
	}
	f.joinWords()
	return f.hashes
}

func (f *features) normalise(text string) {
	f.text = f.text[:0]
	for i := range len(text) {
		c := text[i]
		if c >= utf8.RuneSelf {
			f.normaliseWide(text)
			return
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		f.text = append(f.text, c)
	}
}

func (f *features) normaliseWide(text string) {
	f.text = norm.NFKC.AppendString(f.text[:0], text)
	wide := f.text
	low := f.text[:0]
	for i := 0; i < len(wide); {
		r, n := utf8.DecodeRune(wide[i:])
		l := unicode.ToLower(r)
		if r == '’' {
			l = '\''
		}
		// Lower case may be longer than upper case by a byte for a handful of letters; those stay as they are.
		if utf8.RuneLen(l) > n || r == utf8.RuneError {
			low = append(low, wide[i:i+n]...)
		} else {
			low = utf8.AppendRune(low, l)
		}
		i += n
	}
	f.text = low
}

func han(r rune) bool {
	return r >= 0x2e80 && (unicode.Is(unicode.Han, r) || unicode.In(r, unicode.Hiragana, unicode.Katakana))
}

func inWord(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '\''
	}
	return (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)) && !han(r)
}

// word takes the word that b begins with: the word itself, and the n-grams of its letters with its ends marked.
func (f *features) word(b []byte) int {
	const end = ' '
	var letters [40]uint64 // longer words are named by their beginning
	letters[0] = end
	count, taken := 1, 0
	h := uint64(fnvOffset)
	for taken < len(b) {
		r, n := rune(b[taken]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRune(b[taken:])
		}
		if !inWord(r) {
			break
		}
		taken += n
		if r == '\'' {
			continue
		}
		if digit(r) {
			r = '0'
		}
		h = step(h, uint64(r)) //nolint:gosec // a rune of a text is not negative
		if count < len(letters)-1 {
			letters[count] = uint64(r) //nolint:gosec // as above
			count++
		}
	}
	if count == 1 {
		return taken
	}
	letters[count] = end
	count++
	f.words = append(f.words, h)
	for i := range count {
		g := step(fnvOffset, kindLetters)
		for j := i; j < min(count, i+maxLetters); j++ {
			g = step(g, letters[j])
			if j > i {
				f.hashes = append(f.hashes, fold(g))
			}
		}
	}
	return taken
}

func digit(r rune) bool { return '0' <= r && r <= '9' }

// han takes the run of Chinese characters that b begins with: n-grams of characters.
func (f *features) han(b []byte) int {
	var last [maxHan]uint64 // hashes of the n-grams that end before this character
	taken := 0
	for taken < len(b) {
		r, n := utf8.DecodeRune(b[taken:])
		if !han(r) {
			break
		}
		taken += n
		for k := maxHan - 1; k > 0; k-- {
			last[k] = 0
			if last[k-1] != 0 {
				last[k] = step(last[k-1], uint64(r)) //nolint:gosec // a rune of a text is not negative
				f.hashes = append(f.hashes, fold(last[k]))
			}
		}
		last[0] = step(step(fnvOffset, kindHan), uint64(r)) //nolint:gosec // as above
		f.hashes = append(f.hashes, fold(last[0]))
	}
	f.words = append(f.words, 0)
	return taken
}

// joinWords adds words and pairs of words.
func (f *features) joinWords() {
	before, gap := uint64(fnvOffset), uint64(0)
	for i, w := range f.words {
		if w != 0 {
			f.hashes = append(f.hashes, fold(step(w, kindWord)))
		}
		f.hashes = append(f.hashes, fold(step(before*31+w, kindPair)))
		if i > 0 {
			f.hashes = append(f.hashes, fold(step(gap*37+w, kindGap)))
		}
		gap, before = before, w
	}
	f.hashes = append(f.hashes, fold(step(before*31, kindPair)))
}
