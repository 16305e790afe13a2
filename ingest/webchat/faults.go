package webchat

import (
	"context"
	"errors"
	"net/http"

	"github.com/tributary-cc/tributary/stream/live"
	"github.com/tributary-cc/tributary/stream/privacy"
)

// fault is a failure as a customer's browser may see it.
type fault struct {
	status int
	Code   string `json:"code"`
	Text   string `json:"text"`
	// Field is the question of the form that it is about.
	Field string `json:"field,omitempty"`
}

func (f *fault) Error() string { return f.Code + ": " + f.Text }

func invalid(text string) error {
	return &fault{status: http.StatusBadRequest, Code: "invalid", Text: text}
}

var errRate = &fault{status: http.StatusTooManyRequests, Code: "rate", Text: "too many at once; wait a moment"}

// asFault is the one place where an error becomes what a browser sees.
func asFault(err error) *fault {
	var f *fault
	var size *http.MaxBytesError
	switch {
	case errors.As(err, &f):
		return f
	case errors.Is(err, privacy.ErrFileTooLarge), errors.As(err, &size) && size.Limit == privacy.MaxFile:
		return &fault{status: http.StatusRequestEntityTooLarge, Code: "too_large", Text: "a file has at most 10 MiB"}
	case errors.Is(err, privacy.ErrMediaType):
		return &fault{status: http.StatusUnsupportedMediaType, Code: "media_type", Text: "pictures (PNG, JPEG, GIF, WebP), PDF and plain text are taken"}
	case errors.As(err, &size):
		return &fault{status: http.StatusRequestEntityTooLarge, Code: "too_large", Text: "the request is too large"}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return &fault{status: http.StatusServiceUnavailable, Code: "unavailable", Text: "no answer in time; it may be sent again with the same id"}
	case errors.Is(err, privacy.ErrFull):
		return &fault{status: http.StatusServiceUnavailable, Code: "unavailable", Text: "the disk here is nearly full, so nothing new is taken; it may be sent again later with the same id"}
	case errors.Is(err, privacy.ErrPersonal), errors.Is(err, privacy.ErrInvalid):
		return &fault{status: http.StatusBadRequest, Code: "invalid", Text: "an id is not one"}
	case errors.Is(err, privacy.ErrErased):
		return &fault{status: http.StatusUnauthorized, Code: "token", Text: "this chat was erased; ask for a new session"}
	}
	return &fault{status: http.StatusInternalServerError, Code: "internal", Text: "something went wrong here; it may be sent again with the same id"}
}

func writeFault(w http.ResponseWriter, err error) {
	f := asFault(err)
	if f.status == http.StatusServiceUnavailable || f.status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "1")
	}
	live.WriteJSON(w, f.status, f)
}
