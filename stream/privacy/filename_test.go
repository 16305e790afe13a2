package privacy_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/privacy"
)

func TestANameSaysWhatAFileIs(t *testing.T) {
	for _, x := range [][3]string{
		{"x.html", privacy.MediaText, "x.html.txt"},
		{"evil.png", privacy.MediaText, "evil.png.txt"},
		{"setup.bat", privacy.MediaText, "setup.bat.txt"},
		{"setup.bat.", privacy.MediaText, "setup.bat..txt"},
		{"setup.bat ", privacy.MediaText, "setup.bat .txt"},
		{"notes", privacy.MediaText, "notes.txt"},
		{"list.CSV", privacy.MediaText, "list.CSV"},
		{"notes.txt", privacy.MediaText, "notes.txt"},
		{"x.svg", privacy.MediaText, "x.svg.txt"},
		{"a.png", privacy.MediaPNG, "a.png"},
		{"a.JPEG", privacy.MediaJPEG, "a.JPEG"},
		{"a.jpg", privacy.MediaPNG, "a.jpg.png"},
		{"bill.exe", privacy.MediaPDF, "bill.exe.pdf"},
		{"照片", privacy.MediaWebP, "照片.webp"},
		{"", privacy.MediaGIF, ""},
	} {
		require.Equal(t, x[2], privacy.FileName(x[0], x[1]), x[0])
		require.Equal(t, x[2], privacy.FileName(x[2], x[1]), "again")
	}
	long := strings.Repeat("长", privacy.MaxFileName)
	require.Equal(t, string([]rune(long)[4:])+".pdf", privacy.FileName(long, privacy.MediaPDF))
}
