package privacy

import (
	"bytes"
	"slices"
)

// Media types of the files that customers and agents may send each other.
const (
	MediaPNG  = "image/png"
	MediaJPEG = "image/jpeg"
	MediaGIF  = "image/gif"
	MediaWebP = "image/webp"
	MediaPDF  = "application/pdf"
	MediaText = "text/plain"
)

// Sniff says what a file is by its first bytes, or "" for what is not taken. What its sender calls it does not matter. A plain
// text is one without control characters, in whatever encoding.
func Sniff(first []byte) string {
	switch {
	case bytes.HasPrefix(first, []byte("\x89PNG\r\n\x1a\n")):
		return MediaPNG
	case bytes.HasPrefix(first, []byte("\xff\xd8\xff")):
		return MediaJPEG
	case bytes.HasPrefix(first, []byte("GIF87a")), bytes.HasPrefix(first, []byte("GIF89a")):
		return MediaGIF
	case len(first) >= 12 && bytes.HasPrefix(first, []byte("RIFF")) && bytes.Equal(first[8:12], []byte("WEBP")):
		return MediaWebP
	case bytes.HasPrefix(first, []byte("%PDF-")):
		return MediaPDF
	case len(first) > 0 && isText(first):
		return MediaText
	}
	return ""
}

// isText refuses what no text has: programs and archives have some of it in every few hundred bytes.
func isText(b []byte) bool {
	return !slices.ContainsFunc(b, func(c byte) bool {
		return c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' || c == 0x7f
	})
}
