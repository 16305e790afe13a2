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
}

func (f *fault) Error() string { return f.Code + ": " + f.Text }

func invalid(text string) error { return &fault{http.StatusBadRequest, "invalid", text} }

var errRate = &fault{http.StatusTooManyRequests, "rate", "too many at once; wait a moment"}

// asFault is the one place where an error becomes what a browser sees.
func asFault(err error) *fault {
	var f *fault
	var size *http.MaxBytesError
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &size):
		return &fault{http.StatusRequestEntityTooLarge, "too_large", "the request is too large"}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return &fault{http.StatusServiceUnavailable, "unavailable", "no answer in time; it may be sent again with the same id"}
	case errors.Is(err, privacy.ErrFull):
		return &fault{http.StatusServiceUnavailable, "unavailable", "the disk here is nearly full, so nothing new is taken; it may be sent again later with the same id"}
	case errors.Is(err, privacy.ErrPersonal), errors.Is(err, privacy.ErrInvalid):
		return &fault{http.StatusBadRequest, "invalid", "an id is not one"}
	case errors.Is(err, privacy.ErrErased):
		return &fault{http.StatusUnauthorized, "token", "this chat was erased; ask for a new session"}
	}
	return &fault{http.StatusInternalServerError, "internal", "something went wrong here; it may be sent again with the same id"}
}

func writeFault(w http.ResponseWriter, err error) {
	f := asFault(err)
	if f.status == http.StatusServiceUnavailable || f.status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "1")
	}
	live.WriteJSON(w, f.status, f)
}
