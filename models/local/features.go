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
	kindNear
	kindLetters
	kindHan
)

// Longest n-grams, in characters.
const (
	maxLetters = 5
	maxHan     = 4
	// maxWord is how much of a word n-grams are taken of: a longer one is no word.
	maxWord = 39
)

// hanRun stands among the words where a run of Chinese characters stood.
const hanRun = 0

// maxEarlier is how many bytes of each turn before a text are read: what the customer writes now says more.
const maxEarlier = 512

// features turns texts into hashed features. It keeps its buffers; one goroutine uses it at a time.
type features struct {
	text    []byte   // normalised: NFKC, lower case
	letters []uint64 // of the word at hand, its ends marked
	words   []uint64
	hashes  []uint32
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
	return uint32(h >> 32)
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

// before gives the hashes of what was written so many turns before a text. They are other features than the text's own: the same word
// means something else there.
func (f *features) before(turn string, back int) []uint32 {
	hashes := f.of(turn[:min(len(turn), maxEarlier)])
	for i, h := range hashes {
		hashes[i] = fold(step(step(fnvOffset, uint64(h)), uint64(back))) //nolint:gosec // counts from 1
	}
	return hashes
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

// normaliseWide does the commonest of NFKC itself, full width and the wide blank, since the library's way of changing a text allocates.
func (f *features) normaliseWide(text string) {
	f.text = f.text[:0]
	for _, r := range text {
		switch {
		case 0xff01 <= r && r <= 0xff5e:
			r -= 0xff01 - '!'
		case r == 0x3000:
			r = ' '
		}
		f.text = utf8.AppendRune(f.text, r)
	}
	if !norm.NFKC.IsNormal(f.text) {
		f.text = norm.NFKC.Bytes(f.text)
	}
	low := f.text[:0]
	for rest := f.text; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		l := unicode.ToLower(r)
		if r == '’' {
			l = '\''
		}
		if utf8.RuneLen(l) > n {
			l = r // a handful of letters are longer in lower case; they stay, so that low never overtakes what is read
		}
		low = utf8.AppendRune(low, l)
		rest = rest[n:]
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
	letters, taken := append(f.letters[:0], end), 0
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
		h = step(h, uint64(r))
		if len(letters) < maxWord {
			letters = append(letters, uint64(r))
		}
	}
	letters = append(letters, end)
	f.letters = letters
	if len(letters) == 2 {
		return taken
	}
	f.words = append(f.words, h)
	for i := range letters {
		g := step(fnvOffset, kindLetters)
		for j, l := range letters[i:min(len(letters), i+maxLetters)] {
			g = step(g, l)
			if j > 0 {
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
	f.words = append(f.words, hanRun)
	return taken
}

// near is how far apart two words may stand to be a feature together.
const near = 16

// joinWords adds words, words that follow each other with the ends of the text among them, and in either order words that are near.
func (f *features) joinWords() {
	if len(f.words) == 0 {
		return
	}
	before := uint64(fnvOffset)
	for i, w := range f.words {
		f.hashes = append(f.hashes, fold(step(before*31+w, kindPair)))
		before = w
		if w == hanRun {
			continue
		}
		f.hashes = append(f.hashes, fold(step(w, kindWord)))
		for _, o := range f.words[max(0, i-near):i] {
			if o != hanRun && o != w {
				f.hashes = append(f.hashes, fold(step(o+w, kindNear)))
			}
		}
	}
	f.hashes = append(f.hashes, fold(step(before*31, kindPair)))
}
