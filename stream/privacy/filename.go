package privacy

import (
	"path"
	"slices"
	"strings"
)

// extensions are those that name a file of a type; the first is put where another stands. A text that a program reads may be
// named as such, but none that a browser or a system runs.
var extensions = map[string][]string{
	MediaPNG:  {".png"},
	MediaJPEG: {".jpg", ".jpeg", ".jpe", ".jfif"},
	MediaGIF:  {".gif"},
	MediaWebP: {".webp"},
	MediaPDF:  {".pdf"},
	MediaText: {".txt", ".text", ".csv", ".tsv", ".log", ".md", ".json", ".yaml", ".yml", ".toml", ".ini", ".conf", ".ics", ".vcf", ".srt", ".diff", ".patch"},
}

// MaxFileName is how many letters of a file's name are kept: the last ones, as its end says what it is.
const MaxFileName = 200

// FileName is a name by which a file of a type may be shown and saved: what it is called must not say that it is something else,
// such as a page, a program or a picture. Where its extension is none of the type's, the type's is put behind it; the name stays
// within MaxFileName.
func FileName(name, mediaType string) string {
	of := extensions[mediaType]
	if name == "" || len(of) == 0 || slices.Contains(of, strings.ToLower(path.Ext(name))) {
		return name
	}
	long := []rune(name + of[0])
	return string(long[max(0, len(long)-MaxFileName):])
}
